"""Memberships in the store."""

from __future__ import annotations

import pytest
from peewee import Database

from factories import make_collection, make_composite, stored_artifacts, stored_composite
from holdall.errors import UsageError
from holdall_composites.errors import AlreadyExists, ArtifactNotFound, ConstraintViolated
from holdall_composites.store.store import Store
from holdall_composites.values.types import NewMembership
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
    return [m.child_id for m in store.get_children_of(KIT, collection_id)]


def test_a_membership_is_made_with_defaults(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """It contains, it is not pinned, it is the first, it knows when it was made."""
    made = store.create_membership(collection_id, KIT, children[0])
    assert store.get_children_of(KIT, collection_id) == [made]
    assert store.get_parents_of(children[0], collection_id) == [made]
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
    store.create_membership(collection_id, KIT, a)
    store.create_membership(collection_id, KIT, b)
    store.create_membership(collection_id, KIT, c, position=0)
    assert order(store, collection_id) == ["skill:c", "skill:a", "skill:b"]
    (d,) = stored_artifacts(store, collection_id, "skill:d")
    assert store.create_membership(collection_id, KIT, d, position=7).position == 7
    assert [m.position for m in store.get_children_of(KIT, collection_id)] == [0, 1, 2, 7]


def test_children_are_filtered_by_relationship(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """Only memberships of that kind are told."""
    store.create_membership(collection_id, KIT, children[0])
    needed = store.create_membership(collection_id, KIT, children[1], relationship_type="requires")
    assert store.get_children_of(KIT, collection_id, "requires") == [needed]
    assert store.get_children_of(KIT, collection_id, "extends") == []
    assert store.get_children_of("composite:none", collection_id) == []


def test_a_batch_is_made_whole_or_not_at_all(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """One child that does not exist undoes the others; positions count on."""
    a, b, c = children
    store.create_membership(collection_id, KIT, a)
    bad = [NewMembership(KIT, b), NewMembership(KIT, new_uuid())]
    with pytest.raises(ConstraintViolated):
        store.create_memberships(collection_id, bad)
    assert order(store, collection_id) == ["skill:a"]
    store.create_memberships(collection_id, [NewMembership(KIT, c), NewMembership(KIT, b)])
    assert order(store, collection_id) == ["skill:a", "skill:c", "skill:b"]
    store.create_memberships(collection_id, [])


def test_a_batch_may_give_some_positions(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """What has none comes behind all members and all before it in the batch, per composite."""
    a, b, c = children
    (d,) = stored_artifacts(store, collection_id, "skill:d")
    stored_composite(store, collection_id, "composite:other")
    store.create_membership(collection_id, KIT, a, position=4)
    store.create_memberships(
        collection_id,
        [
            NewMembership(KIT, b),
            NewMembership("composite:other", b),
            NewMembership(KIT, c, position=7),
            NewMembership(KIT, d),
            NewMembership("composite:other", a),
        ],
    )
    found = store.get_children_of(KIT, collection_id)
    assert [(m.child_artifact_uuid, m.position) for m in found] == [(a, 4), (b, 5), (c, 7), (d, 8)]
    found = store.get_children_of("composite:other", collection_id)
    assert [(m.child_artifact_uuid, m.position) for m in found] == [(b, 0), (a, 1)]


def test_a_second_membership_of_a_child_is_refused(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """AlreadyExists, also with another relationship, and the positions did not move."""
    store.create_membership(collection_id, KIT, children[0])
    with pytest.raises(AlreadyExists):
        store.create_membership(
            collection_id, KIT, children[0], relationship_type="requires", position=0
        )
    assert [m.position for m in store.get_children_of(KIT, collection_id)] == [0]


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
            store.create_membership(collection_id, composite_id, child)
    with pytest.raises(ConstraintViolated):
        store.create_membership(collection_id, KIT, children[0], relationship_type="likes")
    assert order(store, collection_id) == []


def test_an_update_changes_only_what_is_given(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """The pin can be set and taken off; the rest stays."""
    made = store.create_membership(collection_id, KIT, children[0], metadata='{"note":"x"}')
    pinned = store.update_membership(collection_id, KIT, children[0], pin="f" * 64)
    assert pinned is not None
    assert store.get_children_of(KIT, collection_id) == [pinned]
    assert pinned.pinned_version_hash == "f" * 64
    assert pinned.metadata == '{"note":"x"}'
    assert store.update_membership(collection_id, KIT, children[0], pin=None) == made
    moved = store.update_membership(
        collection_id, KIT, children[0], position=4, relationship_type="extends", metadata=None
    )
    assert store.get_children_of(KIT, collection_id) == [moved]
    assert store.update_membership(collection_id, KIT, children[1], pin=None) is None


def test_deleting_says_whether_it_was_there(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """True once, then False; the child stays."""
    store.create_membership(collection_id, KIT, children[0])
    assert store.delete_membership(collection_id, KIT, children[0])
    assert not store.delete_membership(collection_id, KIT, children[0])
    assert store.delete_memberships(collection_id, []) == 0
    assert "skill:a" in store.active_ids(collection_id)


def test_plain_sql_deletes_cascade(store: Store, collection_id: str, children: list[str]) -> None:
    """A deleted child or composite takes exactly its memberships along."""
    stored_composite(store, collection_id, "composite:other", *children)
    for child in children:
        store.create_membership(collection_id, KIT, child)
    store.database.execute_sql("DELETE FROM artifacts WHERE id = 'skill:a'")
    assert order(store, collection_id) == ["skill:b", "skill:c"]
    store.database.execute_sql("DELETE FROM composite_artifacts WHERE id = 'composite:other'")
    assert order(store, collection_id) == ["skill:b", "skill:c"]
    assert len(store.all_memberships(collection_id)) == 2


def test_rows_of_plain_sql_have_defaults(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """Relationship, position and time come from the database."""
    store.database.execute_sql(
        "INSERT INTO composite_memberships (collection_id, composite_id, child_artifact_uuid)"
        f" VALUES ('{collection_id}', '{KIT}', '{children[0]}')"
    )
    (found,) = store.get_children_of(KIT, collection_id)
    assert (found.relationship_type, found.position) == ("contains", 0)
    assert found.created_at.endswith("Z")


def test_a_rename_carries_memberships_along(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """Both the child and the composite keep their memberships under their new ids."""
    store.create_membership(collection_id, KIT, children[0])
    uuid = store.uuids_of(collection_id, [KIT])[KIT]
    store.move_artifacts(
        collection_id, {children[0]: ("skill:z", "z"), uuid: ("composite:box", "box")}
    )
    (found,) = store.get_children_of("composite:box", collection_id)
    assert (found.child_id, found.child_artifact_uuid) == ("skill:z", children[0])


def test_edges_below_survive_cycles(store: Store, collection_id: str, children: list[str]) -> None:
    """Rows that go round in circles are told once each."""
    uuid = store.uuids_of(collection_id, [KIT])[KIT]
    inner = stored_composite(store, collection_id, "composite:inner", uuid, children[0])
    store.create_membership(collection_id, KIT, inner)
    store.create_composite(collection_id, make_composite("composite:apart"))
    edges = store.edges_below(collection_id, [KIT])
    assert edges == [
        ("composite:inner", KIT, uuid, None, True, True),
        ("composite:inner", "skill:a", children[0], None, False, True),
        (KIT, "composite:inner", inner, None, True, True),
    ]


def test_edges_above_survive_cycles(store: Store, collection_id: str, children: list[str]) -> None:
    """Everything that holds a child, however deep, is told once each; its siblings are not."""
    uuid = store.uuids_of(collection_id, [KIT])[KIT]
    inner = stored_composite(store, collection_id, "composite:inner", uuid, children[0])
    store.create_membership(collection_id, KIT, inner)
    store.create_membership(collection_id, KIT, children[1])
    store.create_membership(collection_id, KIT, children[0], pin="f" * 64)
    edges = store.edges_above(collection_id, [children[0]])
    assert edges == [
        ("composite:inner", KIT, uuid, None, True, True),
        ("composite:inner", "skill:a", children[0], None, False, True),
        (KIT, "composite:inner", inner, None, True, True),
        (KIT, "skill:a", children[0], "f" * 64, False, True),
    ]
    assert store.edges_above(collection_id, [new_uuid()]) == []


def test_members_are_put_in_another_order(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """Those named come first, the others stay in order behind them, without gaps."""
    a, b, c = children
    store.create_memberships(
        collection_id, [NewMembership(KIT, a, position=3), NewMembership(KIT, b, pin="f" * 64)]
    )
    store.create_membership(collection_id, KIT, c, position=9, metadata="{}")
    before = {m.child_artifact_uuid: m for m in store.get_children_of(KIT, collection_id)}
    found = store.reorder_memberships(collection_id, KIT, [c, b])
    assert found == store.get_children_of(KIT, collection_id)
    assert found == [before[uuid]._replace(position=n) for n, uuid in enumerate([c, b, a])]
    store.delete_membership(collection_id, KIT, c)
    compact = store.reorder_memberships(collection_id, KIT)
    assert [(m.child_artifact_uuid, m.position) for m in compact] == [(b, 0), (a, 1)]
    assert store.reorder_memberships(collection_id, "composite:none") == []


def test_an_order_names_members_once(store: Store, collection_id: str, children: list[str]) -> None:
    """UsageError for one twice, ArtifactNotFound for one that is no member; nothing moves."""
    a, b, c = children
    store.create_memberships(collection_id, [NewMembership(KIT, a), NewMembership(KIT, b)])
    with pytest.raises(UsageError, match="twice"):
        store.reorder_memberships(collection_id, KIT, [b, b])
    with pytest.raises(ArtifactNotFound, match=c):
        store.reorder_memberships(collection_id, KIT, [b, c])
    assert order(store, collection_id) == ["skill:a", "skill:b"]


def test_a_pin_is_a_hash_wherever_it_is_written(
    store: Store, collection_id: str, children: list[str]
) -> None:
    """Batches and updates refuse another one whole."""
    a, b, _ = children
    with pytest.raises(ConstraintViolated, match="pin"):
        store.create_memberships(
            collection_id, [NewMembership(KIT, a), NewMembership(KIT, b, pin="v1")]
        )
    store.create_membership(collection_id, KIT, a)
    with pytest.raises(ConstraintViolated, match="pin"):
        store.update_membership(collection_id, KIT, a, pin="v1")
    (found,) = store.get_children_of(KIT, collection_id)
    assert found.pinned_version_hash is None
