"""The contract with plugins: hooks, loading, and calling them inside a fence."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.plugins.commands import Command as Command, on_demand as on_demand
    from holdall.plugins.hookspecs import (
        Problem as Problem,
        Severity as Severity,
        hookimpl as hookimpl,
    )
    from holdall.plugins.manager import Plugins as Plugins
    from holdall.plugins.values import (
        ChangeSet as ChangeSet,
        Deployment as Deployment,
        DeployPlan as DeployPlan,
        DeployRequest as DeployRequest,
        Details as Details,
        FoundArtifact as FoundArtifact,
        KnownDeployment as KnownDeployment,
        LintProblem as LintProblem,
        Reading as Reading,
        ReleaseState as ReleaseState,
        Resolution as Resolution,
        StoredContent as StoredContent,
        bytes_artifact as bytes_artifact,
        file_artifact as file_artifact,
        user_folder as user_folder,
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
                "Problem",
                "Severity",
                "hookimpl",
            ),
            "manager": ("Plugins",),
            "values": (
                "ChangeSet",
                "DeployPlan",
                "DeployRequest",
                "Deployment",
                "Details",
                "FoundArtifact",
                "KnownDeployment",
                "LintProblem",
                "Reading",
                "ReleaseState",
                "Resolution",
                "StoredContent",
                "file_artifact",
                "bytes_artifact",
                "user_folder",
            ),
        },
    )
