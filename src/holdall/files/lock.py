"""One Holdall at a time in a project or collection: its `.holdall` folder and the lock in there.

`.holdall/lock` is locked by `flock`, empty while nobody holds it, and names who does (one line):

    {"pid": 4711, "host": "ada", "command": "holdall deploy skill:a",
     "since": "2026-11-27T23:27:18+00:00"}
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from holdall.errors import ConflictError, HostilePathError, LockedError, RefusedError
from holdall.files import syscalls
from holdall.files.root import Root, storage_errors
from holdall.reporter import log_debug

STATE_FOLDER = ".holdall"

_LOCK, _GITIGNORE = "lock", ".gitignore"
_NO_FILE_OF_OURS = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO})
_BUSY = frozenset({errno.EAGAIN, errno.EACCES})
_MAX_HOLDER = 4096
_WORDS = 6
_UPDATE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_state_folder(root: Root, *, make: bool) -> int | None:
    """Open `.holdall`; where it is missing, create it (0700, ignored by git) or return None.

    None, too, if somebody removed it in this moment. Raises HostilePathError if a symlink or a
    file is there, RefusedError if it is to be written to and belongs to another user.
    """
    with storage_errors(root.path / STATE_FOLDER):
        if make:
            with contextlib.suppress(FileExistsError):
                syscalls.make_folder(STATE_FOLDER, root.folders.top, 0o700)
        try:
            fd = syscalls.open_folder(STATE_FOLDER, root.folders.top)
        except FileNotFoundError:
            return None
        except OSError as error:
            _refuse_another_owner(root)
            raise _not_ours(root.path / STATE_FOLDER, error) from error
        try:
            if make:
                _refuse_another_owner(root)
                _write_gitignore(root, fd)
        except FileNotFoundError:
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
    return fd


def _refuse_another_owner(root: Root) -> None:
    """Raise RefusedError if `.holdall` is another user's: each would lock the other out of it."""
    status = os.stat(STATE_FOLDER, dir_fd=root.folders.top, follow_symlinks=False)
    owner, user = status.st_uid, os.geteuid()
    if owner == user:
        return
    import shlex

    path, name = root.path / STATE_FOLDER, _user_name(owner)
    hint = f"work as {name}, or take it over: sudo chown -R {user} {shlex.quote(str(path))}"
    if user == 0:
        hint = f"run the command as {name}, without sudo"
    raise RefusedError(f"{path} belongs to {name}, and you are {_user_name(user)}", hint=hint)


