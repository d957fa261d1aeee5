"""Collect what a project wants of a source, and no more, and say what of it is to be locked."""

from __future__ import annotations

from collections.abc import Collection as AnyOf, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.collection.changes import ChangeKind, ChangeSet
from holdall.collection.collect.from_source import plan_import
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import Manifest, ManifestArtifact, ManifestComposite
from holdall.config import default_collection, find_collection
from holdall.deploy.locked.values import Lock, LockedArtifact, LockedSource, Requirement, place_of
from holdall.deploy.planning.plan import StoredContent
from holdall.deploy.targets import Target
from holdall.errors import ConflictError, NotFoundError
from holdall.files.scratch import Scratch
from holdall.files.tree import Tree
from holdall.operations.projects.merging.conflicts import Conflicts, Edits
from holdall.operations.projects.sources.located import Located
from holdall.operations.projects.sources.merging import settle_edits
from holdall.operations.projects.sources.pending import PendingChange
from holdall.operations.projects.sources.pins import hidden_error
from holdall.operations.projects.sources.selection import Choice
from holdall.operations.session import Session
from holdall.operations.write_collection import create_collection
from holdall.sources.values import FoundArtifact, Reading

_Known = Mapping[tuple[str, str | None], LockedArtifact]
"""What a lock has of a source, by type and path."""


def own_collection(session: Session, scratch: Scratch, *, dry_run: bool) -> Path:
    """Return the collection to work with; the user's default one is made if there is none.

    In a dry run that is one in the scratch folder.
    """
    try:
        return find_collection(session.config, Path.cwd())
    except NotFoundError:
        place = default_collection(session.config)
        if place is None:
            raise
    if dry_run:
        place = scratch.path / "collection"
    create_collection(place, "default")
    session.reporter.note(
        f"made the collection {place}" if not dry_run else "would make a collection"
    )
    return place


def plan_choice(
    session: Session,
    pending: PendingChange,
    reading: Reading,
    choice: Choice,
    *,
    located: Located,
    locked: Lock,
    scratch: Scratch,
    takes_hidden: bool = False,
    conflicts: Conflicts,
) -> Mapping[ArtifactId, ArtifactId]:
    """Plan to collect what was chosen; return what the source's ids are called in the collection.

    What the lock has keeps its name and, where it is new, its UUID. `conflicts` says whether edits
    in the collection are merged. Raises RefusedError for hidden text in what was asked for.
    """
    known = _find_known(reading, located, locked)
    reading, renames = _as_locked(reading, choice, known)
    collection = pending.collection
    plan = plan_import(
        collection, reading, renames=renames, takes_hidden=takes_hidden, only=choice.ids
    )
    _refuse_hidden(plan.refused, choice)
    _refuse_other_names(reading, plan.ids, choice, known)
    merged: dict[RelPath, tuple[Tree, Path | bytes]] = {}
    if conflicts.edits is not Edits.KEEP:
        plan, merged = settle_edits(session, collection, plan, reading, conflicts, scratch)
    for change in plan.conflicts:
        if change.id not in plan.ids.values():
            raise ConflictError(change.note or str(change.id), hint="`holdall rename` one")
        session.reporter.note(f"{change.note}; it stays so in the collection")
    brought = {**_brought(plan.changes, reading), **merged}
    kept = {
        path: (tree, place if isinstance(place, Path) else scratch.file(place))
        for path, (tree, place) in brought.items()
    }
    pending.add(plan.changes, plan.actions, kept)
    return plan.ids


def _brought(changes: ChangeSet, reading: Reading) -> dict[RelPath, tuple[Tree, Path | bytes]]:
    """Return the trees that a source brings, by their paths in the collection, and their files."""
    kinds = (ChangeKind.NEW, ChangeKind.CHANGED, ChangeKind.RENAMED)
    new = {change.id for change in changes.of_kind(*kinds)}
    found = {one.tree.content_hash: (one.tree, one.content) for one in reading.artifacts}
    return {
        entry.path: found[entry.content_hash]
        for entry in changes.after.artifacts
        if entry.id in new and entry.content_hash in found
    }


def _find_known(reading: Reading, located: Located, locked: Lock) -> _Known:
    """Return what a lock has of what a source holds."""
    there = {one.place: one for one in locked.artifacts if one.place is not None}
    places = [(found.type, found.path) for found in reading.artifacts]
    places += [(composite.id.type, composite.path) for composite in reading.composites]
    found = {(t, p): there.get(place_of(t, located.locked, p)) for t, p in places}
    return {place: one for place, one in found.items() if one is not None}


def _as_locked(
    reading: Reading, choice: Choice, known: _Known
) -> tuple[Reading, dict[ArtifactId, ArtifactId]]:
    """Return a reading with the UUIDs of a lock, and the names that the lock has for its ids."""
    renames = {}
    artifacts = []
    for found in reading.artifacts:
        one = known.get((found.type, found.path))
        if one is not None and found.id in choice.ids:
            if one.id != found.id:
                renames[found.id] = one.id
            if one.uuid is not None and found.uuid is None:
                found = replace(found, uuid=one.uuid)
        artifacts.append(found)
    composites = []
    for composite in reading.composites:
        one = known.get((composite.id.type, composite.path))
        if one is not None and one.uuid is not None and composite.uuid is None:
            composite = replace(composite, uuid=one.uuid)
        composites.append(composite)
    return reading._replace(artifacts=tuple(artifacts), composites=tuple(composites)), renames


