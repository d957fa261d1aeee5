"""Finding versions, and bringing their bytes back exactly."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from holdall.artifacts import ArtifactId, FileDigest, FileKind, tree_hash
from holdall.collection import Collection
from holdall.errors import StorageError
from holdall.files import Tree, link_stays_inside
from holdall_composites.errors import ArtifactNotFound
from holdall_composites.store.store import Store
from holdall_composites.values.records import VersionRecord


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
        hint=f"{there}; `holdall versions {artifact_id}` shows them (a hash needs 7 digits)",
    )


def version_tree(store: Store, content_hash: str) -> Tree:
    """Return the tree of a version; raises StorageError if the database has lost or changed it."""
    tree = store.get_tree(content_hash)
    if tree is None:
        raise StorageError(
            f"the database has no tree {content_hash}", hint="restore it from a backup"
        )
    if tree_hash(tree.files) != content_hash:
        raise StorageError(
            f"the list of files of the tree {content_hash} is damaged",
            hint="restore the database from a backup",
        )
    return tree


def materialize(store: Store, tree: Tree, folder: Path) -> None:
    """Write the files of a tree into an empty folder of our own, each checked against its hash.

    Links come last, so that nothing is written through one. Raises StorageError for what no
    artifact can have been.
    """
    for file in sorted(tree.files, key=lambda file: file.kind is FileKind.LINK):
        path = folder / file.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.kind is FileKind.LINK:
                _link(store, file, path)
            else:
                _write(store, file, path)
        except (FileExistsError, NotADirectoryError) as error:
            raise _damaged(file) from error


def _link(store: Store, file: FileDigest, path: Path) -> None:
    text = b"".join(store.read_blob(file.sha256))
    is_whole = hashlib.sha256(text).hexdigest() == file.sha256
    if not is_whole or not link_stays_inside(file.path, os.fsdecode(text)):
        raise _damaged(file)
    os.symlink(text, path)


def _write(store: Store, file: FileDigest, path: Path) -> None:
    written = hashlib.sha256()
    with path.open("xb") as target:
        for chunk in store.read_blob(file.sha256):
            written.update(chunk)
            target.write(chunk)
    if written.hexdigest() != file.sha256:
        raise _damaged(file)


def _damaged(file: FileDigest) -> StorageError:
    return StorageError(
        f"the stored content {file.sha256} of {file.path} is damaged",
        hint="restore the database from a backup",
    )
