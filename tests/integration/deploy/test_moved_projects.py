"""Projects that moved, were copied, or are gone: each is what it is, nothing is done to another."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import SAMPLE, Kit, in_this_process, tree
from holdall.deploy.project.place import ProjectPlace, follow_project
from holdall.files.root import Root

pytestmark = pytest.mark.integration

FILE = ".claude/skills/plain-prose/SKILL.md"


@pytest.fixture
def one(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with the sample, its database in it, and a skill deployed."""
    one = Kit(in_this_process, tmp_path)
    one.run("init", one.collection)
    one.run("collect", SAMPLE)
    one.deploy("plain-prose")
    return one


def codes(kit: Kit) -> list[str]:
    """Return what `doctor` finds."""
    found = kit.json("doctor", status=None)["findings"]
    return [finding["code"] for finding in found]


def operations(kit: Kit) -> list[tuple[str, str | None]]:
    """Return the commands of the log and their projects, newest first."""
    return [(o["command"], o["project"]) for o in kit.json("log")["operations"]]


@pytest.mark.with_sample("plain-prose")
def test_a_moved_project_is_followed(kit: Kit, tmp_path: Path) -> None:
    """Its next deploy, though nothing else is to do, tells the database; an undo finds it there."""
    new = tmp_path / "deeper/new"
    new.parent.mkdir()
    kit.project.rename(new)
    assert codes(kit) == ["project-gone"]
    assert "in place already" in kit.run("deploy", "--to", new)
    assert codes(kit) == []
    assert operations(kit)[0] == ("deploy", str(new))
    kit.run("undo")
    assert not (new / FILE).exists()
    assert codes(kit) == []


def test_a_removal_warns_of_the_new_place(one: Kit, tmp_path: Path) -> None:
    """Not of one that is gone."""
    one.project.rename(tmp_path / "new")
    one.run("undeploy", "plain-prose", "--to", tmp_path / "new")
    one.run("undo")
    done = one.command("remove", "plain-prose")
    assert (done.returncode, done.stderr.count("is still in")) == (1, 1)
    assert f"is still in {tmp_path / 'new'}" in done.stderr


def test_a_project_that_moves_twice(one: Kit, tmp_path: Path) -> None:
    """There and back again, with a deploy on the way or without one."""
    for name in ("second", "third", "project"):
        one.project.rename(tmp_path / name)
        one.project = tmp_path / name
        if name != "second":
            one.deploy()
            assert codes(one) == []
    assert operations(one)[0][1] == str(tmp_path / "project")


def test_a_project_of_two_collections(one: Kit, tmp_path: Path) -> None:
    """Each follows it when it deploys there the next time, whichever comes first."""
    (tmp_path / "other").mkdir()
    other = Kit(in_this_process, tmp_path / "other")
    other.run("init", other.collection, "--name", "other")
    other.run("collect", SAMPLE)
    other.run("deploy", "reviewer", "--to", one.project)
    new = tmp_path / "new"
    one.project.rename(new)
    for kit in (one, other, one):
        kit.run("deploy", "--to", new)
        assert codes(kit) == []
    assert {project for _, project in operations(other)[:-1]} == {str(new)}


def test_a_copy_is_another_project(one: Kit, tmp_path: Path) -> None:
    """What is done in it is done there only; what is undone in the first is not, in it."""
    copy = tmp_path / "copy"
    shutil.copytree(one.project, copy, symlinks=True)
    one.run("deploy", "reviewer", "--to", copy)
    before = tree(copy)
    one.run("undo", "--operation", "2")
    assert not (one.project / FILE).exists()
    assert tree(copy) == before
    assert operations(one)[0] == ("undo", str(one.project))
    one.run("undeploy", "plain-prose", "--to", copy)
    assert not (copy / FILE).exists()
    assert codes(one) == []


def test_a_copy_whose_first_is_gone_is_not_undone_for_it(one: Kit, tmp_path: Path) -> None:
    """Nor is one that was put where the first was."""
    copy = tmp_path / "copy"
    shutil.copytree(one.project, copy, symlinks=True)
    shutil.rmtree(one.project)
    one.run("deploy", "--to", copy)
    done = one.command("undo")
    assert (done.returncode, str(one.project) in done.stderr) == (3, True)
    copy.rename(one.project)
    assert one.command("undo").returncode == 3
    assert (one.project / FILE).exists()


def test_a_new_project_in_the_old_place(one: Kit, tmp_path: Path) -> None:
    """Both are known, and neither takes what the other one has."""
    new = tmp_path / "new"
    one.project.rename(new)
    one.project.mkdir()
    one.deploy("plain-prose")
    one.run("deploy", "--to", new)
    assert codes(one) == []
    assert operations(one)[0] == ("deploy", str(one.project))
    one.run("undeploy", "plain-prose", "--to", new)
    assert (one.project / FILE).exists()
    assert codes(one) == []


@pytest.mark.with_sample("plain-prose", "reviewer")
def test_a_project_that_is_gone_can_be_forgotten(kit: Kit, tmp_path: Path) -> None:
    """Once; by any name that it had; what others know of it stays."""
    shutil.rmtree(kit.project)
    (tmp_path / "link").symlink_to("project")
    assert kit.json("undeploy", "--forget", tmp_path / "link") == {
        "project": str(kit.project),
        "forgotten": ["agent:reviewer", "skill:plain-prose"],
    }
    assert codes(kit) == []
    assert kit.command("undeploy", "--forget", kit.project).returncode == 4


