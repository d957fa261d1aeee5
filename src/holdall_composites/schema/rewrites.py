"""Keeping what others made on a table that a migration builds again on SQLite.

Building a table again loses its triggers, and a view of it forbids the renaming. playhouse reads
the table's definition by regular expressions; what it might misread is compared afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from holdall.errors import RefusedError
from holdall_composites.database.peewee_import import Database, PeeweeException, SqliteDatabase

_OTHERS = (
    "SELECT type, name, sql FROM sqlite_master WHERE type IN ('view', 'trigger')"
    " ORDER BY type DESC, rowid"
)
_COLUMNS = "SELECT name, hidden FROM pragma_table_xinfo(?)"
_GENERATED = (2, 3)


@contextmanager
def rewriting(database: Database, table: str | None) -> Iterator[None]:
    """Keep triggers, views, columns and rows while the block builds a table again.

    Raises RefusedError for a table that cannot be built again whole.
    """
    if table is None or not isinstance(database, SqliteDatabase):
        yield
        return
    others = database.execute_sql(_OTHERS).fetchall()
    columns, rows = _columns(database, table), _count(database, table)
    _refuse_generated(table, columns)
    for kind, name, _ in reversed(others):
        database.execute_sql(f"DROP {kind} {_quoted(name)}")
    try:
        yield
    except PeeweeException as error:
        # What playhouse made of a definition that it misread is no SQL.
        original = getattr(error, "orig", None) or error.__cause__
        if getattr(original, "sqlite_errorname", "") == "SQLITE_ERROR":
            raise _refusal(table, str(error)) from error
        raise
    for _, _, sql in others:
        database.execute_sql(sql)
    lost = columns.keys() - _columns(database, table).keys()
    if lost or rows != _count(database, table):
        gone = f"column {', '.join(sorted(lost))}" if lost else "rows"
        raise _refusal(table, f"{gone} would be lost")


def _columns(database: Database, table: str) -> dict[str, int]:
    """Return the columns, and of what hidden kind they are."""
    return dict(database.execute_sql(_COLUMNS, (table,)).fetchall())


def _count(database: Database, table: str) -> int:
    ((count,),) = database.execute_sql(f"SELECT count(*) FROM {_quoted(table)}").fetchall()  # noqa: S608
    return int(count)


def _refuse_generated(table: str, columns: dict[str, int]) -> None:
    for name, hidden in columns.items():
        if hidden in _GENERATED:
            raise _refusal(table, f"its column {name} is computed")


def _refusal(table: str, why: str) -> RefusedError:
    return RefusedError(
        f"the table {table} cannot be built again: {why}",
        hint="nothing was changed; remove what others added to it, then try again",
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
