"""Databases for tests: empty or with the present schema, copied from a template of each kind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from postgres_server import copy_database, execute, with_name


@cache
def migrated_sqlite() -> bytes:
    """Return an SQLite database with the present schema and no rows, to write for each test."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "holdall.db")
        migrate(f"sqlite:///{path}")
        assert os.listdir(folder) == [path.name], "all of it must be in the one file"
        return path.read_bytes()


@contextmanager
def postgres_template(server: str) -> Iterator[str]:
    """Yield the name of a PostgreSQL database with the present schema and no rows."""
    name = f"holdall_template_{uuid4().hex[:12]}"
    execute(server, f"CREATE DATABASE {name}")
    migrate(with_name(server, name))
    yield name
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def migrate(url: str) -> None:
    """Bring an empty database to the present schema."""
    from holdall_composites.database.connect import connect_database
    from holdall_composites.schema.runner import upgrade

    with connect_database(url) as database:
        upgrade(database)


@contextmanager
def sqlite_database(path: Path, *, migrated: bool) -> Iterator[str]:
    """Yield the URL of an SQLite database, which nobody may have open at the end."""
    if migrated:
        path.write_bytes(migrated_sqlite())
    yield f"sqlite:///{path}"
    assert not _open_descriptors(path), "the test leaves a connection to its database open"


@contextmanager
def postgres_database(server: str, template: str | None) -> Iterator[str]:
    """Yield the URL of a PostgreSQL database, which nobody may be connected to at the end."""
    name = f"holdall_{uuid4().hex[:16]}"
    copy_database(server, template or "template1", name)
    yield with_name(server, name)
    leaked = _sessions(server, name)
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")
    assert not leaked, f"the test leaves connections open, which last ran {leaked}"


def _open_descriptors(path: Path) -> list[str]:
    """Return this process's descriptors of a file; none where the system does not tell."""
    folder = Path("/proc/self/fd")
    if not folder.exists():
        return []
    opened = {entry.name: os.path.realpath(entry) for entry in folder.iterdir()}
    return [name for name, target in opened.items() if target == str(path.resolve())]


def _sessions(server: str, name: str) -> list[str]:
    """Return what the sessions in a database last ran, once those that are ending have ended."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        for _ in range(100):
            rows = connection.execute(
                "SELECT query FROM pg_stat_activity WHERE datname = %s", (name,)
            ).fetchall()
            if not rows:
                return []
            connection.execute("SELECT pg_sleep(0.02)")
    return [query for (query,) in rows]
