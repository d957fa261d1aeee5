"""Doing many independent points on all processors, each in worlds of its own."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.util import Finalize
from typing import TypeVar

from world import World, temporary_world

__all__ = ["Workers", "start_workers"]

Point = TypeVar("Point")
Check = Callable[[World, Point], list[str]]

ENOUGH = 5
_WORLDS: list[World] = []


class Workers:
    """Processes that each have a world, and are small.

    They fork for each command, which takes the longer the more memory a process has: the one that
    runs pytest has all tests of the suite in it.
    """

    def __init__(self, pool: ProcessPoolExecutor, number: int) -> None:
        """Take `number` processes of a pool; each has entered a world."""
        self._pool = pool
        self._number = number

    def find(self, points: Sequence[Point], check: Check[Point]) -> list[str]:
        """Return what `check` finds wrong at each point.

        The order is mixed, and a worker stops when it has found enough, so that a fault shows soon.
        """
        points = random.Random(0).sample(points, len(points))
        shards = [points[n :: self._number] for n in range(self._number)]
        jobs = [self._pool.submit(_found, shard, check) for shard in shards]
        return [problem for job in jobs for problem in job.result()]


@contextmanager
def start_workers() -> Iterator[Workers]:
    """Yield one worker for each processor; of pytest-xdist, whose workers have one each, one."""
    number = 1 if "PYTEST_XDIST_WORKER" in os.environ else os.cpu_count() or 1
    context = get_context("spawn")
    with ProcessPoolExecutor(number, mp_context=context, initializer=_enter_world) as pool:
        yield Workers(pool, number)


def _enter_world() -> None:
    stack = ExitStack()
    _WORLDS.append(stack.enter_context(temporary_world()))
    Finalize(None, stack.close, exitpriority=1)


def _found(points: Sequence[Point], check: Check[Point]) -> list[str]:
    found: list[str] = []
    for point in points:
        if len(found) > ENOUGH:
            break
        found += [f"{point}: {problem}" for problem in check(_WORLDS[0], point)]
    return found
