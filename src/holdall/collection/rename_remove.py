"""Begin, rename and remove artifacts of a collection."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from holdall import NamedTuple
from holdall.artifacts.hashing import tree_hash
from holdall.artifacts.ids import SKILL_NAME, ArtifactId, Shape
from holdall.artifacts.paths import RelPath, refuse_collisions
from holdall.collection.changes import Change, ChangeKind, ChangeSet
from holdall.collection.collect.from_folder import holders_of, with_edit
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import Manifest, ManifestArtifact, ManifestComposite
from holdall.errors import ConflictError, LocalEditError, NotFoundError, UsageError
from holdall.files.name_line import rename_tree
from holdall.files.tree import Tree, bytes_tree
from holdall.transaction.actions import Action
from holdall.transaction.placement import moves, puts, removals


class EditPlan(NamedTuple):
    """What an edit would do: the change set and the file actions that go with it."""

    changes: ChangeSet
    actions: tuple[Action, ...]


def plan_rename(collection: Collection, old: str, new: str) -> EditPlan:
    """Give an artifact or composite another name; its UUID stays.

    Where agents know it by the line `name:` in its head, that line changes, too, as a new version.

    Raises NotFoundError for an unknown `old`, ConflictError for a `new` that is taken, UsageError
    for one of another type.
    """
    old_id = collection.resolve(old)
    new_id = _new_id(collection, old_id, new)
    if new_id in collection.manifest.by_id:
        raise ConflictError(f"{new_id} exists already", hint="choose another name")
    entry = collection.entry(old_id)
    manifest = collection.manifest
    if isinstance(entry, ManifestComposite):
        renamed = replace(entry, id=new_id)
        bundles = tuple(renamed if c.id == old_id else c for c in manifest.composites)
        return _plan_of(manifest, replace(manifest, composites=bundles), old_id, new_id, ())
    _refuse_uncollected(collection, new_id)
    tree, named = _trees(collection, entry, new_id)
    is_edited = tree.content_hash != entry.content_hash
    edited = entry if is_edited else with_edit(entry, named.content_hash)
    spec, location = collection.spec_of(new_id), collection.location(entry)
    moved = replace(edited, id=new_id, path=new_id.path_in(spec))
    artifacts = tuple(moved if a.id == old_id else a for a in manifest.artifacts)
    refuse_collisions(artifact.path for artifact in artifacts)
    actions = moves((entry.path, tree), (moved.path, named), spec, location)
    return _plan_of(manifest, replace(manifest, artifacts=artifacts), old_id, new_id, actions)


def _new_id(collection: Collection, old_id: ArtifactId, new: str) -> ArtifactId:
    """Return the id that a rename gives: `new` is `type:name`, or the name alone."""
    kind, colon, _ = new.partition(":")
    if not colon or kind not in collection.types:
        return ArtifactId.of(old_id.type, new)
    if kind != old_id.type:
        raise UsageError(f"{new!a} is not a {old_id.type}", hint="a rename keeps the type")
    return ArtifactId.parse(new)


def _refuse_uncollected(collection: Collection, new_id: ArtifactId) -> None:
    location = collection.root / new_id.path_in(collection.spec_of(new_id))
    if os.path.lexists(location):
        raise ConflictError(
            f"{location} is there already, and was not collected",
            hint="run `holdall collect` to record it; or choose another name",
        )


def _trees(
    collection: Collection, entry: ManifestArtifact, new_id: ArtifactId
) -> tuple[Tree, Tree]:
    """Return an artifact's files as they are, and as they are called `new_id`."""
    tree = collection.tree(entry)
    if tree.problems:
        raise LocalEditError(
            f"{entry.id} has files that cannot be moved safely: {tree.problems[0].message}",
            hint="fix or delete them first",
        )
    return tree, rename_tree(new_id, tree, collection.location(entry)) or tree


def _plan_of(
    before: Manifest,
    after: Manifest,
    old_id: ArtifactId,
    new_id: ArtifactId,
    actions: Sequence[Action],
) -> EditPlan:
    after = after.with_renamed({old_id: new_id})
    change = Change(ChangeKind.RENAMED, new_id, old_id)
    return EditPlan(ChangeSet("rename", before, after, (change,)), tuple(actions))


