"""A collection as a release had it: its manifest, and files of its artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdall.artifacts import ArtifactId
from holdall.collection import Collection, Manifest, ManifestArtifact
from holdall.errors import NotFoundError
from holdall.plugins import ReleaseState
from holdall_composites.history.releases import release_at, tell_purge
from holdall_composites.history.versions import version_tree
from holdall_composites.session import open_synced
from holdall_composites.sync.releases.manifest import manifest_of, unnamed_members


def release_state(collection: Collection, number: int, ids: Sequence[ArtifactId]) -> ReleaseState:
    """Return what a collection was in a release, with the files of these artifacts.

    Raises NotFoundError for a release that there is not, or files that are not kept any more.
    """
    uuid = collection.manifest.uuid or ""
    with open_synced(collection) as resolver, resolver.store.snapshot():
        store = resolver.store
        release = release_at(store, uuid, number)
        state = store.collections.state_at(uuid, number)
        empty = Manifest(collection.name)
        gone = store.collections.last_entries(uuid, unnamed_members(state, empty))
        manifest = replace(manifest_of(state, empty, gone), release=number, base=release.hash)
        trees = {}
        for entry in map(manifest.by_id.__getitem__, ids):
            if not isinstance(entry, ManifestArtifact) or entry.content_hash is None:
                continue
            if store.contents.unknown_trees([entry.content_hash]):
                purged = tell_purge(store, uuid, [entry.uuid or ""])
                text = f"were purged{purged}" if purged else "are not kept"
                raise NotFoundError(
                    f"the files that {entry.id} had in release {number} {text}",
                    hint=f"`holdall list --release {number}` shows its entry",
                )
            trees[entry.id] = version_tree(store, entry.content_hash)
        return ReleaseState(manifest, trees)
