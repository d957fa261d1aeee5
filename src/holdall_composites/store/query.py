"""Running statements that SQLite and PostgreSQL both understand, after a few replacements.

Statements are written once. `?` marks a parameter; `UTC_NOW` is the present moment as the tables
keep it; `MANY(?)` is a list of values and `ROWS(?)` a list of rows, both given as one JSON
parameter, so that neither a statement's text nor the number of statements depends on how many
there are. Of a row, `value ->> 0` is the first column, as text on PostgreSQL. An update joins all
of its key to the rows, the collection too: else SQLite reads all rows for each of the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from holdall.errors import UsageError
from holdall_composites.database.connect import translated_errors
from holdall_composites.database.peewee_import import Database, PostgresqlDatabase
from holdall_composites.values.pagination import MAX_LIMIT, Key, Page, decode_cursor, encode_cursor

Record = TypeVar("Record")

_SQLITE = {
    "UTC_NOW": "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')",
    "MANY(?)": "(SELECT value FROM json_each(?))",
    "ROWS(?)": "json_each(?)",
    "GREATEST(": "MAX(",
}
_POSTGRESQL = {
    "UTC_NOW": """to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
    "MANY(?)": "(SELECT json_array_elements_text(?::json))",
    "ROWS(?)": "json_array_elements(?::json)",
    "?": "%s",
}


@lru_cache(maxsize=256)
def _in_dialect(sql: str, is_postgresql: bool) -> str:
    for ours, theirs in (_POSTGRESQL if is_postgresql else _SQLITE).items():
        sql = sql.replace(ours, theirs)
    return sql


def as_json(values: Iterable[object]) -> str:
    """Return the parameter for `MANY(?)` or `ROWS(?)`."""
    return json.dumps(list(values), separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Listing(Generic[Record]):
    """A list that is read in pages: its query, which ends in conditions, and its unique key.

    `key` names the columns to sort by, `shape` their types, `key_of` takes them from a record.
    """

    name: str
    query: str
    key: tuple[str, ...]
    shape: tuple[type[str] | type[int], ...]
    record: Callable[..., Record]
    key_of: Callable[[Record], Key]

    def sql(self, *, continued: bool) -> str:
        """Return the query of the first page, or of one behind a cursor."""
        key = ", ".join(self.key)
        after = f" AND ({key}) > ({', '.join('?' * len(self.key))})" if continued else ""
        return f"{self.query}{after} ORDER BY {key} LIMIT ?"


class Statements:
    """Runs statements on a connected database; driver errors leave it as ours."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._is_postgresql = isinstance(database, PostgresqlDatabase)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is written in the block one transaction, or a savepoint inside of one.

        On SQLite it holds the write lock from its start. On an error nothing of it remains.
        """
        lock = () if self._is_postgresql else ("IMMEDIATE",)
        with translated_errors(), self.database.atomic(*lock):
            yield

    def _run(self, sql: str, *params: object) -> int:
        """Run a statement that returns no rows; returns how many it changed."""
        with translated_errors():
            cursor = self.database.execute_sql(_in_dialect(sql, self._is_postgresql), params)
            return int(cursor.rowcount)

    def _translated(self, sql: str) -> str:
        """Return a statement as this database wants it."""
        return _in_dialect(sql, self._is_postgresql)

    def _fetch(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        with translated_errors():
            cursor = self.database.execute_sql(_in_dialect(sql, self._is_postgresql), params)
            return list(cursor.fetchall())

    def _page(
        self, listing: Listing[Record], params: Sequence[object], cursor: str | None, limit: int
    ) -> Page[Record]:
        if not 1 <= limit <= MAX_LIMIT:
            raise UsageError(
                f"a page cannot have {limit} items", hint=f"ask for 1 to {MAX_LIMIT} at a time"
            )
        after: Key = ()
        if cursor is not None:
            after = decode_cursor(cursor, listing.name, listing.shape)
        sql = listing.sql(continued=cursor is not None)
        rows = self._fetch(sql, *params, *after, limit + 1)
        items = tuple(listing.record(*row) for row in rows[:limit])
        more = len(rows) > limit
        return Page(items, encode_cursor(listing.name, listing.key_of(items[-1])) if more else None)
