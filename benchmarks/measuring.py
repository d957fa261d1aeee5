"""Running ways to do something in turn, and what came of it."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Bench", "Row", "Sample", "compared", "single", "timed"]


@dataclass(frozen=True)
class Sample:
    """One run: seconds on the wall clock and of the processor, and megabytes at most."""

    wall: float
    cpu: float = 0.0
    memory: float = 0.0


Way = Callable[[], Sample]


@dataclass(frozen=True)
class Row:
    """A line of the table: our median beside a yardstick's, and what it may be at most.

    `low` and `high` are the ratios of single rounds. `unit` is `x`, `s`, `ms`, `MB` or
    `statements`.
    """

    case: str
    yardstick: str
    unit: str
    value: float
    low: float
    high: float
    limit: float | None = None
    ours: float | None = None
    theirs: float | None = None
    cpu: float | None = None
    their_cpu: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.limit is None else self.value <= self.limit

    def to_json(self) -> dict[str, Any]:
        """Return the row for results.json."""
        numbers = {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}
        return {**numbers, "is_met": self.is_met}


class Bench:
    """The folder that everything happens in, and the environment that Holdall runs in.

    With a folder in `profiles`, each way is run once more, for a profile of Holdall in it.
    """

    profiles: Path | None = None
    _profile: Path | None = None

    def __init__(self, folder: Path, rounds: int, skills: int) -> None:
        self.folder, self.rounds, self.skills = folder, rounds, skills
        own = {
            "PYTHONPYCACHEPREFIX": str(folder / "pycache"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_STATE_HOME": str(folder / "state"),
        }
        # An installed Holdall is compiled once, too.
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith("HOLDALL_") and k != "PYTHONDONTWRITEBYTECODE"
        }
        self.environment = {**kept, **own}
        self.holdall = str(Path(sys.executable).with_name("holdall"))

    def run(self, *words: str | Path, ok: Sequence[int] = (0,)) -> Sample:
        """Run a command and measure it; its output goes nowhere."""
        program = shutil.which(str(words[0])) or str(words[0])
        nowhere = [
            (os.POSIX_SPAWN_OPEN, number, os.devnull, flag, 0)
            for number, flag in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY))
        ]
        start = time.perf_counter()
        pid = os.posix_spawn(
            program, [str(w) for w in words], self.environment, file_actions=nowhere
        )
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) not in ok:
            raise RuntimeError(f"{' '.join(map(str, words))[:200]} failed: {status}")
        return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

    def ours(self, *words: str | Path) -> Sample:
        """Run Holdall."""
        if self._profile is not None:
            profiled = (sys.executable, "-m", "cProfile", "-o", self._profile, self.holdall)
            return self.run(*profiled, "--quiet", *words)
        return self.run(self.holdall, "--quiet", *words)

    def empty(self, name: str) -> Path:
        """Return an empty folder, with nothing left for the disk to do."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        os.sync()
        return folder

    def in_turn(self, ways: Mapping[str, Way]) -> dict[str, list[Sample]]:
        """Run each way once in each round; a first round that warms up does not count."""
        found: dict[str, list[Sample]] = {name: [] for name in ways}
        for number in range(self.rounds + 1):
            for name, way in ways.items():
                sample = way()
                if number:
                    found[name].append(sample)
            print(".", end="", file=sys.stderr, flush=True)
        if self.profiles is not None:
            self.profiles.mkdir(parents=True, exist_ok=True)
            for name, way in ways.items():
                self._profile = self.profiles / f"{name.replace(' ', '-')}.prof"
                way()
            self._profile = None
        return found


def timed(work: Callable[[], object]) -> Sample:
    """Measure a call in this process."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Sample(time.perf_counter() - start, time.process_time() - cpu)


def median(samples: Sequence[Sample]) -> float:
    """Return the median time on the wall clock."""
    return statistics.median(sample.wall for sample in samples)


def compared(
    case: str,
    yardstick: str,
    ours: Sequence[Sample],
    theirs: Sequence[Sample],
    limit: float | None = None,
    *,
    by: str = "wall",
) -> Row:
    """Return the row of one case against its yardstick, by wall clock or `cpu`."""
    both = list(zip(ours, theirs, strict=True))
    pairs = [getattr(mine, by) / getattr(other, by) for mine, other in both]
    mine, other = ([getattr(sample, by) for sample in side] for side in (ours, theirs))
    return Row(
        case,
        yardstick,
        "x",
        statistics.median(mine) / statistics.median(other),
        min(pairs),
        max(pairs),
        limit,
        median(ours),
        median(theirs),
        statistics.median(sample.cpu for sample in ours),
        statistics.median(sample.cpu for sample in theirs),
    )


def single(case: str, unit: str, values: Sequence[float], limit: float | None = None) -> Row:
    """Return the row of a case that is measured by itself."""
    return Row(case, "", unit, statistics.median(values), min(values), max(values), limit)
