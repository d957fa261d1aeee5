"""What an interrupted command left meets an edit: nothing is lost or taken for something else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import holdall_composites.session as sessions
from e2e.kit import SAMPLE, Kit, copy_kit, tree, write
from holdall.cli.context import Context
from holdall.errors import StorageError
from holdall.operations import delivery
from holdall.testing import in_this_process, make_skill
from holdall_composites.sync.releases.manifest import state_of
from integration.composites.test_team import edit, same

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]


@pytest.fixture
def anna(kit: Kit) -> Kit:
    """Return the collection of the sample."""
    return kit


@pytest.fixture
def bob(anna: Kit, tmp_path: Path) -> Kit:
    """Return a copy of its folder, on another machine."""
    return copy_kit(anna, tmp_path / "bob")


def test_an_edit_before_a_change_is_reported_again_is_a_release_of_its_own(
    anna: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before it forgot its message, then the manifest is edited: the chain stays right."""
    _edit_between_reports(anna, monkeypatch)


def test_so_it_is_where_a_collection_has_a_database_of_its_own(
    tmp_path: Path, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a database that follows its folder has of the edit is released, too."""
    own = Kit(in_this_process, tmp_path)
    own.run("init", own.collection)
    own.run("collect", SAMPLE)
    _edit_between_reports(own, monkeypatch)


def test_an_edit_before_the_first_report_is_released_with_the_change(
    tmp_path: Path, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In so large a collection that what is edited is in another chunk of the state."""
    own = Kit(in_this_process, tmp_path)
    own.run("init", own.collection)
    for number in range(100):
        make_skill(own.collection, f"skill-{number}", "one")
    own.run("collect")
    uuids = own.uuids()
    own_uuid = Context.of(own.collection).collection().manifest.uuid or ""
    there = {uuids["skill:skill-0"][0], own_uuid[0]}
    with monkeypatch.context() as patch:
        patch.setattr(sessions, "bring_in_line", _fail)
        edit(own, "one", "two", "skills/skill-0/SKILL.md")
        assert "the next run reports it" in own.command("collect").stderr
    for number in range(1, 100):
        if uuids[f"skill:skill-{number}"][0] not in there:
            name = f'name = "skill-{number}"\n'
            edit(own, name, f'{name}note = "mine"\n', "manifest.toml")
    own.run("collect")
    collection = Context.of(own.collection).collection()
    with sessions.open_synced(collection) as resolver:
        collections, uuid = resolver.store.collections, collection.manifest.uuid or ""
        assert collections.state_at(uuid, collections.head(uuid)[0]) == state_of(
            collection.manifest
        )


def _fail(*_: object, **__: object) -> None:
    raise StorageError("the disk is full")


@pytest.mark.parametrize("is_reported_again", [False, True])
def test_an_edit_after_a_pull_does_not_take_back_unasked(
    anna: Kit, bob: Kit, monkeypatch: pytest.MonkeyPatch, *, is_reported_again: bool
) -> None:
    """Whether or not the pull is reported once more, what it brought is not undone by an edit."""
    anna.run("composite", "create", "mine", "--member", "skill:changelog")
    edit(anna, 'name = "mine"\n', 'name = "mine"\ndescription = "one"\n', "manifest.toml")
    anna.run("collect")
    bob.run("pull")
    edit(anna, '"one"', '"two"', "manifest.toml")
    anna.run("collect")
    with monkeypatch.context() as patch:
        if is_reported_again:
            patch.setattr(delivery, "forget_message", lambda *_: None)
        bob.run("pull")
    edit(bob, '"two"', '"one"', "manifest.toml")
    bob.run("collect", status=3)
    commands = [release["command"] for release in anna.json("log")["releases"]]
    assert commands[:2] == ["edit", "edit"]


def _edit_between_reports(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.run("composite", "create", "mine", "--member", "skill:changelog")
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "forget_message", lambda *_: None)
        edit(kit, "name: changelog", "name: changelog\nlicense: MIT")
        kit.run("collect")
    edit(kit, 'name = "mine"\n', 'name = "mine"\ndescription = "x"\n', "manifest.toml")
    write(kit.collection / "skills/extra/SKILL.md", "---\nname: extra\ndescription: x\n---\n")
    kit.run("collect")
    assert kit.json("doctor", "--deep")["findings"] == []
    commands = [release["command"] for release in kit.json("log")["releases"]]
    assert commands[:3] == ["collect", "edit", "collect"]


def test_what_a_killed_pull_left_at_a_new_place_is_taken_over(anna: Kit, bob: Kit) -> None:
    """It was killed after it put the renamed files; the head has another version of them by now."""
    script = anna.collection / "skills/plain-prose/run.sh"
    write(script, "#!/bin/sh\n")
    anna.run("collect")
    bob.run("pull")
    anna.run("rename", "skill:plain-prose", "prose")
    shutil.copytree(anna.collection / "skills/prose", bob.collection / "skills/prose")
    (anna.collection / "skills/prose/run.sh").unlink()
    edit(anna, "name: prose", "name: prose\nlicense: MIT", "skills/prose/SKILL.md")
    anna.run("collect")
    assert same(anna, bob)
    assert not (bob.collection / ".holdall/backups").exists()


def test_what_a_killed_pull_left_of_an_older_release_is_no_edit(anna: Kit, bob: Kit) -> None:
    """It put the files of a release, and not the manifest; the head is further by now."""
    file = "skills/changelog/SKILL.md"
    for text in ("one", "two"):
        write(anna.collection / file, f"---\nname: changelog\n---\n{text}\n")
        anna.run("collect")
        if text == "one":
            shutil.copy(anna.collection / file, bob.collection / file)
    assert same(anna, bob)
    assert (bob.collection / file).read_text().endswith("two\n")


def test_ones_own_side_stands_whatever_others_had_in_between(anna: Kit, bob: Kit) -> None:
    """Where somebody asks for that, an edit stays that equals a release on the way."""
    file = "skills/changelog/SKILL.md"
    for text in ("one", "two"):
        write(anna.collection / file, f"---\nname: changelog\n---\n{text}\n")
        anna.run("collect")
        if text == "one":
            shutil.copy(anna.collection / file, bob.collection / file)
    bob.run("pull", "--ours")
    assert (bob.collection / file).read_text().endswith("one\n")
    bob.run("collect")
    assert same(anna, bob)
    assert (anna.collection / file).read_text().endswith("one\n")


def test_what_was_purged_since_is_kept_as_a_backup(anna: Kit, bob: Kit) -> None:
    """A pull may have left it, or somebody wrote it: no version has it any more."""
    file = "skills/changelog/SKILL.md"
    write(anna.collection / file, "---\nname: changelog\n---\none\n")
    anna.run("collect")
    shutil.copy(anna.collection / file, bob.collection / file)
    anna.run("remove", "skill:changelog", status=None)
    anna.run("purge", "skill:changelog")
    bob.run("pull")
    assert not (bob.collection / file).exists()
    kept = list((bob.collection / ".holdall/backups").rglob("SKILL.md"))
    assert [path.read_text() for path in kept] == ["---\nname: changelog\n---\none\n"]


def test_ones_own_side_stands_where_others_removed_it(anna: Kit, bob: Kit) -> None:
    """The edited files stay; the next collect makes them an artifact again."""
    file = "skills/changelog/SKILL.md"
    write(bob.collection / file, "---\nname: changelog\n---\nbob\n")
    anna.run("remove", "skill:changelog", status=None)
    assert "--ours" in bob.command("pull").stderr
    bob.run("pull", "--ours")
    assert (bob.collection / file).read_text().endswith("bob\n")
    bob.run("collect")
    assert same(anna, bob)
    assert (anna.collection / file).read_text().endswith("bob\n")


def test_a_file_in_the_way_of_others_stays_or_is_kept_as_a_backup(anna: Kit, bob: Kit) -> None:
    """Without a side it is refused, and nothing is written; `--theirs` keeps it as a backup."""
    anna.run("rename", "skill:plain-prose", "prose")
    own = bob.collection / "skills/prose/SKILL.md"
    write(own, "my own\n")
    before = tree(bob.collection)
    for side in ((), ("--ours",)):
        assert "is there already, and was not collected" in bob.command("pull", *side).stderr
        assert tree(bob.collection) == before
    bob.run("pull", "--theirs")
    assert same(anna, bob)
    kept = list((bob.collection / ".holdall/backups").rglob("SKILL.md"))
    assert [path.read_text() for path in kept] == ["my own\n"]
