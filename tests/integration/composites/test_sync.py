"""Rows that follow the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from peewee import Database

from factories import (
    artifact_of,
    deactivate,
    make_artifact,
    make_collection,
    make_composite,
    stored_artifacts,
)
from holdall_composites.errors import AlreadyExists, ArtifactNotFound
from holdall_composites.store.store import Store
from holdall_composites.sync.sync import sync
from holdall_composites.values.records import (
    ArtifactRecord,
    CollectionState,
    DeploymentRecord,
    MembershipRecord,
)
from holdall_composites.values.uuids import new_uuid

pytestmark = pytest.mark.integration

COLLECTION = "c" * 32
LONG_AGO = "2001-01-01T00:00:00Z"
TABLES = ("collections", "artifacts", "composite_artifacts", "composite_memberships")


@pytest.fixture
def store(database: Database) -> Store:
    """A store without any row."""
    return Store(database)


def state(*entries: Any, manifest_hash: str = "1" * 64) -> CollectionState:
    """Return a collection's state; entries with members are composites."""
    return CollectionState(
        uuid=COLLECTION,
        name="default",
        manifest_hash=manifest_hash,
        artifacts=tuple(e for e in entries if not hasattr(e, "members")),
        composites=tuple(e for e in entries if hasattr(e, "members")),
    )


def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    return {
        table: sorted(store.database.execute_sql(f"SELECT * FROM {table}").fetchall(), key=repr)
        for table in TABLES
    }


def backdate(store: Store) -> None:
    """Make every row look old, so that a touched one shows."""
    for table in TABLES[1:]:
        store.database.execute_sql(f"UPDATE {table} SET created_at = '{LONG_AGO}'")
    for table in TABLES[1:3]:
        store.database.execute_sql(f"UPDATE {table} SET updated_at = '{LONG_AGO}'")


def ids(store: Store) -> dict[str, str]:
    """Return the active artifacts' UUIDs by id."""
    rows = store.artifacts.all_of(COLLECTION)
    return {row.id: row.uuid for row in rows if row.active}


def deployed(store: Store, *entries: ArtifactRecord) -> None:
    """Record that artifacts are in a project, so that something tells of them."""
    store.deployments.finish(
        DeploymentRecord(COLLECTION, "/p", ".claude", entry.uuid, "f" * 64, "t" * 32)
        for entry in entries
    )


