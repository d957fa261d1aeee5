"""What a project requires, and whether its channels name what is locked of that already.

Without a collection, a database or what brings something: most updates of a fleet have nothing to
do, and are one request for each channel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.references import find_named
from holdall.deploy.locked.values import Requirement
from holdall.errors import NotFoundError
from holdall.operations.projects.files import ProjectFiles, read_both
from holdall.operations.projects.sources.located import Located, locate_written
from holdall.sources.fetch.published.channel import published_state


def is_newest(project: Path, names: Sequence[str]) -> bool:
    """Return whether an update has nothing to bring; False where only an update can know.

    Raises what `find_required` and reading a channel raise.
    """
    files = read_both(project)
    requirements = find_required(files, project, names)
    return bool(requirements) and all(_is_newest(files, *one) for one in requirements)


def find_required(
    files: ProjectFiles, project: Path, names: Sequence[str]
) -> list[tuple[Requirement, Located | None]]:
    """Return the requirements that names mean, all without a name, with where they are.

    Raises NotFoundError for a name that means none.
    """
    every = [
        (r, locate_written(r.source, project) if r.source is not None else None)
        for r in files.wanted.requirements
    ]
    if not names:
        return every
    found: list[tuple[Requirement, Located | None]] = []
    roots: dict[str, set[ArtifactId]] = defaultdict(set)
    for one in files.lock.artifacts:
        if one.source is not None and one.id in one.wanted_by:
            roots[one.source].add(one.id)
    for name in names:
        own = find_named(name, {a.id for a in files.lock.artifacts}, prefer_composite=True)
        rows = [a for a in files.lock.artifacts if a.id == own]
        some = [
            (requirement, located)
            for requirement, located in every
            if name in (requirement.name, requirement.source, located and located.locked)
            or any(
                row.source == located.locked or roots[located.locked] & set(row.wanted_by)
                if located
                else requirement.id in row.wanted_by
                for row in rows
            )
        ]
        if not some:
            raise NotFoundError(
                f"the project requires no {name!a}",
                hint="name an id that is in holdall.lock, or a source as holdall.toml has it",
            )
        found += [one for one in some if one not in found]
    return found


def _is_newest(files: ProjectFiles, requirement: Requirement, located: Located | None) -> bool:
    """Return whether a channel names what is locked of its collection, by one request."""
    if located is None or located.kind != "published":
        return False
    locked = files.lock.source(located.locked)
    names = set(requirement.targets or files.wanted.targets)
    rows = [a for a in files.lock.artifacts if a.source == located.locked]
    if locked is None or locked.select != requirement.select or not rows:
        return False
    if names and any(set(row.targets) != names for row in rows):
        return False
    return locked.digest == published_state(located.address(None))
