"""Memberships in the store."""

from __future__ import annotations

import pytest
from peewee import Database

from factories import active_ids, make_collection, stored_artifacts, stored_composite
from holdall_composites.errors import AlreadyExists, ConstraintViolated
from holdall_composites.store.store import Store
from holdall_composites.values.records import MembershipRecord
from holdall_composites.values.uuids import new_uuid

pytestmark = pytest.mark.integration

KIT = "composite:kit"


@pytest.fixture
def store(database: Database) -> Store:
    """A store without any row."""
    return Store(database)


@pytest.fixture
def collection_id(store: Store) -> str:
    """A collection without artifacts."""
    return make_collection(store)


@pytest.fixture
def children(store: Store, collection_id: str) -> list[str]:
    """The UUIDs of skills a, b and c, beside a composite without members."""
    stored_composite(store, collection_id, KIT)
    return stored_artifacts(store, collection_id, "skill:a", "skill:b", "skill:c")


def order(store: Store, collection_id: str) -> list[str]:
    """Return the ids of the members in their order."""
    return [m.child_id for m in store.memberships.get_children_of(KIT, collection_id).items]


def test_a_membership_is_made_with_defaults(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """It contains, it is not pinned, it is the first, it knows when it was made."""
    made = store.memberships.create_membership(collection_id, KIT, children[0])
    assert store.memberships.get_children_of(KIT, collection_id).items == (made,)
    assert store.memberships.get_parents_of(children[0], collection_id).items == (made,)
    assert (made.relationship_type, made.pinned_version_hash, made.position, made.metadata) == (
        "contains",
        None,
        0,
        None,
    )
    assert made.child_id == "skill:a"
    assert made.created_at.endswith("Z")


def test_members_are_put_last_or_where_they_are_wanted(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """A member at a taken position moves those behind it; gaps stay."""
    a, b, c = children
    store.memberships.create_membership(collection_id, KIT, a)
    store.memberships.create_membership(collection_id, KIT, b)
    store.memberships.create_membership(collection_id, KIT, c, position=0)
    assert order(store, collection_id) == ["skill:c", "skill:a", "skill:b"]
    (d,) = stored_artifacts(store, collection_id, "skill:d")
    assert store.memberships.create_membership(collection_id, KIT, d, position=7).position == 7
    assert [m.position for m in store.memberships.get_children_of(KIT, collection_id).items] == [
        0,
        1,
        2,
        7,
    ]


def test_a_batch_is_made_whole_or_not_at_all(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """One child that does not exist undoes the others; positions are as given."""
    a, b, c = children
    store.memberships.create_membership(collection_id, KIT, a)
    bad = [MembershipRecord(KIT, b, position=1), MembershipRecord(KIT, new_uuid(), position=2)]
    with pytest.raises(ConstraintViolated):
        store.memberships.create_memberships(collection_id, bad)
    assert order(store, collection_id) == ["skill:a"]
    good = [MembershipRecord(KIT, c, position=1), MembershipRecord(KIT, b, position=2)]
    store.memberships.create_memberships(collection_id, good)
    assert order(store, collection_id) == ["skill:a", "skill:c", "skill:b"]
    store.memberships.create_memberships(collection_id, [])


def test_a_second_membership_of_a_child_is_refused(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """AlreadyExists, also with another relationship, and the positions did not move."""
    store.memberships.create_membership(collection_id, KIT, children[0])
    with pytest.raises(AlreadyExists):
        store.memberships.create_membership(
            collection_id, KIT, children[0], relationship_type="requires", position=0
        )
    assert [m.position for m in store.memberships.get_children_of(KIT, collection_id).items] == [0]


def test_what_the_foreign_keys_refuse(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """Unknown ends, a plain artifact as the composite, a child of another collection."""
    other = make_collection(store, "other")
    (stranger,) = stored_artifacts(store, other, "skill:a")
    for composite_id, child in [
        ("composite:none", children[0]),
        (KIT, new_uuid()),
        ("skill:b", children[0]),
        (KIT, stranger),
    ]:
        with pytest.raises(ConstraintViolated):
            store.memberships.create_membership(collection_id, composite_id, child)
    with pytest.raises(ConstraintViolated):
        store.memberships.create_membership(
            collection_id, KIT, children[0], relationship_type="likes"
        )
    assert order(store, collection_id) == []


def test_deleting_says_whether_it_was_there(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """True once, then False; the child stays."""
    store.memberships.create_membership(collection_id, KIT, children[0])
    assert store.memberships.delete_membership(collection_id, KIT, children[0])
    assert not store.memberships.delete_membership(collection_id, KIT, children[0])
    assert store.memberships.delete_memberships(collection_id, []) == 0
    assert "skill:a" in active_ids(store, collection_id)


def test_edges_below_survive_cycles(store: Store, collection_id: str, children: list[str]) -> None:
    """Rows that go round in circles are told once each."""
    uuid = store.artifacts.uuids_of(collection_id, [KIT])[KIT]
    inner = stored_composite(store, collection_id, "composite:inner", uuid, children[0])
    store.memberships.create_membership(collection_id, KIT, inner)
    stored_composite(store, collection_id, "composite:apart")
    edges = store.memberships.edges_below(collection_id, [KIT])
    assert [*edges] == [
        ("composite:inner", KIT, uuid, None, True, True),
        ("composite:inner", "skill:a", children[0], None, False, True),
        (KIT, "composite:inner", inner, None, True, True),
    ]


def test_a_replaced_membership_is_as_given(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """Everything but when it was made; of others nothing."""
    made = store.memberships.create_membership(collection_id, KIT, children[0])
    other = store.memberships.create_membership(collection_id, KIT, children[1])
    wanted = MembershipRecord(KIT, children[0], "extends", 7, "f" * 64, '{"note":"x"}')
    store.memberships.replace_memberships(collection_id, [wanted])
    store.memberships.replace_memberships(collection_id, [])
    first, second = store.memberships.get_children_of(KIT, collection_id).items
    assert first == other
    store.memberships.reorder_memberships(collection_id, [wanted._replace(position=0)])
    first, second = store.memberships.get_children_of(KIT, collection_id).items
    assert (first.child_id, first.position, first.relationship_type) == ("skill:a", 0, "extends")
    assert second == other
    store.memberships.reorder_memberships(collection_id, [wanted])
    first, second = store.memberships.get_children_of(KIT, collection_id).items
    assert second._replace(updated_at="") == made._replace(
        relationship_type="extends",
        position=7,
        pinned_version_hash="f" * 64,
        metadata='{"note":"x"}',
        updated_at="",
    )
