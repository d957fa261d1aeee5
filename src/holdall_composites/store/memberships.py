"""Rows of `composite_memberships`: which child belongs to which composite, all the way down."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from peewee import JOIN, SQL, Cast, fn

from holdall_composites.database.fields import UTC_NOW
from holdall_composites.database.models import Artifact, CompositeArtifact, CompositeMembership
from holdall_composites.store.prepared import (
    Given,
    as_json,
    delete_rows,
    insert_rows,
    one_of,
    prepare,
    update_rows,
)
from holdall_composites.store.query import Listing, Repository, records_of
from holdall_composites.values.pagination import Page
from holdall_composites.values.records import Among, Edge, MembershipRecord
from holdall_composites.values.types import RelationshipType

A, C, M = Artifact, CompositeArtifact, CompositeMembership
_KEY = (M.collection_id, M.composite, M.child_artifact)
_OWN = (M.relationship_type, M.position, M.pinned_version_hash, M.membership_metadata)
_records = records_of(MembershipRecord)
_edges = records_of(Edge)
_IN_COLLECTION = M.collection_id == Given("collection")
_IN_COMPOSITE = (_IN_COLLECTION) & (M.composite == Given("composite"))


def _select() -> Any:
    columns = (*_KEY[1:], *_OWN, A.id, M.created_at, M.updated_at)
    return M.select(*columns).join(A, on=M.child_artifact)


_CHILDREN = Listing(
    "children",
    lambda: _select().where(_IN_COMPOSITE),
    (M.position, M.child_artifact),
    _records,
)
_PARENTS = Listing(
    "parents",
    lambda: _select().where(M.child_artifact == Given("child"), _IN_COLLECTION),
    (M.composite,),
    _records,
)
# Each side with the collection: else SQLite reads all memberships of the collection.
_ASSOCIATIONS = Listing(
    "associations",
    lambda: _select().where(
        _IN_COMPOSITE | ((M.child_artifact == Given("child")) & (_IN_COLLECTION))
    ),
    (M.composite, M.position, M.child_artifact),
    _records,
)

_ALL = Listing("memberships", lambda: _select().where(_IN_COLLECTION), _KEY[1:], _records)
_insert = insert_rows(*_KEY, *_OWN)


@prepare
def _among() -> Any:
    parent = A.alias("parent")
    here = (parent.collection == Given("collection")) & one_of(parent.uuid, "uuids")
    return _select().where(_IN_COLLECTION, M.composite.in_(parent.select(parent.id).where(here)))


_update = update_rows(*_KEY, *_OWN, key=_KEY, updated_at=UTC_NOW)
_reorder = update_rows(*_KEY, M.position, key=_KEY, updated_at=UTC_NOW)
_delete = delete_rows(*_KEY)


def _beside(there: Any, what: Any) -> Any:
    """Return the query for what the memberships of the composite have."""
    return there.select(what).where(
        there.collection_id == Given("collection"), there.composite == Given("composite")
    )


@prepare
def _insert_one() -> Any:
    there = M.alias("there")
    last = _beside(there, there.position + 1).order_by(there.position.desc()).limit(1)
    child_id = A.select(A.id).where(A.uuid == Given("child"))
    return M.insert(
        {
            M.collection_id: Given("collection"),
            M.composite: Given("composite"),
            M.child_artifact: Given("child"),
            M.relationship_type: Given("relationship_type"),
            M.pinned_version_hash: Given("pin"),
            M.position: fn.COALESCE(Cast(Given("position"), "INTEGER"), last, 0),
            M.membership_metadata: Given("metadata"),
        }
    ).returning(child_id, M.position, M.created_at, M.updated_at)


@prepare
def _make_room() -> Any:
    there = M.alias("there")
    is_taken = _beside(there, SQL("1")).where(there.position == Given("position"))
    return M.update({M.position: M.position + 1, M.updated_at: UTC_NOW}).where(
        _IN_COMPOSITE, M.position >= Given("position"), fn.EXISTS(is_taken)
    )


@prepare
def _below() -> Any:
    first = C.select(C.collection_id, C.artifact).where(
        C.collection_id == Given("collection"), one_of(C.artifact, "ids")
    )
    reached = first.cte("reached", recursive=True, columns=("collection_id", "id"))
    membership, child, nested = M.alias("m1"), A.alias("a1"), C.alias("c1")
    further = (
        nested.select(nested.collection_id, nested.artifact)
        .from_(reached)
        .join(membership, on=_of_reached(membership, reached))
        .join(child, on=(child.uuid == membership.child_artifact))
        .join(nested, on=C.artifact.on(child, nested))
    )
    closure = reached.union(further)  # a cycle in the rows is walked once
    composite = C.alias("c2")
    is_composite = composite.artifact.is_null(False)
    return (
        M.select(M.composite, A.id, A.uuid, M.pinned_version_hash, is_composite, A.active)
        .from_(closure)
        .join(M, on=_of_reached(M, closure))
        .join(A, on=(A.uuid == M.child_artifact))
        .join(composite, JOIN.LEFT_OUTER, on=C.artifact.on(A, composite))
        .with_cte(closure)
        .order_by(M.composite, M.position, M.child_artifact)
    )


def _of_reached(membership: Any, reached: Any) -> Any:
    """Return the condition that a membership is of a composite in the closure."""
    is_of_collection = membership.collection_id == reached.c.collection_id
    return is_of_collection & (membership.composite == reached.c.id)


class Memberships(Repository):
    """What can be done with memberships. Children are known by UUID, composites by id.

    Lists are whole without `limit`; with it, they are read in pages by a cursor.
    """

    def get_children_of(
        self,
        composite_id: str,
        collection_id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[MembershipRecord]:
        """Return a composite's memberships in their order."""
        given = {"composite": composite_id, "collection": collection_id}
        return self._page(_CHILDREN, cursor, limit, **given)

    def get_parents_of(
        self,
        child_uuid: str,
        collection_id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[MembershipRecord]:
        """Return the memberships of which this is the child, by their composites' ids."""
        return self._page(_PARENTS, cursor, limit, child=child_uuid, collection=collection_id)

    def get_associations(
        self,
        artifact_id: str,
        artifact_uuid: str,
        collection_id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[MembershipRecord]:
        """Return the memberships of which an artifact is the child or the composite.

        In the order of the composites' ids, each one's members in their order.
        """
        ends = {"composite": artifact_id, "child": artifact_uuid}
        return self._page(_ASSOCIATIONS, cursor, limit, **ends, collection=collection_id)

    def ask_all(self, collection_id: str, among: Among | None = None) -> None:
        """Ask for the rows of a collection, which are fetched next."""
        if among is None:
            self._ask(_ALL.whole, collection=collection_id)
        else:
            self._ask(_among, collection=collection_id, uuids=among.uuids)

    def all_of(self, collection_id: str, among: Among | None = None) -> list[MembershipRecord]:
        """Return every membership of a collection; or those of the composites of some UUIDs."""
        if among is not None:
            return list(self._make(_records, _among, collection=collection_id, uuids=among.uuids))
        return list(self._page(_ALL, None, None, collection=collection_id).items)

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
        """Make a child a member, last; at a taken position those from there on make room.

        Raises AlreadyExists if it is one, ConstraintViolated if composite or child do not exist in
        this collection. The manifest does not change: `Resolver.add_member` changes both.
        """
        at = {"collection": collection_id, "composite": composite_id}
        # One statement is a transaction by itself.
        with nullcontext() if position is None else self.transaction():
            if position is not None:
                self._send(_make_room, **at, position=position)
            given = {"relationship_type": str(relationship_type), "pin": pin, "metadata": metadata}
            ((child_id, placed, *times),) = self._fetch(
                _insert_one, **at, child=child_uuid, position=position, **given
            )
        own = (str(relationship_type), placed, pin, metadata)
        return MembershipRecord(composite_id, child_uuid, *own, child_id, *times)

    def create_memberships(self, collection_id: str, batch: Iterable[MembershipRecord]) -> None:
        """Make many memberships, all or none; positions are taken as they are given."""
        self._send_rows(_insert, ((collection_id, *one[:6]) for one in batch))

    def replace_memberships(self, collection_id: str, batch: Iterable[MembershipRecord]) -> None:
        """Set everything of memberships that exist but when they were made, all or none."""
        self._send_rows(_update, ((collection_id, *one[:6]) for one in batch))

    def reorder_memberships(self, collection_id: str, batch: Iterable[MembershipRecord]) -> None:
        """Set the positions of memberships that exist, all or none; takes half as long."""
        self._send_rows(_reorder, ((collection_id, *one[:2], one.position) for one in batch))

    def delete_membership(self, collection_id: str, composite_id: str, child_uuid: str) -> bool:
        """Take a child out of a composite; returns whether it was a member."""
        return self.delete_memberships(collection_id, [(composite_id, child_uuid)]) > 0

    def delete_memberships(self, collection_id: str, pairs: Iterable[tuple[str, str]]) -> int:
        """Take children out, given as (composite id, child UUID); returns how many were members."""
        return self._run_rows(_delete, ((collection_id, *pair) for pair in pairs))

    def edges_below(self, collection_id: str, composite_ids: Iterable[str]) -> tuple[Edge, ...]:
        """Return all memberships of these composites and of those nested in them, in order.

        One query, whatever the depth; a cycle in the rows is walked once.
        """
        return self._make(_edges, _below, collection=collection_id, ids=as_json(composite_ids))
