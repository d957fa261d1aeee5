"""What runs or sends something is deployed only with the user's consent, and shown whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, in_this_process, tree, write

pytestmark = pytest.mark.integration

HEAD = "---\nname: {name}\ndescription: d\n{more}---\nText\n"
RUNS = "hooks:\n  Stop:\n    - hooks:\n        - type: command\n          command: evil\n"
SERVER = "mcpServers:\n  - x:\n      command: evil\n"
MODE = "permissionMode: bypassPermissions\n"


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """An empty collection."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    kit = Kit(in_this_process, tmp_path, f"sqlite:///{tmp_path}/holdall.db")
    kit.run("init", kit.collection)
    return kit


def collect(kit: Kit, files: dict[str, Any]) -> None:
    """Collect a plugin with these files."""
    source = kit.collection.with_name("source")
    write(source / ".claude-plugin/plugin.json", '{"name": "kit"}')
    for path, content in files.items():
        write(source / path, content if isinstance(content, str) else json.dumps(content))
    kit.run("collect", source)


def refused(kit: Kit, *ids: str) -> str:
    """Deploy without consent, which is refused and writes nothing; return what was said."""
    before = tree(kit.project)
    done = kit.command("deploy", *ids, "--to", kit.project)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "--allow-commands" in done.stderr
    assert tree(kit.project) == before
    return done.stderr


@pytest.mark.parametrize("more", [RUNS, SERVER, MODE], ids=["hooks", "server", "mode"])
@pytest.mark.parametrize(
    ("id_", "path"),
    [
        ("skill:s", "skills/s/SKILL.md"),
        ("agent:a", "agents/a.md"),
        ("command:c", "commands/c.md"),
    ],
)
def test_frontmatter_that_runs_something_wants_consent(
    kit: Kit, id_: str, path: str, more: str
) -> None:
    """For each type; remembered by content, and asked again when that changes."""
    source = {path: HEAD.format(name=id_[-1], more=more)}
    collect(kit, source)
    (name,) = [found for found in kit.uuids() if found.startswith(id_.partition(":")[0])]
    told = refused(kit, name)
    assert "evil" in told or "bypassPermissions" in told
    kit.run("deploy", name, "--to", kit.project, "--allow-commands")
    other = kit.project.with_name("other")
    other.mkdir()
    kit.run("deploy", name, "--to", other)
    collect(kit, {path: source[path].replace("Text", "Other text")})
    refused(kit)


def test_a_renewed_deploy_asks_nothing_that_is_in_place(kit: Kit) -> None:
    """What is deployed already is not written, so another user need not allow it."""
    collect(kit, {"agents/a.md": HEAD.format(name="a", more=MODE)})
    kit.run("deploy", "a", "--to", kit.project, "--allow-commands")
    (kit.collection.with_name("state") / "holdall/allowed-commands.json").unlink()
    kit.run("deploy", "--to", kit.project)
    (kit.project / ".claude/agents/a.md").unlink()
    refused(kit)


def test_a_skill_that_is_a_plugin_too_wants_consent(kit: Kit) -> None:
    """Its folder in `.claude/skills` would be loaded with its hooks."""
    skill = kit.collection.with_name("loose") / "skills/s"
    write(skill / "SKILL.md", HEAD.format(name="s", more=""))
    write(skill / "deeper/Skill.md", HEAD.format(name="s", more=MODE))
    write(skill / ".claude-plugin/plugin.json", '{"name": "s"}')
    kit.run("collect", skill.parents[1], status=None)
    told = refused(kit, "skill:s")
    assert ".claude-plugin/plugin.json" in told
    assert "bypassPermissions" in told


@pytest.mark.parametrize(
    ("server", "shown"),
    [
        ({"type": "http", "url": "https://x.example/mcp"}, "sends to: https://x.example/mcp"),
        ({"type": "sse", "url": "https://x.example", "timeout": 5}, "https://x.example"),
        ({"url": "https://x.example", "headers": {"X-Region": "eu west"}}, "eu west"),
        ({"url": "https://x.example", "headers": {"A": "${KEY}"}}, "${KEY}"),
        ({"url": "https://x.example", "headers": {"X-Api-Key": "abc"}}, "X-Api-Key"),
        ({"url": "https://x.example/?q=${KEY}"}, "${KEY}"),
        ({"url": "https://x.example/?token=abc"}, "token=abc"),
        ({"url": "https://me:abc@x.example/"}, "me:abc"),
        ({"serverUrl": "unix:/tmp/socket"}, "unix:/tmp/socket"),
        ({"url": "https://x.example", "headersHelper": "evil"}, "evil"),
        ({"url": "https://x.example", "newKey": {"run": "evil"}}, "evil"),
        ({"type": "http", "url": "https://x.example", "command": "evil"}, "evil"),
        ({"command": "npx", "args": ["x"], "env": {"NODE_OPTIONS": "evil"}}, "evil"),
    ],
)
def test_every_server_wants_consent(kit: Kit, server: dict[str, Any], shown: str) -> None:
    """What it runs, or what gets all that is asked of it; everything that it says is shown."""
    collect(kit, {".mcp.json": {"mcpServers": {"x": server}}})
    assert shown in refused(kit, "mcp:x")
    kit.run("deploy", "mcp:x", "--to", kit.project, "--allow-commands")


