"""What Holdall deployed, read by the programs that it is for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clients.machine import Machine
from e2e.kit import REPOSITORY, SAMPLE, Kit, new_kit, write

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
def kit(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with the sample."""
    del own_state
    kit = new_kit(tmp_path / "sample")
    kit.run("collect", SAMPLE, status=None)
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


def test_codex_ignores_nothing(collected: Kit, machine: Machine) -> None:
    """Its doctor warns of a broken agent, which shows that it looks, and of nothing else."""
    deploy(collected, machine, "codex")
    write(machine.project / ".codex/agents/broken.toml", 'name = "x"\n')
    trusted = f'[projects.{json.dumps(str(machine.project))}]\ntrust_level = "trusted"\n'
    write(machine.home / ".codex/config.toml", trusted)
    printed = machine.run("codex", "doctor", "--json", status=None)
    report = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    details = report["checks"]["config.load"]["details"]
    assert details["startup warnings"] == "1", details
    assert "broken.toml" in details["startup warning"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("opencode", ("opencode", "debug", "skill")),
        ("copilot", ("copilot", "skill", "list")),
        ("gemini", ("gemini", "skills", "list")),
    ],
    ids=["opencode", "copilot", "gemini"],
)
def test_every_skill_is_listed(
    kit: Kit, machine: Machine, target: str, words: tuple[str, ...]
) -> None:
    """Each program names all skills of the sample, by their own names."""
    deploy(kit, machine, target)
    trusted = json.dumps({"trustedFolders": [str(machine.project)]})
    write(machine.home / ".copilot/config.json", trusted)
    trusted = json.dumps({"security": {"folderTrust": {"enabled": False}}})
    write(machine.home / ".gemini/settings.json", trusted)
    listed = machine.run(*words)
    for name in names_of(kit, "skill"):
        assert name in listed


def test_skills_are_those_of_the_specification(collected: Kit, machine: Machine) -> None:
    """`agentskills validate` finds fault with no command that became a skill, but for two keys.

    These are what agents know beyond the specification.
    """
    validate = Path(sys.executable).with_name("agentskills")
    if not validate.exists():
        pytest.skip("skills-ref is not installed: `make test-clients` installs it")
    deploy(collected, machine, "codex")
    taken = names_of(collected, "skill")
    for name in names_of(collected, "command"):
        folder = machine.project / ".agents/skills" / name.replace(":", "-")
        if folder.name in taken or not folder.is_dir():
            continue
        done = subprocess.run([validate, "validate", folder], capture_output=True, text=True)
        problems = [line for line in done.stderr.splitlines() if line.startswith("  - ")]
        assert all("Unexpected fields in frontmatter" in line for line in problems), problems


def names_of(kit: Kit, type_name: str) -> list[str]:
    """Return the names of a collection's artifacts of a type."""
    artifacts = kit.json("list")["artifacts"]
    return [a["id"].partition(":")[2] for a in artifacts if a["type"] == type_name]


def test_copilot_skips_no_server(collected: Kit, machine: Machine) -> None:
    """A bad one would be named."""
    deploy(collected, machine, "copilot")
    (machine.home / ".copilot").mkdir()
    trusted = json.dumps({"trustedFolders": [str(machine.project)]})
    (machine.home / ".copilot/config.json").write_text(trusted)
    assert "Skipping invalid" not in machine.run("copilot", "mcp", "list")
