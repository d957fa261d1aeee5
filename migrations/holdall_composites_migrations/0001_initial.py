"""Collections and their artifacts, known by `type:name`."""

from __future__ import annotations

from peewee import (
    BooleanField,
    CharField,
    CompositeKey,
    Database,
    ForeignKeyField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import CASCADE, NOW, create, default, drop


class Collection(Model):
    id = CharField(max_length=32, primary_key=True)
    name = TextField()
    manifest_hash = CharField(max_length=64, null=True)

    class Meta:
        table_name = "collections"


class Artifact(Model):
    collection = ForeignKeyField(Collection, **CASCADE)
    id = TextField()
    type = TextField()
    name = TextField()
    path = TextField(null=True)
    origin = TextField(constraints=[default("'local'")])
    content_hash = CharField(max_length=64, null=True)
    active = BooleanField(constraints=[default("TRUE")])
    created_at = TextField(constraints=[NOW])
    updated_at = TextField(constraints=[NOW])

    class Meta:
        table_name = "artifacts"
        primary_key = CompositeKey("collection", "id")


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Make both tables."""
    create(db, Collection, Artifact)
    migrator.migrate(
        migrator.add_index("artifacts", ("collection_id", "name"), name="artifacts_name"),
        migrator.add_index("artifacts", ("content_hash",), name="artifacts_content_hash"),
    )


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Drop both tables."""
    drop(migrator, "the collections and all their artifacts", "artifacts", "collections")
