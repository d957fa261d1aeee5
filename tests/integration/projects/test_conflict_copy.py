"""`holdall update --copy`: what does not merge is edited in a copy, then the update goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from e2e.kit import tree
from holdall.testing import make_skill
from machines import Machine, Upstream

pytestmark = pytest.mark.integration

LINES = "".join(f"line {number}\n" for number in range(1, 10))
MINE = LINES.replace("line 9", "mine").replace("line 1\n", "one\n")
THEIRS = LINES.replace("line 9", "theirs")
MERGED = LINES.replace("line 9", "both").replace("line 1\n", "one\n")


@pytest.fixture
def old(ada: Machine, upstream: Upstream) -> Machine:
    """A project whose skill was edited in the project and in the collection, as upstream did."""
    files = {"notes.md": LINES, "logo.png": "\0old", "gone.md": "gone\n"}
    make_skill(upstream.work, "pdf", "one", **files)
    upstream.release()
    ada.run("add", "acme/kit", "--skill", "pdf")
    skill = upstream.work / "skills/pdf"
    (skill / "notes.md").write_text(THEIRS)
    (skill / "logo.png").write_text("\0new")
    (skill / "gone.md").unlink()
    upstream.release()
    for place in (ada.project / ".claude", ada.collection):
        (place / "skills/pdf/notes.md").write_text(MINE)
        (place / "skills/pdf/logo.png").write_text("\0mine")
        (place / "skills/pdf/gone.md").write_text("mine\n")
    return ada


def state(machine: Machine) -> tuple[object, ...]:
    """Return the files of project and collection."""
    return machine.files(), tree(machine.collection)


def settle(folder: Path) -> None:
    """Decide everything that is in a copy."""
    for where in ("project/.claude", "collection"):
        skill = folder / where / "skills/pdf"
        (skill / "notes.md").write_text(MERGED)
        (skill / "logo.png.mine").rename(skill / "logo.png")
        (skill / "logo.png.new").unlink()
        (skill / "gone.md.mine").unlink()


def test_edited_then_continued(old: Machine) -> None:
    """All conflicts of both folders are in one copy; nothing else is written before they are
    decided; then both have what was decided, and one undo takes all of it back.
    """
    before, copy = state(old), old.home.parent / "copy"
    said = old.run("update", "--copy", copy, status=3)
    assert said.count("notes.md was changed on both sides (line 9 here, line 9 there)") == 2
    assert f"edit the files in {copy}, then run the same command again" in said
    assert state(old) == before
    assert (copy / "project/.claude/skills/pdf/notes.md").read_text() == LINES.replace(
        "line 1\n", "one\n"
    ).replace("line 9", "<<<<<<< mine\nmine\n=======\ntheirs\n>>>>>>> new")
    assert (copy / "collection/skills/pdf/logo.png.new").read_text() == "\0new"
    assert (copy / "collection/skills/pdf/gone.md.mine").read_text() == "mine\n"
    said = old.run("update", "--copy", copy, status=3)
    assert "notes.md, line 9: there is a conflict marker" in said or "not decided" in said
    settle(copy)
    old.run("update", "--copy", copy)
    for place in (old.project / ".claude", old.collection):
        skill = place / "skills/pdf"
        assert (skill / "notes.md").read_text() == MERGED
        assert (skill / "logo.png").read_text() == "\0mine"
        assert not (skill / "gone.md").exists()
    assert old.run("doctor").strip().endswith("agree")
    assert old.run("update") == "everything is as its source has it\n"
    old.run("undo")
    assert old.files() == before[0]
    assert (old.collection / "skills/pdf/notes.md").read_text() in (MINE, LINES)


@pytest.mark.parametrize("where", ["project/.claude", "collection"])
def test_what_is_not_decided(old: Machine, where: str) -> None:
    """A marker that is left, and two sides that are both there, refuse it; nothing is written."""
    before, copy = state(old), old.home.parent / "copy"
    old.run("update", "--copy", copy, status=3)
    settle(copy)
    skill = copy / where / "skills/pdf"
    (skill / "notes.md").write_text(f"{MERGED}>>>>>>> new\n")
    assert "line 10: there is a conflict marker" in old.run("update", "--copy", copy, status=3)
    (skill / "notes.md").write_text(MERGED)
    (skill / "logo.png").rename(skill / "logo.png.mine")
    assert "is not decided" in old.run("update", "--copy", copy, status=3)
    assert state(old) == before


def test_what_changed_since(old: Machine, upstream: Upstream) -> None:
    """A copy of another state is refused: an edit that it does not have, another upstream."""
    copy = old.home.parent / "copy"
    old.run("update", "--copy", copy, status=3)
    settle(copy)
    own = old.project / ".claude/skills/pdf/notes.md"
    own.write_text(MINE + "more\n")
    before = state(old)
    assert "is not what it was when" in old.run("update", "--copy", copy, status=3)
    own.write_text(MINE)
    (upstream.work / "skills/pdf/notes.md").write_text(THEIRS + "more\n")
    upstream.release()
    assert "is not what it was when" in old.run("update", "--copy", copy, status=3)
    own.write_text(MINE + "more\n")
    assert state(old) == before


def test_places_that_are_refused(old: Machine) -> None:
    """A folder with something else in it, one in the project or the collection, a broken list."""
    before = state(old)
    assert "there already" in old.run("update", "--copy", old.home.parent, status=2)
    assert "is in" in old.run("update", "--copy", "copy", status=2)
    assert "is in" in old.run("update", "--copy", old.collection / "copy", status=2)
    assert "name of an archive" in old.run("update", "--copy", "../copy.zip", status=2)
    old.run("update", "--copy", "../copy", "--dry-run", status=3)
    assert not (old.home.parent / "copy").exists()
    (old.home.parent / "copy").mkdir()
    (old.home.parent / "copy/conflicts.json").write_text(json.dumps({"files": [1]}))
    assert "not what --copy wrote" in old.run("update", "--copy", "../copy", status=2)
    assert state(old) == before
