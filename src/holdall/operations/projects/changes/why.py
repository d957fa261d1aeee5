"""Why something is in a project: what its files and its lock say of it."""

from __future__ import annotations

import re
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId, Shape
from holdall.artifacts.protected import PROJECT_FILE
from holdall.artifacts.references import find_named
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.deploy.consent.questions import effects_of
from holdall.deploy.locked.values import LockedArtifact, LockedSource
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.project.project import read_project, targets_in
from holdall.deploy.status import changed_files
from holdall.deploy.targets import target_named, targets_for
from holdall.errors import NotFoundError
from holdall.files.root import Root
from holdall.files.scratch import Scratch
from holdall.files.tree import Tree
from holdall.operations.projects.files import ProjectFiles, read_files
from holdall.operations.projects.sources.located import locate_written
from holdall.operations.session import Session


class Why(NamedTuple):
    """What a project says of an artifact or a composite in it.

    `wanted_by` are requests: those of the lock, and `by_hand` those of `deploy`. `required` is the
    line of `holdall.toml`; `edited` are files that are not as they were deployed; `effects` is what
    it lets agents run. `own` is the collection's entry for it. `content_hash` is None for a
    composite.
    """

    id: ArtifactId
    uuid: str | None
    content_hash: str | None
    targets: tuple[str, ...]
    wanted_by: tuple[ArtifactId, ...]
    by_hand: tuple[ArtifactId, ...]
    locked: LockedArtifact | None
    source: LockedSource | None
    required: str | None
    edited: tuple[str, ...]
    effects: tuple[str, ...]
    own: ManifestArtifact | None


def explain(session: Session, project: Path, collection: Collection, text: str) -> Why:
    """Return what a project says of what a text means; NotFoundError for what it has not."""
    known = targets_for(session.plugins.targets, project)
    with Root(project) as root:
        files = read_files(root)
        names = {*targets_in(project, known), *(t for a in files.lock.artifacts for t in a.targets)}
        targets = [target_named(name, known) for name in sorted(names)]
        state = read_project(root, targets, session.plugins.targets, collection)
        entries = state.ledger.deployed
        ids = {e.id for e in entries} | set(state.ledger.requests)
        ids |= {one.id for one in files.lock.artifacts}
        found = find_named(text, ids, prefer_composite=True)
        if found is None:
            raise NotFoundError(
                f"{text!a} is not in {project}", hint="`holdall status` shows what is"
            )
        deployed = [entry for entry in entries if entry.id == found]
        edited = tuple(
            dict.fromkeys(
                f"{file.path} is {file.change}"
                for entry in deployed
                for file in changed_files(state, entry)
            )
        )
    locked = next((one for one in files.lock.artifacts if one.id == found), None)
    by_lock = {r for one in files.lock.artifacts for r in one.wanted_by}
    wanted = dict.fromkeys(r for entry in deployed for r in entry.wanted_by)
    if locked is not None:
        rows = (one for one in files.lock.artifacts if one.id == found)
        wanted |= dict.fromkeys(request for one in rows for request in one.wanted_by)
    own = _own(collection, found, deployed)
    return Why(
        found,
        deployed[0].uuid if deployed else state.ledger.requests.get(found),
        deployed[0].content_hash if deployed else None,
        tuple(sorted({entry.target for entry in deployed})),
        tuple(r for r in wanted if r in by_lock),
        tuple(r for r in wanted if r not in by_lock),
        locked,
        files.lock.source(locked.source) if locked and locked.source else None,
        _find_requirement(files, locked, project),
        edited,
        tuple(_effects(session, project, deployed, collection)),
        own,
    )


def _own(
    collection: Collection, found: ArtifactId, deployed: list[Deployed]
) -> ManifestArtifact | None:
    uuids = {entry.uuid for entry in deployed}
    for entry in collection.manifest.artifacts:
        if entry.uuid in uuids:
            return entry
    entry = collection.manifest.by_id.get(found)  # type: ignore[assignment]
    return entry if isinstance(entry, ManifestArtifact) else None


def _find_requirement(
    files: ProjectFiles, locked: LockedArtifact | None, project: Path
) -> str | None:
    """Return the line of `holdall.toml` that brought something, with its number."""
    if locked is None or files.wanted_text is None:
        return None
    sources = {locked.source} | {
        one.source for one in files.lock.artifacts if one.id in locked.wanted_by
    }
    for requirement in files.wanted.requirements:
        if requirement.source is not None:
            is_it = locate_written(requirement.source, project).locked in sources
        else:
            is_it = locked.source is None and requirement.id in locked.wanted_by
        if is_it:
            pattern = re.compile(rf"(?m)^.*{re.escape(requirement.name)}.*$")
            place = pattern.search(files.wanted_text)
            if place is None:
                return str(PROJECT_FILE)
            line = files.wanted_text.count("\n", 0, place.start()) + 1
            return f"{PROJECT_FILE}, line {line}: {place[0].strip()}"
    return None


def _effects(
    session: Session, project: Path, deployed: list[Deployed], collection: Collection
) -> list[str]:
    """Return what it lets agents run, as it was deployed; nothing where its bytes are not known."""
    if not deployed:
        return []
    known = targets_for(session.plugins.targets, project)
    with Scratch() as scratch:
        folder = scratch.folder()
        arguments = {"collection": collection, "wanted": deployed[:1], "folder": folder}
        found = session.plugins.first("holdall_known_versions", list, **arguments)
        if not found or not isinstance(found[0], Tree):
            return []
        spec, place = collection.spec_of(deployed[0].id), folder / "0"
        location = place / spec.only_file if spec.shape is Shape.FILE else place
        artifact = PlannedArtifact(deployed[0].id, found[0], location, ())
        effects = [
            effect
            for entry in deployed
            for effect in effects_of(artifact, target_named(entry.target, known), project)
        ]
    return list(dict.fromkeys(effects))
