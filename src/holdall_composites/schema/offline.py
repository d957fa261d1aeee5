"""The statements of a migration, for either dialect, without a connection.

SQLite's are read from a database in memory, since playhouse looks at the tables that it changes;
PostgreSQL's from a database that connects to nothing and has no rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from playhouse.migrate import SchemaMigrator

from holdall.transaction import Signature
from holdall_composites.database.peewee_import import Database, PostgresqlDatabase, SqliteDatabase
from holdall_composites.schema.history import HISTORY_MODELS, AppliedMigration, add_audit
from holdall_composites.schema.revisions import Revision, known_revisions
from holdall_composites.schema.runner import number_of

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
                _up(revision, migrator, database)
        if first > "0000" or last == "0000":
            database.heard.clear()
        for revision in known:
            if first < revision.number <= last:
                _up(revision, migrator, database)
        for revision in reversed(known):
            if last < revision.number <= first:
                _down(revision, migrator, database)
        for sql, params in database.heard:
            if not re.match(_NOT_PRINTED, sql, re.IGNORECASE):
                yield _with_values(sql, params)


def _up(revision: Revision, migrator: SchemaMigrator, database: Database) -> None:
    revision.script.up(migrator, database)
    row = AppliedMigration.insert(name=revision.title, checksum=revision.checksum)
    database.execute(row)
    add_audit(database, "applied", revision, _by_hand())


def _down(revision: Revision, migrator: SchemaMigrator, database: Database) -> None:
    revision.script.down(migrator, database)
    row = AppliedMigration
    database.execute(row.delete().where(row.name == revision.title))
    add_audit(database, "reverted", revision, _by_hand())


def _by_hand() -> Signature:
    return Signature(author=None, host="by hand", at=Signature.now().at)


def _with_values(sql: str, params: Sequence[object]) -> str:
    values = iter(params)
    if params:
        sql = re.sub(r"\?|%s", lambda _: _literal(next(values)), sql)
    return sql


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return "'" + str(value).replace("'", "''") + "'"


class _Memory(SqliteDatabase):
    """An SQLite database in memory that remembers its statements."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.heard: list[tuple[str, Sequence[object]]] = []

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        self.heard.append((sql, params or ()))
        return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]


class _Nowhere(PostgresqlDatabase):
    """A PostgreSQL database that remembers its statements, runs none, and needs no driver."""

    def __init__(self) -> None:
        super().__init__(None)
        self.heard: list[tuple[str, Sequence[object]]] = []

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        self.heard.append((sql, params or ()))
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
