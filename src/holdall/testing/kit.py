"""A collection, a project, and the command that works on them."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from holdall.cli import main

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def in_this_process(*words: object) -> subprocess.CompletedProcess[str]:
    """Run the command without a process of its own, which is ten times as fast."""
    out, err = io.StringIO(), io.StringIO()
    texts = [str(word) for word in words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(texts)
    return subprocess.CompletedProcess(texts, status, out.getvalue(), err.getvalue())


class Kit:
    """A collection and a project in a folder, and the command that works on both.

    `holdall` runs the command, with its words as arguments; `database_url` None is the database
    inside the collection.
    """

    def __init__(self, holdall: Run, folder: Path, database_url: str | None = None) -> None:
        self.holdall = holdall
        self.collection = folder / "kit"
        self.project = folder / "project"
        self.project.mkdir()
        self.database_url = database_url

    def command(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command on the collection; return its status and what it printed."""
        chosen = () if self.database_url is None else ("--database", self.database_url)
        return self.holdall("--collection", self.collection, *chosen, *words)

    def run(self, *words: str | Path, status: int | None = 0) -> str:
        """Run a command that ends with this status, any if None; return standard output."""
        done = self.command(*words)
        assert status in (None, done.returncode), done.stdout + done.stderr
        return done.stdout

    def json(self, *words: str | Path, status: int | None = 0) -> Any:
        """Run a command with `--json`; return what it printed, without `schema_version`."""
        printed = json.loads(self.run(*words, "--json", status=status))
        del printed["schema_version"]
        return printed

    def deploy(self, *words: str, status: int = 0) -> Any:
        """Deploy into the project; return what the command printed as JSON."""
        return self.json("deploy", *words, "--to", self.project, status=status)
