"""Keeping the bytes of what is collected and deployed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from holdall import NamedTuple
from holdall.artifacts import ArtifactId, FileDigest, FileKind, RelPath, TypeSpec
from holdall.collection import Collection, ManifestArtifact, OlderVersion
from holdall.deploy import DeployPlan
from holdall.errors import HoldallError, NotFoundError, StorageError
from holdall.files import Scratch, Tree
from holdall.transaction import Action, Put, Remove, RemoveFolder, Signature, content_of
from holdall_composites.store.contents import CHUNK
from holdall_composites.store.store import Store


class _Found(NamedTuple):
    """A tree and where its files are: some, by their SHA-256, in `contents`."""

    location: Path
    spec: TypeSpec
    tree: Tree
    contents: Mapping[str, Path | bytes] = MappingProxyType({})


def keep(store: Store, collection: Collection, message: str | None, author: str | None) -> None:
    """Store the bytes of every artifact that changed, and number the new states.

    An artifact whose files are not (any more) what the manifest says gets no version: collecting
    it makes one. So a manifest cannot claim content that is another artifact's. Needs the
    collection's lock in the database.
    """
    assert collection.manifest.uuid is not None, "a collection without a UUID has no rows"
    found = dict(_find_unversioned(store, collection))
    unknown = store.contents.unknown_trees({one.tree.content_hash for one in found.values()})
    _keep_trees(store, [one for one in found.values() if one.tree.content_hash in unknown])
    author = author or Signature.now().author
    store.versions.add(collection.manifest.uuid, list(found), message, author)


def keep_new(
    store: Store,
    collection: Collection,
    entries: Iterable[ManifestArtifact],
    actions: Iterable[Action],
    trees: Mapping[RelPath, Tree],
) -> None:
    """Store the bytes of artifacts that actions are about to make in the folder."""
    wanted = {entry.content_hash: entry for entry in entries if entry.content_hash}
    unknown = store.contents.unknown_trees(wanted) if wanted else set()
    if not unknown:
        return
    actions = tuple(actions)
    contents = {put.state.sha256: put.source for put in actions if isinstance(put, Put)}
    found = []
    with Scratch() as scratch:
        for entry in (wanted[content_hash] for content_hash in sorted(unknown)):
            spec, tree = collection.spec_of(entry.id), trees.get(entry.path)
            there = collection
            if tree is None or tree.content_hash != entry.content_hash:
                there = replace(collection, root=scratch.path, index=None)
                _lay_out(collection, entry, actions, scratch.path)
                tree = there.tree(entry)
            found.append(_Found(there.location(entry), spec, tree, contents))
        with store.transaction():
            _keep_trees(store, found)


def keep_older(collection: Collection, older: Iterable[OlderVersion]) -> None:
    """Store the bytes of versions that a change brings along; whose they are is said with it."""
    # Imported here: most changes bring none.
    from holdall_composites.database.connect import connect_database
    from holdall_composites.schema.runner import ensure_current

    with connect_database(collection.database_url) as database:
        ensure_current(database, embedded=collection.has_own_database)
        store = Store(database)
        found = [_Found(one.location, collection.spec_of(one.id), one.tree) for one in older]
        unknown = store.contents.unknown_trees({one.tree.content_hash for one in found})
        with store.transaction():
            _keep_trees(store, [one for one in found if one.tree.content_hash in unknown])


def _lay_out(
    collection: Collection, entry: ManifestArtifact, actions: Iterable[Action], folder: Path
) -> None:
    """Write an artifact into a folder as it will be in the collection."""
    place = folder / entry.path
    place.parent.mkdir(parents=True, exist_ok=True)
    import shutil

    present = collection.location(entry)
    if present.is_dir():
        shutil.copytree(present, place, symlinks=True)
    elif present.exists():
        shutil.copy2(present, place)
    for action in actions:
        is_here = action.path == entry.path or action.path.startswith(f"{entry.path}/")
        target = folder / action.path
        if is_here and isinstance(action, Put | Remove):
            target.unlink(missing_ok=True)
        if is_here and isinstance(action, Put):
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(action, target)
        elif is_here and isinstance(action, RemoveFolder):
            with suppress(OSError):  # as the action does, it leaves a folder that is not empty
                target.rmdir()


def _write(put: Put, target: Path) -> None:
    data = put.source if isinstance(put.source, bytes) else put.source.read_bytes()
    if put.state.kind is FileKind.LINK:
        os.symlink(os.fsdecode(data), target)
    else:
        target.write_bytes(data)
        target.chmod(0o755 if put.state.executable else 0o644)


def keep_deployed(store: Store, plan: DeployPlan, unknown: Container[str]) -> None:
    """Store the bytes of what is deployed with edits that were not collected, for `holdall undo`.

    `unknown` are the content hashes of those that no version has.
    """
    found = [
        _Found(artifact.location, plan.collection.spec_of(artifact.id), artifact.tree)
        for artifact in plan.artifacts
        if artifact.tree.content_hash in unknown
    ]
    with store.transaction():
        _keep_trees(store, found)


def _find_unversioned(store: Store, collection: Collection) -> Iterator[tuple[str, _Found]]:
    """Yield what has no version; what was edited meanwhile is the next collect's business."""
    for artifact_id in store.versions.list_unversioned(collection.manifest.uuid or ""):
        entry = collection.manifest.by_id.get(ArtifactId.parse(artifact_id))
        if isinstance(entry, ManifestArtifact):
            with suppress(NotFoundError):
                tree = collection.tree(entry)
                if tree.content_hash == entry.content_hash:
                    location = collection.location(entry)
                    yield artifact_id, _Found(location, collection.spec_of(entry.id), tree)


