"""The UUID migration of a large database, beside one pass over its rows.

The yardstick is the least that can be done: for SQLite a new table filled by one INSERT ... SELECT
with a UUID made in Python, then its indexes, durable as Holdall is; for PostgreSQL one ADD COLUMN
with a volatile default and a unique index. Both and Holdall run in turn, each in a process of its
own. Holdall's time includes its backup.
"""

from __future__ import annotations

import contextlib
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import uuid4

from benchmarks.databases import postgresql
from benchmarks.measuring import Bench, Row, Sample, compared, single, timed
from holdall_composites.database.connect import connect_database
from holdall_composites.schema import runner

NEW = """CREATE TABLE artifacts_new (
    collection_id VARCHAR(32) NOT NULL
        REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE,
    id TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, path TEXT, origin TEXT NOT NULL,
    content_hash VARCHAR(64), active BOOLEAN NOT NULL, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, uuid VARCHAR(32) NOT NULL, PRIMARY KEY (collection_id, id))"""
ONE_PASS = (
    NEW,
    "INSERT INTO artifacts_new SELECT *, new_uuid() FROM artifacts",
    "DROP TABLE artifacts",
    "ALTER TABLE artifacts_new RENAME TO artifacts",
    "CREATE INDEX artifacts_name ON artifacts (collection_id, name)",
    "CREATE INDEX artifacts_content_hash ON artifacts (content_hash)",
    "CREATE UNIQUE INDEX artifacts_uuid ON artifacts (uuid)",
)
ONE_PASS_POSTGRESQL = (
    "ALTER TABLE artifacts ADD COLUMN uuid VARCHAR(32) NOT NULL"
    " DEFAULT replace(gen_random_uuid()::text, '-', '')",
    "ALTER TABLE artifacts ALTER COLUMN uuid DROP DEFAULT",
    "CREATE UNIQUE INDEX artifacts_uuid ON artifacts (uuid)",
)


def fill(url: str, rows: int) -> None:
    with connect_database(url) as database:
        runner.upgrade(database, "0001")
        database.execute_sql("INSERT INTO collections (id, name) VALUES ('c', 'large')")
        numbers = f"generate_series(1, {rows}) AS n"
        if url.startswith("sqlite"):
            numbers = (
                "(WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
                f" LIMIT {rows}) SELECT n FROM c)"
            )
        database.execute_sql(
            "INSERT INTO artifacts (collection_id, id, type, name, path, content_hash)"
            " SELECT 'c', 'skill:s' || n, 'skill', 's' || n, 'skills/s' || n,"
            f" substr('{'0123456789abcdef' * 4}' || n, 5, 64) FROM {numbers}"
        )


def one_pass(url: str) -> None:
    if url.startswith("postgresql"):
        with connect_database(url) as database, database.atomic():
            for statement in ONE_PASS_POSTGRESQL:
                database.execute_sql(statement)
        return
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.create_function("new_uuid", 0, lambda: uuid4().hex)
        connection.isolation_level = None
        for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = 0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN IMMEDIATE")
        for statement in ONE_PASS:
            connection.execute(statement)
        connection.execute("COMMIT")


def migrate(url: str) -> None:
    with connect_database(url) as database:
        runner.upgrade(database, "0002")


def measured(way: str, url: str) -> Sample:
    """Run one way in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.migrations", way, url],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    seconds, cpu, kilobytes = done.stdout.split()
    return Sample(float(seconds), float(cpu), int(kilobytes) / 1024)


def run_one(way: str, url: str) -> None:
    sample = timed(lambda: {"one pass": one_pass, "holdall": migrate}[way](url))
    print(sample.wall, sample.cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


Copy = Callable[[], AbstractContextManager[str]]


def rows_of(bench: Bench, name: str, count: int, copy: Copy, limit: float) -> list[Row]:
    def on_copy(way: str) -> Sample:
        with copy() as url:
            return measured(way, url)

    found = bench.in_turn({way: lambda way=way: on_copy(way) for way in ("one pass", "holdall")})  # type: ignore[misc]
    case = f"{name}: UUIDs for {count:,} rows"
    memory = [sample.memory for sample in found["holdall"]]
    return [
        compared(case, "one pass", found["holdall"], found["one pass"], limit),
        single(f"memory at most, {case}", "MB", memory, 60),
    ]


def migrating(bench: Bench) -> list[Row]:
    """Migrate 500 rows for each skill that the other cases have: a million in a full run."""
    count, folder = 500 * bench.skills, bench.empty("migrations")
    origin = folder / "origin.db"
    fill(f"sqlite:///{origin}", count)

    @contextlib.contextmanager
    def copy() -> Iterator[str]:
        path = folder / "copy.db"
        shutil.copy(origin, path)
        yield f"sqlite:///{path}"
        for file in folder.glob("copy.db*"):
            file.unlink()

    rows = rows_of(bench, "SQLite", count, copy, 1.6)
    with postgresql() as url:
        if url is not None:
            rows += _on_postgresql(bench, url, count)
    return rows


def _on_postgresql(bench: Bench, server: str, count: int) -> list[Row]:
    from postgres_server import execute, with_name

    execute(server, "CREATE DATABASE origin")
    fill(with_name(server, "origin"), count)

    @contextlib.contextmanager
    def copy() -> Iterator[str]:
        execute(server, "CREATE DATABASE copy TEMPLATE origin")
        yield with_name(server, "copy")
        execute(server, "DROP DATABASE copy WITH (FORCE)")

    return rows_of(bench, "PostgreSQL", count, copy, 1.2)


if __name__ == "__main__":
    run_one(*sys.argv[1:])
