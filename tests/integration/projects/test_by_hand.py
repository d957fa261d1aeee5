"""What somebody new tries in a project, and what the answers lead to."""

from __future__ import annotations

import pytest

from machines import Machine, Upstream

pytestmark = pytest.mark.integration


def test_what_is_deployed_by_hand(ada: Machine) -> None:
    """One line says that holdall.toml has it not, and how it gets it; `drop` names `undeploy`."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    ada.run("collect", "acme/kit")
    assert "skill:pdf" not in ada.run("deploy", "pdf")
    told = ada.run("deploy", "notes")
    command = "holdall add https://github.com/acme/kit --skill skill:notes"
    assert f"skill:notes is not in holdall.toml; `{command}` writes it there\n" in told
    assert "`holdall undeploy skill:notes` removes it" in ada.run("drop", "notes", status=4)
    assert "undeploy" not in ada.run("drop", "other", status=4)
    ada.run(*command.split()[1:])
    assert "dropped skill:notes" in ada.run("drop", "notes")


def test_a_deploy_by_hand_beside_a_broken_lock(ada: Machine) -> None:
    """It is done, and no error; what is wrong with the lock is for `sync` to say."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    ada.run("collect", "acme/kit")
    (ada.project / "holdall.lock").write_text("broken")
    ada.run("deploy", "notes")
    assert ".claude/skills/notes/SKILL.md" in ada.files()
    assert "holdall.lock, line 1" in ada.run("sync", status=2)


def test_the_same_agents(ada: Machine) -> None:
    """Without a command, the agents are those that `status` names, not others of the folder."""
    ada.run("add", "acme/kit", "--skill", "pdf", "--target", "codex")
    assert "skill:pdf for codex" in ada.run("status")
    assert ["agents", "codex"] in [line.split() for line in ada.run().splitlines()]


def test_what_is_missing_is_said(ada: Machine) -> None:
    """A bare `diff` says what to give it; a source that nothing came from is named."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    assert "`holdall diff ID` shows what was edited here" in ada.run("diff", status=2)
    told = ada.run("list", "--source", "nowhere")
    assert told == "nothing came from a source with 'nowhere' in it\n"


def test_an_edit_that_was_merged(ada: Machine, upstream: Upstream) -> None:
    """An update says which files have both the edit and what is new, and where the edit is."""
    ada.run("add", "acme/kit", "--skill", "pdf")
    file = ada.project / ".claude/skills/pdf/SKILL.md"
    file.write_text(file.read_text() + "\nmine\n")
    skill = upstream.work / "skills/pdf/SKILL.md"
    skill.write_text(skill.read_text().replace("description: pdf one", "description: pdf two"))
    upstream.release()
    told = ada.run("update", "--yes")
    assert told.count("merged .claude/skills/pdf/SKILL.md: your edit with what is new") == 1
    assert "kept your version of .claude/skills/pdf/SKILL.md" in told
