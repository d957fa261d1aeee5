"""Hashes of the chunks of each collection's newest state, so that a change hashes one of them only.

They follow from the entries: where there are none, the next release computes all of them.
"""

from __future__ import annotations

from peewee import CharField, CompositeKey, Database, Model
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import create, hex_digits, refers


class StateChunk(Model):
    collection_id = CharField(max_length=32, constraints=[refers("collections (id)")])
    prefix = CharField(max_length=32)
    hash = CharField(max_length=64, constraints=[hex_digits("hash", 64)])

    class Meta:
        table_name = "state_chunks"
        primary_key = CompositeKey("collection_id", "prefix")


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Make the table."""
    del migrator
    create(db, StateChunk)


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Drop the table; nothing is lost."""
    del db
    migrator.migrate(migrator.drop_table("state_chunks"))
