"""A publication as a git repository, for programs that read nothing else: real git reads it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from e2e.kit import Kit, tree
from git_repositories import git
from holdall.sources.fetch.published.repository import REPOSITORY
from holdall.testing import make_skill

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]


@pytest.fixture
def published(kit: Kit, tmp_path: Path) -> Path:
    """The sample as release 1 on the channel `main`, as a repository, too."""
    kit.run("publish", "--to", tmp_path / "published", "--git")
    return tmp_path / "published"


def release_again(kit: Kit, to: Path, *words: str) -> dict[str, object]:
    """Change a skill, publish that, and return what the command says."""
    make_skill(kit.collection, "meeting-notes", "other words")
    kit.run("collect")
    told: dict[str, object] = kit.json("publish", "--to", to, "--git", *words)
    return told


def test_a_clone_has_what_was_released(kit: Kit, published: Path, tmp_path: Path) -> None:
    """Every file, executable where it is; a collection that other collections are made from."""
    git(tmp_path, "clone", "--quiet", str(published / REPOSITORY), "clone")
    for folder in ("skills", "agents", "commands", "hooks"):
        assert tree(tmp_path / "clone" / folder) == tree(kit.collection / folder)
    scanned = kit.json("scan", tmp_path / "clone", status=None)
    here = kit.json("list")["artifacts"]
    assert {a["id"] for a in scanned["artifacts"]} == {
        a["id"] for a in here if a["type"] != "composite"
    }
    assert git(tmp_path / "clone", "log", "--format=%an %s").endswith("Release 1 of kit")


def test_each_sequence_is_a_commit(kit: Kit, published: Path, tmp_path: Path) -> None:
    """A release and the way back, on a branch that only moves forward; nothing new is none."""
    repository = published / REPOSITORY
    first = git(repository, "rev-parse", "main")
    assert kit.json("publish", "--to", published, "--git")["commit"] == first
    second = release_again(kit, published)["commit"]
    back = kit.json("publish", "--to", published, "--git", "--release", "1")["commit"]
    assert git(repository, "rev-list", "main").split() == [back, second, first]
    assert git(repository, "rev-parse", f"{back}^{{tree}}") == git(
        repository, "rev-parse", f"{first}^{{tree}}"
    )
    kit.run("publish", "--to", published, "--git", "--channel", "stable")
    assert git(repository, "branch", "--format=%(refname:short)").split() == ["main", "stable"]
    assert git(repository, "fsck", "--strict") == ""


def test_the_same_releases_are_the_same_commits(
    kit: Kit, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written anew from the database, whoever writes them; settings of git change nothing."""
    before = git(published / REPOSITORY, "rev-parse", "main")
    shutil.rmtree(published / REPOSITORY)
    settings = tmp_path / "home.gitconfig"
    settings.write_text(
        "[user]\n name = Eve\n[init]\n defaultBranch = x\n[core]\n autocrlf = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    kit.run("publish", "--to", published, "--git")
    assert git(published / REPOSITORY, "rev-parse", "main") == before


def test_a_kill_leaves_the_old_commit_or_the_new(kit: Kit, published: Path) -> None:
    """What a killed git leaves behind does not keep the next one from its work."""
    repository = published / REPOSITORY
    before = git(repository, "rev-parse", "main")
    (repository / "refs/heads/main.lock").write_text("")
    (repository / "packed-refs.lock").write_text("")
    kit.run("publish", "--to", published)
    told = release_again(kit, published)
    assert git(repository, "rev-list", "main").split() == [told["commit"], before]


def test_a_killed_beginning_is_completed(kit: Kit, published: Path, tmp_path: Path) -> None:
    """A repository with nothing in it is as good as none; any other stays as it is."""
    commit = git(published / REPOSITORY, "rev-parse", "main")
    shutil.rmtree(published / REPOSITORY)
    git(published, "init", "--quiet", "--bare", REPOSITORY)
    assert kit.json("publish", "--to", published, "--git")["commit"] == commit
    other = published / REPOSITORY
    git(other, "config", "holdall.collection", "0" * 32)
    done = kit.command("publish", "--to", published, "--git")
    assert done.returncode == 3
    assert REPOSITORY in done.stderr
    assert git(other, "rev-parse", "main") == commit


def test_a_channel_that_is_no_branch_is_refused(kit: Kit, tmp_path: Path) -> None:
    """Before anything is written; without git it is a channel."""
    words = ("publish", "--to", tmp_path / "new", "--channel", "a..b")
    assert kit.command(*words, "--git").returncode == 2
    assert not (tmp_path / "new").exists()
    kit.run(*words)
    assert json.loads((tmp_path / "new/channels/a..b.json").read_text())["sequence"] == 1


def test_plain_files_are_enough_for_who_reads_them(published: Path, tmp_path: Path) -> None:
    """A static server has what `git clone` asks for over plain http."""
    text = (published / REPOSITORY / "info/refs").read_text()
    assert text.split() == [git(published / REPOSITORY, "rev-parse", "main"), "refs/heads/main"]
    packs = list((published / REPOSITORY / "objects").rglob("*.pack"))
    named = (published / REPOSITORY / "objects/info/packs").read_text()
    assert all(pack.name in named for pack in packs)
