"""Releases: the numbered states of a collection, each stored as what it changed.

`collections.head` is the number of the newest one and `head_hash` its hash; 0 and null before the
first, which the next command that opens the collection makes of what the manifest says.
`release_changes` holds plain UUIDs: it keeps what was purged.
"""

from __future__ import annotations

from peewee import CharField, Check, CompositeKey, Database, IntegerField, Model, TextField
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import (
    create,
    default,
    drop,
    drop_column,
    foreign_key,
    forget_manifests,
    hex_digits,
    refers,
)


class Release(Model):
    collection_id = CharField(max_length=32, constraints=[refers("collections (id)")])
    number = IntegerField(constraints=[Check("number > 0")])
    change_id = CharField(max_length=32, constraints=[hex_digits("change_id", 32)])
    hash = CharField(max_length=64, constraints=[hex_digits("hash", 64)])
    parent = CharField(max_length=64, null=True, constraints=[hex_digits("parent", 64)])
    state_hash = CharField(max_length=64, constraints=[hex_digits("state_hash", 64)])
    author = TextField(null=True)
    host = TextField()
    at = TextField()
    command = TextField()
    message = TextField(null=True)

    class Meta:
        table_name = "releases"
        primary_key = CompositeKey("collection_id", "number")


class ReleaseChange(Model):
    collection_id = CharField(max_length=32)
    number = IntegerField()
    uuid = CharField(max_length=32)
    before = TextField(null=True)
    after = TextField(null=True)

    class Meta:
        table_name = "release_changes"
        primary_key = CompositeKey("collection_id", "number", "uuid")
        constraints = (foreign_key("number", "releases", "number"),)


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Make both tables, and the columns that name the newest release."""
    create(db, Release, ReleaseChange)
    state = ("collection_id", "state_hash", "number")
    entry = ("collection_id", "uuid", "number")
    change = ("collection_id", "change_id")
    head = IntegerField(default=0, constraints=[default("0")])
    head_hash = CharField(max_length=64, null=True, constraints=[hex_digits("head_hash", 64)])
    migrator.migrate(
        migrator.add_index("releases", change, unique=True, name="releases_change"),
        migrator.add_index("releases", state, name="releases_state"),
        migrator.add_index("release_changes", entry, name="release_changes_entry"),
        migrator.add_column("collections", "head", head, allow_not_null=True),
        migrator.add_column("collections", "head_hash", head_hash),
        migrator.add_column("operations", "release", IntegerField(null=True)),
    )
    forget_manifests(db)


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Drop both tables and the columns."""
    drop(migrator, "the releases of all collections", "release_changes", "releases")
    drop_column(migrator, "operations", "release")
    drop_column(migrator, "collections", "head_hash")
    drop_column(migrator, "collections", "head")
