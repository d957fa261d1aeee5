"""Channels: the names under which releases are published, each with a sequence that only grows."""

from __future__ import annotations

from peewee import CharField, Check, CompositeKey, Database, IntegerField, Model, TextField
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import create, drop, hex_digits, refers


class Channel(Model):
    collection_id = CharField(max_length=32, constraints=[refers("collections (id)")])
    name = TextField()
    sequence = IntegerField(constraints=[Check("sequence > 0")])
    release = IntegerField(constraints=[Check("release > 0")])
    release_hash = CharField(max_length=64, constraints=[hex_digits("release_hash", 64)])
    previous = CharField(max_length=64, null=True, constraints=[hex_digits("previous", 64)])
    at = TextField()

    class Meta:
        table_name = "channels"
        primary_key = CompositeKey("collection_id", "name")


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Make the table."""
    del migrator
    create(db, Channel)


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Drop the table."""
    drop(migrator, "what channels were published", "channels")
