"""Commands' work: lock, recover, plan, ask plugins, commit, notify plugins."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.operations.deploy import Deployer as Deployer, DeployResult as DeployResult
    from holdall.operations.edit_collection import Editor as Editor
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "deploy": (
                "DeployResult",
                "Deployer",
            ),
            "edit_collection": ("Editor",),
        },
    )
