"""The tables as a Peewee user sees them, and what the database refuses whoever writes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from peewee import Database, DataError, IntegrityError, Model, prefetch

from holdall_composites.database.models import (
    MODELS,
    Artifact,
    Collection,
    CompositeArtifact,
    CompositeMembership,
)

pytestmark = pytest.mark.integration

UUID4 = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")
HERE, THERE = "1" * 32, "2" * 32
KIT = "composite:kit"


@pytest.fixture
def bound(database: Database) -> Iterator[Database]:
    """The models, bound to a database of two collections that look alike.

    Each has the skills a and b, and the composite kit with a, then b.
    """
    with database.bind_ctx(MODELS, bind_refs=False, bind_backrefs=False):
        for collection in (HERE, THERE):
            Collection.create(id=collection, name="same", force_insert=True)
            for artifact_id in ("skill:a", "skill:b", KIT):
                make(collection, artifact_id)
            CompositeArtifact.create(collection_id=collection, id=KIT)
            for position, name in enumerate("ab"):
                join(collection, uuid_of(collection, f"skill:{name}"), position=position)
        yield database


def make(collection: str, artifact_id: str, **fields: object) -> Artifact:
    """Insert an artifact."""
    kind, _, name = artifact_id.partition(":")
    made: Artifact = Artifact.create(
        collection=collection, id=artifact_id, type=kind, name=name, **fields
    )
    return made


def uuid_of(collection: str, artifact_id: str) -> str:
    """Return an artifact's UUID."""
    return str(Artifact.get_by_id((collection, artifact_id)).uuid)


def join(collection: str, child: str, composite: str = KIT, **fields: object) -> None:
    """Insert a membership."""
    CompositeMembership.create(
        collection_id=collection, composite=composite, child_artifact=child, **fields
    )


def refused(model: type[Model], **fields: object) -> None:
    """Assert that the database does not take a row."""
    with pytest.raises((IntegrityError, DataError)), model._meta.database.atomic():
        model.create(**fields)


@pytest.mark.usefixtures("bound")
def test_a_uuid_is_made_once_for_each() -> None:
    """On insert, of version 4, distinct, and the database refuses a second one."""
    uuids = [artifact.uuid for artifact in Artifact.select()]
    assert len(set(uuids)) == 6
    assert all(UUID4.fullmatch(uuid) for uuid in uuids)
    other = {"collection": HERE, "id": "skill:c", "type": "skill", "name": "c"}
    refused(Artifact, **other, uuid=uuids[0])
    for wrong in ("", "A" * 32, "a" * 31, "a" * 33, "g" * 32, None):
        refused(Artifact, **other, uuid=wrong)


def test_rows_of_plain_sql_have_defaults(bound: Database) -> None:
    """Relationship, position and times come from the database."""
    child = make(HERE, "skill:c").uuid
    bound.execute_sql(
        "INSERT INTO composite_memberships (collection_id, composite_id, child_artifact_uuid)"
        f" VALUES ('{HERE}', '{KIT}', '{child}')"
    )
    found = CompositeMembership.get_by_id((HERE, KIT, child))
    assert (found.relationship_type, found.position) == ("contains", 0)
    assert found.created_at.endswith("Z")
    assert found.updated_at.endswith("Z")


def test_deletes_by_plain_sql_cascade(bound: Database) -> None:
    """A child or composite takes exactly its memberships along, and a collection all."""
    a = uuid_of(HERE, "skill:a")
    bound.execute_sql(f"DELETE FROM artifacts WHERE uuid = '{a}'")
    here = CompositeMembership.collection_id == HERE
    (left,) = CompositeMembership.select().where(here)
    assert left.child_artifact.id == "skill:b"
    bound.execute_sql(f"DELETE FROM artifacts WHERE id = '{KIT}' AND collection_id = '{HERE}'")
    assert CompositeArtifact.select().where(CompositeArtifact.collection_id == HERE).count() == 0
    assert CompositeMembership.select().where(here).count() == 0
    assert Artifact.select().where(Artifact.collection == HERE).count() == 1
    assert CompositeMembership.select().count() == 2
    bound.execute_sql(f"DELETE FROM collections WHERE id = '{THERE}'")
    assert CompositeMembership.select().count() == CompositeArtifact.select().count() == 0
    assert [row.collection_id for row in Artifact.select()] == [HERE]


