"""Edits of what a lock has, adopted or brought by git: they stay, on every machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_repositories import git
from machines import Machine, Upstream

pytestmark = pytest.mark.integration

LEFT = "warning: skill:pdf .claude/skills/pdf/SKILL.md is edited, for claude; it stays"


def file_of(machine: Machine) -> Path:
    """Return the deployed file."""
    return machine.project / ".claude/skills/pdf/SKILL.md"


def edit(machine: Machine, text: str) -> bytes:
    """Add a line to it, or change the one that was added; return what it is then."""
    lines = [line for line in file_of(machine).read_text().splitlines() if "mine" not in line]
    file_of(machine).write_text("\n".join([*lines, f"mine: {text}", ""]))
    return file_of(machine).read_bytes()


def share(ada: Machine, bob: Machine) -> None:
    """Commit all that git takes, and have it on another machine."""
    git(ada.project, "add", "--all")
    git(ada.project, "commit", "--quiet", "--message", "change")
    if bob.project.is_dir():
        git(bob.project, "pull", "--quiet")
    else:
        git(ada.project, "clone", "--quiet", str(ada.project), str(bob.project))


def collected(machine: Machine) -> bytes:
    """Return what the machine's collection has now."""
    return (machine.collection / "skills/pdf/SKILL.md").read_bytes()


def test_an_adopted_edit_stays(ada: Machine, bob: Machine) -> None:
    """It is an edit of what the lock has, here and wherever git brings it; only --force ends it."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    locked = file_of(ada).read_bytes()
    mine = edit(ada, "one")
    assert "skill:pdf stays an edit here: holdall.lock has what its source has" in ada.run(
        "adopt", "pdf"
    )
    assert collected(ada) == mine
    assert ada.json("adopt", "pdf")["unchanged"] == ["skill:pdf"]
    told = ada.run("status", status=1)
    assert "modified  skill:pdf for claude (adopted; holdall.lock has what its source has)" in told
    assert "hint" not in told
    assert LEFT in ada.run("sync", status=1)
    share(ada, bob)
    assert LEFT in bob.run("sync", status=1)
    assert file_of(ada).read_bytes() == file_of(bob).read_bytes() == mine
    ada.run("sync", "--force")
    assert file_of(ada).read_bytes() == locked
    again = edit(ada, "again")
    assert "was changed on both sides" in ada.run("adopt", "pdf", status=3)
    ada.run("adopt", "pdf", "--ours")
    assert (collected(ada), file_of(ada).read_bytes()) == (again, again)
    ada.run("undo")
    file_of(ada).write_bytes(locked)
    ada.run("undo")
    assert file_of(ada).read_bytes() == mine
    ada.run("undo")
    assert (collected(ada), file_of(ada).read_bytes()) == (locked, mine)
    assert "holdall adopt skill:pdf" in ada.run("status", status=1)


def test_an_edit_is_adopted_again(ada: Machine, bob: Machine) -> None:
    """What was edited since the last time is told from what was adopted then, line by line."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    share(ada, bob)
    bob.run("sync")
    for text in ("one", "two", "three"):
        mine = edit(ada, text)
        assert ada.json("adopt", "pdf")["adopted"][0]["merged"] is False
        assert collected(ada) == mine
    share(ada, bob)
    assert "holdall why" in bob.run("adopt", "pdf", status=4)
    bob.run("collect", "acme/kit")
    bob.run("sync", status=1)
    bob.run("adopt", "pdf")
    assert collected(bob) == mine
    assert "+mine: three" in bob.run("diff", "pdf", status=1)


