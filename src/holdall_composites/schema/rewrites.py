"""Keeping what others made on a table that a migration builds again on SQLite.

Building a table again loses its triggers, and a view of it forbids the renaming. playhouse reads
the table's definition by regular expressions; what it might misread is compared afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from peewee import SQL, Entity, NodeList, Select, Table, fn

from holdall.errors import RefusedError
from holdall_composites.database.peewee_import import Database, PeeweeException, SqliteDatabase

_GENERATED = (2, 3)


@contextmanager
def keep_dependents(database: Database, table: str | None) -> Iterator[None]:
    """Keep triggers, views, columns and rows while the block builds a table again.

    Raises RefusedError for a table that cannot be built again whole.
    """
    if table is None or not isinstance(database, SqliteDatabase):
        yield
        return
    others = _views_and_triggers(database)
    columns, rows = _columns(database, table), count_rows(database, table)
    for name, hidden in columns.items():
        if hidden in _GENERATED:
            raise _refusal(table, f"its column {name} is computed")
    for kind, name, _ in reversed(others):
        database.execute(NodeList((SQL(f"DROP {kind}"), Entity(name))))
    try:
        yield
    except PeeweeException as error:
        # What playhouse made of a definition that it misread is no SQL.
        original = getattr(error, "orig", None) or error.__cause__
        if getattr(original, "sqlite_errorname", "") == "SQLITE_ERROR":
            raise _refusal(table, str(error)) from error
        raise
    for _, _, sql in others:
        database.execute(SQL(sql))
    lost = columns.keys() - _columns(database, table).keys()
    if lost or rows != count_rows(database, table):
        gone = f"column {', '.join(sorted(lost))}" if lost else "rows"
        raise _refusal(table, f"{gone} would be lost")


def count_rows(database: Database, table: str) -> int:
    """Return how many rows a table has."""
    return int(Table(table).bind(database).select().count())


def _views_and_triggers(database: Database) -> list[Any]:
    """Return the kind, name and definition of each, views first, in the order of their making."""
    all_of = Table("sqlite_master")
    query = all_of.select(all_of.c.type, all_of.c.name, all_of.c.sql)
    query = query.where(all_of.c.type.in_(("view", "trigger")))
    return list(database.execute(query.order_by(all_of.c.type.desc(), all_of.c.rowid)).fetchall())


def _columns(database: Database, table: str) -> dict[str, int]:
    """Return the columns, and of what hidden kind they are."""
    columns = Select((fn.pragma_table_xinfo(table),), (SQL("name"), SQL("hidden")))
    return dict(database.execute(columns).fetchall())


def _refusal(table: str, why: str) -> RefusedError:
    return RefusedError(
        f"the table {table} cannot be built again: {why}",
        hint="nothing was changed; remove what others added to it, then try again",
    )
