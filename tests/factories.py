"""Rows and values for tests, complete but for what a test is about."""

from __future__ import annotations

from holdall_composites.store.store import Store
from holdall_composites.values.records import (
    ArtifactRecord,
    CollectionRecord,
    CompositeRecord,
    MembershipRecord,
)
from holdall_composites.values.uuids import new_uuid

__all__ = [
    "active_ids",
    "artifact_of",
    "deactivate",
    "make_artifact",
    "make_collection",
    "make_composite",
    "stored_artifacts",
    "stored_composite",
]


def make_artifact(
    artifact_id: str = "skill:canvas",
    *,
    uuid: str | None = None,
    path: str | None = None,
    origin: str = "local",
    content_hash: str | None = "0" * 64,
) -> ArtifactRecord:
    """Return an artifact's state; the UUID is fresh unless given."""
    type_name, _, name = artifact_id.partition(":")
    return ArtifactRecord(
        uuid=uuid or new_uuid(),
        id=artifact_id,
        type=type_name,
        name=name,
        path=path or f"{type_name}s/{name}",
        origin=origin,
        content_hash=content_hash,
    )


def make_composite(
    composite_id: str = "composite:kit",
    *members: str | MembershipRecord,
    uuid: str | None = None,
    description: str | None = None,
) -> CompositeRecord:
    """Return a composite's state; members given as UUIDs are contained in this order.

    The composite of those given as memberships is filled in.
    """
    return CompositeRecord(
        uuid=uuid or new_uuid(),
        id=composite_id,
        name=composite_id.partition(":")[2],
        description=description,
        members=tuple(
            member._replace(composite_id=composite_id)
            if isinstance(member, MembershipRecord)
            else MembershipRecord(composite_id, member, position=position)
            for position, member in enumerate(members)
        ),
    )


def make_collection(store: Store, name: str = "default") -> str:
    """Store a collection and return its id."""
    record = CollectionRecord(new_uuid(), name)
    store.collections.put(record)
    return record.id


def stored_artifacts(store: Store, collection_id: str, *ids: str) -> list[str]:
    """Store artifacts and return their UUIDs in the order of the ids."""
    states = [make_artifact(artifact_id) for artifact_id in ids]
    store.artifacts.insert(collection_id, states)
    return [state.uuid for state in states]


def stored_composite(
    store: Store, collection_id: str, composite_id: str = "composite:kit", *children: str
) -> str:
    """Store a composite with these children (UUIDs) and return its own UUID."""
    state = make_composite(composite_id)
    artifact = ArtifactRecord(composite_id, state.uuid, "composite", state.name)
    store.artifacts.insert(collection_id, [artifact])
    store.composites.insert(collection_id, [state])
    for child in children:
        store.memberships.create_membership(collection_id, composite_id, child)
    return state.uuid


def artifact_of(store: Store, collection_id: str, uuid: str) -> ArtifactRecord:
    """Return the row of the artifact with this UUID."""
    (found,) = (row for row in store.artifacts.all_of(collection_id) if row.uuid == uuid)
    return found


def active_ids(store: Store, collection_id: str) -> list[str]:
    """Return the ids of the active artifacts, in their order."""
    return [row.id for row in store.artifacts.all_of(collection_id) if row.active]


def deactivate(store: Store, collection_id: str, *uuids: str) -> None:
    """Let artifacts be gone from the collection, if they are of it."""
    rows = (row for row in store.artifacts.all_of(collection_id) if row.uuid in uuids)
    store.artifacts.update(collection_id, [row._replace(active=False) for row in rows])
