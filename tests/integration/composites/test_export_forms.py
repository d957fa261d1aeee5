"""Each format read, collected, deployed, exported as each of six, and collected again."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from e2e.kit import Kit, in_this_process, known, new_kit, tree
from holdall.artifacts.rules import Dialect, read_scope
from holdall.operations import EXPORT_FORMS
from plugin_rules import AGENT_SERVERS, MANIFESTS
from source_trees import good, write

pytestmark = pytest.mark.integration

FORMS = ("claude", "agent-plugin", "codex", "cursor", "copilot", "gemini")
HOOK = {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}}
SERVERS = {"mcpServers": {"s": {"command": "run", "env": {"KEY": "${KEY}"}}}}
RULE = "---\nalwaysApply: true\n---\nBe brief.\n"
COMMON: Mapping[str, Any] = {
    "skills/a/SKILL.md": good("a"), "skills/a/b/c.txt": "c", "README.md": "Read me.\n",
}  # fmt: skip
SOURCES: Mapping[str, Mapping[str, Any]] = {
    "claude": {
        ".claude-plugin/plugin.json": {
            "name": "Desk Kit", "version": "1.2.3", "author": {"name": "A", "email": "a@b.c"},
            "homepage": "https://x.test", "license": "MIT", "keywords": ["x"], "odd": {"k": [1]},
        },
        "commands/git/go.md": "---\ndescription: d\n---\nGo $ARGUMENTS !`git status`\n",
        "agents/b.md": good("b"), "output-styles/calm.md": "Be calm.\n",
        "hooks/hooks.json": HOOK, ".mcp.json": SERVERS, **COMMON,
    },
    "agent-plugin": {
        "plugin.json": {
            "$schema": "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json",
            "name": "desk", "version": "1.0.0", "extensions": {"com.example": {"x": 1}},
        },
        "mcp.json": {
            "mcpServers": {"s": {"type": "stdio", "command": "${PLUGIN_ROOT}/run"},
                           "t": {"type": "streamable-http", "url": "https://x.test"}}
        },
        **COMMON,
    },
    "codex": {
        ".codex-plugin/plugin.json": {
            "name": "desk", "version": "1.0.0", "description": "d", "mcpServers": "./.mcp.json",
            "interface": {"displayName": "Desk", "category": "Other"},
        },
        ".mcp.json": SERVERS, "hooks/hooks.json": HOOK, **COMMON,
    },
    "cursor": {
        ".cursor-plugin/plugin.json": {"name": "desk", "description": "d"},
        "rules/brief.mdc": RULE, "rules/ask.mdc": "Only if asked.\n",
        "mcp.json": {"mcpServers": {"s": {"command": "run", "env": {"KEY": "${env:KEY}"}}}},
        "commands/go.md": "go\n", "agents/b.md": good("b"), **COMMON,
    },
    "copilot": {
        ".github/plugin/plugin.json": {"name": "desk", "agents": "agents/", "version": "2.0.0"},
        "agents/b.agent.md": good("b"), ".mcp.json": SERVERS, **COMMON,
    },
    "gemini": {
        "gemini-extension.json": {
            "name": "desk", "version": "1.0.0", "contextFileName": "GEMINI.md",
            "mcpServers": {"s": {"httpUrl": "https://x.test"}},
        },
        "GEMINI.md": "Always tidy.\n", "commands/go.toml": "prompt = 'Go {{args}}'\n", **COMMON,
    },
    "opencode": {  # it has no plugins: the composite is made by hand
        ".opencode/agent/b.md": "---\ndescription: d\ntools:\n  write: false\n---\nLook.\n",
        ".opencode/command/git/go.md": "---\ndescription: d\nmodel: a/b\n---\nGo $1\n",
        ".opencode/skill/a/SKILL.md": good("a"), ".opencode/skill/a/b/c.txt": "c",
    },
}  # fmt: skip


def collected(tmp_path: Path, name: str) -> Kit:
    """Collect a source of one format into a collection of its own."""
    source = tmp_path / name
    source.mkdir(parents=True)
    write(source, SOURCES[name])
    kit = Kit(in_this_process, tmp_path)
    kit.run("init", kit.collection)
    kit.run("collect", source, status=None)
    if not kit.json("composite", "list")["composites"]:
        ids = [artifact["id"] for artifact in kit.json("list")["artifacts"]]
        kit.run("composite", "create", "desk", *(word for one in ids for word in ("--member", one)))
    return kit


def only_composite(kit: Kit) -> dict[str, Any]:
    """Return the one composite, with its members in order and its metadata."""
    (listed,) = kit.json("composite", "list")["composites"]
    shown: dict[str, Any] = kit.json("composite", "show", listed["id"])
    return shown


@pytest.mark.parametrize("name", SOURCES)
def test_written_and_read_again(tmp_path: Path, own_state: Path, name: str) -> None:
    """Ids, UUIDs, contents, order and metadata are the same in whatever form; twice, the bytes."""
    kit = collected(tmp_path, name)
    kit.run("rename", "skill:a", "alpha")
    kit.run("composite", "pin", only_composite(kit)["id"], "skill:alpha")
    composite = only_composite(kit)
    for form in FORMS:
        words = ("export", composite["id"], "--as", form)
        losses = kit.json(*words, "--to", tmp_path / f"as-{form}", status=None)["losses"]
        kit.run(*words, "--to", tmp_path / f"again-{form}", status=None)
        out = tree(tmp_path / f"as-{form}")
        assert out == tree(tmp_path / f"again-{form}")
        judge(form, {path: data for path, (data, _) in out.items()})
        other = new_kit(tmp_path / f"other-{form}")
        other.run("collect", tmp_path / f"as-{form}", status=None)
        theirs, ours = known(other), known(kit)
        if any("is another file in this form" in loss for loss in losses):
            theirs, ours = map(without_own_files, (theirs, ours))
        assert theirs == ours, form


def without_own_files(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of artifacts but for the own files of plugins."""
    return {uuid: said for uuid, said in found.items() if said[0] != "plugin-files"}


