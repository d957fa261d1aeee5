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

ENOUGH = 5


def in_worlds(
    folder: Path, points: Sequence[Point], check: Callable[[World, Point], list[str]]
) -> list[str]:
    """Return what `check` finds wrong at each point; workers are forked, each with its world.

    The order is mixed, and a worker stops when it has found enough, so that a fault shows soon.
    """
    points = random.Random(0).sample(points, len(points))
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


def _fork(result: Path, points: Sequence[Point], check: Callable[[World, Point], list[str]]) -> int:
    child = os.fork()
    if child:
        return child
    found: list[str] = []
    try:
        with temporary_world() as world:
            for point in points:
                if len(found) > ENOUGH:
                    break
                found += [f"{point}: {problem}" for problem in check(world, point)]
        result.write_text(json.dumps(found))
    except BaseException:  # noqa: BLE001 - the parent tells it
        result.write_text(json.dumps([*found, traceback.format_exc()]))
    finally:
        os._exit(0)
