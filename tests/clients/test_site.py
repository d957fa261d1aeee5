"""Other programs install from the folder of `holdall site`, over a server on this machine.

See `machine` for how. No network, no account: each run has a home of its own.
"""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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
SKILLS = ("changelog", "commit-message", "meeting-notes", "plain-prose")


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


@contextmanager
def serve(folder: Path, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve a folder on this machine, over TLS with a context; yield the port."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def url(kit: Kit) -> Iterator[str]:
    """The address of the site."""
    with serve(kit.collection.parent / "www") as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def secure_url(kit: Kit, machine: Machine, tmp_path: Path) -> Iterator[str]:
    """Its address with TLS, by a certificate that the machine trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    files = ("-keyout", key, "-out", certificate)
    subprocess.run([*made, *names, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    machine.settings["NODE_EXTRA_CA_CERTS"] = str(certificate)
    with serve(kit.collection.parent / "www", context) as port:
        yield f"https://localhost:{port}"


def same_bytes(kit: Kit, skill: str, place: Path) -> None:
    """Check that a skill was installed with every byte."""
    source = kit.collection / "skills" / skill
    for path in filter(Path.is_file, source.rglob("*")):
        assert (place / path.relative_to(source)).read_bytes() == path.read_bytes()


def test_skills_installs_from_the_index(kit: Kit, url: str, machine: Machine) -> None:
    """`skills add URL` finds every skill."""
    words = ("add", url, "-s", "*", "-a", "claude-code", "codex", "-y", "--copy")
    machine.run("skills", *words)
    for skill in SKILLS:
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


def test_opencode_reads_the_older_index(kit: Kit, url: str, machine: Machine) -> None:
    """From an address in its settings, into its cache."""
    subprocess.run(["git", "init", "-q", machine.project], check=True)
    settings = {"skills": {"urls": [f"{url}/.well-known/skills/"]}}
    (machine.project / "opencode.json").write_text(json.dumps(settings))
    listed = machine.run("opencode", "debug", "skill")
    for skill in SKILLS:
        assert f'"{skill}"' in listed
        same_bytes(kit, skill, machine.home / ".cache/opencode/skills" / skill)


def test_dotagents_installs_from_the_older_index(
    kit: Kit, secure_url: str, machine: Machine
) -> None:
    """Which has to be served over TLS: of any other address it says that it is not valid."""
    subprocess.run(["git", "init", "-q", machine.project], check=True)
    text = 'version = 1\nagents = ["claude"]\n\n[[skills]]\nname = "*"\nsource = "{}"\n'
    file = machine.project / "agents.toml"
    file.write_text(text.format(secure_url.replace("https", "http")))
    assert "Invalid config" in machine.run("dotagents", "install", status=1)
    file.write_text(text.format(secure_url))
    machine.run("dotagents", "install")
    for skill in SKILLS:
        same_bytes(kit, skill, machine.project / ".claude/skills" / skill)


def test_apm_installs_a_plugin(kit: Kit, machine: Machine) -> None:
    """From the folder, which is a marketplace; commands it writes in a form of its own."""
    machine.run("apm", "marketplace", "add", kit.collection.parent / "www", "--name", "kit")
    machine.run("apm", "install", "writing@kit", "--target", "claude")
    placed = machine.project / ".claude"
    for skill in ("changelog", "plain-prose"):
        same_bytes(kit, skill, placed / "skills" / skill)
    (own,) = (kit.collection / "agents").rglob("editor.md")
    assert (placed / "agents/editor.md").read_bytes() == own.read_bytes()
    assert (placed / "commands/shorten.md").is_file()
