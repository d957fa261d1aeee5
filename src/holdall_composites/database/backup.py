"""Copies of an embedded database, made before what could go wrong."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkstemp

from holdall.errors import NotFoundError
from holdall.formats import DatabaseURL
from holdall_composites.database.connect import raw
from holdall_composites.database.failures import translate_errors
from holdall_composites.database.peewee_import import Database, SqliteDatabase
from holdall_composites.database.sqlite_file import BUSY_SECONDS
from holdall_composites.errors import DatabaseFailed, SchemaError

KEPT = 3


def refuse_backup(url: DatabaseURL) -> None:
    """Raise SchemaError for a database that is not a file, NotFoundError where there is none."""
    if not url.is_embedded:
        raise SchemaError(
            "only an SQLite file is backed up by Holdall",
            hint="use pg_dump for a PostgreSQL database",
        )
    if not os.path.exists(url.path):
        raise NotFoundError(
            f"{url.shown} is not there", hint="the first `holdall collect` makes a database"
        )


def back_up(database: Database, before: str | None = None) -> Path:
    """Copy an SQLite database beside itself and return the copy's path.

    The copy holds what was committed last, even while `database` is inside a transaction. Of
    those made `before` a migration the newest few stay; the others are nobody's to delete.
    """
    source = _file_of(database)
    try:
        copy = _copy(source, f"before-{before}" if before else "manual")
    except OSError as error:
        raise DatabaseFailed(
            f"cannot back {source} up: {error.strerror}", hint="nothing was changed; fix that"
        ) from error
    for old in sorted(source.parent.glob(f"{source.name}.*.before-*.backup"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return copy


def unite(database: Database) -> None:
    """Make an SQLite database one file; raises LockedError while somebody else has it open."""
    assert isinstance(database, SqliteDatabase), "only a file has files beside it"
    with translate_errors():
        database.journal_mode = "delete"


def _file_of(database: Database) -> Path:
    """Return where the open file is, whatever the working directory has become since."""
    with translate_errors():
        listed = raw(database, "PRAGMA database_list", why="where the file is now").fetchone()
        (_, _, path) = listed
    if not os.path.isfile(path):
        # SQLite would make an empty file there and copy that.
        raise DatabaseFailed(f"{path or 'this database'} is no longer a file", hint="close it")
    return Path(path)


def _copy(source: Path, why: str) -> Path:
    """Write the copy under another name first: a backup with the right name is a whole one."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    copy = source.with_name(f"{source.name}.{stamp}.{why}.backup")
    descriptor, unfinished = mkstemp(prefix=f"{source.name}.", suffix=".tmp", dir=source.parent)
    try:
        _vacuum_into(source, unfinished)
        os.fsync(descriptor)
        os.rename(unfinished, copy)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise
    finally:
        os.close(descriptor)
    return copy


def _vacuum_into(source: Path, copy: str) -> None:
    # A connection of its own: VACUUM cannot run in a transaction, and this one may be in one.
    own = SqliteDatabase(str(source), timeout=BUSY_SECONDS)
    with translate_errors(), closing(own):
        own.connect()
        raw(own, "VACUUM INTO ?", (copy,), why="SQLite copies its file while others write")
