"""Finding versions, and bringing their bytes back exactly."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from kitbag.artifacts import ArtifactId, FileKind
from kitbag.collection import Collection
from kitbag.errors import StorageError
from kitbag.hashing import FileDigest
from kitbag.trees import Tree
from kitbag_composites.errors import ArtifactNotFound
from kitbag_composites.store import Store, VersionRecord

__all__ = ["find_version", "materialize", "version_of", "version_tree"]


def find_version(
    store: Store, collection: Collection, artifact_id: ArtifactId, text: str | None
) -> VersionRecord:
    """Return the version that `text` means: a number, or the first digits of a content hash.

    None means the newest. Raises ArtifactNotFound, which says which versions there are.
    """
    return version_of(store, collection.entry(artifact_id).uuid, str(artifact_id), text)


def version_of(store: Store, uuid: str | None, artifact_id: str, text: str | None) -> VersionRecord:
    """Return a version of the artifact with this UUID, as `find_version` does."""
    known = store.list_versions(uuid) if uuid else []
    is_number = text is not None and text.isdigit() and len(text) <= 6
    for version in reversed(known):
        if text is None or (is_number and version.number == int(text)):
            return version
        if not is_number and len(text) >= 7 and version.content_hash.startswith(text):
            return version
    there = f"it has {known[0].number} to {known[-1].number}" if known else "it has none yet"
    raise ArtifactNotFound(
        f"{artifact_id}@{text or 'newest'}",
        hint=f"{there}; `kitbag versions {artifact_id}` shows them (a hash needs 7 digits)",
    )


def version_tree(store: Store, content_hash: str) -> Tree:
    """Return the tree of a version; raises StorageError if the database has lost it."""
    tree = store.get_tree(content_hash)
    if tree is None:
        raise StorageError(
            f"the database has no tree {content_hash}", hint="restore it from a backup"
        )
    return tree


def materialize(store: Store, tree: Tree, folder: Path) -> None:
    """Write the files of a tree into an empty folder of our own, each checked against its hash."""
    for file in tree.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if file.kind is FileKind.LINK:
            os.symlink(os.fsdecode(b"".join(store.read_blob(file.sha256))), path)
        else:
            _write(store, file, path)


def _write(store: Store, file: FileDigest, path: Path) -> None:
    written = hashlib.sha256()
    with path.open("xb") as target:
        for chunk in store.read_blob(file.sha256):
            written.update(chunk)
            target.write(chunk)
    if written.hexdigest() != file.sha256:
        raise StorageError(
            f"the stored content {file.sha256} of {file.path} is damaged",
            hint="restore the database from a backup",
        )
