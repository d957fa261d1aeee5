"""Where another program's lock is, which project it is of, and where in that its artifacts are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId, ArtifactType
from holdall.deploy.locked.others.forms import LOCKS, read_openskills, read_other_lock
from holdall.deploy.locked.others.values import OtherLock
from holdall.deploy.targets import BUILTIN_TARGETS, Target, Targets
from holdall.errors import NotFoundError, UsageError

_OPENSKILLS = ".openskills.json"
_HOME_LOCK = ".agents/.skill-lock.json"
_HINT = f"name one of {', '.join(LOCKS)}, or a project with skills of openskills"


class LockPlace(NamedTuple):
    """A lock of another program: the project that it is of, and the file, None for openskills."""

    project: Path
    file: Path | None


def find_lock(place: Path) -> LockPlace:
    """Find the lock that a path names: the file itself, or the only one in a project.

    Raises NotFoundError for none, UsageError for a file of another name, or for several.
    """
    if place.is_file():
        if place.name not in LOCKS:
            raise UsageError(f"{place} is no lock that Holdall reads", hint=_HINT)
        folder = place.parent
        above = folder.resolve().name == ".agents" and place.name == ".skill-lock.json"
        return LockPlace(folder.resolve().parent if above else folder, place)
    if not place.is_dir():
        raise NotFoundError(f"{place} is not there", hint=_HINT)
    names = [name for name in (*LOCKS, _HOME_LOCK) if (place / name).is_file()]
    if len(names) > 1:
        raise UsageError(
            f"{place} has several locks: {', '.join(names)}", hint="name one, and then the others"
        )
    if names:
        return LockPlace(place, place / names[0])
    if not any(True for _ in _marks(place)):
        raise NotFoundError(f"{place} has no lock of another program", hint=_HINT)
    return LockPlace(place, None)


def read_lock(place: LockPlace) -> OtherLock:
    """Read it; raises InputError that names the file and the key."""
    if place.file is not None:
        return read_other_lock(place.file)
    return read_openskills(dict(_marks(place.project)))


def _marks(project: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name of each skill that openskills installed, and what it left there."""
    for root in (".claude/skills", ".agent/skills", ".agents/skills"):
        folder = project / root
        for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
            if (mark := folder / name / _OPENSKILLS).is_file():
                yield name, mark


class Holders(NamedTuple):
    """The agents that have an artifact in a project, where it is for each, and links to that."""

    places: Mapping[str, Path]
    links: tuple[str, ...] = ()


def find_holders(
    project: Path, known: Targets, ids: Iterable[ArtifactId], agents: Sequence[str]
) -> Holders:
    """Find for which agents artifacts are in a project as files, through no link.

    Where several agents read one folder, `agents` come first, then those with marks of their own.
    """
    order = [*(a for a in agents if a in known), *known.find_in(project), *BUILTIN_TARGETS]
    places: dict[Path, str] = {}
    links: dict[str, None] = {}
    wanted = list(ids)
    for name in dict.fromkeys(order):
        target = known[name]
        for one in wanted:
            place = _place(target, one)
            if place is None or not os.path.lexists(project / place):
                continue
            link = _link_in(project, place)
            if link is not None:
                links.setdefault(link)
            else:
                places.setdefault(project / place, name)
    return Holders({name: place for place, name in reversed(places.items())}, tuple(links))


def _place(target: Target, one: ArtifactId) -> str | None:
    """Return where an agent has an artifact of its own form."""
    if one.type not in target.places or one.type in target.converts:
        return None
    if one.type == ArtifactType.PLUGIN_FILES:
        return None
    return str(target.path_of(one))


def _link_in(project: Path, place: str) -> str | None:
    """Return the part of a path that is a link."""
    parts = place.split("/")
    tops = ("/".join(parts[: end + 1]) for end in range(len(parts)))
    return next((top for top in tops if (project / top).is_symlink()), None)