@pytest.mark.parametrize(
    ("hook", "shown"),
    [
        ({"type": "http", "url": "https://x.example/h", "headers": {"A": "$K"}}, "$K"),
        ({"type": "command", "command": "true", "args": ["evil"]}, "evil"),
        ({"type": "prompt", "prompt": "evil"}, "evil"),
        ({"type": "mcp_tool", "server": "s", "tool": "evil"}, "evil"),
    ],
)
def test_every_hook_is_shown_whole(kit: Kit, hook: dict[str, Any], shown: str) -> None:
    """Requests, prompts and calls of tools as well as commands, with all their keys."""
    groups = [{"matcher": "Bash", "hooks": [hook], "note": "a key of the group"}]
    collect(kit, {"hooks/hooks.json": {"hooks": {"PreToolUse": groups}}})
    (name,) = [found for found in kit.uuids() if found.startswith("hook:")]
    told = refused(kit, name)
    assert shown in told
    assert "a key of the group" in told
    kit.run("deploy", name, "--to", kit.project, "--allow-commands")
    merged = json.loads((kit.project / ".claude/settings.json").read_text())
    assert merged["hooks"]["PreToolUse"] == groups


@pytest.mark.parametrize(
    "hooks",
    [
        {"Stop": "evil"},
        {"Stop": ["evil"]},
        {"Stop": [{"hooks": "evil"}]},
        {"Stop": [{"command": "evil"}]},
        {"Stop": [{"hooks": ["evil"]}]},
        {"Stop": [{"hooks": [{"command": "evil"}]}]},
        {"Stop": [{"hooks": [{"type": "other", "command": "evil"}]}]},
        {"Stop": [{"hooks": [{"type": ["command"], "command": "evil"}]}]},
        {"Stop": [{"hooks": [{"type": "command", "command": ["evil"]}]}]},
        {"Stop": [{"hooks": [{"type": "http", "command": "evil"}]}]},
    ],
)
def test_hooks_of_an_unknown_form_are_not_merged(kit: Kit, hooks: Any) -> None:
    """Not even with consent: what they would do is not known, so it is not shown."""
    collect(kit, {"skills/s/SKILL.md": HEAD.format(name="s", more="")})
    path = kit.collection.with_name("source") / "hooks/hooks.json"
    write(path, json.dumps({"hooks": hooks}))
    kit.run("collect", path.parents[1], status=None)
    done = kit.command("deploy", "composite:kit", "--to", kit.project, "--allow-commands")
    assert done.returncode == 1
    assert "left out hook:" in done.stderr
    assert not (kit.project / ".claude/settings.json").exists()
    assert (kit.project / ".claude/skills/s/SKILL.md").exists()


@pytest.mark.parametrize(
    "server",
    [
        {"run": "evil"},
        {"type": "http", "command": "evil"},
        {"type": "other", "command": "evil"},
        {"command": ["evil"]},
        {"command": "x", "args": "evil"},
        {"command": "x", "env": ["evil"]},
        {"url": {"x": "evil"}},
        {"url": "https://x.example", "headersHelper": ["evil"]},
        {"url": "https://x.example", "headers": {"A": {"x": "evil"}}},
    ],
)
def test_servers_of_an_unknown_form_are_not_merged(kit: Kit, server: dict[str, Any]) -> None:
    """They are left out, and the deploy says why."""
    collect(kit, {".mcp.json": {"mcpServers": {"x": server}}})
    done = kit.command("deploy", "mcp:x", "--to", kit.project, "--allow-commands")
    assert done.returncode == 1
    assert "left out mcp:x" in done.stderr
    assert not (kit.project / ".mcp.json").exists()


