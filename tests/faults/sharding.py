"""Doing many independent points on all processors, each in worlds of its own."""

from __future__ import annotations

import json
import os
import random
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from world import World, temporary_world

__all__ = ["in_worlds"]

Point = TypeVar("Point")
Check = Callable[[World, Point], list[str]]

ENOUGH = 5


def in_worlds(
    world: World, folder: Path, points: Sequence[Point], check: Check[Point]
) -> list[str]:
    """Return what `check` finds wrong at each point; workers are forked, each with its world.

    The order is mixed, and a worker stops when it has found enough, so that a fault shows soon. A
    worker of pytest-xdist has one processor, and does all of it in the world that it has.
    """
    points = random.Random(0).sample(points, len(points))
    if "PYTEST_XDIST_WORKER" in os.environ:
        return _found(world, points, check)
    workers = max(1, min(os.cpu_count() or 1, len(points)))
    children = [_fork(folder / f"found{n}", points[n::workers], check) for n in range(workers)]
    found = []
    for number, child in enumerate(children):
        os.waitpid(child, 0)
        try:
            found += json.loads((folder / f"found{number}").read_text())
        except (OSError, ValueError):
            found.append(f"worker {number} died")
    return found


def _found(world: World, points: Sequence[Point], check: Check[Point]) -> list[str]:
    found: list[str] = []
    for point in points:
        if len(found) > ENOUGH:
            break
        found += [f"{point}: {problem}" for problem in check(world, point)]
    return found


def _fork(result: Path, points: Sequence[Point], check: Check[Point]) -> int:
    child = os.fork()
    if child:
        return child
    found: list[str] = []
    try:
        with temporary_world() as world:
            found += _found(world, points, check)
        result.write_text(json.dumps(found))
    except BaseException:  # noqa: BLE001 - the parent tells it
        result.write_text(json.dumps([*found, traceback.format_exc()]))
    finally:
        os._exit(0)
