"""Real commands that are killed, or whose disk or database fails, at every single step."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from injection import ERRORS, Injection
from invariants import Expected, expected, violations
from sharding import Workers
from tally import IS_LONG, count
from world import KILLED, NEW, SCENARIOS, Scenario, World

from holdall.files import syscalls

pytestmark = [pytest.mark.integration, pytest.mark.slow]

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

SYSTEMS = ("renameat2", "link", "neither")
"""Those with an atomic exchange, those with hard links only, and those with nothing."""

Point = tuple[str, str, int, str]


def _unsupported(*_: object) -> bool:
    return False


def _refused(*_: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def on_system(system: str, injection: Injection) -> Injection:
    """Take away, in a child, what a system does not have."""
    if system != "renameat2":
        syscalls.rename_with = _unsupported  # type: ignore[assignment]
    if system == "neither":
        syscalls.link = _refused  # type: ignore[assignment]
    return injection


def steps_of(world: World, scenario: Scenario, system: str = "renameat2") -> tuple[str, ...]:
    """Return the steps that a command goes through."""
    world.bring(scenario.start)
    done = world.run(scenario.words, make=lambda: on_system(system, Injection()))
    assert done.status == 0, done
    return done.steps


def chosen(steps: Sequence[str], every: int) -> list[int]:
    """Return the numbers of the steps at which the short form interrupts.

    Where a step follows another one for the first time, and at some of the others.
    """
    pairs = list(zip(("", *steps), steps, strict=False))
    return [n for n, pair in enumerate(pairs, 1) if pairs.index(pair) == n - 1 or n % every == 0]


def points_of(scenario: Scenario, system: str, steps: Sequence[str]) -> Iterator[Point]:
    """Yield every point of a scenario: what happens, at which step, and on which system.

    The short form has a kill at each chosen step, every other fault at some of them.
    """
    numbers = chosen(steps, 50 if scenario.name == "deploy-many" else 9)
    if scenario.name in NEW:
        numbers = numbers[:: 1 + len(numbers) // 6]
    if IS_LONG:
        numbers = list(range(1, len(steps) + 1, 1 if system == "renameat2" else 3))
    for place, number in enumerate(numbers):
        modes = [*ERRORS, "full", "dead"]
        if not IS_LONG:
            modes = [modes[place // 3 % len(modes)]] if place % 3 == 0 else []
        elif system != "renameat2":
            modes = ["EIO"]
        if steps[number - 1] == "write":
            modes.append("short")
        yield from ((scenario.name, mode, number, system) for mode in ("kill", *modes))


class Checker:
    """Checks points in one world; what a scenario leads to is found out once."""

    def __init__(self, kills: Path | None = None) -> None:
        """Write a byte for every kill of a recovery into a file."""
        self._expected: dict[str, Expected] = {}
        self._steps: dict[str, tuple[str, ...]] = {}
        self._kills = kills

    def wanted(self, world: World, scenario: Scenario) -> Expected:
        """Return the two states of a scenario."""
        if scenario.name not in self._expected:
            self._expected[scenario.name] = expected(world, scenario)
        return self._expected[scenario.name]

    def point(self, world: World, point: Point) -> list[str]:
        """Return what is wrong after one fault."""
        name, mode, number, system = point
        scenario = BY_NAME[name]
        wanted = self.wanted(world, scenario)
        world.bring(scenario.start)
        done = world.run(scenario.words, make=lambda: on_system(system, Injection(mode, number)))
        if (mode == "kill") != (done.status == KILLED):
            return [f"ended with {done.status}: {done.err}"]
        if mode == "short" and done.status != 0:
            return [f"a short write is no error: {done.status} {done.err}"]
        return violations(world, wanted, done)

    def chain(self, world: World, seed: int) -> list[str]:
        """Return what is wrong after a kill, and kills of the runs that would recover from it."""
        numbers = random.Random(seed)
        scenario = SCENARIOS[seed % len(SCENARIOS)]
        wanted = self.wanted(world, scenario)
        if scenario.name not in self._steps:
            self._steps[scenario.name] = steps_of(world, scenario)
        world.bring(scenario.start)
        last = len(self._steps[scenario.name])
        # The later half, where there is something to recover from.
        kill = Injection("kill", numbers.randint(last // 2, last))
        first = world.run(scenario.words, injection=kill)
        for _ in range(4):
            again = scenario.words if scenario.name == "init" else ("status", "--to", "project")
            done = world.run(again, injection=Injection("kill", numbers.randint(1, 25)))
            if done.status != KILLED:
                break
            assert self._kills is not None
            with self._kills.open("a") as kills:
                kills.write("x")
        return violations(world, wanted, first)


@pytest.mark.parametrize("name", BY_NAME)
def test_every_point(world: World, workers: Workers, name: str) -> None:
    """Old or new, record and database agree, nothing lost or left, whatever fails when."""
    points: list[Point] = []
    for system in SYSTEMS if IS_LONG else SYSTEMS[:1]:
        steps = steps_of(world, BY_NAME[name], system)
        assert len(steps) > 25
        points += points_of(BY_NAME[name], system, steps)
    found = workers.find(points, Checker().point)
    count(points=len(points), violations=len(found))
    assert not found, "\n".join(found[:20])


def test_chains_of_kills(workers: Workers, tmp_path: Path) -> None:
    """Recovery may be killed, too, again and again."""
    seeds = range(600 if IS_LONG else 40)
    kills = tmp_path / "kills"
    found = workers.find(seeds, Checker(kills).chain)
    in_recovery = len(kills.read_text())
    assert in_recovery > len(seeds)
    count(chains=len(seeds), kills=in_recovery, violations=len(found))
    assert not found, "\n".join(found[:20])
