"""Versions, restoring them, the log of operations, and undo."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall_composites.history.log import record_change as record_change
    from holdall_composites.history.versions import version_tree as version_tree
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "log": ("record_change",),
            "versions": ("version_tree",),
        },
    )
