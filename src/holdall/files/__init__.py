"""Files and folders, held by descriptor: reading, locking, and the calls that change them."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.files.lock import STATE_FOLDER as STATE_FOLDER
    from holdall.files.root import (
        FileState as FileState,
        Root as Root,
    )
    from holdall.files.tree import (
        Tree as Tree,
        bytes_tree as bytes_tree,
        link_stays_inside as link_stays_inside,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "lock": ("STATE_FOLDER",),
            "root": (
                "FileState",
                "Root",
            ),
            "tree": (
                "Tree",
                "bytes_tree",
                "link_stays_inside",
            ),
        },
    )
