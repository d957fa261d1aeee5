"""Every migration, up and down, on both databases, with and without rows."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from peewee import Database, IntegrityError

from holdall.cli import main
from holdall.errors import RefusedError
from holdall_composites.database.connect import connect_database, dialect_of
from holdall_composites.schema.drift import find_drift
from holdall_composites.schema.history import applied_revisions
from holdall_composites.schema.runner import downgrade, stamp, upgrade
from host_factories import make_skill
from postgres_server import copy_database, drop_database, with_name

pytestmark = pytest.mark.integration

UUID4 = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")
LONG = bool(os.environ.get("HOLDALL_LONG_TESTS"))
ALL = [f"{number:04}" for number in range(1, 12)]
HISTORY_TABLES = {"holdall_migrations", "holdall_migrations_audit"}


def insert_rows(database: Database, count: int) -> None:
    """Insert a collection with artifacts by plain SQL, as revision 0001 knows them."""
    database.execute_sql("INSERT INTO collections (id, name) VALUES ('c', 'default')")
    mark = "?" if dialect_of(database) == "sqlite" else "%s"
    columns = "collection_id, id, type, name"
    sql = f"INSERT INTO artifacts ({columns}) VALUES ('c', {mark}, 'skill', {mark})"
    with database.atomic():
        cursor = database.connection().cursor()
        cursor.executemany(sql, [(f"skill:s{i}", f"s{i}") for i in range(count)])


def rows_of(database: Database, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    """Return a table's rows in a stable order."""
    rows = database.execute_sql(f"SELECT {columns} FROM {table}").fetchall()
    return sorted((tuple(row) for row in rows), key=repr)


class Copies:
    """A database to start from, and copies of it."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def make(self, number: int) -> str:
        """Copy it; returns the copy's URL."""
        if self.origin.startswith("sqlite"):
            copy = f"{self.origin}-{number}"
            shutil.copy(self.origin.removeprefix("sqlite:///"), copy.removeprefix("sqlite:///"))
            return copy
        name = name_in(self.origin)
        copy_database(with_name(self.origin, "postgres"), name, f"{name}_{number}")
        return with_name(self.origin, f"{name}_{number}")

    def drop(self, url: str) -> None:
        """Take a copy away."""
        if url.startswith("postgresql"):
            drop_database(with_name(url, "postgres"), name_in(url))


def name_in(url: str) -> str:
    """Return the database that a server's URL names."""
    return url.partition("://")[2].partition("/")[2].partition("?")[0]


@pytest.fixture
def copies(empty_database_url: str) -> Copies:
    """An empty database that can be copied."""
    return Copies(empty_database_url)


OLD_COLUMNS = (
    "collection_id, id, type, name, path, origin, content_hash, active, created_at, updated_at"
)


def revisions(database: Database) -> list[str]:
    """Return the numbers in the history."""
    return [row.number for row in applied_revisions(database)]


def make_membership(database: Database) -> None:
    """Insert a composite with one member by plain SQL."""
    database.execute_sql(
        "INSERT INTO artifacts (collection_id, id, type, name, uuid)"
        f" VALUES ('c', 'composite:k', 'composite', 'k', '{uuid4().hex}')"
    )
    database.execute_sql(
        "INSERT INTO composite_artifacts (collection_id, id) VALUES ('c', 'composite:k')"
    )
    database.execute_sql(
        "INSERT INTO composite_memberships (collection_id, composite_id, child_artifact_uuid)"
        " SELECT 'c', 'composite:k', uuid FROM artifacts"
        " WHERE type = 'skill' AND collection_id = 'c'"
    )


def test_up_and_down_one_by_one_on_an_empty_database(empty_database: Database) -> None:
    """Each migration applies and reverts by itself, and nothing but the history is left."""
    for number in ALL:
        assert [r.number for r in upgrade(empty_database, number)] == [number]
    assert revisions(empty_database) == ALL
    for number in reversed(ALL):
        assert [r.number for r in downgrade(empty_database, "-1")] == [number]
    assert set(empty_database.get_tables()) - {"holdall_lock"} == HISTORY_TABLES


def test_upgrade_twice_does_nothing_the_second_time(empty_database: Database) -> None:
    """An up-to-date database is left alone."""
    assert len(upgrade(empty_database)) == len(ALL)
    assert upgrade(empty_database) == []


