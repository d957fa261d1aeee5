"""Bringing the bytes of versions back exactly."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from holdall.artifacts import FileDigest, FileKind, Shape, TypeSpec, tree_hash
from holdall.collection import Collection, ManifestArtifact
from holdall.deploy import Deployed
from holdall.errors import LocalEditError, StorageError
from holdall.files import Tree, link_stays_inside
from holdall_composites.session import open_synced
from holdall_composites.store.contents import CHUNK
from holdall_composites.store.store import Store

if TYPE_CHECKING:
    from holdall.plugins import Deployment, Details

_AT_ONCE = 16 << 20
_TREES_AT_ONCE = 500


def version_tree(store: Store, content_hash: str) -> Tree:
    """Return the tree of a version; raises StorageError if the database has lost or changed it."""
    return _whole(store.contents.get_tree(content_hash), content_hash)


def _whole(tree: Tree | None, content_hash: str) -> Tree:
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


def known_versions(
    collection: Collection, wanted: Sequence[Deployed], folder: Path | None
) -> list[Tree | None]:
    """Return the tree that each entry names, None for what is no version of its artifact.

    With a folder, the files of number N are written into its subfolder `N`.
    """
    collection_id = collection.manifest.uuid
    if collection_id is None:
        return [None] * len(wanted)
    with open_synced(collection) as resolver, resolver.store.snapshot():
        store = resolver.store
        uuids = store.artifacts.uuids_of(collection_id, sorted({str(e.id) for e in wanted}))
        owners = store.artifacts.owners_of({entry.uuid for entry in wanted if entry.uuid})
        strange = {entry.uuid for entry in wanted if entry.uuid} - owners.keys()
        aliases = store.artifacts.resolve_aliases(collection_id, strange) if strange else {}
        found = []
        for number, entry in enumerate(wanted):
            known = {uuids.get(str(entry.id))} - {None}
            # Under a name that it had before, but never as another type.
            if entry.uuid in owners and owners[entry.uuid][1].startswith(f"{entry.id.type}:"):
                known.add(entry.uuid)
            known.add(aliases.get(entry.uuid or ""))
            tree = _version_named(store, known, entry.content_hash)
            if tree is not None and folder is not None:
                materialize(store, tree, folder / str(number))
            found.append(tree)
        return found


def collection_details(collection: Collection) -> Details:
    """Return the newest version of each artifact, and where each is deployed."""
    from holdall.plugins import Deployment, Details

    collection_id = collection.manifest.uuid
    if collection_id is None:
        return Details({}, {})
    found: dict[str, list[Deployment]] = {}
    with open_synced(collection) as resolver, resolver.store.snapshot():
        versions = resolver.store.versions.newest(collection_id)
        for row in resolver.store.deployments.all_of(collection_id, limit=None).items:
            place = Deployment(row.project, row.target_root, row.content_hash)
            found.setdefault(row.artifact_uuid, []).append(place)
    return Details(versions, found)


def _version_named(store: Store, uuids: Iterable[str | None], content_hash: str) -> Tree | None:
    for uuid in uuids:
        versions = store.versions.all_of(uuid or "")
        if any(version.content_hash == content_hash for version in versions):
            return version_tree(store, content_hash)
    return None


def lay_out(store: Store, content_hash: str, folder: Path, spec: TypeSpec) -> tuple[Tree, Path]:
    """Write a version's files into an empty folder; return its tree and where the artifact is."""
    tree = version_tree(store, content_hash)
    materialize(store, tree, folder)
    return tree, folder / spec.only_file if spec.shape is Shape.FILE else folder


def lay_out_all(
    store: Store, wanted: Mapping[str, tuple[str, TypeSpec]], folder: Path
) -> Iterator[tuple[str, Tree, Path]]:
    """Write many versions, by names of ours: each one's content hash and type.

    Yields each name with the tree and where the artifact is. Takes few queries: what is small is
    read together, some megabytes at a time.
    """
    found = store.contents.get_trees({content_hash for content_hash, _ in wanted.values()})
    batch: dict[str, Tree] = {}
    size = 0
    for name, (content_hash, _) in wanted.items():
        tree = _whole(found.get(content_hash), content_hash)
        if batch and (size + tree.size > _AT_ONCE or len(batch) == _TREES_AT_ONCE):
            yield from _lay_out_batch(store, batch, wanted, folder)
            batch, size = {}, 0
        batch[name] = tree
        size += tree.size
    yield from _lay_out_batch(store, batch, wanted, folder)


def _lay_out_batch(
    store: Store,
    batch: Mapping[str, Tree],
    wanted: Mapping[str, tuple[str, TypeSpec]],
    folder: Path,
) -> Iterator[tuple[str, Tree, Path]]:
    hashes = {f.sha256 for tree in batch.values() for f in tree.files if f.size <= CHUNK}
    known = store.contents.read_small_blobs(hashes) if hashes else {}
    for name, tree in batch.items():
        spec = wanted[name][1]
        materialize(store, tree, folder / name, known)
        yield (
            name,
            tree,
            folder / name / spec.only_file if spec.shape is Shape.FILE else folder / name,
        )


def edited_error(entry: ManifestArtifact) -> LocalEditError:
    """Return the error for an artifact whose present files no version has."""
    return LocalEditError(
        f"{entry.id} was edited since it was collected",
        hint="`holdall collect` keeps the edit as a version; --force replaces it, with a backup",
    )


def materialize(
    store: Store, tree: Tree, folder: Path, known: Mapping[str, bytes] = MappingProxyType({})
) -> None:
    """Write the files of a tree into an empty folder of our own, each checked against its hash.

    `known` are contents that were read already. Links come last, so that nothing is written
    through one. Raises StorageError for what no
    artifact can have been.
    """

    def read(sha256: str) -> Iterable[bytes]:
        data = known.get(sha256)
        return store.contents.read_blob(sha256) if data is None else (data,)

    write_files(folder, tree.files, read)


def write_files(
    folder: Path, files: Iterable[FileDigest], read: Callable[[str], Iterable[bytes]]
) -> None:
    """Write files into an empty folder of our own, each checked against its hash, links last."""
    for file in sorted(files, key=lambda file: file.kind is FileKind.LINK):
        path = folder / file.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.kind is FileKind.LINK:
                _link(read(file.sha256), file, path)
            else:
                _write(read(file.sha256), file, path)
        except (FileExistsError, NotADirectoryError) as error:
            raise _damage_error(file) from error


def _link(content: Iterable[bytes], file: FileDigest, path: Path) -> None:
    text = b"".join(content)
    is_whole = hashlib.sha256(text).hexdigest() == file.sha256
    if not is_whole or not link_stays_inside(file.path, os.fsdecode(text)):
        raise _damage_error(file)
    os.symlink(text, path)


def _write(content: Iterable[bytes], file: FileDigest, path: Path) -> None:
    written = hashlib.sha256()
    with path.open("xb") as target:
        for chunk in content:
            written.update(chunk)
            target.write(chunk)
    if written.hexdigest() != file.sha256:
        raise _damage_error(file)


def _damage_error(file: FileDigest) -> StorageError:
    return StorageError(
        f"the stored content {file.sha256} of {file.path} is damaged",
        hint="restore the database from a backup",
    )
