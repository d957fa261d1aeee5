"""Steps back and forward, what stands against them, and databases that are built again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import SAMPLE, Kit

pytestmark = pytest.mark.integration


@pytest.fixture
def kit_with_sample(kit: Kit) -> Kit:
    """A collection that holds the sample."""
    kit.run("collect", SAMPLE)
    return kit


def log(kit: Kit) -> list[dict[str, Any]]:
    """Return the log, newest first."""
    found: list[dict[str, Any]] = kit.json("log")["operations"]
    return found


def codes(kit: Kit, *words: str) -> dict[str, str]:
    """Return what the doctor found: code by subject."""
    findings = json.loads(kit.command("doctor", "--json", *words).stdout)["findings"]
    return {f["subject"]: f["code"] for f in findings}


def test_two_undos_go_back_two_steps_and_redo_goes_forward(kit_with_sample: Kit) -> None:
    """Until something else is done; the log says what is undone now."""
    kit = kit_with_sample
    kit.run("rename", "skill:changelog", "news")
    kit.deploy("skill:news")
    kit.run("rename", "skill:plain-prose", "prose")
    kit.run("undo")
    kit.run("undo")
    assert {"skill:news", "skill:plain-prose"} <= kit.uuids().keys()
    assert not (kit.project / ".claude").exists()
    assert [o["undone_by"] for o in log(kit)] == [None, None, 5, 6, None, None]
    assert [o["number"] for o in kit.json("redo")["redone"]] == [3]
    assert [o["undone_by"] for o in log(kit)][3:] == [5, None, None, None]
    kit.run("redo")
    assert "skill:prose" in kit.uuids()
    kit.run("redo", status=4)
    kit.run("undo", "3")
    assert "skill:changelog" in kit.uuids()
    kit.run("rename", "skill:changelog", "other")
    done = kit.command("redo")
    assert (done.returncode, "there is nothing to redo" in done.stderr) == (4, True)
    assert codes(kit, "--deep") == {}


def test_what_cannot_be_undone_is_named_and_passed_over(kit_with_sample: Kit) -> None:
    """A purge, a project that is gone, and what later ones of these stand in the way of."""
    kit = kit_with_sample
    kit.run("rename", "skill:plain-prose", "prose")
    kit.deploy("skill:changelog")
    kit.run("remove", "skill:meeting-notes")
    kit.run("purge")
    assert "`holdall undo --skip`" in kit.command("undo").stderr
    shutil.rmtree(kit.project)
    done = kit.command("undo", "--skip")
    assert done.returncode == 0, done.stderr
    for what in ("(purge) cannot be undone", "(remove) cannot be undone", "(deploy) cannot be"):
        assert what in done.stderr
    assert "skill:plain-prose" in kit.uuids()
    kit.run("redo")
    assert "skill:prose" in kit.uuids()
    kit.run("undo", "--skip", "--operation", "2", status=2)
    kit.run("undo", "9", "--skip", status=4)


def test_an_undo_of_several_that_stops_says_how_far_it_came(kit_with_sample: Kit) -> None:
    """Each step is done or not; the rest can be undone afterwards."""
    kit = kit_with_sample
    kit.deploy("skill:changelog")
    kit.run("rename", "skill:plain-prose", "prose")
    record = kit.project / ".claude/.skillmeat-deployed.toml"
    text = record.read_text()
    record.unlink()
    record.mkdir()
    done = kit.command("undo", "2")
    assert done.returncode != 0
    assert "skill:prose" in kit.uuids()
    record.rmdir()
    record.write_text(text)
    kit.run("undo", "2")
    assert "skill:plain-prose" in kit.uuids()
    assert "0 is not a number from 1 on" in kit.command("undo", "0").stderr
    assert codes(kit) == {}


def halved(path: Path) -> None:
    """Leave the first half of the bytes."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_history(path: Path) -> None:
    """Leave the tables of an upgrade that was never recorded."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE holdall_migrations")


def emptied(path: Path) -> None:
    """Leave a file without a byte."""
    path.write_bytes(b"")


def without_a_table(path: Path) -> None:
    """Lose a table."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE deployments")


@pytest.mark.parametrize("harm", [halved, without_history, emptied, without_a_table])
def test_half_a_database_is_not_taken_for_a_whole_one(
    kit: Kit, harm: Callable[[Path], None]
) -> None:
    """It is built again without --force, and what was there is kept."""
    kit.database_url = f"sqlite:///{kit.collection}/.holdall/holdall.db"
    kit.run("collect", SAMPLE)
    path = kit.collection / ".holdall/holdall.db"
    harm(path)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    before = path.read_bytes()
    done = kit.json("rebuild")
    assert done["is_new"]
    assert harm is emptied or Path(done["replaced"]).read_bytes()[100:] == before[100:]
    assert codes(kit, "--deep") == {}
    assert not list(path.parent.glob("*.new*"))


def test_another_programs_database_is_not_replaced(kit: Kit, tmp_path: Path) -> None:
    """Not even by force."""
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE theirs (a)")
    before = other.read_bytes()
    kit.database_url = f"sqlite:///{other}"
    assert "another program" in kit.command("rebuild", "--force").stderr
    assert other.read_bytes() == before
