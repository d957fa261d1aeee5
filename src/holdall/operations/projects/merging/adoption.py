"""Settle what was edited in a project while the collection got something else, for `adopt`.

    base    the version that was deployed, or adopted from here
    ours    the files in the project
    theirs  the files in the collection

Merged files are the collection's newest version, and the project's, too: what that had is a backup.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from holdall.artifacts.ids import Shape
from holdall.collection.collection import Collection
from holdall.deploy.adoptable import Adoptable
from holdall.deploy.ownership import renamed_head
from holdall.deploy.planning.deployed_names import name_head
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.targets import Target
from holdall.files.merge.trees import Decided, FileConflict, FileVersions
from holdall.files.tree import Tree
from holdall.operations.projects.merging.conflicts import Conflicts, Edits, Where
from holdall.operations.projects.merging.three_way import Place, find_version, merge_places
from holdall.operations.session import Session
from holdall.transaction.actions import Action
from holdall.transaction.placement import puts


def settle_adoptable(
    session: Session,
    collection: Collection,
    target: Target,
    one: Adoptable,
    conflicts: Conflicts,
    folder: Path,
) -> Adoptable | None:
    """Return an edit with what the collection gets of it; None where a conflict stands against it.

    That is the edit itself unless the collection has something else by now. The base is laid out
    in an empty folder.
    """
    if not one.has_conflict or conflicts.edits is Edits.OURS:
        return one
    if conflicts.edits is Edits.THEIRS:
        return one._replace(taken=one.present, location=one.collected, is_merged=True)
    place = target.path_of(one.deployed.id)
    spec = collection.spec_of(one.entry.id)
    wanted = (one.entry.id, one.entry.uuid, one.deployed.base_hash)
    base = find_version(session, collection, wanted, folder)
    if base is None:
        text = f"{place} began with a version that is not known here"
        conflicts.refuse_later(Where.PROJECT, text)
        return None

    def decide(conflict: FileConflict, versions: FileVersions) -> Decided | None:
        path = place if spec.shape is Shape.FILE else place.join_path(conflict.path)
        text = conflict._replace(path=path).text
        return conflicts.decide(Where.PROJECT, path, text, versions)

    sides = base, Place(one.taken, one.location), Place(one.present, one.collected)
    tree, found = merge_places(sides, spec, decide)
    for conflict in found:
        path = place if spec.shape is Shape.FILE else place.join_path(conflict.path)
        conflicts.refuse_later(Where.PROJECT, conflict._replace(path=path).text)
    if tree is None:
        return None
    return one._replace(taken=tree, location=one.collected, is_merged=True)


def plan_placed(one: Adoptable, entry: Deployed, target: Target) -> PlannedArtifact:
    """Return merged files as they are in the project, under the name that was deployed."""
    is_other = entry.id != one.entry.id or renamed_head(target, entry) is not None
    named = name_head(entry.id, one.taken, one.location) if is_other else None
    wanted_by = entry.wanted_by or (entry.id,)
    return PlannedArtifact(
        entry.id, one.taken, one.location, wanted_by, entry.uuid or one.entry.uuid, named=named
    )


def plan_files(one: Adoptable, placed: PlannedArtifact, target: Target) -> Iterator[Action]:
    """Yield what puts merged files in the place of the edited ones, which are kept as backups."""
    tree: Tree = placed.named or placed.tree
    base, spec = target.path_of(placed.id), target.places[placed.id.type]
    yield from puts(base, spec, tree, placed.location, one.tree, keep_backup=True)
