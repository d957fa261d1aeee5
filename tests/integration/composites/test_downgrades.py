"""No downgrade deletes rows unasked, whichever of the tables that it drops has them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from peewee import Database, Table

from e2e.kit import Kit
from holdall.errors import RefusedError
from holdall_composites.database.connect import connect_database
from holdall_composites.database.models import MODELS
from holdall_composites.schema.drift import find_drift
from holdall_composites.schema.revisions import known_revisions
from holdall_composites.schema.runner import downgrade, upgrade

pytestmark = [pytest.mark.integration, pytest.mark.with_sample("skill:changelog")]

KEPT: dict[str, list[str]] = {"0010": []}
"""What leaves all rows: only what several machines have in one place is refused."""
DERIVED = {"0009": ["state_chunks"]}
"""What follows from other rows, and is made again: no downgrade is refused for it."""
DROPPED = {
    "0008": ["artifact_aliases"],
    "0007": ["channels"],
    "0006": ["release_changes", "releases"],
    "0005": ["operation_artifacts", "operations"],
    "0004": ["artifact_versions", "version_files", "trees", "blob_chunks", "blobs"],
    "0003": ["deployments"],
    "0002": ["composite_memberships", "composite_artifacts"],
    "0001": [],
    "0": ["artifacts", "collections"],
}


def counts(database: Database) -> dict[str, int]:
    """Return how many rows each table has."""
    return {
        model._meta.table_name: Table(model._meta.table_name).bind(database).select().count()
        for model in MODELS
    }


def test_every_table_is_in_this_test() -> None:
    """A new migration adds what its downgrade drops."""
    every = {**KEPT, **DERIVED, **DROPPED}
    tables = sorted(table for dropped in every.values() for table in dropped)
    assert tables == sorted(model._meta.table_name for model in MODELS)
    assert len(every) == len(known_revisions())


@pytest.fixture(autouse=True)
def _published(kit: Kit, tmp_path: Path) -> None:
    """A channel and an alias, which no sample has."""
    manifest = kit.collection / "manifest.toml"
    alias = f'origin = "local"\naliases = ["{"a" * 12}4aaa8{"a" * 15}"]\n'
    manifest.write_text(manifest.read_text().replace('origin = "local"\n', alias, 1))
    kit.run("publish", "--to", tmp_path / "published")


@pytest.mark.parametrize("to", DROPPED)
def test_a_downgrade_of_a_full_database_is_refused(kit: Kit, to: str) -> None:
    """Nothing is deleted, and the hint says how to give it up."""
    with connect_database(kit.database_url or "") as database:
        before = counts(database)
        with pytest.raises(RefusedError) as refused:
            downgrade(database, to)
        assert counts(database) == before
    assert "--lose-data" in str(refused.value.hint)
    assert kit.json("doctor")["findings"] == []


def test_what_is_made_again_is_dropped_and_made_again(kit: Kit) -> None:
    """The next release after the way down and up is right."""
    with connect_database(kit.database_url or "") as database:
        downgrade(database, *DERIVED, lose_data=True)  # of a server, which machine had what
    kit.run("db", "upgrade")
    kit.run("rename", "skill:changelog", "news")
    kit.run("rename", "skill:news", "changelog")
    assert kit.json("doctor")["findings"] == []
    with connect_database(kit.database_url or "") as database:
        assert counts(database)["state_chunks"]


def test_machines_of_deployments_are_not_lost_unasked(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to, what was deployed last stays; up again, the log knows the machine."""
    (tmp_path / "app").mkdir()
    for machine in ("ada", "bob"):
        monkeypatch.setenv("HOLDALL_MACHINE", machine)
        kit.run("deploy", "changelog", "--to", tmp_path / "app", "--force")
        shutil.rmtree(tmp_path / "app/.holdall")
    is_shared = str(kit.database_url).startswith("postgresql")
    hosts = "SELECT host FROM deployments WHERE project LIKE '%%app' ORDER BY host"
    with connect_database(kit.database_url or "") as database:
        opened: Any = database
        assert opened.execute_sql(hosts).fetchall() == (
            [("ada",), ("bob",)] if is_shared else [("",)]
        )
        if is_shared:
            with pytest.raises(RefusedError, match="on which machine"):
                downgrade(database, "0010")
        downgrade(database, "0010", lose_data=is_shared)
        upgrade(database)
        assert opened.execute_sql(hosts).fetchall() == [("bob",) if is_shared else ("",)]
        assert find_drift(database) == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_others_made_on_a_table_to_build_again_stays(kit: Kit) -> None:
    """A view of the deployments is named, and nothing is changed."""
    with connect_database(kit.database_url or "") as database:
        opened: Any = database
        opened.execute_sql("CREATE VIEW mine AS SELECT project FROM deployments")
        with pytest.raises(RefusedError, match="the view mine"):
            downgrade(database, "0010")
        assert find_drift(database) == []
        opened.execute_sql("DROP VIEW mine")
        downgrade(database, "0010")


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    ("to", "table"), [(to, table) for to, tables in DROPPED.items() for table in tables]
)
def test_rows_in_one_table_are_enough(kit: Kit, to: str, table: str) -> None:
    """Also where every other table is empty."""
    with connect_database(kit.database_url or "") as database:
        opened: Any = database
        opened.execute_sql("PRAGMA foreign_keys = OFF")
        if table == "blob_chunks":
            opened.execute_sql("INSERT INTO blob_chunks VALUES ('a', 0, 'raw', x'00')")
        for model in MODELS:
            if model._meta.table_name != table:
                opened.execute(model.delete())
        if not counts(database)[table]:
            pytest.fail(f"the sample has no rows of {table}")
        opened.execute_sql("PRAGMA foreign_keys = ON")
        with pytest.raises(RefusedError):
            downgrade(database, to)
        assert counts(database)[table]
