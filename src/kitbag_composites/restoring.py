"""Bringing an old version back into the collection, as its newest one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kitbag.artifacts import Shape
from kitbag.changes import Change, ChangeKind, ChangeSet
from kitbag.collection import Collection
from kitbag.edits import EditPlan
from kitbag.errors import LocalEditError
from kitbag.layout import puts
from kitbag.manifest import ManifestArtifact
from kitbag_composites.service import opened
from kitbag_composites.versions import find_version, materialize, version_tree

__all__ = ["plan_restore"]


def plan_restore(
    collection: Collection, entry: ManifestArtifact, text: str, scratch: Path, *, force: bool
) -> EditPlan:
    """Plan to write the version that `text` means; its files are laid out in `scratch`.

    Raises ArtifactNotFound for an unknown version, LocalEditError if the artifact was edited and
    not collected; with `force` such edits are replaced, each kept as a backup.
    """
    present = collection.tree(entry)
    edited = present.content_hash != entry.content_hash
    if edited and not force:
        raise LocalEditError(
            f"{entry.id} was edited since it was collected",
            hint="`kitbag collect` keeps the edit as a version; --force replaces it, with a backup",
        )
    with opened(collection) as resolver:
        version = find_version(resolver.store, collection, entry.id, text)
        tree = version_tree(resolver.store, version.content_hash)
        materialize(resolver.store, tree, scratch / "tree")
    spec = collection.spec_of(entry.id)
    location = scratch / "tree" / spec.only_file if spec.shape is Shape.FILE else scratch / "tree"
    actions = puts(entry.path, spec, tree, location, present, keep_backup=edited)
    restored = replace(entry, content_hash=tree.content_hash)
    manifest = collection.manifest
    after = replace(
        manifest,
        artifacts=tuple(restored if a.id == entry.id else a for a in manifest.artifacts),
    )
    change = Change(ChangeKind.CHANGED, entry.id, note=f"as it was in version {version.number}")
    return EditPlan(ChangeSet("restore", manifest, after, (change,)), tuple(actions))
