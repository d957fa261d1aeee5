"""What a source turns out to be: a folder to read, and what to call it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = ["Origin"]


class Origin(NamedTuple):
    """A folder to read, where it comes from, and which state of that it is.

    `name` is what the manifest records. It stays the same from one revision to the next, so that a
    later collect knows what came from here, and holds no credentials.
    """

    folder: Path
    name: str
    revision: str | None = None
