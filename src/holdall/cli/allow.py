"""`--allow CODE`: diagnostics that the user has looked at and accepts."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import TYPE_CHECKING

from holdall.errors import UsageError

if TYPE_CHECKING:
    from holdall.plugins.manager import Plugins

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


def refuse_unknown(allowed: Collection[str], plugins: Plugins | None = None) -> None:
    """Raise UsageError, with all that are known, for a code that no diagnostic has.

    With `plugins`, their codes are known, too: a plugin's name, a colon and the code.
    """
    if not allowed:
        return
    from holdall.sources.checks.diagnostics import CODES

    names = {record.name for record in plugins.records} if plugins else set()
    unknown = sorted(
        code
        for code in set(allowed) - set(CODES)
        if not (":" in code and code.partition(":")[0] in names)
    )
    if unknown:
        raise UsageError(
            f"no diagnostic has the code {unknown[0]!a}",
            hint=f"known are {', '.join(sorted(CODES))}",
        )
