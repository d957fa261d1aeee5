"""Holdall behind a real PgBouncer in transaction mode, where no session is one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from e2e.kit import Kit, in_this_process
from holdall_composites.database.connect import connect_database
from pgbouncer import running_pgbouncer
from postgres_server import execute, with_name

psycopg = pytest.importorskip("psycopg")

pytestmark = [pytest.mark.integration, pytest.mark.postgresql]

SAMPLE = Path(__file__).parents[3] / "examples" / "sample"
LIMITS = ("TimeZone", "lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


@pytest.fixture(scope="module")
def pgbouncer(postgres_server: str) -> Iterator[str]:
    """The URL of a PgBouncer in front of the tests' server."""
    with running_pgbouncer(postgres_server) as url:
        yield url


@pytest.fixture
def pooled_url(postgres_server: str, pgbouncer: str) -> Iterator[str]:
    """The URL of an empty database, through PgBouncer."""
    name = f"holdall_{uuid4().hex[:16]}"
    execute(postgres_server, f"CREATE DATABASE {name}")
    yield with_name(pgbouncer, name)
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def test_pgbouncer_refuses_startup_options(pooled_url: str) -> None:
    """What these tests stand on: this is a PgBouncer, and it does not pass options on."""
    with pytest.raises(psycopg.OperationalError, match="options"):
        psycopg.connect(f"{pooled_url}?options=-clock_timeout%3D1s")


def test_the_daily_work_goes_through_a_pooler(pooled_url: str, tmp_path: Path) -> None:
    """Migrations, a collect, a composite, a deploy and its undo leave all in order."""
    kit = Kit(in_this_process, tmp_path, pooled_url)
    kit.run("db", "upgrade")
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    kit.run("composite", "create", "mine", "--member", "skill:changelog")
    kit.run("deploy", "composite:mine", "--to", kit.project)
    assert (kit.project / ".claude/skills/changelog/SKILL.md").is_file()
    kit.run("status", "--to", kit.project)
    assert kit.json("associations", "skill:changelog")["parents"]
    assert kit.json("doctor", "--deep")["findings"] == []
    kit.run("db", "check")
    kit.run("undeploy", "composite:mine", "--to", kit.project)
    kit.run("undo")
    assert (kit.project / ".claude/skills/changelog/SKILL.md").is_file()
    kit.run("db", "downgrade", "-1", "--lose-data")
    kit.run("db", "upgrade")


def test_each_transaction_has_its_limits(pooled_url: str) -> None:
    """A single statement and a transaction are limited, and leave nothing on the session."""
    expected = ["UTC", "30s", "1min", "10min"]
    with connect_database(pooled_url) as database:
        alone = [database.execute_sql(f"SHOW {name}").fetchone()[0] for name in LIMITS]
        with database.atomic():
            within = [database.execute_sql(f"SHOW {name}").fetchone()[0] for name in LIMITS]
    assert alone == within == expected
    with psycopg.connect(pooled_url, autocommit=True) as other:
        for _ in range(4):
            assert other.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_two_work_on_one_session_by_turns(pooled_url: str) -> None:
    """Connections that share server sessions neither see nor disturb each other's work."""
    with (
        connect_database(pooled_url) as one,
        connect_database(pooled_url) as two,
        connect_database(pooled_url) as three,
    ):
        one.execute_sql("CREATE TABLE seen (n integer)")
        for number in range(6):
            with one.atomic() as transaction:
                one.execute_sql("INSERT INTO seen VALUES (%s)", (number,))
                assert two.execute_sql("SELECT count(*) FROM seen").fetchone() == (number,)
                if number == 5:
                    transaction.rollback()
            three.execute_sql("SELECT pg_backend_pid()")
        assert three.execute_sql("SELECT count(*) FROM seen").fetchone() == (5,)
