"""Real commands that are killed, or whose disk or database fails, at every single step."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from injection import ERRORS, Injection
from invariants import Expected, expected, violations
from sharding import in_worlds
from tally import IS_LONG, count
from world import KILLED, SCENARIOS, Scenario, World, temporary_world

pytestmark = pytest.mark.integration

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

Point = tuple[str, str, int]


def steps_of(world: World, scenario: Scenario) -> tuple[str, ...]:
    """Return the steps that a command goes through."""
    world.bring(scenario.start)
    done = world.run(scenario.words, injection=Injection())
    assert done.status == 0, done
    return done.steps


def points() -> list[Point]:
    """Return every point: the scenario, what happens, and at which step.

    The short form has a kill at every step, and every other fault at some of them.
    """
    found: list[Point] = []
    with temporary_world() as world:
        for scenario in SCENARIOS:
            steps = steps_of(world, scenario)
            assert len(steps) > 40
            step = 7 if scenario.name == "deploy-many" and not IS_LONG else 1
            for number, name in list(enumerate(steps, 1))[::step]:
                found.append((scenario.name, "kill", number))
                modes = [*ERRORS, "full", "dead"]
                modes = modes if IS_LONG else [modes[number % len(modes)]]
                found += [(scenario.name, mode, number) for mode in modes]
                if name == "write":
                    found.append((scenario.name, "short", number))
    return found


class Checker:
    """Checks points in one world; what a scenario leads to is found out once."""

    def __init__(self) -> None:
        self._expected: dict[str, Expected] = {}

    def wanted(self, world: World, scenario: Scenario) -> Expected:
        """Return the two states of a scenario."""
        if scenario.name not in self._expected:
            found, _ = expected(world, scenario.start, scenario.words)
            self._expected[scenario.name] = found
        return self._expected[scenario.name]

    def point(self, world: World, point: Point) -> list[str]:
        """Return what is wrong after one fault."""
        name, mode, number = point
        scenario = BY_NAME[name]
        wanted = self.wanted(world, scenario)
        world.bring(scenario.start)
        done = world.run(scenario.words, injection=Injection(mode, number))
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
        steps = steps_of(world, scenario)
        world.bring(scenario.start)
        first = done = world.run(
            scenario.words, injection=Injection("kill", numbers.randint(1, len(steps)))
        )
        for _ in range(4):
            if not (world.kit / "manifest.toml").exists():
                break
            kill = Injection("kill", numbers.randint(1, 40))
            done = world.run(("status", "--to", "project"), injection=kill)
            if done.status != KILLED:
                break
        return violations(world, wanted, first)


def test_every_point(tmp_path: Path) -> None:
    """Old or new, record and database agree, nothing lost or left, whatever fails when."""
    all_points = points()
    found = in_worlds(tmp_path, all_points, Checker().point)
    count(points=len(all_points), violations=len(found))
    assert not found, "\n".join(found[:20])


def test_chains_of_kills(tmp_path: Path) -> None:
    """Recovery may be killed, too, again and again."""
    seeds = range(600 if IS_LONG else 200)
    found = in_worlds(tmp_path, seeds, Checker().chain)
    count(chains=len(seeds), violations=len(found))
    assert not found, "\n".join(found[:20])
