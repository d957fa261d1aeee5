"""Conversions to the forms of other agents: any input has a result, which the agent accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies as st

import agent_rules
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.deploy.agent_formats import (
    ConvertedEntry,
    ConvertedFile,
    Refused,
    convert_file,
    convert_hooks,
    convert_server,
)
from holdall.deploy.targets import Form
from runs import examples

pytestmark = pytest.mark.unit

some = settings(max_examples=examples(40))  # for each form

FILE_FORMS = sorted(agent_rules.FILES)
ONE_WAY = (Form.CODEX_AGENT, Form.IFLOW_AGENT, Form.GEMINI_COMMAND, Form.QWEN_COMMAND)
SERVER_FORMS = sorted(agent_rules._SERVERS)
HOOK_FORMS = sorted(agent_rules._EVENTS)
TOOLS = st.sampled_from(
    [
        "Read",
        "Grep",
        "Bash",
        "Bash(git status:*)",
        "Write",
        "*",
        "mcp__a_b__c",
        "mcp__x",
        "Nope",
        "read_file",
    ]
)
WORDS = st.text(max_size=30)
VALUES = st.one_of(
    WORDS,
    st.none(),
    st.booleans(),
    st.integers(-5, 10**12),
    st.floats(),
    st.lists(TOOLS, max_size=4),
    st.lists(TOOLS, max_size=4).map(", ".join),
    st.dictionaries(
        st.sampled_from(["read", "bash", "git *"]), st.sampled_from(["allow", "deny", True, 3])
    ),
    st.sampled_from(
        ["sonnet", "openai/gpt", "gpt-5", "inherit", "#336699", "blue", "subagent", "deny"]
    ),
)
KEYS = st.sampled_from(
    [
        *(
            "name",
            "description",
            "tools",
            "disallowedTools",
            "model",
            "color",
            "mode",
            "permission",
        ),
        *("temperature", "top_p", "steps", "maxTurns", "hidden", "disable", "mcpServers", "hooks"),
        *("kind", "readonly", "background", "argument-hint", "subtask", "allowed-tools", "agent"),
    ]
)
BODIES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "Do $ARGUMENTS and $1, $ARGUMENTS[2].\n",
            "!`git log {a}` and !`echo }`\n",
            "```!\ngit {status}\n```\n@docs/x.md, mail a@b.com, @scope/pkg\n",
            "'''\n\"\"\"\n\\ \x7f\x00\n",
            "Literal {{args}} and !{x}\n",
            "x\r\ny\r\n",
        ]
    ),
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file with a head, whatever is in it."""
    head = draw(st.dictionaries(KEYS, VALUES, max_size=8))
    if draw(st.booleans()):
        head["description"] = draw(st.text(min_size=1, max_size=40))
    style = draw(st.sampled_from(["yaml", "json", "broken", "none"]))
    body = draw(BODIES)
    if style == "none":
        return body.encode("utf-8", "replace")
    text = yaml.safe_dump(head, allow_unicode=True) if style != "json" else ""
    if style == "json":
        text = "".join(f"{k}: {json.dumps(v)}\n" for k, v in head.items() if v == v)
    if style == "broken":
        text += "globs: **/*.ts\n"
    return f"---\n{text}---\n{body}".encode("utf-8", "replace")


@pytest.mark.parametrize("form", FILE_FORMS)
@some
@given(data=files(), name=st.sampled_from(["x", "git:commit", "Über Name", "a" * 80, "a_b"]))
def test_any_file_is_converted_or_refused(form: Form, data: bytes, name: str) -> None:
    """The result is what the agent accepts, and stays what it is when it is converted again."""
    found = convert_file(data, form, name)
    if isinstance(found, Refused):
        assert found.reason
        return
    assert list(agent_rules.FILES[form](found.data)) == []
    if form not in ONE_WAY:
        again = convert_file(found.data, form, name)
        assert isinstance(again, ConvertedFile)
        assert again.data == found.data


@given(st.binary(max_size=200), st.sampled_from(FILE_FORMS))
def test_any_bytes_have_a_result(data: bytes, form: str) -> None:
    """Whatever they are."""
    found = convert_file(data, Form(form), "x")
    assert isinstance(found, ConvertedFile | Refused)


RULE_HEADS = st.fixed_dictionaries(
    {},
    optional={
        "description": st.sampled_from(["d", "Use when: x", "yes"]),
        "alwaysApply": st.booleans(),
        "globs": st.sampled_from(["**/*.ts", "a,b", ["a", "b/**"], "", "**"]),
        "paths": st.sampled_from([["src/**"], [], ["**/*"]]),
        "applyTo": st.sampled_from(["**", "a,b", ""]),
        "trigger": st.sampled_from(["always_on", "glob", "model_decision", "manual", "odd"]),
        "inclusion": st.sampled_from(["always", "fileMatch", "auto", "manual", "odd"]),
        "fileMatchPattern": st.sampled_from(["x", ["x", "y"]]),
        "type": st.sampled_from(["always_apply", "agent_requested", "x"]),
    },
)


