"""Making a collection's rows equal to what its manifest says.

The manifest is the truth (docs/adr/0001). What it no longer names stays as an inactive row, so
that its UUID is never given again and comes back with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from kitbag.artifacts import ArtifactType
from kitbag_composites.errors import AlreadyExists, ConstraintViolated
from kitbag_composites.records import ArtifactRecord, CompositeRecord, MembershipRecord
from kitbag_composites.store import Store
from kitbag_composites.types import (
    ArtifactState,
    CollectionState,
    CompositeState,
    MemberState,
    NewMembership,
)

__all__ = ["ArtifactState", "CollectionState", "CompositeState", "MemberState", "sync"]


def sync(store: Store, state: CollectionState) -> None:
    """Make the rows of one collection equal to `state`, in one transaction.

    The number of statements does not depend on the number of rows. Rows that are right are not
    touched. Raises AlreadyExists for a UUID or id that is there twice or belongs to another
    collection, ConstraintViolated for a member that is no artifact of this collection.
    """
    wanted = _wanted(state)
    with store.transaction():
        store.ensure_collection(state.uuid, state.name)
        store.lock_collection(state.uuid)
        rows = {row.uuid: row for row in store.all_artifacts(state.uuid)}
        _refuse_strangers(store, [a for a in wanted.values() if a.uuid not in rows])
        _refuse_unknown_members(state, wanted.keys() | rows.keys())
        _sync_artifacts(store, state.uuid, wanted, rows)
        _sync_composites(store, state)
        _sync_memberships(store, state)
        store.update_collection(state.uuid, name=state.name, manifest_hash=state.manifest_hash)


def _wanted(state: CollectionState) -> dict[str, ArtifactState]:
    """Return the wanted rows of `artifacts` by UUID; raises AlreadyExists for what is doubled."""
    wanted: dict[str, ArtifactState] = {}
    ids: set[str] = set()
    for entry in (*state.artifacts, *map(_artifact_of, state.composites)):
        if entry.uuid in wanted:
            raise AlreadyExists(
                f"{wanted[entry.uuid].id} and {entry.id} have the same uuid {entry.uuid}",
                hint="take the uuid out of the copy in the manifest; it then gets its own",
            )
        if entry.id in ids:
            raise AlreadyExists(f"{entry.id} is there twice", hint="rename or remove one of them")
        wanted[entry.uuid] = entry
        ids.add(entry.id)
    return wanted


def _artifact_of(composite: CompositeState) -> ArtifactState:
    return ArtifactState(
        uuid=composite.uuid, id=composite.id, type=ArtifactType.COMPOSITE, name=composite.name
    )


def _refuse_strangers(store: Store, new: list[ArtifactState]) -> None:
    """Raise AlreadyExists if a new artifact's UUID is one of another collection."""
    taken = store.get_artifacts_by_uuid(entry.uuid for entry in new)
    for entry in new:
        owner = taken.get(entry.uuid)
        if owner is not None:
            raise AlreadyExists(
                f"{entry.id}: its uuid {entry.uuid} belongs to {owner.id} of the collection"
                f" {owner.collection_id}",
                hint="take the uuid out of the copied manifest entry; it then gets its own",
            )


def _refuse_unknown_members(state: CollectionState, known: set[str]) -> None:
    for composite in state.composites:
        seen: set[str] = set()
        for member in composite.members:
            if member.uuid not in known:
                raise ConstraintViolated(
                    f"{composite.id} has a member with the uuid {member.uuid}, which is nothing"
                    " in this collection",
                    hint="collect it, or take it out of the composite in the manifest",
                )
            if member.uuid in seen:
                raise AlreadyExists(
                    f"{composite.id} has the member {member.uuid} twice",
                    hint="take one of them out in the manifest",
                )
            seen.add(member.uuid)


