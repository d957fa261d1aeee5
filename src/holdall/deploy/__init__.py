"""Targets, what a project holds, and planned changes of it. Nothing here writes."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.deploy.adoptable import (
        find_collected as find_collected,
        find_requested as find_requested,
        read_place as read_place,
    )
    from holdall.deploy.agent_formats.files import convert_file as convert_file
    from holdall.deploy.agent_formats.values import Refused as Refused
    from holdall.deploy.consent.heads import text_effects as text_effects
    from holdall.deploy.ownership import renamed_head as renamed_head
    from holdall.deploy.planning.entries import (
        name_entry as name_entry,
        present_value as present_value,
    )
    from holdall.deploy.planning.plan import (
        DeployPlan as DeployPlan,
        DeployRequest as DeployRequest,
        Placement as Placement,
        Resolution as Resolution,
        StoredContent as StoredContent,
    )
    from holdall.deploy.planning.settings import (
        looks_for_its_plugin as looks_for_its_plugin,
    )
    from holdall.deploy.project.ledger import Deployed as Deployed
    from holdall.deploy.project.ledger_diff import LedgerChange as LedgerChange
    from holdall.deploy.project.project import Project as Project, read_project as read_project
    from holdall.deploy.targets import Target as Target
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "agent_formats.files": ("convert_file",),
            "agent_formats.values": ("Refused",),
            "consent.heads": ("text_effects",),
            "adoptable": (
                "find_requested",
                "find_collected",
                "read_place",
            ),
            "ownership": ("renamed_head",),
            "planning.entries": (
                "present_value",
                "name_entry",
            ),
            "planning.plan": (
                "DeployPlan",
                "DeployRequest",
                "Placement",
                "Resolution",
                "StoredContent",
            ),
            "planning.settings": ("looks_for_its_plugin",),
            "project.ledger": ("Deployed",),
            "project.ledger_diff": ("LedgerChange",),
            "project.project": (
                "Project",
                "read_project",
            ),
            "targets": ("Target",),
        },
    )
