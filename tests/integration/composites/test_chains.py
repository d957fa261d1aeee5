"""What a folder and its database have to do with each other after backups, copies and mistakes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from e2e.kit import Kit, known, tree, write
from holdall.testing import in_this_process
from postgres_server import copy_database, execute, with_name

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]

HEAD = "---\nname: {}\ndescription: x\n---\n{}\n"


@pytest.fixture
def anna(kit: Kit) -> Kit:
    """Return the collection of the sample."""
    return kit


@pytest.fixture
def bob(anna: Kit, tmp_path: Path) -> Kit:
    """Return a clone of it, on another machine."""
    (tmp_path / "bob").mkdir()
    bob = Kit(in_this_process, tmp_path / "bob", anna.database_url)
    assert in_this_process("clone", anna.database_url, bob.collection).returncode == 0
    return bob


@pytest.fixture
def backup(anna: Kit, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Return what makes a backup of the database as it is now; its URL is that of the restored."""
    url, made = anna.database_url or "", list[str]()

    def back_up() -> str:
        made.append(f"holdall_{uuid4().hex[:16]}")
        if url.startswith("sqlite"):
            place = tmp_path / f"{made[-1]}.db"
            with sqlite3.connect(url.removeprefix("sqlite:///")) as old:
                new = sqlite3.connect(place)
                old.backup(new)
                new.close()
            old.close()
            return f"sqlite:///{place}"
        name = url.partition("?")[0].rpartition("/")[2]
        copy_database(with_name(url, "postgres"), name, made[-1])
        return with_name(url, made[-1])

    yield back_up
    if not url.startswith("sqlite"):
        for name in made:
            execute(with_name(url, "postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def restored(url: str, *kits: Kit) -> None:
    """Let machines see a database that was restored."""
    for kit in kits:
        kit.database_url = url


def edit(kit: Kit, name: str, text: str) -> None:
    """Write a skill and collect it."""
    write(kit.collection / f"skills/{name}/SKILL.md", HEAD.format(name, text))
    kit.run("collect")


def findings(kit: Kit) -> dict[str, str]:
    """Return what the doctor finds: the remedy by code."""
    found = kit.json("doctor", status=None)["findings"]
    return {finding["code"]: finding["hint"] for finding in found}


def refused(kit: Kit) -> None:
    """No change and no deploy goes through, and nothing is written."""
    before = tree(kit.collection)
    for words in (
        ("pull",),
        ("rename", "skill:changelog", "news"),
        ("deploy", "skill:changelog", "--to", kit.project),
    ):
        done = kit.command(*words)
        assert done.returncode == 3, (words, done)
    assert tree(kit.collection) == before


def same(anna: Kit, bob: Kit) -> bool:
    """Return whether both are at the head, hold the same, and the doctor finds nothing."""
    for kit in (anna, bob):
        kit.run("pull")
        assert findings(kit) == {}
    return known(anna) == known(bob)


def test_a_folder_behind_is_no_fault_of_rows(anna: Kit, bob: Kit) -> None:
    """The doctor says where it stands and who is further; a pull is the remedy."""
    edit(anna, "changelog", "anna")
    assert list(findings(bob)) == ["folder-behind"]
    bob.run("rebuild", status=3)
    bob.run("pull")
    assert findings(bob) == {}


def test_what_a_restored_backup_lost_is_released_again(
    anna: Kit, bob: Kit, backup: Callable[[], str]
) -> None:
    """The first one merges from the common release; the second one has what is released then."""
    old = backup()
    edit(anna, "changelog", "anna")
    anna.run("rename", "skill:plain-prose", "prose")
    anna.run("remove", "skill:meeting-notes", status=None)
    bob.run("pull")
    restored(old, anna, bob)
    refused(anna)
    assert "pull --from-common 1`" in findings(anna)["database-behind"]
    state = known(anna)
    anna.run("pull", "--from-common", "1")
    assert known(anna) == state
    newest = anna.json("log")["releases"][0]
    assert (newest["number"], newest["message"]) == (2, "what this folder had since release 1")
    assert findings(bob) == {}
    assert same(anna, bob)
    assert known(anna) == state
    assert len(anna.json("log")["releases"]) == 2
    assert len(anna.json("versions", "skill:changelog")["versions"]) == 2
    bob.run("deploy", "skill:changelog@1", "--to", bob.project)


def test_a_restored_database_that_went_on_is_merged(
    anna: Kit, bob: Kit, backup: Callable[[], str]
) -> None:
    """What both made since is merged as in any pull; the same thing changed twice is refused."""
    old = backup()
    edit(anna, "changelog", "anna")
    edit(anna, "plain-prose", "anna")
    restored(old, anna, bob)
    edit(bob, "meeting-notes", "bob")
    edit(bob, "plain-prose", "bob")
    edit(bob, "brief", "bob")
    refused(anna)
    assert list(findings(anna)) == ["chain-forked"]
    before = tree(anna.collection)
    done = anna.command("pull", "--from-common", "1")
    assert (done.returncode, "release 3 by" in done.stderr) == (3, True), done
    assert tree(anna.collection) == before
    anna.run("pull", "--from-common", "1", "--dry-run", "--ours")
    assert tree(anna.collection) == before
    anna.run("pull", "--from-common", "1", "--ours")
    assert same(anna, bob)
    texts = [
        (bob.collection / f"skills/{name}/SKILL.md").read_text().split()[-1]
        for name in ("changelog", "plain-prose", "meeting-notes", "brief")
    ]
    assert texts == ["anna", "anna", "bob", "bob"]
    versions = bob.json("versions", "skill:plain-prose")["versions"]
    assert len(versions) == 3


def test_without_the_list_the_common_release_is_named_by_hand(
    anna: Kit, bob: Kit, backup: Callable[[], str]
) -> None:
    """A folder that came by git does not know where it stood; 0 is the union by UUID."""
    old = backup()
    edit(anna, "brief", "anna")
    bob.run("pull")
    restored(old, anna, bob)
    for kit in (anna, bob):
        (kit.collection / ".holdall/releases").unlink()
        assert list(findings(kit)) == ["chain-unknown"]
    anna.run("remove", "skill:brief", status=3)
    anna.run("pull", "--from-common", "0")
    assert same(anna, bob)
    assert "skill:brief" in bob.uuids()


def test_a_wrong_common_release_is_refused(anna: Kit, bob: Kit, backup: Callable[[], str]) -> None:
    """One that the database has not, that was another one here, or where nothing is wrong."""
    bob.run("pull", "--from-common", "1", status=2)
    old = backup()
    edit(anna, "changelog", "anna")
    restored(old, anna, bob)
    edit(bob, "changelog", "bob")
    anna.run("pull", "--from-common", "3", status=2)
    done = anna.command("pull", "--from-common", "2")
    assert (done.returncode, "another one" in done.stderr) == (3, True), done
    anna.run("pull", "--from-common", "-1", status=2)
    anna.run("pull", "--from-common", "1", "--theirs")
    assert same(anna, bob)
    assert "bob" in (anna.collection / "skills/changelog/SKILL.md").read_text()


def test_a_folder_that_git_moved_back_stands_where_it_was(
    anna: Kit, bob: Kit, backup: Callable[[], str], tmp_path: Path
) -> None:
    """A folder of a release that the restored database has is not in another chain."""
    kept = tmp_path / "kept"
    shutil.copytree(bob.collection, kept, ignore=shutil.ignore_patterns(".holdall"))
    old = backup()
    edit(anna, "changelog", "anna")
    bob.run("pull")
    restored(old, anna, bob)
    shutil.copytree(kept, bob.collection, dirs_exist_ok=True)
    assert findings(bob) == {}
    edit(bob, "brief", "bob")
    anna.run("pull", "--from-common", "1")
    assert same(anna, bob)


@pytest.fixture
def empty(anna: Kit, backup: Callable[[], str]) -> str:
    """Another database, of the same kind, with no collection in it."""
    url = backup()
    for words in (["downgrade", "0000"], ["upgrade"]):
        in_this_process("--database", url, "db", *words)
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("DELETE FROM collections")
        database.close()
    else:
        execute(url, "DELETE FROM collections")
    return url


def test_an_empty_database_gets_a_chain_only_when_asked(anna: Kit, bob: Kit, empty: str) -> None:
    """The folder is not taken for its first release by itself; `init --new-chain` makes it."""
    edit(anna, "changelog", "anna")
    bob.run("pull")
    restored(empty, anna, bob)
    refused(anna)
    assert "init --new-chain" in findings(anna)["chain-missing"]
    anna.run("pull", "--from-common", "0", status=3)
    before, state = tree(anna.collection), known(anna)
    anna.run("init", anna.collection, "--new-chain", "--dry-run")
    assert tree(anna.collection) == before
    refused(anna)
    anna.run("init", anna.collection, "--new-chain")
    assert (known(anna), findings(anna)) == (state, {})
    assert [one["number"] for one in anna.json("log")["releases"]] == [1]
    assert len(anna.json("versions", "skill:changelog")["versions"]) == 1
    done = bob.command("init", bob.collection, "--new-chain")
    assert (done.returncode, "already, at release 1" in done.stderr) == (3, True), done
    bob.run("pull")
    assert same(anna, bob)


def test_a_new_chain_is_not_for_the_own_database(tmp_path: Path, own_state: Path) -> None:
    """The database inside of a collection follows its folder, and there is nothing to begin."""
    (tmp_path / "own").mkdir()
    own = Kit(in_this_process, tmp_path / "own")
    own.run("init", own.collection)
    edit(own, "a", "x")
    own.run("init", own.collection, "--new-chain", status=2)
    own.run("init", tmp_path / "nothing", "--new-chain", status=4)


def test_an_own_collection_becomes_a_teams(tmp_path: Path, own_state: Path, empty: str) -> None:
    """With a URL the database is recorded, and the folder is its first release."""
    (tmp_path / "own").mkdir()
    own = Kit(in_this_process, tmp_path / "own")
    own.run("init", own.collection)
    edit(own, "a", "x")
    edit(own, "a", "y")
    done = in_this_process("--database", empty, "init", own.collection, "--new-chain")
    assert done.returncode == 0, done
    assert in_this_process("clone", empty, tmp_path / "clone").returncode == 0
    assert (tmp_path / "clone/skills/a/SKILL.md").is_file()
    assert findings(own) == {}
    own.run("rename", "skill:a", "b")
    assert [one["number"] for one in own.json("log")["releases"]] == [2, 1]


@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.postgresql
def test_rows_of_the_chain_that_were_changed_by_hand_are_named(anna: Kit) -> None:
    """A changed state, a changed header, a gap in the middle: found; the newest at once."""
    edit(anna, "changelog", "anna")
    edit(anna, "changelog", "again")
    assert findings(anna) == {}
    assert anna.json("doctor", "--deep")["findings"] == []
    url = anna.database_url or ""
    execute(url, "UPDATE releases SET author = 'eve' WHERE number = 2")
    assert findings(anna) == {}
    (found,) = anna.json("doctor", "--deep", status=1)["findings"]
    assert (found["code"], found["subject"]) == ("chain-damaged", "release 2")
    execute(url, "UPDATE release_changes SET after = replace(after, 'changelog', 'x')")
    assert "chain-damaged" in findings(anna)
