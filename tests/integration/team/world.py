"""A team at work for a while: one database, some machines, and what is wrong at the end."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from holdall.operations.write_collection import create_collection
from holdall.transaction import signature
from integration.team.machines import Machine, Try, present_user
from integration.team.oracle import check_all
from integration.team.scheduler import Scheduler, interleaved

NAME = "team.db"


class Ended(NamedTuple):
    """What a run came to: what is wrong, and the commands in the order in which they began.

    `met` are those in whose middle others worked.
    """

    problems: list[str]
    story: list[Try]
    releases: int
    met: int

    def __str__(self) -> str:
        """Return what is wrong, and what led to it."""
        return "\n".join([*self.problems, "", *map(str, self.story)])


@contextmanager
def team(folder: Path, url: str, count: int, rng: random.Random) -> Iterator[dict[str, Machine]]:
    """Yield machines with a folder each of one collection, at the same release."""
    with ExitStack() as held:
        patch = held.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(signature, "_user", present_user)
        machines: dict[str, Machine] = {}
        story: list[Try] = []
        for number in range(count):
            name = f"m{number}"
            if number:
                shutil.copytree(folder / "m0", folder / name)
            else:
                create_collection(folder / name, "kit")
            machines[name] = machine = Machine(name, folder / name, url, rng, story)
            held.callback(machine.close)
            if not number:
                for skill in range(3):
                    machine.write(machine.folder / "skills" / f"s{skill}")
                assert machine.run("collect", marks=machine.marks()).is_done
                machine.typed.clear()
        yield machines


def play(
    seed: int,
    folder: Path,
    url: str,
    patch: pytest.MonkeyPatch,
    *,
    length: int,
    server: str | None = None,
) -> Ended:
    """Let a team work until each machine has done so many things; return what it came to.

    `server` is the URL of a server's database without a pooler.
    """
    rng = random.Random(seed)
    is_rough = rng.random() < 0.5
    with team(folder, url, rng.choice((2, 2, 3, 3, 4, 8)), rng) as machines:
        faults = {"kills": 0.001, "drops": 0.01} if is_rough else {}
        scheduler = Scheduler(rng, server, **faults)
        for machine in machines.values():
            scheduler.add(lambda machine=machine: machine.work(length))
        with interleaved(patch):
            scheduler.run()
        problems, releases = check_all(url, machines)
        story = next(iter(machines.values())).story
    return Ended(problems, story, releases, sum(done.met for done in story))
