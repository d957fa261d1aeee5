"""Claude Code and Gemini CLI say of exports whether they are right; see `machine` for how."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clients.machine import Machine
from e2e.kit import Kit, in_this_process

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SAMPLE = Path(__file__).parents[2] / "examples/sample"


@pytest.fixture
def kit(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with the two plugins of the sample."""
    found = Kit(in_this_process, tmp_path)
    found.run("init", found.collection)
    found.run("collect", SAMPLE)
    return found


@pytest.mark.parametrize("name", ["writing", "git-care"])
def test_claude_code_validates_a_plugin(kit: Kit, tmp_path: Path, name: str) -> None:
    """`claude plugin validate` finds nothing wrong with the manifest or with what is in it."""
    (tmp_path / "machine").mkdir()
    machine = Machine(tmp_path / "machine")
    kit.run("export", name, "--as", "claude", "--to", tmp_path / "out", status=None)
    told = json.loads(machine.run("claude", "plugin", "validate", "--json", tmp_path / "out"))
    assert told["success"], told


@pytest.mark.parametrize("name", ["writing", "git-care"])
def test_gemini_cli_validates_an_extension(kit: Kit, tmp_path: Path, name: str) -> None:
    """`gemini extensions validate` takes the manifest."""
    (tmp_path / "machine").mkdir()
    machine = Machine(tmp_path / "machine")
    kit.run("export", name, "--as", "gemini", "--to", tmp_path / "out", status=None)
    machine.run("gemini", "extensions", "validate", tmp_path / "out")
