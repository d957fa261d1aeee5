"""Kills of a machine of a team at every step of a change and of a pull: old or new, never between.

A step is a statement, a COMMIT, or a mutating call of the writer. The machine's process dies there;
its next command settles what is left, another machine pulls, and both folders, all rows and the
chain of releases have to agree. The short form tries some of the steps, `make faults` all.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from injection import EveryStep, install
from tally import IS_LONG, count

from databases import sqlite_database
from holdall_composites.database.connect import connect_database
from holdall_composites.store.store import Store
from integration.team.machines import Machine
from integration.team.oracle import check_all
from integration.team.world import team

pytestmark = [pytest.mark.integration, pytest.mark.slow]

KILLED, DONE, REFUSED = -9, 0, 1
POINTS = 7
Prepare = Callable[[Machine, Machine], tuple[tuple[str, ...], str | None]]


def rename(own: Machine, other: Machine) -> tuple[tuple[str, ...], str | None]:
    """Return a rename, and the name that it brings."""
    mark = own.new_mark()
    return ("rename", str(own.manifest().artifacts[0].id), mark), mark


def collect(own: Machine, other: Machine) -> tuple[tuple[str, ...], str | None]:
    """Edit a skill and make another one; return the collect that records both."""
    own.write(min(own.files()))
    name = own.new_mark()
    own.write(own.folder / "skills" / name)
    return ("collect",), name


def pull(own: Machine, other: Machine) -> tuple[tuple[str, ...], str | None]:
    """Let the other machine change three things while this one edits; return the pull."""
    files = sorted(other.files())
    other.write(files[-1])
    other.write(other.folder / "skills" / other.new_mark())
    assert other.run("collect").is_done
    first = str(other.manifest().artifacts[0].id)
    assert other.run("rename", first, other.new_mark()).is_done
    own.write(sorted(own.files())[1])
    return ("pull",), None


def run_killed(machine: Machine, words: tuple[str, ...], number: int, told: Path) -> int:
    """Run a command in a child that dies at its step `number`; return how it ended.

    Its steps are counted in the file `told` if it comes to its end.
    """
    child = os.fork()
    if child == 0:
        status = 99
        try:
            injection = EveryStep("kill", number)
            install(injection)
            done = machine.run(*words)
            told.write_text(str(len(injection.steps)))
            status = DONE if done.is_done else REFUSED
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def head_of(machine: Machine, url: str) -> tuple[int, set[str]]:
    """Return the head's number, and what the newest release brought: names and contents."""
    uuid = machine.manifest().uuid or ""
    with connect_database(url) as database:
        store = Store(database)
        row = store.collections.get(uuid)
        number = row.head if row else 0
        newest = store.collections.changes_between(uuid, number - 1, number)[number]
    return number, {str(after["name"]) for _, after in newest.values() if after is not None}


@pytest.fixture
def url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database that no machine has for itself."""
    if dialect == "sqlite":
        (tmp_path / "team.db").touch(0o600)
        made = sqlite_database(tmp_path / "team.db", migrated=True)
    else:
        made = request.getfixturevalue("migrated_postgres").database()
    with made as found:
        yield found


@pytest.mark.parametrize("prepare", [rename, collect, pull])
def test_a_kill_leaves_the_old_or_the_new(prepare: Prepare, url: str, tmp_path: Path) -> None:
    """After one more command both machines, the rows and the chain agree, and nothing is lost."""
    rng = random.Random(7)
    told = tmp_path / "steps"
    with team(tmp_path, url, 2, rng) as machines:
        own, other = machines.values()
        words, _ = prepare(own, other)
        assert run_killed(own, words, 0, told) == DONE
        steps = int(told.read_text())
        numbers = (
            range(1, steps + 1) if IS_LONG else sorted(rng.sample(range(1, steps + 1), POINTS))
        )
        for number in numbers:
            assert own.run("pull").is_done
            words, mark = prepare(own, other)
            before, _ = head_of(own, url)
            status = run_killed(own, words, number, told)
            assert status in (KILLED, DONE), f"step {number}: ended with {status}"
            after, names = head_of(own, url)
            if mark is None:
                assert after == before
            else:
                assert after - before in (0, 1), f"step {number}: {after - before} releases"
                assert (mark in names) == (after == before + 1), f"step {number}: half of it"
            again = own.run(*words)
            is_new = after > before and words[0] == "rename"
            assert again.is_done or is_new, f"step {number}: {again}"
            if number == numbers[-1] or IS_LONG:
                problems, _ = check_all(url, machines)
                assert not problems, f"step {number}: {problems}"
        count(kills=len(numbers))
