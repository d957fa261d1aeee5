"""How many faults of which kind the campaign has made, for the line at its end."""

from __future__ import annotations

import os
from collections import Counter

__all__ = ["COUNTS", "IS_LONG", "count"]

IS_LONG = os.environ.get("HOLDALL_FAULTS") == "long"
COUNTS: Counter[str] = Counter()


def count(**amounts: int) -> None:
    """Add to the counts."""
    COUNTS.update(amounts)
