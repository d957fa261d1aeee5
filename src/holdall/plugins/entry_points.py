"""Which plugins are installed, read from the distributions' own files.

`importlib.metadata` says the same, but takes longer to import than all that is read here.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any

from holdall import NamedTuple

_SEPARATORS = re.compile(r"[-_.]+")


class EntryPoint(NamedTuple):
    """What a distribution offers under a name: `value` is `module` or `module:attribute`."""

    name: str
    value: str
    distribution: str | None
    version: str | None

    def load(self) -> Any:
        """Import what the value names; raises whatever that leads to."""
        module, _, attribute = self.value.partition("[")[0].strip().partition(":")
        found: Any = import_module(module)
        for part in filter(None, attribute.split(".")):
            found = getattr(found, part)
        return found


def find_entry_points(group: str, folders: Sequence[str] | None = None) -> list[EntryPoint]:
    """Return the entry points of a group, in the order of their names.

    Looks through `sys.path` by default. Of two distributions of one name the first one counts, as
    it does for an import.
    """
    places = dict.fromkeys(sys.path if folders is None else folders)
    if any(os.path.isfile(place) for place in places):
        found = list(_of_archives_too(group, [*places]))
    else:
        found = [point for info in _infos(places) for point in _points(info, group)]
    return sorted(found, key=lambda point: (point.name, point.value))


def _of_archives_too(group: str, places: list[str]) -> Iterator[EntryPoint]:
    """Ask the standard library, which reads zip files."""
    from importlib.metadata import distributions

    seen = set()
    for found in distributions(path=places):
        if found.name not in seen:
            seen.add(found.name)
            for point in found.entry_points.select(group=group):
                yield EntryPoint(point.name, point.value, found.name, found.version)


def _infos(places: Iterable[str]) -> Iterator[str]:
    """Yield the metadata folder of each distribution that has entry points of any kind."""
    seen = set()
    for place in places:
        try:
            names = os.listdir(place or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                title = name.rpartition(".")[0].partition("-")[0]
                key = _SEPARATORS.sub("-", title).lower()
                if key not in seen:
                    seen.add(key)
                    yield os.path.join(place, name)


def _points(info: str, group: str) -> Iterator[EntryPoint]:
    section = None
    for line in _lines(os.path.join(info, "entry_points.txt")):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == group and not line.startswith(("#", ";")):
            name, equals, value = line.partition("=")
            if equals:
                yield EntryPoint(name.strip(), value.strip(), *_title(info))


def _title(info: str) -> tuple[str | None, str | None]:
    """Return a distribution's name and version."""
    found: dict[str, str] = {}
    for file in ("METADATA", "PKG-INFO"):
        for line in _lines(os.path.join(info, file)):
            key, _, value = line.partition(":")
            found.setdefault(key, value.strip())
    return found.get("Name"), found.get("Version")


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [line for line in map(str.strip, file) if line]
    except OSError:
        return []