def test_an_update_merges_with_an_adopted_edit(ada: Machine, upstream: Upstream) -> None:
    """The new version comes into the project and the collection; the edit stays in both."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    edit(ada, "one")
    ada.run("adopt", "pdf")
    skill = upstream.work / "skills/pdf/SKILL.md"
    skill.write_text(skill.read_text().replace("description: pdf one", "description: pdf two"))
    upstream.release("v2.0.0")
    ada.run("update", "--yes")
    assert b"description: pdf two" in file_of(ada).read_bytes()
    assert file_of(ada).read_bytes().endswith(b"mine: one\n")
    assert collected(ada) == file_of(ada).read_bytes()
    assert ada.lock()[""][0]["commit"] == git(upstream.work, "rev-parse", "HEAD")


def test_git_brings_what_was_merged(ada: Machine, bob: Machine, upstream: Upstream) -> None:
    """What an update merged elsewhere is an edit of what the lock has now, here as there."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    share(ada, bob)
    bob.run("sync")
    edit(ada, "one")
    ada.run("adopt", "pdf")
    share(ada, bob)
    assert LEFT in bob.run("sync", status=1)
    skill = upstream.work / "skills/pdf/SKILL.md"
    skill.write_text(skill.read_text().replace("description: pdf one", "description: pdf two"))
    upstream.release("v2.0.0")
    ada.run("update", "--yes")
    share(ada, bob)
    merged = file_of(ada).read_bytes()
    for _ in range(2):
        assert LEFT in bob.run("sync", status=1)
        assert file_of(bob).read_bytes() == merged
    bob.run("sync", "--force")
    assert file_of(bob).read_bytes() == skill.read_bytes()
    bob.run("undo")
    assert file_of(bob).read_bytes() == merged


def test_an_edit_is_adopted_before_the_sync(ada: Machine, bob: Machine, upstream: Upstream) -> None:
    """Where git brought a newer lock, `sync` does not replace what was adopted; --force does."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    share(ada, bob)
    file_of(bob).unlink()
    bob.run("sync")
    skill = upstream.work / "skills/pdf/SKILL.md"
    skill.write_text(skill.read_text().replace("description: pdf one", "description: pdf two"))
    upstream.release("v2.0.0")
    ada.run("update", "--yes")
    mine = edit(bob, "one")
    (bob.project / "holdall.lock").write_bytes((ada.project / "holdall.lock").read_bytes())
    assert "skill:pdf stays an edit here" in bob.run("adopt", "pdf")
    assert collected(bob) == mine
    assert "(adopted; " in bob.run("status", status=1)
    assert "changed by hand" in bob.run("sync", status=3)
    assert file_of(bob).read_bytes() == mine
    bob.run("sync", "--force")
    assert b"description: pdf two" in file_of(bob).read_bytes()
    kept = list((bob.project / ".holdall/backups").rglob("SKILL.md*"))
    assert mine in [path.read_bytes() for path in kept]


def test_a_version_that_is_not_known_stays(ada: Machine, bob: Machine) -> None:
    """What somebody deployed by hand and git brought is not replaced; all else is synced."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    share(ada, bob)
    bob.run("sync")
    own = ada.collection / "skills/pdf/SKILL.md"
    own.write_bytes(own.read_bytes() + b"of my collection\n")
    ada.run("deploy", "skill:pdf")
    ada.run("add", "acme/kit", "--skill", "notes", status=0)
    file_of(ada).write_bytes(own.read_bytes())
    ada.run("deploy", "skill:pdf")
    share(ada, bob)
    (bob.project / ".claude/skills/notes/SKILL.md").unlink()
    assert "modified  skill:pdf for claude (another version than holdall.lock has)" in bob.run(
        "status", status=1
    )
    told = bob.run("sync", status=1)
    assert "skill:pdf is neither what holdall.lock has nor any version that is known here" in told
    assert (bob.project / ".claude/skills/notes/SKILL.md").is_file()
    assert file_of(bob).read_bytes() == own.read_bytes()
    bob.run("sync", "--force")
    assert b"of my collection" not in file_of(bob).read_bytes()
    kept = list((bob.project / ".holdall/backups").rglob("SKILL.md*"))
    assert [path.read_bytes() for path in kept] == [own.read_bytes()]
