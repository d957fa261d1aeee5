"""Which artifact is in which project, as deploys recorded it."""

from __future__ import annotations

from peewee import CharField, Check, CompositeKey, Database, Model, TextField
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import NOW, create, default, drop, refers


class Deployment(Model):
    collection_id = CharField(max_length=32, constraints=[refers("collections (id)")])
    project = TextField()
    target_root = TextField()
    artifact_uuid = CharField(max_length=32, constraints=[refers("artifacts (uuid)")])
    content_hash = CharField(max_length=64)
    transaction_id = TextField()
    state = TextField(constraints=[default("'pending'"), Check("state IN ('pending', 'done')")])
    deployed_at = TextField(constraints=[NOW])

    class Meta:
        table_name = "deployments"
        primary_key = CompositeKey("collection_id", "project", "target_root", "artifact_uuid")


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Make the table."""
    create(db, Deployment)
    migrator.migrate(
        migrator.add_index("deployments", ("artifact_uuid",), name="deployments_artifact")
    )


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Drop the table."""
    drop(migrator, "the record of what was deployed where", "deployments")
