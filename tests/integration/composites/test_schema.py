"""The schema's history, drift, and migrators that run at the same time."""

from __future__ import annotations

import platform
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest
from peewee import Database, SqliteDatabase

from holdall.errors import HoldallError
from holdall_composites import console
from holdall_composites.database.backup import KEPT, back_up
from holdall_composites.database.connect import connected
from holdall_composites.errors import SchemaError
from holdall_composites.schema import runner
from holdall_composites.schema.drift import find_drift
from holdall_composites.schema.history import applied_revisions, audit_records, dialect_of

pytestmark = pytest.mark.integration

UPGRADE = """
import sys
from holdall_composites.database.connect import connected
from holdall_composites.schema.runner import ensure_current
with connected(sys.argv[1]) as database:
    ensure_current(database, embedded=True)
"""


def test_a_fresh_database_equals_the_models(database: Database) -> None:
    """Migrations and models describe the same tables."""
    assert find_drift(database) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DROP TABLE deployments", "table deployments is missing"),
        ("ALTER TABLE artifacts ADD COLUMN extra TEXT", "column artifacts.extra is unknown"),
        ("DROP INDEX artifacts_name", "index of artifacts on collection_id, name is missing"),
        ("ALTER TABLE collections DROP COLUMN manifest_hash", "manifest_hash is missing"),
        (
            "CREATE UNIQUE INDEX mine ON artifacts (name)",
            "unique index of artifacts on name is unknown",
        ),
    ],
)
def test_drift_is_named(database: Database, statement: str, told: str) -> None:
    """Each deliberate difference is named, and nothing else."""
    database.execute_sql(statement)
    (difference,) = find_drift(database)
    assert told in difference


def test_a_trigger_is_drift(database: Database) -> None:
    """It could change rows behind our back."""
    body = "BEGIN SELECT 1; END"
    if not isinstance(database, SqliteDatabase):
        database.execute_sql(
            "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
        )
        body = "FOR EACH ROW EXECUTE FUNCTION meddle()"
    database.execute_sql(f"CREATE TRIGGER meddler AFTER INSERT ON artifacts {body}")
    assert find_drift(database) == ["the trigger meddler of artifacts is unknown"]


def test_indexes_of_ones_own_are_no_drift(database: Database) -> None:
    """An index that refuses no row is nobody's mistake."""
    database.execute_sql("CREATE INDEX mine ON artifacts (origin)")
    assert find_drift(database) == []


def test_a_table_that_is_not_ours_is_drift_in_a_file_of_ours(database: Database) -> None:
    """In an SQLite file every table is known; a server may hold other programs' tables."""
    database.execute_sql("CREATE TABLE mine (id INTEGER)")
    is_ours = isinstance(database, SqliteDatabase)
    assert find_drift(database) == (["table mine is unknown"] if is_ours else [])


DEPLOYMENTS = """CREATE TABLE deployments (
    collection_id VARCHAR(32) NOT NULL REFERENCES collections (id) {cascade},
    project {project} NOT NULL, target_root TEXT NOT NULL,
    artifact_uuid VARCHAR(32) NOT NULL {artifact},
    content_hash {hash} NOT NULL, transaction_id TEXT {transaction},
    state TEXT NOT NULL {state}, deployed_at TEXT NOT NULL DEFAULT {now}
    {key} {more})"""