def _sync_artifacts(
    store: Store,
    collection_id: str,
    wanted: dict[str, ArtifactState],
    rows: dict[str, ArtifactRecord],
) -> None:
    changed = [
        entry for uuid, entry in wanted.items() if uuid in rows and not _is(rows[uuid], entry)
    ]
    gone = [row for uuid, row in rows.items() if uuid not in wanted]
    store.move_artifacts(collection_id, _out_of_the_way(gone, changed, wanted.values(), rows))
    store.deactivate_artifacts(collection_id, [row.uuid for row in gone if row.active])
    store.update_artifacts(collection_id, changed)
    store.insert_artifacts(
        collection_id, [entry for uuid, entry in wanted.items() if uuid not in rows]
    )


def _is(row: ArtifactRecord, entry: ArtifactState) -> bool:
    return row.active and entry == ArtifactState(
        row.uuid, row.id, row.type, row.name, row.path, row.origin, row.content_hash
    )


def _out_of_the_way(
    gone: Iterable[ArtifactRecord],
    changed: Iterable[ArtifactState],
    wanted: Iterable[ArtifactState],
    rows: dict[str, ArtifactRecord],
) -> dict[str, tuple[str, str]]:
    """Return other ids and names, by UUID, for rows whose ids are wanted by others.

    Renamed rows move for a moment only, so that two can swap their ids; rows that are gone stay
    where they were moved to.
    """
    ids = {entry.id for entry in wanted}
    taken = ids | {row.id for row in rows.values()}
    moves = {}
    for row in gone:
        if row.id in ids:
            suffix = "~" + row.uuid[:8]
            if row.id + suffix in taken:
                suffix = "~" + row.uuid
            moves[row.uuid] = (row.id + suffix, row.name + suffix)
    for entry in changed:
        row = rows[entry.uuid]
        if row.id != entry.id and row.id in ids:
            moves[row.uuid] = (f"{row.type}:~{row.uuid}", f"~{row.uuid}")
    return moves


def _sync_composites(store: Store, state: CollectionState) -> None:
    rows = {row.uuid: row for row in store.all_composites(state.uuid)}
    wanted = {composite.uuid: composite for composite in state.composites}
    store.dissolve_composites(state.uuid, [r.id for uuid, r in rows.items() if uuid not in wanted])
    store.insert_composites(state.uuid, [c for uuid, c in wanted.items() if uuid not in rows])
    store.update_composites(
        state.uuid,
        [c for uuid, c in wanted.items() if uuid in rows and _said(rows[uuid]) != _said(c)],
    )


def _said(composite: CompositeRecord | CompositeState) -> tuple[str | None, ...]:
    """Return what a composite says about itself."""
    return (
        str(composite.composite_type),
        composite.display_name,
        composite.description,
        composite.metadata,
    )


def _sync_memberships(store: Store, state: CollectionState) -> None:
    rows = {_key(_present(row)): _present(row) for row in store.all_memberships(state.uuid)}
    wanted = {
        _key(membership): membership
        for composite in state.composites
        for membership in _memberships(composite)
    }
    store.delete_memberships(state.uuid, rows.keys() - wanted.keys())
    store.replace_memberships(
        state.uuid, [m for key, m in wanted.items() if key in rows and rows[key] != m]
    )
    store.create_memberships(state.uuid, [m for key, m in wanted.items() if key not in rows])


def _key(membership: NewMembership) -> tuple[str, str]:
    return membership.composite_id, membership.child_uuid


def _memberships(composite: CompositeState) -> list[NewMembership]:
    return [
        NewMembership(
            composite.id,
            member.uuid,
            member.relationship,
            member.pin,
            member.position,
            member.metadata,
        )
        for member in composite.members
    ]


def _present(row: MembershipRecord) -> NewMembership:
    return NewMembership(
        row.composite_id,
        row.child_artifact_uuid,
        row.relationship_type,
        row.pinned_version_hash,
        row.position,
        row.metadata,
    )
