"""Files and folders, held by descriptor: reading, locking, and the calls that change them."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.files.lock import STATE_FOLDER as STATE_FOLDER, write_state as write_state
    from holdall.files.merge.lines import LineConflict as LineConflict
    from holdall.files.merge.trees import (
        FileConflict as FileConflict,
        TreeMerge as TreeMerge,
        TreeSide as TreeSide,
        merge_trees as merge_trees,
    )
    from holdall.files.name_line import (
        HEADS as HEADS,
        rename_tree as rename_tree,
        said_name as said_name,
        with_name as with_name,
    )
    from holdall.files.plain_folder import PlainFolder as PlainFolder, hash_text as hash_text
    from holdall.files.root import (
        FileState as FileState,
        Root as Root,
    )
    from holdall.files.scratch import Scratch as Scratch
    from holdall.files.tree import (
        Tree as Tree,
        bytes_tree as bytes_tree,
        hash_for_skillmeat as hash_for_skillmeat,
        link_stays_inside as link_stays_inside,
    )
    from holdall.files.user_state import (
        read_cached as read_cached,
        user_folder as user_folder,
        write_cached as write_cached,
    )
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "lock": ("STATE_FOLDER", "write_state"),
            "merge.lines": ("LineConflict",),
            "merge.trees": (
                "FileConflict",
                "TreeMerge",
                "TreeSide",
                "merge_trees",
            ),
            "name_line": (
                "HEADS",
                "rename_tree",
                "said_name",
                "with_name",
            ),
            "plain_folder": ("PlainFolder", "hash_text"),
            "root": (
                "FileState",
                "Root",
            ),
            "scratch": ("Scratch",),
            "user_state": ("read_cached", "user_folder", "write_cached"),
            "tree": (
                "Tree",
                "bytes_tree",
                "hash_for_skillmeat",
                "link_stays_inside",
            ),
        },
    )
