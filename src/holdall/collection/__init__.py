"""A collection (a folder of artifacts with a manifest) and planned changes of it."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.collection.changes import (
        NEW_CHAIN as NEW_CHAIN,
        PULL as PULL,
        Change as Change,
        ChangeKind as ChangeKind,
        ChangeSet as ChangeSet,
        OlderVersion as OlderVersion,
    )
    from holdall.collection.collect.from_folder import holders_of as holders_of
    from holdall.collection.collection import Collection as Collection
    from holdall.collection.manifest.diff import (
        EntryEdit as EntryEdit,
        edits_between as edits_between,
        revert_edits as revert_edits,
    )
    from holdall.collection.manifest.head import ManifestHead as ManifestHead
    from holdall.collection.manifest.manifest import (
        Manifest as Manifest,
        ManifestArtifact as ManifestArtifact,
        ManifestComposite as ManifestComposite,
        ManifestMember as ManifestMember,
        render as render,
        render_entry as render_entry,
        render_head as render_head,
    )
    from holdall.collection.manifest.reader import parse as parse, read_entry as read_entry
    from holdall.collection.rename_remove import EditPlan as EditPlan
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "changes": (
                "NEW_CHAIN",
                "PULL",
                "Change",
                "ChangeKind",
                "ChangeSet",
                "OlderVersion",
            ),
            "collection": ("Collection",),
            "manifest.diff": (
                "EntryEdit",
                "edits_between",
                "revert_edits",
            ),
            "manifest.head": ("ManifestHead",),
            "manifest.manifest": (
                "Manifest",
                "ManifestArtifact",
                "ManifestComposite",
                "ManifestMember",
                "render_entry",
                "render_head",
                "render",
            ),
            "manifest.reader": ("parse", "read_entry"),
            "rename_remove": ("EditPlan",),
            "collect.from_folder": ("holders_of",),
        },
    )
