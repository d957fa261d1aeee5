"""What the README and the documentation show is what happens, word for word."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.conftest import clean_environment
from e2e.kit import REPOSITORY

pytestmark = pytest.mark.e2e


PAGES = [
    "README.md",
    "docs/guide.md",
    "docs/history.md",
    "docs/tutorial.md",
    "docs/howto/up-to-date.md",
    "docs/howto/ci.md",
    "docs/howto/agents.md",
]
"""The pages whose sessions are run; the others' are in tests of their own, or show no output."""


def session_of(page: str) -> list[tuple[str, str]]:
    """Return the commands of a page, or of its session, with the output shown for each."""
    start = re.search(r"^## (A session|Five lines to the first result)$", page, re.M)
    section = page[start.end() :].partition("\n## ")[0] if start else page
    blocks = re.findall(r"```console\n(.*?)```", section, re.S)
    steps: list[tuple[str, str]] = []
    for line in "".join(blocks).splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], ""))
        else:
            command, shown = steps[-1]
            steps[-1] = command, f"{shown}{line}\n"
    return steps


def pattern_of(shown: str) -> str:
    """Return a pattern for shown output: a line `...` stands for any lines, `…` for any text."""
    lines = [
        ".*" if line == "..." else re.escape(line).replace("…", "[^\\n]*")
        for line in shown.strip().splitlines()
    ]
    return "\n".join(lines)


@pytest.mark.parametrize("page", PAGES)
def test_the_session_on_the_page(tmp_path: Path, page: str) -> None:
    """Each command, run in one shell as shown, prints what is shown."""
    shutil.copytree(REPOSITORY / "examples", tmp_path / "examples")
    home = tmp_path / "home"
    home.mkdir()
    folder = Path(sys.executable).parent
    environment = clean_environment(home)
    environment["PATH"] = f"{folder}:{environment['PATH']}"
    environment["PYTHONUNBUFFERED"] = "1"  # as in a terminal, lines and warnings come in turn
    steps = session_of((REPOSITORY / page).read_text())
    assert len(steps) > 4
    where = tmp_path
    for command, shown in steps:
        if command.startswith("cd "):
            where = (where / command[3:]).resolve()
            continue
        done = subprocess.run(
            command,
            shell=True,
            cwd=where,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        printed = done.stdout.strip()
        assert re.fullmatch(pattern_of(shown), printed, re.S), f"$ {command}\n{printed}"
