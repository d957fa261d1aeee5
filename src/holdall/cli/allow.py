"""`--allow CODE`: diagnostics that somebody looked at and knows better than."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from holdall.errors import UsageError

HIDDEN_TEXT = "hidden-text"


def add_allow(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="CODE",
        help="leave out this diagnostic, and do not refuse anything because of it",
    )


def refuse_unknown(allowed: Collection[str]) -> None:
    """Raise UsageError, with all that are known, for a code that no diagnostic has."""
    if not allowed:
        return
    from holdall.sources.checks.diagnostics import CODES

    unknown = sorted(set(allowed) - set(CODES))
    if unknown:
        raise UsageError(
            f"no diagnostic has the code {unknown[0]!a}",
            hint=f"known are {', '.join(sorted(CODES))}",
        )
