"""What goes wrong with a database is said with a hint that helps, and no password."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from peewee import Database

from holdall.errors import HoldallError, LockedError, OvertakenError
from holdall_composites.database import sqlite_file
from holdall_composites.database.connect import connect_database
from holdall_composites.database.failures import failure_of, translate_errors, unreachable
from holdall_composites.errors import (
    ConstraintViolated,
    DatabaseFailed,
    DatabaseReadOnly,
    DatabaseUnreachable,
)
from postgres_server import execute

pytestmark = pytest.mark.integration


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Any]:
    """A database in a file, and the path of that file."""
    with connect_database(f"{tmp_path}/k.db") as database:
        database.execute_sql("CREATE TABLE mine (text TEXT)")
        yield database


def refused_by(database: Database, sql: str, *given: object) -> HoldallError:
    """Return the error that a statement ends with."""
    with pytest.raises(HoldallError) as caught, translate_errors():
        database.execute_sql(sql, given or None)
    assert caught.value.hint
    return caught.value


def test_a_locked_file_is_a_matter_of_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever opens it, in either way of journalling, is told who is in the way."""
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.1)
    path = tmp_path / "k.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE mine (id INTEGER)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LockedError) as caught, connect_database(str(path)):
            pass
    assert "permissions" not in str(caught.value.hint)
    assert "wait" in str(caught.value.hint)


def test_a_full_disk_is_a_matter_of_space(sqlite: Database) -> None:
    """The most pages that the file may have stand for the disk."""
    sqlite.execute_sql("PRAGMA max_page_count = 3")
    error = refused_by(sqlite, "INSERT INTO mine VALUES (?)", "x" * 100_000)
    assert isinstance(error, DatabaseFailed)
    assert "space" in str(error.hint)


def test_what_can_only_be_read_is_named(sqlite: Database) -> None:
    """As a file on a read-only medium."""
    sqlite.execute_sql("PRAGMA query_only = 1")
    error = refused_by(sqlite, "INSERT INTO mine VALUES ('x')")
    assert isinstance(error, DatabaseReadOnly)


@pytest.fixture
def role(database_url: str) -> Iterator[tuple[str, str]]:
    """A role with a password and no rights, and a URL with its name."""
    name = f"role_{uuid4().hex[:8]}"
    execute(database_url, f"CREATE ROLE {name} LOGIN PASSWORD 's3cret' CONNECTION LIMIT 1")
    yield name, re.sub(r"//[^/@]*@", f"//{name}:s3cret@", database_url)
    execute(database_url, f"DROP ROLE {name}")


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_server_says_what_it_refuses(
    role: tuple[str, str], database_url: str, postgres_server: str
) -> None:
    """Rights, connections, a missing database or role, a value that it cannot hold, time."""
    name, url = role
    with connect_database(url) as database:
        for sql in ("SELECT * FROM artifacts", "CREATE SCHEMA mine"):
            assert "GRANT" in str(refused_by(database, sql).hint)
        with pytest.raises(DatabaseUnreachable) as caught, connect_database(url):
            pass
        assert "wait" in str(caught.value.hint)
        assert "s3cret" not in caught.value.message
    wrong = {
        url.replace(name, "nobody_of_that_name"): "user in the URL",
        re.sub(r"/holdall_\w+", "/none", database_url): "createdb",
        f"{database_url}&port=1": "running",
        "postgresql://me@nowhere.invalid/kit": "host in the URL",
    }
    for text, hint in wrong.items():
        with pytest.raises(DatabaseUnreachable) as caught, connect_database(text):
            pass
        assert hint in str(caught.value.hint), caught.value
    with connect_database(database_url) as database:
        nul = refused_by(database, "SELECT %s", "a\0b")
        assert isinstance(nul, ConstraintViolated)
        execute(postgres_server, "SELECT 1")
    with connect_database(f"{database_url}&options=-cstatement_timeout%3D50ms") as database:
        slow = refused_by(database, "SELECT pg_sleep(5)")
        assert "statement_timeout" in str(slow.hint)


@pytest.mark.parametrize(
    ("told", "hint"),
    [
        ('FATAL:  password authentication failed for user "me"', "password"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "me"', "password"),
        ("FATAL:  the database system is starting up", "started"),
        ("server does not support SSL, but SSL was required", "sslmode"),
        ("connection timeout expired", "firewall"),
        ("session is not read-only", "target_session_attrs"),
    ],
)
def test_a_refused_connection_has_its_hint(told: str, hint: str) -> None:
    """PostgreSQL gives no code for these, so its sentence is looked at."""
    assert hint in str(unreachable("postgresql://h/kit", OSErrorLike(told)).hint)


class OSErrorLike(Exception):
    """What a driver raises when it cannot connect."""


@pytest.mark.parametrize(
    ("state", "error", "hint"),
    [
        ("25006", DatabaseReadOnly, "primary"),
        ("53100", DatabaseFailed, "space"),
        ("53300", DatabaseUnreachable, "wait"),
        ("57P01", DatabaseUnreachable, "again"),
        ("40001", OvertakenError, "again"),
        ("40P01", OvertakenError, "again"),
        ("42P01", DatabaseFailed, "db check"),
        ("54000", ConstraintViolated, "nothing was changed"),
    ],
)
def test_a_state_has_its_error(state: str, error: type[HoldallError], hint: str) -> None:
    """By the whole of PostgreSQL's code, or its beginning."""
    original: Any = OSErrorLike("told")
    original.sqlstate = state
    found = failure_of(original)
    assert type(found) is error
    assert hint in str(found.hint)
