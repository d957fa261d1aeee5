"""The sessions that pages show: their commands, what each is shown to print, and running them."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from holdall.cli import main

__all__ = ["Step", "Terminal", "blocks_of", "matches", "session_of"]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PLAIN = re.compile(r"holdall((?: (?:[\w./:@=,^-]+|'[^']*'|\"[^\"$`]*\"))*)(?: ([|>] .+))?")
"""A line of the command alone, perhaps piped into something; all else is for a shell."""


_TIME = re.compile(r"\d{4}\\-\d\d\\-\d\dT\d\d:\d\d:\d\dZ")
"""A time, in a pattern."""


class Step(NamedTuple):
    """A command, and the output that the page shows for it."""

    command: str
    shown: str


def blocks_of(page: str) -> list[tuple[str, str]]:
    """Return the language and the text of each block."""
    return _BLOCK.findall(page)


def session_of(page: str) -> list[Step]:
    """Return the commands in the console blocks of a page, in their order."""
    steps: list[Step] = []
    for language, text in blocks_of(page):
        for line in text.splitlines() if language == "console" else ():
            if line.startswith("$ "):
                steps.append(Step(line[2:].partition("  # ")[0].rstrip(), ""))
            else:
                command, shown = steps[-1]
                steps[-1] = Step(command, f"{shown}{line}\n")
    return steps


def matches(shown: str, printed: str) -> bool:
    """Whether output is as shown: a line `...` stands for any lines, `…` for any text.

    Of hashes and times the length counts only: they are others each time.
    """
    lines = [".*" if line == "..." else _pattern_of(line) for line in shown.strip().splitlines()]
    return re.fullmatch("\n".join(lines), printed.strip(), re.DOTALL) is not None


def _pattern_of(line: str) -> str:
    pattern = re.escape(line).replace("…", "[^\\n]*")
    pattern = re.sub(r"\b[0-9a-f]{12,}\b", lambda found: f"[0-9a-f]{{{len(found[0])}}}", pattern)
    return _TIME.sub(lambda _: r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", pattern)


class Terminal:
    """Runs lines as a shell does; `holdall` in this process, which is ten times as fast.

    `names` are what a page calls something, and what it is called here.
    """

    def __init__(self, names: dict[str, str] | None = None) -> None:
        self.names = names or {}

    def run(self, line: str) -> tuple[int, str]:
        """Run a line in the current folder; return its status and all that it printed."""
        for name, here in self.names.items():
            line = line.replace(name, here)
        status, printed = self._run(line)
        for name, here in self.names.items():
            printed = printed.replace(here, name)
        return status, printed

    def _run(self, line: str) -> tuple[int, str]:
        import shlex

        plain = _PLAIN.fullmatch(line)
        if plain is None:
            return _run_shell(line)
        printed = io.StringIO()
        out = io.StringIO() if plain[2] else printed
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(printed):
            status = main(shlex.split(plain[1]))
        if not plain[2]:
            return status, printed.getvalue()
        status, rest = _run_shell(f"cat {plain[2]}", out.getvalue())
        return status, printed.getvalue() + rest


def _run_shell(line: str, stdin: str = "") -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", line],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path.cwd(),
    )
    return done.returncode, done.stdout
