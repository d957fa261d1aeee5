"""Databases for tests: empty or with the present schema, copied from a template of each kind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from postgres_server import copy_database, drop_database, execute, with_name


@cache
def migrated_sqlite() -> bytes:
    """Return an SQLite database with the present schema and no rows, to write for each test."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "holdall.db")
        migrate(f"sqlite:///{path}")
        assert os.listdir(folder) == [path.name], "all of it must be in the one file"
        return path.read_bytes()


class PostgresPool:
    """Databases of a server, each with the present schema and no rows.

    One that a test leaves as it got it, but for rows, is emptied and used again under another name,
    which takes a fifth of the time of making and dropping one. Any other is dropped.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._template = f"holdall_template_{uuid4().hex[:12]}"
        self._idle: list[str] = []
        execute(server, f"CREATE DATABASE {self._template}")
        migrate(with_name(server, self._template))
        self._state = _take_rows_out(with_name(server, self._template))

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the URL of a database, which nobody may be connected to at the end."""
        name = f"holdall_{uuid4().hex[:16]}"
        if self._idle:
            execute(self._server, f"ALTER DATABASE {self._idle.pop()} RENAME TO {name}")
        else:
            copy_database(self._server, self._template, name)
        yield with_name(self._server, name)
        leaked = _sessions(self._server, name)
        if not leaked and self._make_new(with_name(self._server, name)):
            self._idle.append(name)
        else:
            drop_database(self._server, name)
        assert not leaked, f"the test leaves connections open, which last ran {leaked}"

    def _make_new(self, url: str) -> bool:
        import psycopg

        try:
            return _take_rows_out(url) == self._state
        except psycopg.Error:
            return False  # a table is missing, or cannot be emptied

    def close(self) -> None:
        """Drop what is left."""
        for name in (*self._idle, self._template):
            drop_database(self._server, name)


# Everything but the rows of a collection: objects with their owners and rights, settings,
# statistics, and the rows that say which schema it is.
_STATE = """
SELECT ROW('relation', relnamespace, relname, relkind, relowner, relacl, reloptions)::text
  FROM pg_class WHERE oid >= 16384 AND relname !~ '^pg_toast'
UNION ALL SELECT ROW('column', relname, attname, atttypid, attnotnull, atthasdef, attacl)::text
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE attrelid >= 16384 AND attnum > 0 AND relname !~ '^pg_toast'
UNION ALL SELECT ROW('index', pg_get_indexdef(indexrelid))::text
  FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
  WHERE indexrelid >= 16384 AND relname !~ '^pg_toast'
UNION ALL SELECT ROW('constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))::text
  FROM pg_constraint WHERE oid >= 16384
UNION ALL SELECT ROW('trigger', tgrelid::regclass, tgname, tgenabled)::text
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT ROW('function', pronamespace::regnamespace, proname, prosrc, proacl)::text
  FROM pg_proc WHERE oid >= 16384
UNION ALL SELECT ROW('schema', nspname, nspowner, nspacl)::text
  FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'
UNION ALL SELECT ROW('default right', defaclrole, defaclacl)::text FROM pg_default_acl
UNION ALL SELECT ROW('database', datdba, datacl, datconnlimit, setrole, setconfig)::text
  FROM pg_database LEFT JOIN pg_db_role_setting ON setdatabase = pg_database.oid
  WHERE datname = current_database()
UNION ALL SELECT ROW('statistic', starelid::regclass)::text
  FROM pg_statistic WHERE starelid >= 16384
UNION ALL SELECT l::text FROM holdall_lock l
UNION ALL SELECT m::text FROM holdall_migrations m
UNION ALL SELECT a::text FROM holdall_migrations_audit a
ORDER BY 1
"""


def _take_rows_out(url: str) -> list[tuple[str]]:
    """Take the rows of a collection out of a database; return what else was in it."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(_STATE.encode()).fetchall()
        _empty(connection)
    return rows


def _empty(connection: Any) -> None:
    """Take the rows out of the tables of a collection, and start their sequences again."""
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        " AND tablename <> 'holdall_lock' AND tablename !~ '^holdall_migrations'"
    ).fetchall()
    are_there = [f"EXISTS (SELECT FROM {table})" for (table,) in tables]
    (found,) = connection.execute(f"SELECT ARRAY[{', '.join(are_there)}]").fetchone()
    if filled := [table for (table,), is_there in zip(tables, found, strict=True) if is_there]:
        connection.execute(f"TRUNCATE {', '.join(filled)} CASCADE")
    connection.execute(
        "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
        " FROM pg_sequences WHERE last_value IS NOT NULL AND sequencename !~ '^holdall_migrations'"
    )


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
def empty_postgres(server: str) -> Iterator[str]:
    """Yield the URL of a PostgreSQL database, which nobody may be connected to at the end."""
    name = f"holdall_{uuid4().hex[:16]}"
    copy_database(server, "template1", name)
    yield with_name(server, name)
    leaked = _sessions(server, name)
    drop_database(server, name)
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
