"""Add what a source has to a project: collect it, write it down, deploy it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId, ArtifactType
from holdall.artifacts.protected import PROJECT_FILE
from holdall.collection.changes import Change
from holdall.deploy.locked.project_file import with_requirement
from holdall.deploy.locked.values import Lock, LockedArtifact, LockedSource, Requirement
from holdall.errors import LocalEditError, NotFoundError
from holdall.files.root import Root
from holdall.operations.projects.compare import remember
from holdall.operations.projects.files import ProjectFiles, file_actions, read_files
from holdall.operations.projects.locked_deploy import LockedDeployer, Wanted
from holdall.operations.projects.sources.located import Located, locate, locate_written
from holdall.operations.projects.sources.selection import resolve
from holdall.operations.projects.sources.supply import Supply
from holdall.operations.projects.terms import Terms
from holdall.operations.projects.values import DeployResult
from holdall.sources.values import Diagnostic, Reading

Ask = Callable[[Reading], Sequence[ArtifactId] | None]
"""Let the user choose what to add of a source; None for all."""


class Added(NamedTuple):
    """What an add did, or would do."""

    sources: tuple[LockedSource, ...]
    artifacts: tuple[LockedArtifact, ...]
    collection: Path
    changes: tuple[Change, ...]
    deployed: DeployResult
    diagnostics: tuple[Diagnostic, ...]


def add(
    terms: Terms,
    source: str,
    names: Sequence[str] = (),
    targets: Sequence[str] = (),
    ask: Ask | None = None,
) -> Added:
    """Add a source, or what `names` choose of it, to a project's files, and deploy it.

    What is required of the source already stays; a revision that was named replaces that one.
    `targets` are agents for this source alone. Raises what a collect and a deploy raise.
    """
    located, revision = locate(source, terms.project)
    with Root(terms.project) as root:
        before = read_files(root)
    located, old = _find_required(terms, before, located)
    revision = revision or (old.revision if old is not None else None)
    with Supply(terms) as supply:
        reading = supply.read(located, revision, _find_named(old, names))
        if not reading.artifacts:
            raise NotFoundError(
                f"{located.written} has nothing to add",
                hint="`holdall scan` with the same source says what it looked at",
            )
        chosen = _choose_ids(reading, names, ask)
        requirement = _make_requirement(old, located, revision, chosen, targets)
        wished = terms.targets(requirement.targets or before.wanted.targets)
        locks = supply.collect(requirement, located, reading, before.lock)
        lock = locks(before.lock, wished)
        sources = tuple(s for s in lock.sources if s.source == located.locked or s.needed_by)
        places = {source.source for source in sources}
        artifacts = tuple(one for one in lock.artifacts if one.source in places)
        where = str(terms.project / PROJECT_FILE)
        text = with_requirement(before.wanted_text, requirement, where)
        ids = frozenset(one.id for one in artifacts)
        deployer = deployer_for(supply, before, text, lock, "add")
        try:
            done = deployer.make(Wanted(lock, before.synced, ids), supply.contents)
        except LocalEditError as error:
            raise _explain(error, before.lock, artifacts, located) from error
        if old is None and located.note is not None:
            terms.session.reporter.note(located.note)
        if not terms.dry_run:
            supply.conclude()
            remember(terms, lock, lock)
        change = supply.root, supply.changes
        return Added(sources, artifacts, *change, done, reading.diagnostics)


def _find_required(
    terms: Terms, before: ProjectFiles, located: Located
) -> tuple[Located, Requirement | None]:
    """Return a source as the project requires it already, and how; a path may have two names."""
    for one in before.wanted.requirements:
        if one.source == located.written:
            return located, one
        if one.source is not None and one.source.removeprefix("git+").startswith((".", "/")):
            known = locate_written(one.source, terms.project)
            if (known.kind, known.recorded) == (located.kind, located.recorded):
                return known, one
    return located, None


def _explain(
    error: LocalEditError, before: Lock, artifacts: Sequence[LockedArtifact], located: Located
) -> LocalEditError:
    """Say why files of what was there already are in the way: its source has another version."""
    old = {one.id: one for one in before.artifacts if one.source == located.locked}
    moved = [
        str(one.id)
        for one in artifacts
        if one.id in old and old[one.id].content_hash != one.content_hash
    ]
    if not moved:
        return error
    return LocalEditError(
        f"{located.written} has another version of {', '.join(moved)} by now, which would come"
        f" with what you add; {error.message}",
        hint=f"`holdall update {located.written}` merges your edits with it; then add again",
    )


def deployer_for(
    supply: Supply, before: ProjectFiles, wanted_text: str | None, lock: Lock, command: str
) -> LockedDeployer:
    """Return what makes a project what a lock says, and writes the project's own files."""
    terms, first = supply.terms, supply.half()
    rows = (*lock.artifacts, *before.lock.artifacts, *before.synced.artifacts)
    there = {name for one in rows for name in one.targets}
    return LockedDeployer(
        supply.collection,
        terms.project,
        [target for name, target in terms.known_targets.items() if name in there],
        terms.session,
        terms.force,
        terms.dry_run,
        terms.allowance,
        command,
        lambda root: tuple(file_actions(root, before, wanted_text, lock)),
        first,
    )


def _choose_ids(
    reading: Reading, names: Sequence[str], ask: Ask | None
) -> tuple[ArtifactId, ...] | None:
    """Return what is chosen by name or by the user; None for all."""
    if names:
        return resolve(reading, names)
    answer = None if ask is None else ask(reading)
    return None if answer is None else tuple(answer)


def _find_named(old: Requirement | None, names: Sequence[str]) -> tuple[ArtifactId, ...] | None:
    """Return what has to be read, as far as names alone say: skills; None for all."""
    kept = () if old is None else old.select
    if not names or kept is None:
        return None
    skills = [ArtifactId(ArtifactType.SKILL, name.removeprefix("skill:")) for name in names]
    return (*kept, *skills)


def _make_requirement(
    old: Requirement | None,
    located: Located,
    revision: str | None,
    chosen: tuple[ArtifactId, ...] | None,
    targets: Sequence[str],
) -> Requirement:
    """Return the requirement as it will be: what was chosen now, with what was chosen before."""
    select = chosen
    if old is not None and chosen is not None:
        select = None if old.select is None else tuple(dict.fromkeys((*old.select, *chosen)))
    given = tuple(dict.fromkeys(targets)) or (old.targets if old is not None else ())
    return Requirement(located.written, revision, select, targets=given)