def test_a_project_that_is_there_is_not_forgotten(one: Kit) -> None:
    """But for what it has lost: both fixes that `doctor` names work."""
    done = one.command("undeploy", "--forget", one.project)
    assert (done.returncode, "holdall undeploy ID" in done.stderr) == (3, True)
    shutil.rmtree(one.project / ".holdall")
    (one.project / ".claude/.skillmeat-deployed.toml").unlink()
    assert codes(one) == ["deployment-differs"]
    one.run("undeploy", "--forget", one.project)
    assert codes(one) == []
    one.run("deploy", "plain-prose", "--to", one.project)
    assert codes(one) == []


@pytest.mark.parametrize(
    "words", [["x"], ["--to", "p"], ["--target", "claude"], ["--dry-run"], ["--user"], ["--force"]]
)
def test_to_forget_takes_one_project(one: Kit, words: list[str]) -> None:
    """Words that would mean nothing are refused, and so is a command without any."""
    assert one.command("undeploy", "--forget", one.project, *words).returncode == 2
    assert one.command("undeploy", "--to", one.project).returncode == 2


@pytest.mark.parametrize("name", ["caf\udce9", "\udcff/inner"])
def test_a_path_that_cannot_be_recorded(one: Kit, tmp_path: Path, name: str) -> None:
    """A project there is refused before anything is done, with plugins or without them."""
    project = tmp_path / name
    project.mkdir(parents=True)
    for words in (["deploy", "reviewer"], ["--no-plugins", "deploy", "reviewer"]):
        done = one.command(*words, "--to", project)
        assert (done.returncode, "not valid UTF-8" in done.stderr) == (3, True)
    assert list(project.iterdir()) == []
    assert one.run("status", "--to", project).startswith("nothing is deployed in ")
    assert one.command("undeploy", "reviewer", "--to", project).returncode == 4


def test_a_link_to_a_project_is_the_project(one: Kit, tmp_path: Path) -> None:
    """Whichever name it has, it is known by one path."""
    (tmp_path / "link").symlink_to(one.project)
    one.run("deploy", "reviewer", "--to", tmp_path / "link")
    assert {project for _, project in operations(one)[:-1]} == {str(one.project)}


@pytest.mark.parametrize(
    "targets", [("claude", "cursor"), ("codex", "agents"), ("gemini", "codex")]
)
def test_undeploying_for_one_of_two_targets(one: Kit, targets: tuple[str, str]) -> None:
    """Done as asked, without a warning; a folder that both share keeps the files, and is known."""
    first, second = targets
    one.deploy("plain-prose", "--target", first, "--target", second)
    done = one.command("undeploy", "plain-prose", "--to", one.project, "--target", first)
    assert (done.returncode, done.stderr) == (0, "")
    state = one.json("status", "--to", one.project)["deployed"]
    assert {(found["target"], found["state"]) for found in state} == {
        ("claude", "synced"),
        (second, "synced"),
    } - {(first, "synced")}
    assert codes(one) == []
    assert "is still in" in one.command("remove", "plain-prose", "--dry-run").stderr


def test_undeploying_for_a_target_that_does_not_have_it(one: Kit) -> None:
    """The one that does is named."""
    done = one.command("undeploy", "plain-prose", "--to", one.project, "--target", "cursor")
    assert (done.returncode, "for claude only" in done.stderr) == (4, True)
    assert (one.project / FILE).exists()


def test_status_of_a_project_of_two_collections(one: Kit, tmp_path: Path) -> None:
    """What is another's is not removed, nor renewed from the wrong one; each line has a target."""
    (tmp_path / "other").mkdir()
    other = Kit(in_this_process, tmp_path / "other")
    other.run("init", other.collection, "--name", "other")
    other.run("collect", SAMPLE)
    other.run("deploy", "reviewer", "--to", one.project, "--target", "cursor")
    one.run("remove", "reviewer", "--force")
    lines = one.run("status", "--to", one.project).splitlines()
    assert lines == [
        "synced    skill:plain-prose for claude",
        "synced    agent:reviewer for cursor (of the collection 'other')",
        f"2 synced for claude and cursor in {one.project}",
    ]
    lines = one.run("status", "--to", one.project, "--target", "cursor").splitlines()
    assert len(lines) == 2
    assert one.command("deploy", "--to", one.project, "--target", "claude").stderr == ""
    assert other.run("status", "--to", one.project).count("of the collection 'kit'") == 1


def test_a_place_that_came_with_a_project(one: Kit, tmp_path: Path) -> None:
    """A ledger that somebody else wrote takes over nothing of a project that is away."""
    forged = tmp_path / "forged"
    one.project.rename(forged)
    text = (forged / ".holdall/ledger.json").read_text()
    (forged / ".holdall/ledger.json").write_text(
        text.replace('"former": {}', '"former": {"/": ["kit"]}')
    )
    one.run("deploy", "reviewer", "--to", forged)
    assert ("deploy", str(one.project)) in operations(one)
    assert codes(one) == ["project-gone"]


PLACES: list[tuple[Any, tuple[str, ...]]] = [
    ({"inode": 0}, ()),
    ({"device": 0}, ()),
    ({"device": 0, "path": "/nowhere/at/all"}, ()),
    ({}, ("old",)),
    ({"inode": 0, "former": {"/older": ("kit",)}}, ("/older",)),
    ({"former": {"/older": ("other",)}}, ("old",)),
]


@pytest.mark.parametrize(("changes", "expected"), PLACES)
def test_which_paths_are_followed(
    tmp_path: Path, changes: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """The same folder is; another one, or one where nobody can look, is not."""
    with Root(tmp_path) as root:
        old = str(tmp_path / "old")
        known = ProjectPlace.of(root)._replace(path=old)._replace(**changes)
        _, found = follow_project(root, known, ["kit"], "kit")
    assert {path.replace(old, "old") for path in found} == set(expected)
