"""Agents, commands and servers that Holdall converted, read by the programs that they are for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from clients.machine import Machine
from e2e.kit import REPOSITORY, SAMPLE, Kit, new_kit

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DEVSET = REPOSITORY.parent / "shared/devset"
SOURCES = [SAMPLE, *(sorted(DEVSET.iterdir()) if DEVSET.is_dir() else ())]


@pytest.fixture(params=SOURCES, ids=lambda path: path.name)
def collected(request: pytest.FixtureRequest, tmp_path: Path, own_state: Path) -> Kit:
    """A collection with all of a source."""
    del own_state
    kit = new_kit(tmp_path / "here")
    kit.run("collect", request.param, status=None)
    return kit


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing on it."""
    folder = tmp_path / "machine"
    folder.mkdir()
    return Machine(folder)


def deploy(kit: Kit, machine: Machine, target: str) -> None:
    """Deploy all of the collection for an agent into the machine's project, a git repository."""
    ids = [a["id"] for a in kit.json("list")["artifacts"] if a["type"] != "composite"]
    on = ("--to", machine.project, "--target", target, "--allow-commands")
    done = kit.command("deploy", *ids, *on)
    assert done.returncode in (0, 1), done.stderr
    subprocess.run(["git", "init", "-q", machine.project], check=True)


def test_opencode_starts_with_all_of_it(collected: Kit, machine: Machine) -> None:
    """One agent that it refuses would keep every command of it from working."""
    deploy(collected, machine, "opencode")
    config = json.loads(machine.run("opencode", "debug", "config"))
    root = machine.project / ".opencode"
    agents = {str(p.relative_to(root / "agents"))[:-3] for p in root.glob("agents/**/*.md")}
    commands = {str(p.relative_to(root / "commands"))[:-3] for p in root.glob("commands/**/*.md")}
    assert agents <= config.get("agent", {}).keys()
    assert commands <= config.get("command", {}).keys()
    servers = machine.project / "opencode.json"
    if servers.exists():
        assert json.loads(servers.read_text())["mcp"].keys() <= config["mcp"].keys()


def test_codex_has_all_servers(collected: Kit, machine: Machine) -> None:
    """Its own list names each of them."""
    deploy(collected, machine, "codex")
    settings = machine.project / ".codex/config.toml"
    if not settings.exists():
        pytest.skip("no server can be converted")
    (machine.home / ".codex").mkdir()
    shutil.copy(settings, machine.home / ".codex/config.toml")
    listed = json.loads(machine.run("codex", "mcp", "list", "--json"))
    found = settings.read_text().count("[mcp_servers.")
    assert listed
    assert len(listed) <= found


def test_copilot_skips_no_server(collected: Kit, machine: Machine) -> None:
    """A bad one would be named."""
    deploy(collected, machine, "copilot")
    (machine.home / ".copilot").mkdir()
    trusted = json.dumps({"trustedFolders": [str(machine.project)]})
    (machine.home / ".copilot/config.json").write_text(trusted)
    assert "Skipping invalid" not in machine.run("copilot", "mcp", "list")
