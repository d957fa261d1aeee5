"""Every agent's layout, and settings files that Holdall shares with people."""

from __future__ import annotations

import itertools
import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, in_this_process, tree, write
from holdall.deploy.targets import BUILTIN_TARGETS, USER_TARGETS

pytestmark = pytest.mark.integration

FIRST = ("claude", "codex", "gemini", "cursor", "copilot", "opencode", "windsurf", "agents", "zed")
SERVER = {"command": "npx", "args": ["-y", "server"], "env": {"KEY": "${KEY}"}}
REMOTE = {"type": "http", "url": "https://example.org/mcp", "headers": {"X": "y"}}
AGENT = """---
name: {0}-er
description: Reviews
tools: Read, Grep
model: sonnet
---
You review.
"""
HOOKS = {
    "hooks": {
        "PostToolUse": [
            {"matcher": "Write", "hooks": [{"type": "command", "command": "make format"}]}
        ]
    }
}
USERS = {
    ".claude/settings.json": """{
    // mine
    "model": "opus",
    "hooks": {
        "PostToolUse": [
            { "matcher": "Bash", "hooks": [] }
        ]
    }
}
""",
    ".mcp.json": '{"mcpServers": {"own": {"command": "own"}}}',
    ".codex/config.toml": '# mine\nmodel = "o5"\n\n[mcp_servers.own]\ncommand = "own"  # why\n',
    ".gemini/settings.json": "{ }",
    ".cursor/mcp.json": '{\n\t"mcpServers": {}\n}\n',
    ".vscode/mcp.json": '{\r\n  "servers": {\r\n    "own": {"command": "own"},\r\n  }\r\n}',
    "opencode.json": '{\n  "$schema": "https://opencode.ai/config.json"\n}\n',
}


