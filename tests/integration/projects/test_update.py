"""`holdall update` and `outdated`: what sources have now, merged with what was edited."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_repositories import git
from holdall.testing import make_skill
from machines import Machine, Upstream

pytestmark = pytest.mark.integration

LINES = "".join(f"line {number}\n" for number in range(1, 10))


def skill_file(machine: Machine) -> Path:
    """Return the text of a deployed skill."""
    return machine.project / ".claude/skills/pdf/notes.md"


@pytest.fixture
def old(ada: Machine, upstream: Upstream) -> Machine:
    """A project with a skill of nine lines, of which upstream changed the last one since."""
    text = upstream.work / "skills/pdf/notes.md"
    text.write_text(LINES)
    upstream.release()
    ada.run("add", "acme/kit")
    text.write_text(LINES.replace("line 9", "theirs"))
    (upstream.work / "skills/pdf/new.md").write_text("new\n")
    upstream.release()
    return ada


def test_a_plan_first(old: Machine, upstream: Upstream) -> None:
    """It says old and new, files and kinds, and writes nothing in a dry run."""
    before = old.files()
    was = old.lock()[""][0]["commit"]
    now = git(upstream.work, "rev-parse", "HEAD")
    assert f"github:acme/kit: {was[:12]} -> {now[:12]}" in old.run("outdated", status=1)
    shown = old.json("update", "--dry-run")
    (source,) = shown["sources"]
    assert (source["old"]["commit"], source["new"]["commit"]) == (was, now)
    (pdf,) = source["artifacts"]
    assert pdf["id"] == "skill:pdf"
    assert pdf["files"] == [
        {"path": "new.md", "change": "added"},
        {"path": "notes.md", "change": "changed"},
    ]
    assert old.files() == before
    said = old.run("update")
    assert "changed skill:pdf" in said
    assert "added new.md" in said
    assert "theirs" in skill_file(old).read_text()
    assert old.lock()[""][0]["commit"] == now
    assert old.run("outdated") == old.run("update") == "everything is as its source has it\n"
    assert "agree" in old.run("sync", "--check")
    old.run("undo")
    assert old.files() == before
    assert "agree" in old.run("sync", "--check")
    assert old.run("doctor").strip().endswith("agree")


def test_an_edit_in_the_project_is_merged(old: Machine) -> None:
    """Lines that only one side changed are taken; undo and redo know both texts."""
    skill_file(old).write_text(LINES.replace("line 1\n", "mine\n"))
    before = skill_file(old).read_bytes()
    old.run("update")
    assert skill_file(old).read_text() == LINES.replace("line 1\n", "mine\n").replace(
        "line 9", "theirs"
    )
    assert "notes.md is edited" in old.run("sync", "--check", status=1)
    merged = skill_file(old).read_bytes()
    for _ in range(2):
        old.run("undo")
        assert skill_file(old).read_bytes() == before
        old.run("redo")  # no version has the merged text
        assert skill_file(old).read_bytes() == merged


def test_a_conflict_in_the_project(old: Machine) -> None:
    """It is told by file and line, nothing is written; one side can be chosen."""
    mine = LINES.replace("line 9", "mine")
    skill_file(old).write_text(mine)
    before = old.files(), (old.collection / "manifest.toml").read_bytes()
    said = old.run("update", status=3)
    assert "notes.md was changed on both sides (line 9 here, line 9 there)" in said
    assert (old.files(), (old.collection / "manifest.toml").read_bytes()) == before
    old.run("update", "--ours")
    assert skill_file(old).read_text() == mine
    assert (skill_file(old).parent / "new.md").exists()
    old.run("undo")
    assert old.files() == before[0]
    old.run("update", "--theirs")
    assert "theirs" in skill_file(old).read_text()
    assert "agree" in old.run("sync", "--check")


def test_an_edit_in_the_collection(old: Machine) -> None:
    """It is merged there; the project gets what the source has; one undo takes back both."""
    own = old.collection / "skills/pdf/notes.md"
    own.write_text(LINES.replace("line 1\n", "mine\n"))
    before = old.files(), own.read_bytes()
    old.run("update", "skill:pdf")
    assert own.read_text() == LINES.replace("line 1\n", "mine\n").replace("line 9", "theirs")
    assert skill_file(old).read_text() == LINES.replace("line 9", "theirs")
    assert old.run("doctor").strip().endswith("agree")
    old.run("undo")
    assert old.files() == before[0]


@pytest.mark.parametrize(
    ("option", "text"), [("--ours", "mine"), ("--theirs", "theirs")], ids=["ours", "theirs"]
)
def test_a_conflict_in_the_collection(old: Machine, option: str, text: str) -> None:
    """It is told by file and line, nothing is written; one side can be chosen, for good."""
    own = old.collection / "skills/pdf/notes.md"
    own.write_text(LINES.replace("line 9", "mine"))
    old.run("collect")
    before = old.files(), (old.collection / "manifest.toml").read_bytes()
    said = old.run("update", status=3)
    assert "skill:pdf: notes.md was changed on both sides (line 9 here, line 9 there)" in said
    assert (old.files(), (old.collection / "manifest.toml").read_bytes()) == before
    old.run("update", option)
    assert text in own.read_text()
    assert "theirs" in skill_file(old).read_text()
    assert old.run("update") == "everything is as its source has it\n"


def test_what_goes_and_comes(old: Machine, upstream: Upstream) -> None:
    """What the source has no more leaves the project, unless it was edited; new ones come."""
    git(upstream.work, "rm", "-r", "--quiet", "skills/notes")
    make_skill(upstream.work, "more")
    upstream.release()
    said = old.run("update")
    assert "gone    skill:notes" in said
    assert "new     skill:more" in said
    assert set(old.uuids()) == {"skill:pdf", "skill:more"}


def test_what_runs_newly_is_refused_before_anything(old: Machine, upstream: Upstream) -> None:
    """Without consent the collection stays as it was, too."""
    head = upstream.work / "skills/pdf/SKILL.md"
    head.write_text(head.read_text().replace("---\npdf", "allowed-tools: Bash(rm:*)\n---\npdf"))
    upstream.release()
    before = old.files(), (old.collection / "manifest.toml").read_bytes()
    assert "an agent would run or send this" in old.run("update", status=3)
    assert (old.files(), (old.collection / "manifest.toml").read_bytes()) == before
    (source,) = old.json("update", "--dry-run")["sources"]
    assert any("Bash(rm:*)" in effect for effect in source["artifacts"][0]["effects"])
    old.run("update", "--allow-commands")


def test_moved_tags(ada: Machine, upstream: Upstream) -> None:
    """`outdated` says that a tag was moved, or is gone."""
    ada.run("add", "acme/kit@v1.0.0", "--skill", "pdf")
    make_skill(upstream.work, "pdf", "moved")
    upstream.release("v1.0.0")
    assert "the tag was moved" in ada.run("outdated", status=1)
    git(upstream.work, "push", "--quiet", str(upstream.bare), ":v1.0.0")
    assert "v1.0.0 is not there any more" in ada.run("outdated", status=1)
    assert "no branch, tag or commit" in ada.run("update", status=4)


def test_a_folder(ada: Machine) -> None:
    """A folder of the project is compared by its content."""
    make_skill(ada.project / "vendor", "own")
    ada.run("add", "vendor")
    assert "as its source has it" in ada.run("outdated")
    make_skill(ada.project / "vendor", "own", "other")
    assert "1 of 1 artifacts changed" in ada.run("outdated", status=1)
    ada.run("update", "own")
    assert "other" in (ada.project / ".claude/skills/own/SKILL.md").read_text()
    assert "requires no 'none'" in ada.run("update", "none", status=4)
