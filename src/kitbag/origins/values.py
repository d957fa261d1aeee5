"""What a source turns out to be: a folder to read, and what to call it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """A folder to read, where it comes from, and which state of that it is.

    `name` is what the manifest records. It stays the same from one revision to the next, so that a
    later collect knows what came from here, and holds no credentials.
    """

    folder: Path
    name: str
    revision: str | None = None
