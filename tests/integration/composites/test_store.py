"""Collections, artifacts, composites and deployments in the store."""

from __future__ import annotations

import pytest
from peewee import Database

from factories import (
    make_artifact,
    make_collection,
    make_composite,
    stored_artifacts,
    stored_composite,
)
from holdall.errors import UsageError
from holdall_composites.errors import AlreadyExists, ConstraintViolated, DatabaseFailed
from holdall_composites.store.store import Store
from holdall_composites.values.records import DeploymentRecord
from holdall_composites.values.uuids import new_uuid

pytestmark = pytest.mark.integration


@pytest.fixture
def store(database: Database) -> Store:
    """A store without any row."""
    return Store(database)


@pytest.fixture
def collection_id(store: Store) -> str:
    """A collection without artifacts."""
    return make_collection(store)


def test_a_collection_is_made_once(store: Store) -> None:
    """Ensuring it again changes nothing, not even its name."""
    made = store.ensure_collection("c" * 32, "first")
    assert store.ensure_collection("c" * 32, "second") == made
    assert made.manifest_hash is None
    assert store.update_collection(made.id, name="third", manifest_hash="f" * 64)
    found = store.get_collection(made.id)
    assert found is not None
    assert (found.name, found.manifest_hash) == ("third", "f" * 64)
    assert store.delete_collection(made.id)
    assert store.get_collection(made.id) is None
    assert not store.delete_collection(made.id)
    assert not store.update_collection(made.id, name="x", manifest_hash=None)


def test_artifacts_are_found_by_id_and_uuid(store: Store, collection_id: str) -> None:
    """Both ways lead to the same record, timestamps set by the database."""
    (uuid,) = stored_artifacts(store, collection_id, "skill:canvas")
    found = store.get_artifact(collection_id, "skill:canvas")
    assert found is not None
    assert found == store.get_artifact_by_uuid(uuid)
    assert store.get_artifacts_by_uuid([uuid, new_uuid()]) == {uuid: found}
    assert (found.uuid, found.type, found.name, found.active) == (uuid, "skill", "canvas", True)
    assert found.created_at.endswith("Z")
    assert store.get_artifact(collection_id, "skill:other") is None
    assert store.get_artifact_by_uuid(new_uuid()) is None


def test_an_upsert_keeps_uuids(store: Store, collection_id: str) -> None:
    """The row that is there gets the new content, but keeps its identity."""
    (uuid,) = stored_artifacts(store, collection_id, "skill:canvas")
    store.deactivate_artifacts(collection_id, [uuid])
    assert store.active_ids(collection_id) == []
    store.upsert_artifacts(
        collection_id, [make_artifact("skill:canvas", content_hash="1" * 64), make_artifact("a:b")]
    )
    found = store.get_artifact(collection_id, "skill:canvas")
    assert found is not None
    assert (found.uuid, found.content_hash, found.active) == (uuid, "1" * 64, True)
    assert set(store.active_ids(collection_id)) == {"skill:canvas", "a:b"}


def test_uuids_of_many_ids(store: Store, collection_id: str) -> None:
    """Unknown ids are left out, inactive ones are not, strange ones are only text."""
    ids = ["skill:é ü", 'skill:"quoted"', "skill:it's", "skill:100%"]
    uuids = stored_artifacts(store, collection_id, *ids)
    store.deactivate_artifacts(collection_id, uuids[:1])
    assert store.uuids_of(collection_id, [*ids, "skill:no"]) == dict(zip(ids, uuids, strict=True))
    assert store.uuids_of(collection_id, []) == {}


def test_artifacts_are_found_by_name(store: Store, collection_id: str) -> None:
    """Of any type, of this collection, and only those that are there."""
    stored_artifacts(store, make_collection(store, "other"), "skill:canvas")
    ids = ("skill:canvas", "command:canvas", "agent:canvas", "skill:canvas-two")
    uuids = stored_artifacts(store, collection_id, *ids)
    store.deactivate_artifacts(collection_id, uuids[2:3])
    found = store.find_by_name(collection_id, "canvas")
    assert [a.id for a in found] == ["command:canvas", "skill:canvas"]
    assert store.find_by_name(collection_id, "can") == []
    store.reactivate_artifacts(collection_id, uuids[2:3])
    found = store.find_by_name(collection_id, "canvas")
    assert [a.id for a in found] == ["agent:canvas", "command:canvas", "skill:canvas"]
    store.reactivate_artifacts(collection_id, [])


