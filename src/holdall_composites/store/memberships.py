"""Rows of `composite_memberships`: which child belongs to which composite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from enum import Enum
from typing import Final, TypeVar

from holdall.artifacts import is_sha256
from holdall.errors import UsageError
from holdall_composites.errors import ArtifactNotFound, ConstraintViolated
from holdall_composites.store.collections import CollectionRows
from holdall_composites.store.query import Listing, as_json
from holdall_composites.values.pagination import DEFAULT_LIMIT, Page
from holdall_composites.values.records import MembershipRecord
from holdall_composites.values.types import NewMembership, RelationshipType

_SELECT = (
    "SELECT m.collection_id, m.composite_id, m.child_artifact_uuid, a.id, m.relationship_type,"
    " m.position, m.pinned_version_hash, m.metadata, m.created_at"
    " FROM composite_memberships AS m JOIN artifacts AS a"
    " ON a.collection_id = m.collection_id AND a.uuid = m.child_artifact_uuid"
)
_CHILDREN = f"{_SELECT} WHERE m.collection_id = ? AND m.composite_id = ?"
_PARENTS = f"{_SELECT} WHERE m.child_artifact_uuid = ? AND m.collection_id = ?"
_ASSOCIATIONS = (
    f"{_SELECT} WHERE (m.collection_id = ? AND m.composite_id = ?)"
    " OR (m.child_artifact_uuid = ? AND m.collection_id = ?)"
    " ORDER BY m.composite_id, m.position, m.child_artifact_uuid"
)
_IN_ORDER = " ORDER BY m.position, m.child_artifact_uuid"
_ONE = " AND m.child_artifact_uuid = ?"

_LIST_CHILDREN = Listing(
    name="children",
    query=_CHILDREN,
    key=("m.position", "m.child_artifact_uuid"),
    shape=(int, str),
    record=MembershipRecord,
    key_of=lambda record: (record.position, record.child_artifact_uuid),
)
_LIST_PARENTS = Listing(
    name="parents",
    query=_PARENTS,
    key=("m.composite_id",),
    shape=(str,),
    record=MembershipRecord,
    key_of=lambda record: (record.composite_id,),
)

_INSERT = (
    "INSERT INTO composite_memberships (collection_id, composite_id, child_artifact_uuid,"
    " relationship_type, pinned_version_hash, position, metadata)"
    " SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, {position}, value ->> 5"
    " FROM ROWS(?) WHERE TRUE"
)
_INSERT_PLACED = _INSERT.format(position="CAST(value ->> 4 AS INTEGER)")
_INSERT_BEHIND = _INSERT.format(
    position="COALESCE(CAST(value ->> 4 AS INTEGER), GREATEST(CAST(value ->> 6 AS INTEGER),"
    " CAST(value ->> 7 AS INTEGER) + COALESCE((SELECT position + 1"
    " FROM composite_memberships WHERE collection_id = ? AND composite_id = value ->> 0"
    " ORDER BY position DESC LIMIT 1), 0)))"
)
_INSERT_ONE = (
    "INSERT INTO composite_memberships (collection_id, composite_id, child_artifact_uuid,"
    " relationship_type, pinned_version_hash, position, metadata)"
    " VALUES (?, ?, ?, ?, ?, COALESCE(CAST(? AS INTEGER), (SELECT position + 1"
    " FROM composite_memberships WHERE collection_id = ? AND composite_id = ?"
    " ORDER BY position DESC LIMIT 1), 0), ?)"
    " RETURNING (SELECT id FROM artifacts WHERE uuid = child_artifact_uuid), position, created_at"
)
_UPDATE = (
    "UPDATE composite_memberships SET relationship_type = value ->> 2,"
    " pinned_version_hash = value ->> 3,"
    " position = COALESCE(CAST(value ->> 4 AS INTEGER), position),"
    " metadata = value ->> 5 FROM ROWS(?) AS given"
    " WHERE composite_memberships.collection_id = given.value ->> 6"
    " AND composite_memberships.composite_id = given.value ->> 0"
    " AND composite_memberships.child_artifact_uuid = given.value ->> 1"
)


class Unchanged(Enum):
    """The default of what an update leaves as it is."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED

Value = TypeVar("Value")


def _given(value: Value | Unchanged, present: Value) -> Value:
    return present if isinstance(value, Unchanged) else value


def _refuse_other_pins(composite_id: str, pin: str | None) -> None:
    if pin is not None and not is_sha256(pin):
        raise ConstraintViolated(
            f"{composite_id}: the pin {pin!a} of a member is no version",
            hint="a pin is a version's hash: 64 lowercase hex digits",
        )


