#!/usr/bin/env python3
"""Measure the UUID migration of a large database against one pass over its rows.

usage: migrate.py [--rows N] [--rounds N]

The yardstick is the least that can be done: for SQLite a new table filled by one INSERT ... SELECT
with a UUID made in Python, then its indexes, durable as Kitbag is; for PostgreSQL one ADD COLUMN
with a volatile default and a unique index. Both and Kitbag run in turn, each in a process of its
own; printed are medians, the ratio, and the most memory the migrating process had. Kitbag's time
includes its backup, told for itself too; PostgreSQL is measured where the tests' server is to be
had.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from kitbag_composites import schema
from kitbag_composites.backup import back_up
from kitbag_composites.database import connected

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

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
    with connected(url) as database:
        schema.upgrade(database, "0001")
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
        with connected(url) as database, database.atomic():
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
    with connected(url) as database:
        schema.upgrade(database, "0002", say=lambda text: print(text, file=sys.stderr))


def measured(way: str, url: str) -> tuple[float, float]:
    """Run one way in a process of its own; returns seconds and MB at most."""
    done = subprocess.run(
        [sys.executable, __file__, "--run", way, url], capture_output=True, text=True, check=True
    )
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes) / 1024


def run_one(way: str, url: str) -> None:
    start = time.perf_counter()
    {"one pass": one_pass, "kitbag": migrate}[way](url)
    seconds = time.perf_counter() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def compare(name: str, copy: object, rounds: int) -> None:
    found: dict[str, list[tuple[float, float]]] = {"one pass": [], "kitbag": []}
    for _ in range(rounds):
        for way, results in found.items():
            with copy() as url:  # type: ignore[operator]
                results.append(measured(way, url))
    base = statistics.median(seconds for seconds, _ in found["one pass"])
    for way, results in found.items():
        middle = statistics.median(seconds for seconds, _ in results)
        spread = ", ".join(f"{seconds:.1f}" for seconds, _ in sorted(results))
        memory = max(megabytes for _, megabytes in results)
        print(
            f"{name:11} {way:9} {middle:6.2f} s  {middle / base:5.2f}  {memory:5.0f} MB"
            f"   ({spread})"
        )


def on_sqlite(folder: Path, rows: int, rounds: int) -> None:
    origin = folder / "origin.db"
    fill(f"sqlite:///{origin}", rows)

    @contextlib.contextmanager
    def copy() -> object:
        path = folder / "copy.db"
        shutil.copy(origin, path)
        yield f"sqlite:///{path}"
        for file in folder.glob("copy.db*"):
            file.unlink()

    compare("sqlite", copy, rounds)
    start = time.perf_counter()
    with connected(f"sqlite:///{origin}") as database:
        back_up(database)
    print(f"sqlite      backup    {time.perf_counter() - start:6.2f} s")


def on_postgresql(rows: int, rounds: int) -> None:
    from postgres_server import execute, running_server, with_name

    with running_server() as server:
        execute(server, "CREATE DATABASE origin")
        fill(with_name(server, "origin"), rows)

        @contextlib.contextmanager
        def copy() -> object:
            execute(server, "CREATE DATABASE copy TEMPLATE origin")
            yield with_name(server, "copy")
            execute(server, "DROP DATABASE copy WITH (FORCE)")

        compare("postgresql", copy, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        run_one(*args.run)
        return
    with tempfile.TemporaryDirectory() as folder:
        on_sqlite(Path(folder), args.rows, args.rounds)
    try:
        on_postgresql(args.rows, args.rounds)
    except ImportError as error:
        print(f"PostgreSQL was not measured: {error}")


if __name__ == "__main__":
    main()
