"""How often a command asks a server and waits: counted by a proxy in front of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database, IntegrityError

from e2e.kit import Kit, write
from holdall.errors import HoldallError
from holdall_composites.database.connect import connect_database, send
from holdall_composites.store.store import Store
from holdall_composites.values.records import CollectionRecord
from proxy import Proxy, psycopg

pytestmark = [
    pytest.mark.integration,
    pytest.mark.postgresql,
    pytest.mark.with_sample,
    pytest.mark.parametrize("dialect", ["postgresql"]),
]

MOST = 11
RECORD = CollectionRecord("c" * 32, "kit", "x")


@pytest.fixture
def proxy(postgres_server: str) -> Iterator[Proxy]:
    """A proxy in front of the tests' server."""
    made = Proxy(postgres_server)
    yield made
    made.close()


@pytest.fixture
def far(kit: Kit, proxy: Proxy) -> Kit:
    """The sample's collection, whose database is behind the proxy from now on."""
    kit.database_url = proxy.url(str(kit.database_url))
    return kit


def trips(far: Kit, proxy: Proxy, *words: str | Path, status: int | None = 0) -> int:
    """Run a command that connects once; return its round trips after connecting."""
    before = proxy.trips, proxy.connections
    far.run(*words, status=status)
    assert proxy.connections - before[1] == 1
    return proxy.trips - before[0] - 2  # TLS is asked for, then the session begun


def test_a_change_is_few_round_trips(far: Kit, proxy: Proxy) -> None:
    """On one connection, with all hooks."""
    write(far.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nnew\n")
    found = {
        words: trips(far, proxy, *words.split(), status=None)
        for words in (
            "rename skill:plain-prose prose",
            "composite create mine --member skill:changelog",
            "collect",
            "remove skill:prose",
        )
    }
    assert {words: count for words, count in found.items() if count > MOST} == {}
    assert trips(far, proxy, "pull") == 1, "nothing is new"


def test_a_pull_with_nothing_new_reads_no_entry(far: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest that the rows were made from is known; one that was edited is read."""
    from holdall.collection import collection

    def refuse(*given: object) -> None:
        raise AssertionError(given)

    with monkeypatch.context() as patch:
        patch.setattr(collection, "parse", refuse)
        found = far.json("pull")
        with pytest.raises(AssertionError):
            far.run("list")
    assert found == {"dry_run": False, "release": 1, "changes": []}
    manifest = far.collection / "manifest.toml"
    write(manifest, manifest.read_text().replace('"skill:changelog"', '"skill:none"'))
    assert far.json("pull")["release"] == 2


def test_a_transaction_is_as_many_round_trips_as_it_waits_for_answers(
    proxy: Proxy, database_url: str
) -> None:
    """What begins it, what is only sent and what ends it are no more."""
    with connect_database(proxy.url(database_url)) as database:
        before = proxy.trips
        with database.atomic():
            pass
        assert proxy.trips == before
        database.execute_sql("SELECT %s::int", (1,))
        assert proxy.trips == before + 1
        before = proxy.trips
        with database.atomic():
            for number in range(5):
                cursor = send(database, "SELECT %s::int", [number])
            assert cursor.fetchall() == [(4,)]
            send(database, "SELECT %s::int", [number])
        assert proxy.trips == before + 2  # nine statements


def test_what_was_sent_and_is_refused_ends_the_transaction(database: Database) -> None:
    """Its error comes with the next answer, or at the end; nothing of it is kept."""
    store = Store(database)
    insert = "INSERT INTO collections (id, name) VALUES (%s, %s)"
    with pytest.raises(HoldallError), store.transaction():
        store.collections.put(RECORD)
        send(database, insert, [RECORD.id, "again"])
    assert store.collections.all() == []
    with store.transaction():
        store.collections.put(RECORD)
        with pytest.raises(IntegrityError), database.atomic():
            send(database, insert, [RECORD.id, "again"])
            send(database, insert, ["d" * 32, "not this one either"])
    assert [known.name for known in store.collections.all()] == ["kit"]


def test_a_driver_that_waits_for_each_answer_does_the_same(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A libpq before 14 has no pipelines."""
    monkeypatch.setattr(psycopg.Pipeline, "is_supported", lambda: False)
    kit.run("rename", "skill:plain-prose", "prose")
    assert kit.json("doctor")["findings"] == []


def test_a_connection_that_the_server_ended_is_made_again(
    far: Kit, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two hooks of one command nothing is lost by it."""
    from holdall_composites import session

    identify = session.identify

    def cut(*given: object, **named: object) -> object:
        proxy.cut()
        return identify(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "identify", cut)
    far.run("rename", "skill:plain-prose", "prose")
    assert far.json("doctor")["findings"] == []


def test_a_refusal_that_is_read_early_ends_a_part_only(database: Database) -> None:
    """The next statement that is sent raises it, and what is around the part goes on."""
    store = Store(database)
    insert = "INSERT INTO collections (id, name) VALUES (%s, %s)"
    with store.transaction():
        store.collections.put(RECORD)
        with pytest.raises(IntegrityError), database.atomic():
            send(database, insert, [RECORD.id, "again"])
            send(database, insert, ["d" * 32, "not this one either"])
            pgconn = database.connection().pgconn
            pgconn.send_flush_request()
            pgconn.flush()
            time.sleep(0.2)
            send(database, insert, ["e" * 32, "nor this one"])
    assert [known.name for known in store.collections.all()] == ["kit"]
