"""A project on a machine, how much of it is in which state, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from holdall import NamedTuple

SYNCED, OUTDATED, REMOVED, UNKNOWN, GONE = "synced", "outdated", "removed", "unknown", "gone"
"""States as `holdall status` has them, and one for what is not there any more."""


class Attention(NamedTuple):
    """A deployed artifact that is not synced. Of `target` and `root` one may be known only."""

    id: str
    state: str
    target: str | None = None
    root: str | None = None
    note: str | None = None


class FleetProject(NamedTuple):
    """A project on a machine: how many artifacts are in which state, and those to look at.

    `is_here` says that it was looked at now, on this machine. Else `reported_at` is when its
    machine reported it, and without that it is as the database has it. `note` says why it could not
    be looked at. `sources` has the version of each source of its lock, where that was reported.
    """

    machine: str
    project: str
    is_here: bool
    states: Mapping[str, int]
    attention: tuple[Attention, ...] = ()
    note: str | None = None
    reported_at: str | None = None
    sources: Mapping[str, str] = MappingProxyType({})

    @property
    def is_synced(self) -> bool:
        """Whether everything is as it should be."""
        return not (self.states.keys() - {SYNCED}) and self.note is None

    def to_json(self) -> dict[str, Any]:
        """Return the project as `holdall status --all --json` prints it."""
        return {
            **self._asdict(),
            "states": dict(self.states),
            "sources": dict(self.sources),
            "attention": [one._asdict() for one in self.attention],
        }