def test_active_uuids_only_where_asked_for(store: Store, collection_id: str) -> None:
    """An inactive artifact has a UUID, but is not there."""
    here, gone = stored_artifacts(store, collection_id, "skill:here", "skill:gone")
    kit = stored_composite(store, collection_id, "composite:kit")
    store.deactivate_artifacts(collection_id, [gone])
    ids = ["skill:here", "skill:gone"]
    assert store.uuids_of(collection_id, ids) == {"skill:here": here, "skill:gone": gone}
    active = store.active_uuids_of(collection_id, [*ids, "composite:kit"])
    assert active == ({"skill:here": here, "composite:kit": kit}, {"composite:kit"})


def test_a_taken_uuid_or_id_is_refused(store: Store, collection_id: str) -> None:
    """A whole batch fails with AlreadyExists, and nothing of it remains."""
    (uuid,) = stored_artifacts(store, collection_id, "skill:canvas")
    for taken in (make_artifact("skill:other", uuid=uuid), make_artifact("skill:canvas")):
        with pytest.raises(AlreadyExists):
            store.insert_artifacts(collection_id, [make_artifact("skill:new"), taken])
    assert store.active_ids(collection_id) == ["skill:canvas"]


def test_two_collections_hold_the_same_name(store: Store, collection_id: str) -> None:
    """An id belongs to its collection."""
    other = make_collection(store, "other")
    (here,) = stored_artifacts(store, collection_id, "skill:canvas")
    (there,) = stored_artifacts(store, other, "skill:canvas")
    assert here != there
    assert store.delete_artifact(other, "skill:canvas")
    assert not store.delete_artifact(other, "skill:canvas")
    assert store.get_artifact_by_uuid(here) is not None


def test_a_composite_lives_in_both_tables(store: Store, collection_id: str) -> None:
    """It is an artifact with a UUID; deleting it leaves neither row, but its members."""
    (child,) = stored_artifacts(store, collection_id, "skill:canvas")
    uuid = stored_composite(store, collection_id, "composite:kit", child)
    composite = store.get_composite(collection_id, "composite:kit")
    artifact = store.get_artifact_by_uuid(uuid)
    assert composite is not None
    assert artifact is not None
    assert (composite.uuid, composite.name, composite.composite_type) == (uuid, "kit", "plugin")
    assert (artifact.type, artifact.origin, artifact.path) == ("composite", "local", None)
    assert store.get_composites(collection_id, ["composite:kit", "composite:x"]) == [composite]
    assert store.delete_composite(collection_id, "composite:kit")
    assert not store.delete_composite(collection_id, "composite:kit")
    assert store.get_artifact_by_uuid(uuid) is None
    assert store.get_parents_of(child, collection_id) == []
    assert store.active_ids(collection_id) == ["skill:canvas"]


def test_deleting_a_composite_needs_a_composite(store: Store, collection_id: str) -> None:
    """A plain artifact of that id is not deleted by mistake."""
    stored_artifacts(store, collection_id, "skill:canvas")
    assert not store.delete_composite(collection_id, "skill:canvas")
    assert store.active_ids(collection_id) == ["skill:canvas"]


def test_a_composite_is_updated(store: Store, collection_id: str) -> None:
    """Its description changes, its identity does not."""
    uuid = stored_composite(store, collection_id, "composite:kit")
    assert store.update_composite(collection_id, make_composite(description="All of it"))
    found = store.get_composite(collection_id, "composite:kit")
    assert found is not None
    assert (found.uuid, found.description) == (uuid, "All of it")
    assert not store.update_composite(collection_id, make_composite("composite:other"))


def test_a_second_composite_of_an_id_is_refused(store: Store, collection_id: str) -> None:
    """AlreadyExists for a taken id, ConstraintViolated for an unknown collection."""
    stored_composite(store, collection_id, "composite:kit")
    with pytest.raises(AlreadyExists):
        store.create_composite(collection_id, make_composite("composite:kit"))
    with pytest.raises(ConstraintViolated):
        store.create_composite(new_uuid(), make_composite("composite:kit"))


def test_a_nested_transaction_is_a_savepoint(store: Store, collection_id: str) -> None:
    """What fails inside is undone alone, what fails outside undoes all."""
    with store.transaction():
        stored_artifacts(store, collection_id, "skill:kept")
        with pytest.raises(AlreadyExists), store.transaction():
            stored_artifacts(store, collection_id, "skill:undone")
            stored_artifacts(store, collection_id, "skill:kept")
    assert store.active_ids(collection_id) == ["skill:kept"]
    with pytest.raises(RuntimeError), store.transaction():
        stored_artifacts(store, collection_id, "skill:undone")
        raise RuntimeError
    assert store.active_ids(collection_id) == ["skill:kept"]


