"""Take over what another program's lock lists: it is under the project's own lock from then on.

Nothing that is in place is written again: what is as its source has it is as if Holdall had placed
it, what differs stays, as an edit. Links from one agent's folder to another's stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.protected import PROJECT_FILE
from holdall.collection.changes import Change
from holdall.deploy.locked.others.values import OtherLock
from holdall.deploy.locked.project_file import with_requirement
from holdall.deploy.locked.values import Lock, LockedArtifact, LockedSource, Requirement
from holdall.errors import ConflictError
from holdall.files.root import Root
from holdall.operations.projects.changes.add import deployer_for
from holdall.operations.projects.changes.taking.deployer import leave_in_place
from holdall.operations.projects.changes.taking.matching import Match, match
from holdall.operations.projects.changes.taking.places import find_lock, read_lock
from holdall.operations.projects.compare import remember
from holdall.operations.projects.files import ProjectFiles, read_files
from holdall.operations.projects.locked_deploy import Wanted
from holdall.operations.projects.sources.collecting import contents_of
from holdall.operations.projects.sources.located import locate_written
from holdall.operations.projects.sources.selection import choose
from holdall.operations.projects.sources.supply import Supply
from holdall.operations.projects.terms import Terms
from holdall.operations.projects.values import DeployResult
from holdall.sources.values import Diagnostic


class TakenOver(NamedTuple):
    """What was taken over, or would be; `notes` say what was not as the lock said."""

    program: str
    sources: tuple[LockedSource, ...]
    artifacts: tuple[LockedArtifact, ...]
    collection: Path
    changes: tuple[Change, ...]
    deployed: DeployResult
    notes: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


_Plan = Callable[[Lock], tuple[Requirement, Lock]]
"""Put into a lock what was planned to be collected, and return the requirement as it is then."""


class _State(NamedTuple):
    """The text of `holdall.toml` and the lock, while things are taken over."""

    text: str | None
    lock: Lock


def project_of_lock(text: str) -> Path:
    """Return the project that another program's lock is of; raises what finding it raises."""
    return find_lock(Path(text)).project


def take_over(terms: Terms, text: str, targets: Sequence[str] = ()) -> TakenOver:
    """Take over what a lock lists; `targets` are agents, instead of those that have it.

    Raises NotFoundError for what is neither in
    its source nor in place, ConflictError for a name that the collection has for something else,
    and what a collect and a deploy raise.
    """
    other = read_lock(find_lock(Path(text)))
    with Root(terms.project) as root:
        before = read_files(root)
    with Supply(terms) as supply:
        matches = [match(supply, one, targets or other.agents) for one in other.listed]
        parts = list(_group_matches(before, matches, targets))
        now = _lock_parts(supply, before, parts)
        known = set(before.lock.artifacts)
        new = [one for one in now.lock.artifacts if one not in known]
        deployer = leave_in_place(deployer_for(supply, before, now.text, now.lock, "add"))
        ids = frozenset(one.id for one in new)
        done = deployer.make(Wanted(now.lock, before.synced, ids), supply.contents)
        if not terms.dry_run:
            supply.conclude()
            remember(terms, now.lock, now.lock)
        had = {one.source for one in before.lock.sources}
        return TakenOver(
            other.program,
            tuple(one for one in now.lock.sources if one.source not in had),
            tuple(new),
            supply.root,
            supply.changes,
            done,
            (*_notes(matches, other), *deployer.left),
            tuple(dict.fromkeys(d for m in matches for d in m.reading.diagnostics)),
        )


class _Part(NamedTuple):
    """A requirement, and the matches that it is for."""

    requirement: Requirement
    matches: tuple[Match, ...]


def _group_matches(
    before: ProjectFiles, matches: Sequence[Match], targets: Sequence[str]
) -> Iterator[_Part]:
    """Yield a requirement for each source, at one state and for the same agents.

    Others of that source are required by their folders in it.
    """
    parts: dict[str, tuple[tuple[object, ...], list[Match]]] = {}
    required = {r.source: (object(),) for r in before.wanted.requirements}
    for one in matches:
        names = tuple(targets) or tuple(sorted(one.holders.places))
        if one.is_own:
            yield _Part(Requirement(id=one.ids[0], targets=names), (one,))
            continue
        key = (one.state, one.listed.revision, names)
        name = one.located.written
        taken = required.get(name) or (parts[name][0] if name in parts else key)
        if taken != key:
            name = _folder_of(one)
        parts.setdefault(name, (key, []))[1].append(one)
    for name, (_, some) in parts.items():
        ids = tuple(dict.fromkeys(i for one in some for i in one.ids))
        revision = some[0].listed.revision
        names = tuple(targets) or tuple(sorted(some[0].holders.places))
        yield _Part(Requirement(name, revision, ids, targets=names), tuple(some))


