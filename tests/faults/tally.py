"""How many faults of which kind the campaign has made, for the line at its end."""

from __future__ import annotations

import os

from tallies import COUNTS

__all__ = ["IS_LONG", "count"]

IS_LONG = os.environ.get("HOLDALL_FAULTS") == "long"


def count(**amounts: int) -> None:
    """Add to the counts."""
    COUNTS.update({f"faults/{name}": amount for name, amount in amounts.items()})
