"""Composites as people speak of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from peewee import Database

from factories import make_collection, stored_artifacts, stored_composite
from holdall.errors import ConflictError, HoldallError, UsageError
from holdall_composites.database.connect import connected
from holdall_composites.errors import (
    AlreadyExists,
    ArtifactNotFound,
    ConstraintViolated,
    CycleRefused,
)
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.store.store import Store
from holdall_composites.values.types import Link

pytestmark = pytest.mark.integration

PIN = "a" * 64


@pytest.fixture
def resolver(database: Database) -> Resolver:
    """A resolver on a database without rows."""
    return Resolver(Store(database))


@pytest.fixture
def collection_id(resolver: Resolver) -> str:
    """A collection with skills a to d and the composites x, y and z, all without members."""
    collection_id = make_collection(resolver.store)
    stored_artifacts(resolver.store, collection_id, *(f"skill:{name}" for name in "abcd"))
    for name in "xyz":
        stored_composite(resolver.store, collection_id, f"composite:{name}")
    return collection_id


def add(resolver: Resolver, collection_id: str, memberships: str) -> None:
    """Add members written as `x:a x:y`: lower composites are x, y, z."""
    for membership in memberships.split():
        parent, child = membership.split(":")
        kind = "composite" if child in "xyz" else "skill"
        resolver.add_member(collection_id, f"composite:{parent}", f"{kind}:{child}")


def expanded(resolver: Resolver, collection_id: str, *names: str) -> str:
    """Return the letters of what composites expand to."""
    found = resolver.expand(collection_id, [f"composite:{name}" for name in names])
    return "".join(one.id[-1] for one in found)


def test_a_member_is_added_by_name(resolver: Resolver, collection_id: str) -> None:
    """The link names ids, not UUIDs, and both ends know of it."""
    made = resolver.add_member(collection_id, "composite:x", "skill:a", PIN, "requires")
    assert made == Link("skill:a", "requires", PIN, 0)
    assert resolver.associations(collection_id, "composite:x").children == (made,)
    (parent,) = resolver.associations(collection_id, "skill:a").parents
    assert parent.to_json() == {
        "id": "composite:x",
        "relationship": "requires",
        "pin": PIN,
        "position": 0,
    }


def test_members_go_where_they_are_wanted(resolver: Resolver, collection_id: str) -> None:
    """A position puts a member before the others."""
    add(resolver, collection_id, "x:a x:b")
    resolver.add_member(collection_id, "composite:x", "skill:c", position=0, metadata="{}")
    assert expanded(resolver, collection_id, "x") == "cab"


def test_an_unknown_name_is_told(resolver: Resolver, collection_id: str) -> None:
    """The error names what was not found and what may have been meant."""
    with pytest.raises(ArtifactNotFound, match="skill:aa") as caught:
        resolver.add_member(collection_id, "composite:x", "skill:aa")
    assert caught.value.artifact_id == "skill:aa"
    assert "skill:a" in (caught.value.hint or "")
    with pytest.raises(ArtifactNotFound, match="composite:none"):
        resolver.add_member(collection_id, "composite:none", "skill:a")
    with pytest.raises(ArtifactNotFound, match="mcp:elsewhere") as caught:
        resolver.associations(collection_id, "mcp:elsewhere")
    assert "holdall list" in (caught.value.hint or "")


def test_a_member_twice_or_of_no_composite_is_refused(
    resolver: Resolver, collection_id: str
) -> None:
    """AlreadyExists for a second time, ConstraintViolated for a plain artifact."""
    add(resolver, collection_id, "x:a")
    with pytest.raises(AlreadyExists):
        add(resolver, collection_id, "x:a")
    with pytest.raises(ConstraintViolated, match="not a composite"):
        resolver.add_member(collection_id, "skill:a", "skill:b")


def test_a_cycle_is_refused_with_its_path(resolver: Resolver, collection_id: str) -> None:
    """Through others or straight into itself; nothing is changed."""
    add(resolver, collection_id, "x:y y:z")
    with pytest.raises(CycleRefused, match="z -> composite:x -> composite:y -> composite:z"):
        add(resolver, collection_id, "z:x")
    with pytest.raises(CycleRefused, match="composite:x -> composite:x"):
        add(resolver, collection_id, "x:x")
    assert resolver.associations(collection_id, "composite:z").children == ()


def test_a_member_is_removed_once(resolver: Resolver, collection_id: str) -> None:
    """True, then False; an unknown name is an error."""
    add(resolver, collection_id, "x:a")
    assert resolver.remove_member(collection_id, "composite:x", "skill:a")
    assert not resolver.remove_member(collection_id, "composite:x", "skill:a")
    with pytest.raises(ArtifactNotFound):
        resolver.remove_member(collection_id, "composite:x", "skill:none")


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
    ],
)
def test_expansion_in_reading_order(
    resolver: Resolver, collection_id: str, memberships: str, asked: str, found: str
) -> None:
    """Nested ones in their place, each artifact once, where it is met first."""
    add(resolver, collection_id, memberships)
    assert expanded(resolver, collection_id, *asked) == found


def test_a_cycle_in_the_rows_is_survived(resolver: Resolver, collection_id: str) -> None:
    """Rows written past the resolver are expanded once."""
    add(resolver, collection_id, "x:a x:y y:b")
    uuid = resolver.store.artifacts.uuids_of(collection_id, ["composite:x"])["composite:x"]
    resolver.store.memberships.create_membership(collection_id, "composite:y", uuid)
    assert expanded(resolver, collection_id, "x") == "ab"
    assert expanded(resolver, collection_id, "y") == "ba"


def test_a_plain_artifact_stands_for_itself(resolver: Resolver, collection_id: str) -> None:
    """It is met where it was asked for, and takes a composite's pin."""
    resolver.add_member(collection_id, "composite:x", "skill:a", PIN)
    add(resolver, collection_id, "x:b")
    found = resolver.expand(collection_id, ["skill:a", "composite:x", "skill:c"])
    assert [(one.id, one.pin, one.wanted_by) for one in found] == [
        ("skill:a", PIN, ("composite:x",)),
        ("skill:b", None, ("composite:x",)),
        ("skill:c", None, ()),
    ]
    with pytest.raises(ArtifactNotFound, match="composite:none"):
        resolver.expand(collection_id, ["composite:none"])


