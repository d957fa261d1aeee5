"""Look at files below a folder without ever following a link out of it."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from holdall import NamedTuple
from holdall.artifacts.hashing import is_executable
from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import (
    ConflictError,
    HoldallError,
    HostilePathError,
    InputError,
    NotFoundError,
    StorageError,
)
from holdall.files import syscalls

_OPEN_FOLDERS = 64
_CHUNK = 1 << 20
_NOT_A_FOLDER = frozenset({errno.ENOTDIR, errno.ELOOP})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FileState(NamedTuple):
    """What is at a path, as far as the tree hash covers it.

    `sha256` is over the file's bytes, or over the text of a symbolic link.
    """

    kind: FileKind
    executable: bool
    sha256: str


class Remembered(Protocol):
    """What is known of files that were looked at before."""

    def state_of(
        self, path: RelPath, read: Callable[[RelPath], FileState | None]
    ) -> FileState | None:
        """Return the state of `path`, by `read` if that is not known."""

    def holds(self, files: Mapping[RelPath, FileState]) -> bool:
        """Return whether all these files are known to be in these states."""


class Strange(Enum):
    """What is at a path if Holdall cannot have put it there."""

    FOLDER = "a folder"
    SPECIAL = "a device, pipe or socket"
    UNREADABLE = "not readable"


def look_at(folder: int, name: str) -> FileState | Strange | None:
    """Return what has this name in an open folder; None if nothing has."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            return _link_state(os.fsencode(os.readlink(name, dir_fd=folder)))
        if stat.S_ISREG(status.st_mode):
            return _file_state(syscalls.open_file(name, folder))
    except FileNotFoundError:
        return None
    except PermissionError:
        return Strange.UNREADABLE
    except OSError as error:
        # Between the two calls a link or a socket can have taken the file's place.
        if error.errno in (errno.ELOOP, errno.EINVAL, errno.ENXIO):
            return Strange.SPECIAL
        raise
    return Strange.FOLDER if stat.S_ISDIR(status.st_mode) else Strange.SPECIAL


def _link_state(text: bytes) -> FileState:
    return FileState(FileKind.LINK, False, hashlib.sha256(text).hexdigest())


def _file_state(file: int) -> FileState | Strange:
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            return Strange.SPECIAL
        digest = hashlib.sha256()
        for chunk in read_chunks(file, status.st_size):
            digest.update(chunk)
    finally:
        os.close(file)
    return FileState(FileKind.FILE, is_executable(status.st_mode), digest.hexdigest())


def read_chunks(file: int, size: int) -> Iterator[bytes]:
    """Yield the bytes of a file whose size is probably `size`, in as few reads as that allows."""
    # One byte more than expected: a short answer then means that this was the end.
    wanted = min(size + 1, _CHUNK)
    while chunk := os.read(file, wanted):
        yield chunk
        size -= len(chunk)
        if size == 0 and len(chunk) < wanted:
            return
        wanted = min(size + 1, _CHUNK) if size > 0 else _CHUNK


def write_all(file: int, data: bytes) -> None:
    """Write all of `data` to an open file."""
    rest = memoryview(data)
    while rest:
        rest = rest[syscalls.write(file, rest) :]


