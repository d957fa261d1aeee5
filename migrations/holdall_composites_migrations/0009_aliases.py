"""Aliases: other UUIDs of an artifact, which other collections gave to the same one.

They are in the manifest as well; the next command that opens the collection fills the table.
"""

from __future__ import annotations

from peewee import CharField, CompositeKey, Database, Model
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import (
    create,
    drop,
    foreign_key,
    forget_manifests,
    hex_digits,
)


class ArtifactAlias(Model):
    collection_id = CharField(max_length=32)
    other_uuid = CharField(max_length=32, constraints=[hex_digits("other_uuid", 32)])
    artifact_uuid = CharField(max_length=32)

    class Meta:
        table_name = "artifact_aliases"
        primary_key = CompositeKey("collection_id", "other_uuid")
        constraints = (foreign_key("artifact_uuid", "artifacts", "uuid"),)


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Make the table."""
    create(db, ArtifactAlias)
    columns = ("collection_id", "artifact_uuid")
    migrator.migrate(
        migrator.add_index("artifact_aliases", columns, name="artifact_aliases_artifact")
    )
    forget_manifests(db)


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Drop the table."""
    drop(migrator, "the aliases of all artifacts", "artifact_aliases")
