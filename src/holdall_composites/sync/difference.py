"""What would have to be written so that a collection's rows say what its state says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from holdall.artifacts import ArtifactType
from holdall_composites.errors import AlreadyExists, ArtifactNotFound
from holdall_composites.store import Store
from holdall_composites.values.records import ArtifactRecord, CompositeRecord, MembershipRecord
from holdall_composites.values.types import (
    ArtifactState,
    CollectionState,
    CompositeState,
    Membership,
)

UUID = str
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of one collection, inactive ones included; artifacts and composites by UUID."""

    artifacts: Mapping[UUID, ArtifactRecord] = field(default_factory=dict)
    composites: Mapping[UUID, CompositeRecord] = field(default_factory=dict)
    memberships: tuple[MembershipRecord, ...] = ()

    @classmethod
    def read(cls, store: Store, collection_id: str) -> Rows:
        """Read the rows of a collection, all of one moment."""
        with store.reading():
            return cls(
                artifacts={row.uuid: row for row in store.artifacts.all_of(collection_id)},
                composites={row.uuid: row for row in store.composites.all_of(collection_id).items},
                memberships=tuple(store.memberships.all_of(collection_id)),
            )


@dataclass(frozen=True, slots=True)
class Difference:
    """What to write, in the order of the fields.

    What is gone is known by the composites' present ids, everything new or changed by the ids of
    the state. `moves` are other ids and names, by UUID, for rows whose ids are wanted by others;
    `forgotten_artifacts` are removed ones that composites still name and that have no row.
    """

    gone_memberships: tuple[Pair, ...] = ()
    gone_composites: tuple[str, ...] = ()
    moves: Mapping[UUID, Pair] = field(default_factory=dict)
    gone_artifacts: tuple[UUID, ...] = ()
    changed_artifacts: tuple[ArtifactState, ...] = ()
    new_artifacts: tuple[ArtifactState, ...] = ()
    forgotten_artifacts: tuple[ArtifactState, ...] = ()
    new_composites: tuple[CompositeState, ...] = ()
    changed_composites: tuple[CompositeState, ...] = ()
    changed_memberships: tuple[Membership, ...] = ()
    new_memberships: tuple[Membership, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether the rows are right."""
        return self == Difference()


def difference(rows: Rows, state: CollectionState) -> Difference:
    """Compare rows with a state.

    Raises AlreadyExists for what is doubled in the state, ArtifactNotFound for a member that is
    not in it.
    """
    wanted = _wanted(state)
    _refuse_wrong_members(state, wanted, rows)
    found = _of_artifacts(rows, wanted, state.removed)
    found = _of_composites(found, rows, state)
    return _of_memberships(found, rows, state)


def _of_artifacts(
    rows: Rows, wanted: Mapping[UUID, ArtifactState], removed: Iterable[ArtifactState]
) -> Difference:
    changed = tuple(
        entry
        for uuid, entry in wanted.items()
        if uuid in rows.artifacts and not _says(rows.artifacts[uuid], entry)
    )
    gone = [row for uuid, row in rows.artifacts.items() if uuid not in wanted]
    return Difference(
        moves=_out_of_the_way(gone, changed, {entry.id for entry in wanted.values()}, rows),
        gone_artifacts=tuple(row.uuid for row in gone if row.active),
        changed_artifacts=changed,
        new_artifacts=tuple(e for uuid, e in wanted.items() if uuid not in rows.artifacts),
        forgotten_artifacts=tuple(_forgotten(rows, wanted, removed)),
    )


def _forgotten(
    rows: Rows, wanted: Mapping[UUID, ArtifactState], removed: Iterable[ArtifactState]
) -> Iterator[ArtifactState]:
    taken = {entry.id for entry in wanted.values()} | {row.id for row in rows.artifacts.values()}
    for entry in removed:
        if entry.uuid not in rows.artifacts:
            suffix = "~" + entry.uuid if entry.id in taken else ""
            taken.add(entry.id)
            yield entry._replace(id=entry.id + suffix, name=entry.name + suffix)


def _of_composites(found: Difference, rows: Rows, state: CollectionState) -> Difference:
    present, wanted = rows.composites, {c.uuid: c for c in state.composites}
    return replace(
        found,
        gone_composites=tuple(row.id for uuid, row in present.items() if uuid not in wanted),
        changed_composites=tuple(
            c for u, c in wanted.items() if u in present and _said(present[u]) != _said(c)
        ),
        new_composites=tuple(c for uuid, c in wanted.items() if uuid not in present),
    )


def _of_memberships(found: Difference, rows: Rows, state: CollectionState) -> Difference:
    """Compare by the composites' UUIDs, which outlive renames."""
    uuids = {composite.id: uuid for uuid, composite in rows.composites.items()}
    present = {(uuids[row.composite_id], row.child_artifact_uuid): row for row in rows.memberships}
    wanted = {
        (composite.uuid, membership.child_artifact_uuid): membership
        for composite in state.composites
        for membership in composite.members
    }
    return replace(
        found,
        gone_memberships=tuple(
            (row.composite_id, row.child_artifact_uuid)
            for key, row in present.items()
            if key not in wanted
        ),
        changed_memberships=tuple(
            m for key, m in wanted.items() if key in present and _tells(present[key]) != _tells(m)
        ),
        new_memberships=tuple(m for key, m in wanted.items() if key not in present),
    )


def _wanted(state: CollectionState) -> dict[UUID, ArtifactState]:
    """Return the wanted rows of `artifacts`; raises AlreadyExists for what is doubled."""
    wanted: dict[UUID, ArtifactState] = {}
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


def _refuse_wrong_members(
    state: CollectionState, wanted: Mapping[UUID, ArtifactState], rows: Rows
) -> None:
    known = wanted.keys() | {entry.uuid for entry in state.removed}
    for composite in state.composites:
        seen: set[UUID] = set()
        for member in composite.members:
            uuid = member.child_artifact_uuid
            if uuid not in known:
                gone = rows.artifacts.get(uuid)
                raise ArtifactNotFound(
                    gone.id if gone else uuid,
                    hint=f"{composite.id} names it as a member: collect it, or take it out of the"
                    " composite in the manifest",
                )
            if uuid in seen:
                raise AlreadyExists(
                    f"{composite.id} has the member {uuid} twice",
                    hint="take one of them out in the manifest",
                )
            seen.add(uuid)


def _says(row: ArtifactRecord, entry: ArtifactState) -> bool:
    return row.active and entry == ArtifactState._make(row[1:8])


def _out_of_the_way(
    gone: Iterable[ArtifactRecord], changed: Iterable[ArtifactState], ids: set[str], rows: Rows
) -> dict[UUID, Pair]:
    """Return where to move rows whose ids are among `ids`, but for another UUID.

    Renamed rows move for a moment only, so that two can swap their ids; rows that are gone stay
    where they were moved to.
    """
    taken = ids | {row.id for row in rows.artifacts.values()}
    moves = {}
    for row in gone:
        if row.id in ids:
            suffix = "~" + row.uuid[:8]
            if row.id + suffix in taken:
                suffix = "~" + row.uuid
            moves[row.uuid] = (row.id + suffix, row.name + suffix)
    for entry in changed:
        row = rows.artifacts[entry.uuid]
        if row.id != entry.id and row.id in ids:
            moves[row.uuid] = (f"{row.type}:~{row.uuid}", f"~{row.uuid}")
    return moves


def _said(composite: CompositeRecord | CompositeState) -> tuple[str | None, ...]:
    """Return what a composite says about itself."""
    return (
        str(composite.composite_type),
        composite.display_name,
        composite.description,
        composite.metadata,
    )


def _tells(membership: MembershipRecord | Membership) -> tuple[str | int | None, ...]:
    """Return what a membership says beyond its key."""
    own = (membership.relationship_type, membership.position)
    return (*own, membership.pinned_version_hash, membership.metadata)
