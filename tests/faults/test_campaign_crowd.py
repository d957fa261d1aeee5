"""Many at work at once: deployers and collectors that are killed, people who edit and swap."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from invariants import of_the_next, of_the_record, of_what_is_left, tree_of
from tally import IS_LONG, count
from world import NEXT, World

from host_factories import make_skill, write

pytestmark = [pytest.mark.integration, pytest.mark.slow]

DEPLOYERS, COLLECTORS, PROJECTS = 8, 4, 4
KILLS = 500 if IS_LONG else 25
SECONDS = 60 if IS_LONG else 2
ENOUGH = 50
ALL = ("skill:a", "skill:b", "command:git:commit")

Work = Callable[[int], tuple[str, ...]]


def forked(work: Callable[[], None]) -> int:
    """Do some work in a child, for as long as it takes or until it is killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def ended(child: int) -> None:
    """Kill a child."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def for_ever(world: World, number: int, words: Work, complaints: Path) -> Callable[[], None]:
    """Return what runs commands one after the other and writes down every crash."""

    def work() -> None:
        out, err = world.base / f"out{number}", world.base / f"err{number}"
        for turn in range(1_000_000):
            status = world.here_and_now(words(turn), out, err)
            said = err.read_text()
            with (world.base / "ends").open("a") as ends:
                ends.write(f"{status}\n")
            # 3 and 5: what others do at the same time may be refused, and a lock not be had.
            if "Traceback" in said or status not in (0, 1, 3, 4, 5):
                (complaints / f"{number}-{turn}").write_text(f"{words(turn)}: {status}: {said}")

    return work


def test_a_crowd_with_kills(world: World, tmp_path: Path) -> None:
    """Whoever is killed when, in the end all agrees, and everyone's own files are untouched."""
    world.bring("collected")
    (world.base / "ends").unlink(missing_ok=True)
    for number in range(COLLECTORS):
        make_skill(world.here / f"source{number}", f"c{number}", "first")
    for number in range(PROJECTS):
        shutil.copytree(world.project, world.here / f"project{number}")

    def deploying(number: int) -> Work:
        to = ("--to", f"project{number % PROJECTS}")

        def words(turn: int) -> tuple[str, ...]:
            wanted = ALL[: 1 + (turn + number) % len(ALL)]
            return ("undeploy", *wanted, *to) if turn % 4 == 3 else ("deploy", *wanted, *to)

        return words

    def collecting(number: int) -> Work:
        def words(turn: int) -> tuple[str, ...]:
            source = world.here / f"source{number}"
            make_skill(source, f"c{number}", f"turn {turn} of {os.getpid()}")
            return ("collect", f"source{number}")

        return words

    works = [deploying(n) for n in range(DEPLOYERS)] + [collecting(n) for n in range(COLLECTORS)]
    jobs = [for_ever(world, n, work, tmp_path) for n, work in enumerate(works)]
    children = [forked(job) for job in jobs]
    chance = random.Random(7)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.01, 0.15))
        victim = chance.randrange(len(children))
        ended(children[victim])
        children[victim] = forked(jobs[victim])
    time.sleep(1)
    for child in children:
        ended(child)
    found = [path.read_text() for path in tmp_path.iterdir()]
    ends = (world.base / "ends").read_text().split()
    assert ends.count("0") > KILLS
    projects = [f"project{number}" for number in range(PROJECTS)]
    last = world.run(*(("status", "--to", name) for name in projects), ("doctor", "--json"))
    found += of_the_next(last, quiet=False)
    for name in projects:
        project = world.here / name
        found += of_the_record(world, project)
        found += of_what_is_left(world, project)
        mine = {k: v for k, v in tree_of(world.project).items() if k in tree_of(project)}
        found += [] if mine == tree_of(world.project) else [f"files of {project} are gone"]
    found += of_what_is_left(world, world.kit)
    count(kills=KILLS, violations=len(found))
    assert not found, "\n".join(found[:10])


