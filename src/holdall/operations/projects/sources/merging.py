"""Merge what was edited in the collection with what its source has now, three-way.

base    what the source last gave: a version in the collection's database
ours    the artifact as it is in the collection's folder
theirs  what the source has now
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from holdall.artifacts.ids import Shape
from holdall.artifacts.paths import RelPath
from holdall.collection.changes import Change, ChangeKind
from holdall.collection.collect.conflicts import Clash, ImportPlan
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.files.merge.trees import Decided, FileConflict, FileVersions
from holdall.files.scratch import Scratch
from holdall.files.tree import Tree
from holdall.operations.projects.merging.conflicts import Conflicts, Edits, Where
from holdall.operations.projects.merging.three_way import Place, find_version, merge_places
from holdall.operations.session import Session
from holdall.sources.values import FoundArtifact, Reading
from holdall.transaction.placement import puts


def settle_edits(
    session: Session,
    collection: Collection,
    plan: ImportPlan,
    reading: Reading,
    conflicts: Conflicts,
    scratch: Scratch,
) -> tuple[ImportPlan, dict[RelPath, tuple[Tree, Path | bytes]]]:
    """Return the plan with each edited artifact merged, or as `conflicts` decides.

    Returns also the merged trees, by their paths, and where the files are that both sides share
    with the source's. What does not merge is kept in `conflicts`, and stays as it is in the plan.
    """
    edits = conflicts.edits
    found = {artifact.tree.content_hash: artifact for artifact in reading.artifacts}
    entries = {entry.id: entry for entry in plan.changes.after.artifacts}
    actions = list(plan.actions)
    changes = {change.id: change for change in plan.changes.changes}
    merged: dict[RelPath, tuple[Tree, Path | bytes]] = {}
    for clash in plan.clashes:
        entry, theirs = entries[clash.id], found[clash.there.content_hash]
        if edits is Edits.MERGE:
            given = (session, collection, entry, clash, theirs, scratch.folder())
            merge = _merge(conflicts, *given)
            tree, note = merge or clash.here, "your edit and the source's merged"
            if merge is not None:
                merged[entry.path] = tree, theirs.content
        elif edits is Edits.OURS:
            tree, note = clash.here, "your edit stays"
        else:
            tree, note = clash.there, "the source's; yours is kept as a backup"
        source_hash = clash.there.content_hash
        spec, is_theirs = collection.spec_of(clash.id), tree.content_hash == source_hash
        content = theirs.content
        if tree is not clash.here:
            is_uncollected = clash.here.content_hash != entry.content_hash
            is_backed_up = edits is Edits.THEIRS or is_uncollected
            actions += puts(entry.path, spec, tree, content, clash.here, keep_backup=is_backed_up)
        entries[clash.id] = replace(
            entry,
            content_hash=tree.content_hash,
            source_hash=None if is_theirs else source_hash,
            source_revision=reading.revision,
        )
        changes[clash.id] = Change(ChangeKind.CHANGED, clash.id, None, note)
    after = replace(plan.changes.after, artifacts=tuple(entries.values()))
    new = replace(plan.changes, after=after, changes=tuple(changes.values()))
    return plan._replace(changes=new, actions=tuple(actions), clashes=()), merged


def _merge(
    conflicts: Conflicts,
    session: Session,
    collection: Collection,
    entry: ManifestArtifact,
    clash: Clash,
    theirs: FoundArtifact,
    folder: Path,
) -> Tree | None:
    """Return the merged files; None where a conflict stands against them."""
    spec = collection.spec_of(clash.id)
    wanted = (clash.id, entry.uuid, clash.base or "")
    base = find_version(session, collection, wanted, folder)
    if base is None:
        text = f"{clash.id}: the version that both began with is not known here"
        conflicts.refuse_later(Where.COLLECTION, text)
        return None

    def decide(conflict: FileConflict, versions: FileVersions) -> Decided | None:
        path = entry.path if spec.shape is Shape.FILE else entry.path.join_path(conflict.path)
        text = f"{clash.id}: {conflict.text}"
        return conflicts.decide(Where.COLLECTION, path, text, versions)

    ours = Place(clash.here, collection.location(entry))
    sides = (base, ours, Place(theirs.tree, theirs.content))
    tree, found = merge_places(sides, spec, decide)
    for conflict in found:
        conflicts.refuse_later(Where.COLLECTION, f"{clash.id}: {conflict.text}")
    return tree
