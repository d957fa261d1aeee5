"""A change of a collection and a project that stopped halfway, and where it is finished."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.kit import Kit, new_kit, tree
from holdall.transaction.journal import Journal

pytestmark = [pytest.mark.integration, pytest.mark.with_sample("skill:changelog")]

SKILL = ".claude/skills/changelog/SKILL.md"
TEXT = "---\nname: changelog\ndescription: better\n---\nmine\n"


@pytest.fixture
def stopped(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run a command that stops when the collection's half is done and the project's is not."""

    def run(*words: str | Path) -> str:
        real, seen = Journal.pass_commit_point, list[str]()

        def once(self: Journal, transaction_id: str) -> None:
            seen.append(transaction_id)
            if len(seen) == 2:
                raise OSError(errno.EIO, "the disk is gone")
            real(self, transaction_id)

        with monkeypatch.context() as patched:
            patched.setattr(Journal, "pass_commit_point", once)
            done = kit.command(*words)
        assert done.returncode == 5, done.stdout + done.stderr
        return done.stderr

    return run


def state(kit: Kit) -> str:
    """Return what `status` says of the skill, without what it finishes first."""
    found = json.loads(kit.command("status", "--to", kit.project, "--json").stdout)
    return str(found["deployed"][0]["state"])


def adopted(kit: Kit, stopped: Callable[..., str]) -> None:
    """Leave an adoption halfway."""
    (kit.project / SKILL).write_text(TEXT)
    told = stopped("adopt", "skill:changelog", "--from", kit.project)
    assert "will be done by the next holdall command" in told
    assert (kit.collection / "skills/changelog/SKILL.md").read_text() == TEXT


@pytest.mark.parametrize("words", [("list",), ("log",), ("doctor",), ("tree", "writing")])
def test_any_command_in_the_collection_finishes_the_project(
    kit: Kit, stopped: Callable[..., str], words: tuple[str, ...]
) -> None:
    """The project's half is done where only the collection was named."""
    adopted(kit, stopped)
    if words == ("doctor",):  # which only looks
        assert kit.json("doctor", status=1)["findings"][0]["code"] == "unfinished"
        words = ("list",)
    said = kit.command(*words).stderr
    assert f"finished the deploy that an earlier run left unfinished in {kit.project}" in said
    assert state(kit) == "synced"
    assert [o["command"] for o in kit.json("log")["operations"]][:2] == ["adopt", "adopt"]
    assert kit.json("doctor", "--deep")["findings"] == []


def test_a_command_of_another_collection_finishes_it_from_the_project(
    kit: Kit, stopped: Callable[..., str], tmp_path: Path
) -> None:
    """The project leads to the collection that decides."""
    adopted(kit, stopped)
    other = new_kit(tmp_path / "second")
    rows = tree(other.collection)
    assert "finished the deploy" in other.command("status", "--to", kit.project).stderr
    assert not list((kit.project / ".holdall/tx").iterdir())
    assert "skill:changelog" not in other.run("list")
    assert tree(other.collection) == rows
    assert state(kit) == "synced"
    assert kit.json("doctor", "--deep")["findings"] == []


def test_a_project_out_of_reach_is_reported_and_finished_later(
    kit: Kit, stopped: Callable[..., str]
) -> None:
    """The collection can be changed meanwhile."""
    adopted(kit, stopped)
    away = shutil.move(kit.project, kit.project.with_name("away"))
    for _ in range(2):
        assert f"{kit.project} is unfinished" in kit.command("list").stderr
    kit.run("rename", "skill:plain-prose", "prose")
    assert kit.json("doctor", status=1)["findings"][0]["code"] == "unfinished"
    shutil.move(away, kit.project)
    assert "finished the deploy" in kit.command("list").stderr
    assert kit.command("list").stderr == ""
    assert state(kit) == "synced"


def test_a_project_that_is_gone_is_forgotten(kit: Kit, stopped: Callable[..., str]) -> None:
    """Then nothing is unfinished any more."""
    adopted(kit, stopped)
    shutil.rmtree(kit.project)
    assert "is unfinished" in kit.command("list").stderr
    kit.run("undeploy", "--forget", kit.project)
    assert kit.command("list").stderr == ""
    assert kit.json("doctor", "--deep")["findings"] == []


def test_a_project_that_moved_is_finished_where_it_is(
    kit: Kit, stopped: Callable[..., str]
) -> None:
    """It leads to the collection, which then knows that all is done."""
    adopted(kit, stopped)
    away = Path(shutil.move(kit.project, kit.project.with_name("away")))
    assert "finished the deploy" in kit.command("status", "--to", away).stderr
    assert "unfinished" not in kit.command("list").stderr
    assert not list((kit.collection / ".holdall/outside").glob("*"))


def test_a_collection_out_of_reach_is_reported_and_asked_later(
    kit: Kit, stopped: Callable[..., str], tmp_path: Path
) -> None:
    """Nothing else is done in the project until then, and the refusal says why."""
    adopted(kit, stopped)
    away = shutil.move(kit.collection, kit.collection.with_name("away"))
    other = new_kit(tmp_path / "second")
    assert "is unfinished" in other.command("status", "--to", kit.project).stderr
    (other.collection / "skills/new").mkdir(parents=True)
    (other.collection / "skills/new/SKILL.md").write_text("---\nname: new\ndescription: x\n---\n")
    other.run("collect")
    done = other.command("deploy", "skill:new", "--to", kit.project)
    assert done.returncode == 5
    assert f"it waits for {kit.collection}" in done.stderr
    shutil.move(away, kit.collection)
    assert state(kit) == "synced"
    other.run("deploy", "skill:new", "--to", kit.project)


def test_an_undo_that_stopped_is_finished(kit: Kit, stopped: Callable[..., str]) -> None:
    """Both halves are undone then, and redone by one redo that stops halfway as well."""
    before = tree(kit.collection)
    (kit.project / SKILL).write_text(TEXT)
    kit.run("adopt", "skill:changelog", "--from", kit.project)
    stopped("undo")
    assert state(kit) == "modified"
    assert tree(kit.collection) == before
    stopped("redo")
    kit.run("list")
    assert state(kit) == "synced"
    assert kit.json("doctor", "--deep")["findings"] == []


def test_what_was_not_decided_is_removed_in_both(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first half that is not done takes the second one along.

    What a shared database accepted is done for the collection: its folder is brought forward, and
    the project keeps the edit, which is that version, for another adopt to record.
    """
    (kit.project / SKILL).write_text(TEXT)

    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "the disk is gone")

    with monkeypatch.context() as patched:
        for name in ("pass_commit_point", "give_up"):
            patched.setattr(Journal, name, fails)
        assert kit.command("adopt", "skill:changelog", "--from", kit.project).returncode == 5
    assert list((kit.project / ".holdall/tx").iterdir())
    assert "prepared but not begun" in kit.command("list").stderr
    assert not list((kit.project / ".holdall/tx").iterdir())
    assert state(kit) == "modified"
    assert kit.json("doctor", "--deep")["findings"] == []
    kit.run("adopt", "skill:changelog", "--from", kit.project)
    assert state(kit) == "synced"
    assert (kit.collection / "skills/changelog/SKILL.md").read_text() == TEXT
    assert kit.json("doctor", "--deep")["findings"] == []
