"""What an artifact is: its id, type, paths, hashes and limits. No input or output."""

from holdall import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdall.artifacts.hashing import (
        EMPTY_TREE_HASH as EMPTY_TREE_HASH,
        FileDigest as FileDigest,
        is_sha256 as is_sha256,
        tree_hash as tree_hash,
    )
    from holdall.artifacts.ids import (
        ArtifactId as ArtifactId,
        ArtifactType as ArtifactType,
        CompositeType as CompositeType,
        FileKind as FileKind,
        Shape as Shape,
        TypeSpec as TypeSpec,
        has_plain_name as has_plain_name,
    )
    from holdall.artifacts.paths import RelPath as RelPath, refuse_collisions as refuse_collisions
    from holdall.artifacts.references import Reference as Reference
else:
    __getattr__, __all__ = lazy_exports(
        __name__,
        {
            "hashing": (
                "EMPTY_TREE_HASH",
                "FileDigest",
                "is_sha256",
                "tree_hash",
            ),
            "ids": (
                "ArtifactId",
                "ArtifactType",
                "CompositeType",
                "FileKind",
                "Shape",
                "TypeSpec",
                "has_plain_name",
            ),
            "paths": (
                "RelPath",
                "refuse_collisions",
            ),
            "references": ("Reference",),
        },
    )
