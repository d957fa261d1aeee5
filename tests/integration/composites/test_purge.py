"""A purge is a release: what it deletes is gone everywhere, and the chain stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.kit import Kit, known, tree, write
from holdall.testing import in_this_process

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]


@pytest.fixture
def bob(kit: Kit, tmp_path: Path) -> Kit:
    """Return a clone of the collection, on another machine."""
    (tmp_path / "bob").mkdir()
    bob = Kit(in_this_process, tmp_path / "bob", kit.database_url)
    assert in_this_process("clone", kit.database_url, bob.collection).returncode == 0
    return bob


def removed(kit: Kit) -> str:
    """Remove a skill that a composite holds; return its UUID."""
    uuid = kit.uuids()["skill:changelog"]
    kit.run("remove", "skill:changelog", status=None)
    return uuid


def test_a_purge_is_one_release_that_names_what_went(kit: Kit, bob: Kit) -> None:
    """With the composites that lose a member; other folders follow, and the chain checks out."""
    uuid = removed(kit)
    bob.run("pull")
    kit.run("purge")
    newest, before = kit.json("log")["releases"][:2]
    assert (newest["command"], newest["number"]) == ("purge", before["number"] + 1)
    assert f"purged skill:changelog ({uuid})" in newest["message"]
    assert "skill:changelog" not in kit.run("composite", "show", "writing")
    bob.run("pull")
    assert known(bob) == known(kit)
    for one in (kit, bob):
        assert one.json("doctor", "--deep")["findings"] == []
    kit.run("undo", status=3)
    done = kit.command("undo", "--release", "2")
    told = f"were purged in release {newest['number']} by"
    assert (done.returncode, told in done.stderr) == (3, True), done


def test_a_purge_without_composites_is_a_release_too(kit: Kit) -> None:
    """The state stays as it was, and the next change follows it."""
    write(kit.collection / "skills/brief/SKILL.md", "---\nname: brief\ndescription: x\n---\n")
    kit.run("collect")
    kit.run("remove", "skill:brief")
    number = kit.json("log")["releases"][0]["number"]
    before = tree(kit.collection)
    kit.run("purge")
    assert kit.json("log")["releases"][0]["number"] == number + 1
    assert tree(kit.collection) == before
    kit.run("purge")
    kit.run("composite", "create", "mine")
    assert kit.json("log")["releases"][0]["number"] == number + 2
    assert kit.json("doctor", "--deep")["findings"] == []


def test_a_purge_meets_who_brings_it_back(kit: Kit, bob: Kit) -> None:
    """Whoever is second is refused, or purges nothing; neither side loses what is there."""
    uuid = removed(kit)
    bob.run("pull")
    bob.run("restore", "skill:changelog")
    kit.run("purge", "skill:changelog", status=3)
    assert kit.uuids()["skill:changelog"] == uuid
    removed(kit)
    kit.run("purge")
    bob.run("restore", "skill:changelog", status=4)
    bob.run("pull")
    assert known(bob) == known(kit)


def test_an_edit_of_what_was_purged_is_not_lost(kit: Kit, bob: Kit) -> None:
    """A folder that still has the artifact is refused, and can keep its own files."""
    write(bob.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nbob\n")
    removed(kit)
    kit.run("purge")
    before = tree(bob.collection)
    bob.run("pull", status=3)
    assert tree(bob.collection) == before
    bob.run("pull", "--ours")
    own = bob.collection / "skills/changelog/SKILL.md"
    assert own.read_text() == "---\nname: changelog\n---\nbob\n"
    bob.run("collect")
    assert bob.json("doctor")["findings"] == []
    assert "skill:changelog" in bob.run("list")


def test_an_own_collection_purges_in_the_same_way(tmp_path: Path, own_state: Path) -> None:
    """Where the folder leads, the release and the deletion are in the database with it."""
    (tmp_path / "own").mkdir()
    own = Kit(in_this_process, tmp_path / "own")
    own.run("init", own.collection)
    write(own.collection / "skills/brief/SKILL.md", "---\nname: brief\ndescription: x\n---\n")
    own.run("collect")
    own.run("remove", "skill:brief")
    done = own.json("purge")
    assert (done["versions"], done["blobs"]) == (1, 1)
    assert own.json("log")["releases"][0]["command"] == "purge"
    assert own.json("doctor", "--deep")["findings"] == []
