"""A collection's manifest as the rows it stands for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from holdall.artifacts import CompositeType
from holdall.collection import Collection, Manifest, ManifestArtifact, ManifestComposite
from holdall_composites.values.records import (
    ArtifactRecord,
    CollectionState,
    CompositeRecord,
    MembershipRecord,
)


def state_of(collection: Collection) -> CollectionState:
    """Return what the rows of a collection have to be; entries without a UUID have none yet."""
    manifest = collection.manifest
    assert manifest.uuid is not None, "a collection without a UUID has no rows"
    uuids = {str(entry.id): entry.uuid for entry in manifest.by_id.values() if entry.uuid}
    return CollectionState(
        uuid=manifest.uuid,
        name=manifest.name,
        manifest_hash=collection.manifest_hash,
        artifacts=tuple(_artifact(a, a.uuid) for a in manifest.artifacts if a.uuid),
        composites=tuple(_composite(c, c.uuid, uuids) for c in manifest.composites if c.uuid),
        removed=tuple(_find_removed(manifest, set(uuids.values()))),
        aliases=tuple((alias, a.uuid) for a in manifest.artifacts if a.uuid for alias in a.aliases),
    )


def _find_removed(manifest: Manifest, here: set[str]) -> Iterator[ArtifactRecord]:
    members = {m.uuid: m.id for c in manifest.composites for m in c.members if m.uuid}
    for uuid, member_id in members.items():
        if uuid not in here:
            yield ArtifactRecord(str(member_id), uuid, member_id.type, member_id.name)


def _artifact(entry: ManifestArtifact, uuid: str) -> ArtifactRecord:
    own = (str(entry.path), entry.origin, entry.content_hash)
    return ArtifactRecord(str(entry.id), uuid, entry.id.type, entry.id.name, *own)


def _composite(entry: ManifestComposite, uuid: str, uuids: dict[str, str]) -> CompositeRecord:
    members = [
        MembershipRecord(
            composite_id=str(entry.id),
            child_artifact_uuid=child,
            relationship_type=member.relationship,
            position=position,
            pinned_version_hash=member.pin,
            metadata=_metadata(member.extra),
        )
        for position, member in enumerate(entry.members)
        if (child := member.uuid or uuids.get(str(member.id)))
    ]
    return CompositeRecord(
        uuid=uuid,
        id=str(entry.id),
        name=entry.id.name,
        composite_type=CompositeType(entry.composite_type),
        display_name=entry.display_name,
        description=entry.description,
        metadata=_metadata(entry.extra),
        members=tuple(members),
    )


def _metadata(extra: Mapping[str, object]) -> str | None:
    return json.dumps(dict(extra), sort_keys=True) if extra else None
