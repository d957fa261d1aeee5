"""Which files an artifact has at a place, and the actions that put it there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from holdall.artifacts.hashing import FileDigest
from holdall.artifacts.ids import FileKind, Shape, TypeSpec
from holdall.artifacts.paths import RelPath
from holdall.errors import ConflictError
from holdall.files.root import FileState, Root
from holdall.files.tree import Tree
from holdall.transaction.actions import Action, Put, Remove, RemoveFolder


def put_bytes(path: RelPath, data: bytes, expected: FileState | None) -> Put:
    """Return the action that makes `path` a plain file of these bytes."""
    state = FileState(FileKind.FILE, False, hashlib.sha256(data).hexdigest())
    return Put(path, state, len(data), data, expected)


def as_read(root: Root, path: RelPath, text: str | None) -> FileState | None:
    """Return the state of one of Holdall's own files, which must be as it was read.

    Raises ConflictError if somebody changed it since; `text` None means that it was not there.
    """
    present = root.state_of(path)
    known = None if text is None else hashlib.sha256(text.encode()).hexdigest()
    if (None if present is None else present.sha256) != known:
        raise ConflictError(
            f"{root.path / path} changed while Holdall was running", hint="run the command again"
        )
    return present


def place_files(base: RelPath, spec: TypeSpec, tree: Tree) -> dict[RelPath, FileDigest]:
    """Return where each file of an artifact is when the artifact is at `base`."""
    if spec.shape is Shape.FILE:
        (digest,) = tree.files
        return {base: digest}
    return {base.join_path(digest.path): digest for digest in tree.files}


def state_of(digest: FileDigest) -> FileState:
    """Return what the file system shows when the file is in place."""
    return FileState(digest.kind, digest.executable, digest.sha256)


def content_of(location: Path, spec: TypeSpec, tree: Tree, digest: FileDigest) -> Path | bytes:
    """Return where a file's bytes come from: the file, or the text of a link."""
    path = location if spec.shape is Shape.FILE else location / digest.path
    if digest.path in tree.made:
        return tree.made[digest.path]
    path = tree.elsewhere.get(digest.path, path)
    return os.fsencode(os.readlink(path)) if digest.kind is FileKind.LINK else path


def puts(
    base: RelPath,
    spec: TypeSpec,
    tree: Tree,
    source: Path | bytes,
    old: Tree | None = None,
    *,
    keep_backup: bool = False,
) -> list[Action]:
    """Return the actions that turn the artifact at `base` from `old` into `tree`."""
    present = place_files(base, spec, old) if old else {}
    wanted = place_contents(base, spec, tree, source)
    return exchange(present, wanted, present if keep_backup else ())


def place_contents(
    base: RelPath, spec: TypeSpec, tree: Tree, source: Path | bytes
) -> dict[RelPath, tuple[FileDigest, Path | bytes]]:
    """Return each file of an artifact that will be at `base`, with where its bytes come from."""
    return {
        path: (
            digest,
            tree.made.get(digest.path, source)
            if isinstance(source, bytes)
            else content_of(source, spec, tree, digest),
        )
        for path, digest in place_files(base, spec, tree).items()
    }


def exchange(
    present: Mapping[RelPath, FileDigest],
    wanted: Mapping[RelPath, tuple[FileDigest, Path | bytes]],
    kept: Container[RelPath] = (),
) -> list[Action]:
    """Return the actions that turn some files into others; `kept` get backups."""
    actions: list[Action] = []
    for path, (digest, content) in wanted.items():
        was = state_of(present[path]) if path in present else None
        if was != state_of(digest):
            keep = path in kept
            actions.append(Put(path, state_of(digest), digest.size, content, was, keep_backup=keep))
    gone = {path: digest for path, digest in present.items() if path not in wanted}
    # Remove before writing: a folder may take the place of a file, and the other way round.
    return [*_removals(gone, wanted, kept), *actions]


def removals(
    base: RelPath, spec: TypeSpec, tree: Tree, *, keep_backup: bool = False
) -> list[Action]:
    """Return the actions that remove the artifact at `base`, its emptied folders included."""
    gone = place_files(base, spec, tree)
    return _removals(gone, (), gone if keep_backup else ())


def moves(
    old: tuple[RelPath, Tree], new: tuple[RelPath, Tree], spec: TypeSpec, location: Path
) -> list[Action]:
    """Return the actions that move an artifact from one place, with these files, to another.

    None is done where its new place is taken.
    """
    arriving = puts(new[0], spec, new[1], location)
    return [*as_conditions(arriving), *removals(old[0], spec, old[1])]


def as_conditions(actions: Iterable[Action]) -> list[Action]:
    """Return the actions with each new file a condition for all."""
    return [
        action._replace(is_condition=action.expected is None) if isinstance(action, Put) else action
        for action in actions
    ]


def _removals(
    gone: Mapping[RelPath, FileDigest], wanted: Iterable[RelPath], kept: Container[RelPath]
) -> list[Action]:
    actions: list[Action] = [
        Remove(path, state_of(digest), keep_backup=path in kept) for path, digest in gone.items()
    ]
    return [*actions, *(RemoveFolder(folder) for folder in emptied_folders(gone, wanted))]


def emptied_folders(gone: Iterable[RelPath], kept: Iterable[RelPath]) -> list[RelPath]:
    """Return the folders below the top one that hold files of `gone` only, deepest first."""
    lost, held = ancestors(gone), ancestors(kept)
    return sorted(
        (folder for folder in lost - held if "/" in folder), key=lambda f: (-f.count("/"), f)
    )


def ancestors(paths: Iterable[RelPath]) -> set[RelPath]:
    """Return every folder above one of these paths."""
    found: set[RelPath] = set()
    for folder in {path.rpartition("/")[0] for path in paths}:
        above = folder
        while above and above not in found:
            found.add(RelPath(above))
            above = above.rpartition("/")[0]
    return found
