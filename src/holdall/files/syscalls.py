"""The system calls by which Holdall changes projects and collections, one function for each.

Everything that the writer does to a disk goes through here, so that a test can count the calls,
fail one or die at one. Folders are given by descriptor, names are single components.
"""

from __future__ import annotations

import errno
import fcntl
import os
from functools import cache
from typing import Any

MUTATING = (
    "create_file",
    "link",
    "make_folder",
    "make_link",
    "remove_file",
    "remove_folder",
    "rename",
    "rename_with",
    "set_mode",
    "sync",
    "sync_file_system",
    "truncate",
    "write",
)

MEMORY = "/proc/meminfo"
"""Where Linux says how much waits to be written, of all file systems together.

    Dirty:             12520 kB
    Writeback:             0 kB
"""

_MANY_KB = 32 << 10

NO_REPLACE = 1
EXCHANGE = 2

_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe that took a file's place must not wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def open_folder(name: str, folder: int) -> int:
    """Open a folder, never through a symlink."""
    return os.open(name, _FOLDER, dir_fd=folder)


def open_file(name: str, folder: int) -> int:
    """Open a file for reading, never through a symlink."""
    return os.open(name, _FILE, dir_fd=folder)


def create_file(name: str, folder: int, mode: int) -> int:
    """Create a file that must not exist and return its descriptor."""
    return os.open(name, _NEW_FILE, mode, dir_fd=folder)


def write(file: int, data: bytes | memoryview) -> int:
    """Write some of `data` and return how many bytes were taken."""
    return os.write(file, data)


def truncate(file: int) -> None:
    """Make an open file empty."""
    os.ftruncate(file, 0)


def set_mode(file: int, mode: int) -> None:
    """Set the permissions of an open file or folder."""
    os.fchmod(file, mode)


def make_link(text: bytes, name: str, folder: int) -> None:
    """Create a symbolic link."""
    os.symlink(text, os.fsencode(name), dir_fd=folder)


def make_folder(name: str, folder: int, mode: int) -> None:
    """Create a folder."""
    os.mkdir(name, mode, dir_fd=folder)


def remove_file(name: str, folder: int) -> None:
    """Remove a file or a symbolic link itself."""
    os.unlink(name, dir_fd=folder)


def remove_folder(name: str, folder: int) -> None:
    """Remove an empty folder."""
    os.rmdir(name, dir_fd=folder)


def link(folder: int, name: str, to_folder: int, to_name: str) -> None:
    """Give a file, or a symbolic link itself, a second name that must not exist."""
    os.link(name, to_name, src_dir_fd=folder, dst_dir_fd=to_folder, follow_symlinks=False)


def rename(folder: int, name: str, to_folder: int, to_name: str) -> None:
    """Rename, replacing what is there."""
    os.rename(name, to_name, src_dir_fd=folder, dst_dir_fd=to_folder)


def rename_with(flag: int, folder: int, name: str, to_folder: int, to_name: str) -> bool:
    """Rename without replacing (NO_REPLACE) or swap two names (EXCHANGE), atomically.

    Returns False, with nothing done, where the system or the file system cannot do this.
    """
    import ctypes

    libc = _libc()
    if not hasattr(libc, "renameat2"):
        return False
    if libc.renameat2(folder, os.fsencode(name), to_folder, os.fsencode(to_name), flag) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), name, None, to_name)


def sync(descriptor: int) -> None:
    """Make one file or folder durable."""
    if _FULL_SYNC is not None:
        fcntl.fcntl(descriptor, _FULL_SYNC)
    else:
        os.fsync(descriptor)


def sync_file_system(descriptor: int) -> None:
    """Make everything on the file system of `descriptor` durable."""
    libc = _libc()
    if not hasattr(libc, "syncfs"):
        os.sync()
    elif libc.syncfs(descriptor) != 0:
        import ctypes

        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def others_write_much() -> bool:
    """Return whether `sync_file_system` would wait for much that others wrote; True if unknown."""
    try:
        with open(MEMORY, "rb") as file:
            rows = [line.split() for line in file]
        waiting = [int(row[1]) for row in rows if row[0] in (b"Dirty:", b"Writeback:")]
    except (OSError, ValueError, IndexError):
        return True
    return not waiting or sum(waiting) >= _MANY_KB


@cache
def _libc() -> Any:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)
