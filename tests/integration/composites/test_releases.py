"""Releases as users see them: in the log, compared, and undone by a merge."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from e2e.kit import Kit, copy_kit, tree, write

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]

TEXT = "---\nname: changelog\ndescription: x\n---\none\n\ntwo\n\nthree\n"
PATH = "skills/changelog/SKILL.md"


@pytest.fixture
def bob(kit: Kit, tmp_path: Path) -> Kit:
    """Return a copy of the folder, on another machine; the skill has some lines."""
    write(kit.collection / PATH, TEXT)
    kit.run("collect")
    return copy_kit(kit, tmp_path / "bob")


def edit(kit: Kit, old: str, new: str, path: str = PATH) -> None:
    """Change a text in a folder."""
    write(kit.collection / path, (kit.collection / path).read_text().replace(old, new))


def test_the_log_shows_each_release(kit: Kit) -> None:
    """With its number, author, host and time; also one that no command made."""
    kit.run("rename", "skill:changelog", "news")
    edit(kit, 'name = "prose-kit"', 'name = "kit-of-prose"', "manifest.toml")
    edit(kit, 'name = "kit"', 'name = "our-kit"', "manifest.toml")
    kit.run("composite", "create", "mine")
    lines = kit.run("log").splitlines()
    assert ["release 4" in lines[0], "release 3" in lines[1], "release 2" in lines[2]] == [True] * 3
    assert lines[1].split()[0] == "-"
    assert "edit" in lines[1]
    found = kit.json("log")["releases"]
    assert [release["number"] for release in found] == [4, 3, 2, 1]
    assert all(newer["parent"] == older["hash"] for newer, older in pairwise(found))
    assert len(kit.run("log", "-n", "2").splitlines()) == 2
    assert "release 2" in kit.run("log", "skill:news")
    assert "release 3" not in kit.run("log", "skill:news")


def test_releases_are_compared(kit: Kit, bob: Kit) -> None:
    """Entry by entry, field by field, and line by line; both ways, or what one changed."""
    kit.run("rename", "skill:plain-prose", "prose")
    edit(kit, "one", "1")
    kit.run("collect")
    shown = kit.run("diff", "--release", "2", "4", status=1)
    assert 'name: "plain-prose" -> "prose"' in shown
    assert "-one\n+1" in shown
    assert "+one" in kit.run("diff", "--release", "4", "2", status=1)
    assert "prose" not in kit.run("diff", "--release", "4", status=1)
    assert kit.run("diff", "--release", "3", "3") == ""
    document = kit.json("diff", "--release", "3", status=1)
    assert [change["kind"] for change in document["changes"]] == ["changed"]
    assert document["changes"][0]["fields"]["name"] == {"before": "plain-prose", "after": "prose"}
    assert kit.command("diff", "--release", "9").returncode == 4
    assert kit.command("diff", "--release", "1", "2", "3").returncode == 2
    assert kit.command("diff").returncode == 2
    assert bob.run("diff", "--release", "2", "4", status=1) == shown


def test_a_release_of_another_machine_is_undone_by_a_new_one(kit: Kit, bob: Kit) -> None:
    """What later releases changed stays, also in the same artifact; the new one says so."""
    edit(kit, "three", "3")
    kit.run("collect")
    kit.run("rename", "skill:changelog", "news")
    bob.run("pull")
    edit(bob, "one", "1", "skills/news/SKILL.md")
    bob.run("collect")
    before = tree(bob.collection)
    assert "changed" in bob.run("undo", "--release", "3", "--dry-run")
    assert tree(bob.collection) == before
    bob.run("undo", "--release", "3")
    kit.run("pull")
    text = (kit.collection / "skills/news/SKILL.md").read_text()
    assert text == TEXT.replace("changelog", "news").replace("one", "1")
    newest = kit.json("log")["releases"][0]
    assert (newest["command"], newest["message"]) == ("undo", "undoes release 3")
    undone = [o["summary"] for o in kit.json("log")["operations"] if o["undone_by"]]
    assert len(undone) == 1
    assert "nothing is left" in bob.command("undo", "--release", "3").stderr
    bob.run("redo")
    assert "3\n" in (bob.collection / "skills/news/SKILL.md").read_text()
    assert bob.json("doctor")["findings"] == []


def test_what_was_changed_further_is_not_undone(kit: Kit, bob: Kit) -> None:
    """It is refused with file, lines, release and author, and nothing is written."""
    edit(kit, "three", "3")
    kit.run("collect")
    kit.run("rename", "skill:plain-prose", "prose")
    bob.run("pull")
    edit(bob, "3\n", "drei\n")
    bob.run("collect")
    bob.run("rename", "skill:prose", "poetry")
    before = tree(bob.collection)
    done = bob.command("undo", "--release", "3")
    assert done.returncode == 3
    assert "skill:changelog was changed since (release 5 by" in done.stderr
    assert "SKILL.md was changed on both sides (line 9 here, line 9 there)" in done.stderr
    done = bob.command("undo", "--release", "4")
    assert "skill:poetry was changed since (release 6 by" in done.stderr
    assert tree(bob.collection) == before
    for wrong, status in (("9", 4), ("1", 3)):
        bob.run("undo", "--release", wrong, status=status)
    bob.run("undo", "--release", "3", "--skip", status=2)


def test_an_edit_of_the_manifest_is_undone(kit: Kit) -> None:
    """A release that no command made can be undone as any other."""
    edit(kit, 'name = "kit"', 'name = "our-kit"', "manifest.toml")
    kit.run("composite", "create", "mine")
    kit.run("undo", "--release", "2")
    text = (kit.collection / "manifest.toml").read_text()
    assert 'name = "kit"' in text
    assert "composite:mine" in kit.run("list")
    kit.run("undo")
    assert "composite:mine" not in kit.run("list")
    assert kit.json("log")["releases"][0]["message"] == "undoes release 3"


def test_an_undo_of_what_was_purged_is_refused(kit: Kit) -> None:
    """Nothing is written where the bytes are gone."""
    kit.run("remove", "skill:changelog", status=None)
    kit.run("purge", "skill:changelog", status=None)
    before = tree(kit.collection)
    done = kit.command("undo", "--release", "2")
    assert done.returncode == 3
    assert "were purged" in done.stderr
    assert tree(kit.collection) == before
