"""Commands' work: lock, recover, plan, ask plugins, commit, tell plugins."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.operations.deploy import Deployer as Deployer, DeployResult as DeployResult
    from holdall.operations.edit_collection import Editor as Editor
    from holdall.operations.examine import (
        Finding as Finding,
        deployed_in as deployed_in,
        examine_files as examine_files,
        open_to_others as open_to_others,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "deploy": (
                "DeployResult",
                "Deployer",
            ),
            "edit_collection": ("Editor",),
            "examine": (
                "Finding",
                "deployed_in",
                "examine_files",
                "open_to_others",
            ),
        },
    )