@contextmanager
def deploying_all_the_time(world: World, complaints: Path, *more: str) -> Iterator[None]:
    """Deploy and take out again, with changing contents, as long as the block lasts."""

    def words(turn: int) -> tuple[str, ...]:
        if turn % 3 == 2:
            return ("undeploy", "skill:a", "--to", "project", *more)
        if turn % 3 == 0:
            make_skill(world.kit, "a", f"turn {turn}")
            return ("collect",)
        return ("deploy", "skill:a", "--to", "project", *more)

    child = forked(for_ever(world, 0, words, complaints))
    try:
        yield
    finally:
        ended(child)


def test_a_folder_that_turns_into_a_link(world: World, tmp_path: Path) -> None:
    """Whoever swaps a project's folder with a link never gets a byte out of the project."""
    world.bring("deployed")
    outside = world.here / "outside"
    write(outside / "SKILL.md", "theirs\n")
    write(outside / "a/SKILL.md", "theirs, too\n")
    before = tree_of(outside)
    skills, aside = world.project / ".claude/skills", world.project / ".claude/aside"
    swaps = 0
    end = time.monotonic() + SECONDS
    with deploying_all_the_time(world, tmp_path, "--force"):
        while time.monotonic() < end:
            for place in (skills, skills / "a"):
                try:
                    place.rename(aside)
                    place.symlink_to(outside)
                    time.sleep(0.002)
                    place.unlink()
                    aside.rename(place)
                    swaps += 1
                except OSError:
                    _tidy(place, aside)
                time.sleep(0.002)
    found = [path.read_text() for path in tmp_path.iterdir()]
    if tree_of(outside) != before:
        found.append(f"outside is now {sorted(tree_of(outside))}")
    found += of_the_next(world.run(*NEXT), quiet=False, drift=True)
    count(swaps=swaps, violations=len(found))
    assert swaps > 10
    assert not found, "\n".join(found[:10])


def _tidy(place: Path, aside: Path) -> None:
    """Go on where something else came to lie in the way meanwhile."""
    if place.is_symlink():
        place.unlink()
    if aside.exists():
        if place.exists():
            shutil.rmtree(aside)
        else:
            aside.rename(place)


@pytest.mark.parametrize("more", [(), ("--force",)])
def test_edits_while_deploys_run(world: World, tmp_path: Path, more: tuple[str, ...]) -> None:
    """What a person saves is there, or in a backup, or was taken away by that person."""
    world.bring("deployed")
    place = world.project / ".claude/skills/a/SKILL.md"
    mine = world.here / "mine"
    mine.mkdir()
    complaints = tmp_path / "complaints"
    complaints.mkdir()
    saved: list[str] = []
    end = time.monotonic() + SECONDS
    with deploying_all_the_time(world, complaints, *more):
        number = 0
        # A busy machine takes longer for as many.
        while time.monotonic() < end or (len(saved) <= ENOUGH and time.monotonic() < end + 60):
            number += 1
            text = f"edit {number}\n"
            write(mine / "new", text)
            # An editor that keeps what was there: whatever it takes away is not lost.
            with suppress(OSError):
                place.rename(mine / f"taken{number}")
            with suppress(OSError):
                os.link(mine / "new", place)
                saved.append(text)
            (mine / "new").unlink()
            time.sleep(0.003 if number % 10 else 0.15)
    found = [path.read_text() for path in complaints.iterdir()]
    found += of_the_next(world.run(*NEXT), quiet=False, drift=True)
    trees = [tree_of(world.project), tree_of(world.project / ".holdall/backups"), tree_of(mine)]
    there = {data for tree in trees for _, data in tree.values()}
    found += [f"{text!r} is lost" for text in saved if text.encode() not in there]
    count(edits=len(saved), violations=len(found))
    assert len(saved) > ENOUGH
    assert not found, "\n".join(found[:10])
