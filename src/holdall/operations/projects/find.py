"""Where the projects are that a command means."""

from __future__ import annotations

import os
from pathlib import Path

from holdall.errors import NotFoundError

_FILE = "holdall.toml"


def find_project(start: Path) -> Path:
    """Return the nearest folder upwards with a `holdall.toml`, `start` if there is none."""
    place = Path(os.path.realpath(start))
    for folder in (place, *place.parents):
        if os.path.lexists(folder / _FILE):
            return start if folder == place else folder
    return start


def projects_below(start: Path) -> list[Path]:
    """Return each folder below with a `holdall.toml`, in order; raises NotFoundError for none.

    Hidden folders, those of others' packages, and what links lead to are left out.
    """
    from holdall.files.folders import is_left_out

    found = []
    for folder, folders, files in os.walk(start):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and not is_left_out(f))
        if _FILE in files:
            found.append(Path(folder))
    if not found:
        raise NotFoundError(f"no {_FILE} in {start} or below", hint="`holdall add` makes one")
    return found