def _user_name(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"the user {user}"


def _not_ours(path: Path, error: OSError) -> Exception:
    if error.errno not in _NO_FILE_OF_OURS:
        return error
    return _strange(path)


def _strange(path: Path) -> HostilePathError:
    return HostilePathError(
        f"{path} is not what Holdall creates there", hint="remove it, then try again"
    )


def _open_for_update(root: Root, name: str, folder: int) -> int:
    """Open a file of Holdall's own, never what has another name, too: that may be anybody's."""
    path = root.path / STATE_FOLDER / name
    try:
        file = os.open(name, _UPDATE, 0o600, dir_fd=folder)
    except OSError as error:
        raise _not_ours(path, error) from error
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(file)
        raise _strange(path)
    return file


def _write_gitignore(root: Root, folder: int) -> None:
    file = _open_for_update(root, _GITIGNORE, folder)
    try:
        # Empty: just made, or a kill came between making and writing.
        if os.fstat(file).st_size == 0:
            syscalls.write(file, b"*\n!deployed.toml\n!.gitattributes\n")
    finally:
        os.close(file)


def write_settings(root: Root, name: str, data: bytes) -> None:
    """Write a new file into `.holdall`, for its owner only; one with these bytes may be there.

    It may hold a password. Raises ConflictError for another file. The caller holds the lock.
    """
    folder = open_state_folder(root, make=True)
    assert folder is not None, "whoever holds the lock has the folder"
    try:
        with storage_errors(root.path / STATE_FOLDER / name):
            file = _open_for_update(root, name, folder)
            try:
                if (found := os.pread(file, len(data) + 1, 0)) not in (b"", data):
                    raise ConflictError(
                        f"{root.path / STATE_FOLDER / name} exists already",
                        hint="leave the option out, and write into that file what is to be set",
                    )
                if not found:
                    syscalls.write(file, data)
                    os.fsync(file)
            finally:
                os.close(file)
    finally:
        os.close(folder)


def write_state(root: Root, name: str, data: bytes) -> None:
    """Write a file of `.holdall` that may be lost, or cut short, at any time."""
    folder = open_state_folder(root, make=True)
    if folder is None:
        return
    try:
        with storage_errors(root.path / STATE_FOLDER / name):
            file = _open_for_update(root, name, folder)
            try:
                os.ftruncate(file, 0)
                syscalls.write(file, data)
            finally:
                os.close(file)
    finally:
        os.close(folder)


class _HeldFolders(threading.local):
    """The folders whose lock this thread of this process holds."""

    def __init__(self) -> None:
        self.known: set[tuple[int, int, int]] = set()


_held_folders = _HeldFolders()


@contextmanager
def lock_folder(root: Root, *, timeout: float = 30.0) -> Iterator[None]:
    """Hold the lock of a project or collection.

    A `.holdall` that was made only for the lock is removed with it. Raises LockedError, which
    names the holder, when another one holds it for `timeout` seconds. Whoever holds it may take it
    again: a collection's folder can be a project, too.
    """
    status = os.fstat(root.folders.top)
    key = os.getpid(), status.st_dev, status.st_ino  # a forked child holds nothing
    if key in _held_folders.known:
        root.folders.forget()
        yield
        return
    is_new = not _is_there(STATE_FOLDER, root.folders.top)
    start = time.monotonic()
    folder, file = _acquire(root, timeout)
    log_debug(__name__, "locked %s after %.0f ms", root.path, (time.monotonic() - start) * 1000)
    _held_folders.known.add(key)
    try:
        # What was seen before may have been changed by whoever held the lock.
        root.folders.forget()
        yield
    finally:
        _held_folders.known.discard(key)
        try:
            if is_new:
                _remove_unused(root, folder)
        finally:
            _release(file)
            os.close(folder)


def _is_there(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _remove_unused(root: Root, folder: int) -> None:
    """Remove `.holdall` if it is empty. A process that waits for its lock creates it again."""
    with contextlib.suppress(OSError):
        if set(os.listdir(folder)) != {_LOCK, _GITIGNORE}:
            return
        syscalls.remove_file(_GITIGNORE, folder)
        syscalls.remove_file(_LOCK, folder)
        try:
            syscalls.remove_folder(STATE_FOLDER, root.folders.top)
        except OSError:  # in this moment somebody else took the lock
            _write_gitignore(root, folder)


def _acquire(root: Root, timeout: float) -> tuple[int, int]:
    """Return `.holdall` and the lock in it, both open: opened each time, both may go."""
    deadline = time.monotonic() + timeout
    pause = 0.005
    while True:
        folder = open_state_folder(root, make=True)
        if folder is not None:
            try:
                file = _lock_in(root, folder, deadline, timeout)
            except BaseException:
                os.close(folder)
                raise
            if file is not None:
                return folder, file
            os.close(folder)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def _lock_in(root: Root, folder: int, deadline: float, timeout: float) -> int | None:
    with storage_errors(root.path / STATE_FOLDER / _LOCK):
        try:
            file = _open_for_update(root, _LOCK, folder)
        except FileNotFoundError:
            return None
        try:
            if _try_lock(file) and _is_still_there(file, folder):
                _write_holder(file)
                return file
            if time.monotonic() >= deadline:
                raise _locked_error(root, file, timeout)
        except BaseException:
            os.close(file)
            raise
        os.close(file)
    return None


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True


def _is_still_there(file: int, folder: int) -> bool:
    # Someone may have deleted `.holdall` by hand: a lock on a deleted file keeps nobody out.
    try:
        there = os.stat(_LOCK, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(file), there)


def _release(file: int) -> None:
    try:
        with contextlib.suppress(OSError):
            syscalls.truncate(file)
        # Unlock explicitly: a forked child may still have this descriptor open.
        fcntl.flock(file, fcntl.LOCK_UN)
    finally:
        os.close(file)


def _write_holder(file: int) -> None:
    holder = {
        "pid": os.getpid(),
        "host": os.uname().nodename,
        "command": _command(sys.argv),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    syscalls.truncate(file)
    syscalls.write(file, json.dumps(holder).encode())


def _command(argv: list[str]) -> str:
    # A database URL or `password=` on the command line must not end up in a file.
    words = [w for w in argv[1 : _WORDS + 1] if "://" not in w and "=" not in w]
    return " ".join([Path(argv[0]).name if argv else "", *words])[:200]


def _locked_error(root: Root, file: int, timeout: float) -> LockedError:
    try:
        found = json.loads(os.pread(file, _MAX_HOLDER, 0))
        who = "process {pid} on {host} ({command}), since {since}".format(**found)
    except (ValueError, TypeError, KeyError, RecursionError):
        who = "another process"
    return LockedError(
        f"{root.path} is locked by {ascii(who)[1:-1]}; gave up after {timeout:g} seconds",
        hint="wait until it is done, or end it; the lock ends with its process",
    )