def test_uuid_comes_and_goes_without_a_row_changing(empty_database: Database) -> None:
    """10,000 rows survive up, down and up again; each UUID is distinct and a version 4."""
    upgrade(empty_database, "0001")
    insert_rows(empty_database, 10_000)
    before = rows_of(empty_database, "artifacts", OLD_COLUMNS)
    for _ in range(2):
        upgrade(empty_database, "0002")
        assert rows_of(empty_database, "artifacts", OLD_COLUMNS) == before
        uuids = [row[0] for row in rows_of(empty_database, "artifacts", "uuid")]
        assert len(set(uuids)) == 10_000
        assert all(UUID4.fullmatch(str(uuid)) for uuid in uuids)
        with pytest.raises(RefusedError, match="permanent UUIDs"):
            downgrade(empty_database, "0001")
        downgrade(empty_database, "0001", lose_data=True)
        assert rows_of(empty_database, "artifacts") == sorted(before, key=repr)


def test_uuid_is_required_unique_and_checked(database: Database) -> None:
    """NULL, a second row of the same UUID, and anything but 32 hex digits are refused."""
    insert = "INSERT INTO artifacts (collection_id, id, type, name, uuid) VALUES"
    database.execute_sql("INSERT INTO collections (id, name) VALUES ('c', 'default')")
    database.execute_sql(f"{insert} ('c', 'skill:a', 'skill', 'a', '{'a' * 32}')")
    for number, value in enumerate(("NULL", f"'{'a' * 32}'", "'A1'", f"'{'G' * 32}'")):
        with pytest.raises(IntegrityError), database.atomic():
            database.execute_sql(f"{insert} ('c', 'skill:b{number}', 'skill', 'b', {value})")


def test_rebuild_fires_no_cascade_and_keeps_what_others_made(empty_database: Database) -> None:
    """Child rows, indexes, triggers, views and columns survive up, down and up again."""
    upgrade(empty_database, "0001")
    insert_rows(empty_database, 10_000)
    run = empty_database.execute_sql
    run("ALTER TABLE artifacts ADD COLUMN note TEXT DEFAULT 'x'")
    run(
        "CREATE TABLE notes (collection_id VARCHAR(32), artifact_id TEXT, FOREIGN KEY"
        " (collection_id, artifact_id) REFERENCES artifacts (collection_id, id)"
        " ON DELETE CASCADE ON UPDATE CASCADE)"
    )
    run("INSERT INTO notes SELECT collection_id, id FROM artifacts")
    run("CREATE INDEX my_index ON artifacts (origin)")
    run("CREATE VIEW my_view AS SELECT id FROM artifacts")
    make_trigger(empty_database)
    for migrate, number in ((upgrade, "0002"), (down_for_good, "0001"), (upgrade, "0002")):
        migrate(empty_database, number)
        assert len(rows_of(empty_database, "notes")) == 10_000
        assert {row[0] for row in rows_of(empty_database, "artifacts", "note")} == {"x"}
        assert len(rows_of(empty_database, "my_view")) == 10_000
        indexes = {index.name for index in empty_database.get_indexes("artifacts")}
        assert indexes >= {"my_index", "artifacts_name", "artifacts_content_hash"}
    run(
        "INSERT INTO artifacts (collection_id, id, type, name, uuid)"
        f" VALUES ('c', 'skill:z', 'skill', 'z', '{uuid4().hex}')"
    )
    assert len(rows_of(empty_database, "fired")) == 1
    run("DELETE FROM artifacts WHERE id = 'skill:s0'")
    assert len(rows_of(empty_database, "notes")) == 9_999


def make_trigger(database: Database) -> None:
    """Make a trigger on artifacts that notes each insert."""
    database.execute_sql("CREATE TABLE fired (id TEXT)")
    if dialect_of(database) == "sqlite":
        database.execute_sql(
            "CREATE TRIGGER my_trigger AFTER INSERT ON artifacts"
            " BEGIN INSERT INTO fired VALUES (new.id); END"
        )
        return
    database.execute_sql(
        "CREATE FUNCTION note_it() RETURNS trigger AS $$"
        " BEGIN INSERT INTO fired VALUES (NEW.id); RETURN NEW; END $$ LANGUAGE plpgsql"
    )
    database.execute_sql(
        "CREATE TRIGGER my_trigger AFTER INSERT ON artifacts"
        " FOR EACH ROW EXECUTE FUNCTION note_it()"
    )


