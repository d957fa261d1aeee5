"""The schema's history, drift, and migrators that run at the same time."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from peewee import Database, OperationalError, SqliteDatabase

from describe_schema import description_of_models
from holdall.errors import HoldallError
from holdall.formats import DatabaseURL
from holdall.reporter import Reporter
from holdall_composites import console
from holdall_composites.database.backup import KEPT, back_up, refuse_backup
from holdall_composites.database.connect import connect_database, dialect_of
from holdall_composites.database.fields import NOW
from holdall_composites.database.models import MODELS
from holdall_composites.errors import SchemaError
from holdall_composites.schema import migrator, revisions, runner
from holdall_composites.schema.describe import describe
from holdall_composites.schema.drift import DESCRIPTION, TABLES, find_drift
from holdall_composites.schema.history import applied_revisions, audit_records
from holdall_composites.schema.offline import statements
from postgres_server import execute, with_name

pytestmark = pytest.mark.integration

HISTORY_TABLES = {"holdall_migrations", "holdall_migrations_audit"}
UPGRADE = """
import sys
from holdall_composites.database.connect import connect_database
from holdall_composites.schema.runner import ensure_current
with connect_database(sys.argv[1]) as database:
    ensure_current(database, embedded=True)
"""


def test_migrations_make_what_the_models_make(
    database: Database, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """`create_tables(MODELS)` makes the same tables, and nothing is called drift."""
    assert find_drift(database) == []
    if isinstance(database, SqliteDatabase):
        with (
            closing(SqliteDatabase(str(tmp_path / "models.db"))) as theirs,
            theirs.bind_ctx(MODELS),
        ):
            theirs.create_tables(MODELS)
            assert describe(theirs, TABLES) == describe(database, TABLES)
        return
    postgres_server = request.getfixturevalue("postgres_server")
    execute(postgres_server, "CREATE DATABASE of_models")
    found = description_of_models(with_name(postgres_server, "of_models"))
    execute(postgres_server, "DROP DATABASE of_models")
    assert found == describe(database, TABLES)


@pytest.mark.postgresql
def test_the_description_in_the_package_is_that_of_the_models(postgres_server: str) -> None:
    """`make schema` has nothing to write; tables that are there already are left as they are."""
    execute(postgres_server, "CREATE DATABASE of_models")
    found = [description_of_models(with_name(postgres_server, "of_models")) for _ in range(2)]
    execute(postgres_server, "DROP DATABASE of_models")
    assert found == [json.loads(DESCRIPTION.read_text())] * 2


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DROP TABLE deployments", "table deployments is missing"),
        ("ALTER TABLE artifacts ADD COLUMN extra TEXT", "column extra of artifacts is unknown"),
        ("DROP INDEX artifacts_name", "the index artifacts_name of artifacts is missing"),
        (
            "ALTER TABLE collections DROP COLUMN manifest_hash",
            "the column manifest_hash of collections is missing",
        ),
        (
            "CREATE UNIQUE INDEX mine ON artifacts (name)",
            "the unique index mine of artifacts is unknown",
        ),
    ],
)
def test_drift_is_named(database: Database, statement: str, told: str) -> None:
    """Each deliberate difference is named, and nothing else."""
    database.execute_sql(statement)
    (difference,) = find_drift(database)
    assert told in difference


def test_a_trigger_is_drift(database: Database) -> None:
    """It could change rows behind our back, and one of ours refuses what nothing else does."""
    body = "BEGIN SELECT 1; END"
    if not isinstance(database, SqliteDatabase):
        database.execute_sql(
            "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
        )
        body = "FOR EACH ROW EXECUTE FUNCTION meddle()"
    database.execute_sql(f"CREATE TRIGGER meddler AFTER INSERT ON artifacts {body}")
    assert find_drift(database) == ["the trigger meddler of artifacts is unknown"]
    name = "composite_memberships_not_itself"
    name += "_insert" if isinstance(database, SqliteDatabase) else ""
    on = "" if isinstance(database, SqliteDatabase) else " ON composite_memberships"
    database.execute_sql(f"DROP TRIGGER {name}{on}")
    assert f"the trigger {name} of composite_memberships is missing" in find_drift(database)


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
    state TEXT NOT NULL {state}, deployed_at TEXT NOT NULL {now},
    host TEXT NOT NULL DEFAULT '' {key} {more})"""
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
    "key": ", PRIMARY KEY (collection_id, host, project, target_root, artifact_uuid)",
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
        ({"cascade": ""}, ["foreign key (collection_id)", "is missing", "is unknown"]),
        (
            {"cascade": "ON DELETE CASCADE"},
            ["foreign key (collection_id)", "is missing", "is unknown"],
        ),
        ({"artifact": ""}, ["foreign key (artifact_uuid)", "is missing"]),
        ({"artifact": "", "more": BY_BOTH}, ["key (artifact_uuid)", "is missing", "is unknown"]),
        ({"transaction": ""}, ["column transaction_id", "not {text} NOT NULL"]),
        ({"project": "INTEGER"}, ["column project of", "not {text} NOT NULL"]),
        ({"hash": "VARCHAR(32)"}, ["column content_hash of", "(32) NOT NULL, not"]),
        ({"key": ""}, ["primary key (collection_id, host, project, target_root, artifact_uuid)"]),
        (
            {"key": ", PRIMARY KEY (host, collection_id, project, target_root, artifact_uuid)"},
            ["primary key (host, collection_id", "is missing", "is unknown"],
        ),
        (
            {"key": ", PRIMARY KEY (collection_id, project, target_root)"},
            ["primary key (collection_id, project, target_root) of", "is missing", "is unknown"],
        ),
        ({"state": STATES}, ["column state of", "NOT NULL, not {text} NOT NULL DEFAULT 'pending'"]),
        ({"state": f"DEFAULT 'done' {STATES}"}, ["column state of", "DEFAULT 'done'"]),
        ({"state": PENDING}, ["the check", "of deployments is missing"]),
        (
            {"state": f"{PENDING} CHECK (state IN ('pending', 'done', 'gone'))"},
            ["is missing", "'gone'", "is unknown"],
        ),
        ({"more": ", CHECK (project <> '')"}, ["the check", "of deployments is unknown"]),
        ({"columns": "(artifact_uuid, project)"}, ["(artifact_uuid, project), not "]),
        ({"columns": "(artifact_uuid DESC)"}, ["(artifact_uuid DESC), not "]),
        ({"columns": "(artifact_uuid) WHERE state = 'done'"}, ["index deployments_artifact"]),
    ],
)
def test_a_table_made_otherwise_is_drift(
    database: Database, change: dict[str, str], told: list[str]
) -> None:
    """One difference in types, NULLs, keys, actions, checks, defaults or indexes is named."""
    dialect = dialect_of(database)
    now = NOW.sqlite if dialect == "sqlite" else NOW.postgresql
    parts = AS_IT_IS | {"now": now} | change
    text = "TEXT" if dialect == "sqlite" else "text"
    database.execute_sql("DROP TABLE deployments")
    database.execute_sql(DEPLOYMENTS.format(**parts))
    database.execute_sql(DEPLOYED_INDEX.format(**parts))
    found = find_drift(database)
    for part in told:
        assert any(part.format(text=text) in difference for difference in found), found
    assert bool(found) == bool(told), found
    assert all("deployments" in difference for difference in found)
    assert len(found) <= 2


