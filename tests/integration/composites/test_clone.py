"""A working folder of a collection, made from its database alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from e2e.kit import Kit, known, tree, write
from holdall.files import syscalls
from holdall.testing import in_this_process
from postgres_server import execute

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another machine's folder, which the commands run in."""
    folder = tmp_path / "bob"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def bob_of(kit: Kit, folder: Path) -> Kit:
    """Return the kit of the other machine, whose collection is still to be cloned."""
    return Kit(in_this_process, folder, None)


def test_a_clone_is_the_collection_byte_for_byte(kit: Kit, folder: Path) -> None:
    """Files, modes, links, release and base; pull, collect and undo work in it."""
    script = kit.collection / "skills/changelog/run.sh"
    write(script, "#!/bin/sh\n")
    script.chmod(0o755)
    (kit.collection / "skills/changelog/again.sh").symlink_to("run.sh")
    kit.run("collect")
    done = in_this_process("clone", kit.database_url, folder / "kit", "--json")
    assert done.returncode == 0, done
    bob = bob_of(kit, folder)
    assert known(kit) == known(bob)
    ours, theirs = tree(kit.collection), tree(bob.collection)
    del ours["manifest.toml"], theirs["manifest.toml"]
    assert ours == theirs
    assert os.readlink(bob.collection / "skills/changelog/again.sh") == "run.sh"
    assert bob.json("doctor")["findings"] == []
    assert "up to date" in bob.command("pull").stderr
    write(bob.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nbob\n")
    bob.run("collect")
    bob.run("undo")
    bob.run("rename", "skill:changelog", "news")
    kit.run("pull")
    assert known(kit) == known(bob)


def test_a_database_without_a_release_says_what_is_missing(
    database_url: str, tmp_path: Path, own_state: Path
) -> None:
    """After `init` nothing was collected yet: the hint says that this is the next step."""
    del own_state
    one = Kit(in_this_process, tmp_path, database_url)
    one.run("init", one.collection)
    refused = in_this_process("clone", database_url, tmp_path / "other")
    assert (refused.returncode, (tmp_path / "other").exists()) == (4, False)
    assert "holds no collection yet" in refused.stderr
    assert "holdall collect SOURCE" in refused.stderr


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_an_edit_is_adopted_and_undone_with_a_database_alone(
    kit: Kit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a folder of one's own, both halves go and come back; others see the release."""
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    words = ("--database", str(kit.database_url))
    (folder / "app").mkdir()
    skill = folder / "app/.claude/skills/changelog/SKILL.md"
    for line in ("deploy changelog --to app --target claude", "adopt changelog --from app", "undo"):
        if line.startswith("adopt"):
            skill.write_text(skill.read_text() + "more\n")
        done = in_this_process(*words, *line.split())
        assert done.returncode == 0, done.stderr
        kit.run("pull")
        ours = (kit.collection / "skills/changelog/SKILL.md").read_text()
        assert ours.endswith("more\n") == line.startswith("adopt")
    assert skill.read_text().endswith("more\n")


def test_the_folder_is_that_of_the_name(kit: Kit, folder: Path) -> None:
    """Without DIR it has the collection's name, and a dry run writes nothing."""
    done = in_this_process("clone", kit.database_url, "--dry-run")
    assert (done.returncode, list(folder.iterdir())) == (0, []), done
    assert in_this_process("clone", kit.database_url).returncode == 0
    assert (folder / "kit/manifest.toml").is_file()


def test_a_taken_place_is_refused(kit: Kit, folder: Path) -> None:
    """A folder with something in it, a file, a link and the present folder stay as they are."""
    write(folder / "full/mine", "mine")
    write(folder / "file", "mine")
    (folder / "link").symlink_to("empty")
    (folder / "empty").mkdir()
    before = tree(folder)
    for name in ("full", "file", "link", "."):
        done = in_this_process("clone", kit.database_url, name if name != "." else folder)
        assert done.returncode == 3, (name, done)
        assert "hint: " in done.stderr
    (folder / "full/empty").mkdir()
    assert tree(folder) == before
    assert in_this_process("clone", kit.database_url, "empty").returncode == 0
    assert in_this_process("clone", kit.database_url, kit.collection / "inner").returncode == 3


def test_one_of_several_collections_is_named(kit: Kit, folder: Path, tmp_path: Path) -> None:
    """With two in one database and none named, both are listed; a name or a UUID chooses."""
    (tmp_path / "second").mkdir()
    second = Kit(in_this_process, tmp_path / "second", kit.database_url)
    second.run("init", second.collection, "--name", "second")
    write(second.collection / "skills/a/SKILL.md", "---\nname: a\ndescription: x\n---\n")
    second.run("collect")
    done = in_this_process("clone", kit.database_url)
    assert (done.returncode, "'kit'" in done.stderr, "'second'" in done.stderr) == (2, True, True)
    done = in_this_process("clone", kit.database_url, "--name", "third")
    assert (done.returncode, "'second'" in done.stderr) == (4, True), done
    assert in_this_process("clone", kit.database_url, "--name", "second").returncode == 0
    assert (folder / "second/skills/a/SKILL.md").is_file()


def test_a_failure_leaves_nothing(kit: Kit, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was prepared is removed, with the folders above that were made for it."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(syscalls, "sync_file_system", fail)
    monkeypatch.setattr(syscalls, "sync", fail)
    done = in_this_process("clone", kit.database_url, "a/b/kit")
    assert (done.returncode, list(folder.iterdir())) == (5, []), done


@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.postgresql
def test_the_password_is_not_written(kit: Kit, folder: Path) -> None:
    """The folder's settings name the database without it, and nothing else has it."""
    url = (
        (kit.database_url or "")
        .replace("postgres@", "postgres:s3cret@")
        .replace("postgres:@", "postgres:s3cret@")
    )
    assert "s3cret" in url
    done = in_this_process("clone", url, "kit")
    assert (done.returncode, "password is not recorded" in done.stderr) == (0, True), done
    for path in (folder / "kit").rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes(), path
    assert "postgresql://" in (folder / "kit/.holdall/config.toml").read_text()


@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.postgresql
def test_rows_that_were_changed_by_hand_are_refused(kit: Kit, folder: Path) -> None:
    """A release whose changes do not make its state, or that writes into git, is not laid out."""
    url = kit.database_url or ""
    execute(
        url,
        "UPDATE release_changes SET after = replace(after, 'skills/changelog', '.git/hooks')",
    )
    done = in_this_process("clone", url, "kit")
    assert (done.returncode, "is not what it was" in done.stderr) == (5, True), done
    assert list(folder.iterdir()) == []


def test_the_own_database_of_a_collection_is_not_shared(
    tmp_path: Path, folder: Path, own_state: Path
) -> None:
    """Two folders on one embedded database would be two chains."""
    (tmp_path / "own").mkdir()
    own = Kit(in_this_process, tmp_path / "own")
    own.run("init", own.collection)
    own.run("list")
    done = in_this_process("clone", own.collection / ".holdall/holdall.db", "kit")
    assert (done.returncode, "own database" in done.stderr) == (3, True), done
    done = in_this_process("clone", "./nothing.db")
    assert (done.returncode, list(folder.iterdir())) == (4, []), done


@pytest.fixture
def nowhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has no collection: commands get a database only."""
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    (folder / "app").mkdir()
    return folder / "app"


def with_database(kit: Kit, *words: str | Path, status: int = 0) -> str:
    """Run a command that only a database is named for; return what it printed."""
    done = in_this_process("--database", kit.database_url, *words)
    assert done.returncode == status, done
    return done.stdout


def test_a_database_is_enough(kit: Kit, nowhere: Path) -> None:
    """What reads and what deploys needs no folder; it is at the newest release each time."""
    assert json.loads(with_database(kit, "list", "--json")) == json.loads(kit.run("list", "--json"))
    for words in ("show skill:changelog", "tree writing", "versions skill:changelog"):
        told = with_database(kit, *words.split(), "--json")
        assert json.loads(told) == json.loads(kit.run(*words.split(), "--json"))
    with_database(kit, "deploy", "skill:changelog", "--to", nowhere)
    assert (nowhere / ".claude/skills/changelog/SKILL.md").is_file()
    with_database(kit, "status", "--to", nowhere)
    write(kit.collection / "skills/changelog/SKILL.md", "---\nname: changelog\n---\nanna\n")
    kit.run("collect")
    with_database(kit, "status", "--to", nowhere, status=1)
    with_database(kit, "deploy", "--to", nowhere)
    assert "anna" in (nowhere / ".claude/skills/changelog/SKILL.md").read_text()
    with_database(kit, "undeploy", "changelog", "--to", nowhere)
    assert not (nowhere / ".claude/skills").exists()
    with_database(kit, "rename", "skill:changelog", "news")
    kit.run("pull")
    assert "skill:news" in kit.run("list")


def test_its_name_chooses_among_several(kit: Kit, nowhere: Path, tmp_path: Path) -> None:
    """`--collection NAME` is one in the database where there is no such folder."""
    (tmp_path / "second").mkdir()
    second = Kit(in_this_process, tmp_path / "second", kit.database_url)
    second.run("init", second.collection, "--name", "second")
    write(second.collection / "skills/a/SKILL.md", "---\nname: a\ndescription: x\n---\n")
    second.run("collect")
    with_database(kit, "list", status=2)
    assert "skill:a" in with_database(kit, "--collection", "second", "list")
    with_database(kit, "--collection", "third", "list", status=4)
    with_database(kit, "--collection", "./third", "list", status=4)


@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.postgresql
def test_the_default_collection_is_not_put_into_a_teams_database(kit: Kit, nowhere: Path) -> None:
    """Whoever has one and names a team's database gets the team's; each keeps what it has."""
    mine = nowhere.parent / "data/holdall/collection"
    in_this_process("init", mine)
    write(mine / "skills/secret/SKILL.md", "---\nname: secret\ndescription: x\n---\n")
    assert in_this_process("collect").returncode == 0
    assert "skill:secret" in in_this_process("list").stdout
    assert json.loads(with_database(kit, "list", "--json")) == json.loads(kit.run("list", "--json"))
    assert "secret" not in kit.run("list")
