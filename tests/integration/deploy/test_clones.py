"""A project that a teammate cloned: `deployed.toml` says there what was deployed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, new_kit
from holdall.deploy.project.shared import parse_shared
from holdall.errors import InputError
from host_factories import make_source, snapshot, write

pytestmark = pytest.mark.integration

SHARED = ".holdall/deployed.toml"
SETTINGS = ".claude/settings.json"
RECORD = ".claude/.skillmeat-deployed.toml"
SKILL = ".claude/skills/a/SKILL.md"


@pytest.fixture
def kit(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with a plugin that has everything, deployed into a project with own settings."""
    del own_state
    kit = new_kit(tmp_path / "all")
    collect(kit, "one")
    write(kit.project / SETTINGS, '{\n  "model": "mine"\n}\n')
    write(kit.project / "src/main.py", "pass\n")
    return kit


def collect(kit: Kit, text: str) -> None:
    """Collect the plugin with this text in each of its artifacts."""
    source = make_source(kit.collection.parent.parent / "source")
    write(source / ".claude-plugin/plugin.json", '{"name": "plug", "version": "1.0.0"}')
    write(source / "skills/a/SKILL.md", f"---\nname: a\ndescription: d\n---\n{text}\n")
    write(source / "skills/a/more.md", "more\n")
    write(source / "commands/c.md", f"---\ndescription: c\n---\n{text}\n")
    command = "${CLAUDE_PLUGIN_ROOT}/run.sh " + text
    hook = {"hooks": [{"type": "command", "command": command}]}
    write(source / "hooks/hooks.json", json.dumps({"hooks": {"Stop": [hook]}}))
    write(source / "run.sh", "#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    server = {"command": "srv", "args": [text], "env": {"TOKEN": "secret"}}
    write(source / ".mcp.json", json.dumps({"mcpServers": {"srv": server}}))
    kit.run("collect", source, status=None)


def clone(kit: Kit, own_state: Path) -> Path:
    """Return what git would bring to somebody else."""
    there = kit.project.with_name("clone")
    ignore = (kit.project / ".holdall/.gitignore").read_text().split()
    assert ignore == ["*", "!deployed.toml", "!.gitattributes"]
    names = ("ledger.json", "lock", "outbox", "tx", "backups", ".gitignore")
    left_out = shutil.ignore_patterns(*names)
    shutil.copytree(kit.project, there, ignore=left_out)
    (own_state / "holdall/journal.key").unlink()
    return there


def deploy(kit: Kit, project: Path, *words: str, status: int | None = 0) -> Any:
    """Deploy into a project, commands allowed."""
    return kit.json("deploy", *words, "--to", project, "--allow-commands", status=status)


def states(kit: Kit, project: Path) -> dict[str, str]:
    """Return the state of everything that is deployed in a project, by the types."""
    found = kit.json("status", "--to", project, status=None)["deployed"]
    return {status["id"].partition(":")[0]: status["state"] for status in found}


def hooks(project: Path) -> list[str]:
    """Return the commands of the hooks in a project's settings."""
    groups = json.loads((project / SETTINGS).read_text()).get("hooks", {}).get("Stop", [])
    return [hook["command"] for group in groups for hook in group["hooks"]]


ALL = ("skill", "command", "hook", "mcp", "plugin-files")


@pytest.mark.parametrize("target", ["claude", "gemini"])
def test_a_clone_knows_what_was_deployed(kit: Kit, own_state: Path, target: str) -> None:
    """Status shows all of it as it is; an undeploy leaves what was there before the deploy."""
    before = snapshot(kit.project, times=False)
    deploy(kit, kit.project, "composite:plug", "--target", target)
    there = clone(kit, own_state)
    known = states(kit, there)
    assert set(known.values()) == {"synced"}
    assert set(known) == {*ALL}
    kit.run("undeploy", "composite:plug", "--to", there)
    after = snapshot(there, times=False)
    assert {path: after[path] for path in before} == before
    assert {path for path in after.keys() - before.keys() if (there / path).is_file()} == set()
    assert not (there / SHARED).exists()


def test_an_update_in_a_clone_replaces_what_was_deployed(kit: Kit, own_state: Path) -> None:
    """Old files, hooks and servers go, by the versions in the database; nothing is doubled."""
    deploy(kit, kit.project, "composite:plug")
    there = clone(kit, own_state)
    collect(kit, "two")
    assert {states(kit, there)[kind] for kind in ALL if kind != "plugin-files"} == {"outdated"}
    deploy(kit, there)
    assert [command.split()[-1] for command in hooks(there)] == ["two"]
    assert json.loads((there / ".mcp.json").read_text())["mcpServers"]["srv"]["args"] == ["two"]
    assert "two" in (there / SKILL).read_text()
    assert set(states(kit, there).values()) == {"synced"}
    assert tomllib.loads((there / SHARED).read_text()) != tomllib.loads(
        (kit.project / SHARED).read_text()
    )


def test_an_edit_in_a_clone_is_an_edit(kit: Kit, own_state: Path) -> None:
    """Files, hooks and servers that a person changed are neither replaced nor doubled."""
    deploy(kit, kit.project, "composite:plug")
    there = clone(kit, own_state)
    for path in (SKILL, SETTINGS, ".mcp.json"):
        text = (there / path).read_text()
        (there / path).write_text(text.replace("one", "one --mine"))
    edited = states(kit, there)
    assert {edited[kind] for kind in ("skill", "hook", "mcp")} == {"modified"}
    before = snapshot(there)
    collect(kit, "two")
    kit.run("deploy", "--to", there, "--allow-commands", status=3)
    assert snapshot(there) == before
    kit.run("undeploy", "composite:plug", "--to", there, status=1)
    assert "mine" in (there / SKILL).read_text()
    assert [command.split()[-1] for command in hooks(there)] == ["--mine"]


def test_a_teammates_update_arrives_by_git(kit: Kit, own_state: Path) -> None:
    """With a ledger of one's own: what the files agree with is true, also what was removed."""
    deploy(kit, kit.project, "skill:a", "command:plug:c")
    there = clone(kit, own_state)
    deploy(kit, there, "skill:a", "command:plug:c")
    collect(kit, "two")
    deploy(kit, there, "skill:a")
    kit.run("undeploy", "command:plug:c", "--to", there)
    assert states(kit, kit.project) == {"skill": "outdated", "command": "outdated"}
    for path in (SHARED, SKILL, RECORD):  # what `git pull` brings
        (kit.project / path).write_bytes((there / path).read_bytes())
    (kit.project / ".claude/commands/plug/c.md").unlink()
    assert states(kit, kit.project) == {"skill": "synced"}
    assert deploy(kit, kit.project)["written"] == []
    assert (kit.project / SHARED).read_bytes() == (there / SHARED).read_bytes()


def test_the_file_has_no_secret_and_is_the_same_for_all(kit: Kit, own_state: Path) -> None:
    """Hashes instead of values, sorted entries, nothing of who deployed it or when."""
    deploy(kit, kit.project, "composite:plug")
    text = (kit.project / SHARED).read_text()
    assert "secret" not in text
    assert "srv" in text
    assert list(tomllib.loads(text)["deployed"]) == sorted(tomllib.loads(text)["deployed"])
    there = clone(kit, own_state)
    deploy(kit, there, "composite:plug")
    assert (there / SHARED).read_text() == text


def test_what_no_plugin_here_knows_stays_in_the_file(kit: Kit, own_state: Path) -> None:
    """Another agent's or a plugin's entries are kept, and nothing is done about them."""
    deploy(kit, kit.project, "skill:a")
    there = clone(kit, own_state)
    text = (there / SHARED).read_text()
    (entry,) = [line for line in text.splitlines(keepends=True) if line.startswith("deployed")]
    strange = entry.replace(".claude ", ".elsewhere ") + entry.replace("skill:a", "prompt:p")
    (there / SHARED).write_text(text.replace(entry, entry + strange))
    collect(kit, "two")
    deploy(kit, there, "skill:a")
    kit.run("undeploy", "skill:a", "--to", there)
    left = tomllib.loads((there / SHARED).read_text())["deployed"]
    assert {id_: list(targets) for id_, targets in left.items()} == {
        "prompt:p": ["claude"],
        "skill:a": ["elsewhere"],
    }


@pytest.mark.parametrize(
    "change",
    [
        ('".claude/settings.json"', '"package.json"'),
        ('["hooks", "Stop"]', '["other", "Stop"]'),
        ("hook:", "skill:"),
        ('["hooks", "Stop"]', '["hooks"]'),
    ],
    ids=["another file", "other keys", "another type", "fewer keys"],
)
def test_a_forged_file_claims_nothing_else(
    kit: Kit, own_state: Path, change: tuple[str, str]
) -> None:
    """Keys and files outside of the artifact's own place are left alone."""
    deploy(kit, kit.project, "composite:plug")
    there = clone(kit, own_state)
    write(there / "package.json", '{"hooks": {"Stop": ["a"]}, "keep": 1}\n')
    text = (there / SHARED).read_text()
    assert change[0] in text
    (there / SHARED).write_text(text.replace(*change))
    package = (there / "package.json").read_bytes()
    kit.run("undeploy", "composite:plug", "--to", there, status=None)
    kit.run("undeploy", "composite:plug", "--to", there, "--force", status=None)
    assert (there / "package.json").read_bytes() == package
    assert json.loads((there / SETTINGS).read_text())["model"] == "mine"


def git(folder: Path, *words: str) -> str:
    """Run git as somebody."""
    person = ("-c", "user.name=n", "-c", "user.email=a@b", "-c", "core.autocrlf=false")
    done = subprocess.run(["git", "-C", folder, *person, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_branches_merge(kit: Kit) -> None:
    """What two branches deployed side by side is there after the merge, without a conflict."""
    deploy(kit, kit.project, "skill:a")
    git(kit.project, "init", "-q", "-b", "main")
    git(kit.project, "add", "-A")
    assert git(kit.project, "ls-files", ".holdall").split() == [
        ".holdall/.gitattributes",
        SHARED,
    ]
    git(kit.project, "commit", "-qm", "1")
    git(kit.project, "checkout", "-qb", "other")
    deploy(kit, kit.project, "mcp:srv")
    git(kit.project, "add", "-A")
    git(kit.project, "commit", "-qm", "2")
    git(kit.project, "checkout", "-q", "main")
    assert set(states(kit, kit.project)) == {"skill"}
    deploy(kit, kit.project, name_of(kit, "hook"))
    git(kit.project, "add", "-A")
    git(kit.project, "commit", "-qm", "3")
    git(kit.project, "merge", "-q", "other")
    assert states(kit, kit.project)["mcp"] == "synced"
    assert set(states(kit, kit.project)) == {"skill", "mcp", "hook", "plugin-files"}
    deploy(kit, kit.project)
    assert len(tomllib.loads((kit.project / SHARED).read_text())["deployed"]) == 4


def name_of(kit: Kit, kind: str) -> str:
    """Return the id of the only artifact of a type."""
    (found,) = [i for i in kit.uuids() if i.startswith(f"{kind}:")]
    return found


def test_both_sides_of_a_conflict_are_hints(kit: Kit, own_state: Path) -> None:
    """What the files agree with is true; marks of the conflict stop nobody."""
    deploy(kit, kit.project, "skill:a")
    there = clone(kit, own_state)
    text = (there / SHARED).read_text()
    (entry,) = [line for line in text.splitlines(keepends=True) if line.startswith("deployed")]
    other = re.sub('placed_hash = "....', 'placed_hash = "0000', entry)
    sides = f"<<<<<<< HEAD\n{other}=======\n{entry}>>>>>>> other\n"
    (there / SHARED).write_text(text.replace(entry, sides))
    assert states(kit, there) == {"skill": "synced"}
    deploy(kit, there)
    assert (there / SHARED).read_text() == text


@pytest.mark.parametrize(
    "damage",
    ["format = 2\n", "deployed = [3]\n", "\0", 'deployed."skill:a".claude = {}\n', "[deployed]\nx"],
)
def test_a_damaged_file_is_named_with_a_hint(kit: Kit, own_state: Path, damage: str) -> None:
    """Every command stops there, and nothing is changed."""
    deploy(kit, kit.project, "skill:a")
    there = clone(kit, own_state)
    (there / SHARED).write_text(damage)
    before = snapshot(there)
    for words in (("status",), ("deploy", "skill:a"), ("undeploy", "skill:a")):
        done = kit.command(*words, "--to", there)
        assert done.returncode not in (0, 1)
        assert "deployed.toml" in done.stderr
        assert "hint: " in done.stderr
        assert "Traceback" not in done.stderr
    assert snapshot(there) == before
    with pytest.raises(InputError):
        parse_shared(damage, "deployed.toml")
