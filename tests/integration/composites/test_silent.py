"""A server that says nothing any more, though its end of the connection still acknowledges."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from peewee import Database

from holdall.errors import HoldallError
from holdall_composites.database.connect import connect_database
from holdall_composites.database.failures import translate_errors
from holdall_composites.errors import DatabaseUnreachable

pytest.importorskip("psycopg")

from proxy import Proxy

pytestmark = [
    pytest.mark.integration,
    pytest.mark.postgresql,
    pytest.mark.parametrize("dialect", ["postgresql"]),
]

PATIENCE = "options=-cstatement_timeout%3D300ms"


@pytest.fixture
def proxy(
    database_url: str, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Proxy]:
    """A proxy in front of the tests' server, and a client with little patience."""
    from holdall_composites.database import server

    assert database_url
    monkeypatch.setattr(server, "_GRACE_SECONDS", 0.3)
    made = Proxy(postgres_server)
    yield made
    made.close()


def through(proxy: Proxy, url: str) -> str:
    """Return a database's URL through the proxy."""
    return proxy.url(url, f"{PATIENCE}&connect_timeout=2")


@contextmanager
def given_up(seconds: float) -> Iterator[None]:
    """The block ends because nothing was answered, and soon."""
    start = time.monotonic()
    with pytest.raises(HoldallError) as caught:
        yield
    assert isinstance(caught.value, DatabaseUnreachable)
    assert caught.value.hint
    assert time.monotonic() - start < seconds


def ask(database: Database) -> None:
    """Ask for something outside of a transaction."""
    database.execute_sql("SELECT 1")


def ask_in_a_transaction(database: Database) -> None:
    """Ask within a savepoint of a transaction, which then both have to end."""
    with database.atomic(), database.atomic():
        ask(database)


def send_much(database: Database) -> None:
    """Send more than the system keeps for a peer that does not read."""
    database.execute_sql("SELECT length(%s)", ("x" * 5_000_000,))


@pytest.mark.parametrize("work", [ask, ask_in_a_transaction, send_much])
def test_an_answer_that_never_comes_is_given_up(proxy: Proxy, database_url: str, work: Any) -> None:
    """The wait ends a little after the time that the server may take, and is not begun again."""
    with (
        connect_database(through(proxy, database_url)) as database,
        given_up(5),
        translate_errors(),
    ):
        ask(database)
        proxy.silent.set()
        work(database)


def test_a_silent_commit_is_given_up(proxy: Proxy, database_url: str) -> None:
    """Whether it was committed is not known, and that is no reason to wait."""
    with (
        connect_database(through(proxy, database_url)) as database,
        given_up(5),
        translate_errors(),
        database.atomic(),
    ):
        ask(database)
        proxy.silent.set()


def test_a_silent_greeting_is_given_up(proxy: Proxy, database_url: str) -> None:
    """A server that accepts a connection and says nothing is unreachable."""
    proxy.silent.set()
    with given_up(6), connect_database(through(proxy, database_url)):
        pass


def test_what_takes_long_is_waited_for_while_the_server_is_at_work(
    proxy: Proxy, database_url: str
) -> None:
    """A migration has no limit but that somebody works on it."""
    with connect_database(through(proxy, database_url)) as database, translate_errors():
        with database.atomic(), database.without_time_limit():
            database.execute_sql("SELECT pg_sleep(1.5)")
        with given_up(8), translate_errors(), database.atomic(), database.without_time_limit():
            proxy.silent.set()
            database.execute_sql("SELECT pg_sleep(60)")


def test_what_keeps_a_connection_honest_is_set(database_url: str) -> None:
    """Dead peers are found by the system, and texts are in UTF-8 whatever the environment says."""
    with connect_database(database_url) as database, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGCLIENTENCODING", "LATIN1")
        given = database.connection().info.get_parameters()
        assert (given["keepalives_idle"], given["tcp_user_timeout"]) == ("30", "60000")
        with connect_database(f"{database_url}&keepalives_idle=7") as other:
            found = other.connection().info.get_parameters()
            assert (found["keepalives_idle"], found["client_encoding"]) == ("7", "UTF8")
            assert other.execute_sql("SELECT %s", ("日本語",)).fetchone() == ("日本語",)
