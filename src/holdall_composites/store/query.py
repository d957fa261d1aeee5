"""The door to the database: queries, transactions, pages; drivers' errors leave it as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from itertools import chain
from typing import Any, Generic, TypeVar

from peewee import Database, Tuple

from holdall.errors import UsageError
from holdall_composites.database.connect import dialect_of, settle
from holdall_composites.database.failures import translate_errors
from holdall_composites.store.prepared import Given, Prepared, as_json, prepare
from holdall_composites.values.pagination import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    Page,
    decode_cursor,
    encode_cursor,
)

Record = TypeVar("Record")
_AT_ONCE = 1_000
_ONE_MOMENT = "REPEATABLE READ"


def records_of(kind: type[Record]) -> Callable[[Iterable[tuple[Any, ...]]], Iterator[Record]]:
    """Return a function that makes named tuples of rows that have all of their fields.

    It is `_make` without the check of their number, which takes longer than the rest.
    """
    return partial(map, partial(tuple.__new__, kind))


class Listing(Generic[Record]):
    """A list that may be read in pages, by its unique key.

    `query` builds it without an order; `key` are the columns to sort by, which the records have
    under the same names; `records` makes those of rows.
    """

    def __init__(
        self,
        name: str,
        query: Callable[[], Any],
        key: tuple[Any, ...],
        records: Callable[[Iterable[tuple[Any, ...]]], Iterator[Record]],
    ) -> None:
        self.name, self.records = name, records
        self.key = {c.column_name: int if c.field_type == "INT" else str for c in key}
        marks = Tuple(*(Given(column) for column in self.key))
        self.whole = prepare(lambda: query().order_by(*key))
        self.first = prepare(lambda: query().order_by(*key).limit(Given("limit")))
        self.later = prepare(
            lambda: query().where(Tuple(*key) > marks).order_by(*key).limit(Given("limit"))
        )


class Repository:
    """Runs queries on a connected database whose schema is current."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.is_postgresql = dialect_of(database) == "postgresql"
        self._asked: dict[tuple[object, ...], Any] = {}

    def transaction(self) -> AbstractContextManager[None]:
        """Make what is written in the block one transaction, or a savepoint inside of one.

        On SQLite it holds the write lock from its start. On an error nothing of it remains.
        """
        return self._atomic(*(() if self.is_postgresql else ("IMMEDIATE",)))

    def part(self) -> AbstractContextManager[None]:
        """Make what is written in the block part of the present transaction, else one of its own.

        An error ends the whole of it: where nobody goes on after one, this saves two messages.
        """
        return nullcontext() if self.database.in_transaction() else self.transaction()

    def snapshot(self) -> AbstractContextManager[None]:
        """Let what is read in the block be of one moment; nothing may be written in it."""
        if self.database.in_transaction():
            return nullcontext()
        return self._atomic(_ONE_MOMENT if self.is_postgresql else "DEFERRED")

    @contextmanager
    def _atomic(self, *kind: str) -> Iterator[None]:
        with translate_errors(), self.database.atomic(*kind):
            yield

    def _ask(self, query: Prepared, **given: object) -> None:
        """Send a query that is fetched next in the transaction: several come in one round trip."""
        asked = (query, *given.items())
        if self.is_postgresql and asked not in self._asked:
            with translate_errors():
                self._asked[asked] = query.send(self.database, **given)

    def _answer(self, query: Prepared, **given: object) -> Any:
        """Return the cursor of a query, which may have been asked already."""
        asked = self._asked.pop((query, *given.items()), None)
        return query(self.database, **given) if asked is None else asked

    def _fetch(self, query: Prepared, **given: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query as the driver gives them."""
        with translate_errors():
            rows: list[tuple[Any, ...]] = self._answer(query, **given).fetchall()
            return rows

    def _make(
        self,
        records: Callable[[Iterable[tuple[Any, ...]]], Iterator[Record]],
        query: Prepared,
        **given: object,
    ) -> tuple[Record, ...]:
        """Return the records of a query's rows; made some at a time, so that memory is reused."""
        with translate_errors():
            cursor = self._answer(query, **given)
            first = cursor.fetchmany(_AT_ONCE)
            if len(first) < _AT_ONCE:
                return tuple(records(first))
            parts = iter(partial(cursor.fetchmany, _AT_ONCE), [])
            return tuple(records(chain(first, chain.from_iterable(parts))))

    def _run(self, query: Prepared, **given: object) -> int:
        """Run a query that returns no rows; returns how many it changed."""
        with translate_errors():
            return int(query(self.database, **given).rowcount)

    def _send(self, query: Prepared, **given: object) -> None:
        """Run a query that returns no rows; in a transaction without waiting for the answer.

        What it raises there comes with a later answer, at the latest with the transaction's end.
        """
        with translate_errors(), self.part():
            query.send(self.database, **given)

    def _run_rows(self, query: Prepared, rows: Iterable[Sequence[object]]) -> int:
        """Run a query on rows, if there are any: all or none; returns how many it changed."""
        given = list(rows)
        if not given:
            return 0
        if self.is_postgresql:
            return self._run(query, rows=as_json(given))
        return self._run_many(query, given)

    def _send_rows(
        self, query: Prepared, rows: Iterable[Sequence[object]], **given: object
    ) -> None:
        """Run a query on rows, if there are any: all or none; as `_send`."""
        wanted = list(rows)
        if wanted and self.is_postgresql:
            self._send(query, rows=as_json(wanted), **given)
        elif wanted:
            self._send_many(query, wanted, **given)

    def _run_many(self, query: Prepared, rows: Iterable[Sequence[object]]) -> int:
        """Run a query for each row of parameters, one at a time in memory; all or none.

        In a transaction an error ends that one.
        """
        with translate_errors(), self.part():
            cursor = query.send_many(self.database, rows)
            settle(self.database)
            return int(cursor.rowcount)

    def _send_many(
        self, query: Prepared, rows: Iterable[Sequence[object]], **given: object
    ) -> None:
        """Run a query for each row of parameters, one at a time in memory; as `_send`."""
        with translate_errors(), self.part():
            query.send_many(self.database, rows, **given)

    def _page(
        self, listing: Listing[Record], cursor: str | None, limit: int | None, **given: object
    ) -> Page[Record]:
        """Return the items behind a cursor, at most `limit`; without either, all."""
        if cursor is None and limit is None:
            return Page(self._make(listing.records, listing.whole, **given))
        limit = DEFAULT_LIMIT if limit is None else limit
        if not 1 <= limit <= MAX_LIMIT:
            raise UsageError(
                f"a page cannot have {limit} items", hint=f"ask for 1 to {MAX_LIMIT} at a time"
            )
        given["limit"], query = limit + 1, listing.first
        if cursor is not None:
            query = listing.later
            last = decode_cursor(cursor, listing.name, tuple(listing.key.values()))
            given |= zip(listing.key, last, strict=True)
        items = self._make(listing.records, query, **given)
        if len(items) <= limit:
            return Page(items)
        last = tuple(getattr(items[limit - 1], column) for column in listing.key)
        return Page(items[:limit], encode_cursor(listing.name, last))
