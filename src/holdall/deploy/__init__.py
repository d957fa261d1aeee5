"""Targets, what a project holds, and planned changes of it. Nothing here writes."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.deploy.agent_formats import converted_file as converted_file
    from holdall.deploy.local_edits import (
        chosen as chosen,
        collected as collected,
        lying_at as lying_at,
    )
    from holdall.deploy.planning.entries import (
        present_value as present_value,
        shown_entry as shown_entry,
    )
    from holdall.deploy.planning.plan import (
        DeployPlan as DeployPlan,
        DeployRequest as DeployRequest,
        Placement as Placement,
        Resolution as Resolution,
        StoredContent as StoredContent,
    )
    from holdall.deploy.planning.settings import (
        PLUGIN_ROOT as PLUGIN_ROOT,
    )
    from holdall.deploy.project.ledger import Deployed as Deployed
    from holdall.deploy.project.ledger_diff import LedgerChange as LedgerChange
    from holdall.deploy.project.project import Project as Project, read_project as read_project
    from holdall.deploy.targets import Target as Target
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "agent_formats": ("converted_file",),
            "local_edits": (
                "chosen",
                "collected",
                "lying_at",
            ),
            "planning.entries": (
                "present_value",
                "shown_entry",
            ),
            "planning.plan": (
                "DeployPlan",
                "DeployRequest",
                "Placement",
                "Resolution",
                "StoredContent",
            ),
            "planning.settings": ("PLUGIN_ROOT",),
            "project.ledger": ("Deployed",),
            "project.ledger_diff": ("LedgerChange",),
            "project.project": (
                "Project",
                "read_project",
            ),
            "targets": ("Target",),
        },
    )
