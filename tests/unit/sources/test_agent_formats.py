"""Reading what other agents have: their folders in repositories, and their plugins."""

from pathlib import Path
from typing import Any

import pytest

from holdall.sources.reader import read
from holdall.sources.values import FoundArtifact, Reading
from source_trees import MARKET, PLUGIN, Source, codes, good, keys, member_paths, only, write

pytestmark = pytest.mark.unit

SCHEMA = "https://agent-plugins.org/schemas/1.0.0"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return a function that writes files and reads them as a source."""
    return lambda files: read(write(tmp_path / "source", files))


def ids(reading: Reading) -> dict[str, FoundArtifact]:
    """Return the artifacts by their ids."""
    return {str(found.id): found for found in reading.artifacts}


def text_of(found: FoundArtifact) -> str:
    """Return the content of an artifact that is one file."""
    content = found.content
    return content.decode() if isinstance(content, bytes) else content.read_text()


def test_only_rules_of_cursor(source: Source) -> None:
    """Each .mdc is a rule, named by its path, kept as it is where it says its scope."""
    scoped = "---\ndescription: d\nglobs: **/*.ts\nalwaysApply: false\n---\nbody\n"
    reading = source({".cursor/rules/ts/style.mdc": scoped, ".cursor/rules/plain.mdc": "plain\n"})
    assert codes(reading) == set()
    found = ids(reading)
    assert text_of(found["rule:ts:style"]) == scoped
    assert text_of(found["rule:plain"]) == "---\ntrigger: manual\n---\nplain\n"
    assert found["rule:ts:style"].description == "d"


RULES: dict[str, str] = {
    ".claude/rules/a.md": "x",
    ".github/instructions/b.instructions.md": "---\napplyTo: '**'\n---\nx",
    ".windsurf/rules/c.md": "---\ntrigger: always_on\n---\nx",
    ".clinerules/d.md": "y",
    ".kiro/steering/e.md": "z",
    "packages/web/.cursor/rules/f.mdc": "---\nalwaysApply: true\n---\nx",
    ".agents/rules/g.md": "---\ntrigger: always_on\n---\nu",
    "instructions/h.instructions.md": "---\napplyTo: 'a'\n---\nx",
}


def test_rules_of_every_agent(source: Source) -> None:
    """Rules are found in each agent's folder, named by their files, and nothing is reported."""
    reading = source(RULES)
    assert set(ids(reading)) == {f"rule:{letter}" for letter in "abcdefgh"}
    assert codes(reading) == set()


def test_only_folders_of_opencode(source: Source) -> None:
    """Folders of either number; an agent is named by its path, its tools by Claude Code's names."""
    agent = (
        "---\ndescription: d\nmode: subagent\nmodel: anthropic/claude-x\n"
        "tools:\n  write: false\n  bash: true\n---\nbody\n"
    )
    reading = source(
        {
            ".opencode/agent/review.md": agent, ".opencode/command/git/go.md": "go",
            ".opencode/skill/s/SKILL.md": good("s"), ".opencode/plugin/p.js": "code",
            ".opencode/agents/b.md": "---\ndescription: d\nmodel: openai/gpt\n---\nb",
        }
    )  # fmt: skip
    found = ids(reading)
    assert set(found) == {"agent:review", "agent:b", "command:git:go", "skill:s"}
    assert text_of(found["agent:review"]) == (
        '---\nname: "review"\ndisallowedTools: "Write"\nmodel: "claude-x"\n'
        "description: d\nmode: subagent\n---\nbody\n"
    )
    assert codes(reading) == {
        (".opencode/agents/b.md", "foreign-keys"), (".opencode/plugin", "not-understood")
    }  # fmt: skip


def test_only_an_extension_of_gemini(source: Source) -> None:
    """Commands become Markdown, servers are those of the manifest, the context file is a rule."""
    reading = source(
        {
            "gemini-extension.json": {
                "name": "desk", "version": "1", "mcpServers": {"s": {"command": "run"}},
            },
            "GEMINI.md": "Always tidy.\n", "skills/a/SKILL.md": good("a"),
            "agents/b.md": good("b"),
            "commands/git/go.toml": (
                'description = "d"\nprompt = "Do {{args}} with !{git status} and @{a/b.md}"'
            ),
        }
    )  # fmt: skip
    bundle = only(reading)
    assert (bundle.name, bundle.path, bundle.version) == ("desk", ".", "1")
    assert [str(m.id) for m in bundle.members] == [
        "skill:a", "command:desk:git:go", "agent:b", "rule:desk", "mcp:s"
    ]  # fmt: skip
    command = ids(reading)["command:desk:git:go"]
    assert text_of(command) == (
        '---\ndescription: "d"\n---\nDo $ARGUMENTS with !`git status` and @a/b.md\n'
    )
    assert codes(reading) == set()


