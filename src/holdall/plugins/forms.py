"""Whether a value that a plugin returned is what its type says, all the way down."""

from __future__ import annotations

import re
from pathlib import Path

from holdall.artifacts.hashing import FileDigest
from holdall.artifacts.ids import ArtifactId, FileKind
from holdall.artifacts.paths import RelPath
from holdall.files.tree import Tree
from holdall.plugins.values import KnownDeployment
from holdall.sources.values import FoundArtifact

_SHA256 = re.compile("[0-9a-f]{64}")


def is_whole(value: object) -> bool:
    """Return whether a tree, an artifact of a source, or a list of some has the right fields.

    Other kinds are whole by their class.
    """
    match value:
        case Tree():
            hashes = (value.content_hash, value.skillmeat_hash)
            are_files = isinstance(value.files, tuple) and all(map(_is_file, value.files))
            return are_files and all(map(_is_hash, hashes))
        case FoundArtifact():
            texts = (value.type, value.name, value.path)
            has_content = isinstance(value.data, bytes) or isinstance(value.location, Path)
            return (
                isinstance(value.id, ArtifactId)
                and value.id.type == value.type
                and all(isinstance(text, str) for text in texts)
                and has_content
                and isinstance(value.description, str | None)
                and isinstance(value.tree, Tree)
                and is_whole(value.tree)
            )
        case list():
            kinds = (Tree, KnownDeployment)
            return all(
                item is None or (isinstance(item, kinds) and is_whole(item)) for item in value
            )
        case KnownDeployment():
            return (
                all(isinstance(text, str) for text in value[:6])
                and isinstance(value.current, str | None)
                and all(isinstance(flag, bool) for flag in value[7:])
            )
    return True


def _is_file(value: object) -> bool:
    return (
        isinstance(value, FileDigest)
        and isinstance(value.path, RelPath)
        and isinstance(value.kind, FileKind)
        and isinstance(value.executable, bool)
        and type(value.size) is int
        and _is_hash(value.sha256)
    )


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None
