"""What would have to be written so that a collection's rows say what its state says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import field

from holdall import dataclass
from holdall.artifacts import ArtifactType
from holdall_composites.errors import AlreadyExists, ArtifactNotFound
from holdall_composites.store.prepared import as_json
from holdall_composites.store.store import Store
from holdall_composites.values.records import (
    Among,
    ArtifactRecord,
    CollectionState,
    CompositeRecord,
    MembershipRecord,
)

UUID = str


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of one collection, inactive ones included; artifacts and composites by UUID.

    Or the `touched` ones alone, and those whose ids they want. `taken` are ids of others.
    """

    artifacts: Mapping[UUID, ArtifactRecord] = field(default_factory=dict)
    composites: Mapping[UUID, CompositeRecord] = field(default_factory=dict)
    memberships: tuple[MembershipRecord, ...] = ()
    aliases: Mapping[UUID, UUID] = field(default_factory=dict)
    taken: Set[str] = frozenset()
    touched: Set[UUID] | None = None

    @classmethod
    def read_touched(cls, store: Store, state: CollectionState, touched: Set[UUID]) -> Rows:
        """Read the rows of entries that a change touched, and those whose ids they want."""
        among, own = among_of(state, touched), state.uuid
        with store.snapshot():
            ask_touched(store, state, touched)
            artifacts = {row.uuid: row for row in store.artifacts.all_of(own, among)}
            # What gives its id up gets one that nobody has.
            asked = [f"{row.id}~{uuid[:8]}" for uuid, row in artifacts.items()]
            is_displaced = any(uuid not in touched for uuid in artifacts)
            return cls(
                artifacts=artifacts,
                composites={row.uuid: row for row in store.composites.among(own, among)},
                memberships=tuple(store.memberships.all_of(own, among)),
                aliases=store.artifacts.aliases_of(own, among),
                taken=store.artifacts.uuids_of(own, asked).keys() if is_displaced else frozenset(),
                touched=touched,
            )

    @classmethod
    def read(cls, store: Store, collection_id: str) -> Rows:
        """Read the rows of a collection, all of one moment."""
        with store.snapshot():
            for rows in (store.artifacts, store.composites, store.memberships):
                rows.ask_all(collection_id)
            return cls(
                artifacts={row.uuid: row for row in store.artifacts.all_of(collection_id)},
                composites={row.uuid: row for row in store.composites.all_of(collection_id).items},
                memberships=tuple(store.memberships.all_of(collection_id)),
                aliases=store.artifacts.aliases_of(collection_id),
            )