def test_a_unique_index_made_plain_is_drift(database: Database) -> None:
    """And one without any column of its key."""
    database.execute_sql("DROP INDEX operations_transaction")
    assert find_drift(database) == [
        "the unique index operations_transaction of operations is missing"
    ]
    database.execute_sql("CREATE INDEX mine ON operations (collection_id, transaction_id)")
    assert find_drift(database) == [
        "the unique index operations_transaction of operations is missing"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["0", "0001"])
def test_eight_openers_of_an_old_database_all_succeed(
    empty_database_url: str, tmp_path: Path, revision: str
) -> None:
    """One migrates, the others wait; each migration is applied once, and one backup is made."""
    with connect_database(empty_database_url) as database:
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
    with connect_database(empty_database_url) as database:
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
    with connect_database(str(path)) as database:
        with pytest.raises(SchemaError, match="another program's database: it holds 'cookies'"):
            runner.ensure_current(database, embedded=True)
        assert database.get_tables() == ["cookies"]
        assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])
        runner.upgrade(database)
        runner.ensure_current(database, embedded=True)
    with connect_database(str(path)) as database:
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
        (
            "UPDATE holdall_migrations SET checksum = 'x' WHERE name = '0002_artifact_uuid'",
            "not the one",
        ),
        (
            "UPDATE holdall_migrations SET name = '9999_new' WHERE name = '0011_deployments_host'",
            "unknown to",
        ),
        (
            "DELETE FROM holdall_migrations WHERE name = '0002_artifact_uuid'",
            "lacks migration 0002",
        ),
    ],
)
def test_a_history_that_does_not_fit_is_refused(database: Database, change: str, told: str) -> None:
    """An edited script, a newer schema and a gap each get their own sentence."""
    database.execute_sql(change.format("holdall_migrations"))
    with pytest.raises(SchemaError, match=told):
        runner.pending_revisions(database)