def test_memberships_are_never_lost_unasked(empty_database: Database) -> None:
    """With memberships there, going below 0003 is refused and changes nothing."""
    upgrade(empty_database, "0001")
    insert_rows(empty_database, 10_000)
    upgrade(empty_database)
    make_membership(empty_database)
    before = rows_of(empty_database, "composite_memberships"), rows_of(empty_database, "artifacts")
    with pytest.raises(RefusedError, match="composites and their memberships"):
        downgrade(empty_database, "0001")
    after = rows_of(empty_database, "composite_memberships"), rows_of(empty_database, "artifacts")
    assert after == before
    upgrade(empty_database)
    assert rows_of(empty_database, "composite_memberships") == before[0]
    assert revisions(empty_database) == ALL


def test_told_to_lose_data_it_keeps_the_artifacts(empty_database: Database) -> None:
    """Down to 0001 and up again with memberships given up: every artifact is still there."""
    upgrade(empty_database, "0001")
    insert_rows(empty_database, 100)
    upgrade(empty_database)
    make_membership(empty_database)
    before = rows_of(empty_database, "artifacts", OLD_COLUMNS)
    downgrade(empty_database, "0001", lose_data=True)
    upgrade(empty_database)
    assert rows_of(empty_database, "artifacts", OLD_COLUMNS) == before
    assert rows_of(empty_database, "composite_memberships") == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (child VARCHAR(32) REFERENCES Artifacts (UUID) ON DELETE CASCADE)",
        "CREATE INDEX mine ON artifacts (name, uuid)",
        "CREATE VIEW mine AS SELECT uuid FROM artifacts",
    ],
)
def test_dropping_the_uuid_is_refused_while_something_needs_it(
    empty_database: Database, statement: str
) -> None:
    """A foreign key, an index and a view stop the downgrade, which names them and keeps them."""
    upgrade(empty_database, "0002")
    empty_database.execute_sql(statement)
    with pytest.raises(RefusedError, match="mine"):
        downgrade(empty_database, "0001")
    assert revisions(empty_database) == ["0001", "0002"]
    kind = statement.split()[1]
    empty_database.execute_sql(f"DROP {kind} mine")
    downgrade(empty_database, "0001")


def test_the_uuid_stays_while_memberships_point_to_it(empty_database: Database) -> None:
    """Even with a wrong history, the column is not dropped under the composites' tables."""
    upgrade(empty_database, "0001")
    insert_rows(empty_database, 3)
    upgrade(empty_database)
    make_membership(empty_database)
    before = rows_of(empty_database, "composite_memberships")
    stamp(empty_database, "0002")
    with pytest.raises(RefusedError, match=r"composite_memberships|artifacts_collection_uuid"):
        down_for_good(empty_database, "0001")
    assert rows_of(empty_database, "composite_memberships") == before


def test_what_others_declared_on_sqlite_is_kept_word_for_word(tmp_path: Path) -> None:
    """Collations, checks and keys of others survive up, down and up again."""
    columns = (
        "code TEXT COLLATE NOCASE CHECK (code <> 'bad')",
        "owner TEXT REFERENCES collections (id) ON DELETE SET NULL",
    )
    with connect_database(str(tmp_path / "k.db")) as database:
        upgrade(database, "0001")
        for column in columns:
            database.execute_sql(f"ALTER TABLE artifacts ADD COLUMN {column}")
        insert_rows(database, 3)
        before = rows_of(database, "artifacts", f"{OLD_COLUMNS}, code, owner")
        for migrate, number in ((upgrade, "0002"), (down_for_good, "0001"), (upgrade, "0002")):
            migrate(database, number)
            ((ddl,),) = rows_of(database, "sqlite_master WHERE name = 'artifacts'", "sql")
            assert all(column in str(ddl) for column in columns)
            assert rows_of(database, "artifacts", f"{OLD_COLUMNS}, code, owner") == before


