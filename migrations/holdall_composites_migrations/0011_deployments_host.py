"""The machine of each deployment: two may have a project under one path.

A database that only one machine has names none.
"""

from __future__ import annotations

from peewee import SQL, CharField, Check, CompositeKey, Database, Model, Table, TextField, Tuple, fn
from playhouse.migrate import SchemaMigrator

from holdall_composites_migrations.frozen import (
    NOW,
    DataWouldBeLost,
    default,
    drop_column,
    is_sqlite,
    rebuild,
    refers,
    refuse_dependents,
)

REWRITES = "deployments"
KEY_BEFORE = ("collection_id", "project", "target_root", "artifact_uuid")
KEY = ("collection_id", "host", *KEY_BEFORE[1:])


class Deployment(Model):
    collection_id = CharField(max_length=32, constraints=[refers("collections (id)")])
    project = TextField()
    target_root = TextField()
    artifact_uuid = CharField(max_length=32, constraints=[refers("artifacts (uuid)")])
    content_hash = CharField(max_length=64)
    transaction_id = TextField()
    state = TextField(constraints=[default("'pending'"), Check("state IN ('pending', 'done')")])
    deployed_at = TextField(constraints=[NOW])
    host = TextField(default="", constraints=[default("''")])

    class Meta:
        table_name = "deployments"
        primary_key = CompositeKey(*KEY)


class DeploymentBefore(Model):
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
        primary_key = CompositeKey(*KEY_BEFORE)


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Let the machine be part of the key. The log of a shared database knows which one it was."""
    if is_sqlite(db):
        rebuild(migrator, Deployment)
        return
    host = TextField(default="", constraints=[default("''")])
    migrator.migrate(migrator.add_column("deployments", "host", host, allow_not_null=True))
    _set_key(migrator, KEY)
    placed, log = Table("deployments").bind(db), Table("operations").bind(db)
    of_project = (log.c.collection_id == placed.c.collection_id) & (
        log.c.project == placed.c.project
    )
    last = log.select(log.c.host).where(of_project).order_by(log.c.number.desc()).limit(1)
    placed.update({placed.c.host: fn.COALESCE(last, "")}).execute()


def down(migrator: SchemaMigrator, db: Database) -> None:
    """Forget the machines; of a path on several ones what was placed last stays."""
    placed, later = Table("deployments").bind(db), Table("deployments").alias("later")
    named = placed.select(placed.c.host).where(placed.c.host != "")
    if not getattr(migrator, "lose_data", False) and named.exists():
        raise DataWouldBeLost("on which machine what was deployed is")
    is_same = [getattr(later.c, name) == getattr(placed.c, name) for name in KEY_BEFORE]
    moment, other = (Tuple(table.c.deployed_at, table.c.host) for table in (placed, later))
    others = later.select(later.c.host).where(*is_same, other > moment)
    placed.delete().where(fn.EXISTS(others)).execute()
    if is_sqlite(db):
        refuse_dependents(db, "deployments")
        rebuild(migrator, DeploymentBefore)
        return
    migrator.migrate(migrator.drop_constraint("deployments", "deployments_pkey"))
    drop_column(migrator, "deployments", "host")
    _add_key(migrator, KEY_BEFORE)


def _set_key(migrator: SchemaMigrator, columns: tuple[str, ...]) -> None:
    migrator.migrate(migrator.drop_constraint("deployments", "deployments_pkey"))
    _add_key(migrator, columns)


def _add_key(migrator: SchemaMigrator, columns: tuple[str, ...]) -> None:
    key = SQL(f"PRIMARY KEY ({', '.join(columns)})")
    migrator.migrate(migrator.add_constraint("deployments", "deployments_pkey", key))
