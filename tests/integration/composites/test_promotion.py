"""A standby that takes over in the middle of changes: what was acknowledged is there, or missed.

Each change renames one skill to the next number, so that the numbers in the releases say which
changes there are.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import runs
from databases import migrate
from e2e.kit import Kit, in_this_process, write
from postgres_server import execute, with_name
from standby import Server, running_server_of_its_own, wait_for_replay

psycopg = pytest.importorskip("psycopg")

pytestmark = [pytest.mark.integration, pytest.mark.postgresql, pytest.mark.slow]

CHANGES = 100 if runs.IS_LONG else 6
TRIES = 20


class Pair:
    """A primary and its standby, and a collection whose URL names both."""

    def __init__(self, primary: Server, held: ExitStack) -> None:
        self.primary, self.standby = primary, Server()
        held.callback(self.standby.close)
        self.standby.copy(primary.url)
        self.standby.start("synchronous_commit=on", "hot_standby_feedback=on")
        self.promoted = threading.Event()

    def kit(self, folder: Path, name: str) -> Kit:
        """Return a new collection, with one skill of the number 0."""
        execute(self.primary.url, f"CREATE DATABASE {name}")
        migrate(with_name(self.primary.url, name))
        hosts = f"{self.primary.data},{self.standby.data}"
        url = f"postgresql://postgres@/{name}?host={hosts}&target_session_attrs=read-write"
        kit = Kit(in_this_process, folder, url)
        kit.run("init", kit.collection)
        write(kit.collection / "skills/n-0/SKILL.md", "---\nname: n-0\n---\n")
        kit.run("collect")
        return kit

    def fail_over(self) -> None:
        """Stop the primary at once, and promote the standby."""
        self.primary.stop()
        self.standby.promote()
        self.promoted.set()


@pytest.fixture(scope="module")
def first() -> Iterator[Server]:
    """The first primary."""
    with running_server_of_its_own() as server:
        yield server


@pytest.fixture
def pair(first: Server, own_state: Path) -> Iterator[Pair]:
    """A primary that runs, and a standby of it."""
    with ExitStack() as held:
        if not (first.data / "postmaster.pid").exists():
            first.start("synchronous_commit=on")
            first.set("synchronous_standby_names", "")
        yield Pair(first, held)


def change(kit: Kit, number: int) -> bool:
    """Rename the skill to its next number; return whether it was reported as done.

    It is with a warning, too: where the server went away after the commit.
    """
    done = kit.command("rename", f"skill:n-{number}", f"n-{number + 1}")
    assert done.returncode in (0, 1, 3, 4, 5), done.stderr
    assert done.returncode < 2 or "hint: " in done.stderr, done.stderr
    return done.returncode < 2


def numbers_in(url: str) -> set[int]:
    """Return the numbers that the skill had in any release."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT after FROM release_changes").fetchall()
    return {int(found[1]) for (text,) in rows if (found := re.search(r'"n-(\d+)"', text or ""))}


def work(kit: Kit, pair: Pair, begin: Callable[[int], None]) -> set[int]:
    """Make the changes, each until it is done; return those that were reported as done."""
    acknowledged = set()
    for number in range(CHANGES):
        begin(number)
        for _ in range(TRIES):
            if change(kit, number):
                acknowledged.add(number + 1)
                break
            pair.promoted.wait(60)
            if (kit.collection / f"skills/n-{number + 1}").exists():
                break  # its answer was lost, and the next command brought it
        else:
            pytest.fail(f"change {number} does not come through: {kit.command('doctor').stdout}")
    return acknowledged


def test_a_synchronous_standby_has_all_that_was_acknowledged(pair: Pair, tmp_path: Path) -> None:
    """The primary dies in the middle of changes; the same URL goes on with the standby."""
    kit = pair.kit(tmp_path, "together")
    pair.primary.set("synchronous_standby_names", "*")
    wait_for_replay(pair.primary.url, pair.standby.url)

    def die() -> None:
        time.sleep(random.random() * 0.2)
        pair.fail_over()

    killer = threading.Thread(target=die)
    acknowledged = work(kit, pair, lambda n: killer.start() if n == CHANGES // 2 else None)
    killer.join()
    assert acknowledged <= numbers_in(with_name(pair.standby.url, "together"))
    assert (kit.collection / f"skills/n-{CHANGES}").exists()
    assert kit.json("doctor")["findings"] == []


def test_what_an_asynchronous_standby_lacks_is_missed_and_published_again(
    pair: Pair, tmp_path: Path
) -> None:
    """The folder is ahead of the promoted server: nothing is written before that is settled."""
    kit = pair.kit(tmp_path, "apart")
    name = with_name(pair.standby.url, "apart")
    half = CHANGES // 2
    assert all(change(kit, number) for number in range(half))
    wait_for_replay(pair.primary.url, pair.standby.url)
    pair.standby.set("primary_conninfo", "")
    with psycopg.connect(pair.standby.url, autocommit=True) as connection:
        while connection.execute("SELECT 1 FROM pg_stat_wal_receiver").fetchone():
            connection.execute("SELECT pg_sleep(0.02)")
    assert all(change(kit, number) for number in range(half, CHANGES))
    pair.fail_over()
    assert max(numbers_in(name)) == half
    for words in (("pull",), ("rename", f"skill:n-{CHANGES}", "other")):
        done = kit.command(*words)
        assert done.returncode == 3, (words, done)
        assert "nothing was" in done.stderr, done.stderr
    found = re.search(r"pull --from-common (\d+)", str(kit.json("doctor", status=1)))
    assert found is not None, kit.run("doctor", status=1)
    kit.run("pull", "--from-common", found[1])
    assert max(numbers_in(name)) == CHANGES
    assert kit.json("doctor")["findings"] == []
    assert change(kit, CHANGES)


def test_a_server_without_a_free_connection_says_so(pair: Pair, tmp_path: Path) -> None:
    """Nothing is written, and what to do is said."""
    kit = pair.kit(tmp_path, "crowded")
    pair.primary.stop()
    pair.primary.start("max_connections=4", "superuser_reserved_connections=0", "max_wal_senders=0")
    name = with_name(pair.primary.url, "crowded")
    with ExitStack() as held:
        for _ in range(4):
            held.callback(psycopg.connect(name).close)
        kit.database_url = name
        done = kit.command("rename", "skill:n-0", "n-1")
    assert done.returncode == 5
    assert re.search("too many clients|remaining connection slots", done.stderr), done.stderr
    assert "hint: wait a little, then try again" in done.stderr
    assert change(kit, 0)