DEPLOYED_INDEX = "CREATE INDEX deployments_artifact ON deployments {columns}"
CASCADE = "ON DELETE CASCADE ON UPDATE CASCADE"
PENDING = "DEFAULT 'pending'"
STATES = "CHECK (state IN ('pending', 'done'))"
AS_IT_IS = {
    "cascade": CASCADE,
    "project": "TEXT",
    "hash": "VARCHAR(64)",
    "artifact": f"REFERENCES artifacts (uuid) {CASCADE}",
    "transaction": "NOT NULL",
    "state": f"{PENDING} {STATES}",
    "key": ", PRIMARY KEY (collection_id, project, target_root, artifact_uuid)",
    "more": "",
    "columns": "(artifact_uuid)",
}
BY_BOTH = (
    ", FOREIGN KEY (collection_id, artifact_uuid)"
    f" REFERENCES artifacts (collection_id, uuid) {CASCADE}"
)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"cascade": ""}, ["(collection_id) -> collections (id) is not", "(id) is unknown"]),
        (
            {"cascade": "ON DELETE CASCADE"},
            ["(collection_id) -> collections (id) is not", "(id) is unknown"],
        ),
        ({"artifact": ""}, ["foreign key deployments (artifact_uuid)"]),
        ({"artifact": "", "more": BY_BOTH}, ["(artifact_uuid) ->", "(artifact_uuid, collection"]),
        ({"transaction": ""}, ["column deployments.transaction_id allows NULL"]),
        ({"project": "INTEGER"}, ["column deployments.project is of type"]),
        ({"hash": "VARCHAR(32)"}, ["column deployments.content_hash is of type"]),
        ({"key": ""}, ["the primary key of deployments is missing"]),
        (
            {"key": ", PRIMARY KEY (project, collection_id, target_root, artifact_uuid)"},
            ["the primary key of deployments is project, collection_id"],
        ),
        (
            {"key": ", PRIMARY KEY (collection_id, project, target_root)"},
            ["the primary key of deployments is collection_id, project, target_root"],
        ),
        ({"state": STATES}, ["the default of deployments.state is None, not 'pending'"]),
        ({"state": f"DEFAULT 'done' {STATES}"}, ["the default of deployments.state is 'done'"]),
        ({"state": PENDING}, ["the check of deployments on", "is missing"]),
        (
            {"state": f"{PENDING} CHECK (state IN ('pending', 'done', 'gone'))"},
            ["the check of deployments on", "is missing", "'gone'", "is unknown"],
        ),
        ({"more": ", CHECK (project <> '')"}, ["the check of deployments on", "is unknown"]),
        ({"columns": "(artifact_uuid, project)"}, ["index of deployments on artifact_uuid is m"]),
        (
            {"columns": "(artifact_uuid) WHERE state = 'done'"},
            ["index of deployments on artifact_uuid is missing"],
        ),
    ],
)
def test_a_table_made_otherwise_is_drift(
    database: Database, change: dict[str, str], told: list[str]
) -> None:
    """One difference in types, NULLs, keys, actions, checks, defaults or indexes is named."""
    dialect = dialect_of(database)
    now = import_module("holdall_composites_migrations.0004_deployments").NOW[dialect]
    parts = AS_IT_IS | {"now": now} | change
    database.execute_sql("DROP TABLE deployments")
    database.execute_sql(DEPLOYMENTS.format(**parts))
    database.execute_sql(DEPLOYED_INDEX.format(**parts))
    found = find_drift(database)
    for part in told:
        assert any(part in difference for difference in found), found
    assert bool(found) == bool(told), found
    assert all("deployments" in difference for difference in found)
    assert len(found) <= 2


def test_a_unique_index_made_plain_is_drift(database: Database) -> None:
    """And one without any column of its key."""
    database.execute_sql("DROP INDEX operations_transaction")
    assert find_drift(database) == [
        "the unique index of operations on collection_id, transaction_id is missing"
    ]
    database.execute_sql("CREATE INDEX mine ON operations (collection_id, transaction_id)")
    assert find_drift(database) == [
        "the unique index of operations on collection_id, transaction_id is missing"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["0", "0001"])
def test_eight_openers_of_an_old_database_all_succeed(
    empty_database_url: str, tmp_path: Path, revision: str
) -> None:
    """One migrates, the others wait; each migration is applied once, and one backup is made."""
    with connected(empty_database_url) as database:
        runner.upgrade(database, revision)
        if revision != "0":
            insert_artifact(database)
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, empty_database_url], stderr=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    errors = [opener.communicate()[1] for opener in openers]
    assert [opener.returncode for opener in openers] == [0] * 8, errors
    with connected(empty_database_url) as database:
        assert runner.pending_revisions(database) == []
        is_rewritten = revision != "0" and isinstance(database, SqliteDatabase)
    assert len(list(tmp_path.glob("*.backup"))) == (1 if is_rewritten else 0)
    assert not list(tmp_path.glob("*.tmp"))


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    """A wrong or forged setting changes no byte of somebody's; on command it may."""
    path = tmp_path / "cookies.sqlite"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE cookies (name TEXT)")
    before = path.read_bytes()
    with connected(str(path)) as database:
        with pytest.raises(SchemaError, match="another program's database: it holds 'cookies'"):
            runner.ensure_current(database, embedded=True)
        assert database.get_tables() == ["cookies"]
        assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])
        runner.upgrade(database)
        runner.ensure_current(database, embedded=True)
    with connected(str(path)) as database:
        assert database.execute_sql("PRAGMA journal_mode").fetchone() == ("wal",)


