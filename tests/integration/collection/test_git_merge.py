"""Two branches of a collection in git, merged: by the driver, and without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from e2e.kit import SAMPLE, Kit, write
from holdall.collection.manifest.conflict_marks import settle_marks
from holdall.testing import in_this_process

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]

COMMAND = f"{sys.executable} -m holdall git-merge %O %A %B %P"


def git(kit: Kit, *words: str, status: int = 0) -> str:
    """Run git in the collection."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *who, *words], cwd=kit.collection, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path: Path, own_state: Path) -> Kit:
    """Return a collection in git, with the driver; its branch `other` is where it began.

    Its database is its own: one that others share does not follow a branch.
    """
    del own_state
    (tmp_path / "own").mkdir()
    kit = Kit(in_this_process, tmp_path / "own")
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    git(kit, "init", "-q", "-b", "main")
    kit.run("git-merge", "--install")
    assert "git-merge" in git(kit, "config", "merge.holdall.driver")
    git(kit, "config", "merge.holdall.driver", COMMAND)
    commit(kit)
    git(kit, "branch", "other")
    return kit


def test_init_offers_the_driver(tmp_path: Path, own_state: Path) -> None:
    """With `--git-merge` it is set at once, outside of git it is refused, else it is said how."""
    del own_state
    (tmp_path / "own").mkdir()
    kit = Kit(in_this_process, tmp_path / "own")
    refused = kit.command("init", kit.collection, "--git-merge")
    assert (refused.returncode, kit.collection.exists()) == (2, False)
    kit.collection.mkdir()
    git(kit, "init", "-q")
    assert "--install" in kit.command("init", kit.collection, "--dry-run").stderr
    assert "merge.holdall" in kit.run("init", kit.collection, "--git-merge", "--dry-run")
    git(kit, "config", "merge.holdall.driver", status=1)
    assert kit.json("init", kit.collection, "--git-merge")["name"] == "kit"
    assert git(kit, "config", "merge.holdall.driver") == "holdall git-merge %O %A %B %P\n"
    assert "merge: holdall" in git(kit, "check-attr", "merge", "manifest.toml")


def commit(kit: Kit) -> None:
    """Commit all that there is."""
    git(kit, "add", "-A")
    git(kit, "commit", "-q", "-m", "x")


def test_branches_that_each_added_renamed_and_edited(repository: Kit) -> None:
    """All of both is there, and the next command makes it a release."""
    kit = repository
    uuids = kit.uuids()
    kit.run("rename", "skill:plain-prose", "prose")
    write(kit.collection / "skills/one/SKILL.md", "---\nname: one\ndescription: x\n---\n")
    write(kit.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nnew\n")
    kit.run("collect")
    commit(kit)
    git(kit, "checkout", "-q", "other")
    kit.run("rename", "agent:editor", "corrector")
    write(kit.collection / "skills/two/SKILL.md", "---\nname: two\ndescription: x\n---\n")
    kit.run("collect")
    kit.run("composite", "create", "mine", "--member", "skill:plain-prose")
    commit(kit)
    git(kit, "merge", "-q", "main", "-m", "both")
    after = kit.uuids()
    assert {"skill:one", "skill:two", "skill:prose", "agent:corrector"} <= after.keys()
    assert after["skill:prose"] == uuids["skill:plain-prose"]
    assert after["agent:corrector"] == uuids["agent:editor"]
    assert "skill:prose" in kit.run("tree", "mine")
    kit.run("collect")
    assert kit.json("doctor")["findings"] == []


def test_what_does_not_merge_is_a_conflict_of_git(repository: Kit) -> None:
    """One artifact with two names: git stops, with its marks, and both names are shown."""
    kit = repository
    kit.run("rename", "skill:plain-prose", "prose")
    commit(kit)
    git(kit, "checkout", "-q", "other")
    kit.run("rename", "skill:plain-prose", "poetry")
    commit(kit)
    said = git(kit, "merge", "-q", "main", status=1)
    assert "'poetry' here, 'prose' there" in said
    assert "<<<<<<<" in (kit.collection / "manifest.toml").read_text()
    assert kit.command("list").returncode == 2


@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_marks_around_releases_only_are_settled(kit: Kit, style: str) -> None:
    """Without the driver, a manifest in which only these lines conflict is read all the same."""
    git(kit, "init", "-q", "-b", "main")
    git(kit, "config", "merge.conflictStyle", style)
    commit(kit)
    git(kit, "branch", "other")
    kit.run("composite", "create", "first")
    commit(kit)
    git(kit, "checkout", "-q", "other")
    kit.run("rename", "skill:plain-prose", "prose")
    kit.run("rename", "agent:editor", "corrector")
    commit(kit)
    git(kit, "merge", "-q", "main", status=1)
    manifest = kit.collection / "manifest.toml"
    assert manifest.read_text().count("<<<<<<<") == 1
    listed = kit.run("list")
    assert "composite:first" in listed
    assert "skill:prose" in listed
    kit.run("composite", "create", "second")
    assert "<<<<<<<" not in manifest.read_text()
    assert {"composite:first", "composite:second", "agent:corrector"} <= kit.uuids().keys()
    assert kit.json("doctor")["findings"] == []


HASHES = ("a" * 64, "b" * 64)


def marked(ours: str, theirs: str) -> str:
    """Return a manifest with a conflict."""
    return (
        f'[collection]\nname = "kit"\n<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> other\nx = 1\n'
    )


def test_the_older_release_is_taken() -> None:
    """On either side; the lines below keep their numbers; other conflicts stay."""
    old, new = (f'release = {n}\nbase = "{h}"\n' for n, h in zip((7, 9), HASHES, strict=True))
    for text in (marked(old, new), marked(new, old)):
        settled = settle_marks(text)
        assert old in settled
        assert new not in settled
        assert settled.splitlines().index("x = 1") == text.splitlines().index("x = 1")
    for other in (marked(old, 'name = "a"\n'), marked(old, new + 'name = "a"\n'), marked(old, "")):
        assert settle_marks(other) == other


def test_a_merge_of_other_files_is_left_to_git(kit: Kit, tmp_path: Path) -> None:
    """Texts that are no manifests of one collection are merged by lines, as without a driver."""
    names = []
    for name, text in (("O", "1\n2\n3\n"), ("A", "1\n2\nc\n"), ("B", "a\n2\n3\n")):
        (tmp_path / name).write_text(text)
        names.append(tmp_path / name)
    done = kit.command("git-merge", *names)
    assert done.returncode == 1
    assert (tmp_path / "A").read_text() == "a\n2\nc\n"
    assert kit.command("git-merge").returncode == 2
    assert kit.command("git-merge", tmp_path / "no", *names[1:]).returncode == 2
