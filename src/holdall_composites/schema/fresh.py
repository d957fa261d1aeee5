"""A new SQLite database, made as all migrations together would leave it.

playhouse takes longer to import than a first command takes to run. So `make schema` runs all
scripts on an empty file once and writes down the statements that SQLite keeps for what they made:

    -- 5d2c...: a hash of all scripts
    CREATE TABLE "collections" (...);
    <an empty line>
    CREATE INDEX ...;

Where the hash is not that of the scripts, the scripts run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from holdall_composites.database.connect import raw
from holdall_composites.database.peewee_import import Database, SqliteDatabase
from holdall_composites.schema.history import AppliedMigration, add_audit
from holdall_composites.schema.revisions import Revision, known_revisions

FILE = Path(__file__).with_name("sqlite.sql")

END = ";\n\n"


def make_fresh(database: Database, pending: Sequence[Revision]) -> bool:
    """Make everything in an empty SQLite database, in the caller's transaction.

    Returns False, with nothing done, where the scripts must run: `pending` are not all of them,
    the database is of another kind or holds something, or the statements are of other scripts.
    """
    if not isinstance(database, SqliteDatabase) or list(pending) != list(known_revisions()):
        return False
    head, _, rest = FILE.read_text().partition("\n")
    if head != head_of(pending) or database.get_tables():
        return False
    for statement in rest.removesuffix(";\n").split(END):
        raw(database, statement, why="as SQLite keeps it")
    rows = [{"name": revision.title, "checksum": revision.checksum} for revision in pending]
    database.execute(AppliedMigration.insert_many(rows))
    for revision in pending:
        add_audit(database, "applied", revision)
    return True


def head_of(revisions: Sequence[Revision]) -> str:
    """Return the first line of the statements that these scripts together come to."""
    every = "".join(f"{revision.title} {revision.checksum}\n" for revision in revisions)
    return f"-- {hashlib.sha256(every.encode()).hexdigest()}: a hash of all scripts"
