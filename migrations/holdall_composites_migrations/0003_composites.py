"""Composites and their memberships.

A membership points to its child's UUID. Its foreign key takes the collection along, so that the
database itself refuses a child of another collection; a trigger refuses a composite in itself.
"""

from __future__ import annotations

from peewee import SQL, CharField, Check, CompositeKey, Database, IntegerField, Model, TextField
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import (
    NOW,
    create,
    default,
    drop,
    foreign_key,
    forget_manifests,
    hex_digits,
    is_sqlite,
)


class CompositeArtifact(Model):
    collection_id = CharField(max_length=32)
    id = TextField()
    composite_type = TextField(
        constraints=[default("'plugin'"), Check("composite_type IN ('plugin')")]
    )
    display_name = TextField(null=True)
    description = TextField(null=True)
    metadata = TextField(null=True)
    created_at = TextField(constraints=[NOW])
    updated_at = TextField(constraints=[NOW])

    class Meta:
        table_name = "composite_artifacts"
        primary_key = CompositeKey("collection_id", "id")
        constraints = (foreign_key("id", "artifacts", "id"),)


class CompositeMembership(Model):
    collection_id = CharField(max_length=32)
    composite_id = TextField()
    child_artifact_uuid = CharField(max_length=32)
    relationship_type = TextField(
        constraints=[
            default("'contains'"),
            Check("relationship_type IN ('contains', 'requires', 'extends')"),
        ]
    )
    position = IntegerField(constraints=[default("0")])
    pinned_version_hash = CharField(
        max_length=64, null=True, constraints=[hex_digits("pinned_version_hash", 64)]
    )
    metadata = TextField(null=True)
    created_at = TextField(constraints=[NOW])
    updated_at = TextField(constraints=[NOW])

    class Meta:
        table_name = "composite_memberships"
        primary_key = CompositeKey("collection_id", "composite_id", "child_artifact_uuid")
        constraints = (
            foreign_key("composite_id", "composite_artifacts", "id"),
            foreign_key("child_artifact_uuid", "artifacts", "uuid"),
        )


# A CHECK sees one row, and the composite's UUID is in another one.
ITSELF = """EXISTS (SELECT 1 FROM artifacts WHERE collection_id = NEW.collection_id
        AND id = NEW.composite_id AND uuid = NEW.child_artifact_uuid)"""
SQLITE_TRIGGERS = [
    SQL(f"""CREATE TRIGGER composite_memberships_not_itself_{name}
    BEFORE {name.upper()} {of}ON composite_memberships WHEN {ITSELF}
    BEGIN SELECT RAISE(ABORT, 'a composite cannot be a member of itself'); END""")
    for name, of in (("insert", ""), ("update", "OF composite_id, child_artifact_uuid "))
]
POSTGRESQL_TRIGGERS = [
    SQL(f"""CREATE OR REPLACE FUNCTION composite_memberships_not_itself() RETURNS trigger AS $$
    BEGIN
        IF {ITSELF} THEN
            RAISE EXCEPTION 'a composite cannot be a member of itself'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$ LANGUAGE plpgsql"""),
    SQL("""CREATE TRIGGER composite_memberships_not_itself
    BEFORE INSERT OR UPDATE OF composite_id, child_artifact_uuid ON composite_memberships
    FOR EACH ROW EXECUTE FUNCTION composite_memberships_not_itself()"""),
]


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Make both tables, and the key that the memberships refer to."""
    key, name = ("collection_id", "uuid"), "artifacts_collection_uuid"
    migrator.migrate(migrator.add_index("artifacts", key, unique=True, name=name))
    create(db, CompositeArtifact, CompositeMembership)
    order = ("collection_id", "composite_id", "position")
    child = ("child_artifact_uuid", "collection_id", "composite_id")
    migrator.migrate(
        migrator.add_index("composite_memberships", order, name="composite_memberships_order"),
        migrator.add_index("composite_memberships", child, name="composite_memberships_child"),
    )
    for trigger in SQLITE_TRIGGERS if is_sqlite(db) else POSTGRESQL_TRIGGERS:
        db.execute(trigger)
    forget_manifests(db)


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Drop both tables, in reverse."""
    what = "all composites and their memberships"
    drop(migrator, what, "composite_memberships", "composite_artifacts")
    migrator.migrate(migrator.drop_index("artifacts", "artifacts_collection_uuid"))
    if not is_sqlite(db):
        db.execute(SQL("DROP FUNCTION composite_memberships_not_itself()"))