def _row(membership: NewMembership) -> tuple[str | int | None, ...]:
    """Return the columns; raises ConstraintViolated for what only one database would refuse."""
    _refuse_other_pins(membership.composite_id, membership.pin)
    return (
        membership.composite_id,
        membership.child_uuid,
        membership.relationship_type,
        membership.pin,
        membership.position,
        membership.metadata,
    )


def _ends(batch: list[NewMembership]) -> Iterator[tuple[int, int]]:
    """Yield for each what its composite ends at by those before it in the batch.

    First at least, because of their positions; then, how many of them come behind the members
    that the composite has.
    """
    ends: dict[str, tuple[int, int]] = {}
    for membership in batch:
        least, behind = ends.get(membership.composite_id, (0, 0))
        yield least, behind
        if membership.position is None:
            ends[membership.composite_id] = least + 1, behind + 1
        else:
            ends[membership.composite_id] = max(least, membership.position + 1), behind


def _as_new(record: MembershipRecord) -> NewMembership:
    return NewMembership(
        record.composite_id,
        record.child_artifact_uuid,
        record.relationship_type,
        record.pinned_version_hash,
        record.position,
        record.metadata,
    )


def _in_this_order(
    found: list[MembershipRecord], composite_id: str, first: Sequence[str]
) -> list[tuple[MembershipRecord, MembershipRecord]]:
    """Return each membership with its new position, and as it was."""
    by_child = {record.child_artifact_uuid: record for record in found}
    for child_uuid in first:
        if child_uuid not in by_child:
            raise ArtifactNotFound(child_uuid, hint=f"it is no member of {composite_id}")
    ordered = dict.fromkeys((*first, *by_child))
    return [
        (by_child[child_uuid]._replace(position=position), by_child[child_uuid])
        for position, child_uuid in enumerate(ordered)
    ]