def _keep_trees(store: Store, trees: Iterable[_Found]) -> None:
    """Store trees, but for those whose files change or go meanwhile."""
    found = {known.tree.content_hash: known for known in trees}
    blobs = {file.sha256: (known, file) for known in found.values() for file in known.tree.files}
    lost: set[str] = set()
    # In one order everywhere, so that two writers on one server never wait for each other.
    unknown = sorted(store.contents.unknown_blobs(blobs))
    small = [sha256 for sha256 in unknown if blobs[sha256][1].size <= CHUNK]
    store.contents.put_small_blobs(_whole(((sha256, *blobs[sha256]) for sha256 in small), lost))
    for sha256 in unknown:
        known, file = blobs[sha256]
        if file.size > CHUNK:
            try:
                store.contents.put_blob(sha256, file.size, _content(known, file))
            except _Changed:
                lost.add(sha256)
    store.contents.put_trees(
        [
            known.tree
            for _, known in sorted(found.items())
            if lost.isdisjoint(file.sha256 for file in known.tree.files)
        ]
    )


def _whole(
    wanted: Iterable[tuple[str, _Found, FileDigest]], lost: set[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the contents of small files; those that changed meanwhile are added to `lost`."""
    for sha256, known, file in wanted:
        try:
            yield sha256, b"".join(_content(known, file))
        except _Changed:
            lost.add(sha256)


class _Changed(HoldallError):
    """A file changed between two looks at it."""


def _content(found: _Found, digest: FileDigest) -> Iterator[bytes]:
    """Yield a file's bytes; raises if they are not what the digest says."""
    read = hashlib.sha256()
    try:
        source = found.contents.get(digest.sha256)
        if source is None:
            source = content_of(found.location, found.spec, found.tree, digest)
        if isinstance(source, bytes):
            read.update(source)
            yield source
        else:
            with source.open("rb", buffering=0) as file:
                while chunk := file.read(CHUNK):
                    read.update(chunk)
                    yield chunk
    except OSError as error:
        path = found.location / digest.path
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise _Changed(f"{path} is gone") from error
        raise StorageError(
            f"cannot read {path}: {error.strerror}", hint="check the file and its permissions"
        ) from error
    if read.hexdigest() != digest.sha256:
        raise _Changed(f"{found.location / digest.path} changed while it was read")
