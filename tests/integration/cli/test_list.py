"""`holdall list` and `search`: short in a pipe, all that helps on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.kit import SAMPLE, Kit, in_this_process
from holdall.testing import make_skill
from integration.cli.test_start import imported_by

pytestmark = pytest.mark.integration


@pytest.fixture
def shelf(tmp_path: Path, own_state: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """A collection with the sample; one skill is deployed with other content than it has now."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    kit = Kit(in_this_process, tmp_path)
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    kit.deploy("plain-prose", "agent:reviewer")
    make_skill(kit.collection, "plain-prose", "newer")
    kit.run("collect")
    return kit


def test_a_pipe_gets_ids_and_opens_no_database(shelf: Kit) -> None:
    """Each line is an id, a UUID and a source; --ids prints the first alone."""
    rows = [line.split() for line in shelf.run("list").splitlines()]
    assert ["skill:changelog", str(SAMPLE)] in [[row[0], row[2]] for row in rows]
    assert shelf.run("list", "--ids").splitlines() == [row[0] for row in rows]
    imported = imported_by("--collection", shelf.collection, "list")
    assert not imported & {"peewee", "rich", "yaml", "sqlite3"}


def test_long_has_versions_places_and_problems(shelf: Kit) -> None:
    """What is deployed with other content is `stale`; what was edited or is gone says so."""
    (shelf.collection / "skills/changelog/SKILL.md").write_text("edited")
    (shelf.collection / "agents/librarian.md").unlink()
    found = {one["id"]: one for one in shelf.json("list", "--long")["artifacts"]}
    prose = found["skill:plain-prose"]
    assert (prose["version"], prose["projects"]) == (1, [str(shelf.project)])
    assert prose["stale"] == prose["projects"]
    assert found["agent:reviewer"]["stale"] == []
    assert found["skill:changelog"]["problems"] == ["edited"]
    assert found["agent:librarian"]["problems"] == ["missing"]
    assert "diff as a careful colleague" in found["agent:reviewer"]["description"]
    assert shelf.run("list", "--outdated", "--ids").split() == ["skill:plain-prose"]
    assert "stale" in shelf.run("list", "--long")


def test_a_terminal_shows_what_fits(shelf: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below its source, coloured, cut at 80 columns, with a summary last."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    (shelf.collection / "skills/changelog/SKILL.md").write_text("edited")
    lines = shelf.run("list").splitlines()
    assert str(SAMPLE) in lines[0]
    assert any("\x1b[" in line and "v1" in line and "project*" in line for line in lines)
    assert lines[-1] == "12 artifacts, 2 composites, 1 edited, 1 deployed with other content"
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shelf.run("list", "--long")


def test_a_source_is_a_filter(shelf: Kit) -> None:
    """By a part of its address."""
    assert shelf.run("list", "--source", "no such", "--ids") == ""
    assert "skill:changelog" in shelf.run("list", "--source", "sample", "--ids")


def test_search_finds_words_anywhere(shelf: Kit) -> None:
    """In ids first, then in descriptions and texts, in any case; all of them have to be there."""
    found = shelf.run("search", "COMMIT", "--ids").split()
    assert found[:2] == ["skill:commit-message", "command:git-care:git:commit"]
    assert "skill:changelog" in found
    assert shelf.run("search", "commit", "staged", "--ids").split() == [
        "command:git-care:git:commit"
    ]
    assert shelf.run("search", "prose", "--type", "agent", "--ids").split() == ["agent:editor"]
    assert "hint: " in shelf.command("search", "xyzzy").stderr
    shelf.run("search", "xyzzy", status=4)


def test_thousands_of_lines_are_counted(
    shelf: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal a long list ends with how many are left; a pipe and --verbose get all."""
    for number in range(60):
        make_skill(tmp_path / "many", f"s{number}")
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = shelf.run("collect", tmp_path / "many", "--dry-run")
    assert "... and 30 more; --verbose shows all" in shown
    assert shelf.run("collect", tmp_path / "many", "--dry-run", "--verbose").count("s5") == 11
    monkeypatch.delenv("FORCE_COLOR")
    assert shelf.run("collect", tmp_path / "many", "--dry-run").count("new") == 61


def test_a_deploy_says_what_went_where(shelf: Kit) -> None:
    """How many files, for which agents, in which project; status ends with what to do."""
    project = shelf.project
    done = shelf.command("deploy", "changelog", "--to", project, "--target", "claude,codex")
    assert done.stdout.splitlines()[-1] == f"4 files written for claude and codex in {project}"
    with (project / ".claude/agents/reviewer.md").open("a") as file:
        file.write("edited")
    done = shelf.command("status", "--to", project)
    assert done.stdout.splitlines()[-1].endswith(f"for claude and codex in {project}")
    assert f"holdall adopt agent:reviewer --from {project}" in done.stderr
    assert f"holdall deploy --to {project}` updates" in done.stderr


def test_diffs_and_states_are_coloured(shelf: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Red and green on a terminal; the same text without."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = shelf.run("diff", "plain-prose@0", "plain-prose@1", status=1)
    assert "\x1b[32m+" in shown and "\x1b[31m-" in shown
    assert "\x1b[36moutdated " in shelf.run("status", "--to", shelf.project, status=1)


@pytest.mark.with_sample
def test_show_says_what_an_agent_would_run(kit: Kit) -> None:
    """A hook's command is printed whole; a text that runs nothing says nothing of it."""
    assert "can run or send  runs: git diff --check" in kit.run("show", "hook:git-care")
    assert kit.json("show", "hook:git-care")["effects"][0].startswith("runs: git diff --check")
    assert "can run" not in kit.run("show", "skill:plain-prose")
