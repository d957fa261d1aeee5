"""The statements of a migration, for either dialect, without a connection.

SQLite's are read from a database in memory, since playhouse looks at the tables that it changes;
PostgreSQL's from a database that connects to nothing and has no rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from holdall.transaction import Signature
from holdall_composites.database.peewee_import import (
    PostgresqlDatabase,
    SqliteDatabase,
    without_driver,
)
from holdall_composites.schema.history import HISTORY_MODELS, AppliedMigration, add_audit
from holdall_composites.schema.revisions import Revision, known_revisions
from holdall_composites.schema.runner import number_of

with without_driver():
    from playhouse.migrate import SchemaMigrator

_NOT_PRINTED = r"\s*(SELECT|PRAGMA|BEGIN|COMMIT|SAVEPOINT|RELEASE)\b"


def statements(dialect: str, start: str = "0", to: str | None = None) -> Iterator[str]:
    """Yield what going from revision `start` to `to` runs; by default all, on an empty database.

    Downwards it is what runs if data may be lost.
    """
    known = known_revisions()
    first, last = number_of(start), number_of(to) if to is not None else known[-1].number
    database = _Memory() if dialect == "sqlite" else _Nowhere()
    with closing(database):
        migrator = SchemaMigrator.from_database(database)
        migrator.lose_data = True
        with database.bind_ctx(HISTORY_MODELS):
            database.create_tables(HISTORY_MODELS)
        for revision in known:
            if revision.number <= first:
                _run("up", revision, migrator)
        if first > "0000" or last == "0000":
            database.heard.clear()
        for revision in known:
            if first < revision.number <= last:
                _run("up", revision, migrator)
        for revision in reversed(known):
            if last < revision.number <= first:
                _run("down", revision, migrator)
        for sql in database.heard:
            if not re.match(_NOT_PRINTED, sql, re.IGNORECASE):
                yield sql


def _run(direction: str, revision: Revision, migrator: SchemaMigrator) -> None:
    database, row = migrator.database, AppliedMigration
    getattr(revision.script, direction)(migrator, database)
    history: Any = row.delete().where(row.name == revision.title)
    if direction == "up":
        history = row.insert(name=revision.title, checksum=revision.checksum)
    database.execute(history)
    by_hand = Signature.now()._replace(author=None, host="by hand")
    add_audit(database, "applied" if direction == "up" else "reverted", revision, by_hand)


def _with_values(sql: str, params: Sequence[object] | None) -> str:
    values = iter(params or ())
    return re.sub(r"\?|%s", lambda _: _literal(next(values)), sql) if params else sql


def _literal(value: object) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


class _Memory(SqliteDatabase):
    """An SQLite database in memory that remembers its statements."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.heard: list[str] = []

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        self.heard.append(_with_values(sql, params))
        return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]


class _Nowhere(PostgresqlDatabase):
    """A PostgreSQL database that remembers its statements, runs none, and needs no driver."""

    def __init__(self) -> None:
        super().__init__(None)
        self.heard: list[str] = []

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        self.heard.append(_with_values(sql, params))
        return _NoRows()

    def close(self) -> bool:
        return True


class _NoRows:
    rowcount = 0
    description = ()

    def fetchall(self) -> list[Any]:
        return []

    def fetchone(self) -> None:
        return None