@contextmanager
def counted(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements and parameters that run in the block."""
    seen: list[tuple[str, Any]] = []
    execute = store.database.execute_sql

    def counting(sql: str, params: Any = None) -> Any:
        seen.append((sql, params))
        return execute(sql, params)

    store.database.execute_sql = counting
    try:
        yield seen
    finally:
        del store.database.execute_sql


def test_an_empty_database_is_filled(store: Store) -> None:
    """All rows are there, and the hash tells that they are current."""
    a, b = make_artifact("skill:a"), make_artifact("command:b")
    inner = make_composite("composite:inner", b.uuid)
    pinned = MembershipRecord("", a.uuid, "requires", 0, "f" * 64, '{"x": 1}')
    kit = make_composite("composite:kit", pinned, MembershipRecord("", inner.uuid, position=1))
    sync(store, state(a, b, kit, inner))
    assert ids(store) == {e.id: e.uuid for e in (a, b, kit, inner)}
    first, second = store.memberships.get_children_of("composite:kit", COLLECTION).items
    assert (first.child_id, first.relationship_type, first.pinned_version_hash) == (
        "skill:a",
        "requires",
        "f" * 64,
    )
    assert first.metadata == '{"x": 1}'
    assert second.child_id == "composite:inner"
    found = store.collections.get(COLLECTION)
    assert found is not None
    assert (found.name, found.manifest_hash) == ("default", "1" * 64)


def test_a_second_run_touches_nothing(store: Store) -> None:
    """Not even a timestamp changes."""
    a = make_artifact("skill:a")
    wanted = state(a, make_composite("composite:kit", a.uuid))
    sync(store, wanted)
    backdate(store)
    before = dump(store)
    with counted(store) as seen:
        assert not sync(store, wanted)
    assert dump(store) == before
    assert all(sql.startswith("SELECT") and "FOR UPDATE" not in sql for sql, _ in seen)


def test_rows_that_only_seem_current_are_mended(store: Store) -> None:
    """The manifest's hash is in place, but somebody changed rows by hand."""
    a = make_artifact("skill:a")
    wanted = state(a, make_composite("composite:kit", a.uuid))
    sync(store, wanted)
    store.memberships.delete_membership(COLLECTION, "composite:kit", a.uuid)
    deactivate(store, COLLECTION, a.uuid)
    assert sync(store, wanted)
    assert ids(store)["skill:a"] == a.uuid
    assert len(store.memberships.all_of(COLLECTION)) == 1
    assert not sync(store, wanted)


def test_another_hash_of_the_manifest_is_written(store: Store) -> None:
    """Though no other row differs."""
    a = make_artifact("skill:a")
    assert sync(store, state(a))
    assert sync(store, state(a, manifest_hash="3" * 64))
    found = store.collections.get(COLLECTION)
    assert found is not None
    assert found.manifest_hash == "3" * 64


def test_only_what_changed_is_touched(store: Store) -> None:
    """One artifact's content, one membership's pin; their neighbours stay as they were."""
    a, b = make_artifact("skill:a"), make_artifact("skill:b")
    kit = make_composite("composite:kit", a.uuid, b.uuid, description="old")
    other = make_composite("composite:other", a.uuid)
    sync(store, state(a, b, kit, other))
    backdate(store)
    members = (kit.members[0], kit.members[1]._replace(pinned_version_hash="e" * 64))
    changed = kit._replace(description="new", members=members)
    sync(store, state(a, b._replace(content_hash="9" * 64), changed, other))
    rows = {row.id: row for row in store.artifacts.all_of(COLLECTION)}
    assert rows["skill:a"].updated_at == LONG_AGO
    assert rows["skill:b"].updated_at > LONG_AGO
    assert rows["skill:b"].created_at == LONG_AGO
    assert rows["skill:b"].content_hash == "9" * 64
    composites = {row.id: row for row in store.composites.all_of(COLLECTION).items}
    assert composites["composite:kit"].description == "new"
    query = "SELECT id FROM composite_artifacts WHERE updated_at = %r"
    assert store.database.execute_sql(query % LONG_AGO).fetchall() == [("composite:other",)]
    kept, pinned = store.memberships.get_children_of("composite:kit", COLLECTION).items
    assert (kept.pinned_version_hash, pinned.pinned_version_hash) == (None, "e" * 64)
    assert kept.created_at == pinned.created_at == LONG_AGO


def test_memberships_come_go_and_move(store: Store) -> None:
    """The set and the order are those of the state."""
    a, b, c = (make_artifact(f"skill:{name}") for name in "abc")
    kit = make_composite("composite:kit", a.uuid, b.uuid)
    sync(store, state(a, b, c, kit))
    sync(store, state(a, b, c, make_composite("composite:kit", c.uuid, a.uuid, uuid=kit.uuid)))
    found = store.memberships.get_children_of("composite:kit", COLLECTION).items
    assert [(m.child_id, m.position) for m in found] == [("skill:c", 0), ("skill:a", 1)]


def test_what_is_gone_keeps_its_row_and_comes_back(store: Store) -> None:
    """An artifact is inactive while the state does not name it; its UUID waits."""
    a, b = make_artifact("skill:a"), make_artifact("skill:b")
    sync(store, state(a, b))
    sync(store, state(a))
    gone = artifact_of(store, COLLECTION, b.uuid)
    assert (gone.id, gone.active) == ("skill:b", False)
    sync(store, state(a, b))
    assert ids(store) == {"skill:a": a.uuid, "skill:b": b.uuid}


def test_a_composite_that_is_gone_has_no_members(store: Store) -> None:
    """Its own row and its memberships go, its artifact row stays; with it all come back."""
    a = make_artifact("skill:a")
    kit = make_composite("composite:kit", a.uuid)
    sync(store, state(a, kit))
    sync(store, state(a))
    assert store.composites.all_of(COLLECTION).items == ()
    assert store.memberships.all_of(COLLECTION) == []
    assert not artifact_of(store, COLLECTION, kit.uuid).active
    sync(store, state(a, kit))
    assert [
        m.child_id for m in store.memberships.get_children_of("composite:kit", COLLECTION).items
    ] == ["skill:a"]


def test_renames_keep_everything(store: Store) -> None:
    """Child and composite renamed: membership and deployment still point to them."""
    a = make_artifact("skill:a")
    kit = make_composite(
        "composite:kit", MembershipRecord("composite:kit", a.uuid, pinned_version_hash="f" * 64)
    )
    sync(store, state(a, kit))
    deployed(store, a)
    backdate(store)
    renamed = a._replace(id="skill:z", name="z")
    members = (kit.members[0]._replace(composite_id="composite:box"),)
    box = kit._replace(id="composite:box", name="box", members=members)
    sync(store, state(renamed, box))
    (membership,) = store.memberships.get_children_of("composite:box", COLLECTION).items
    assert (membership.child_id, membership.pinned_version_hash) == ("skill:z", "f" * 64)
    assert membership.created_at == LONG_AGO
    assert ids(store) == {"skill:z": a.uuid, "composite:box": kit.uuid}
    (deployment,) = store.deployments.all_of(COLLECTION).items
    assert deployment.artifact_uuid == a.uuid


def test_names_are_swapped_and_rotated(store: Store) -> None:
    """a becomes b while b becomes c and c becomes a; each keeps its UUID and members."""
    a, b, c = (make_artifact(f"skill:{name}") for name in "abc")
    x, y = make_composite("composite:x", a.uuid), make_composite("composite:y", b.uuid)
    sync(store, state(a, b, c, x, y))
    rotated = [
        e._replace(id=f"skill:{name}", name=name) for e, name in zip((a, b, c), "bca", strict=True)
    ]
    swapped = [x._replace(id=y.id, name="y"), y._replace(id=x.id, name="x")]
    wanted = state(*rotated, *swapped)
    sync(store, wanted)
    assert ids(store) == {e.id: e.uuid for e in (*rotated, *swapped)}
    (found,) = store.memberships.get_children_of("composite:y", COLLECTION).items
    assert (found.child_artifact_uuid, found.child_id) == (a.uuid, "skill:b")
    assert {row.name for row in store.artifacts.all_of(COLLECTION)} == {"a", "b", "c", "x", "y"}


def test_an_inactive_row_gives_its_name_away(store: Store) -> None:
    """A new artifact takes the id; the old row keeps its UUID and comes back under its own name."""
    old, new = make_artifact("skill:a"), make_artifact("skill:a")
    sync(store, state(old))
    deployed(store, old)
    sync(store, state())
    for _ in range(2):
        sync(store, state(new))
        assert ids(store) == {"skill:a": new.uuid}
        row = artifact_of(store, COLLECTION, old.uuid)
        suffix = "~" + old.uuid[:8]
        assert (row.id, row.name, row.active) == ("skill:a" + suffix, "a" + suffix, False)
    sync(store, state(old))
    assert ids(store) == {"skill:a": old.uuid}


def test_a_row_that_nothing_tells_of_is_deleted_when_it_gives_way(store: Store) -> None:
    """One that is deployed keeps its row, and so does one that need not give way."""
    old, other, new = (make_artifact(f"skill:{name}") for name in ("a", "b", "a"))
    sync(store, state(old, other))
    sync(store, state(other))
    assert not artifact_of(store, COLLECTION, old.uuid).active
    sync(store, state(new))
    assert {row.uuid for row in store.artifacts.all_of(COLLECTION)} == {other.uuid, new.uuid}
    deployed(store, new)
    sync(store, state(old))
    rows = {row.uuid: row.id for row in store.artifacts.all_of(COLLECTION)}
    assert rows == {old.uuid: "skill:a", other.uuid: "skill:b", new.uuid: f"skill:a~{new.uuid[:8]}"}


def test_a_name_to_give_way_to_may_be_taken(store: Store) -> None:
    """Then the whole UUID makes the difference."""
    old = make_artifact("skill:a")
    nasty = make_artifact(f"skill:a~{old.uuid[:8]}")
    sync(store, state(old, nasty))
    deployed(store, old)
    new = make_artifact("skill:a")
    sync(store, state(new, nasty))
    assert artifact_of(store, COLLECTION, old.uuid).id == f"skill:a~{old.uuid}"


def test_an_artifact_becomes_a_composite_and_back(store: Store) -> None:
    """The UUID may move between kinds; the rows follow."""
    a = make_artifact("skill:a")
    kit = make_composite("composite:kit", a.uuid)
    sync(store, state(a, kit))
    sync(store, state(a, make_artifact("skill:kit", uuid=kit.uuid)))
    assert store.composites.all_of(COLLECTION).items == ()
    sync(store, state(a, kit))
    assert len(store.memberships.get_children_of("composite:kit", COLLECTION).items) == 1


def test_a_uuid_of_another_collection_is_refused(store: Store) -> None:
    """The error names both, and nothing is changed."""
    other = make_collection(store, "other")
    (uuid,) = stored_artifacts(store, other, "skill:theirs")
    sync(store, state())
    before = dump(store)
    with pytest.raises(AlreadyExists, match=r"skill:ours.*skill:theirs") as caught:
        sync(store, state(make_artifact("skill:ours", uuid=uuid), manifest_hash="2" * 64))
    assert other in str(caught.value)
    assert dump(store) == before


def test_what_contradicts_itself_is_refused(store: Store) -> None:
    """Doubled UUIDs, ids and members, and members that are nothing."""
    a = make_artifact("skill:a")
    for wrong, told in [
        (state(a, make_artifact("skill:b", uuid=a.uuid)), "skill:a and skill:b"),
        (state(a, make_artifact("skill:a")), "skill:a is there twice"),
        (state(a, make_composite("composite:kit", a.uuid, a.uuid)), "composite:kit has the member"),
    ]:
        with pytest.raises(AlreadyExists, match=told):
            sync(store, wrong)
    assert store.collections.get(COLLECTION) is None


def test_a_member_that_is_not_in_the_state_is_refused(store: Store) -> None:
    """By its name if the database knows it, else by its UUID; nothing is changed."""
    a, b = make_artifact("skill:a"), make_artifact("skill:b")
    kit = make_composite("composite:kit", a.uuid, b.uuid)
    sync(store, state(a, b, kit))
    before = dump(store)
    unknown = new_uuid()
    for wrong, told in [
        (state(a, kit, manifest_hash="2" * 64), "skill:b"),
        (state(a, make_composite("composite:kit", unknown, uuid=kit.uuid)), unknown),
    ]:
        with pytest.raises(ArtifactNotFound, match=told) as caught:
            sync(store, wrong)
        assert "composite:kit" in (caught.value.hint or "")
        assert dump(store) == before


def test_a_cycle_is_written_as_it_is(store: Store) -> None:
    """The database follows the manifest; refusing cycles is for those who edit it."""
    x, y = new_uuid(), new_uuid()
    sync(store, state(make_composite("composite:x", y, uuid=x), make_composite("c:y", x, uuid=y)))
    assert len(store.memberships.all_of(COLLECTION)) == 2


def test_other_collections_are_left_alone(store: Store) -> None:
    """The same names elsewhere do not change."""
    other = make_collection(store, "other")
    stored_artifacts(store, other, "skill:a")
    before = store.artifacts.all_of(other)
    sync(store, state(make_artifact("skill:a")))
    sync(store, state())
    assert store.artifacts.all_of(other) == before


def test_statements_do_not_grow_with_rows(store: Store) -> None:
    """Filling, changing and emptying take as many statements for 1000 artifacts as for 10."""
    counts = []
    for size in (10, 1000):
        artifacts = [make_artifact(f"skill:s{number}") for number in range(size)]
        kits = [make_composite(f"composite:c{n}", artifacts[n].uuid) for n in range(size)]
        steps = [
            state(*artifacts, *kits),
            state(*(a._replace(id=f"{a.id}x", name="x") for a in artifacts), *kits[1:]),
            state(*artifacts[::2], *(kit._replace(members=()) for kit in kits)),
            state(),
        ]
        ran = []
        for step in steps:
            with counted(store) as seen:
                sync(store, step)
            ran.append(len(seen))
        counts.append(ran)
        store.database.execute_sql("DELETE FROM collections")
    assert counts[0] == counts[1]
    assert max(counts[0]) < 25