def _refuse_hidden(refused: Iterable[ArtifactId], choice: Choice) -> None:
    for one in refused:
        if one in choice.ids:
            raise hidden_error(str(one))


def _refuse_other_names(
    reading: Reading, ids: Mapping[ArtifactId, ArtifactId], choice: Choice, known: _Known
) -> None:
    """Raise ConflictError where the collection has another name for something than the lock."""
    for found in reading.artifacts:
        one, here = known.get((found.type, found.path)), ids.get(found.id)
        wanted = one.id if one is not None else None
        if found.id in choice.ids and None not in (wanted, here) and wanted != here:
            raise ConflictError(
                f"{wanted}, as holdall.lock calls it, would be {here} in the collection, where"
                " that name is taken or another one was given",
                hint=f"rename what has the name with `holdall rename {wanted} NEW`, or `holdall"
                f" rename {here} {wanted}`",
            )


def locked_source(requirement: Requirement, located: Located, reading: Reading) -> LockedSource:
    """Return what is locked of a source that was read."""
    revision = reading.revision
    is_digest = revision is not None and revision.startswith("sha256:")
    is_commit = located.kind == "git" and not is_digest
    return LockedSource(
        located.locked,
        requirement.revision,
        revision if is_commit else None,
        revision if is_digest else None,
        requirement.select,
        reading.tag.tag if reading.tag is not None else None,
    )


def locked_artifacts(
    reading: Reading,
    choice: Choice,
    located: Located,
    ids: Mapping[ArtifactId, ArtifactId],
    manifest: Manifest,
    before: Lock,
    targets: Sequence[Target],
) -> Iterator[LockedArtifact]:
    """Yield what is locked of a choice: artifacts, and composites that are roots or needed.

    `ids` are what they are called in the collection, `manifest` is the one that it will have. What
    the lock had before keeps its UUID.
    """
    uuids = {one.place: one.uuid for one in before.artifacts if one.place is not None}
    users = {files: user for user, files in choice.companions.items()}
    for found in reading.distinct_artifacts():
        if found.id not in choice.brought:
            continue
        own = ids[found.id]
        place = place_of(found.type, located.locked, found.path)
        needed = users.get(found.id, found.id).type
        companion = choice.companions.get(found.id)
        yield LockedArtifact(
            own,
            uuids.get(place) or manifest.by_id[own].uuid,
            located.locked,
            found.path,
            found.tree.content_hash,
            tuple(sorted(t.name for t in targets if t.knows(needed) and t.knows(found.type))),
            tuple(ids[root] for root in choice.brought[found.id]),
            found.id if own != found.id else None,
            ids[companion] if companion is not None else None,
        )
    for composite in reading.composites:
        roots = choice.needed.get(composite.id, ())
        if composite.id in choice.roots or roots:
            own = ids[composite.id]
            asked = (own,) if composite.id in choice.roots else ()
            place = place_of(own.type, located.locked, composite.path)
            yield LockedArtifact(
                own,
                uuids.get(place) or manifest.by_id[own].uuid,
                located.locked,
                composite.path,
                wanted_by=(*asked, *(ids[root] for root in roots)),
                name=composite.id if own != composite.id else None,
            )


def contents_of(
    reading: Reading,
    ids: Mapping[ArtifactId, ArtifactId],
    wanted: AnyOf[ArtifactId],
    scratch: Scratch,
) -> dict[ArtifactId, StoredContent]:
    """Return the bytes of artifacts of a reading, by what they are called in the lock.

    They are there as long as the reading is open, and what is in `scratch` as long as that is.
    """
    found = {}
    for artifact in reading.distinct_artifacts():
        own = ids.get(artifact.id)
        if own is not None and own in wanted:
            found[own] = StoredContent(
                artifact.tree, location_of(artifact, scratch), is_pinned=True
            )
    return found


def location_of(found: FoundArtifact, scratch: Scratch) -> Path:
    """Return the file or folder of a found artifact; one in `scratch` where it has only data."""
    content = found.content
    return content if isinstance(content, Path) else scratch.file(content)


def collected_contents(
    collection: Collection, wanted: Iterable[LockedArtifact]
) -> dict[ArtifactId, StoredContent]:
    """Return the bytes of what the collection has exactly as it is locked."""
    by_uuid = {entry.uuid: entry for entry in collection.manifest.artifacts if entry.uuid}
    found = {}
    for one in wanted:
        entry: ManifestArtifact | ManifestComposite | None = by_uuid.get(one.uuid or "")
        entry = entry or collection.manifest.by_id.get(one.id)
        if not isinstance(entry, ManifestArtifact) or entry.id.type != one.id.type:
            continue
        try:
            tree = collection.tree(entry)
        except NotFoundError:
            continue
        if tree.content_hash == one.content_hash:
            location = collection.location(entry)
            found[one.id] = StoredContent(tree, location, is_pinned=False)
    return found