def make_folders(path: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it, durably; those that are there stay as they are."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(mode, parents=True, exist_ok=True)
    for folder in missing:
        parent = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            syscalls.sync(parent)
        finally:
            os.close(parent)


class Folders:
    """The folders below one folder, opened by descriptor and kept open as long as there is room.

    A descriptor that is returned stays valid until the next call. Not for several threads.
    """

    def __init__(self, top: int, shown: Path) -> None:
        """Take over the descriptor `top`; `shown` is what errors call that folder."""
        self.top = top
        self._shown = shown
        self._open: OrderedDict[str, int] = OrderedDict()
        self.made: list[RelPath] = []

    def find(self, path: RelPath | None) -> int | None:
        """Open a folder; None if it, or one above it, does not exist.

        Raises HostilePathError if a component is a symlink or not a folder.
        """
        fd, depth = self._walk(path, make=False)
        return fd if path is None or depth == path.count("/") + 1 else None

    def make(self, path: RelPath | None) -> int:
        """Open a folder, creating what is missing (0755, listed in `made`)."""
        return self._walk(path, make=True)[0]

    def nearest(self, path: RelPath | None) -> int:
        """Open the deepest folder on the way to `path` that exists."""
        return self._walk(path, make=False)[0]

    def forget(self, path: RelPath | None = None) -> None:
        """Close what is open at or below `path`, by default everything but the top."""
        below = f"{path}/"
        for key in [k for k in self._open if path is None or k == path or k.startswith(below)]:
            os.close(self._open.pop(key))

    def close(self) -> None:
        """Close every descriptor."""
        self.forget()
        os.close(self.top)

    def _walk(self, path: RelPath | None, *, make: bool) -> tuple[int, int]:
        if path is None:
            return self.top, 0
        if (fd := self._open_file(path)) is not None:
            return fd, path.count("/") + 1
        fd, place, depth = self.top, "", 0
        for name in path.split("/"):
            place = f"{place}/{name}" if place else name
            inner = self._open_file(place)
            if inner is None:
                inner = self._step(fd, name, RelPath(place), make=make)
            if inner is None:
                break
            fd, depth = inner, depth + 1
        return fd, depth

    def _open_file(self, path: str) -> int | None:
        if (fd := self._open.get(path)) is not None:
            self._open.move_to_end(path)
        return fd

    def _step(self, parent: int, name: str, path: RelPath, *, make: bool) -> int | None:
        try:
            opened = self._open_or_make if make else self._open_only
            fd = opened(parent, name, path)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in _NOT_A_FOLDER:
                raise
            from holdall.files.links import open_linked_folder

            fd = open_linked_folder(self._shown, path)
        self._open[path] = fd
        if len(self._open) > _OPEN_FOLDERS:
            os.close(self._open.popitem(last=False)[1])
        return fd

    def _open_only(self, parent: int, name: str, _path: RelPath) -> int:
        return syscalls.open_folder(name, parent)

    def _open_or_make(self, parent: int, name: str, path: RelPath) -> int:
        try:
            return syscalls.open_folder(name, parent)
        except FileNotFoundError:
            pass
        try:
            syscalls.make_folder(name, parent, 0o755)
        except FileExistsError:
            return syscalls.open_folder(name, parent)
        self.made.append(path)
        return syscalls.open_folder(name, parent)


class Root:
    """A project's or a collection's folder, opened by descriptor so that it cannot be swapped.

    Use it as a context manager, for one command and one thread.
    """

    def __init__(self, path: Path) -> None:
        """Open the folder; raises NotFoundError, or StorageError if it may not be read."""
        self.path = path
        try:
            top = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(
                f"{path} is not a folder", hint="check the spelling, or create the folder first"
            ) from None
        except OSError as error:
            raise storage_error(path, error) from error
        self.folders = Folders(top, path)
        self.remembered: Remembered | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.folders.close()

    def state_of(self, path: RelPath) -> FileState | None:
        """Return what is at `path`; None if nothing is, or a folder on the way is missing.

        Raises HostilePathError for special files and where the way leads through a symlink,
        ConflictError for a folder. With `remembered` set, that index is asked first.
        """
        if self.remembered is not None:
            return self.remembered.state_of(path, self._read_state)
        return self._read_state(path)

    def holds(self, files: Mapping[RelPath, FileState]) -> bool:
        """Return whether all these files are known to be in these states, without reading them."""
        return self.remembered is not None and self.remembered.holds(files)

    def _read_state(self, path: RelPath) -> FileState | None:
        with storage_errors(self.path / path):
            folder = self.folders.find(path.parent)
            found = None if folder is None else look_at(folder, path.name)
        if isinstance(found, Strange):
            raise self._refusal(path, found)
        return found

    def stat_of(self, path: RelPath) -> os.stat_result | None:
        """Return the status of `path`, a symlink's own; None if nothing is there.

        Refuses what `state_of` refuses, but answers for a folder.
        """
        with storage_errors(self.path / path):
            folder = self.folders.find(path.parent)
            if folder is None:
                return None
            try:
                status = os.stat(path.name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return None
        if stat.S_IFMT(status.st_mode) not in (stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR):
            raise self._refusal(path, Strange.SPECIAL)
        return status

    def read_bytes(self, path: RelPath, limit: int) -> bytes | None:
        """Return a regular file's bytes; None if there is none. Raises InputError above `limit`."""
        with storage_errors(self.path / path):
            folder = self.folders.find(path.parent)
            if folder is None:
                return None
            try:
                file = syscalls.open_file(path.name, folder)
            except FileNotFoundError:
                return None
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.ENXIO):
                    raise self._refusal(path, Strange.SPECIAL) from None
                raise
            try:
                return self._read(path, file, limit)
            finally:
                os.close(file)

    def missing_folders(self, paths: Iterable[RelPath]) -> list[RelPath]:
        """Return the folders that writing these files would create, parents before children."""
        above: set[RelPath] = set()
        for path in paths:
            folder = path.parent
            while folder is not None and folder not in above:
                above.add(folder)
                folder = folder.parent
        with storage_errors(self.path):
            ordered = sorted(above, key=lambda p: p.split("/"))
            return [p for p in ordered if self.folders.find(p) is None]

    def _read(self, path: RelPath, file: int, limit: int) -> bytes:
        status = os.fstat(file)
        if stat.S_ISDIR(status.st_mode):
            raise self._refusal(path, Strange.FOLDER)
        if not stat.S_ISREG(status.st_mode):
            raise self._refusal(path, Strange.SPECIAL)
        data = bytearray()
        for chunk in read_chunks(file, status.st_size):
            data += chunk
            if len(data) > limit:
                raise InputError(
                    f"{self.path / path} is larger than {limit} bytes",
                    hint="this file should be small; look at what is in it",
                )
        return bytes(data)

    def _refusal(self, path: RelPath, found: Strange) -> HoldallError:
        message = f"{self.path / path} is {found.value} where a file was expected"
        hint = "move it out of the way"
        match found:
            case Strange.FOLDER:
                return ConflictError(message, hint=hint)
            case Strange.SPECIAL:
                return HostilePathError(f"{self.path / path} is not a regular file", hint=hint)
            case Strange.UNREADABLE:
                return StorageError(
                    f"{self.path / path} is not readable", hint="check its permissions"
                )


@contextmanager
def storage_errors(path: Path, hint: str | None = None) -> Iterator[None]:
    """Raise the system's error about `path` as a StorageError."""
    try:
        yield
    except OSError as error:
        raise storage_error(path, error, hint) from error


def storage_error(path: Path, error: OSError, hint: str | None = None) -> StorageError:
    """Return the StorageError for an error of the system."""
    if hint is None:
        full = error.errno in _FULL
        hint = "free some space or raise the quota" if full else "check permissions and the disk"
    return StorageError(f"{path}: {os.strerror(error.errno or errno.EIO)}", hint=hint)
