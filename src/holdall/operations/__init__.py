"""Commands' work: lock, recover, plan, ask plugins, commit, notify plugins."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.operations.bundles.form import ExportForm as ExportForm
    from holdall.operations.bundles.layout import (
        Export as Export,
        MemberContent as MemberContent,
        collected_content as collected_content,
        is_export as is_export,
        lay_out_plugin as lay_out_plugin,
    )
    from holdall.operations.bundles.table import EXPORT_FORMS as EXPORT_FORMS
    from holdall.operations.examine import (
        Finding as Finding,
        examine_files as examine_files,
        open_to_others as open_to_others,
        read_deployed as read_deployed,
    )
    from holdall.operations.lint import lint_source as lint_source
    from holdall.operations.projects.changes.taking.give import (
        LockGiven as LockGiven,
        give_lock as give_lock,
    )
    from holdall.operations.projects.changes.why import Why as Why, explain as explain
    from holdall.operations.projects.find import find_project as find_project
    from holdall.operations.projects.terms import Terms as Terms
    from holdall.operations.projects.values import DeployResult as DeployResult
    from holdall.operations.settle import STEP as STEP
    from holdall.operations.write_collection import (
        Editor as Editor,
        FirstHalf as FirstHalf,
        fill_collection as fill_collection,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "projects.terms": ("Terms",),
            "projects.values": ("DeployResult",),
            "projects.changes.taking.give": ("LockGiven", "give_lock"),
            "projects.changes.why": ("Why", "explain"),
            "projects.find": ("find_project",),
            "lint": ("lint_source",),
            "settle": ("STEP",),
            "write_collection": ("Editor", "FirstHalf", "fill_collection"),
            "bundles.form": ("ExportForm",),
            "bundles.table": ("EXPORT_FORMS",),
            "bundles.layout": (
                "Export",
                "MemberContent",
                "collected_content",
                "is_export",
                "lay_out_plugin",
            ),
            "examine": (
                "Finding",
                "read_deployed",
                "examine_files",
                "open_to_others",
            ),
        },
    )
