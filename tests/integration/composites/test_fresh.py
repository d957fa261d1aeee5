"""A new SQLite database is made from statements that the package keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from describe_schema import statements_of_scripts
from holdall_composites.database.connect import connect_database
from holdall_composites.schema import fresh
from holdall_composites.schema.describe import describe
from holdall_composites.schema.drift import TABLES, find_drift
from holdall_composites.schema.history import applied_revisions, audit_records
from holdall_composites.schema.revisions import known_revisions
from holdall_composites.schema.runner import upgrade

pytestmark = pytest.mark.integration


def test_the_statements_are_those_of_the_scripts() -> None:
    """`make schema` has nothing to write."""
    assert fresh.FILE.read_text() == statements_of_scripts()


def test_it_is_as_if_the_scripts_had_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tables, history and record; with other scripts than the package's, they run."""
    found = []
    for name in ("made", "migrated"):
        with connect_database(f"sqlite:///{tmp_path / name}") as database:
            assert upgrade(database) == known_revisions()
            assert find_drift(database) == []
            assert upgrade(database) == []
            assert database.pragma("integrity_check") == "ok"
            history = [row[:2] for row in applied_revisions(database)]
            found.append((describe(database, TABLES), history))
            assert [a[:5] for a in audit_records(database)] == [
                ("applied", r.title, r.checksum, *audit_records(database)[0][3:5])
                for r in known_revisions()
            ]
        monkeypatch.setattr(fresh, "head_of", lambda revisions: "-- others")
    assert found[0] == found[1]


def test_a_database_with_something_in_it_is_migrated(tmp_path: Path) -> None:
    """Up to a revision, and from there; or beside another program's table."""
    with connect_database(f"sqlite:///{tmp_path / 'two'}") as database:
        assert [r.number for r in upgrade(database, "2")] == ["0001", "0002"]
        assert upgrade(database) == known_revisions()[2:]
        assert find_drift(database) == []
    with connect_database(f"sqlite:///{tmp_path / 'others'}") as database:
        database.execute_sql("CREATE TABLE theirs (id INTEGER)")
        assert upgrade(database) == known_revisions()
        assert find_drift(database) == ["table theirs is unknown"]
