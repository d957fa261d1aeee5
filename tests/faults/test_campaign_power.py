"""The power goes at every step of real commands, in a model of a disk."""

from __future__ import annotations

import os

import pytest
from invariants import violations
from powerloss import IMAGES, PowerCut
from sharding import Workers
from tally import IS_LONG, count
from test_campaign_points import BY_NAME, Checker, steps_of
from world import NEW, Scenario, World

pytestmark = [pytest.mark.integration, pytest.mark.slow]

Point = tuple[str, int, str]


def points_of(scenario: Scenario, last: int) -> list[Point]:
    """Return the scenario, the step and the image; the end of the command counts as a step.

    The short form cuts at some steps, which leaves what is strictest, and at every third of them
    one of the others; at the end all.
    """
    found = []
    every = 1 if IS_LONG else 16 if scenario.name == "deploy-many" else 7
    if scenario.name in NEW and not IS_LONG:
        every = 1 + last // 4
    *others, strictest = IMAGES
    for place, number in enumerate([*range(1, last, every), last]):
        some = [strictest]
        if number == last or (IS_LONG and number % 3 == 0):
            some = list(IMAGES)
        elif place % 3 == 0:
            some.append(others[place // 3 % len(others)])
        found += [(scenario.name, number, kind) for kind in some]
    return found


class Cutter(Checker):
    """Checks power cuts in one world."""

    def cut(self, world: World, point: Point) -> list[str]:
        """Return what is wrong with what a cut leaves."""
        name, number, kind = point
        scenario = BY_NAME[name]
        wanted = self.wanted(world, scenario)
        world.bring(scenario.start)
        image = world.base / "image"
        done = world.run(scenario.words, make=lambda: PowerCut(number, kind, world.here, image))
        world.replace(image)
        world.remove(image)
        return violations(world, wanted, done, was_cut=True)


def test_many_files_take_few_barriers(world: World) -> None:
    """However many files there are: two for the staged and the placed, one for each end of it."""
    steps = steps_of(world, BY_NAME["deploy-many"])
    assert steps.count("create_file") > 64
    assert steps.count("sync_file_system") == 2
    assert steps.count("sync") == 2


@pytest.mark.skipif(
    not os.access("/dev/shm", os.W_OK),
    reason="the model needs a file system in memory, where no inode number comes twice",
)
@pytest.mark.parametrize("name", BY_NAME)
def test_power_cuts(world: World, workers: Workers, name: str) -> None:
    """What was not made durable is lost, and yet it is old or new; who ended with 0 is new."""
    points = points_of(BY_NAME[name], len(steps_of(world, BY_NAME[name])) + 1)
    found = workers.find(points, Cutter().cut)
    count(power_cuts=len(points), violations=len(found))
    assert not found, "\n".join(found[:20])