def test_stamp_changes_the_history_only(empty_database: Database) -> None:
    """Stamping runs nothing."""
    runner.stamp(empty_database, "2")
    assert [row.number for row in applied_revisions(empty_database)] == ["0001", "0002"]
    assert set(empty_database.get_tables()) - {"holdall_lock"} == HISTORY_TABLES


def test_stamp_of_a_newer_schema_is_refused(database: Database) -> None:
    """What a newer Holdall wrote into the history is not wiped out of it."""
    database.execute_sql(
        "UPDATE holdall_migrations SET name = '9999_new' WHERE name = '0011_deployments_host'"
    )
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
    run_by_hand(empty_database, statements(dialect, start))
    assert find_drift(empty_database) == []
    assert runner.pending_revisions(empty_database) == []
    run_by_hand(empty_database, statements(dialect, "0011", start))
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
        ("applied", "0001_initial"),
        ("applied", "0002_artifact_uuid"),
        ("reverted", "0002_artifact_uuid"),
        ("unstamped", "0001_initial"),
    ]
    assert {row.host for row in found} == {platform.node()}
    assert all(row.at and len(row.checksum) == 64 for row in found)
    with pytest.raises(HoldallError):
        runner.upgrade(empty_database)
    assert len(audit_records(empty_database)) == 4


