"""A collection that is older than releases: its first one is made of its rows, everywhere alike."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from e2e.kit import SAMPLE, Kit, in_this_process
from holdall_composites.database.connect import connect_database
from holdall_composites.schema.runner import downgrade
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.hashing import state_hash
from holdall_composites.values.records import ReleaseRecord

pytestmark = pytest.mark.integration

BEFORE = "0006"


def old_collection(folder: Path) -> Kit:
    """Return a collection as it was before there were releases, with a database of its own."""
    folder.mkdir()
    kit = Kit(in_this_process, folder)
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    kit.run("rename", "skill:plain-prose", "prose")
    manifest = kit.collection / "manifest.toml"
    lines = re.compile(r'^(release = \d+|base = "[0-9a-f]{64}")\n', re.MULTILINE)
    manifest.write_text(lines.sub("", manifest.read_text()))
    with connect_database(f"sqlite:///{kit.collection}/.holdall/holdall.db") as database:
        downgrade(database, BEFORE, lose_data=True)
    return kit


def first_release(kit: Kit) -> tuple[ReleaseRecord, str]:
    """Return release 1, and the hash of the state that its changes make."""
    uuid = re.findall(r'^uuid = "([0-9a-f]{32})"', (kit.collection / "manifest.toml").read_text())
    with connect_database(f"sqlite:///{kit.collection}/.holdall/holdall.db") as database:
        store = Store(database)
        (collection_id,) = uuid or [
            row[0] for row in database.execute_sql("SELECT id FROM collections").fetchall()
        ]
        release = store.collections.release(collection_id, 1)
        assert release is not None
        return release, state_hash(store.collections.state_at(collection_id, 1))


def test_two_upgraded_copies_have_one_first_release(tmp_path: Path, own_state: Path) -> None:
    """Same hash, by no name and no clock; the next change of each follows it."""
    one = old_collection(tmp_path / "one")
    (tmp_path / "two").mkdir()
    two = Kit(in_this_process, tmp_path / "two")
    shutil.copytree(one.collection, two.collection)
    made = []
    for kit in (one, two):
        kit.run("db", "upgrade")
        kit.run("associations", "writing")
        release, state = first_release(kit)
        assert release.state_hash == state
        assert (release.parent, release.author, release.at) == (None, None, "")
        made.append(release)
    assert made[0] == made[1]
    for kit in (one, two):
        kit.run("rename", "skill:prose", "poetry")
        text = (kit.collection / "manifest.toml").read_text()
        assert "release = 2" in text
        assert kit.json("doctor")["findings"] == []
    assert first_release(one)[0] == made[0]