SCRIPT = "skills/s/scripts/run.sh"
PLACED = ".claude/skills/s/scripts/run.sh"
COMMANDS = {
    "a hook": ("hooks/hooks.json", {"hooks": {"Stop": [{"hooks": [
        {"type": "command", "command": f"cd $CLAUDE_PROJECT_DIR && sh {PLACED}"}]}]}}),
    "a server": (".mcp.json", {"mcpServers": {"m": {"command": "sh", "args": [PLACED]}}}),
    "a variable": (".mcp.json", {"mcpServers": {"m": {"command": "x", "env": {"RUN": PLACED}}}}),
    "frontmatter": ("agents/a.md", HEAD.format(name="a", more=RUNS.replace("evil", PLACED))),
    "a tool": (
        "commands/c.md", HEAD.format(name="c", more=f"allowed-tools: Bash({PLACED}:*)\n")
    ),
    "a text": ("commands/c.md", f"---\ndescription: d\n---\nNow: !`sh {PLACED}`\n"),
    "a program in between": ("hooks/hooks.json", {"hooks": {"Stop": [{"hooks": [
        {"type": "command", "command": "sh ${CLAUDE_PLUGIN_ROOT}/first.sh"}]}]}}),
}  # fmt: skip


def with_script(command: str) -> dict[str, Any]:
    """Return a plugin's files: a skill with a script, and what starts it."""
    path, content = COMMANDS[command]
    skill = {"skills/s/SKILL.md": HEAD.format(name="s", more=""), SCRIPT: "echo first\n"}
    return {**skill, path: content, "first.sh": 'exec "$(dirname "$0")"/../../skills/s/run.sh\n'}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_changed_program_of_another_artifact_is_asked_for(kit: Kit, command: str) -> None:
    """Also where only the skill is deployed again; a text that is not started is not asked for."""
    files = with_script(command)
    collect(kit, files)
    assert "may start what is in skill:s" in refused(kit, "composite:kit")
    kit.run("deploy", "composite:kit", "--to", kit.project, "--allow-commands")
    collect(kit, {SCRIPT: "evil\n"})
    assert f"may start what is in skill:s: {PLACED}" in refused(kit)
    refused(kit, "skill:s")
    kit.run("deploy", "--to", kit.project, "--allow-commands")
    collect(kit, {"skills/other/SKILL.md": HEAD.format(name="other", more="")})
    kit.run("deploy", "--to", kit.project)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".claude/settings.json", json.dumps({"statusLine": {"command": PLACED}})),
        (".claude/settings.local.json", f'{{"hooks": [["sh {PLACED}"]]}} // mine'),
        (".mcp.json", f'{{"mcpServers": {{"mine": {{"command": "{PLACED}"}}}}}}'),
        (".codex/config.toml", f'notify = ["sh", "{PLACED}"]\n'),
        (".claude/settings.json", f"no JSON: {PLACED}"),
        (".cursor/hooks.json", json.dumps({"hooks": {"stop": [{"command": PLACED}]}})),
    ],
)
def test_what_the_user_has_may_start_it(kit: Kit, path: str, text: str) -> None:
    """A program that a line of the user's own settings starts is not replaced unasked."""
    collect(kit, with_script("a hook"))
    write(kit.project / path, text)
    assert f"{path} has: " in refused(kit, "skill:s")
    kit.run("deploy", "skill:s", "--to", kit.project, "--allow-commands")
    kit.run("deploy", "skill:s", "--to", kit.project)


def test_what_is_shown_has_no_hidden_end(kit: Kit) -> None:
    """All of a long command with controls, selectors and line ends is shown, as escapes."""
    command = "true " + "x" * 5000 + "\x1b[2K\r\n\u200b\ufe0f evil"
    hook = {"type": "command", "command": command}
    collect(kit, {"hooks/hooks.json": {"hooks": {"Stop": [{"hooks": [hook]}]}}})
    told = refused(kit, "composite:kit")
    assert "\\x1b[2K\\r\\n\\u200b\\ufe0f evil" in told
    assert "x" * 5000 in told


def test_what_was_not_shown_is_not_allowed(kit: Kit) -> None:
    """The same bytes let agents run more as another type: that is asked for, too."""
    text = HEAD.format(name="both", more=MODE) + "\n!`evil`\n"
    collect(kit, {"agents/both.md": text, "commands/both.md": text})
    assert "evil" not in refused(kit, "agent:both")
    kit.run("deploy", "agent:both", "--to", kit.project, "--allow-commands")
    assert "!`evil`" in refused(kit, "command:kit:both")
