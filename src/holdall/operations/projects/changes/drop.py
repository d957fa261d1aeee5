"""Take something out of what a project wants, and out of the project."""

from __future__ import annotations

from collections.abc import Sequence

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.protected import LOCK_FILE, PROJECT_FILE
from holdall.artifacts.references import find_named
from holdall.deploy.locked.project_file import (
    parse_project_file,
    with_requirement,
    without_requirement,
)
from holdall.deploy.locked.values import Lock, LockedArtifact, Requirement
from holdall.errors import ConflictError, NotFoundError
from holdall.operations.examine import find_deployed_ids
from holdall.operations.projects.changes.add import deployer_for
from holdall.operations.projects.changes.sync import with_all
from holdall.operations.projects.files import read_both
from holdall.operations.projects.locked_deploy import Wanted
from holdall.operations.projects.sources.located import locate_written
from holdall.operations.projects.sources.supply import Supply
from holdall.operations.projects.terms import Terms
from holdall.operations.projects.values import DeployResult


class Dropped(NamedTuple):
    """What a drop took out, or would: the ids that are locked no more."""

    ids: tuple[ArtifactId, ...]
    deployed: DeployResult


class _Without(NamedTuple):
    """The text of `holdall.toml` and the lock without something."""

    text: str
    lock: Lock


def drop(terms: Terms, names: Sequence[str]) -> Dropped:
    """Drop ids, names or sources that the project requires; what nothing else wants goes.

    Raises NotFoundError for what is not required, ConflictError for a member of a composite.
    """
    files = read_both(terms.project)
    now = _Without(files.wanted_text or "", files.lock)
    for name in names:
        now = _drop_one(terms, now, name)
    gone = {one.id for one in files.lock.artifacts} - {one.id for one in now.lock.artifacts}
    with Supply(terms) as supply:
        deployer = deployer_for(supply, files, now.text, now.lock, "drop")
        wanted = Wanted(now.lock, with_all(files.synced, files.lock), frozenset())
        return Dropped(tuple(sorted(gone)), deployer.make(wanted, {}))


def _drop_one(terms: Terms, now: _Without, name: str) -> _Without:
    where = str(terms.project / PROJECT_FILE)
    required = parse_project_file(now.text, where).requirements
    for requirement in required:
        if name in (requirement.name, requirement.source) or str(requirement.id) == name:
            return _without(terms, now, requirement, where)
    found = find_named(name, {one.id for one in now.lock.artifacts}, prefer_composite=True)
    if found is None:
        by_hand = find_named(name, find_deployed_ids(terms.project), prefer_composite=True)
        raise NotFoundError(
            f"{name!a} is not in {terms.project / LOCK_FILE}",
            hint="`holdall why` with an id says what asked for it; `holdall status` lists all"
            if by_hand is None
            else f"it was deployed by hand: `holdall undeploy {by_hand}` removes it",
        )
    every = [one for one in now.lock.artifacts if one.id == found]
    rows = [one for one in every if found in one.wanted_by]
    if not rows:
        others = " and ".join(dict.fromkeys(str(r) for one in every for r in one.wanted_by))
        raise ConflictError(
            f"{found} is there because of {others}", hint=f"drop {others}, or select less of it"
        )
    for one in rows:
        now = _without_row(terms, now, one, where)
    return now


def _without_row(terms: Terms, now: _Without, one: LockedArtifact, where: str) -> _Without:
    """Drop what one source has of an id, or the collection."""
    for requirement in parse_project_file(now.text, where).requirements:
        if requirement.source is None:
            if one.source is None and requirement.id == one.id:
                return _without(terms, now, requirement, where)
        elif locate_written(requirement.source, terms.project).locked == one.source:
            return _with_less(terms, now, requirement, one, where)
    raise ConflictError(
        f"{one.id} is in holdall.lock, and holdall.toml does not require it",
        hint="`holdall sync` makes the lock what holdall.toml says",
    )


def _without(terms: Terms, now: _Without, requirement: Requirement, where: str) -> _Without:
    text = without_requirement(now.text, requirement.name, where)
    if requirement.source is not None:
        name = locate_written(requirement.source, terms.project).locked
        return _Without(text, now.lock.without_source(name))
    rows = [
        one._replace(wanted_by=tuple(r for r in one.wanted_by if r != requirement.id))
        if one.source is None
        else one
        for one in now.lock.artifacts
    ]
    return _Without(text, now.lock._replace(artifacts=tuple(r for r in rows if r.wanted_by)))


def _with_less(
    terms: Terms, now: _Without, requirement: Requirement, one: LockedArtifact, where: str
) -> _Without:
    """Select less of a source; a source of which all was selected is selected by name from now."""
    own = [a for a in now.lock.artifacts if a.source == one.source]
    roots = dict.fromkeys(r for a in own for r in a.wanted_by)
    names = {a.id: a.name or a.id for a in own}
    left = tuple(names[root] for root in roots if root != one.id and root in names)
    if requirement.select is not None:
        left = tuple(s for s in requirement.select if s != names[one.id])
    if not left:
        return _without(terms, now, requirement, where)
    new = requirement._replace(select=left)
    rows = []
    for row in now.lock.artifacts:
        if row.source == one.source:
            row = row._replace(wanted_by=tuple(r for r in row.wanted_by if r != one.id))
        if row.wanted_by:
            rows.append(row)
    sources = [s._replace(select=left) if s.source == one.source else s for s in now.lock.sources]
    text = with_requirement(now.text, new, where)
    return _Without(text, Lock(tuple(sources), tuple(rows)).without_unneeded().sort())