@pytest.mark.parametrize("form", agent_rules.RULE_FORMS)
@some
@given(head=RULE_HEADS, is_json=st.booleans(), body=st.sampled_from(["", "Text\n", "x\r\ny"]))
def test_any_rule_is_converted_or_refused(
    form: Form, head: dict[str, Any], is_json: bool, body: str
) -> None:
    """What is written is what its agent reads: valid YAML, with all that a scope needs."""
    values = {key: json.dumps(value) for key, value in head.items()}
    plain = {key: str(value).lower() if value is True else value for key, value in head.items()}
    lines = (
        values if is_json else {k: v if isinstance(v, str) else values[k] for k, v in plain.items()}
    )
    text = "".join(f"{key}: {value}\n" for key, value in lines.items())
    data = (f"---\n{text}---\n{body}" if head else body).encode()
    found = convert_file(data, form, "a:b")
    if isinstance(found, Refused):
        assert found.reason
        return
    if found.data != data:  # what is in the agent's own form is its author's
        assert list(agent_rules.rule_problems(form, found.data)) == []


SERVERS = st.fixed_dictionaries(
    {},
    optional={
        "env": st.dictionaries(
            st.sampled_from(["KEY", "OTHER"]),
            st.one_of(
                st.sampled_from(["${KEY}", "${KEY:-x}", "a${KEY}", "$(rm)", "1"]),
                st.integers(),
                st.none(),
            ),
        ),
        "headers": st.dictionaries(
            st.sampled_from(["Authorization", "X-Key"]),
            st.sampled_from(["Bearer ${TOKEN}", "${KEY}", "x ${KEY}", "plain", "`id`"]),
        ),
        "headersHelper": st.just("helper.sh"),
        "timeout": st.one_of(st.integers(-1, 10**6), st.text(max_size=3), st.booleans()),
        "cwd": st.sampled_from(["${HOME}", "/x"]),
        "oauth": st.just({"clientId": "x"}),
        "alwaysLoad": st.booleans(),
    },
)


@st.composite
def servers(draw: st.DrawFn) -> dict[str, Any]:
    """A server that is understood, local or remote."""
    rest = draw(SERVERS)
    if draw(st.booleans()):
        args = draw(st.lists(st.sampled_from(["-y", "${KEY}", "x y"]), max_size=3))
        return {"command": draw(st.sampled_from(["npx", "${HOME}/x"])), "args": args, **rest}
    kinds = ["http", "streamable-http", "sse", "ws", "remote"]
    url = draw(st.sampled_from(["https://x.org/mcp", "https://${HOST}/mcp"]))
    return {"type": draw(st.sampled_from(kinds)), "url": url, **rest}


@pytest.mark.parametrize("form", SERVER_FORMS)
@some
@given(server=servers(), name=st.sampled_from(["x", "a_b", "a b"]))
def test_any_server_is_converted_or_refused(form: Form, server: dict[str, Any], name: str) -> None:
    """The result has no key and no type that the agent does not know."""
    before = json.dumps(server)
    found = convert_server(name, server, form)
    assert json.dumps(server) == before
    if isinstance(found, ConvertedEntry):
        assert list(agent_rules.server_problems(form, found.value)) == []
        text = json.dumps(found.value)
        if form in (Form.CODEX_SERVERS, Form.GROK_SERVERS):
            assert "${" not in text
        if form is Form.OPENCODE_SERVERS:
            assert "${" not in text
    else:
        assert found.reason


def test_servers_of_others_have_claude_codes_words() -> None:
    """An address without a type would be skipped there; what is in its form stays as it is."""
    url = "https://x.test/mcp"
    for server in ({"httpUrl": url}, {"type": "remote", "url": url}, {"url": url},
                   {"type": "streamableHttp", "serverUrl": url}):  # fmt: skip
        assert convert_server("x", server, Form.SERVERS) == ({"type": "http", "url": url}, ())
    own: tuple[dict[str, Any], ...] = ({"type": "streamable-http", "url": url}, {"command": "x"})
    for same in own:
        assert convert_server("x", same, Form.SERVERS) == (same, ())
    local = {"type": "local", "command": "x"}
    assert convert_server("x", local, Form.SERVERS) == ({"type": "stdio", "command": "x"}, ())


