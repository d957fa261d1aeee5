"""`holdall status --all`: every project that the database knows, by machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]

ON_SERVER = pytest.mark.parametrize("dialect", ["postgresql"])
SKILL = ".claude/skills/plain-prose/SKILL.md"
EDITED = "more\n"


def on(machine: str, patch: pytest.MonkeyPatch) -> None:
    """Let what comes be on a machine of this name."""
    patch.setenv("HOLDALL_MACHINE", machine)


def everywhere(kit: Kit, status: int) -> list[tuple[str, str, dict[str, int]]]:
    """Return machine, last folder and states of each project."""
    found: list[dict[str, Any]] = kit.json("status", "--all", status=status)["projects"]
    return [(one["machine"], Path(one["project"]).name, one["states"]) for one in found]


def edit(path: Path) -> None:
    """Add a line to a file."""
    path.write_text(path.read_text() + EDITED)


def deploy(kit: Kit, name: str, project: Path) -> None:
    """Deploy something into a project, which is made if it is not there."""
    project.mkdir(parents=True, exist_ok=True)
    kit.run("deploy", name, "--to", project, "--target", "claude")


def test_each_project_is_compared_as_status_does(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Synced, modified and outdated ones, and one that is gone; then all are synced again."""
    on("ada", monkeypatch)
    deploy(kit, "plain-prose", tmp_path / "a")
    deploy(kit, "changelog", tmp_path / "b")
    deploy(kit, "plain-prose", tmp_path / "c")
    assert everywhere(kit, 0) == [("ada", name, {"synced": 1}) for name in "abc"]
    edit(tmp_path / "b/.claude/skills/changelog/SKILL.md")
    edit(kit.collection / "skills/plain-prose/SKILL.md")
    kit.run("collect")
    shutil.rmtree(tmp_path / "c")
    states = [{"outdated": 1}, {"modified": 1}, {"gone": 1}]
    assert everywhere(kit, 1) == [("ada", n, s) for n, s in zip("abc", states, strict=True)]
    told = kit.command("status", "--all")
    assert "ada (this machine)\n" in told.stdout
    assert "1 machine, 3 projects: 1 outdated, 1 modified, 1 gone" in told.stdout
    assert f"undeploy --forget {tmp_path / 'c'}" in told.stderr
    kit.run("deploy", "--to", tmp_path / "a")
    kit.run("deploy", "--to", tmp_path / "b", "--force")
    kit.run("undeploy", "--forget", tmp_path / "c")
    assert everywhere(kit, 0) == [("ada", name, {"synced": 1}) for name in "ab"]


def test_what_a_project_does_not_have_is_gone(kit: Kit, tmp_path: Path) -> None:
    """A project whose state was deleted, and one that cannot be read: the others are told, too."""
    for name in ("a", "b", "c"):
        deploy(kit, "plain-prose", tmp_path / name)
    for name in ("a", "b"):
        shutil.rmtree(tmp_path / name / ".claude")
        shutil.rmtree(tmp_path / name / ".holdall")
    (tmp_path / "b/.holdall").mkdir()
    (tmp_path / "b/.holdall/ledger.json").write_text("nonsense")
    states = [{"gone": 1}, {"unknown": 1}, {"synced": 1}]
    assert [states for *_, states in everywhere(kit, 1)] == states


@ON_SERVER
def test_machines_have_projects_under_one_path(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each machine's deploys, removals and undos are its own; others are told as recorded."""
    place = tmp_path / "app"
    on("ada", monkeypatch)
    deploy(kit, "plain-prose", place)
    place.rename(tmp_path / "of-ada")
    on("bob", monkeypatch)
    deploy(kit, "changelog", place)
    assert everywhere(kit, 0) == [("bob", "app", {"synced": 1}), ("ada", "app", {"synced": 1})]
    edit(kit.collection / "skills/plain-prose/SKILL.md")
    edit(kit.collection / "skills/changelog/SKILL.md")
    kit.run("collect")
    assert everywhere(kit, 1) == [("bob", "app", {"outdated": 1}), ("ada", "app", {"outdated": 1})]
    kit.run("undeploy", "changelog", "--to", place)
    assert everywhere(kit, 1) == [("ada", "app", {"outdated": 1})]
    refused = kit.command("remove", "plain-prose")
    assert f"is still in ada:{place}" in refused.stderr
    assert everywhere(kit, 1) == [("ada", "app", {"removed": 1})]


@ON_SERVER
def test_the_deploy_of_another_machine_is_not_undone_here(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under the same path here is another project, and stays."""
    place = tmp_path / "app"
    on("ada", monkeypatch)
    deploy(kit, "plain-prose", place)
    on("bob", monkeypatch)
    assert f"ada:{place} cannot be reached" in kit.command("undo").stderr
    assert (place / SKILL).exists()
    on("ada", monkeypatch)
    kit.run("undo")
    assert not (place / SKILL).exists()


@ON_SERVER
def test_what_a_composite_pins_is_synced_on_other_machines(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collection has other content by now, and the composite wants the old one."""
    on("ada", monkeypatch)
    kit.run("composite", "create", "mine", "--member", "skill:plain-prose")
    kit.run("composite", "pin", "mine", "skill:plain-prose", "0")
    edit(kit.collection / "skills/plain-prose/SKILL.md")
    kit.run("collect")
    deploy(kit, "mine", tmp_path / "app")
    on("bob", monkeypatch)
    ((_, _, states),) = everywhere(kit, 0)
    assert states == {"synced": 1}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_database_of_one_machine_knows_it_under_each_name(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop has another name in each network; its projects stay its own."""
    on("at-home", monkeypatch)
    deploy(kit, "plain-prose", tmp_path / "app")
    on("at-work", monkeypatch)
    deploy(kit, "changelog", tmp_path / "app")
    assert everywhere(kit, 0) == [("at-work", "app", {"synced": 2})]
    kit.run("undo", "2")
    assert everywhere(kit, 0) == []
    assert kit.json("doctor")["findings"] == []