def test_a_rename_keeps_every_relation(bound: Database) -> None:
    """Of child and composite: the rows that name them follow."""
    a = uuid_of(HERE, "skill:a")
    (Artifact.update(id="skill:z", name="z").where(Artifact.uuid == a).execute())
    kit = uuid_of(HERE, KIT)
    (Artifact.update(id="composite:box", name="box").where(Artifact.uuid == kit).execute())
    box = CompositeArtifact.get_by_id((HERE, "composite:box"))
    assert [
        m.child_artifact.id for m in box.memberships.order_by(CompositeMembership.position)
    ] == [
        "skill:z",
        "skill:b",
    ]
    assert uuid_of(HERE, "skill:z") == a
    theirs = CompositeArtifact.get_by_id((THERE, KIT))
    assert theirs.memberships.count() == 2


@pytest.mark.usefixtures("bound")
def test_backrefs_stay_in_their_collection() -> None:
    """Both ways, for two collections in which everything is called alike."""
    for collection in (HERE, THERE):
        kit = CompositeArtifact.get_by_id((collection, KIT))
        assert kit.artifact.uuid == uuid_of(collection, KIT)
        assert {m.collection_id for m in kit.memberships} == {collection}
        a = Artifact.get_by_id((collection, "skill:a"))
        (membership,) = a.composite_memberships
        assert membership.composite == kit
        assert membership.child_artifact == a
        assert [c.collection_id for c in kit.artifact.as_composite] == [collection]


@pytest.mark.usefixtures("bound")
def test_joins_never_mix_collections() -> None:
    """With the key's condition; without it the join is refused."""
    memberships = (
        CompositeMembership.select(CompositeMembership, CompositeArtifact, Artifact)
        .join(CompositeArtifact, on=CompositeMembership.composite.on())
        .switch(CompositeMembership)
        .join(Artifact, on=CompositeMembership.child_artifact)
    )
    found = list(memberships)
    assert len(found) == 4
    for membership in found:
        assert membership.composite.collection_id == membership.collection_id
        assert membership.child_artifact.collection_id == membership.collection_id
    with pytest.raises(ValueError, match=r"CompositeMembership\.composite\.on\(\)"):
        CompositeMembership.select().join(CompositeArtifact)


@pytest.mark.usefixtures("bound")
def test_prefetch_of_one_collection_has_its_rows_only() -> None:
    """Asked for one collection on both sides; by UUID it needs no more."""
    kits = CompositeArtifact.select().where(CompositeArtifact.collection_id == HERE)
    memberships = CompositeMembership.select().where(CompositeMembership.collection_id == HERE)
    (kit,) = prefetch(kits, memberships, Artifact.select())
    assert [m.collection_id for m in kit.memberships] == [HERE, HERE]
    skills = Artifact.select().where(Artifact.id == "skill:a").order_by(Artifact.collection)
    found = prefetch(skills, CompositeMembership.select())
    assert [[m.collection_id for m in a.composite_memberships] for a in found] == [[HERE], [THERE]]


@pytest.mark.usefixtures("bound")
def test_what_the_database_refuses() -> None:
    """Orphans, a child of another collection, wrong words, malformed pins, a kit in itself."""
    c, stranger = make(HERE, "skill:c").uuid, uuid_of(THERE, "skill:a")
    row = {"collection_id": HERE, "composite": KIT, "child_artifact": c}
    for wrong in (
        {"child_artifact": "f" * 32},
        {"child_artifact": stranger},
        {"composite": "composite:none"},
        {"composite": "skill:a"},
        {"collection_id": "3" * 32},
        {"relationship_type": "likes"},
        {"pinned_version_hash": "v1"},
        {"pinned_version_hash": "A" * 64},
        {"pinned_version_hash": "a" * 63},
        {"pinned_version_hash": ""},
        {"child_artifact": uuid_of(HERE, "skill:a")},
    ):
        refused(CompositeMembership, **{**row, **wrong})
    make(HERE, "composite:other")
    refused(CompositeArtifact, collection_id=HERE, id="composite:other", composite_type="stack")
    refused(CompositeArtifact, collection_id=HERE, id="composite:none")
    refused(CompositeArtifact, collection_id=HERE, id=KIT)
    refused(Artifact, collection="3" * 32, id="skill:x", type="skill", name="x")
    CompositeMembership.create(**row, pinned_version_hash="a" * 64)
