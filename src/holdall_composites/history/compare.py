"""What differs between two states of an artifact, as people read it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts import ArtifactId, FileDigest, TypeSpec
from holdall.collection import Collection, ManifestArtifact
from holdall.files import Tree
from holdall.transaction import content_of
from holdall_composites.history.versions import version_tree
from holdall_composites.resolver.versions import find_version
from holdall_composites.store.store import Store

MAX_TEXT_BYTES = 1 << 20


class Side(NamedTuple):
    """One of the two states: what it is called, its files, and how to read one."""

    title: str
    tree: Tree
    read: Callable[[FileDigest], bytes]
    is_one_file: bool = False

    def name_of(self, path: str) -> str:
        """Return what a file is called in a diff."""
        return self.title if self.is_one_file else f"{self.title}/{path}"


def stored_side(store: Store, collection: Collection, artifact_id: ArtifactId, text: str) -> Side:
    """Return a stored version."""
    version = find_version(store, collection, artifact_id, text)
    return kept_side(store, f"{artifact_id}@{version.number}", version.content_hash)


def kept_side(store: Store, title: str, content_hash: str) -> Side:
    """Return a tree that the database has."""
    tree = version_tree(store, content_hash)
    return Side(title, tree, lambda file: b"".join(store.contents.read_blob(file.sha256)))


def folder_side(collection: Collection, entry: ManifestArtifact) -> Side:
    """Return the files as they are in the collection's folder."""
    tree, spec = collection.tree(entry), collection.spec_of(entry.id)
    return lying_side(str(entry.id), collection.location(entry), spec, tree)


def lying_side(title: str, location: Path, spec: TypeSpec, tree: Tree) -> Side:
    """Return files as they lie somewhere."""

    def read(file: FileDigest) -> bytes:
        content = content_of(location, spec, tree, file)
        return content if isinstance(content, bytes) else content.read_bytes()

    return Side(title, tree, read)


def difference(old: Side, new: Side) -> Iterator[str]:
    """Yield the lines of a unified diff; binary and very large files are only named."""
    before = {file.path: file for file in old.tree.files}
    after = {file.path: file for file in new.tree.files}
    for path in sorted(before.keys() | after.keys(), key=os.fsencode):
        first, second = before.get(path), after.get(path)
        if first == second:
            continue
        if first and second and first.executable != second.executable:
            yield f"{path}: {'no longer ' if first.executable else 'now '}executable"
        if (first and first.sha256) != (second and second.sha256):
            yield from _file_difference(str(path), old, new, first, second)


def _file_difference(
    path: str, old: Side, new: Side, first: FileDigest | None, second: FileDigest | None
) -> Iterator[str]:
    texts = _text(old, first), _text(new, second)
    if texts[0] is None or texts[1] is None:
        yield f"{path}: binary or large files differ"
        return
    yield from difflib.unified_diff(
        texts[0].splitlines(),
        texts[1].splitlines(),
        old.name_of(path) if first else "/dev/null",
        new.name_of(path) if second else "/dev/null",
        lineterm="",
    )


def _text(side: Side, file: FileDigest | None) -> str | None:
    """Return a file's text, '' for none, None for one that is no text or too large to show."""
    if file is None:
        return ""
    if file.size > MAX_TEXT_BYTES:
        return None
    data = side.read(file)
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