class MembershipRows(CollectionRows):
    """What can be done with memberships. Children are known by UUID, composites by id."""

    def get_children_of(
        self, composite_id: str, collection_id: str, relationship_type: str | None = None
    ) -> list[MembershipRecord]:
        """Return a composite's memberships in their order."""
        if relationship_type is None:
            rows = self._fetch(_CHILDREN + _IN_ORDER, collection_id, composite_id)
        else:
            rows = self._fetch(
                f"{_CHILDREN} AND m.relationship_type = ?{_IN_ORDER}",
                collection_id,
                composite_id,
                relationship_type,
            )
        return list(map(MembershipRecord._make, rows))

    def get_parents_of(self, child_uuid: str, collection_id: str) -> list[MembershipRecord]:
        """Return the memberships of which this is the child, by their composites' ids."""
        rows = self._fetch(f"{_PARENTS} ORDER BY m.composite_id", child_uuid, collection_id)
        return list(map(MembershipRecord._make, rows))

    def get_associations(
        self, artifact_id: str, artifact_uuid: str, collection_id: str
    ) -> tuple[list[MembershipRecord], list[MembershipRecord]]:
        """Return the memberships above and below one artifact, ordered as those two are."""
        rows = self._fetch(_ASSOCIATIONS, collection_id, artifact_id, artifact_uuid, collection_id)
        found = list(map(MembershipRecord._make, rows))
        return (
            [record for record in found if record.child_artifact_uuid == artifact_uuid],
            [record for record in found if record.composite_id == artifact_id],
        )

    def list_children_of(
        self,
        composite_id: str,
        collection_id: str,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[MembershipRecord]:
        """Return a composite's memberships in their order, in pages."""
        return self._page(_LIST_CHILDREN, (collection_id, composite_id), cursor, limit)

    def list_parents_of(
        self,
        child_uuid: str,
        collection_id: str,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[MembershipRecord]:
        """Return the memberships of which this is the child, in pages."""
        return self._page(_LIST_PARENTS, (child_uuid, collection_id), cursor, limit)

    def all_memberships(self, collection_id: str) -> list[MembershipRecord]:
        """Return every membership of a collection."""
        rows = self._fetch(f"{_SELECT} WHERE m.collection_id = ?", collection_id)
        return list(map(MembershipRecord._make, rows))

    def create_membership(
        self,
        collection_id: str,
        composite_id: str,
        child_uuid: str,
        *,
        relationship_type: str = RelationshipType.CONTAINS,
        pin: str | None = None,
        position: int | None = None,
        metadata: str | None = None,
    ) -> MembershipRecord:
        """Make a child a member; at a taken position those from there on make room.

        Raises AlreadyExists if it is one, ConstraintViolated if composite or child do not exist in
        this collection. Does not look for cycles: that is the resolver's.
        """
        _refuse_other_pins(composite_id, pin)
        at = (collection_id, composite_id)
        # One statement is a transaction by itself.
        with nullcontext() if position is None else self.transaction():
            if position is not None:
                self._make_room(*at, position)
            given = (*at, child_uuid, relationship_type, pin, position, *at, metadata)
            ((child_id, placed, created_at),) = self._fetch(_INSERT_ONE, *given)
        return MembershipRecord(
            *(*at, child_uuid, child_id, str(relationship_type), placed, pin, metadata, created_at)
        )

    def _make_room(self, collection_id: str, composite_id: str, position: int) -> None:
        self._run(
            "UPDATE composite_memberships SET position = position + 1"
            " WHERE collection_id = ? AND composite_id = ? AND position >= ?"
            " AND EXISTS (SELECT 1 FROM composite_memberships AS there"
            " WHERE there.collection_id = ? AND there.composite_id = ? AND there.position = ?)",
            *(collection_id, composite_id, position) * 2,
        )

    def create_memberships(self, collection_id: str, batch: Iterable[NewMembership]) -> None:
        """Make many memberships, all or none; positions are taken as they are given."""
        memberships = list(batch)
        rows = [_row(membership) for membership in memberships]
        if all(membership.position is not None for membership in memberships):
            if rows:
                self._run(_INSERT_PLACED, collection_id, as_json(rows))
            return
        behind = [(*row, *ends) for row, ends in zip(rows, _ends(memberships), strict=True)]
        self._run(_INSERT_BEHIND, collection_id, collection_id, as_json(behind))

    def update_membership(
        self,
        collection_id: str,
        composite_id: str,
        child_uuid: str,
        *,
        relationship_type: str | Unchanged = UNCHANGED,
        pin: str | Unchanged | None = UNCHANGED,
        position: int | Unchanged = UNCHANGED,
        metadata: str | Unchanged | None = UNCHANGED,
    ) -> MembershipRecord | None:
        """Change what is given and leave the rest; None if there is no such membership."""
        key = (collection_id, composite_id, child_uuid)
        with self.transaction():
            self.lock_collection(collection_id)
            rows = self._fetch(_CHILDREN + _ONE, *key)
            if not rows:
                return None
            found = MembershipRecord(*rows[0])
            changed = found._replace(
                relationship_type=_given(relationship_type, found.relationship_type),
                position=_given(position, found.position),
                pinned_version_hash=_given(pin, found.pinned_version_hash),
                metadata=_given(metadata, found.metadata),
            )
            self.replace_memberships(collection_id, [_as_new(changed)])
            return changed

    def replace_memberships(self, collection_id: str, batch: Iterable[NewMembership]) -> None:
        """Set everything of memberships that exist but when they were made, all or none.

        One without a position keeps its present one.
        """
        memberships = list(batch)
        if memberships:
            self._run(_UPDATE, as_json((*_row(m), collection_id) for m in memberships))

    def reorder_memberships(
        self, collection_id: str, composite_id: str, first: Sequence[str] = ()
    ) -> list[MembershipRecord]:
        """Put these children (UUIDs) first, the others behind them as they were; close all gaps.

        Returns all memberships in their new order. Raises UsageError for a child named twice,
        ArtifactNotFound for one that is no member.
        """
        if len(set(first)) != len(first):
            raise UsageError("a member is named twice", hint="name each member once")
        with self.transaction():
            self.lock_collection(collection_id)
            found = self.get_children_of(composite_id, collection_id)
            ordered = _in_this_order(found, composite_id, first)
            moved = [new for new, old in ordered if new.position != old.position]
            self.replace_memberships(collection_id, [_as_new(record) for record in moved])
            return [new for new, _ in ordered]

    def delete_membership(self, collection_id: str, composite_id: str, child_uuid: str) -> bool:
        """Take a child out of a composite; returns whether it was a member."""
        return self.delete_memberships(collection_id, [(composite_id, child_uuid)]) > 0

    def delete_memberships(self, collection_id: str, pairs: Iterable[tuple[str, str]]) -> int:
        """Take children out, given as (composite id, child UUID); returns how many were members."""
        rows = list(pairs)
        if not rows:
            return 0
        return self._run(
            "DELETE FROM composite_memberships WHERE collection_id = ?"
            " AND (composite_id, child_artifact_uuid) IN"
            " (SELECT value ->> 0, value ->> 1 FROM ROWS(?))",
            collection_id,
            as_json(rows),
        )
