"""Other programs install from the folder of `holdall site`, over a server on this machine.

`make test-clients` installs them in named versions; HOLDALL_CLIENTS is the folder with their
`node_modules`. No network, no account: each run has a home of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from clients.machine import Machine
from e2e.kit import Kit, in_this_process

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SAMPLE = Path(__file__).parents[2] / "examples/sample"


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
