"""Bring a project what its sources have now: planned, shown, agreed to, then done.

Everything is planned first, with nothing written: what conflicts with an edit, or lacks consent,
is refused before the collection or the project changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.collection.changes import Change
from holdall.deploy.consent.allowance import Allowance, Situation
from holdall.deploy.consent.questions import effects_of
from holdall.deploy.locked.values import Lock, LockedArtifact, LockedSource, Requirement
from holdall.deploy.planning.plan import PlannedArtifact, StoredContent
from holdall.deploy.targets import Target, target_named
from holdall.errors import HoldallError
from holdall.files.merge.lines import MAX_TEXT_BYTES
from holdall.operations.projects.changes.add import deployer_for
from holdall.operations.projects.changes.newest import find_required
from holdall.operations.projects.compare import remember
from holdall.operations.projects.files import ProjectFiles, read_both
from holdall.operations.projects.locked_deploy import LockedDeployer, Wanted, find_missing
from holdall.operations.projects.merging.conflict_copy import ConflictCopy
from holdall.operations.projects.merging.conflicts import Conflicts, Decisions, Edits
from holdall.operations.projects.merging.merged_deploy import MergingDeployer
from holdall.operations.projects.sources.located import Located
from holdall.operations.projects.sources.own import lock_own
from holdall.operations.projects.sources.supply import Locks, Supply
from holdall.operations.projects.terms import Terms
from holdall.operations.projects.values import DeployResult
from holdall.sources.fetch.ranges import is_range
from holdall.transaction.placement import content_of


class ArtifactUpdate(NamedTuple):
    """What an update does to an artifact: its content before and after, None where it is not there.

    `files` are pairs of a path in it and `added`, `changed` or `removed`, None where what was
    there is not known. `effects` are what it lets an agent run now, and did not before.
    """

    id: ArtifactId
    old: str | None
    new: str | None
    files: tuple[tuple[str, str], ...] | None
    effects: tuple[str, ...]


class SourceUpdate(NamedTuple):
    """A source, how it was locked, and how it is locked now.

    `newest` is its newest version, maybe outside of the range that is required; None without one.
    """

    name: str
    old: LockedSource | None
    new: LockedSource | None
    artifacts: tuple[ArtifactUpdate, ...]
    newest: str | None = None


class Updated(NamedTuple):
    """What an update did, or would do. `deployed` is None where there is nothing to update."""

    sources: tuple[SourceUpdate, ...]
    deployed: DeployResult | None = None
    changes: tuple[Change, ...] = ()


Agree = Callable[[Sequence[SourceUpdate]], bool]
"""Show what would be done; return whether to do it."""


class _Asking(Allowance):
    """Refuses what is not allowed while it is only planned, too."""

    def check(
        self, situation: Situation, say: Callable[[str], None], *, dry_run: bool
    ) -> list[str]:
        del say, dry_run
        return super().check(situation, lambda _: None, dry_run=False)


def update(
    terms: Terms,
    names: Sequence[str],
    edits: Edits,
    agree: Agree,
    decisions: Decisions | Path | None = None,
) -> Updated | None:
    """Update what the project requires, or of that what `names` say: ids, names, or sources.

    `decisions` has what was decided about what does not merge, or is a folder into which that is
    copied for the user to edit; what is there already is taken. Returns None where the user does
    not agree. Raises NotFoundError for what is not required, UnsettledError for an edit that does
    not merge, and what a deploy raises; neither the collection nor the project changes then.
    """
    files = read_both(terms.project)
    requirements = find_required(files, terms.project, names)
    planning = replace(terms, dry_run=True)
    if not terms.dry_run:
        asking = _Asking(*(getattr(terms.allowance, f.name) for f in fields(terms.allowance)))
        planning = replace(planning, allowance=asking)
    with Supply(planning) as supply:
        if isinstance(decisions, Path):
            decisions = ConflictCopy(decisions, supply.root, terms.project)
        supply.conflicts = Conflicts(edits, decisions)
        lock = _relock(supply, files, requirements)
        changes = supply.changes
        plan = tuple(_differences(supply, files, lock, requirements))
        if lock == files.lock and not supply.conflicts.are_open:
            return Updated(plan)
        bases = _Bases(supply, files.lock)
        shown = _deploy(supply, files, lock, bases)
        supply.release()
        supply.conflicts.refuse(dry_run=terms.dry_run)
        if not agree(plan):
            return None
        if terms.dry_run:
            return Updated(plan, shown, changes)
        supply.begin(terms)
        lock = _relock(supply, files, requirements)
        done = _deploy(supply, files, lock, bases)
        supply.conclude()
        remember(terms, lock, lock)
        return Updated(plan, done, supply.changes)


def _relock(
    supply: Supply, files: ProjectFiles, requirements: Sequence[tuple[Requirement, Located | None]]
) -> Lock:
    for requirement, located in requirements:
        if located is not None:
            supply.places[located.locked] = located
            supply.read(
                located, requirement.revision, requirement.select
            )  # before the collection is locked
    planned: list[Locks | None] = []
    for requirement, located in requirements:
        if located is None:
            planned.append(None)
        else:
            reading = supply.read(located, requirement.revision, requirement.select)
            planned.append(supply.collect(requirement, located, reading, files.lock))
    lock = files.lock
    for (requirement, located), locks in zip(requirements, planned, strict=True):
        source = None if located is None else located.locked
        targets = _targets(supply.terms, files, requirement, source)
        if locks is None:
            lock = lock_own(supply, _without(lock, requirement.id), requirement, targets)
        else:
            lock = locks(lock, targets)
    return lock


def _without(lock: Lock, request: ArtifactId | None) -> Lock:
    rows = [
        one
        if one.source is not None
        else one._replace(wanted_by=tuple(r for r in one.wanted_by if r != request))
        for one in lock.artifacts
    ]
    return lock._replace(artifacts=tuple(row for row in rows if row.wanted_by))


def _targets(
    terms: Terms, files: ProjectFiles, requirement: Requirement, source: str | None
) -> list[Target]:
    """Return the agents for a requirement: as they are named, else those that it is locked for."""
    names = requirement.targets or files.wanted.targets
    if not names:
        rows = [
            a
            for a in files.lock.artifacts
            if a.source == source and (source is not None or requirement.id in a.wanted_by)
        ]
        names = tuple(dict.fromkeys(t for row in rows for t in row.targets))
    if not names:
        return terms.targets(())
    return [target_named(name, terms.known_targets) for name in names]


class _Bases:
    """The bytes of what is locked before: of the collection, else of the source as it was."""

    def __init__(self, supply: Supply, lock: Lock) -> None:
        self._supply, self._lock = supply, lock
        self._by_id = {one.id: one for one in lock.artifacts}
        self._found: dict[ArtifactId, StoredContent | None] = {}

    def __call__(self, artifact_id: ArtifactId) -> StoredContent | None:
        if artifact_id not in self._found:
            found = self._find(artifact_id)
            # Read now: where they are in the collection, the update is about to write.
            self._found[artifact_id] = found and self._with_bytes(artifact_id, found)
        return self._found[artifact_id]

    def _with_bytes(self, artifact_id: ArtifactId, found: StoredContent) -> StoredContent:
        spec = self._supply.collection.spec_of(artifact_id)
        made = {}
        for file in found.tree.files:
            content = content_of(found.location, spec, found.tree, file)
            if file.size <= MAX_TEXT_BYTES:
                made[file.path] = content if isinstance(content, bytes) else content.read_bytes()
        return found._replace(tree=replace(found.tree, made=made))

    def _find(self, artifact_id: ArtifactId) -> StoredContent | None:
        one = self._by_id.get(artifact_id)
        if one is None or one.content_hash is None:
            return None
        known = self._supply.find_known([one]).get(artifact_id)
        if known is not None:
            return known
        try:
            return self._supply.locked_content(self._lock, one)
        except HoldallError:
            return None


def _deploy(supply: Supply, files: ProjectFiles, lock: Lock, bases: _Bases) -> DeployResult:
    plain = deployer_for(supply, files, None, lock, "update")
    values = {f.name: getattr(plain, f.name) for f in fields(LockedDeployer)}
    deployer = MergingDeployer(**values, conflicts=supply.conflicts, bases=bases)
    changed = {one.id for one in lock.artifacts if one not in files.lock.artifacts}
    wanted = Wanted(lock, _list_synced(files), frozenset(changed))
    with deployer.open_project() as project:
        missing = find_missing(project, wanted, force=supply.terms.force)
    supply.find(lock, missing)
    return deployer.make(wanted, supply.contents)


def _list_synced(files: ProjectFiles) -> Lock:
    from holdall.operations.projects.changes.sync import with_all

    return with_all(files.synced, files.lock)


def _differences(
    supply: Supply,
    files: ProjectFiles,
    lock: Lock,
    requirements: Sequence[tuple[Requirement, Located | None]],
) -> Iterator[SourceUpdate]:
    """Yield what changes of each source."""
    for requirement, located in requirements:
        if located is None:
            old = {a.id: a for a in files.lock.artifacts if requirement.id in a.wanted_by}
            new = {a.id: a for a in lock.artifacts if requirement.id in a.wanted_by}
            states: tuple[LockedSource | None, LockedSource | None] = (None, None)
        else:
            old = {a.id: a for a in files.lock.artifacts if a.source == located.locked}
            new = {a.id: a for a in lock.artifacts if a.source == located.locked}
            states = (files.lock.source(located.locked), lock.source(located.locked))
        known = supply.find_known([a for i, a in old.items() if _hash(a) != _hash(new.get(i))])
        updates = tuple(
            _update(supply, own, old.get(own), new.get(own), known.get(own))
            for own in {**old, **new}
            if _hash(old.get(own)) != _hash(new.get(own)) or (own in old) != (own in new)
        )
        newest = None
        if located is not None and is_range(requirement.revision):
            tag = supply.read(located, requirement.revision, requirement.select).tag
            newest = tag.newest if tag is not None else None
        yield SourceUpdate(requirement.name, *states, updates, newest)


def _hash(one: LockedArtifact | None) -> str | None:
    return None if one is None else one.content_hash


def _update(
    supply: Supply,
    own: ArtifactId,
    old: LockedArtifact | None,
    new: LockedArtifact | None,
    known: StoredContent | None,
) -> ArtifactUpdate:
    now = supply.contents.get(own) if new is not None else None
    files: tuple[tuple[str, str], ...] | None = None
    if old is None or known is not None:
        before = {f.path: f for f in known.tree.files} if known is not None else {}
        after = {f.path: f for f in now.tree.files} if now is not None else {}
        files = tuple(
            (str(path), _kind(before.get(path), after.get(path)))
            for path in sorted({**before, **after})
            if before.get(path) != after.get(path)
        )
    names = new.targets if new is not None else ()
    targets = [target_named(name, supply.terms.known_targets) for name in names]
    was = {e for t in targets for e in _effects(supply, own, known, t)}
    effects = dict.fromkeys(e for t in targets for e in _effects(supply, own, now, t))
    return ArtifactUpdate(
        own, _hash(old), _hash(new), files, tuple(e for e in effects if e not in was)
    )


def _kind(before: object, after: object) -> str:
    if before is None:
        return "added"
    return "changed" if after is not None else "removed"


def _effects(
    supply: Supply, own: ArtifactId, content: StoredContent | None, target: Target
) -> list[str]:
    if content is None:
        return []
    artifact = PlannedArtifact(own, content.tree, content.location, ())
    return effects_of(artifact, target, supply.terms.project)
