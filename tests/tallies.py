"""What fault and fuzz tests have tried, added up over all workers, for the end of a run."""

from __future__ import annotations

from collections import Counter

import pytest

COUNTS: Counter[str] = Counter()
"""How often something was tried; a kind and what of it, such as `faults/kills`."""
MOST: dict[str, float] = {}
"""The largest value of something, by the same kind of name."""

FAULTS = ["points", "chains", "power_cuts", "full_disks", "kills", "database_faults", "swaps"]
FAULTS += ["edits", "violations"]


def at_most(name: str, value: float) -> None:
    """Remember a value if it is the largest."""
    MOST[name] = max(value, MOST.get(name, 0.0))


def send(session: pytest.Session) -> None:
    """Send what a worker of pytest-xdist has counted."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tallies"] = (dict(COUNTS), dict(MOST))


def receive(output: dict[str, tuple[dict[str, int], dict[str, float]]]) -> None:
    """Add what a worker has counted."""
    counts, most = output.get("tallies", ({}, {}))
    COUNTS.update(counts)
    for name, value in most.items():
        at_most(name, value)


def report(reporter: pytest.TerminalReporter) -> None:
    """Print the counts."""
    if any(name.startswith("faults/") for name in COUNTS):
        told = [f"{COUNTS[f'faults/{name}']:,} {name.replace('_', ' ')}" for name in FAULTS]
        reporter.write_line(f"faults: {', '.join(told)}")
    targets = sorted(name[6:] for name in COUNTS if name.startswith("tried/"))
    if not targets:
        return
    reporter.section("fuzzing")
    for target in targets:
        reporter.write_line(
            f"{target:24} {COUNTS[f'tried/{target}']:8,} inputs"
            f" {COUNTS[f'refused/{target}']:8,} refused"
            f" slowest {MOST.get(f'seconds/{target}', 0.0) * 1000:7.1f} ms"
            f" at most {int(MOST.get(f'bytes/{target}', 0)) >> 20:4} MB more"
        )
    tried, refused = (
        sum(count for name, count in COUNTS.items() if name.startswith(kind))
        for kind in ("tried/", "refused/")
    )
    reporter.write_line(f"{'all':24} {tried:8,} inputs {refused:8,} refused")
