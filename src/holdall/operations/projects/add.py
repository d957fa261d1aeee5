"""Add what a source has to a project: collect it, write it down, deploy it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.limits import Caps
from holdall.artifacts.protected import PROJECT_FILE
from holdall.collection.changes import Change
from holdall.deploy.consent.allowance import Allowance
from holdall.deploy.locked.project_file import with_requirement
from holdall.deploy.locked.values import Lock, LockedArtifact, LockedSource, Requirement
from holdall.deploy.project.project import targets_in
from holdall.deploy.targets import Target, Targets, target_named, targets_for
from holdall.errors import NotFoundError
from holdall.files.root import Root
from holdall.files.scratch import Scratch
from holdall.operations.projects.collecting import (
    changes_made,
    collect_choice,
    collected_contents,
    contents_of,
    locked_artifacts,
    locked_source,
    own_collection,
)
from holdall.operations.projects.files import ProjectFiles, file_actions, read_files
from holdall.operations.projects.located import Located, locate
from holdall.operations.projects.locked_deploy import LockedDeployer, Wanted
from holdall.operations.projects.selection import choose, resolve
from holdall.operations.projects.values import DeployResult
from holdall.operations.read_source import open_source
from holdall.operations.session import Session
from holdall.sources.values import Diagnostic, Reading

Ask = Callable[[Reading], Sequence[ArtifactId] | None]
"""Let the user choose what to add of a source; None for all."""


@dataclass(frozen=True)
class Terms:
    """How commands of a project's lock work: where, with whose consent, and whether at all."""

    session: Session
    project: Path
    caps: Caps
    allowance: Allowance
    force: bool = False
    dry_run: bool = False
    takes_hidden: bool = False

    @property
    def known_targets(self) -> Targets:
        """All targets that are there for the project."""
        return targets_for(self.session.plugins.targets, self.project)

    def targets(self, names: Sequence[str]) -> list[Target]:
        """Return the targets of these names, else those found in the project, else `claude`."""
        known = self.known_targets
        if not names:
            deployed = targets_in(self.project, known)
            names = [name for name in known if name in {*known.found_in(self.project), *deployed}]
        if not names:
            names = ["claude"]
            self.session.reporter.note(f"for claude: no agent was found in {self.project}")
        return [target_named(name, known) for name in dict.fromkeys(names)]


class Added(NamedTuple):
    """What an add did, or would do."""

    source: LockedSource
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
    session, project = terms.session, terms.project
    located, revision = locate(source, project)
    with Root(project) as root:
        before = read_files(root)
    old = next((r for r in before.wanted.requirements if _is(r, located)), None)
    with Scratch() as scratch:
        revision = revision or (old.revision if old is not None else None)
        with open_source(session.plugins, located.address(revision), terms.caps) as reading:
            if not reading.artifacts:
                raise NotFoundError(
                    f"{located.written} has nothing to add",
                    hint="`holdall scan` with the same source says what it looked at",
                )
            chosen = _chosen(reading, names, ask)
            requirement = _required(old, located, revision, chosen, targets)
            choice = choose(reading, requirement.select)
            collection_root = own_collection(session, scratch, dry_run=terms.dry_run)
            collected = collect_choice(
                session,
                collection_root,
                reading,
                choice,
                locked=before.lock,
                dry_run=terms.dry_run,
                takes_hidden=terms.takes_hidden,
            )
            wished = terms.targets(requirement.targets or before.wanted.targets)
            of_source = tuple(
                locked_artifacts(reading, choice, located, collected, before.lock, wished)
            )
            state = locked_source(requirement, located, reading.revision)
            lock = with_source(before.lock, state, of_source)
            where = str(project / PROJECT_FILE)
            text = with_requirement(before.wanted_text, requirement, where)
            known = terms.known_targets
            deployer = LockedDeployer(
                collected.collection,
                project,
                [known[name] for name in known if _has(lock, before, name)],
                session,
                terms.force,
                terms.dry_run,
                terms.allowance,
                "add",
                lambda root: tuple(file_actions(root, before, text, lock)),
                collected.transaction,
            )
            contents = contents_of(reading, collected.ids, {a.id for a in lock.artifacts}, scratch)
            contents |= collected_contents(collected.collection, lock.artifacts)
            ids = frozenset(one.id for one in of_source)
            done = deployer.make(Wanted(lock, before.synced, ids), contents)
            if not terms.dry_run:
                collected.collection.remember()
            return Added(
                state,
                of_source,
                collection_root,
                tuple(changes_made(collected.changes)),
                done,
                reading.diagnostics,
            )


def _chosen(
    reading: Reading, names: Sequence[str], ask: Ask | None
) -> tuple[ArtifactId, ...] | None:
    """Return what is chosen by name or by the user; None for all."""
    if names:
        return resolve(reading, names)
    answer = None if ask is None else ask(reading)
    return None if answer is None else tuple(answer)


def _is(requirement: Requirement, located: Located) -> bool:
    return requirement.source is not None and requirement.source == located.written


def _has(lock: Lock, before: ProjectFiles, target: str) -> bool:
    """Return whether a lock, or the one before, has anything for a target."""
    return any(target in a.targets for a in (*lock.artifacts, *before.synced.artifacts))


def _required(
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


def with_source(lock: Lock, source: LockedSource, artifacts: Sequence[LockedArtifact]) -> Lock:
    """Return a lock with other contents of one source.

    What several sources bring under one name and place is wanted by all of them.
    """
    others = [one for one in lock.sources if one.source != source.source]
    kept = [one for one in lock.artifacts if one.source != source.source]
    return Lock((*others, source), (*kept, *artifacts)).sort()


def project_of(start: Path) -> Path:
    """Return the project that a command works on: the nearest upwards with a `holdall.toml`."""
    from holdall.operations.projects.files import find_project

    return find_project(Path(os.path.abspath(start)))
