"""Plugins' own files that belong to the hooks and servers that look for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from holdall.artifacts import ArtifactId, ArtifactType
from holdall.collection import Collection, ManifestArtifact, ManifestComposite
from holdall.deploy import DeployRequest, StoredContent, looks_for_its_plugin
from holdall.formats import MAX_BYTES, read_bounded

_USERS = frozenset({ArtifactType.HOOK.value, ArtifactType.MCP.value})


def find_companions(
    request: DeployRequest,
    contents: Mapping[ArtifactId, StoredContent],
    wanted: Iterable[ArtifactId],
) -> dict[ArtifactId, ArtifactId]:
    """Return the own files that each hook and server refers to as `${CLAUDE_PLUGIN_ROOT}`,
    or as other agents call it.

    They are those of the composite that contains it: one that is deployed, else the first.
    """
    found = {}
    for artifact_id in wanted:
        if artifact_id.type in _USERS and _refers_to_its_plugin(
            request.collection, contents.get(artifact_id), artifact_id
        ):
            owners = _owners(request.collection, artifact_id)
            if owners:
                found[artifact_id] = min(owners, key=lambda c: c.id not in request.ids).files
    return {user: files for user, files in found.items() if files is not None}


def _refers_to_its_plugin(
    collection: Collection, stored: StoredContent | None, artifact_id: ArtifactId
) -> bool:
    entry = collection.entry(artifact_id)
    assert isinstance(entry, ManifestArtifact), "a hook or a server has a file"
    location = stored.location if stored else collection.location(entry)
    return looks_for_its_plugin(read_bounded(location, MAX_BYTES))


def _owners(collection: Collection, artifact_id: ArtifactId) -> list[ManifestComposite]:
    manifest = collection.manifest
    return [
        composite
        for composite in manifest.composites
        if composite.files in manifest.by_id and artifact_id in {m.id for m in composite.members}
    ]
