"""The projects that a collection's database knows: those here are looked at, others as recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.errors import HoldallError
from holdall.operations.projects.fleet.values import (
    GONE,
    OUTDATED,
    REMOVED,
    SYNCED,
    UNKNOWN,
    Attention,
    FleetProject,
)
from holdall.transaction.journal import is_unsettled

if TYPE_CHECKING:
    from holdall.deploy.status import ArtifactStatus
    from holdall.plugins.values import KnownDeployment

Look = Callable[[Path], Sequence["ArtifactStatus"]]
_UNFINISHED = "an interrupted run left something: any command in the project finishes it"


def look_at_all(known: Iterable[KnownDeployment], look: Look) -> Iterator[FleetProject]:
    """Yield every project, by machine and path, those of this machine first.

    `look` returns what `holdall status` says of a project here. What cannot be looked at has a note
    that says why.
    """
    places = sorted(known, key=lambda one: (not one.is_here, one.host, one.project, one.id))
    for (is_here, host, project), some in groupby(
        places, lambda one: (one.is_here, one.host, one.project)
    ):
        rows = list(some)
        if not is_here:
            yield _make(host, project, False, [_as_recorded(row) for row in rows])
        elif not Path(project).is_dir():
            yield _make(host, project, True, [_of_row(row, GONE) for row in rows])
        else:
            yield _look_here(host, project, rows, look)


def _look_here(
    host: str, project: str, rows: Sequence[KnownDeployment], look: Look
) -> FleetProject:
    try:
        found = look(Path(project))
        note = _UNFINISHED if is_unsettled(Path(project)) else None
    except HoldallError as error:
        states = [_of_row(row, UNKNOWN) for row in rows]
        return _make(host, project, True, states, error.message)
    there = {one.uuid for one in found} | {str(one.id) for one in found}
    gone = [
        _of_row(row, GONE, "the project does not have it")
        if row.is_finished
        else _of_row(row, UNKNOWN, "a deploy was begun and not finished")
        for row in rows
        if not {row.uuid, row.id} & there
    ]
    seen = [Attention(str(o.id), o.state.value, o.target, None, o.note) for o in found]
    return _make(host, project, True, [*seen, *gone], note)


def _as_recorded(row: KnownDeployment) -> Attention:
    """Compare what was placed with what the collection's newest release has."""
    if not row.is_finished:
        return _of_row(row, UNKNOWN, "a deploy was begun and not finished")
    if row.current is None:
        return _of_row(row, REMOVED, "not in the collection")
    if row.current == row.content_hash or row.is_pinned:
        return _of_row(row, SYNCED)
    return _of_row(row, OUTDATED, "the collection has other content")


def _of_row(row: KnownDeployment, state: str, note: str | None = None) -> Attention:
    return Attention(row.id, state, None, row.target_root, note)


def _make(
    host: str, project: str, is_here: bool, found: Sequence[Attention], note: str | None = None
) -> FleetProject:
    attention = tuple(one for one in found if one.state != SYNCED)
    states = Counter(one.state for one in found)
    return FleetProject(host, project, is_here, states, attention, note)
