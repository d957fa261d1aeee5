"""The contract with plugins: hooks, loading, and calling them behind a fence."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.plugins.commands import Command as Command, on_demand as on_demand
    from holdall.plugins.hookspecs import (
        LintProblem as LintProblem,
        Problem as Problem,
        Severity as Severity,
        hookimpl as hookimpl,
    )
    from holdall.plugins.manager import Plugins as Plugins
    from holdall.plugins.values import (
        ChangeSet as ChangeSet,
        DeployPlan as DeployPlan,
        FoundArtifact as FoundArtifact,
        Reading as Reading,
        found_file as found_file,
        made_file as made_file,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "commands": (
                "Command",
                "on_demand",
            ),
            "hookspecs": (
                "LintProblem",
                "Problem",
                "Severity",
                "hookimpl",
            ),
            "manager": ("Plugins",),
            "values": (
                "ChangeSet",
                "DeployPlan",
                "FoundArtifact",
                "Reading",
                "found_file",
                "made_file",
            ),
        },
    )
