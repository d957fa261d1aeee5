"""The file of an embedded database: whether it is one, may be written, and how it is only read.

SQLite would take an empty file for a new database and delete the write-ahead log beside it, wait
at a pipe, and want to write where it only reads. So the file is looked at first. One that cannot be
written is read in place where nothing has to be written for it, else from a copy.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from holdall.errors import LockedError
from holdall_composites.database.failures import DAMAGED
from holdall_composites.database.peewee_import import SqliteDatabase
from holdall_composites.errors import DatabaseDamaged
from holdall_composites.values.uuids import new_uuid

BUSY_SECONDS = 30

_HEADER = b"SQLite format 3\0"
_PRAGMAS = {"foreign_keys": 1, "synchronous": "full"}
_TRIES = 3
_Stamp = tuple[tuple[int, int, int] | None, ...]
_connected: Counter[str] = Counter()


class FileDatabase(SqliteDatabase):
    """An SQLite database; `lasts` is False for one that is only read, or a copy of one.

    `path` is that of the file of which this process must not open and close a descriptor of its own
    while it is connected. POSIX drops the process's locks then, SQLite's among them, and the next
    process that closes the database takes its log away with what is committed after that.
    `is_current` says that its schema was looked at already.
    """

    is_current = False

    def __init__(
        self,
        database: str,
        path: Path | None = None,
        *,
        lasts: bool = True,
        read_only: bool = False,
    ) -> None:
        # A transaction that reads first and writes later fails busy, whatever the timeout.
        super().__init__(
            database,
            pragmas=_PRAGMAS | ({"query_only": 1} if read_only else {}),
            timeout=BUSY_SECONDS,
            lock_type="IMMEDIATE",
            uri=read_only,
        )
        self.lasts = lasts
        self._file = "" if path is None else os.path.realpath(path)
        self._inode: tuple[int, int] | None = None
        self.register_function(new_uuid, "new_uuid", 0)

    @property
    def is_lost(self) -> bool:
        """Whether another file is in the place of the one that this is connected to."""
        return self._inode is None or self._inode != _inode_of(self._file)

    def _connect(self) -> Any:
        # Before, so that a file which is replaced meanwhile counts as lost.
        self._inode = _inode_of(self._file)
        connection = super()._connect()  # type: ignore[misc]
        _connected[self._file] += 1
        return connection

    def _close(self, conn: Any) -> None:
        super()._close(conn)  # type: ignore[misc]
        _connected[self._file] -= 1


def _inode_of(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def can_write(path: Path) -> bool:
    """Return whether a database file may be written, or made where there is none."""
    if os.path.exists(path) and not os.access(path, os.W_OK):
        return False
    folders = (folder for folder in path.absolute().parents if os.path.exists(folder))
    return os.access(next(folders), os.W_OK | os.X_OK)


def can_read(path: Path) -> bool:
    """Return whether a database file may be read, or is surely not there."""
    try:
        return not path.exists() or os.access(path, os.R_OK)
    except PermissionError:
        return False


def make_file(path: Path) -> None:
    """Make the file, readable by its owner only, before SQLite would make it readable by all."""
    if path.exists():
        return
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def refuse_damage(path: Path) -> None:
    """Raise DatabaseDamaged for what is not an SQLite file, or a write-ahead log without one."""
    try:
        found = path.stat()
    except FileNotFoundError:
        size = 0
    else:
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "not a file"
            raise DatabaseDamaged(
                f"cannot open the database {path}: it is {kind}",
                hint="name an SQLite file, or move this away: `holdall rebuild` makes the database",
            )
        size = found.st_size
        if size and not _connected[os.path.realpath(path)] and not _has_header(path):
            raise DatabaseDamaged(
                f"cannot open the database {path}: it is not an SQLite file", hint=DAMAGED
            )
    log = log_of(path)
    if not size and log.exists() and log.stat().st_size:
        # SQLite would delete it, with all that was committed last.
        raise DatabaseDamaged(
            f"the database {path} is {'empty' if path.exists() else 'gone'}, and {log.name} is"
            " left of it",
            hint="restore the file beside it from a backup; or let `holdall rebuild` set both aside"
            " and make the database again from the collection's folder",
        )


def _has_header(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def log_of(path: Path) -> Path:
    """Return where SQLite's write-ahead log of a file is."""
    return Path(f"{path}-wal")


@contextmanager
def open_read_only(path: Path) -> Iterator[FileDatabase]:
    """Yield an unconnected database that only reads a file; none is an empty database.

    Nothing is written. Raises LockedError if the file changed while it was read in a way that
    readers without a lock cannot follow.
    """
    if not path.exists():
        yield FileDatabase(":memory:", lasts=False, read_only=True)
        return
    if can_write(path) or _is_shared_now(path):
        mode = "rw" if can_write(path) else "ro"
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        yield FileDatabase(uri, path, lasts=False, read_only=True)
        return
    if _has_log(path):
        with _temporary_folder() as folder:
            copy = Path(folder, path.name)
            _copy_files(path, copy)
            yield FileDatabase(f"{copy.as_uri()}?mode=rw", lasts=False, read_only=True)
        return
    before = _stamp(path)
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        yield FileDatabase(uri, path, lasts=False, read_only=True)
    finally:
        if _stamp(path) != before:
            raise _changed_error(path)


def _temporary_folder() -> AbstractContextManager[str]:
    from tempfile import TemporaryDirectory

    return TemporaryDirectory(prefix="holdall-")


def _has_log(path: Path) -> bool:
    log = log_of(path)
    return log.exists() and log.stat().st_size > 0


def _is_shared_now(path: Path) -> bool:
    """Return whether SQLite can read a log without writing: its index is there, too."""
    index = Path(f"{path}-shm")
    return _has_log(path) and os.access(index, os.R_OK)


def _copy_files(path: Path, copy: Path) -> None:
    """Copy a file and its log, both of one moment."""
    for _ in range(_TRIES):
        before = _stamp(path)
        for source, target in ((path, copy), (log_of(path), log_of(copy))):
            target.write_bytes(source.read_bytes())
        if _stamp(path) == before:
            return
    raise _changed_error(path)


def _stamp(path: Path) -> _Stamp:
    return tuple(_status(place) for place in (path, log_of(path)))


def _status(place: Path) -> tuple[int, int, int] | None:
    try:
        found = place.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _changed_error(path: Path) -> LockedError:
    return LockedError(
        f"the database {path} was changed while it was read", hint="run the command again"
    )


@contextmanager
def private_copy(database: Any = None) -> Iterator[FileDatabase]:
    """Copy a connected database into a temporary file and connect to that one, to be written.

    None is an empty one.
    """
    with _temporary_folder() as folder:
        copy = FileDatabase(str(Path(folder, "holdall.db")), lasts=False)
        copy.connect()
        with closing(copy):
            made: Any = copy
            if database is not None:
                database.connection().backup(made.connection())
            yield copy
