"""The installed `holdall` command, with a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.kit import SAMPLE, Kit, in_this_process

Command = Callable[..., subprocess.CompletedProcess[str]]


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """Return this process's environment without Holdall's variables, and with another home."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HOLDALL_")}
    return {**kept, "HOME": str(home), "XDG_DATA_HOME": str(home / "share"), **extra}


@pytest.fixture
def holdall(tmp_path: Path) -> Command:
    """Run `holdall` with these words in `tmp_path`; keyword `env` adds variables."""
    command = Path(sys.executable).with_name("holdall")
    assert command.exists(), f"{command} is missing: install the project first"
    home = tmp_path / "home"
    home.mkdir()

    def run(
        *words: str | Path, env: dict[str, str] | None = None, cwd: Path = tmp_path
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(command), *map(str, words)],
            cwd=cwd,
            env=clean_environment(home, **(env or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def sample() -> Path:
    """The sample source in the repository."""
    return SAMPLE


@pytest.fixture
def kit(
    holdall: Command,
    tmp_path: Path,
    own_state: Path,
    dialect: str,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Kit:
    """A fresh collection whose database is on each kind in turn.

    On SQLite each command is a process, as for users; on PostgreSQL, where only the database
    differs, it runs in this one.
    """
    if dialect == "postgresql":
        monkeypatch.chdir(tmp_path)
        holdall = in_this_process
    kit = Kit(holdall, tmp_path, database_url)
    kit.run("init", kit.collection)
    return kit
