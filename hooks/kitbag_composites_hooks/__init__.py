"""The composites plugin's face to the host: thin hooks that import the database when called."""

from kitbag_composites_hooks.collect import (
    kitbag_collect_check,
    kitbag_collect_complete,
    kitbag_collect_modify,
)
from kitbag_composites_hooks.commands import kitbag_add_commands, kitbag_configure
from kitbag_composites_hooks.deploy import (
    kitbag_deploy_abandoned,
    kitbag_deploy_complete,
    kitbag_deploy_plan,
    kitbag_deploy_prepare,
    kitbag_version_tree,
)

__all__ = [
    "kitbag_add_commands",
    "kitbag_collect_check",
    "kitbag_collect_complete",
    "kitbag_collect_modify",
    "kitbag_configure",
    "kitbag_deploy_abandoned",
    "kitbag_deploy_complete",
    "kitbag_deploy_plan",
    "kitbag_deploy_prepare",
    "kitbag_version_tree",
]
