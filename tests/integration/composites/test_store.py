"""Collections, artifacts, composites and deployments in the store."""

from __future__ import annotations

import pytest
from peewee import Database

from factories import (
    active_ids,
    artifact_of,
    deactivate,
    make_artifact,
    make_collection,
    make_composite,
    stored_artifacts,
    stored_composite,
)
from holdall_composites.errors import AlreadyExists, ConstraintViolated, DatabaseFailed
from holdall_composites.store.deployments import Place
from holdall_composites.store.store import Store
from holdall_composites.values.records import CollectionRecord, DeploymentRecord
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
    """Putting it again changes its name and hash."""
    for record in (CollectionRecord("c" * 32, "a"), CollectionRecord("c" * 32, "b", "f" * 64)):
        store.collections.put(record)
        assert store.collections.get(record.id) == record
    assert store.collections.get("d" * 32) is None


def test_artifacts_are_found_by_id_and_uuid(store: Store, collection_id: str) -> None:
    """The record has timestamps set by the database."""
    (uuid,) = stored_artifacts(store, collection_id, "skill:canvas")
    found = artifact_of(store, collection_id, uuid)
    owners = store.artifacts.owners_of([uuid, new_uuid()])
    assert owners == {uuid: (collection_id, "skill:canvas")}
    assert (found.uuid, found.type, found.name, found.active) == (uuid, "skill", "canvas", True)
    assert found.created_at.endswith("Z")


def test_uuids_of_many_ids(store: Store, collection_id: str) -> None:
    """Unknown ids are left out, inactive ones are not, strange ones are only text."""
    ids = ["skill:é ü", 'skill:"quoted"', "skill:it's", "skill:100%"]
    uuids = stored_artifacts(store, collection_id, *ids)
    deactivate(store, collection_id, uuids[0])
    assert store.artifacts.uuids_of(collection_id, [*ids, "skill:no"]) == dict(
        zip(ids, uuids, strict=True)
    )
    assert store.artifacts.uuids_of(collection_id, []) == {}


def test_active_uuids_only_where_asked_for(store: Store, collection_id: str) -> None:
    """An inactive artifact has a UUID, but is not there."""
    here, gone = stored_artifacts(store, collection_id, "skill:here", "skill:gone")
    kit = stored_composite(store, collection_id, "composite:kit")
    deactivate(store, collection_id, gone)
    ids = ["skill:here", "skill:gone"]
    assert store.artifacts.uuids_of(collection_id, ids) == {"skill:here": here, "skill:gone": gone}
    found = store.artifacts.uuids_of(collection_id, [*ids, "composite:kit"], only_active=True)
    assert found == {"skill:here": here, "composite:kit": kit}


def test_a_taken_uuid_or_id_is_refused(store: Store, collection_id: str) -> None:
    """A whole batch fails with AlreadyExists, and nothing of it remains."""
    (uuid,) = stored_artifacts(store, collection_id, "skill:canvas")
    for taken in (make_artifact("skill:other", uuid=uuid), make_artifact("skill:canvas")):
        with pytest.raises(AlreadyExists):
            store.artifacts.insert(collection_id, [make_artifact("skill:new"), taken])
    assert active_ids(store, collection_id) == ["skill:canvas"]


def test_two_collections_hold_the_same_name(store: Store, collection_id: str) -> None:
    """An id belongs to its collection."""
    other = make_collection(store, "other")
    (here,) = stored_artifacts(store, collection_id, "skill:canvas")
    (there,) = stored_artifacts(store, other, "skill:canvas")
    assert here != there
    deactivate(store, other, here, there)
    assert active_ids(store, collection_id) == ["skill:canvas"]
    assert active_ids(store, other) == []


def test_a_composite_lives_in_both_tables(store: Store, collection_id: str) -> None:
    """It is an artifact with a UUID; dissolving it leaves that row, and its members."""
    (child,) = stored_artifacts(store, collection_id, "skill:canvas")
    uuid = stored_composite(store, collection_id, "composite:kit", child)
    (composite,) = store.composites.all_of(collection_id).items
    artifact = artifact_of(store, collection_id, uuid)
    assert (composite.uuid, composite.name, composite.composite_type) == (uuid, "kit", "plugin")
    assert (artifact.type, artifact.origin, artifact.path) == ("composite", "local", None)
    store.composites.update(collection_id, [make_composite(description="All of it")])
    (changed,) = store.composites.all_of(collection_id).items
    assert (changed.uuid, changed.description) == (uuid, "All of it")
    store.composites.dissolve(collection_id, ["composite:kit", "skill:canvas"])
    assert store.composites.all_of(collection_id).items == ()
    assert store.memberships.get_parents_of(child, collection_id).items == ()
    assert set(active_ids(store, collection_id)) == {"skill:canvas", "composite:kit"}