def insert_artifact(database: Database) -> None:
    """Insert a collection with one artifact, as revision 0001 knows them."""
    database.execute_sql("INSERT INTO collections (id, name) VALUES ('c', 'c')")
    database.execute_sql(
        "INSERT INTO artifacts (collection_id, id, type, name)"
        " VALUES ('c', 'skill:a', 'skill', 'a')"
    )


def test_a_shared_database_is_upgraded_only_on_command(empty_database: Database) -> None:
    """Without the command, an old shared database is refused with the command as hint."""
    with pytest.raises(SchemaError) as refused:
        runner.ensure_current(empty_database, embedded=False)
    assert "holdall db upgrade" in str(refused.value.hint)
    assert applied_revisions(empty_database) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE holdall_migrations SET checksum = 'x' WHERE revision = '0002'", "not the one"),
        ("UPDATE holdall_migrations SET revision = '9999' WHERE revision = '0006'", "unknown to"),
        ("DELETE FROM holdall_migrations WHERE revision = '0002'", "lacks migration 0002"),
    ],
)
def test_a_history_that_does_not_fit_is_refused(database: Database, change: str, told: str) -> None:
    """An edited script, a newer schema and a gap each get their own sentence."""
    database.execute_sql(change)
    with pytest.raises(SchemaError, match=told):
        runner.pending_revisions(database)


def test_stamp_changes_the_history_only(empty_database: Database) -> None:
    """Stamping runs nothing."""
    runner.stamp(empty_database, "2")
    assert [row.number for row in applied_revisions(empty_database)] == ["0001", "0002"]
    assert empty_database.get_tables() == ["holdall_migrations", "holdall_migrations_audit"]


def test_stamp_of_a_newer_schema_is_refused(database: Database) -> None:
    """What a newer Holdall wrote into the history is not wiped out of it."""
    database.execute_sql("UPDATE holdall_migrations SET revision = '9999' WHERE revision = '0006'")
    with pytest.raises(SchemaError, match="9999"):
        runner.stamp(database, "2")
    assert [row.number for row in applied_revisions(database)][-1] == "9999"


@pytest.mark.parametrize("revision", ["77", "", "-", "head", "00002"])
def test_an_unknown_revision_is_refused(database: Database, revision: str) -> None:
    """A revision that does not exist is named, with the known ones as hint."""
    with pytest.raises(SchemaError, match=f"no migration '{revision}'") as refused:
        runner.downgrade(database, revision)
    assert "0001" in str(refused.value.hint)
    assert runner.pending_revisions(database) == []


@pytest.mark.parametrize("start", ["0", "0001", "0003"])
def test_printed_statements_make_the_same_schema(empty_database: Database, start: str) -> None:
    """What `db sql` prints, run by hand, leaves no drift and nothing to migrate; back as well."""
    dialect = dialect_of(empty_database)
    runner.upgrade(empty_database, start)
    run_by_hand(empty_database, runner.statements(dialect, start))
    assert find_drift(empty_database) == []
    assert runner.pending_revisions(empty_database) == []
    run_by_hand(empty_database, runner.statements(dialect, "0006", start))
    assert [row.number for row in applied_revisions(empty_database)][-1:] == (
        [] if start == "0" else [start]
    )
    runner.upgrade(empty_database)
    assert find_drift(empty_database) == []


def run_by_hand(database: Database, statements: Iterable[str]) -> None:
    """Run statements as somebody would who pasted them."""
    for statement in statements:
        database.execute_sql(statement)


def test_what_came_and_went_is_on_record(empty_database: Database) -> None:
    """Every migration that was applied, reverted or stamped, in order, by whom and where."""
    runner.upgrade(empty_database, "0002")
    runner.downgrade(empty_database, "0001")
    runner.stamp(empty_database, "0")
    found = audit_records(empty_database)
    assert [(row.action, row.revision) for row in found] == [
        ("applied", "0001"),
        ("applied", "0002"),
        ("reverted", "0002"),
        ("unstamped", "0001"),
    ]
    assert {row.host for row in found} == {platform.node()}
    assert all(row.at and row.name and len(row.checksum) == 64 for row in found)
    with pytest.raises(HoldallError):
        runner.upgrade(empty_database)
    assert len(audit_records(empty_database)) == 4


