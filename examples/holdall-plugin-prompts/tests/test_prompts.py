"""Prompts from a source into a project, by Holdall's fixtures; the plugin is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.testing import Kit, make_skill, write


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source with a prompt and a skill."""
    make_skill(tmp_path / "source", "plain")
    write(tmp_path / "source/prompts/letter.prompt", "Dear {{name}},\nthanks for {{what}}.\n")
    return tmp_path / "source"


def test_a_prompt_is_collected_and_deployed(holdall_kit: Kit, source: Path) -> None:
    """With an identity, a version and a place in the project, as any artifact."""
    assert holdall_kit.json("scan", source)["artifacts"][-1]["id"] == "prompt:letter"
    holdall_kit.run("collect", source)
    placed = holdall_kit.deploy("prompt:letter")["placed"]
    assert [one["id"] for one in placed] == ["prompt:letter"]
    deployed = holdall_kit.project / ".claude/prompts/letter.prompt"
    assert deployed.read_text().startswith("Dear {{name}}")
    (status,) = holdall_kit.json("status", "--to", holdall_kit.project)["deployed"]
    assert (status["id"], status["state"]) == ("prompt:letter", "synced")
    holdall_kit.run("undeploy", "prompt:letter", "--to", holdall_kit.project)
    assert not deployed.exists()


def test_a_prompt_is_filled_in(holdall_kit: Kit, source: Path) -> None:
    """What is left open makes the status 1; what is not a prompt is an error."""
    holdall_kit.run("collect", source)
    text = holdall_kit.run("fill", "letter", "name=Ada", "what=all")
    assert text == "Dear Ada,\nthanks for all.\n"
    assert holdall_kit.json("fill", "letter", "name=Ada", status=1)["left"] == ["what"]
    holdall_kit.run("fill", "skill:plain", status=2)


def test_a_broken_hole_is_found(holdall_kit: Kit, source: Path) -> None:
    """At its line; holes as they should be are none."""
    holdall_kit.run("lint", source)
    write(source / "prompts/broken.prompt", "fine: {{a}}\nbroken: {{b c}}\n")
    (found,) = holdall_kit.json("lint", source)["diagnostics"]
    assert (found["path"], found["line"], found["level"]) == ("prompts/broken.prompt", 2, "warning")
    assert found["code"] == "prompts:broken-hole"
    holdall_kit.run("lint", source, "--strict", status=1)
    holdall_kit.run("lint", source, "--strict", "--allow", "prompts:broken-hole")
