"""Copies of an embedded database, made before what could go wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from peewee import Database, SqliteDatabase

from kitbag_composites.database import translated_errors
from kitbag_composites.errors import SchemaError

__all__ = ["KEPT", "back_up"]

KEPT = 3


def back_up(database: Database, why: str = "manual") -> Path:
    """Copy an SQLite database beside itself and return the copy's path; the last three stay.

    Raises SchemaError for a database that is not a file.
    """
    if not isinstance(database, SqliteDatabase) or database.database in (None, "", ":memory:"):
        raise SchemaError(
            "only an SQLite file is backed up by Kitbag",
            hint="use pg_dump for a PostgreSQL database",
        )
    source = Path(database.database)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    copy = source.with_name(f"{source.name}.{stamp}.{why}.backup")
    with translated_errors():
        database.execute_sql("VACUUM INTO ?", (str(copy),))
    copy.chmod(0o600)
    for old in sorted(source.parent.glob(f"{source.name}.*.backup"))[:-KEPT]:
        old.unlink()
    return copy