def test_a_nested_transaction_is_a_savepoint(store: Store, collection_id: str) -> None:
    """What fails inside is undone alone, what fails outside undoes all."""
    with store.transaction():
        stored_artifacts(store, collection_id, "skill:kept")
        with pytest.raises(AlreadyExists), store.transaction():
            stored_artifacts(store, collection_id, "skill:undone")
            stored_artifacts(store, collection_id, "skill:kept")
    assert active_ids(store, collection_id) == ["skill:kept"]
    with pytest.raises(RuntimeError), store.transaction():
        stored_artifacts(store, collection_id, "skill:undone")
        raise RuntimeError
    assert active_ids(store, collection_id) == ["skill:kept"]


def test_what_the_database_cannot_run_is_our_error(store: Store) -> None:
    """A driver's error never gets out."""
    store.database.execute_sql("DROP TABLE deployments")
    with pytest.raises(DatabaseFailed):
        store.deployments.all_of("c" * 32)


def test_deployments_are_begun_finished_and_forgotten(store: Store, collection_id: str) -> None:
    """Each step can be repeated, and finishing does not need a beginning."""
    uuid, second = stored_artifacts(store, collection_id, "skill:canvas", "skill:paint")
    records = [
        DeploymentRecord(collection_id, "/project", ".claude", u, "f" * 64, "t" * 32)
        for u in (uuid, second)
    ]
    for _ in range(2):
        store.deployments.begin([*records[:1], *records[:1]])
        (found,) = store.deployments.all_of(collection_id).items
        assert (found.state, found.artifact_uuid) == ("pending", uuid)
        assert (found.deployed_at or "").endswith("Z")
    for _ in range(2):
        store.deployments.finish(records)
        states = [d.state for d in store.deployments.all_of(collection_id).items]
        assert states == ["done", "done"]
    assert store.deployments.projects_of([uuid, new_uuid()]) == {uuid: [("", "/project")]}
    assert store.deployments.list_done(Place(collection_id, "", "/project")) == {
        (".claude", u, "f" * 64) for u in (uuid, second)
    }
    assert store.deployments.forget(records) == 2
    assert store.deployments.forget(records) == 0
    store.deployments.begin([])
    assert store.deployments.forget([]) == 0


def test_begun_deployments_are_abandoned(store: Store, collection_id: str) -> None:
    """What lies there from before is not touched by a deploy that comes to nothing."""
    old, new = stored_artifacts(store, collection_id, "skill:canvas", "skill:paint")
    before = DeploymentRecord(collection_id, "/p", ".claude", old, "a" * 64, "t" * 32)
    store.deployments.finish([before])
    begun = [
        DeploymentRecord(collection_id, "/p", ".claude", uuid, "b" * 64, "u" * 32)
        for uuid in (old, new)
    ]
    store.deployments.begin(begun)
    hashes = {
        d.artifact_uuid: d.content_hash for d in store.deployments.all_of(collection_id).items
    }
    assert hashes == {old: "a" * 64, new: "b" * 64}
    another = [record._replace(transaction_id="v" * 32) for record in begun]
    assert store.deployments.abandon(another) == 0
    assert store.deployments.abandon(begun) == 1
    assert store.deployments.abandon(begun) == 0
    assert store.deployments.abandon([]) == 0
    (left,) = store.deployments.all_of(collection_id).items
    assert (left.artifact_uuid, left.state, left.content_hash) == (old, "done", "a" * 64)


def test_a_deployment_of_nothing_is_refused(store: Store, collection_id: str) -> None:
    """An unknown artifact cannot be deployed."""
    record = DeploymentRecord(collection_id, "/p", ".claude", new_uuid(), "f" * 64, "t" * 32)
    with pytest.raises(ConstraintViolated):
        store.deployments.begin([record])
