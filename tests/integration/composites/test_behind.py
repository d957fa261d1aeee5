"""A folder behind its database: brought forward or refused, never a mix of two releases."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from e2e.kit import Kit, known, tree, write
from holdall.testing import in_this_process

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]

HEAD = "---\nname: {}\ndescription: x\n---\n{}\n"


@pytest.fixture
def anna(kit: Kit) -> Kit:
    """Return the collection of the sample."""
    return kit


@pytest.fixture
def bob(anna: Kit, tmp_path: Path) -> Kit:
    """Return a copy of its folder, on another machine; it is behind a rename and an edit."""
    (tmp_path / "bob").mkdir()
    bob = Kit(in_this_process, tmp_path / "bob", anna.database_url)
    bob.project.mkdir(exist_ok=True)
    shutil.copytree(anna.collection, bob.collection)
    anna.run("rename", "skill:plain-prose", "prose")
    write(anna.collection / "skills/changelog/SKILL.md", HEAD.format("changelog", "anna"))
    anna.run("collect")
    return bob


def skill(kit: Kit, name: str) -> Path:
    """Return where a skill is in the project."""
    return kit.project / ".claude/skills" / name / "SKILL.md"


def test_a_deploy_is_of_the_newest_release(anna: Kit, bob: Kit) -> None:
    """The names and the bytes are those of the head, in the folder as in the project."""
    bob.run("deploy", "composite:writing", "--to", bob.project)
    assert skill(bob, "prose").is_file()
    assert not skill(bob, "plain-prose").exists()
    assert "anna" in skill(bob, "changelog").read_text()
    assert known(bob) == known(anna)
    assert bob.json("doctor")["findings"] == []


def test_an_export_and_a_sync_are_of_the_newest_release(anna: Kit, bob: Kit) -> None:
    """So is what a project requires of the collection by its id."""
    bob.run("export", "composite:writing", "--to", bob.project / "out")
    assert "anna" in (bob.project / "out/skills/changelog/SKILL.md").read_text()
    write(anna.collection / "skills/changelog/SKILL.md", HEAD.format("changelog", "again"))
    anna.run("collect")
    write(
        bob.project / "holdall.toml",
        '[project]\nformat = 1\ntargets = ["claude"]\n[[require]]\nid = "composite:writing"\n',
    )
    bob.run("sync", "--to", bob.project)
    assert "again" in skill(bob, "changelog").read_text()
    assert skill(bob, "prose").is_file()


def test_a_conflict_refuses_the_deploy(anna: Kit, bob: Kit) -> None:
    """An edit that does not merge is named with the other side, and nothing is written."""
    write(bob.collection / "skills/changelog/SKILL.md", HEAD.format("changelog", "bob"))
    before = tree(bob.collection)
    done = bob.command("deploy", "composite:writing", "--to", bob.project)
    assert done.returncode == 3
    assert "release 3 by" in done.stderr
    assert (tree(bob.collection), list(bob.project.iterdir())) == (before, [])


def test_edits_that_merge_are_deployed_with_it(anna: Kit, bob: Kit) -> None:
    """An edit that nobody else touched stays in the folder, and is what is deployed."""
    write(bob.collection / "skills/meeting-notes/SKILL.md", HEAD.format("meeting-notes", "bob"))
    words = ("deploy", "skill:meeting-notes", "composite:writing", "--to", bob.project)
    bob.run(*words)
    assert "bob" in skill(bob, "meeting-notes").read_text()
    assert "anna" in skill(bob, "changelog").read_text()


def test_a_dry_run_writes_nothing_and_says_so(bob: Kit) -> None:
    """It is refused with the way on, whatever the command is; what only reads the folder works."""
    before = tree(bob.collection)
    for words in (
        ("deploy", "composite:writing", "--to", bob.project),
        ("rename", "skill:changelog", "news"),
        ("collect",),
        ("export", "composite:writing", "--to", bob.project / "out"),
    ):
        done = bob.command(*words, "--dry-run")
        assert (done.returncode, "pull" in done.stderr) == (3, True), (words, done)
    assert tree(bob.collection) == before
    assert "skill:plain-prose" in bob.run("list")
    assert "plain-prose" in bob.run("show", "skill:plain-prose")
    assert "skill:plain-prose" in bob.run("tree", "composite:writing")


def test_what_asks_the_database_says_that_the_folder_is_behind(bob: Kit) -> None:
    """Names of the folder mean what they meant there, whatever the head calls them."""
    for words in (
        ("associations", "skill:plain-prose"),
        ("versions", "skill:plain-prose"),
        ("list", "--long"),
        ("log", "skill:plain-prose"),
        ("diff", "skill:plain-prose@0"),
    ):
        done = bob.command(*words)
        assert "behind release 3" in done.stderr, (words, done)
        assert done.returncode in (0, 1), (words, done)


def test_a_release_between_pull_and_plan_is_seen(
    anna: Kit, bob: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deploy whose folder was overtaken starts again from the newest release."""
    from holdall_composites.service import deploy

    find = deploy.open_synced
    raced: list[bool] = []

    def slow(*arguments: object, **more: object) -> object:
        if more and not raced:
            raced.append(True)
            anna.run("rename", "skill:changelog", "news")
        return find(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(deploy, "open_synced", slow)
    bob.run("deploy", "composite:writing", "--to", bob.project)
    assert raced
    assert skill(bob, "news").is_file()


def test_a_folder_of_another_chain_deploys_nothing(bob: Kit) -> None:
    """It is refused as a pull is."""
    manifest = bob.collection / "manifest.toml"
    text = manifest.read_text()
    base = next(line for line in text.splitlines() if line.startswith("base = "))
    text = text.replace(base, f'base = "{"0" * 64}"').replace('name = "kit"', 'name = "other"')
    manifest.write_text(text)
    done = bob.command("deploy", "skill:changelog", "--to", bob.project)
    assert (done.returncode, "does not have" in done.stderr) == (3, True), done
    assert list(bob.project.iterdir()) == []
