"""Connections, and errors that say what happened without a password in them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from peewee import Database, SqliteDatabase

from holdall.errors import LockedError
from holdall_composites.console import begin_command, end_command
from holdall_composites.database.connect import connect_database, make_database
from holdall_composites.database.failures import translate_errors
from holdall_composites.errors import (
    AlreadyExists,
    ConstraintViolated,
    DatabaseDamaged,
    DatabaseFailed,
    DatabaseUnreachable,
)

pytestmark = pytest.mark.integration

COLLECTION = "INSERT INTO collections (id, name) VALUES ('c', 'c')"


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (COLLECTION, AlreadyExists),
        (
            "INSERT INTO composite_artifacts (collection_id, id) VALUES ('c', 'x')",
            ConstraintViolated,
        ),
        ("INSERT INTO collections (id) VALUES ('d')", ConstraintViolated),
        ("SELECT * FROM nowhere", DatabaseFailed),
    ],
)
def test_driver_errors_become_ours(
    database: Database, statement: str, error: type[Exception]
) -> None:
    """Duplicates, broken keys, missing values and nonsense each have their error."""
    database.execute_sql(COLLECTION)
    with pytest.raises(error), translate_errors(), database.atomic():
        database.execute_sql(statement)


def test_foreign_keys_are_on_for_every_sqlite_connection(tmp_path: Path) -> None:
    """Opening the same file again has them on again, and full durability."""
    for _ in range(2):
        with connect_database(f"sqlite:///{tmp_path / 'k.db'}") as database:
            assert database.execute_sql("PRAGMA foreign_keys").fetchone() == (1,)
            assert database.execute_sql("PRAGMA synchronous").fetchone() == (2,)
            assert database.execute_sql("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_new_file_is_private(tmp_path: Path) -> None:
    """Others cannot read the database."""
    with connect_database(str(tmp_path / "deep" / "k.db")):
        pass
    assert (tmp_path / "deep" / "k.db").stat().st_mode & 0o777 == 0o600


TRY_TO_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)  # SQLite's shared bytes
"""


