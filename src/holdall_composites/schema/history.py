"""Which migrations a database has, and the record of every one that came or went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peewee import AutoField, CharField, Field, Model, TextField

from holdall import NamedTuple
from holdall.transaction import Signature
from holdall_composites.database.connect import HISTORY
from holdall_composites.database.failures import translate_errors
from holdall_composites.database.peewee_import import Database
from holdall_composites.errors import SchemaError
from holdall_composites.schema.revisions import Revision

AUDIT = "holdall_migrations_audit"


class AppliedMigration(Model):
    """A migration that the database has: its script's name and checksum, and when it came (UTC)."""

    name = TextField(primary_key=True)
    checksum = CharField(max_length=64)
    applied = TextField(column_name="applied_at", default=lambda: Signature.now().at)

    class Meta:
        table_name = HISTORY


class AuditEntry(Model):
    """That a migration was applied, reverted, stamped or unstamped."""

    id = AutoField()
    action = TextField()
    name = TextField()
    checksum = CharField(max_length=64)
    author = TextField(null=True)
    host = TextField()
    at = TextField()

    class Meta:
        table_name = AUDIT


HISTORY_MODELS = (AppliedMigration, AuditEntry)


class AppliedRevision(NamedTuple):
    """A row of the history. `title` is the script's name, `applied_at` UTC in ISO 8601."""

    title: str
    checksum: str
    applied_at: str

    @property
    def number(self) -> str:
        """The four digits that the script's name begins with."""
        return self.title.partition("_")[0]


class AuditRecord(NamedTuple):
    """What was done to a migration: by whom, where and when (UTC).

    `revision` is the script's name. `applied` and `reverted` ran it; `stamped` and `unstamped`
    changed the history only.
    """

    action: str
    revision: str
    checksum: str
    author: str | None
    host: str
    at: str

    def to_json(self) -> dict[str, str | None]:
        """Return the record as `holdall db history --json` prints it."""
        number, _, name = self.revision.partition("_")
        return self._asdict() | {"revision": number, "name": name}


def applied_revisions(database: Database) -> list[AppliedRevision]:
    """Return the history, oldest first; empty for a database that has none."""
    row = AppliedMigration
    return revisions_of(_rows_of(database, row, row.name, row.checksum, row.applied))


def revisions_of(rows: Sequence[tuple[str, str, str]]) -> list[AppliedRevision]:
    """Return the history that rows of it are: names, checksums and times."""
    if any(not name[:4].isdigit() for name, _, _ in rows):
        raise SchemaError(
            f"the table {HISTORY} is the one of an unreleased Holdall",
            hint="CHANGELOG.md says how to bring such a database up to date by hand",
        )
    return [AppliedRevision(*found) for found in rows]


def audit_records(database: Database) -> list[AuditRecord]:
    """Return every migration that came or went, oldest first."""
    row = AuditEntry
    columns = (row.action, row.name, row.checksum, row.author, row.host, row.at)
    return [AuditRecord(*found) for found in _rows_of(database, row, *columns)]


def _rows_of(database: Database, model: type[Model], *columns: Field) -> list[Any]:
    """Return the rows of a table by its key; none if the table is not there."""
    query = model.select(*columns).order_by(model._meta.primary_key)
    with translate_errors():
        is_there = database.table_exists(model._meta.table_name)
        return list(database.execute(query).fetchall()) if is_there else []


def add_audit(
    database: Database, action: str, revision: Revision, by: Signature | None = None
) -> None:
    """Record what was done to a migration, in the caller's transaction."""
    row = {"action": action, "name": revision.title, "checksum": revision.checksum}
    database.execute(AuditEntry.insert(**row, **(by or Signature.now())._asdict()))
