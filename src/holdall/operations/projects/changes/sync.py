"""Make a project what its lock says; first make the lock what the project wants, if it may change.

What is settled already is known from the two files alone: a requirement whose revision, selection
and agents the lock has needs no source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.protected import LOCK_FILE, PROJECT_FILE
from holdall.deploy.locked.values import Lock, LockedArtifact, Requirement
from holdall.deploy.targets import Target, target_named
from holdall.errors import ConflictError
from holdall.operations.projects.changes.add import deployer_for
from holdall.operations.projects.compare import (
    Difference,
    compare,
    find_edited,
    open_to_compare,
    remember,
)
from holdall.operations.projects.files import ProjectFiles, read_both
from holdall.operations.projects.locked_deploy import Wanted, find_missing
from holdall.operations.projects.sources.located import Located, locate_written
from holdall.operations.projects.sources.own import lock_own
from holdall.operations.projects.sources.supply import Locks, Supply
from holdall.operations.projects.terms import Terms
from holdall.operations.projects.values import DeployResult
from holdall.sources.values import Reading


class Synced(NamedTuple):
    """What a sync did, or would do. `relocked` are the requirements that were locked again.

    `deployed` is None where everything was in place; `left` is what was edited, and stays.
    """

    lock: Lock
    relocked: tuple[str, ...] = ()
    deployed: DeployResult | None = None
    left: tuple[Difference, ...] = ()


class Unsettled(NamedTuple):
    """What the lock does not say as the project wants it."""

    requirements: tuple[tuple[Requirement, Located | None], ...]
    dropped: tuple[str, ...]
    lock: Lock

    def differences(self) -> Iterator[Difference]:
        """Yield what is to be locked again, or to go."""
        for requirement, _ in self.requirements:
            yield Difference(requirement.name, None, "is not locked as it is required")
        for name in self.dropped:
            yield Difference(name, None, "is locked, and not required any more")


def find_unsettled(terms: Terms, files: ProjectFiles) -> tuple[Unsettled, dict[str, Located]]:
    """Return what differs between the two files, and the sources by their names in the lock.

    In its lock, what is settled has the agents that are wanted now.
    """
    open_: list[tuple[Requirement, Located | None]] = []
    places: dict[str, Located] = {}
    lock, kept = files.lock, set()
    for requirement in files.wanted.requirements:
        names = requirement.targets or files.wanted.targets
        wished = [target_named(name, terms.known_targets) for name in names]
        if requirement.source is None:
            if not any(_is_own(one, requirement.id) for one in lock.artifacts):
                open_.append((requirement, None))
            kept.add(str(requirement.id))
            lock = _retarget(lock, None, requirement.id, wished)
            continue
        located = locate_written(requirement.source, terms.project)
        places[located.locked] = located
        locked = lock.source(located.locked)
        kept.add(located.locked)
        if locked is None or (locked.revision, locked.select) != (
            requirement.revision,
            requirement.select,
        ):
            open_.append((requirement, located))
        else:
            lock = _retarget(lock, located.locked, None, wished)
    own = {str(r) for a in lock.artifacts if a.source is None for r in a.wanted_by}
    gone = [s.source for s in lock.sources if s.source not in kept and not s.needed_by]
    dropped = gone + sorted(own - kept)
    return Unsettled(tuple(open_), tuple(dropped), lock), places


def _is_own(one: LockedArtifact, wanted: ArtifactId | None) -> bool:
    return one.source is None and wanted in one.wanted_by


def _retarget(
    lock: Lock, source: str | None, request: ArtifactId | None, wished: Sequence[Target]
) -> Lock:
    """Return a lock in which what a source or request brought is for other agents."""
    if not wished:
        return lock
    users = {one.companion: one.id.type for one in lock.artifacts if one.companion is not None}
    others = {one.source for one in lock.sources if one.needed_by}
    roots = {one.id for one in lock.artifacts if one.source == source and request is None}

    def retarget(one: LockedArtifact) -> LockedArtifact:
        is_meant = one.source == source and (request is None or request in one.wanted_by)
        is_meant |= one.source in others and not roots.isdisjoint(one.wanted_by)
        if not is_meant or one.content_hash is None:
            return one
        needed = users.get(one.id, one.id.type)
        names = (t.name for t in wished if t.knows(needed) and t.knows(one.id.type))
        return one._replace(targets=tuple(sorted(names)))

    return lock._replace(artifacts=tuple(map(retarget, lock.artifacts)))


def sync(terms: Terms, *, frozen: bool = False) -> Synced:
    """Make the lock what the project wants, and the project what the lock says.

    With `frozen` the lock does not change: ConflictError where it would have to.
    """
    files = read_both(terms.project)
    unsettled, places = find_unsettled(terms, files)
    differences = list(unsettled.differences())
    if frozen and (differences or unsettled.lock != files.lock):
        raise ConflictError(
            f"{terms.project / LOCK_FILE} is not what {PROJECT_FILE} asks for: "
            + ("; ".join(f"{one.what} {one.why}" for one in differences) or "for other agents"),
            hint="run `holdall sync` without --frozen, and keep the lock that it writes in git",
        )
    if not differences and is_in_place(terms, files, unsettled.lock):
        remember(terms, files.lock, files.synced)
        return Synced(files.lock)
    with Supply(terms) as supply:
        supply.places = places
        lock = unsettled.lock
        for name in unsettled.dropped:
            lock = lock.without_source(name) if lock.source(name) else _without_own(lock, name)
        lock = _lock_again(supply, files, lock, unsettled)
        wanted = Wanted(lock, with_all(files.synced, files.lock) if differences else files.synced)
        deployer = deployer_for(supply, files, None, lock, "sync")
        with deployer.open_project() as project:
            missing = find_missing(project, wanted, force=terms.force)
            left = [] if terms.force else list(find_edited(project, lock))
        supply.find(lock, missing)
        supply.join(lock)
        deployer = deployer_for(supply, files, None, lock, "sync")
        done = deployer.make(wanted, supply.contents)
        if not terms.dry_run:
            supply.conclude()
            # In a clone it is known only now what of its files was edited.
            left = remember(terms, lock, lock)
        names = tuple(requirement.name for requirement, _ in unsettled.requirements)
        return Synced(lock, names, done, tuple(left))


def with_all(synced: Lock, lock: Lock) -> Lock:
    """Return what either of two locks lists."""
    known = {(one.id, one.targets) for one in lock.artifacts}
    more = [one for one in synced.artifacts if (one.id, one.targets) not in known]
    return Lock(lock.sources, (*lock.artifacts, *more))


def _without_own(lock: Lock, name: str) -> Lock:
    """Return a lock without what an id of the own collection alone brought."""
    kept = []
    for one in lock.artifacts:
        left = tuple(request for request in one.wanted_by if str(request) != name)
        if one.source is not None or left:
            kept.append(one if one.source is not None else one._replace(wanted_by=left))
    return lock._replace(artifacts=tuple(kept))


def _lock_again(
    supply: Supply,
    files: ProjectFiles,
    lock: Lock,
    unsettled: Unsettled,
) -> Lock:
    """Return a lock with the requirements as they are now; what is locked stays at its commit."""
    terms = supply.terms
    readings = [
        None if located is None else _read(supply, lock, requirement, located)
        for requirement, located in unsettled.requirements
    ]
    planned: list[tuple[Requirement, Locks | None]] = []
    for (requirement, located), reading in zip(unsettled.requirements, readings, strict=True):
        locks = None
        if located is not None and reading is not None:
            locks = supply.collect(requirement, located, reading, lock)
        planned.append((requirement, locks))
    for requirement, locks in planned:
        wished = terms.targets(requirement.targets or files.wanted.targets)
        lock = lock_own(supply, lock, requirement, wished) if locks is None else locks(lock, wished)
    return lock


def _read(supply: Supply, lock: Lock, requirement: Requirement, located: Located) -> Reading:
    locked = lock.source(located.locked)
    if locked is not None and locked.revision == requirement.revision:
        return supply.read_locked(located, locked, requirement.select)
    return supply.read(located, requirement.revision, requirement.select)


def is_in_place(terms: Terms, files: ProjectFiles, lock: Lock) -> bool:
    """Return whether the project is what the lock says, as it was when it was last deployed."""
    from holdall.transaction.journal import is_unsettled

    if lock != files.lock or files.lock_text != files.synced_text or files.lock_text is None:
        return False
    if terms.force or is_unsettled(terms.project):
        return False
    with open_to_compare(terms, lock) as project:
        return not any(True for _ in compare(project, lock, files.synced))


def check(terms: Terms) -> list[Difference]:
    """Return in what a project is not what its two files say; nothing is written."""
    files = read_both(terms.project)
    unsettled, _ = find_unsettled(terms, files)
    found = list(unsettled.differences())
    if unsettled.lock != files.lock and not found:
        found.append(Difference(str(LOCK_FILE), None, "is for other agents than are wanted"))
    with open_to_compare(terms, files.lock) as project:
        found += compare(project, files.lock, files.synced)
    return found
