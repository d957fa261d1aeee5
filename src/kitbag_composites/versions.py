"""Keeping the bytes of every version, and bringing them back exactly."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kitbag.artifacts import ArtifactId, FileKind
from kitbag.collection import Collection
from kitbag.errors import KitbagError, NotFoundError, StorageError
from kitbag.hashing import FileDigest
from kitbag.layout import content_of
from kitbag.manifest import ManifestArtifact
from kitbag.signature import Signature
from kitbag.trees import Tree
from kitbag_composites.errors import ArtifactNotFound
from kitbag_composites.store import Store, VersionRecord
from kitbag_composites.store.versions import CHUNK

__all__ = ["find_version", "keep", "materialize", "version_of", "version_tree"]


def keep(store: Store, collection: Collection, message: str | None, author: str | None) -> None:
    """Store the bytes of every artifact that changed, and number the new states.

    An artifact whose files are not (any more) what the manifest says gets no version: collecting
    it makes one. Needs the collection's lock in the database.
    """
    assert collection.manifest.uuid is not None, "a collection without a UUID has no rows"
    found = list(_trees_to_keep(store, collection))
    blobs = {file.sha256: (entry, tree, file) for entry, tree in found for file in tree.files}
    lost = set()
    # In one order everywhere, so that two collects on one server never wait for each other.
    for sha256 in sorted(store.unknown_blobs(blobs)):
        entry, tree, file = blobs[sha256]
        try:
            store.put_blob(sha256, file.size, _content(collection, entry, tree, file))
        except (NotFoundError, _Changed):
            lost.add(sha256)
    for _, tree in sorted(found, key=lambda pair: pair[1].content_hash):
        if lost.isdisjoint(file.sha256 for file in tree.files):
            store.put_tree(tree)
    store.add_versions(collection.manifest.uuid, message, author or Signature.now().author)


def _trees_to_keep(store: Store, collection: Collection) -> Iterator[tuple[ManifestArtifact, Tree]]:
    """Yield what the database lacks; what was edited meanwhile is the next collect's business."""
    for artifact_id in store.trees_wanted(collection.manifest.uuid or ""):
        entry = collection.manifest.by_id.get(ArtifactId.parse(artifact_id))
        if isinstance(entry, ManifestArtifact):
            with suppress(NotFoundError):
                tree = collection.tree(entry)
                if tree.content_hash == entry.content_hash:
                    yield entry, tree


class _Changed(KitbagError):
    """A file changed between two looks at it."""


def _content(
    collection: Collection, entry: ManifestArtifact, tree: Tree, digest: FileDigest
) -> Iterator[bytes]:
    """Yield a file's bytes; raises if they are not what the digest says."""
    source = content_of(collection.location(entry), collection.spec_of(entry.id), tree, digest)
    if isinstance(source, bytes):
        yield source
        return
    read = hashlib.sha256()
    try:
        with source.open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                read.update(chunk)
                yield chunk
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise _Changed(f"{source} is gone") from error
        raise StorageError(
            f"cannot read {source}: {error.strerror}", hint="check the file and its permissions"
        ) from error
    if read.hexdigest() != digest.sha256:
        raise _Changed(f"{source} changed while it was read")


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