def test_what_the_database_cannot_run_is_our_error(store: Store) -> None:
    """A driver's error never gets out."""
    store.database.execute_sql("DROP TABLE deployments")
    with pytest.raises(DatabaseFailed):
        store.list_deployments("c" * 32)


def test_deployments_are_begun_finished_and_forgotten(store: Store, collection_id: str) -> None:
    """Each step can be repeated, and finishing does not need a beginning."""
    uuid, second = stored_artifacts(store, collection_id, "skill:canvas", "skill:paint")
    records = [
        DeploymentRecord(collection_id, "/project", ".claude", u, "f" * 64, "t" * 32)
        for u in (uuid, second)
    ]
    for _ in range(2):
        store.begin_deployments([*records[:1], *records[:1]])
        (found,) = store.list_deployments(collection_id).items
        assert (found.state, found.artifact_uuid) == ("pending", uuid)
        assert (found.deployed_at or "").endswith("Z")
    for _ in range(2):
        store.finish_deployments(records)
        states = [d.state for d in store.list_deployments(collection_id).items]
        assert states == ["done", "done"]
    assert len(store.list_deployments(collection_id, artifact_uuid=uuid).items) == 1
    assert store.forget_deployments(records) == 2
    assert store.forget_deployments(records) == 0
    store.begin_deployments([])
    assert store.forget_deployments([]) == 0


def test_begun_deployments_are_abandoned(store: Store, collection_id: str) -> None:
    """What lies there from before is not touched by a deploy that comes to nothing."""
    old, new = stored_artifacts(store, collection_id, "skill:canvas", "skill:paint")
    before = DeploymentRecord(collection_id, "/p", ".claude", old, "a" * 64, "t" * 32)
    store.finish_deployments([before])
    begun = [
        DeploymentRecord(collection_id, "/p", ".claude", uuid, "b" * 64, "u" * 32)
        for uuid in (old, new)
    ]
    store.begin_deployments(begun)
    hashes = {d.artifact_uuid: d.content_hash for d in store.list_deployments(collection_id).items}
    assert hashes == {old: "a" * 64, new: "b" * 64}
    another = [record._replace(transaction_id="v" * 32) for record in begun]
    assert store.abandon_deployments(another) == 0
    assert store.abandon_deployments(begun) == 1
    assert store.abandon_deployments(begun) == 0
    assert store.abandon_deployments([]) == 0
    (left,) = store.list_deployments(collection_id).items
    assert (left.artifact_uuid, left.state, left.content_hash) == (old, "done", "a" * 64)


def test_deployments_are_listed_by_artifact_and_project(store: Store, collection_id: str) -> None:
    """Either narrows the list, both together do so twice, in pages too."""
    first, second = stored_artifacts(store, collection_id, "skill:canvas", "skill:paint")
    places = [("/a", first), ("/a", second), ("/b", first)]
    store.finish_deployments(
        DeploymentRecord(collection_id, project, ".claude", uuid, "f" * 64, "t" * 32)
        for project, uuid in places
    )

    def listed(**given: str) -> set[tuple[str, str]]:
        found = store.list_deployments(collection_id, **given).items  # type: ignore[arg-type]
        return {(d.project, d.artifact_uuid) for d in found}

    assert listed() == set(places)
    assert listed(artifact_uuid=first) == {("/a", first), ("/b", first)}
    assert listed(project="/a") == {("/a", first), ("/a", second)}
    assert listed(artifact_uuid=second, project="/a") == {("/a", second)}
    assert listed(artifact_uuid=second, project="/b") == set()
    page = store.list_deployments(collection_id, project="/a", limit=1)
    with pytest.raises(UsageError):
        store.list_deployments(collection_id, cursor=page.next_cursor)
    rest = store.list_deployments(collection_id, project="/a", limit=1, cursor=page.next_cursor)
    assert {d.artifact_uuid for d in (*page.items, *rest.items)} == {first, second}
    assert rest.next_cursor is None


def test_a_deployment_of_nothing_is_refused(store: Store, collection_id: str) -> None:
    """An unknown artifact cannot be deployed."""
    record = DeploymentRecord(collection_id, "/p", ".claude", new_uuid(), "f" * 64, "t" * 32)
    with pytest.raises(ConstraintViolated):
        store.begin_deployments([record])