@pytest.fixture
def full_kit(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with an artifact of each type and two composites that share some."""
    source = tmp_path / "source"
    for name, servers in (
        ("one", {"shared": SERVER, "first": REMOTE}),
        ("two", {"shared": SERVER}),
    ):
        plugin = source / "plugins" / name
        write(plugin / ".claude-plugin/plugin.json", json.dumps({"name": name}))
        write(plugin / "skills/doc/SKILL.md", "---\nname: doc\ndescription: d\n---\nText\n")
        write(plugin / ".mcp.json", json.dumps({"mcpServers": servers}))
        write(plugin / "hooks/hooks.json", json.dumps(HOOKS))
        write(plugin / f"commands/git/{name}.md", f"---\ndescription: {name}\n---\nDo $ARGUMENTS\n")
        write(plugin / f"agents/{name}-er.md", AGENT.format(name))
    entries = [{"name": name, "source": f"./plugins/{name}"} for name in ("one", "two")]
    marketplace = {"name": "m", "owner": {"name": "o"}, "plugins": entries}
    write(source / ".claude-plugin/marketplace.json", json.dumps(marketplace))
    kit = Kit(in_this_process, tmp_path, f"sqlite:///{tmp_path}/holdall.db")
    kit.run("init", kit.collection)
    kit.run("collect", source)
    return kit


def settings(kit: Kit, path: str) -> Any:
    """Return what a settings file says."""
    text = (kit.project / path).read_text()
    return tomllib.loads(text) if path.endswith(".toml") else json.loads(text)


@pytest.mark.parametrize("target", FIRST)
@pytest.mark.parametrize("with_files", [False, True], ids=["empty", "users-own"])
@pytest.mark.parametrize("last", ["one", "two"])
def test_a_project_is_byte_for_byte_as_before(
    full_kit: Kit, target: str, with_files: bool, last: str
) -> None:
    """Two composites that share members and servers, in any order, leave nothing behind."""
    for path, text in USERS.items() if with_files else ():
        write(full_kit.project / path, text)
    before = tree(full_kit.project)
    on = ("--to", full_kit.project, "--target", target)
    for name in ("one", "two"):
        full_kit.run("deploy", f"composite:{name}", *on, "--allow-commands")
    assert tree(full_kit.project) != before
    deployed = tree(full_kit.project)
    assert full_kit.json("deploy", *on)["written"] == []
    first = "two" if last == "one" else "one"
    full_kit.run("undeploy", first, *on)
    assert (full_kit.project / BUILTIN_TARGETS[target].root / "skills/doc/SKILL.md").exists()
    full_kit.run("undeploy", last, *on)
    assert tree(full_kit.project) == before
    folders = {
        str(p.relative_to(full_kit.project)) for p in full_kit.project.rglob("*") if p.is_dir()
    }
    assert {f for f in folders if not f.startswith(".holdall")} == {
        str(parent) for path in before for parent in list(Path(path).parents)[:-1]
    }
    full_kit.run("undo", "2")
    assert without_record(tree(full_kit.project)) == without_record(deployed)
    full_kit.run("redo", "2")
    assert tree(full_kit.project) == before
    assert not (full_kit.project / ".holdall/backups").exists()  # no byte went that nobody else has


ODD = {
    "empty": b"",
    "blank": b" \r\n\n",
    "a mark": b"\xef\xbb\xbf",
    "a mark and an object": b"\xef\xbb\xbf{}",
    "of Windows": b'// mine\r\n{\r\n  "a": 1, // one\r\n}\r\n',
    "no last end": b'{"a": 1}',
}


@pytest.mark.parametrize("name", ODD)
def test_odd_settings_are_byte_for_byte_as_before(full_kit: Kit, name: str) -> None:
    """Files without a value, with a byte order mark, other ends of lines and comments."""
    toml = ODD[name].replace(b"//", b"#").replace(b'"a":', b"a =").replace(b",", b"")
    toml = toml.replace(b"{", b"").replace(b"}", b"")
    for path in (".mcp.json", ".claude/settings.json"):
        (full_kit.project / path).parent.mkdir(exist_ok=True)
        (full_kit.project / path).write_bytes(ODD[name])
    (full_kit.project / ".codex").mkdir()
    (full_kit.project / ".codex/config.toml").write_bytes(toml)
    before = tree(full_kit.project)
    on = ("--to", full_kit.project, "--target", "claude", "--target", "codex")
    for composite in ("one", "two"):
        full_kit.run("deploy", f"composite:{composite}", *on, "--allow-commands", status=None)
    assert all(tree(full_kit.project)[path] != before[path] for path in before)
    for composite in ("one", "two"):
        full_kit.run("undeploy", composite, *on)
    assert tree(full_kit.project) == before


def test_what_people_wrote_between_deploys_is_kept_when_both_are_undone(full_kit: Kit) -> None:
    """The second is undone and that is reported; the first one not by itself over the edit."""
    write(full_kit.project / ".mcp.json", USERS[".mcp.json"])
    full_kit.run("deploy", "composite:two", "--to", full_kit.project, "--allow-commands")
    edited = (full_kit.project / ".mcp.json").read_text().replace('"own"', '"mine"')
    write(full_kit.project / ".mcp.json", edited)
    full_kit.run("deploy", "composite:one", "--to", full_kit.project, "--allow-commands")
    done = full_kit.command("undo", "2")
    assert (done.returncode, "undid 1 of 2 operations" in done.stderr) == (3, True)
    assert (full_kit.project / ".mcp.json").read_text() == edited
    full_kit.run("undo", "--force")
    assert (full_kit.project / ".mcp.json").read_text() == USERS[".mcp.json"]
    (kept,) = (full_kit.project / ".holdall/backups").glob("*/.mcp.json")
    assert kept.read_text() == edited


def without_record(files: dict[str, tuple[bytes, bool]]) -> dict[str, tuple[bytes, bool]]:
    """Return files without the record, which tells when."""
    return {path: file for path, file in files.items() if "skillmeat" not in path}


def test_what_each_agent_gets(full_kit: Kit) -> None:
    """Each in its own place and form; what an agent does not know is said."""
    every = ("--to", full_kit.project, "--target", "all")
    done = full_kit.command("deploy", "one", *every, "--allow-commands")
    assert done.returncode == 0, done.stderr
    for target, unknown in (("zed", "agent"), ("windsurf", "mcp"), ("agents", "hook")):
        assert f"{target} does not support the type {unknown}" in done.stderr
    for sentence in (
        "copilot: hook:one: placed once: it is read in .claude/settings.json, ",
        "devin: mcp:shared, mcp:first: placed once: it is read in .mcp.json, where it is ",
        "cursor: hook:one: its commands get Cursor's input",
        "opencode: agent:one-er: left out its model, which is not one there",
        "codex: command:one:git:one: its arguments (`$ARGUMENTS`) stay as text",
    ):
        assert sentence in done.stderr
    assert settings(full_kit, ".mcp.json")["mcpServers"] == {"shared": SERVER, "first": REMOTE}
    assert settings(full_kit, ".claude/settings.json") == HOOKS
    assert settings(full_kit, ".vscode/mcp.json")["servers"]["shared"]["type"] == "stdio"
    assert settings(full_kit, ".codex/config.toml")["mcp_servers"]["first"] == {
        "url": REMOTE["url"],
        "http_headers": REMOTE["headers"],
    }
    assert settings(full_kit, ".gemini/settings.json")["mcpServers"]["first"] == {
        "httpUrl": REMOTE["url"],
        "headers": REMOTE["headers"],
    }
    assert settings(full_kit, ".codex/config.toml")["mcp_servers"]["shared"] == {
        "command": "npx",
        "args": ["-y", "server"],
        "env_vars": ["KEY"],
    }
    assert settings(full_kit, "opencode.json")["mcp"]["shared"] == {
        "type": "local",
        "command": ["npx", "-y", "server"],
        "enabled": True,
        "environment": {"KEY": "{env:KEY}"},
    }
    assert settings(full_kit, ".cursor/mcp.json")["mcpServers"]["shared"]["env"] == {
        "KEY": "${env:KEY}"
    }
    assert settings(full_kit, ".cursor/hooks.json") == {
        "version": 1,
        "hooks": {"postToolUse": [{"command": "make format", "matcher": "^(?:Write)$"}]},
    }
    assert settings(full_kit, ".gemini/settings.json")["hooks"]["AfterTool"][0]["matcher"] == (
        "^(?:write_file)$"
    )
    assert settings(full_kit, ".windsurf/hooks.json")["hooks"] == {
        "post_write_code": [{"command": "make format"}]
    }
    assert settings(full_kit, ".gemini/commands/one/git/one.toml") == {
        "description": "one",
        "prompt": "Do {{args}}\n",
    }
    assert settings(full_kit, ".codex/agents/one-er.toml") == {
        "name": "one-er",
        "description": "Reviews",
        "sandbox_mode": "read-only",
        "developer_instructions": "You review.\n",
    }
    for path in (
        ".github/prompts/one-git-one.prompt.md",
        ".github/skills/one-git-one/SKILL.md",
        ".agents/skills/one-git-one/SKILL.md",
        ".windsurf/workflows/one-git-one.md",
        ".cursor/agents/one-er.md",
        ".agents/skills/doc/SKILL.md",
    ):
        assert (full_kit.project / path).exists(), path
    assert full_kit.run("status", "--to", full_kit.project)


def test_a_server_stays_until_the_last_composite_goes(full_kit: Kit) -> None:
    """The same server from two composites is one entry."""
    full_kit.run("deploy", "one", "two", "--to", full_kit.project, "--allow-commands")
    assert list(settings(full_kit, ".mcp.json")["mcpServers"]) == ["shared", "first"]
    assert len(settings(full_kit, ".claude/settings.json")["hooks"]["PostToolUse"]) == 1
    full_kit.run("undeploy", "one", "--to", full_kit.project)
    assert list(settings(full_kit, ".mcp.json")["mcpServers"]) == ["shared"]
    assert len(settings(full_kit, ".claude/settings.json")["hooks"]["PostToolUse"]) == 1


def test_commands_are_shown_and_allowed_once(full_kit: Kit) -> None:
    """Refused with the exact command; remembered by content, for every project."""
    before = tree(full_kit.project)
    refused = full_kit.command("deploy", "mcp:shared", "--to", full_kit.project)
    assert refused.returncode == 3
    assert "mcp:shared runs: npx -y server" in refused.stderr
    assert "--allow-commands" in refused.stderr
    assert tree(full_kit.project) == before
    shown = full_kit.command("deploy", "mcp:shared", "--to", full_kit.project, "--dry-run")
    assert "mcp:shared runs: npx -y server" in shown.stderr
    full_kit.run("deploy", "mcp:shared", "--to", full_kit.project, "--allow-commands")
    other = full_kit.project.with_name("other")
    other.mkdir()
    full_kit.run("deploy", "mcp:shared", "--to", other)
    (full_kit.collection / "mcp/shared.json").write_text('{"command": "rm", "args": ["-rf", "x"]}')
    full_kit.run("collect")
    refused = full_kit.command("deploy", "--to", other)
    assert refused.returncode == 3
    assert "mcp:shared runs: rm -rf x" in refused.stderr
    assert not list(full_kit.collection.glob("**/allowed*"))


def test_a_project_remembers_its_targets(full_kit: Kit) -> None:
    """What was deployed for an agent is renewed and taken out for it without being told again."""
    full_kit.run(
        "deploy", "skill:doc", "--to", full_kit.project, "--target", "cursor", "--target", "gemini"
    )
    (full_kit.collection / "skills/doc/SKILL.md").write_text("newer\n")
    full_kit.run("collect")
    full_kit.run("deploy", "--to", full_kit.project)
    for root in (".cursor", ".gemini"):
        assert (full_kit.project / root / "skills/doc/SKILL.md").read_text() == "newer\n"
    assert not (full_kit.project / ".claude").exists()
    full_kit.run("undeploy", "doc", "--to", full_kit.project)
    assert tree(full_kit.project) == {}


def test_a_broken_hook_is_left_out_and_told(full_kit: Kit) -> None:
    """It could not work; the rest is deployed."""
    (full_kit.collection / "hooks/one.json").write_text('{"hooks": []}')
    full_kit.run("collect", status=0)
    done = full_kit.command("deploy", "composite:one", "--to", full_kit.project, "--allow-commands")
    assert done.returncode == 1
    assert "left out hook:one" in done.stderr
    assert not (full_kit.project / ".claude/settings.json").exists()
    assert settings(full_kit, ".mcp.json")["mcpServers"]


def test_what_people_have_under_a_name_is_a_conflict(full_kit: Kit) -> None:
    """Refused with the name; forced with a backup; an equal one stays theirs."""
    text = json.dumps({"mcpServers": {"shared": {"command": "mine"}}}, indent=2)
    write(full_kit.project / ".mcp.json", text)
    done = full_kit.command("deploy", "mcp:shared", "--to", full_kit.project, "--allow-commands")
    assert done.returncode == 3
    assert ".mcp.json: 'shared' in it, not put there by Holdall" in done.stderr
    assert (full_kit.project / ".mcp.json").read_text() == text
    full_kit.run("deploy", "mcp:shared", "--to", full_kit.project, "--allow-commands", "--force")
    assert settings(full_kit, ".mcp.json")["mcpServers"]["shared"] == SERVER
    (backup,) = (full_kit.project / ".holdall/backups").glob("*/.mcp.json")
    assert backup.read_text() == text
    full_kit.run("undo")
    assert (full_kit.project / ".mcp.json").read_text() == text
    write(full_kit.project / ".mcp.json", json.dumps({"mcpServers": {"shared": SERVER}}))
    before = tree(full_kit.project)
    full_kit.run("deploy", "mcp:shared", "--to", full_kit.project)
    full_kit.run("undeploy", "mcp:shared", "--to", full_kit.project)
    assert without_record(tree(full_kit.project)) == without_record(before)


def test_entries_edited_by_hand_are_left(full_kit: Kit) -> None:
    """Status names them; an undeploy leaves them in place and says so."""
    full_kit.run("deploy", "one", "--to", full_kit.project, "--allow-commands")
    edited = settings(full_kit, ".mcp.json")
    edited["mcpServers"]["shared"]["args"] = ["mine"]
    del edited["mcpServers"]["first"]
    write(full_kit.project / ".mcp.json", json.dumps(edited))
    shown = full_kit.run("status", "--to", full_kit.project, status=1)
    assert "edited .mcp.json: mcpServers.shared" in shown
    assert "missing .mcp.json: mcpServers.first" in shown
    done = full_kit.command("undeploy", "one", "--to", full_kit.project)
    assert done.returncode == 1
    assert "'shared' in it, changed by hand" in done.stderr
    assert settings(full_kit, ".mcp.json") == edited


@pytest.mark.parametrize(
    ("path", "text", "status"),
    [(".mcp.json", "{", 2), (".mcp.json", '{"mcpServers": []}', 2), (".mcp.json", "\xff", 2)],
)
def test_settings_that_cannot_be_edited_stop_everything(
    full_kit: Kit, path: str, text: str, status: int
) -> None:
    """With the file's name, and nothing written."""
    (full_kit.project / path).write_bytes(text.encode("latin-1"))
    before = tree(full_kit.project)
    done = full_kit.command("deploy", "one", "--to", full_kit.project, "--allow-commands")
    assert done.returncode == status
    assert path in done.stderr
    assert tree(full_kit.project) == before


def test_a_settings_file_that_is_a_link_is_left_alone(full_kit: Kit, tmp_path: Path) -> None:
    """It belongs to something else, as somebody's dotfiles."""
    write(tmp_path / "dotfiles.json", "{}")
    os.symlink(tmp_path / "dotfiles.json", full_kit.project / ".mcp.json")
    done = full_kit.command("deploy", "mcp:first", "--to", full_kit.project)
    assert done.returncode == 3
    assert "symbolic link" in done.stderr
    assert (tmp_path / "dotfiles.json").read_text() == "{}"


def test_two_servers_of_one_name_are_a_conflict(full_kit: Kit, tmp_path: Path) -> None:
    """As of two collections that know different ones."""
    full_kit.run("deploy", "mcp:shared", "--to", full_kit.project, "--allow-commands")
    (full_kit.collection / "mcp/shared.json").write_text('{"url": "https://example.org"}')
    full_kit.run("collect")
    full_kit.run("deploy", "--to", full_kit.project, "--allow-commands")
    found = settings(full_kit, ".mcp.json")["mcpServers"]["shared"]
    assert found == {"type": "http", "url": "https://example.org"}


def without_cache(files: dict[str, Any]) -> dict[str, Any]:
    """Return the files of a home folder without what Holdall remembers of their status."""
    return {path: file for path, file in files.items() if not path.startswith(".cache/")}


def test_the_home_folder_has_its_own_places(full_kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--user` deploys for all projects; an undo finds the way back."""
    home = full_kit.project.with_name("home")
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    write(home / ".claude.json", '{"numStartups": 7}')
    before = tree(home)
    every = ["--target", ",".join(name for name, t in USER_TARGETS.items() if t.places)]
    full_kit.run("deploy", "one", "--user", *every, "--allow-commands")
    for path in (
        ".claude/settings.json",
        ".codeium/windsurf/mcp_config.json",
        ".config/opencode/skills/doc/SKILL.md",
        ".copilot/mcp-config.json",
    ):
        assert (home / path).exists(), path
    assert json.loads((home / ".claude.json").read_text())["mcpServers"]["shared"] == SERVER
    full_kit.run("undo")
    assert without_cache(tree(home)) == before
    full_kit.run("redo")
    full_kit.run("undeploy", "one", "--user", *every)
    assert without_cache(tree(home)) == before


def test_the_tables_name_every_target_once() -> None:
    """The same agents for a project and for a user; only Copilot reads a file of Claude Code."""
    assert sorted(BUILTIN_TARGETS) == sorted(USER_TARGETS)
    for first, second in itertools.combinations(BUILTIN_TARGETS.values(), 2):
        paths = [{m.path for m in t.merges.values()} for t in (first, second)]
        shared = {".mcp.json"} if (first.name, second.name) == ("claude", "copilot") else set()
        assert paths[0] & paths[1] == shared


def test_agents_are_found_by_their_marks(full_kit: Kit) -> None:
    """A project's agents are the default, which is printed; without any it is Claude Code."""
    on = ("--to", full_kit.project)
    done = full_kit.command("deploy", "skill:doc", *on, "--dry-run")
    assert f"for claude: no agent was found in {full_kit.project}; --target chooses" in done.stderr
    (full_kit.project / ".gemini").mkdir()
    write(full_kit.project / ".cursorrules", "mine")
    done = full_kit.command("deploy", "skill:doc", *on)
    assert f"for gemini, cursor: found in {full_kit.project}; --target chooses" in done.stderr
    (full_kit.project / ".zed").mkdir()
    full_kit.run("deploy", "mcp:first", *on, "--allow-commands")
    assert not (full_kit.project / ".zed/settings.json").exists()  # what was chosen stays
    assert settings(full_kit, ".cursor/mcp.json")["mcpServers"]["first"] == REMOTE


OWN = """
[target.emacs]
title = "An agent in Emacs"
marks = [".emacs-agent"]
[target.emacs.project]
root = ".emacs-agent"
skill = ".emacs-agent/skills/*/"
agent = "elsewhere/agents/*.md"
mcp = { file = ".emacs-agent/mcp.json", keys = ["servers", "all"], form = "servers", here = "." }
"""


def test_users_add_targets_in_their_settings(
    full_kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table in the user's `config.toml` is a target like any other."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    config = tmp_path / "config/holdall/config.toml"
    write(config, OWN)
    before = tree(full_kit.project)
    on = ("--to", full_kit.project, "--target", "emacs")
    full_kit.run("deploy", "agent:one-er", "skill:doc", "mcp:first", *on, "--allow-commands")
    assert (full_kit.project / "elsewhere/agents/one-er.md").exists()
    assert settings(full_kit, ".emacs-agent/mcp.json") == {"servers": {"all": {"first": REMOTE}}}
    assert full_kit.json("status", *on[:2])["deployed"][0]["target"] == "emacs"
    full_kit.run("undeploy", "agent:one-er", "skill:doc", "mcp:first", *on)
    assert tree(full_kit.project) == before
    for text, problem in (
        ("target = 3", "target is not a table"),
        ("[target.e]", "target: e: no table [e.project]"),
        ('[target.e.project]\nroot = "../x"', "e.project.root"),
        ('[target.e.project]\nroot = "x"\nskill = ".ssh/*/"', "e.project.skill"),
        ('[target.e.project]\nroot = "x"\nskill = "x/*.md"', "a skill is a folder"),
        ('[target.e.project]\nroot = "x"\nmcp = { file = "x", form = "y" }', "e.project.mcp"),
    ):
        write(config, text)
        done = full_kit.command("list")
        assert problem in done.stderr, done.stderr
        assert "your own targets are left out" in done.stderr


def test_hooks_of_a_cursor_plugin(tmp_path: Path, own_state: Path) -> None:
    """Cursor has them as they are, Claude Code in its form with the files that they start."""
    del own_state
    kit = Kit(in_this_process, tmp_path, f"sqlite:///{tmp_path}/holdall.db")
    hooks = {"afterFileEdit": [{"command": "${CURSOR_PLUGIN_ROOT}/fix.sh", "loop_limit": 3}]}
    write(tmp_path / "source/.cursor-plugin/plugin.json", '{"name": "fixer"}')
    write(tmp_path / "source/hooks/hooks.json", json.dumps({"version": 1, "hooks": hooks}))
    write(tmp_path / "source/fix.sh", "#!/bin/sh\n")
    kit.run("init", kit.collection)
    kit.run("collect", tmp_path / "source")
    kit.project.mkdir(exist_ok=True)
    words = ("composite:fixer", "--to", kit.project, "--target", "cursor,claude")
    assert "fix.sh" in kit.command("deploy", *words).stderr
    assert not (kit.project / ".cursor").exists()
    kit.run("deploy", *words, "--allow-commands")
    folder = "./.cursor/plugin-files/fixer"
    command = f'export CURSOR_PLUGIN_ROOT="{folder}"; {folder}/fix.sh'
    assert settings(kit, ".cursor/hooks.json")["hooks"] == {
        "afterFileEdit": [{"command": command, "loop_limit": 3}]
    }
    command = command.replace("./.cursor", "${CLAUDE_PROJECT_DIR}/.claude")
    assert settings(kit, ".claude/settings.json")["hooks"]["PostToolUse"] == [
        {"matcher": "Edit|Write", "hooks": [{"type": "command", "command": command}]}
    ]
    kit.run("deploy", "--to", kit.project)
    assert {one["state"] for one in kit.json("status", "--to", kit.project)["deployed"]} == {
        "synced"
    }
    kit.run("undeploy", "composite:fixer", "--to", kit.project)
    assert not tree(kit.project)


def test_hooks_of_agents_beside_those_of_others(tmp_path: Path, own_state: Path) -> None:
    """Grok Build runs Cursor's, too; OpenHands reads either `hooks` or what is beside it."""
    del own_state
    kit = Kit(in_this_process, tmp_path, f"sqlite:///{tmp_path}/holdall.db")
    run = {"hooks": [{"type": "command", "command": "make format", "timeout": 9}]}
    write(tmp_path / "source/hooks/hooks.json", json.dumps({"hooks": {"SessionEnd": [run]}}))
    kit.run("init", kit.collection)
    kit.run("collect", tmp_path / "source")
    (hook,) = [artifact["id"] for artifact in kit.json("list")["artifacts"]]
    users = '{"stop": [{"hooks": [{"command": "mine.sh"}]}]}'
    write(kit.project / ".openhands/hooks.json", users)
    words = ("deploy", hook, "--to", kit.project, "--allow-commands")
    done = kit.command(*words, "--target", "cursor,grok,openhands")
    assert "placed once: it is read in .cursor/hooks.json" in done.stderr
    assert ".openhands/hooks.json has 'stop' beside 'hooks': both are not read" in done.stderr
    assert not (kit.project / ".grok").exists()
    assert (kit.project / ".openhands/hooks.json").read_text() == users
    (kit.project / ".openhands/hooks.json").unlink()
    kit.run(*words, "--target", "openhands", status=None)
    assert settings(kit, ".openhands/hooks.json") == {"hooks": {"SessionEnd": [run]}}
