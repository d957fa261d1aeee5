"""The log of operations: who changed what, when, on which host, and how to undo it.

`operation_artifacts` holds plain UUIDs: the log keeps what was purged. Its content hash is what a
deploy placed, so that a later undo finds those bytes.
"""

from __future__ import annotations

from peewee import CharField, Check, CompositeKey, Database, IntegerField, Model, TextField
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import create, drop, foreign_key, refers


class Operation(Model):
    collection_id = CharField(max_length=32, constraints=[refers("collections (id)")])
    number = IntegerField(constraints=[Check("number > 0")])
    transaction_id = TextField()
    command = TextField()
    summary = TextField()
    project = TextField(null=True)
    author = TextField(null=True)
    host = TextField()
    at = TextField()
    undoes = TextField(null=True)
    details = TextField(null=True)

    class Meta:
        table_name = "operations"
        primary_key = CompositeKey("collection_id", "number")


class OperationArtifact(Model):
    collection_id = CharField(max_length=32)
    number = IntegerField()
    artifact_uuid = CharField(max_length=32)
    content_hash = CharField(max_length=64, null=True)

    class Meta:
        table_name = "operation_artifacts"
        primary_key = CompositeKey("collection_id", "number", "artifact_uuid")
        constraints = (foreign_key("number", "operations", "number"),)


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Make both tables."""
    create(db, Operation, OperationArtifact)
    transaction, artifact = ("collection_id", "transaction_id"), ("artifact_uuid", "collection_id")
    migrator.migrate(
        migrator.add_index("operations", transaction, unique=True, name="operations_transaction"),
        migrator.add_index("operation_artifacts", artifact, name="operation_artifacts_artifact"),
    )


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Drop both tables."""
    what = "the log of operations, and with it what `holdall undo` needs"
    drop(migrator, what, "operation_artifacts", "operations")
