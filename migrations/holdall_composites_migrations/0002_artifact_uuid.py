"""Every artifact gets a permanent UUID: 32 lowercase hex digits, RFC 4122 version 4.

The column is added nullable, every row gets a value of its own, then NULL is forbidden and the
values are indexed. PostgreSQL does the first three in one rewrite, by a volatile default. SQLite
before 3.53 cannot add NOT NULL to a column, so playhouse builds the table again.
"""

from __future__ import annotations

from typing import Any

from peewee import SQL, CharField, Database, Table
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import drop_column, hex_digits, is_sqlite, refuse_loss

REWRITES = "artifacts"

CHECK = hex_digits("uuid", 32)
# Made for each row, and by SQLite alone, so that `holdall db sql` prints what runs anywhere.
SQLITE_UUID = SQL(
    "lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2)"
    " || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(8)), 2))"
)
POSTGRESQL_DEFAULT = SQL("DEFAULT replace(gen_random_uuid()::text, '-', '')")


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Add the column, fill every row, forbid NULL, and index it."""
    if is_sqlite(db):
        column: Any = CharField(max_length=32, null=True, constraints=[CHECK])
        migrator.migrate(migrator.add_column("artifacts", "uuid", column))
        Table("artifacts", ("uuid",)).bind(db).update(uuid=SQLITE_UUID).execute()
        migrator.migrate(migrator.add_not_null("artifacts", "uuid"))
    else:
        column = CharField(max_length=32, constraints=[POSTGRESQL_DEFAULT, CHECK])
        migrator.migrate(
            migrator.add_column("artifacts", "uuid", column, allow_not_null=True),
            migrator.drop_column_default("artifacts", "uuid"),
        )
    migrator.migrate(migrator.add_index("artifacts", ("uuid",), unique=True, name="artifacts_uuid"))


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Drop the column; every row and everything else that others made stay as they are."""
    refuse_loss(migrator, "artifacts", "the permanent UUIDs of all artifacts")
    drop_column(migrator, "artifacts", "uuid", index="artifacts_uuid")