def test_only_an_agent_plugin(source: Source) -> None:
    """Skills and the servers of mcp.json; what the manifest does not know is no component."""
    reading = source(
        {
            "plugin.json": {
                "$schema": f"{SCHEMA}/plugin.schema.json", "name": "desk", "version": "1.0.0",
                "extensions": {"com.example": {"x": 1}}, "commands": "./commands",
            },
            "skills/a/SKILL.md": good("a"),
            "mcp.json": {
                "$schema": f"{SCHEMA}/mcp.schema.json",
                "mcpServers": {"s": {"type": "stdio", "command": "run"}},
            },
        }
    )  # fmt: skip
    bundle = only(reading)
    assert [str(m.id) for m in bundle.members] == ["skill:a", "mcp:s"]
    assert bundle.metadata["extensions"] == {"com.example": {"x": 1}}


def test_codex(source: Source) -> None:
    """A marketplace with local sources, a plugin, agents as TOML, and prompts."""
    agent = (
        'name = "tidy"\ndescription = "d"\nmodel = "gpt"\ndeveloper_instructions = """Do it.\n"""'
    )
    reading = source(
        {
            ".agents/plugins/marketplace.json": {
                "plugins": [{"name": "desk", "source": {"source": "local", "path": "./p/desk"}}]
            },
            "p/desk/.codex-plugin/plugin.json": {"name": "desk", "skills": "./skills/"},
            "p/desk/skills/a/SKILL.md": good("a"), "p/desk/.mcp.json": {"s": {"command": "run"}},
            ".codex/agents/tidy.toml": agent, ".codex/prompts/go.md": "go",
        }
    )  # fmt: skip
    assert (only(reading).name, only(reading).kind) == ("desk", "marketplace-entry")
    assert [str(m.id) for m in only(reading).members] == ["skill:a", "mcp:s"]
    found = ids(reading)
    expected = '---\nname: "tidy"\ndescription: "d"\n---\nDo it.\n'
    assert text_of(found["agent:tidy"]) == expected
    assert text_of(found["command:go"]) == "go"
    assert codes(reading) == {(".codex/agents/tidy.toml", "foreign-keys")}


def test_agents_of_cline_and_hooks_of_kiro_and_grok(source: Source) -> None:
    """Each is found in its agent's own folder; names of tools are Claude Code's."""
    kiro = {"name": "n", "trigger": "Stop", "action": {"type": "command", "command": "x"}}
    reading = source(
        {
            ".cline/agents/tidy.yaml": (
                "---\nname: tidy\ndescription: d\ntools: [read_file, editor, other]\n---\nx\n"
            ),
            ".kiro/hooks/guard.json": {"version": "v1", "hooks": [kiro]},
            ".grok/hooks/log.json": {"hooks": {"Stop": []}},
            ".qwen/settings.json": {"mcpServers": {"s": {"command": "run"}}},
        }
    )
    found = ids(reading)
    assert set(found) == {"agent:tidy", "hook:guard", "hook:log", "mcp:s"}
    assert text_of(found["agent:tidy"]) == (
        '---\ntools: "Read, Edit, other"\nname: tidy\ndescription: d\n---\nx\n'
    )
    assert codes(reading) == set()


@pytest.mark.parametrize(
    "place", [".plugin/plugin.json", ".github/plugin/plugin.json", "plugin.json"]
)
def test_plugins_of_copilot(source: Source, place: str) -> None:
    """All its places for a manifest; agents and prompts lose the ends of their names."""
    reading = source(
        {
            f"p/{place}": {"name": "desk", "agents": "./agents/"},
            "p/agents/b.agent.md": "---\ndescription: d\nname: b\n---\nx",
            ".github/prompts/go.prompt.md": "---\ndescription: d\n---\ngo",
            ".github/hooks/guard.json": {"version": 1, "hooks": {"preToolUse": []}},
            ".vscode/mcp.json": {"servers": {"s": {"command": "${env:HOME}/run"}}},
        }
    )
    assert [str(m.id) for m in only(reading).members] == ["agent:b"]
    found = ids(reading)
    assert set(found) == {"agent:b", "command:go", "hook:guard", "mcp:s"}
    assert text_of(found["mcp:s"]) == '{"command":"${HOME}/run"}'


