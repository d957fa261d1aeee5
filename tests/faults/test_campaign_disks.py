"""Real commands on real file systems: full ones of every size, and one whose power is cut."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from invariants import violations
from mounts import (
    FLUSH_LOG,
    FORGET_LOG,
    Crowded,
    RealCut,
    fill,
    in_tmpfs,
    make_image,
    mounted,
    reason_against,
    resize,
)
from sharding import Workers
from tally import IS_LONG, count
from test_campaign_points import BY_NAME, Checker, steps_of
from world import World

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NAMES = ("collect", "collect-again", "deploy", "upgrade", "undeploy", "deploy-many")


class Disks(Checker):
    """Checks commands in one world that lies on a file system of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._images: dict[str, Path] = {}

    def full(self, world: World, point: tuple[str, int]) -> list[str]:
        """Return what is wrong after a command that had only so many pages."""
        name, pages = point
        wanted = self.wanted(world, BY_NAME[name])
        empty(world.here)
        with in_tmpfs(world.here):
            fill(world.state(BY_NAME[name].start), world.here)
            resize(world.here, pages)
            done = world.run(BY_NAME[name].words, make=Crowded)
            resize(world.here, None)
            return violations(world, wanted, done)

    def cut(self, world: World, point: tuple[str, int, int]) -> list[str]:
        """Return what is wrong after the power went at a step."""
        name, number, how = point
        scenario = BY_NAME[name]
        wanted = self.wanted(world, scenario)
        empty(world.here)
        image = world.base / "live"
        shutil.copyfile(self._image(world, scenario.start), image)
        with mounted(image, world.here):
            done = world.run(scenario.words, make=lambda: RealCut(number, how, world.here))
        with mounted(image, world.here):
            return violations(world, wanted, done, was_cut=True)

    def _image(self, world: World, state: str) -> Path:
        if state not in self._images:
            image = world.base / f"{state}.image"
            make_image(image)
            with mounted(image, world.here):
                fill(world.state(state), world.here)
            self._images[state] = image
        return self._images[state]


def empty(folder: Path) -> None:
    """Make a folder empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def test_full_disks(workers: Workers) -> None:
    """However little room there is: an error and nothing changed, or all of it."""
    if (reason := reason_against("tmpfs")) is not None:
        pytest.skip(reason)
    points = []
    for name in NAMES:
        enough = 120 if name == "deploy-many" else 60
        points += [(name, pages) for pages in range(0, enough, 1 if IS_LONG else enough // 6)]
    found = workers.find(points, Disks().full)
    count(full_disks=len(points), violations=len(found))
    assert not found, "\n".join(found[:20])


def test_power_cuts_of_a_real_disk(world: World, workers: Workers) -> None:
    """What an ext4 finds in its journal afterwards is old or new; who ended with 0 is new."""
    if (reason := reason_against("ext4")) is not None:
        pytest.skip(reason)
    points = []
    for name in NAMES:
        last = len(steps_of(world, BY_NAME[name])) + 1
        numbers = range(1, last, 1 if IS_LONG else last // 4)
        points += [(name, n, (FLUSH_LOG, FORGET_LOG)[n % 2]) for n in numbers]
        points += [(name, last, how) for how in (FLUSH_LOG, FORGET_LOG)]
    found = workers.find(points, Disks().cut)
    count(power_cuts=len(points), violations=len(found))
    assert not found, "\n".join(found[:20])