def judge(form: str, files: Mapping[str, bytes]) -> None:
    """Fail unless the manifest, and the servers beside it, are as the published rules say."""
    place = str(EXPORT_FORMS[form].manifest)
    jsonschema.validate(json.loads(files[place]), MANIFESTS[form])
    if form == "agent-plugin" and "mcp.json" in files:
        jsonschema.validate(json.loads(files["mcp.json"]), AGENT_SERVERS)
    if form in ("cursor", "copilot") and "hooks/hooks.json" in files:
        assert json.loads(files["hooks/hooks.json"])["version"] == 1
    for path, data in files.items():
        if form == "gemini" and path.startswith("commands/"):
            assert isinstance(tomllib.loads(data.decode())["prompt"], str)
        if form == "cursor" and path.startswith("rules/"):
            assert path.endswith(".mdc")
            assert read_scope(data.decode(), Dialect.CURSOR)


def test_deployed(tmp_path: Path, own_state: Path) -> None:
    """What was collected from each format can be deployed for its agent and taken out again."""
    for name in SOURCES:
        (tmp_path / name).mkdir()
        kit = collected(tmp_path / name, name)
        composite = only_composite(kit)["id"]
        target = {"agent-plugin": "claude"}.get(name, name)
        words = (composite, "--target", target, "--to", kit.project)
        kit.run("deploy", *words, "--allow-commands", status=None)
        assert any(kit.project.iterdir())
        kit.run("undeploy", composite, "--to", kit.project)
        assert {path.name for path in kit.project.iterdir()} <= {".holdall"}


def test_what_an_agent_will_not_have(tmp_path: Path, own_state: Path) -> None:
    """It is kept for Holdall, and each loss is reported by the command and in its document."""
    kit = collected(tmp_path, "claude")
    composite = only_composite(kit)["id"]
    found = kit.json("export", composite, "--as", "agent-plugin", "--to", tmp_path / "out",
                     status=None)  # fmt: skip
    assert {loss.partition(" ")[0] for loss in found["losses"]} == {
        "command:Desk-Kit:git:go", "agent:b", "output-style:calm", "hook:Desk-Kit"
    }  # fmt: skip
    hooks = {"cursor": "stop", "copilot": "Stop", "gemini": "AfterAgent"}
    for form, event in hooks.items():
        kit.run("export", composite, "--as", form, "--to", tmp_path / form, status=None)
        written = json.loads((tmp_path / form / "hooks/hooks.json").read_text())
        assert list(written["hooks"]) == [event]
    kept = tmp_path / "out/dev.holdall/members/commands/Desk-Kit/git/go.md"
    assert kept.read_bytes() == (kit.collection / "commands/Desk-Kit/git/go.md").read_bytes()
    manifest = json.loads((tmp_path / "out/plugin.json").read_text())
    assert manifest["name"] == "desk-kit"
    assert "dev.holdall" in manifest["extensions"]
