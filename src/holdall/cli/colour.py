"""Whether output is coloured: on a terminal, unless the user says otherwise.

`NO_COLOR` (any text) turns colours off, `FORCE_COLOR` (any text but `0`) on, also in a pipe; of
both, `NO_COLOR` wins. See no-color.org and force-color.org.
"""

from __future__ import annotations

import os
from typing import TextIO


def wants_colour(stream: TextIO) -> bool:
    """Return whether what goes to this stream is coloured."""
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    if forced:
        return forced != "0"
    return os.environ.get("TERM") != "dumb" and stream.isatty()
