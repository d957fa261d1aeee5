"""The composites plugin's face to the host: thin hooks that import the database when called."""

from holdall_composites_hooks.collect import (
    holdall_collect_check,
    holdall_collect_commit,
    holdall_collect_complete,
    holdall_collect_incoming,
    holdall_collect_modify,
    holdall_collect_prepare,
    holdall_collection_folder,
)
from holdall_composites_hooks.commands import (
    holdall_command_begin,
    holdall_command_end,
    holdall_configure,
    holdall_database_prepare,
    holdall_register_commands,
)
from holdall_composites_hooks.deploy import (
    holdall_collection_details,
    holdall_deploy_abandoned,
    holdall_deploy_complete,
    holdall_deploy_forget,
    holdall_deploy_prepare,
    holdall_deploy_resolve,
    holdall_known_deployments,
    holdall_known_versions,
    holdall_release_state,
    holdall_version_tree,
)

__all__ = [
    "holdall_collect_check",
    "holdall_collect_commit",
    "holdall_collect_complete",
    "holdall_collect_incoming",
    "holdall_collect_modify",
    "holdall_collect_prepare",
    "holdall_collection_details",
    "holdall_collection_folder",
    "holdall_command_begin",
    "holdall_command_end",
    "holdall_configure",
    "holdall_database_prepare",
    "holdall_deploy_abandoned",
    "holdall_deploy_complete",
    "holdall_deploy_forget",
    "holdall_deploy_prepare",
    "holdall_deploy_resolve",
    "holdall_known_deployments",
    "holdall_known_versions",
    "holdall_register_commands",
    "holdall_release_state",
    "holdall_version_tree",
]
