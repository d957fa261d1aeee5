"""The next migration, written from what differs between models and database."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

from holdall.cli import main
from holdall.errors import HoldallError
from holdall_composites.schema.describe import describe
from holdall_composites.schema.drift import TABLES, find_drift
from holdall_composites.schema.lock import lock_migrations
from holdall_composites.schema.revise import write_revision
from holdall_composites.schema.rewrites import keep_dependents
from holdall_composites.schema.runner import downgrade

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
BOTH = {
    "a table": ["DROP TABLE deployments"],
    "a large table": ["DROP TABLE operation_artifacts", "DROP TABLE operations"],
    "a column": ["ALTER TABLE operations DROP COLUMN project"],
    "a column with a default": ["ALTER TABLE artifacts DROP COLUMN origin"],
    "indexes": ["DROP INDEX artifacts_name", "DROP INDEX operations_transaction"],
    "an index of other columns": [
        "DROP INDEX artifacts_name",
        "CREATE INDEX artifacts_name ON artifacts (name) WHERE active",
    ],
    "a unique index too many": ["CREATE UNIQUE INDEX mine ON artifacts (name)"],
    "a column too many": ["ALTER TABLE artifacts ADD COLUMN note TEXT"],
    "nothing": [],
}
POSTGRESQL = {
    "a check": ["ALTER TABLE artifacts DROP CONSTRAINT artifacts_uuid_check"],
    "a key": ["ALTER TABLE deployments DROP CONSTRAINT deployments_artifact_uuid_fkey"],
    "NULL": ["ALTER TABLE artifacts ALTER COLUMN name DROP NOT NULL"],
    "a default": ["ALTER TABLE artifacts ALTER COLUMN created_at DROP DEFAULT"],
    "a type": ["ALTER TABLE artifacts ALTER COLUMN name TYPE VARCHAR(12)"],
    "another check": [
        "ALTER TABLE blobs DROP CONSTRAINT blobs_size_check",
        "ALTER TABLE blobs ADD CONSTRAINT blobs_size_check CHECK (size > 0)",
    ],
}
DEPLOYMENTS = (
    "CREATE TABLE {table} (collection_id VARCHAR(32) NOT NULL, project TEXT, target_root TEXT,"
    " artifact_uuid VARCHAR(32) NOT NULL, content_hash VARCHAR(64) NOT NULL, transaction_id TEXT"
    " NOT NULL, state TEXT NOT NULL, deployed_at TEXT NOT NULL DEFAULT 'x')"
)
SQLITE = {
    "keys, checks, NULL and defaults": [
        "DROP TABLE deployments",
        DEPLOYMENTS.format(table="deployments"),
        "CREATE INDEX deployments_artifact ON deployments (artifact_uuid)",
    ]
}


def run(database: Database, path: Path, direction: str) -> None:
    """Run a script as the migrator does."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    with lock_migrations(database), keep_dependents(database, getattr(script, "REWRITES", None)):
        getattr(script, direction)(SchemaMigrator.from_database(database), database)


@pytest.mark.parametrize("case", [*BOTH, *POSTGRESQL, *SQLITE])
def test_a_draft_makes_the_schema_that_of_the_models(
    database: Database, tmp_path: Path, case: str
) -> None:
    """It lints clean, is the next in number, and leads there from whatever differs, and back."""
    is_sqlite = isinstance(database, SqliteDatabase)
    changes = BOTH | (SQLITE if is_sqlite else POSTGRESQL)
    if case not in changes:
        pytest.skip("the other database's")
    for statement in changes[case]:
        database.execute_sql(statement)
    assert bool(find_drift(database)) == bool(changes[case])
    before = describe(database, TABLES)
    path = write_revision(database, f"Test: {case}!", tmp_path)
    assert path.name.startswith("0012_test_")
    there = ROOT / "migrations/holdall_composites_migrations" / path.name
    linted = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--stdin-filename", there, "-"],
        input=path.read_text(),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    text = path.read_text()
    assert linted.returncode == 0, linted.stdout + text
    run(database, path, "up")
    assert find_drift(database) == [], text
    if "NotImplementedError" not in text:
        run(database, path, "down")
        assert describe(database, TABLES) == before, text


def test_no_draft_while_migrations_are_pending_or_over_another_file(
    database: Database, tmp_path: Path
) -> None:
    """Nothing is written then, and a name that is none is refused."""
    write_revision(database, "notes", tmp_path)
    for name in ("notes", "../Notes", "", "1"):
        with pytest.raises(HoldallError):
            write_revision(database, name, tmp_path)
    downgrade(database, "-1")
    with pytest.raises(HoldallError, match="0011_deployments_host is pending"):
        write_revision(database, "more", tmp_path)
    assert len(list(tmp_path.glob("*.py"))) == 1


def test_the_command_writes_where_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`holdall db revision NAME --to DIR` prints the script's path, and changes no database."""
    kit, path = tmp_path / "kit", tmp_path / "0012_add_notes.py"
    words = ("--collection", str(kit))
    assert main(["init", str(kit)]) == 0
    assert main([*words, "db", "upgrade"]) == 0
    before = (kit / ".holdall/holdall.db").read_bytes()
    capsys.readouterr()
    assert main([*words, "db", "revision", "add notes", "--to", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert "def up(migrator: SchemaMigrator, db: Database) -> None:" in path.read_text()
    assert (kit / ".holdall/holdall.db").read_bytes() == before