def test_one_pin_holds_for_all(resolver: Resolver, collection_id: str) -> None:
    """A pin counts wherever the artifact is met; two different ones are a conflict."""
    add(resolver, collection_id, "x:a x:y")
    resolver.add_member(collection_id, "composite:y", "skill:a", PIN)
    assert [one.pin for one in resolver.expand(collection_id, ["composite:x"])] == [PIN]
    resolver.add_member(collection_id, "composite:z", "skill:a", "b" * 64)
    with pytest.raises(ConflictError) as caught:
        resolver.expand(collection_id, ["composite:x", "composite:z"])
    assert "composite:y" in str(caught.value)
    assert "composite:z" in str(caught.value)


def test_what_is_gone_is_not_expanded(resolver: Resolver, collection_id: str) -> None:
    """An inactive artifact keeps its membership, but there is nothing to deploy."""
    add(resolver, collection_id, "x:a x:b")
    uuid = resolver.store.artifacts.uuids_of(collection_id, ["skill:a"])["skill:a"]
    resolver.store.artifacts.deactivate(collection_id, [uuid])
    assert expanded(resolver, collection_id, "x") == "b"
    with pytest.raises(ArtifactNotFound, match="skill:a"):
        resolver.expand(collection_id, ["skill:a"])


def test_what_is_gone_can_leave_a_composite_but_not_join_one(
    resolver: Resolver, collection_id: str
) -> None:
    """Its old membership can be taken away; a new one is refused as if it were unknown."""
    add(resolver, collection_id, "x:a")
    uuid = resolver.store.artifacts.uuids_of(collection_id, ["skill:a"])["skill:a"]
    resolver.store.artifacts.deactivate(collection_id, [uuid])
    assert resolver.remove_member(collection_id, "composite:x", "skill:a")
    with pytest.raises(ArtifactNotFound, match="skill:a"):
        resolver.add_member(collection_id, "composite:x", "skill:a")
    assert resolver.associations(collection_id, "composite:x").children == ()


def test_a_name_needs_no_type_where_only_one_has_it(resolver: Resolver, collection_id: str) -> None:
    """Several are listed, none is an error with what is like it, what is gone does not count."""
    store = resolver.store
    (old, *_) = stored_artifacts(store, collection_id, "command:b", "command:git:commit")
    assert resolver.resolve_name(collection_id, "a") == "skill:a"
    assert resolver.resolve_name(collection_id, "command:b") == "command:b"
    assert resolver.resolve_name(collection_id, "git:commit") == "command:git:commit"
    with pytest.raises(UsageError, match="command:b, skill:b"):
        resolver.resolve_name(collection_id, "b")
    store.artifacts.deactivate(collection_id, [old])
    assert resolver.resolve_name(collection_id, "b") == "skill:b"
    with pytest.raises(ArtifactNotFound, match="command:b"):
        resolver.resolve_name(collection_id, "command:b")
    with pytest.raises(ArtifactNotFound, match="'aa'") as caught:
        resolver.resolve_name(collection_id, "aa")
    assert "skill:a" in (caught.value.hint or "")


def test_a_pin_is_a_hash(resolver: Resolver, collection_id: str) -> None:
    """Anything else is refused on both databases, and nothing is changed."""
    for wrong in ("", "v1", "A" * 64, "a" * 63, "a" * 65):
        with pytest.raises(ConstraintViolated, match="pin"):
            resolver.add_member(collection_id, "composite:x", "skill:a", wrong)
    assert resolver.associations(collection_id, "composite:x").children == ()


def test_a_long_chain_is_expanded(resolver: Resolver, collection_id: str) -> None:
    """Three hundred composites, each in the one before."""
    uuids = [stored_composite(resolver.store, collection_id, f"composite:{n}") for n in range(300)]
    for number, uuid in enumerate(uuids[1:]):
        resolver.store.memberships.create_membership(collection_id, f"composite:{number}", uuid)
    resolver.add_member(collection_id, "composite:299", "skill:a")
    (found,) = resolver.expand(collection_id, ["composite:0"])
    assert (found.id, found.wanted_by) == ("skill:a", ("composite:299",))
    with pytest.raises(CycleRefused):
        resolver.add_member(collection_id, "composite:299", "composite:0")


def test_two_additions_at_once_make_no_cycle(
    resolver: Resolver, collection_id: str, database_url: str
) -> None:
    """Of x in y and y in x, added by two connections at the same time, one is refused."""
    start = Barrier(2)

    def adding(memberships: str) -> Callable[[], str]:
        def run() -> str:
            with connected(database_url) as database:
                start.wait(timeout=30)
                try:
                    add(Resolver(Store(database)), collection_id, memberships)
                except HoldallError as error:
                    return error.code
            return "added"

        return run

    for _ in range(5):
        with ThreadPoolExecutor(2) as threads:
            futures = [threads.submit(adding(memberships)) for memberships in ("x:y", "y:x")]
            assert sorted(future.result() for future in futures) == ["added", "cycle"]
        for parent, child in ("xy", "yx"):
            resolver.remove_member(collection_id, f"composite:{parent}", f"composite:{child}")