def test_a_long_migration_says_what_it_does(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which, and over how many rows; on a terminal SQLite shows that it is alive."""
    runner.upgrade(empty_database, "0001")
    insert_artifact(empty_database)
    monkeypatch.setattr(runner, "MANY_ROWS", 1)
    monkeypatch.setattr(console, "_EVERY_STEPS", 1)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    told: list[str] = []
    runner.upgrade(empty_database, say=told.append)
    assert "migrating the database to 0002_artifact_uuid: 1 artifacts" in told
    is_shown = "0002_artifact_uuid: 0 s" in capsys.readouterr().err
    assert is_shown == isinstance(empty_database, SqliteDatabase)


def test_rows_are_backed_up_before_a_rebuild(tmp_path: Path) -> None:
    """An SQLite database with artifacts is copied before migration 0002, and the copy is whole."""
    with connected(f"sqlite:///{tmp_path / 'holdall.db'}") as database:
        runner.upgrade(database, "0001")
        insert_artifact(database)
        told: list[str] = []
        runner.upgrade(database, say=told.append)
    (copy,) = tmp_path.glob("*.backup")
    assert str(copy) in told[0]
    with connected(f"sqlite:///{copy}") as database:
        assert [row.number for row in applied_revisions(database)] == ["0001"]
        assert database.execute_sql("SELECT id FROM artifacts").fetchall() == [("skill:a",)]


def test_data_is_backed_up_before_it_is_given_up(tmp_path: Path) -> None:
    """One backup is made of what was there before the first of several migrations is reverted."""
    with connected(f"sqlite:///{tmp_path / 'holdall.db'}") as database:
        runner.upgrade(database, "0001")
        insert_artifact(database)
        runner.upgrade(database)
        for backup in tmp_path.glob("*.backup"):
            backup.unlink()
        runner.downgrade(database, "0", lose_data=True)
        assert database.get_tables() == ["holdall_migrations", "holdall_migrations_audit"]
    (copy,) = tmp_path.glob("*.backup")
    with connected(str(copy)) as database:
        assert runner.pending_revisions(database) == []
        assert database.execute_sql("SELECT count(*) FROM artifacts").fetchone() == (1,)


def test_old_backups_go_and_those_made_by_hand_stay(tmp_path: Path) -> None:
    """Of those before migrations the newest few stay; all are readable by their owner only."""
    with connected(f"sqlite:///{tmp_path / 'holdall.db'}") as database:
        by_hand = [back_up(database) for _ in range(KEPT + 2)]
        before = [back_up(database, before="0002") for _ in range(KEPT + 2)]
    left = set(tmp_path.glob("*.backup"))
    assert left == {*by_hand, *before[-KEPT:]}
    assert {copy.stat().st_mode & 0o777 for copy in left} == {0o600}


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Where no copy can be made there is an error, no half copy, and no migration."""
    path = tmp_path / "holdall.db"
    with connected(str(path)) as database:
        runner.upgrade(database, "0001")
        insert_artifact(database)
        path.rename(tmp_path / "moved.db")
        with pytest.raises(HoldallError):
            runner.upgrade(database)
        assert [row.number for row in applied_revisions(database)] == ["0001"]
    assert not list(tmp_path.glob("*.backup"))
    assert not list(tmp_path.glob("*.tmp"))


def test_backup_of_a_server_is_refused(database: Database) -> None:
    """PostgreSQL has its own tool, which the hint names."""
    if isinstance(database, SqliteDatabase):
        assert back_up(database).exists()
        return
    with pytest.raises(SchemaError) as refused:
        back_up(database)
    assert "pg_dump" in str(refused.value.hint)


def test_a_migration_inside_a_transaction_is_refused(empty_database: Database) -> None:
    """Foreign keys cannot be switched off inside a transaction, so none may be open."""
    with empty_database.atomic(), pytest.raises(SchemaError, match="inside a transaction"):
        runner.upgrade(empty_database)