def test_a_plugin_json_of_another_program(source: Source) -> None:
    """A plugin.json that no agent can mean makes no plugin, and is not reported."""
    reading = source({"grafana/plugin.json": {"type": "panel", "name": "x"}, "b/plugin.json": "{"})
    assert (reading.composites, codes(reading)) == ((), set())


def test_a_plugin_for_several_agents(source: Source) -> None:
    """It is one composite: the first manifest decides, others add what it has nothing of."""
    reading = source(
        {
            MARKET: {"plugins": [{"name": "desk", "source": "./desk"}]},
            ".cursor-plugin/marketplace.json": {"plugins": [{"name": "desk", "source": "desk"}]},
            f"desk/{PLUGIN}": {"name": "desk", "version": "2"},
            "desk/.cursor-plugin/plugin.json": {"name": "desk-cursor", "rules": "./rules"},
            "desk/gemini-extension.json": {"name": "desk"},
            "desk/commands/go.md": "go", "desk/commands/go.toml": "prompt = 'go'",
            "desk/rules/r.mdc": "---\nalwaysApply: true\n---\nx",
        }
    )  # fmt: skip
    assert member_paths(only(reading)) == ["desk/commands/go.md", "desk/rules/r.mdc"]
    assert only(reading).version == "2"
    assert (f"desk/{PLUGIN}", "several-manifests") in codes(reading)


def test_output_styles(source: Source) -> None:
    """A plugin's output styles are members, and those of a repository are found, too."""
    reading = source(
        {
            f"p/{PLUGIN}": {"name": "p"}, "p/output-styles/terse.md": "Be terse.",
            ".claude/output-styles/calm.md": "---\ndescription: d\n---\nBe calm.",
        }
    )  # fmt: skip
    assert [str(m.id) for m in only(reading).members] == ["output-style:terse"]
    assert set(ids(reading)) == {"output-style:terse", "output-style:calm"}


def test_newer_keys_of_claude(source: Source) -> None:
    """What a plugin needs is reported and kept; archives are listed, renames told."""
    entry = {"source": "archive", "url": "https://x.test/a.zip", "sha256": "0" * 64}
    reading = source(
        {
            MARKET: {
                "plugins": [{"name": "far", "source": entry}, {"name": "p", "source": "./p"}],
                "renames": {"old": "p", "gone": None},
            },
            f"p/{PLUGIN}": {
                "name": "p", "dependencies": ["base", {"name": "other", "version": "^1"}],
                "userConfig": {"token": {"sensitive": True}},
            },
        }
    )  # fmt: skip
    assert [(r.name, r.shown) for r in reading.remotes] == [("far", "archive https://x.test/a.zip")]
    assert only(reading).metadata["dependencies"][0] == "base"
    told = [d.message for d in reading.diagnostics]
    assert "needs the plugin 'base', the plugin 'other ^1', the user's setting 'token'" in told
    assert "the plugin 'old' is now 'p'" in told


FOREIGN: dict[str, Any] = {
    "AGENTS.md": "x", "web/AGENTS.md": "x", ".roomodes": "x", ".augment/rules/a.md": "x",
    "POWER.md": "x", ".cursorrules": "x", ".codex/config.toml": "x = 1", ".trae/x": "x",
}  # fmt: skip


def test_what_is_not_understood_is_told_once(source: Source) -> None:
    """Each foreign manifest and folder gets one info; documentation holds no agents."""
    reading = source({**FOREIGN, "docs/agents/a.md": good("a"), "agents/b.md": good("b")})
    assert keys(reading) == {("agent", "agents/b.md")}
    assert codes(reading) == {
        ("AGENTS.md", "not-understood"), (".roomodes", "not-understood"),
        (".augment", "not-understood"), ("POWER.md", "not-understood"),
        (".cursorrules", "not-understood"), (".codex", "not-understood"),
        (".codex/config.toml", "not-understood"), (".trae", "not-understood"),
        ("docs/agents", "documentation-folder"),
    }  # fmt: skip
    assert not reading.needs_attention


def test_documentation_that_a_manifest_names(source: Source) -> None:
    """Agents below a folder of documentation are agents if a plugin says so."""
    reading = source(
        {f"p/{PLUGIN}": {"name": "p", "agents": "./docs/agents"}, "p/docs/agents/a.md": good("a")}
    )
    assert member_paths(only(reading)) == ["p/docs/agents/a.md"]
    assert codes(reading) == set()