@pytest.mark.parametrize(
    ("column", "error"),
    [
        ("label TEXT AS (type || '/' || name)", "label is computed"),
        ("more TEXT CHECK (more IN (max('a', 'b'), 'c'))", "no column named c"),
        ("note TEXT -- a comment\n DEFAULT 'x'", "incomplete"),
    ],
)
def test_a_table_that_cannot_be_built_again_stays_as_it_is(
    tmp_path: Path, column: str, error: str
) -> None:
    """Computed columns, and definitions that playhouse misreads, end the migration unchanged."""
    with connect_database(str(tmp_path / "k.db")) as database:
        upgrade(database, "0001")
        database.execute_sql(f"ALTER TABLE artifacts ADD COLUMN {column}")
        insert_rows(database, 3)
        before = rows_of(database, "artifacts"), rows_of(database, "sqlite_master", "sql")
        with pytest.raises(RefusedError, match=f"artifacts cannot be built again: .*{error}"):
            upgrade(database, "0002")
        assert (rows_of(database, "artifacts"), rows_of(database, "sqlite_master", "sql")) == before
        assert revisions(database) == ["0001"]
        assert database.execute_sql("PRAGMA foreign_keys").fetchone() == (1,)


def down_for_good(database: Database, goal: str) -> object:
    """Downgrade, whatever rows it costs."""
    return downgrade(database, goal, lose_data=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("origin", "way", "goal"),
    [
        ("0", upgrade, "0001"),
        ("0001", upgrade, ALL[-1]),
        (ALL[-1], down_for_good, "0"),
    ],
)
def test_killed_after_any_statement_it_is_the_old_or_the_new_schema(
    copies: Copies, origin: str, way: Callable[[Database, str], object], goal: str
) -> None:
    """A kill at every single statement loses no row and needs no repair.

    Without `make long` it is some of the statements.
    """
    with connect_database(copies.origin) as database:
        upgrade(database, "0001")
        if origin != "0":
            insert_rows(database, 5)
        upgrade(database, origin) if origin != "0" else downgrade(database, "0")
        before = rows_of(database, "artifacts", OLD_COLUMNS) if origin != "0" else []
    kills = 0
    for number in itertools.count(step=stride_of(copies.origin)):
        url = copies.make(number)
        pid = os.fork()
        if pid == 0:
            _migrate_until_killed(url, way, goal, number)
        killed = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with connect_database(url) as database:
            if revisions(database) and goal != "0":
                assert rows_of(database, "artifacts", OLD_COLUMNS) == before
            way(database, goal)
            assert revisions(database)[-1:] == ([] if goal == "0" else [goal])
            if goal == ALL[-1]:
                assert find_drift(database) == []
                assert rows_of(database, "artifacts", OLD_COLUMNS) == before
        copies.drop(url)
        if killed == 0:
            break
        assert killed == -signal.SIGKILL
        kills += 1
    assert kills > (12 if goal == "0001" else 60) // stride_of(copies.origin)


def stride_of(url: str) -> int:
    """Return how many statements are between two kills: copies of a server's databases are slow."""
    if LONG:
        return 1
    return 7 if url.startswith("sqlite") else 19