def _folder_of(one: Match) -> str:
    path = one.listed.path
    found = next((a.path for a in one.reading.artifacts if a.id == one.ids[0]), path)
    if one.located.kind != "git" or found in (None, "."):
        raise ConflictError(
            f"{one.located.written} is required already, in another way",
            hint=f"`holdall drop {one.located.written}`, then try again",
        )
    inner = "/".join(filter(None, (one.located.folder, found)))
    return f"{one.located.written.partition('#')[0]}#{inner}"


def _lock_parts(supply: Supply, before: ProjectFiles, parts: Sequence[_Part]) -> _State:
    """Return both files with what is taken over; that is planned to be collected, all of it."""
    plans = [
        (_plan_own if part.requirement.id is not None else _plan_source)(
            supply, part.requirement, part.matches[0], before.lock
        )
        for part in parts
    ]
    now = _State(before.wanted_text, before.lock)
    where = str(supply.terms.project / PROJECT_FILE)
    for plan in plans:
        requirement, lock = plan(now.lock)
        now = _State(with_requirement(now.text, requirement, where), lock)
    return now


def _plan_source(supply: Supply, requirement: Requirement, one: Match, before: Lock) -> _Plan:
    """Plan to collect what is taken over of a source."""
    located, reading = one.located, one.reading
    if requirement.source != located.written:
        assert requirement.source is not None, "asked before"
        located = locate_written(requirement.source, supply.terms.project)
        reading = supply.read(located, one.state)
        top = tuple(a.id for a in reading.artifacts if a.path == ".")
        requirement = requirement._replace(select=top or requirement.select)
    locks = supply.collect(requirement, located, reading, before)

    def plan(lock: Lock) -> tuple[Requirement, Lock]:
        known = set(lock.artifacts)
        lock = locks(lock, supply.terms.targets(requirement.targets))
        for row in lock.artifacts:
            if row.name is not None and row not in known:
                raise ConflictError(
                    f"{row.name} would be {row.id}: the collection has something else of that name",
                    hint=f"rename that with `holdall rename {row.name} NEW`, then try again",
                )
        return requirement, lock

    return plan


def _plan_own(supply: Supply, requirement: Requirement, one: Match, before: Lock) -> _Plan:
    """Plan to collect what only the project has."""
    choice = choose(one.reading, one.ids)
    ids = supply.collect_choice(one.located, one.reading, choice, before)
    own = ids[one.ids[0]]
    if own.name != one.listed.name:
        raise ConflictError(
            f"{one.listed.name} would be {own}: the collection has something else of that name",
            hint=f"rename that with `holdall rename {one.ids[0]} NEW`, then try again",
        )
    supply.contents |= contents_of(one.reading, ids, {own}, supply.scratch)
    found = next(a for a in one.reading.artifacts if a.id == one.ids[0])

    def plan(lock: Lock) -> tuple[Requirement, Lock]:
        supply.propose()
        row = LockedArtifact(
            own,
            supply.collection.manifest.by_id[own].uuid,
            content_hash=found.tree.content_hash,
            targets=requirement.targets,
            wanted_by=(own,),
        )
        others = [one for one in lock.artifacts if one.id != own]
        return requirement._replace(id=own), lock._replace(artifacts=(*others, row)).sort()

    return plan


def _notes(matches: Sequence[Match], other: OtherLock) -> Iterator[str]:
    yield from (one.note for one in matches if one.note is not None)
    places = dict.fromkeys(one.located.note for one in matches if not one.is_own)
    yield from (note for note in places if note is not None)
    links = dict.fromkeys(link for one in matches for link in one.holders.links)
    yield from (f"{link} is a link, and stays one" for link in links)
    if other.program != "openskills":
        yield f"the lock of {other.program} stays; delete it, so that one program updates these"