def test_a_long_migration_says_what_it_does(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which, and over how many rows; on a terminal SQLite shows that it is alive."""
    runner.upgrade(empty_database, "0001")
    insert_artifact(empty_database)
    monkeypatch.setattr(migrator, "MANY_ROWS", 1)
    monkeypatch.setattr(console, "_EVERY_STEPS", 1)
    monkeypatch.setitem(console._run, "reporter", Reporter())
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    runner.upgrade(empty_database)
    told = capsys.readouterr().err
    assert "migrating the database to 0002_artifact_uuid: 1 artifacts" in told
    is_shown = "0002_artifact_uuid: 0 s" in told
    assert is_shown == isinstance(empty_database, SqliteDatabase)


def test_rows_are_backed_up_before_a_rebuild(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An SQLite database with artifacts is copied before migration 0002, and the copy is whole."""
    with connect_database(f"sqlite:///{tmp_path / 'holdall.db'}") as database:
        runner.upgrade(database, "0001")
        insert_artifact(database)
        runner.upgrade(database)
    (copy,) = tmp_path.glob("*.backup")
    assert str(copy) in capsys.readouterr().err
    with connect_database(f"sqlite:///{copy}") as database:
        assert [row.number for row in applied_revisions(database)] == ["0001"]
        assert database.execute_sql("SELECT id FROM artifacts").fetchall() == [("skill:a",)]


def test_data_is_backed_up_before_it_is_given_up(tmp_path: Path) -> None:
    """One backup is made of what was there before the first of several migrations is reverted."""
    with connect_database(f"sqlite:///{tmp_path / 'holdall.db'}") as database:
        runner.upgrade(database, "0001")
        insert_artifact(database)
        runner.upgrade(database)
        for backup in tmp_path.glob("*.backup"):
            backup.unlink()
        runner.downgrade(database, "0", lose_data=True)
        assert set(database.get_tables()) == HISTORY_TABLES
    (copy,) = tmp_path.glob("*.backup")
    with connect_database(str(copy)) as database:
        assert runner.pending_revisions(database) == []
        assert database.execute_sql("SELECT count(*) FROM artifacts").fetchone() == (1,)


def test_old_backups_go_and_those_made_by_hand_stay(tmp_path: Path) -> None:
    """Of those before migrations the newest few stay; all are readable by their owner only."""
    with connect_database(f"sqlite:///{tmp_path / 'holdall.db'}") as database:
        by_hand = [back_up(database) for _ in range(KEPT + 2)]
        before = [back_up(database, before="0002") for _ in range(KEPT + 2)]
    left = set(tmp_path.glob("*.backup"))
    assert left == {*by_hand, *before[-KEPT:]}
    assert {copy.stat().st_mode & 0o777 for copy in left} == {0o600}


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Where no copy can be made there is an error, no half copy, and no migration."""
    path = tmp_path / "holdall.db"
    with connect_database(str(path)) as database:
        runner.upgrade(database, "0001")
        insert_artifact(database)
        path.rename(tmp_path / "moved.db")
        with pytest.raises(HoldallError):
            runner.upgrade(database)
        assert [row.number for row in applied_revisions(database)] == ["0001"]
    assert not list(tmp_path.glob("*.backup"))
    assert not list(tmp_path.glob("*.tmp"))


def test_backup_of_a_server_is_refused(database_url: str) -> None:
    """PostgreSQL has its own tool, which the hint names."""
    url = DatabaseURL.parse(database_url)
    if url.is_embedded:
        refuse_backup(url)
        return
    with pytest.raises(SchemaError) as refused:
        refuse_backup(url)
    assert "pg_dump" in str(refused.value.hint)


def test_a_migration_inside_a_transaction_is_refused(empty_database: Database) -> None:
    """Foreign keys cannot be switched off inside a transaction, so none may be open."""
    with empty_database.atomic(), pytest.raises(SchemaError, match="inside a transaction"):
        runner.upgrade(empty_database)


def as_user(url: str, user: str) -> str:
    """Return a server's URL for another of its users."""
    return re.sub(r"//[^/@]*@", f"//{user}@", url)


@pytest.mark.parametrize("dialect", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_role_that_may_only_read_can_check(database_url: str, postgres_server: str) -> None:
    """No right to write, no temporary tables, and, as on a standby, no transaction that writes."""
    user, name = f"reader_{uuid4().hex[:8]}", database_url.partition("://")[2].split("/")[1]
    name = name.partition("?")[0]
    execute(postgres_server, f"CREATE ROLE {user} LOGIN")
    execute(postgres_server, f"ALTER ROLE {user} SET default_transaction_read_only = on")
    execute(database_url, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}")
    execute(database_url, f"REVOKE TEMP ON DATABASE {name} FROM PUBLIC")
    execute(database_url, "DROP INDEX artifacts_name")
    for read_only in (True, False):
        with connect_database(as_user(database_url, user), read_only=read_only) as database:
            assert database.execute_sql("SELECT current_user").fetchone() == (user,)
            assert runner.pending_revisions(database) == []
            assert find_drift(database) == ["the index artifacts_name of artifacts is missing"]
    execute(database_url, f"DROP OWNED BY {user}")
    execute(postgres_server, f"DROP ROLE {user}")


@pytest.mark.parametrize("is_in_use", [False, True])
def test_an_sqlite_file_that_is_only_read_can_be_checked(is_in_use: bool) -> None:
    """In a folder where nobody may write nothing is written, also while another one writes."""
    folder = Path(tempfile.mkdtemp(prefix="holdall-tests-", dir="/tmp"))
    path = folder / "holdall.db"
    with closing(sqlite3.connect(path)) as other:
        with connect_database(str(path)) as database:
            runner.upgrade(database)
            if not is_in_use:
                database.execute_sql("DROP INDEX artifacts_name")
        if is_in_use:
            other.execute("DROP INDEX artifacts_name")
        before = {file.name: file.read_bytes() for file in folder.iterdir()}
        shared = before.pop("holdall.db-shm", None)
        assert ("holdall.db-wal" in before) == is_in_use
        for file in folder.iterdir():
            file.chmod(0o444)
        folder.chmod(0o555)
        pid = os.fork()
        if pid == 0:
            _check_as_nobody(path)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert {name: (folder / name).read_bytes() for name in before} == before
        assert len(list(folder.iterdir())) == len(before) + (shared is not None)
    folder.chmod(0o700)
    shutil.rmtree(folder)


def _check_as_nobody(path: Path) -> None:
    """Check in a forked process that has no rights beyond those of the file."""
    try:
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        assert not os.access(path.parent, os.W_OK)
        with connect_database(str(path), read_only=True) as database:
            assert runner.pending_revisions(database) == []
            assert find_drift(database) == ["the index artifacts_name of artifacts is missing"]
        os._exit(0)
    except BaseException:  # noqa: BLE001 - nothing may return from here into pytest
        traceback.print_exc()
        os._exit(1)


def test_what_only_reads_makes_no_database(tmp_path: Path) -> None:
    """Where there is none, every migration is pending, and still there is none."""
    with connect_database(str(tmp_path / "none.db"), read_only=True) as database:
        assert len(runner.pending_revisions(database)) == 11
        with pytest.raises(OperationalError):
            database.execute_sql("CREATE TABLE mine (id INTEGER)")
    assert not list(tmp_path.iterdir())


@pytest.mark.postgresql
def test_another_encoding_is_refused(postgres_server: str) -> None:
    """Names and texts of artifacts are UTF-8, and nothing is made in a database that is not."""
    name = f"latin_{uuid4().hex[:8]}"
    encoding = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    execute(postgres_server, f"CREATE DATABASE {name} {encoding}")
    with connect_database(with_name(postgres_server, name)) as database:
        for refused in (runner.upgrade, lambda d: runner.ensure_current(d, embedded=False)):
            with pytest.raises(SchemaError, match="LATIN1, not UTF8"):
                refused(database)
        assert database.get_tables() == []
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def test_two_scripts_of_one_number_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could say in which order they come; how lines end makes no other script."""
    package = tmp_path / "scripts_of_a_test"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(revisions, "PACKAGE", package.name)
    checksums = set()
    for end in (b"\n", b"\r\n"):
        (package / "0001_a.py").write_bytes(b"pass" + end)
        checksums |= {revision.checksum for revision in revisions.known_revisions()}
    assert len(checksums) == 1
    (package / "0001_b.py").touch()
    with pytest.raises(SchemaError, match="the number 0001: a and b"):
        revisions.known_revisions()


def test_reading_the_history_does_not_import_playhouse(database_url: str) -> None:
    """It takes longer to import than most commands take to run."""
    program = UPGRADE + "assert not [name for name in sys.modules if name.startswith('playhouse')]"
    subprocess.run([sys.executable, "-c", program, database_url], check=True)
