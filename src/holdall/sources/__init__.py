"""Reading sources: folders with artifacts in any of the layouts found in the wild.

Only the values are imported at once: every command sees them, few read a source.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from holdall.caps import DEFAULT_CAPS, Caps
from holdall.sources.values import (
    Diagnostic,
    FoundArtifact,
    FoundComposite,
    FoundMember,
    Reading,
    RemoteComposite,
)

__all__ = [
    "Claim",
    "Diagnostic",
    "FoundArtifact",
    "FoundComposite",
    "FoundMember",
    "Reading",
    "RemoteComposite",
    "read",
    "reading_to_json",
]

Claim = Callable[[Path, Path], FoundArtifact | None]
"""Asked about each file that no reader claimed: its path, and the source's."""


def read(source: Path, claim: Claim | None = None, caps: Caps = DEFAULT_CAPS) -> Reading:
    """Return what a source holds. Writes nothing.

    Whatever is wrong with single files is a diagnostic. Raises NotFoundError if there is no such
    source, InputError or StorageError if it cannot be read at all, RefusedError if it holds more
    than `caps` allow.
    """
    from holdall.sources.reader import read_source

    return read_source(source, claim, caps)


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """Return a reading as `holdall scan --json` prints it."""
    from holdall.sources.json_form import json_form

    return json_form(reading)
