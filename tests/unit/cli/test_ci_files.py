"""What other repositories take from this one for their checks names commands that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from documents import commands

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]


def command_lines() -> list[str]:
    """Return each line of the two files that runs Holdall."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    steps = [step["run"] for step in action["runs"]["steps"]]
    return [run for run in (*steps, *(hook["entry"] for hook in hooks)) if "holdall " in run]


def test_they_run_commands_that_there_are() -> None:
    """Each line names a command; inputs of an action reach a shell by variables only."""
    lines = command_lines()
    assert len(lines) == 3
    for line in lines:
        assert line.split()[1] in commands()
    runs = re.findall(r"run: .*", (ROOT / "action.yml").read_text())
    assert runs
    assert not any("${{" in run for run in runs)
