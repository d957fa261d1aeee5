"""What one input may take, a second of the processor and 256 MB; and how many were tried."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

from holdall.errors import HoldallError
from tallies import COUNTS, at_most

MEMORY = 256 << 20
LONG = int(os.environ.get("HOLDALL_FUZZ", "0"))
"""How many inputs each target gets in a long run; 0 is a short one."""
SECONDS = 1.0 if LONG else 10.0
"""A short run is part of `make test`: beside whatever else runs."""


class TooSlow(BaseException):
    """An input took too much time; nothing may catch it."""


def many(short: int, per_example: int = 1, *, times: int = 1) -> settings:
    """Return how a target is tried: with how many examples, each with that many inputs.

    In a long run some targets, which take no time, get so many `times` more.
    """
    return settings(
        max_examples=max(LONG * times // per_example, 1) if LONG else short,
        deadline=None,
        database=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )


@contextmanager
def bounded(target: str, inputs: int = 1, *, again: bool = False) -> Iterator[None]:
    """Run inputs of one target; our own errors are answers, anything else is a fault.

    Each of the inputs has its time, all of them together have the memory. Those that are tried
    `again`, in another way, are not counted again.
    """

    def stop(*_: object) -> None:
        raise TooSlow(f"{target}: more than {SECONDS * inputs} s")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = _peak()
    previous = signal.signal(signal.SIGPROF, stop)
    started = time.process_time()
    COUNTS[f"tried/{target}"] += 0 if again else inputs
    resource.setrlimit(resource.RLIMIT_AS, (_mapped() + MEMORY, hard))
    signal.setitimer(signal.ITIMER_PROF, SECONDS * inputs)
    try:
        yield
    except HoldallError as error:
        COUNTS[f"refused/{target}"] += 0 if again else inputs
        assert error.message, "a refusal says what is wrong"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGPROF, previous)
        took = (time.process_time() - started) / inputs
        at_most(f"seconds/{target}", took)
        at_most(f"bytes/{target}", _peak() - before)


def _mapped() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