@dataclass(frozen=True, slots=True)
class Difference:
    """What to write, in the order of the fields.

    What is gone is known by the composites' present ids, everything new or changed by the ids of
    the state. `displaced` are UUIDs of rows that are gone and whose ids others want; `moved` are
    rows under other ids, so that those that they had are free; `moved_memberships` are those of
    which nothing changes but the position.
    """

    gone_memberships: tuple[tuple[str, UUID], ...] = ()
    gone_composites: tuple[str, ...] = ()
    displaced: tuple[UUID, ...] = ()
    moved: tuple[ArtifactRecord, ...] = ()
    gone_artifacts: tuple[ArtifactRecord, ...] = ()
    changed_artifacts: tuple[ArtifactRecord, ...] = ()
    new_artifacts: tuple[ArtifactRecord, ...] = ()
    changed_composites: tuple[CompositeRecord, ...] = ()
    new_composites: tuple[CompositeRecord, ...] = ()
    moved_memberships: tuple[MembershipRecord, ...] = ()
    changed_memberships: tuple[MembershipRecord, ...] = ()
    new_memberships: tuple[MembershipRecord, ...] = ()
    gone_aliases: tuple[UUID, ...] = ()
    new_aliases: tuple[tuple[UUID, UUID], ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether the rows are right."""
        return self == Difference()


def difference(rows: Rows, state: CollectionState) -> Difference:
    """Compare rows with a state.

    Memberships are compared by the composites' UUIDs, which outlive renames. Raises AlreadyExists
    for what is doubled in the state, ArtifactNotFound for a member that is not in it.
    """
    wanted = _wanted_rows(state)
    _refuse_wrong_members(state, wanted, rows)
    present = rows.artifacts
    ids = {entry.id for entry in wanted.values()}
    gone = {uuid: row for uuid, row in present.items() if uuid not in wanted}
    if rows.touched is not None:
        state = _only_touched(state, rows.touched)
        wanted = {uuid: wanted[uuid] for uuid in wanted if uuid in rows.touched}
    changed = [e for u, e in wanted.items() if u in present and present[u][:8] != e[:8]]
    moved = dict(_find_moves(rows, gone, changed, ids))
    composites = {composite.uuid: composite for composite in state.composites}
    known = rows.composites
    uuids = {composite.id: uuid for uuid, composite in known.items()}
    members = {(uuids[row.composite_id], row.child_artifact_uuid): row for row in rows.memberships}
    entries = {(c.uuid, m.child_artifact_uuid): m for c in state.composites for m in c.members}
    other = {k: m for k, m in entries.items() if k in members and members[k][2:6] != m[2:6]}
    aliases = dict.fromkeys(state.aliases)
    shifted = {k: m for k, m in other.items() if members[k][2:6] == (m[2], members[k][3], *m[4:6])}
    return Difference(
        gone_memberships=tuple(row[:2] for key, row in members.items() if key not in entries),
        gone_composites=tuple(row.id for uuid, row in known.items() if uuid not in composites),
        displaced=tuple(uuid for uuid in moved if uuid in gone),
        moved=tuple(moved.values()),
        gone_artifacts=tuple(
            moved.get(uuid, row)._replace(active=False) for uuid, row in gone.items() if row.active
        ),
        changed_artifacts=tuple(changed),
        new_artifacts=(
            *(entry for uuid, entry in wanted.items() if uuid not in present),
            *_forgotten(rows, ids, state),
        ),
        changed_composites=tuple(
            c for uuid, c in composites.items() if uuid in known and known[uuid][3:7] != c[3:7]
        ),
        new_composites=tuple(c for uuid, c in composites.items() if uuid not in known),
        moved_memberships=tuple(shifted.values()),
        changed_memberships=tuple(m for key, m in other.items() if key not in shifted),
        new_memberships=tuple(m for key, m in entries.items() if key not in members),
        gone_aliases=tuple(a for a, uuid in rows.aliases.items() if (a, uuid) not in aliases),
        new_aliases=tuple(pair for pair in aliases if pair not in rows.aliases.items()),
    )


def among_of(state: CollectionState, touched: Set[UUID]) -> Among:
    """Return which rows a change of entries may have to do with."""
    uuids = touched | {entry.uuid for entry in state.removed}
    ids = {entry.id for entry in state.removed}
    ids |= {entry.id for entry in state.artifacts if entry.uuid in touched}
    ids |= {entry.id for entry in state.composites if entry.uuid in touched}
    return Among(as_json(sorted(uuids)), as_json(sorted(ids)))


def ask_touched(store: Store, state: CollectionState, touched: Set[UUID]) -> None:
    """Ask for what `Rows.read_touched` reads next."""
    among = among_of(state, touched)
    for rows in (store.artifacts, store.composites, store.memberships):
        rows.ask_all(state.uuid, among)


def _only_touched(state: CollectionState, touched: Set[UUID]) -> CollectionState:
    return state._replace(
        artifacts=tuple(e for e in state.artifacts if e.uuid in touched),
        composites=tuple(e for e in state.composites if e.uuid in touched),
        aliases=tuple(pair for pair in state.aliases if pair[1] in touched),
    )


def _find_moves(
    rows: Rows, gone: Mapping[UUID, ArtifactRecord], changed: list[ArtifactRecord], ids: set[str]
) -> Iterator[tuple[UUID, ArtifactRecord]]:
    """Yield rows whose ids are wanted for another UUID, each as it is where it moves to.

    Renamed rows move for a moment only, so that two can swap their ids; rows that are gone stay
    where they were moved to.
    """
    taken = ids | {row.id for row in rows.artifacts.values()} | rows.taken
    for uuid, row in gone.items():
        if row.id in ids:
            suffix = "~" + uuid[:8]
            if row.id + suffix in taken:
                suffix = "~" + uuid
            yield uuid, row._replace(id=row.id + suffix, name=row.name + suffix)
    for entry in changed:
        row = rows.artifacts[entry.uuid]
        if row.id != entry.id and row.id in ids:
            yield row.uuid, row._replace(id=f"{row.type}:~{row.uuid}", name=f"~{row.uuid}")


def _forgotten(rows: Rows, ids: set[str], state: CollectionState) -> Iterator[ArtifactRecord]:
    """Yield removed artifacts that composites still name and that have no row."""
    taken = ids | {row.id for row in rows.artifacts.values()} | rows.taken
    for entry in state.removed:
        if entry.uuid not in rows.artifacts:
            suffix = "~" + entry.uuid if entry.id in taken else ""
            taken.add(entry.id)
            yield entry._replace(id=entry.id + suffix, name=entry.name + suffix, active=False)


def _wanted_rows(state: CollectionState) -> dict[UUID, ArtifactRecord]:
    """Return the wanted rows of `artifacts`; raises AlreadyExists for what is doubled."""
    wanted: dict[UUID, ArtifactRecord] = {}
    ids: set[str] = set()
    composites = [
        ArtifactRecord(composite.id, composite.uuid, ArtifactType.COMPOSITE, composite.name)
        for composite in state.composites
    ]
    for entry in (*state.artifacts, *composites):
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


def _refuse_wrong_members(
    state: CollectionState, wanted: Mapping[UUID, ArtifactRecord], rows: Rows
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
