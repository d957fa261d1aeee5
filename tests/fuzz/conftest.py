"""The counts of what was tried, at the end."""

from __future__ import annotations

import pytest

from fuzz.limits import TALLY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was tried."""
    if not TALLY.tried:
        return
    terminalreporter.section("fuzzing")
    for target, tried in sorted(TALLY.tried.items()):
        terminalreporter.write_line(
            f"{target:24} {tried:8,} inputs {TALLY.refused[target]:8,} refused"
            f" slowest {TALLY.slowest[target] * 1000:7.1f} ms"
            f" at most {TALLY.largest[target] >> 20:4} MB more"
        )
    terminalreporter.write_line(
        f"{'all':24} {TALLY.tried.total():8,} inputs {TALLY.refused.total():8,} refused"
    )