def _migrate_until_killed(
    url: str, way: Callable[[Database, str], object], goal: str, statements: int
) -> None:
    """Migrate in a forked process, which is killed behind that many statements and commits."""
    seen = itertools.count()

    def counted(run: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            result = run(*arguments, **named)
            if next(seen) == statements:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    try:
        with connect_database(url) as database:
            database.execute_sql = counted(database.execute_sql)
            database.begin = counted(database.begin)  # type: ignore[assignment]
            database.commit = counted(database.commit)  # type: ignore[assignment]
            way(database, goal)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - nothing may return from here into pytest
        traceback.print_exc()
        os._exit(1)


def test_defaults_hold_for_plain_sql(database: Database) -> None:
    """Relationship, type, position and timestamps are the database's own defaults."""
    insert_plain(database)
    make_membership(database)
    (membership,) = rows_of(
        database, "composite_memberships", "relationship_type, position, created_at"
    )
    assert membership[:2] == ("contains", 0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(membership[2]))
    assert rows_of(database, "composite_artifacts", "composite_type") == [("plugin",)]


def insert_plain(database: Database, collection: str = "c") -> None:
    """Insert a collection with one skill by plain SQL."""
    database.execute_sql(f"INSERT INTO collections (id, name) VALUES ('{collection}', 'default')")
    database.execute_sql(
        "INSERT INTO artifacts (collection_id, id, type, name, uuid)"
        f" VALUES ('{collection}', 'skill:a', 'skill', 'a', '{uuid4().hex}')"
    )


def test_two_collections_hold_the_same_id(database: Database) -> None:
    """`type:name` is unique within a collection, not beyond."""
    insert_plain(database, "c")
    insert_plain(database, "d")
    assert rows_of(database, "artifacts", "collection_id, id") == [
        ("c", "skill:a"),
        ("d", "skill:a"),
    ]


@pytest.mark.parametrize(
    ("composite", "child"),
    [("composite:none", None), ("composite:k", "f" * 32), ("composite:k", "of d")],
)
def test_a_membership_of_strangers_is_refused(
    database: Database, composite: str, child: str | None
) -> None:
    """An unknown composite, an unknown child and a child of another collection all fail."""
    insert_plain(database, "c")
    insert_plain(database, "d")
    make_membership(database)
    database.execute_sql("DELETE FROM composite_memberships")
    where = "d" if child == "of d" else "c"
    ((known,),) = rows_of(
        database, f"artifacts WHERE collection_id = '{where}' AND type = 'skill'", "uuid"
    )
    uuid = child if child and child != "of d" else known
    with pytest.raises(IntegrityError), database.atomic():
        database.execute_sql(
            "INSERT INTO composite_memberships (collection_id, composite_id, child_artifact_uuid)"
            f" VALUES ('c', '{composite}', '{uuid}')"
        )


@pytest.mark.parametrize("deleted", ["skill:s0", "composite:k"])
def test_plain_deletes_cascade_to_exactly_their_memberships(
    empty_database: Database, deleted: str
) -> None:
    """Deleting a child removes its membership; deleting a composite removes all of its own."""
    upgrade(empty_database, "0001")
    insert_rows(empty_database, 3)
    upgrade(empty_database)
    make_membership(empty_database)
    empty_database.execute_sql(f"DELETE FROM artifacts WHERE id = '{deleted}'")
    left = len(rows_of(empty_database, "composite_memberships"))
    assert left == (2 if deleted == "skill:s0" else 0)
    assert len(rows_of(empty_database, "artifacts")) == 3


def test_a_rename_by_plain_sql_reaches_the_memberships(empty_database: Database) -> None:
    """ON UPDATE CASCADE carries a composite's new id into its own row and its memberships."""
    upgrade(empty_database, "0001")
    insert_rows(empty_database, 1)
    upgrade(empty_database)
    make_membership(empty_database)
    empty_database.execute_sql("UPDATE artifacts SET id = 'composite:new' WHERE id = 'composite:k'")
    assert rows_of(empty_database, "composite_memberships", "composite_id") == [("composite:new",)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO composite_memberships (collection_id, composite_id, child_artifact_uuid)"
        " SELECT collection_id, id, uuid FROM artifacts WHERE id = 'composite:k'",
        "UPDATE composite_memberships SET child_artifact_uuid ="
        " (SELECT uuid FROM artifacts WHERE id = 'composite:k')",
    ],
)
def test_a_composite_in_itself_is_refused(database: Database, statement: str) -> None:
    """By the database, with an error of integrity, whoever writes the row; a rename is none."""
    insert_plain(database)
    make_membership(database)
    with pytest.raises(IntegrityError, match="member of itself"), database.atomic():
        database.execute_sql(statement)
    database.execute_sql("UPDATE artifacts SET id = 'composite:n' WHERE id = 'composite:k'")
    assert len(rows_of(database, "composite_memberships")) == 1


@pytest.mark.parametrize("revision", ["0005", "0004", "0002", "0001", "0"])
def test_rows_that_a_downgrade_took_are_made_again(tmp_path: Path, revision: str) -> None:
    """After a downgrade and an upgrade the rows are those of the manifest, and no others."""
    kit, source = tmp_path / "kit", tmp_path / "source"
    make_skill(source, "a", "a skill")
    words = ("--quiet", "--collection", str(kit))
    assert main(["--quiet", "init", str(kit)]) == 0
    assert main([*words, "collect", str(source)]) == 0
    assert main([*words, "composite", "create", "k", "--member", "skill:a"]) == 0
    tables = ("artifacts", "composite_memberships", "artifact_versions")
    columns = ("id, uuid, active", "composite_id, child_artifact_uuid", "artifact_uuid, number")

    def rows() -> list[object]:
        with connect_database(str(kit / ".holdall/holdall.db")) as database:
            return [rows_of(database, *query) for query in zip(tables, columns, strict=True)]

    before = rows()
    assert len(before) == 3
    assert all(before)
    assert main([*words, "db", "downgrade", revision, "--lose-data"]) == 0
    assert main([*words, "db", "upgrade"]) == 0
    assert main([*words, "collect", str(source)]) == 0
    assert rows() == before