HOOKS = st.fixed_dictionaries(
    {
        "type": st.just("command"),
        "command": st.sampled_from(["x.sh", "'/a b/x.sh'", '"$CLAUDE_PROJECT_DIR"/y', "'"]),
    },
    optional={
        "timeout": st.one_of(
            st.integers(-1, 10**9), st.floats(), st.text(max_size=2), st.booleans()
        ),
        "if": st.just("Bash(git *)"),
        "args": st.one_of(st.lists(st.text(max_size=3)), st.integers()),
        "async": st.booleans(),
        "statusMessage": st.text(max_size=5),
        "onFailure": st.just("block"),
    },
)
OTHERS = st.sampled_from([{"type": "prompt", "prompt": "x"}, {"type": "http", "url": "https://x"}])
MATCHERS = st.one_of(
    st.text(max_size=20),
    st.none(),
    st.integers(),
    st.sampled_from(
        ["*", "", "Bash", "Edit|Write", "Bash, Nope", "mcp__.*", "Edit.*", "startup|clear"]
    ),
    st.sampled_from(
        ["mcp__a__b", "(a+)+$", "(.*)*x", "[", "mcp__x", "^mcp__git__.*$|Read", "Notebook.*"]
    ),
)
EVENTS = st.sampled_from(
    [
        *("SessionStart", "SessionEnd", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"),
        *(
            "PreCompact",
            "Notification",
            "PermissionRequest",
            "WorktreeCreate",
            "PostToolUseFailure",
        ),
    ]
)
GROUPS = st.tuples(
    EVENTS,
    st.fixed_dictionaries(
        {"hooks": st.lists(st.one_of(HOOKS, OTHERS), max_size=3)}, optional={"matcher": MATCHERS}
    ),
)


@pytest.mark.parametrize("form", HOOK_FORMS)
@some
@given(groups=st.lists(GROUPS, max_size=4))
def test_any_hooks_are_converted_or_left_out(form: Form, groups: list[Any]) -> None:
    """Nothing runs that was not in them, and nothing is written that the agent does not know."""
    found, losses = convert_hooks(groups, form)
    hooks = [hook for _, group in groups for hook in group["hooks"]]
    names = [str(hook.get("command", "")).rpartition("/")[2].strip("'") or "'" for hook in hooks]
    for event, value in found:
        assert list(agent_rules.hook_problems(form, event, value)) == []
        for one in value.get("hooks", [value.get("action", value)]):
            assert any(name and name in one["command"] for name in names)
    if hooks and not found:
        assert losses or all(not group["hooks"] for _, group in groups)


def head_of(form: Form, text: str, name: str = "x") -> dict[str, Any]:
    """Return the head of a converted file."""
    found = convert_file(text.encode(), form, name)
    assert isinstance(found, ConvertedFile), found
    return agent_rules.read_head(found.data)[0]


REVIEWER = """---
name: reviewer
description: "Reviews: all"
tools: Read, Grep
model: sonnet
color: orange
---
Text.
"""


def test_an_agent_that_only_reads_only_reads_everywhere() -> None:
    """What limits it is kept in the words of each agent."""
    denied = head_of(Form.OPENCODE_AGENT, REVIEWER)["permission"]
    assert {"edit", "bash", "task"} <= denied.keys()
    assert set(denied.values()) == {"deny"}
    assert head_of(Form.CURSOR_AGENT, REVIEWER)["readonly"] is True
    assert head_of(Form.GEMINI_AGENT, REVIEWER)["tools"] == ["read_file", "grep_search"]
    assert head_of(Form.COPILOT_AGENT, REVIEWER)["tools"] == ["read", "search"]
    assert head_of(Form.CLINE_AGENT, REVIEWER)["tools"] == ["read_file", "search_files"]
    assert head_of(Form.IFLOW_AGENT, REVIEWER)["systemPrompt"] == "Text.\n"
    losses = convert_file(REVIEWER.encode(), Form.IFLOW_AGENT, "x")
    assert "it may use every tool, since iFlow CLI has other names of tools" in losses[1]
    found = convert_file(REVIEWER.encode(), Form.CODEX_AGENT, "x")
    assert isinstance(found, ConvertedFile)
    assert b'sandbox_mode = "read-only"' in found.data


def test_a_file_in_an_agents_own_form_stays_as_it_is() -> None:
    """Byte for byte, its comments and its order included."""
    text = b"---\ndescription: d # why\nmode: primary\npermission:\n  bash: ask\n---\r\nText"
    assert convert_file(text, Form.OPENCODE_AGENT, "x") == ConvertedFile(text, ())


def test_arguments_files_and_commands_of_gemini() -> None:
    """Signs of Claude Code are those of Gemini CLI; what has no counterpart is reported."""
    text = b"Do $ARGUMENTS: !`git log` and @docs/x.md, not a@b.com or @scope/pkg, $1"
    found = convert_file(text, Form.GEMINI_COMMAND, "x")
    assert isinstance(found, ConvertedFile)
    assert b"Do {{args}}: !{git log} and @{docs/x.md}, not a@b.com or @scope/pkg, $1" in found.data
    assert found.losses == ("single arguments (`$1`) stay as text: there are none there",)


def test_indexes_of_arguments_are_shifted_where_they_are_certain() -> None:
    """`$ARGUMENTS[0]` is the first; what `$1` means is for its author to say."""
    found = convert_file(b"a $ARGUMENTS[0] b $1", Form.OPENCODE_COMMAND, "x")
    assert isinstance(found, ConvertedFile)
    assert found.data.endswith(b"a $1 b $1")
    assert len(found.losses) == 1


def test_matchers_are_exact_or_expressions() -> None:
    """As Claude Code has them."""
    run = {"hooks": [{"type": "command", "command": "x", "timeout": 5}]}
    found, losses = convert_hooks(
        [("PreToolUse", {"matcher": "Edit.*|Bash", **run})], Form.GEMINI_HOOKS
    )
    assert found[0][1]["matcher"] == "^(?:run_shell_command|replace)$"
    assert found[0][1]["hooks"][0]["timeout"] == 5000
    found, losses = convert_hooks(
        [("PreToolUse", {"matcher": "mcp__git", **run})], Form.CODEX_HOOKS
    )
    assert found == []
    assert losses == ("left out the tool mcp__git, which Codex does not have",)


def test_tools_of_a_plugins_servers_have_their_deployed_names() -> None:
    """A server is deployed under its own name, so that its tools lose the plugin's."""
    text = REVIEWER.replace("Grep", "mcp__plugin_desk-kit_git__log, mcp__plugin_a_my_b")
    assert head_of(Form.COPILOT_AGENT, text)["tools"] == ["read", "git/log", "my_b/*"]
    assert head_of(Form.GEMINI_AGENT, text)["tools"] == ["read_file", "mcp_git_log"]


def test_a_rejected_path_is_never_made() -> None:
    """A command in a folder is one folder as a skill."""
    from holdall.deploy.targets import BUILTIN_TARGETS

    path = BUILTIN_TARGETS["codex"].path_of(ArtifactId("command", "git:commit"))
    assert path == RelPath.parse(".agents/skills/git-commit/SKILL.md")
    assert Path(path).name == "SKILL.md"


OPENCODE = b"""---
description: "Reviews"
mode: subagent
temperature: 0.20
steps: 12
disable: true
hidden: FALSE
tools:
  write: false
  "bash": true
---
Review.
"""


def test_an_agent_of_opencode_stays_as_it_is() -> None:
    """Numbers, truth values and what limits it are kept, to the byte."""
    assert convert_file(OPENCODE, Form.OPENCODE_AGENT, "x") == ConvertedFile(OPENCODE)
    assert {form: _keys(form)[1] for form in (Form.GEMINI_AGENT, Form.COPILOT_AGENT)} == {
        Form.GEMINI_AGENT: ("left out which tools it must not use (`tools`)",),
        Form.COPILOT_AGENT: ("left out which tools it must not use (`tools`)",),
    }
    assert _keys(Form.GEMINI_AGENT)[0]["temperature"] == 0.2


def _keys(form: Form, data: bytes = OPENCODE) -> tuple[dict[str, Any], tuple[str, ...]]:
    found = convert_file(data, form, "x")
    assert isinstance(found, ConvertedFile)
    return agent_rules.read_head(found.data)[0], found.losses


@pytest.mark.parametrize("value", ["maybe", "[a]", "{a: b}", ""])
def test_switches_that_are_none_are_refused(value: str) -> None:
    """An agent that would have more tools than it had is not written."""
    data = OPENCODE.replace(b"write: false", f"write: {value}".encode())
    assert isinstance(convert_file(data, Form.OPENCODE_AGENT, "x"), Refused)


@pytest.mark.parametrize("text", ["12", "1e3", "0o17", "2026-11-28", "yes", "1:30", "0x1f", ".inf"])
def test_a_text_that_looks_like_something_else_is_quoted(text: str) -> None:
    """A description is a text for every reader of YAML."""
    data = f"---\ndescription: {text}\nmode: subagent\n---\nx\n".encode()
    found = convert_file(data, Form.OPENCODE_AGENT, "x")
    assert isinstance(found, ConvertedFile)
    assert f'description: "{text}"'.encode() in found.data


def test_truth_values_of_commands_are_kept() -> None:
    """In quotes or not, they arrive as truth values."""
    data = b"---\ndescription: Do it\nsubtask: 'true'\ndisable-model-invocation: true\n---\nx\n"
    assert _keys(Form.OPENCODE_COMMAND, data)[0] == {"description": "Do it", "subtask": True}
    assert _keys(Form.QWEN_COMMAND, data)[0]["disable-model-invocation"] is True