def plan_remove(collection: Collection, ids: Sequence[str], *, force: bool = False) -> EditPlan:
    """Take artifacts or composites out of the collection.

    Composites keep them as members, in case they are restored; with `force` they leave those too.
    Raises LocalEditError if one was edited and not collected; with `force` edited files are kept
    as backups.
    """
    removed = [collection.resolve(text) for text in ids]
    manifest = collection.manifest
    actions: list[Action] = []
    changes = []
    for artifact_id in dict.fromkeys(removed):
        holders = [h for h in holders_of(manifest, artifact_id) if h not in removed]
        actions.extend(_removal(collection, artifact_id, force=force))
        note = f"also removed from {', '.join(map(str, holders))}" if holders and force else None
        changes.append(Change(ChangeKind.GONE, artifact_id, note=note))
    after = replace(
        manifest,
        artifacts=tuple(a for a in manifest.artifacts if a.id not in removed),
        composites=tuple(
            _without(c, removed) if force else c for c in manifest.composites if c.id not in removed
        ),
    )
    return EditPlan(ChangeSet("remove", manifest, after, tuple(changes)), tuple(actions))


def _without(composite: ManifestComposite, removed: Sequence[ArtifactId]) -> ManifestComposite:
    kept = tuple(member for member in composite.members if member.id not in removed)
    return replace(composite, members=kept)


def _removal(collection: Collection, artifact_id: ArtifactId, *, force: bool) -> list[Action]:
    entry = collection.entry(artifact_id)
    if isinstance(entry, ManifestComposite):
        return []
    try:
        tree = collection.tree(entry)
    except NotFoundError:
        return []
    edited = tree.content_hash != entry.content_hash
    if edited and not force:
        raise LocalEditError(
            f"{artifact_id} was edited since it was collected",
            hint="`holdall collect` first, or --force, which keeps a backup",
        )
    spec = collection.spec_of(artifact_id)
    return removals(entry.path, spec, tree, keep_backup=edited)


def plan_new(collection: Collection, type_name: str, name: str, about: str | None) -> EditPlan:
    """Plan to write a skeleton.

    Raises UsageError for a name that agents would refuse, ConflictError for one that is taken.
    """
    from holdall.artifacts.skeletons import TYPES, skeleton

    if type_name not in TYPES:
        raise UsageError(
            f"no skeleton for the type {type_name!a}", hint=f"there are {', '.join(TYPES)}"
        )
    last = name.rpartition(":")[2]
    if type_name in ("skill", "agent") and not SKILL_NAME.fullmatch(last):
        raise UsageError(
            f"agents would refuse the name {last!a:.80}",
            hint="lower-case letters, digits and hyphens, at most 64 of them, as in pdf-forms",
        )
    artifact_id = ArtifactId.of(type_name, name)
    spec = collection.types[type_name]
    path = artifact_id.path_in(spec)
    if artifact_id in collection.manifest.by_id or os.path.lexists(collection.root / path):
        raise ConflictError(
            f"{artifact_id} is there already: {collection.root / path}",
            hint="choose another name, or edit that one and run `holdall collect`",
        )
    data = skeleton(type_name, name, about).encode()
    tree = bytes_tree(data, spec.only_file)
    if spec.shape is Shape.FOLDER:
        (digest,) = tree.files
        files = (digest._replace(path=RelPath.parse("SKILL.md")),)
        tree = Tree(files, tree_hash(files), tree.skillmeat_hash)
    entry = ManifestArtifact(artifact_id, path, content_hash=tree.content_hash)
    artifacts = (*collection.manifest.artifacts, entry)
    refuse_collisions(artifact.path for artifact in artifacts)
    after = replace(collection.manifest, artifacts=artifacts)
    changes = ChangeSet("new", collection.manifest, after, (Change(ChangeKind.NEW, artifact_id),))
    return EditPlan(changes, tuple(puts(path, spec, tree, data)))
