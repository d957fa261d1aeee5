"""What composites lead to, by `type:name`."""

from __future__ import annotations

import pytest
from peewee import Database

from factories import deactivate, make_collection, stored_artifacts, stored_composite
from holdall.errors import ConflictError, RefusedError
from holdall_composites.errors import ArtifactNotFound
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.store.store import Store

pytestmark = pytest.mark.integration

PIN = "a" * 64


@pytest.fixture
def resolver(database: Database) -> Resolver:
    """One for a collection of skills a to d and the composites x, y and z without members."""
    store = Store(database)
    collection_id = make_collection(store)
    stored_artifacts(store, collection_id, *(f"skill:{name}" for name in "abcd"))
    for name in "xyz":
        stored_composite(store, collection_id, f"composite:{name}")
    return Resolver(store, collection_id)


def uuid_of(resolver: Resolver, name: str) -> str:
    """Return the UUID of `x`, `skill:a` and the like."""
    artifact_id = name if ":" in name else f"{'composite' if name in 'xyz' else 'skill'}:{name}"
    return resolver.store.artifacts.uuids_of(resolver.collection_id, [artifact_id])[artifact_id]


def add(resolver: Resolver, memberships: str, pin: str | None = None) -> None:
    """Add rows of memberships written as `x:a x:y`: lower composites are x, y, z."""
    for membership in memberships.split():
        parent, child = membership.split(":")
        resolver.store.memberships.create_membership(
            resolver.collection_id, f"composite:{parent}", uuid_of(resolver, child), pin=pin
        )


def expanded(resolver: Resolver, *names: str) -> str:
    """Return the letters of what composites expand to."""
    found = resolver.expand([f"composite:{name}" for name in names])
    return "".join(one.id[-1] for one in found)


def test_both_ends_of_a_membership_are_told(resolver: Resolver) -> None:
    """By `type:name`; in pages they are the same."""
    add(resolver, "x:a y:a x:y y:b", PIN)
    found = resolver.associations("composite:y")
    assert [parent.composite_id for parent in found.parents] == ["composite:x"]
    assert [child.child_id for child in found.children] == ["skill:a", "skill:b"]
    assert found.children[0].to_json("skill:a") == {
        "id": "skill:a",
        "relationship": "contains",
        "pin": PIN,
        "position": 0,
    }
    pages, cursor = [], None
    for _ in range(3):
        page = resolver.associations("composite:y", cursor=cursor, limit=1)
        pages += [*page.parents, *page.children]
        cursor = page.next_cursor
    assert cursor is None
    assert pages == [*found.parents, *found.children]


def test_an_unknown_name_is_told(resolver: Resolver) -> None:
    """The error names what was not found and what may have been meant."""
    with pytest.raises(ArtifactNotFound, match="skill:aa") as caught:
        resolver.associations("skill:aa")
    assert caught.value.artifact_id == "skill:aa"
    assert "skill:a" in (caught.value.hint or "")
    with pytest.raises(ArtifactNotFound, match="mcp:elsewhere") as caught:
        resolver.expand(["mcp:elsewhere"])
    assert "holdall list" in (caught.value.hint or "")


def test_what_is_opened_to_read_cannot_be_changed(resolver: Resolver) -> None:
    """The error says how to open it."""
    with pytest.raises(RefusedError) as caught:
        resolver.add_member("composite:x", "skill:a")
    assert "open_resolver" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("memberships", "asked", "found"),
    [
        ("", "x", ""),
        ("x:c x:a x:b", "x", "cab"),
        ("x:a x:y x:b y:c", "x", "acb"),
        ("x:y x:z y:a y:b z:b z:c", "x", "abc"),
        ("x:y y:z z:a x:z", "x", "a"),
        ("x:a y:b", "yx", "ba"),
        ("x:a x:y y:a y:b", "xy", "ab"),
        ("x:a x:y y:b y:x", "x", "ab"),
        ("x:a x:y y:b y:x", "y", "ba"),
    ],
)
def test_expansion_in_reading_order(
    resolver: Resolver, memberships: str, asked: str, found: str
) -> None:
    """Nested ones in their place, each artifact once, where it is met first; a cycle once."""
    add(resolver, memberships)
    assert expanded(resolver, *asked) == found


def test_a_plain_artifact_stands_for_itself(resolver: Resolver) -> None:
    """It is met where it was asked for, and takes a composite's pin."""
    add(resolver, "x:a", PIN)
    add(resolver, "x:b")
    found = resolver.expand(["skill:a", "composite:x", "skill:c"])
    assert [(one.id, one.pin, one.wanted_by) for one in found] == [
        ("skill:a", PIN, ("composite:x",)),
        ("skill:b", None, ("composite:x",)),
        ("skill:c", None, ()),
    ]


def test_one_pin_holds_for_all(resolver: Resolver) -> None:
    """A pin counts wherever the artifact is met; two different ones are a conflict."""
    add(resolver, "x:a x:y")
    add(resolver, "y:a", PIN)
    assert [one.pin for one in resolver.expand(["composite:x"])] == [PIN]
    add(resolver, "z:a", "b" * 64)
    with pytest.raises(ConflictError) as caught:
        resolver.expand(["composite:x", "composite:z"])
    assert "composite:y" in str(caught.value)
    assert "composite:z" in str(caught.value)


def test_what_is_gone_is_not_expanded(resolver: Resolver) -> None:
    """An inactive artifact keeps its membership, but there is nothing to deploy."""
    add(resolver, "x:a x:b")
    deactivate(resolver.store, resolver.collection_id, uuid_of(resolver, "a"))
    assert expanded(resolver, "x") == "b"
    with pytest.raises(ArtifactNotFound, match="skill:a"):
        resolver.expand(["skill:a"])


def test_a_long_chain_is_expanded(resolver: Resolver) -> None:
    """Three hundred composites, each in the one before."""
    store, here = resolver.store, resolver.collection_id
    uuids = [stored_composite(store, here, f"composite:{n}") for n in range(300)]
    for number, uuid in enumerate([*uuids[1:], uuid_of(resolver, "a")]):
        store.memberships.create_membership(here, f"composite:{number}", uuid)
    (found,) = resolver.expand(["composite:0"])
    assert (found.id, found.wanted_by) == ("skill:a", ("composite:299",))
