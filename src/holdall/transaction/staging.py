"""Write every new file of a transaction to the project's file system, not yet in its place."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import refuse_protected
from holdall.errors import ConflictError, HostilePathError, StorageError
from holdall.files import syscalls
from holdall.files.root import Root, read_chunks, storage_error, storage_errors, write_all
from holdall.transaction.actions import Action, Put, Remove, RemoveFolder

_FEW = 64

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of actions that are staged, and of all."""

_SPARE_BLOCKS = 64
_SOURCE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_CHANGED = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL, errno.ENXIO})


def refuse_unsafe(root: Root, state_folder: int, actions: Sequence[Action]) -> None:
    """Raise unless every action may go where it goes and there is room for all of them.

    HostilePathError for protected places and ways through symlinks, ConflictError for two actions
    on one path, StorageError for folders that cannot be written to or are on another file system.
    """
    seen: set[RelPath] = set()
    for action in actions:
        refuse_protected(action.path)
        if not isinstance(action, RemoveFolder):
            if action.path in seen:
                raise ConflictError(
                    f"two actions would write {str(action.path)!a}",
                    hint="deploy one of them elsewhere",
                )
            seen.add(action.path)
    with storage_errors(root.path):
        _refuse_folders(root, state_folder, actions)
        _refuse_full(root, actions)


def _refuse_folders(root: Root, state_folder: int, actions: Sequence[Action]) -> None:
    device = os.fstat(state_folder).st_dev
    removed = {a.path for a in actions if isinstance(a, Remove)}
    parents = {a.path.rpartition("/")[0] for a in actions if not isinstance(a, RemoveFolder)}
    # In this order each folder is opened once.
    for parent in (RelPath(text) if text else None for text in sorted(parents)):
        try:
            folder = root.folders.nearest(parent)
        except HostilePathError:
            if parent is None or not _lies_below(parent, removed):
                raise
            continue  # what is in the way is removed first
        if os.fstat(folder).st_dev != device:
            raise StorageError(
                f"{root.path / (parent or '')} is on another file system than {root.path}",
                hint="Holdall never copies across file systems; deploy to that folder by itself",
            )
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=folder):
            raise StorageError(
                f"{root.path / (parent or '')} may not be written to", hint="check its permissions"
            )


def _lies_below(path: RelPath, removed: set[RelPath]) -> bool:
    place: RelPath | None = path
    while place is not None and place not in removed:
        place = place.parent
    return place is not None


def _refuse_full(root: Root, actions: Sequence[Action]) -> None:
    puts = [a for a in actions if isinstance(a, Put)]
    system = os.statvfs(root.folders.top)
    block = system.f_frsize or 4096
    folders = len({a.path.parent for a in puts})
    blocks = sum(-(-a.size // block) for a in puts) + folders + len(actions) // 8 + _SPARE_BLOCKS
    # File systems without such a limit say that there are none in all.
    if system.f_blocks and blocks > system.f_bavail:
        raise StorageError(
            f"{root.path}: {blocks * block} bytes are needed, {system.f_bavail * block} are free",
            hint="free some space; nothing was changed",
        )
    if system.f_files and len(puts) + folders > system.f_favail:
        raise StorageError(
            f"{root.path}: the file system has too few free inodes", hint="delete some files there"
        )


def is_synced_by_file(actions: Sequence[Action]) -> bool:
    """Return whether each file is made durable by itself, instead of all of the file system.

    That is slower (a barrier for each file and folder) but for few files while others write much,
    since the file system's barrier waits for what they wrote, too.
    """
    return len(actions) < _FEW and syscalls.others_write_much()


def stage(
    folder: int, actions: Sequence[Action], progress: Progress | None, *, durable: bool
) -> None:
    """Write the file or link of action N to `N` in an open folder, checking what is copied."""
    for number, action in enumerate(actions):
        if isinstance(action, Put):
            if action.state.kind is FileKind.LINK:
                _stage_link(folder, str(number), action)
            else:
                _stage_file(folder, str(number), action, durable=durable)
        if progress is not None:
            progress(number + 1, len(actions))


def _stage_link(folder: int, name: str, action: Put) -> None:
    text = action.source
    if isinstance(text, Path):
        with _source_errors(action):
            text = os.fsencode(os.readlink(text))
    _require(action, hashlib.sha256(text), len(text))
    syscalls.make_link(text, name, folder)


def _stage_file(folder: int, name: str, action: Put, *, durable: bool) -> None:
    mode = 0o755 if action.state.executable else 0o644
    file = syscalls.create_file(name, folder, mode)
    try:
        digest, size = hashlib.sha256(), 0
        for chunk in _chunks(action):
            digest.update(chunk)
            size += len(chunk)
            if size > action.size:
                break
            write_all(file, chunk)
        _require(action, digest, size)
        syscalls.set_mode(file, mode)  # whatever the umask took away
        if durable:
            syscalls.sync(file)
    finally:
        os.close(file)


def _chunks(action: Put) -> Iterator[bytes]:
    if isinstance(action.source, bytes):
        yield action.source
        return
    with _source_errors(action):
        file = os.open(action.source, _SOURCE)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise _changed_error(action)
            yield from read_chunks(file, action.size)
        finally:
            os.close(file)


def _require(action: Put, digest: hashlib._Hash, size: int) -> None:
    if size != action.size or digest.hexdigest() != action.state.sha256:
        raise _changed_error(action)


@contextmanager
def _source_errors(action: Put) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _CHANGED:
            raise _changed_error(action) from None
        raise storage_error(Path(str(action.source)), error) from error


def _changed_error(action: Put) -> ConflictError:
    where = action.source if isinstance(action.source, Path) else action.path
    return ConflictError(
        f"{where}: source changed while being read",
        hint="nothing was changed; run the command again",
    )
