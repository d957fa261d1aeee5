"""Bringing an old version back into the collection, as its newest one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts import ArtifactId, refuse_collisions
from holdall.collection import Change, ChangeKind, ChangeSet, Collection, EditPlan, ManifestArtifact
from holdall.errors import ConflictError, NotFoundError, UsageError
from holdall.files import Tree
from holdall.transaction import puts
from holdall_composites.history.versions import edited_error, lay_out
from holdall_composites.resolver.versions import version_of
from holdall_composites.session import open_synced
from holdall_composites.store.store import Store


class _Present(NamedTuple):
    """An artifact as it is: its entry, and its files if there are any."""

    entry: ManifestArtifact
    tree: Tree | None
    is_removed: bool

    @property
    def is_edited(self) -> bool:
        return self.tree is not None and self.tree.content_hash != self.entry.content_hash


def plan_restore(
    collection: Collection, name: str, version: str | None, scratch: Path, *, force: bool
) -> EditPlan:
    """Plan to write a version (None: the newest); its files are laid out in `scratch`.

    A removed artifact, named by its `type:name`, comes back with its UUID. Raises ArtifactNotFound
    for an unknown artifact or version, ConflictError if something is in its place,
    LocalEditError if it was edited and not collected; with `force` such edits are replaced, each
    kept as a backup.
    """
    with open_synced(collection) as resolver:
        present = _present(resolver.store, collection, name)
        entry = present.entry
        if present.is_edited and not force:
            raise edited_error(entry)
        found = version_of(resolver.store, entry.uuid, str(entry.id), version)
        spec = collection.spec_of(entry.id)
        tree, location = lay_out(resolver.store, found.content_hash, scratch / "tree", spec)
    actions = puts(entry.path, spec, tree, location, present.tree, keep_backup=present.is_edited)
    restored = replace(entry, content_hash=tree.content_hash)
    manifest = collection.manifest
    artifacts = tuple(restored if a.id == entry.id else a for a in manifest.artifacts)
    if present.is_removed:
        artifacts = (*artifacts, restored)
        refuse_collisions(artifact.path for artifact in artifacts)
    kind = ChangeKind.NEW if present.is_removed else ChangeKind.CHANGED
    change = Change(kind, entry.id, note=f"as it was in version {found.number}")
    changes = ChangeSet("restore", manifest, replace(manifest, artifacts=artifacts), (change,))
    return EditPlan(changes, tuple(actions))


def _present(store: Store, collection: Collection, name: str) -> _Present:
    try:
        entry = collection.entry(collection.resolve(name))
    except NotFoundError:
        return _find_removed(store, collection, name)
    if not isinstance(entry, ManifestArtifact):
        raise UsageError(f"{entry.id} is a composite", hint="its members have versions")
    try:
        return _Present(entry, collection.tree(entry), is_removed=False)
    except NotFoundError:
        return _Present(entry, None, is_removed=False)


def _find_removed(store: Store, collection: Collection, name: str) -> _Present:
    known = store.artifacts.all_of(collection.manifest.uuid or "")
    row = next((row for row in known if row.id == name), None)
    if row is None or row.content_hash is None:
        raise NotFoundError(
            f"no artifact {name!a} in the collection, nor was there one",
            hint="`holdall list` shows what there is; write `type:name` for a removed one",
        )
    artifact_id = ArtifactId.parse(row.id)
    path = artifact_id.path_in(collection.spec_of(artifact_id))
    if os.path.lexists(collection.root / path):
        raise ConflictError(
            f"{collection.root / path} is there already", hint="move it away, then try again"
        )
    entry = ManifestArtifact(
        artifact_id, path, row.uuid, origin=row.origin, content_hash=row.content_hash
    )
    return _Present(entry, None, is_removed=True)
