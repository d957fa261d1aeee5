"""`list` and `show` of a release: what the collection was then, under the names of then."""

from __future__ import annotations

import pytest

from e2e.kit import Kit, write

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]


@pytest.fixture
def moved(kit: Kit) -> Kit:
    """Return a collection after an edit, a rename and a removal: releases 1 to 4."""
    write(kit.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nnew\n")
    kit.run("collect")
    kit.run("rename", "skill:changelog", "news")
    kit.run("remove", "skill:plain-prose", status=None)
    return kit


def test_a_list_of_a_release_is_what_it_printed_then(kit: Kit) -> None:
    """Entries, UUIDs and sources, in text and as JSON."""
    before = kit.run("list"), kit.json("list")
    kit.run("rename", "skill:changelog", "news")
    kit.run("remove", "skill:plain-prose", status=None)
    kit.run("composite", "create", "mine")
    assert (kit.run("list", "--release", "1"), kit.json("list", "--release", "1")) == before
    assert "skill:news" in kit.run("list", "--release", "2", "--ids")
    assert kit.run("list", "--release", "1", "--ids", "--type", "command").startswith("command:")
    for wrong, status in (("9", 4), ("0", 4), ("x", 2), ("1 --long", 2), ("1 --outdated", 2)):
        kit.run("list", "--release", *wrong.split(), status=status)


def test_an_entry_of_a_release_has_its_files_of_then(moved: Kit) -> None:
    """Whether it was renamed, edited or removed since."""
    old = moved.json("show", "skill:changelog", "--release", "1")
    new = moved.json("show", "skill:news")
    assert old["uuid"] == new["uuid"]
    assert old["content_hash"] == moved.json("show", "skill:news@0")["content_hash"]
    assert old["files"] != new["files"]
    assert moved.json("show", "plain-prose", "--release", "3")["files"]
    moved.run("show", "skill:news", "--release", "1", status=4)
    moved.run("show", "skill:changelog@0", "--release", "1", status=2)
    members = moved.json("show", "composite:writing", "--release", "1")["members"]
    assert "skill:changelog" in {member["id"] for member in members}


def test_what_was_purged_says_so(moved: Kit) -> None:
    """Its entry is still there; its files are named with the release that purged them."""
    moved.run("purge")
    done = moved.command("show", "skill:plain-prose", "--release", "1")
    assert (done.returncode, "were purged in release 5 by" in done.stderr) == (4, True), done
    assert "skill:plain-prose" in moved.run("list", "--release", "1")


def test_a_look_at_an_old_release_changes_nothing(moved: Kit) -> None:
    """Not even where the folder was edited: the edit of the manifest becomes a release as ever."""
    manifest = moved.collection / "manifest.toml"
    manifest.write_text(manifest.read_text().replace('name = "kit"', 'name = "our-kit"'))
    moved.run("list", "--release", "1")
    releases = moved.json("log")["releases"]
    assert [one["number"] for one in releases] == [5, 4, 3, 2, 1]
    assert "skill:news" in moved.run("list")
    assert moved.json("doctor", "--deep")["findings"] == []