def test_a_second_connection_drops_no_lock_of_the_first(tmp_path: Path) -> None:
    """Another process would take the log away, with all that the first one commits after that."""
    path = tmp_path / "k.db"
    with connect_database(str(path)) as first:
        first.execute_sql("CREATE TABLE t (a)")
        for read_only in (False, True):
            with connect_database(str(path), read_only=read_only) as second:
                second.execute_sql("SELECT * FROM t")
        command = [sys.executable, "-c", TRY_TO_LOCK, str(path)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert "BlockingIOError" in done.stderr
    assert subprocess.run(command).returncode == 0


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Garbage instead of a database is an error with the file's name."""
    (tmp_path / "k.db").write_text("no database at all, but long enough to be one" * 100)
    with pytest.raises(DatabaseDamaged, match=r"k\.db"), connect_database(str(tmp_path / "k.db")):
        pass


def test_an_unreachable_server_shows_no_password() -> None:
    """Nothing listens there; the message has the host and no secret."""
    url = "postgresql://me:s3cret@127.0.0.1:1/none"
    with pytest.raises(DatabaseUnreachable) as refused, connect_database(url):
        pass
    assert "127.0.0.1:1/none" in refused.value.message
    assert "s3cret" not in refused.value.message + str(refused.value.hint)


def test_errors_that_peewee_does_not_wrap_become_ours(database: Database) -> None:
    """`executemany` on the driver's own cursor raises the driver's errors; they are ours too."""
    mark = "?" if isinstance(database, SqliteDatabase) else "%s"
    with pytest.raises(AlreadyExists), translate_errors(), database.atomic():
        database.connection().cursor().executemany(
            f"INSERT INTO collections (id, name) VALUES ({mark}, 'c')", [("c",), ("c",)]
        )


def test_a_writer_that_waits_too_long_is_told_so(tmp_path: Path) -> None:
    """A busy SQLite file is an error of its own, which says to wait."""
    url = str(tmp_path / "k.db")
    with connect_database(url) as first, connect_database(url) as second, first.atomic():
        second.execute_sql("PRAGMA busy_timeout = 0")
        with pytest.raises(LockedError), translate_errors(), second.atomic():
            pass


def test_sqlite_can_make_uuids(tmp_path: Path) -> None:
    """`new_uuid()` is there for SQL, and never gives the same twice."""
    with connect_database(str(tmp_path / "k.db")) as database:
        first, second = database.execute_sql("SELECT new_uuid(), new_uuid()").fetchone()
    assert re.fullmatch(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}", first)
    assert first != second


@pytest.mark.postgresql
def test_a_server_session_has_its_limits(postgres_server: str) -> None:
    """Time zone, timeouts and no prepared statements, unless the URL says otherwise."""
    with connect_database(postgres_server) as database:
        assert _shown(database, "TimeZone", "lock_timeout", "statement_timeout") == [
            "UTC",
            "30s",
            "1min",
        ]
        with database.atomic():
            assert _shown(database, "TimeZone", "lock_timeout") == ["UTC", "30s"]
        assert database.connection().prepare_threshold is None
    extra = "&" if "?" in postgres_server else "?"
    options = "-csearch_path%3Dmine%20-c%20lock_timeout%3D7s"
    url = f"{postgres_server}{extra}options={options}&application_name=me"
    with connect_database(url) as database:
        assert _shown(database, "lock_timeout", "statement_timeout") == ["7s", "1min"]
        assert _shown(database, "search_path", "application_name") == ["mine", "me"]
        assert _shown(database, "TimeZone") == ["UTC"]


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_statement_alone_leaves_no_transaction(database: Database) -> None:
    """What is run outside of a transaction is committed; what fails is rolled back."""
    from psycopg.pq import TransactionStatus

    database.execute_sql(COLLECTION)
    with pytest.raises(AlreadyExists), translate_errors():
        database.execute_sql(COLLECTION)
    assert database.connection().info.transaction_status == TransactionStatus.IDLE
    assert database.execute_sql("SELECT count(*) FROM collections").fetchone() == (1,)


def _shown(database: Database, *settings: str) -> list[str]:
    return [database.execute_sql(f"SHOW {setting}").fetchone()[0] for setting in settings]


@pytest.mark.postgresql
def test_both_spellings_reach_the_same_server(postgres_server: str) -> None:
    """`postgres://` is not taken for the name of a database on some other server."""
    url = postgres_server.replace("postgresql://", "postgres://")
    with connect_database(url) as database, connect_database(postgres_server) as same:
        query = "SELECT pg_postmaster_start_time()"
        assert database.execute_sql(query).fetchone() == same.execute_sql(query).fetchone()


def test_a_missing_driver_is_told_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without psycopg, a server's URL is answered with the extra to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DatabaseUnreachable) as refused:
        make_database("postgresql://me:s3cret@h/kit")
    assert "holdall[postgres]" in str(refused.value.hint)
    assert "s3cret" not in refused.value.message


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_killed_session_is_an_unreachable_database(
    database: Database, postgres_server: str
) -> None:
    """When the server ends the session, the error says that the database is gone."""
    (pid,) = database.execute_sql("SELECT pg_backend_pid()").fetchone()
    with connect_database(postgres_server) as other:
        other.execute_sql("SELECT pg_terminate_backend(%s)", (pid,))
    with pytest.raises(DatabaseUnreachable), translate_errors():
        database.execute_sql("SELECT 1")


def test_a_command_keeps_its_connection_until_the_file_is_another_one(tmp_path: Path) -> None:
    """What another process puts in its place is connected to; nothing is open after the command."""
    path, url = tmp_path / "k.db", str(tmp_path / "k.db")
    begin_command()
    try:
        with connect_database(url) as first:
            first.execute_sql("CREATE TABLE t (a)")
            with connect_database(url) as shared, first.atomic(), connect_database(url) as other:
                assert shared is first
                assert other is not first
        with connect_database(url) as kept:
            assert kept is first
        for end in ("-wal", "-shm", ""):
            Path(f"{path}{end}").rename(tmp_path / f"aside{end}")
        with connect_database(url) as other:
            assert other.get_tables() == []
    finally:
        end_command()
    assert first.is_closed()
    assert other.is_closed()
    with connect_database(str(tmp_path / "aside")) as aside:
        assert aside.get_tables() == ["t"]
