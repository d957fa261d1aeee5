"""What agents refuse in the files that are written for them, as their sources and docs say.

Each function returns what an agent would say of a file or an entry, nothing where it takes it. From
opencode's config schema, Gemini CLI's `agentLoader.ts` and settings schema, Codex's config schema,
the documentation of GitHub Copilot and Cursor, and runs of opencode 1.18 and Copilot CLI 1.0.102.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from holdall.deploy.targets import Form

_RULES = {"allow", "ask", "deny"}
_TOOLS = re.compile(
    r"read_file|read_many_files|write_file|replace|run_shell_command|grep_search|glob|list_directory"
    r"|web_fetch|google_web_search|write_todos|invoke_agent|activate_skill|\*"
    r"|mcp_\*|mcp_[A-Za-z0-9-]+_(?:\*|[\w-]+)|discovered_tool_.+"
)


def read_head(data: bytes) -> tuple[dict[str, Any], str]:
    """Return the keys and the text of a Markdown file as a strict reader of YAML has them."""
    match = re.match(r"---\n(.*?)^---(?:\n|\Z)", data.decode(), re.S | re.M)
    assert match is not None, data
    keys = yaml.safe_load(match[1])
    return {} if keys is None else keys, data.decode()[match.end() :]


def opencode_agent(data: bytes) -> Iterator[str]:
    """Unknown keys are options; a wrong type stops the whole program."""
    keys, _ = read_head(data)
    checks: dict[str, Callable[[Any], bool]] = {
        "description": lambda v: isinstance(v, str),
        "mode": lambda v: v in ("subagent", "primary", "all"),
        "model": lambda v: isinstance(v, str),
        "variant": lambda v: isinstance(v, str),
        "prompt": lambda v: isinstance(v, str),
        "temperature": _is_number,
        "top_p": _is_number,
        "tools": lambda v: isinstance(v, dict) and all(isinstance(x, bool) for x in v.values()),
        "permission": _is_permission,
        "disable": lambda v: isinstance(v, bool),
        "hidden": lambda v: isinstance(v, bool),
        "color": lambda v: (
            isinstance(v, str)
            and bool(
                re.fullmatch(
                    "#[0-9a-fA-F]{6}|primary|secondary|accent|success|warning|error|info", v
                )
            )
        ),
        "steps": _is_count,
        "maxSteps": _is_count,
    }
    for key, value in keys.items():
        if key not in checks:
            yield f"{key} becomes an option of the model"
        elif not checks[key](value):
            yield f"{key}: {value!r}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_permission(value: Any) -> bool:
    if isinstance(value, str):
        return value in _RULES
    return isinstance(value, dict) and all(
        rule in _RULES
        if isinstance(rule, str)
        else isinstance(rule, dict) and all(r in _RULES for r in rule.values())
        for rule in value.values()
    )


def gemini_agent(data: bytes) -> Iterator[str]:
    """A closed set of keys, and tools with known names only."""
    keys, body = read_head(data)
    checks: dict[str, Callable[[Any], bool]] = {
        "name": lambda v: isinstance(v, str) and bool(re.fullmatch("[a-z0-9_-]+", v)),
        "description": lambda v: isinstance(v, str) and bool(v),
        "kind": lambda v: v in ("local", "remote"),
        "display_name": lambda v: isinstance(v, str),
        "tools": lambda v: isinstance(v, list) and all(_TOOLS.fullmatch(tool) for tool in v),
        "model": lambda v: isinstance(v, str),
        "temperature": lambda v: _is_number(v) and 0 <= v <= 2,
        "max_turns": _is_count,
        "timeout_mins": _is_count,
    }
    yield from _closed(keys, checks, ("name", "description"))
    if not body.strip():
        yield "no instructions"


def codex_agent(data: bytes) -> Iterator[str]:
    """TOML with a closed set of keys."""
    text = lambda v: isinstance(v, str) and bool(v.strip())  # noqa: E731
    checks: dict[str, Callable[[Any], bool]] = {
        "name": text,
        "description": text,
        "developer_instructions": text,
        "model": text,
        "sandbox_mode": lambda v: v in ("read-only", "workspace-write", "danger-full-access"),
    }
    needed = ("name", "description", "developer_instructions")
    yield from _closed(tomllib.loads(data.decode()), checks, needed)


def copilot_agent(data: bytes) -> Iterator[str]:
    """Unknown keys are ignored; the description is needed, the text is limited."""
    keys, body = read_head(data)
    if not isinstance(keys.get("description"), str) or not keys["description"].strip():
        yield "no description"
    if not isinstance(keys.get("tools", []), list):
        yield "tools is not a list"
    if len(body) > 30_000:
        yield "longer than 30,000 characters"


def cursor_agent(data: bytes) -> Iterator[str]:
    """Unknown keys are ignored, so that none of ours should be one."""
    keys, _ = read_head(data)
    for key in keys.keys() - {"name", "description", "model", "readonly", "is_background"}:
        yield f"{key} is ignored"
    for key in ("readonly", "is_background"):
        if not isinstance(keys.get(key, True), bool):
            yield key


def brief_agent(data: bytes) -> Iterator[str]:
    """Name and description are texts, and there is a text."""
    keys, body = read_head(data)
    if not all(isinstance(keys.get(key), str) and keys[key] for key in ("name", "description")):
        yield "no name or description"
    if keys.keys() - {"name", "description"} or not body.strip():
        yield "other keys, or no text"


def cline_agent(data: bytes) -> Iterator[str]:
    """Known tools only, a description and a text; the file is not read otherwise."""
    keys, body = read_head(data)
    text = lambda v: isinstance(v, str) and bool(v.strip())  # noqa: E731
    tools = {"read_file", "write_to_file", "replace_in_file", "execute_command", "search_files"}
    checks: dict[str, Callable[[Any], bool]] = {
        "name": text,
        "description": text,
        "tools": lambda v: isinstance(v, list) and bool(v) and tools.issuperset(v),
        "maxIterations": _is_count,
    }
    yield from _closed(keys, checks, ("name", "description"))
    if not body.strip():
        yield "no text"


def iflow_agent(data: bytes) -> Iterator[str]:
    """Everything is in the head."""
    keys, body = read_head(data)
    text = lambda v: isinstance(v, str) and bool(v.strip())  # noqa: E731
    needed = ("agentType", "whenToUse", "systemPrompt")
    yield from _closed(keys, dict.fromkeys(needed, text), needed)
    if body:
        yield "a text beside its prompt"


def gemini_command(data: bytes) -> Iterator[str]:
    """TOML with a prompt; the braces of commands balance."""
    table = tomllib.loads(data.decode())
    yield from _closed(
        table,
        {key: lambda v: isinstance(v, str) for key in ("prompt", "description")},
        ("prompt",),
    )
    yield from _braces(table.get("prompt", ""))


def qwen_command(data: bytes) -> Iterator[str]:
    """As Gemini CLI's, in Markdown."""
    yield from _braces(read_head(data)[1])


def _braces(text: str) -> Iterator[str]:
    for match in re.finditer(r"[!@]\{", text):
        depth = 0
        for sign in text[match.end() - 1 :]:
            depth += (sign == "{") - (sign == "}")
            if depth == 0:
                break
        else:
            yield "braces do not balance"


def opencode_command(data: bytes) -> Iterator[str]:
    """The types of its keys."""
    keys, _ = read_head(data)
    for key in ("description", "agent", "model", "variant"):
        if not isinstance(keys.get(key, ""), str):
            yield key
    if not isinstance(keys.get("subtask", True), bool):
        yield "subtask"
    if "model" in keys and "/" not in keys["model"]:
        yield "a model without its provider"


def command_skill(data: bytes) -> Iterator[str]:
    """Name and description by agentskills.io."""
    keys, _ = read_head(data)
    if not re.fullmatch(r"(?=.{1,64}\Z)[a-z0-9]+(-[a-z0-9]+)*", str(keys.get("name"))):
        yield "name"
    if not isinstance(keys.get("description"), str) or not 1 <= len(keys["description"]) <= 1024:
        yield "description"


def continue_prompt(data: bytes) -> Iterator[str]:
    """It has a name and can be invoked."""
    keys, _ = read_head(data)
    if not isinstance(keys.get("name"), str) or keys.get("invokable") is not True:
        yield "name or invokable"


def _closed(
    table: Mapping[str, Any], checks: Mapping[str, Callable[[Any], bool]], needed: tuple[str, ...]
) -> Iterator[str]:
    for key in needed:
        if key not in table:
            yield f"no {key}"
    for key, value in table.items():
        if key not in checks:
            yield f"{key} is not known"
        elif not checks[key](value):
            yield f"{key}: {value!r}"


FILES: Mapping[Form, Callable[[bytes], Iterator[str]]] = {
    Form.OPENCODE_AGENT: opencode_agent,
    Form.GEMINI_AGENT: gemini_agent,
    Form.CODEX_AGENT: codex_agent,
    Form.COPILOT_AGENT: copilot_agent,
    Form.CURSOR_AGENT: cursor_agent,
    Form.BRIEF_AGENT: brief_agent,
    Form.CLINE_AGENT: cline_agent,
    Form.IFLOW_AGENT: iflow_agent,
    Form.GEMINI_COMMAND: gemini_command,
    Form.QWEN_COMMAND: qwen_command,
    Form.OPENCODE_COMMAND: opencode_command,
    Form.COMMAND_SKILL: command_skill,
    Form.CONTINUE_PROMPT: continue_prompt,
}

_SCOPES: Mapping[Form, Mapping[str, Callable[[Any], bool]]] = {
    Form.CLAUDE_RULE: {"paths": lambda v: isinstance(v, list) and bool(v)},
    Form.CURSOR_RULE: {
        "alwaysApply": lambda v: isinstance(v, bool),
        "globs": lambda v: isinstance(v, str | list),
    },
    Form.CONTINUE_RULE: {
        "alwaysApply": lambda v: isinstance(v, bool),
        "globs": lambda v: isinstance(v, str | list),
        "name": lambda v: isinstance(v, str) and bool(v),
    },
    Form.COPILOT_RULE: {"applyTo": lambda v: isinstance(v, str) and bool(v)},
    Form.WINDSURF_RULE: {
        "trigger": lambda v: v in ("always_on", "glob", "model_decision", "manual"),
        "globs": lambda v: isinstance(v, str) and bool(v),
    },
    Form.KIRO_RULE: {
        "inclusion": lambda v: v in ("always", "fileMatch", "auto", "manual"),
        "fileMatchPattern": lambda v: isinstance(v, str | list) and bool(v),
    },
    Form.AUGMENT_RULE: {"type": lambda v: v in ("always_apply", "agent_requested", "manual")},
    Form.PLAIN_RULE: {},
}
RULE_FORMS = sorted(_SCOPES)


def rule_problems(form: Form, data: bytes) -> Iterator[str]:
    """Yield what an agent would say of the keys of a rule that say when it is in force.

    Only Cursor reads a head that is not valid YAML. From cursor.com/docs, code.claude.com,
    docs.github.com, docs.windsurf.com, kiro.dev, docs.continue.dev, 2026, and for Augment rulesync.
    """
    match = re.match(r"---\n(.*?)^---(?:\n|\Z)", data.decode(), re.S | re.M)
    if form is Form.PLAIN_RULE:
        return
    try:
        found = (yaml.safe_load(match[1]) or {}) if match else {}
    except yaml.YAMLError as error:
        if form is not Form.CURSOR_RULE:
            yield f"not valid YAML: {error}"
        return
    for key, check in _SCOPES[form].items():
        if found.get(key) not in (None, "", []) and not check(found[key]):
            yield f"{key}: {found[key]!r}"
    needed = {
        ("trigger", "glob"): "globs",
        ("trigger", "model_decision"): "description",
        ("inclusion", "fileMatch"): "fileMatchPattern",
        ("inclusion", "auto"): "description",
        ("type", "agent_requested"): "description",
    }
    for (key, value), other in needed.items():
        if key in _SCOPES[form] and found.get(key) == value and not found.get(other):
            yield f"{key}: {value} without {other}"
    if form is Form.WINDSURF_RULE and "trigger" not in found:
        yield "no trigger: it would be for requests only"
    if form is Form.CONTINUE_RULE and "name" not in found:
        yield "no name"


_TEXTS = {"env", "headers", "environment", "http_headers", "env_http_headers"}
_LISTS = {"args", "env_vars"}
_LOCAL = {"command", "args", "env", "cwd"}
_REMOTE = {"url", "headers"}
_SERVERS: Mapping[Form, tuple[set[str], set[str], Mapping[str, set[str | None]]]] = {
    # SchemaStore claude-code-settings.json and code.claude.com/docs/en/mcp
    Form.SERVERS: (
        _LOCAL | {"headers", "headersHelper", "timeout", "oauth", "alwaysLoad"},
        _REMOTE | {"env", "cwd", "headersHelper", "timeout", "oauth", "alwaysLoad"},
        {"local": {"stdio", None}, "remote": {"http", "sse", "ws", "streamable-http"}},
    ),
    Form.VSCODE_SERVERS: (
        _LOCAL | {"envFile", "dev", "sandboxEnabled"},
        _REMOTE | {"oauth"},
        {"local": {"stdio"}, "remote": {"http", "sse"}},
    ),
    Form.CURSOR_SERVERS: (_LOCAL | {"envFile"}, _REMOTE | {"auth"}, {"remote": {"http", "sse"}}),
    Form.COPILOT_SERVERS: (
        _LOCAL | {"tools"},
        _REMOTE | {"tools"},
        {"local": {"local", "stdio"}, "remote": {"http", "sse"}},
    ),
    Form.GEMINI_SERVERS: (
        _LOCAL | {"timeout", "trust", "includeTools", "excludeTools"},
        {"url", "httpUrl", "headers", "timeout", "trust", "includeTools", "excludeTools"},
        {},
    ),
    Form.CODEX_SERVERS: (
        _LOCAL | {"env_vars"},
        {"url", "http_headers", "env_http_headers", "bearer_token_env_var"},
        {},
    ),
    Form.GROK_SERVERS: (_LOCAL, {"url", "http_headers"}, {}),
    Form.WINDSURF_SERVERS: (_LOCAL, {"serverUrl", "headers"}, {}),
    Form.ANTIGRAVITY_SERVERS: (_LOCAL, {"serverUrl", "headers"}, {}),
    Form.ZED_SERVERS: (_LOCAL, _REMOTE, {}),
    Form.CLINE_SERVERS: (
        _LOCAL | {"disabled"},
        _REMOTE | {"disabled"},
        {"remote": {"streamableHttp", "sse"}},
    ),
    Form.ROO_SERVERS: (
        _LOCAL | {"disabled"},
        _REMOTE | {"disabled"},
        {"remote": {"streamable-http", "sse"}},
    ),
    Form.CRUSH_SERVERS: (
        _LOCAL | {"timeout", "disabled"},
        _REMOTE | {"timeout", "disabled"},
        {"local": {"stdio"}, "remote": {"http", "sse"}},
    ),
    Form.OTHER_SERVERS: (_LOCAL, _REMOTE, {"remote": {"http", "sse"}}),
    Form.OPENCODE_SERVERS: (
        {"command", "environment", "cwd", "enabled", "timeout"},
        {"url", "headers", "enabled", "timeout"},
        {"local": {"local"}, "remote": {"remote"}},
    ),
}


def server_problems(form: Form, value: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an agent would say of a server's entry."""
    local, remote, types = _SERVERS[form]
    kind = "local" if "command" in value else "remote"
    allowed, kinds = (local if kind == "local" else remote), types.get(kind, set())
    for key in value.keys() - allowed - ({"type"} if kinds else set()):
        yield f"{key} is not known"
    if kinds and value.get("type") not in kinds:
        yield f"type: {value.get('type')!r}"
    for key in _TEXTS & value.keys():
        if not isinstance(value[key], dict):
            yield f"{key}: {value[key]!r}"
    for key in _LISTS & value.keys():
        if not all(isinstance(word, str) for word in value[key]):
            yield f"{key}: {value[key]!r}"
    if form is Form.OPENCODE_SERVERS and kind == "local" and not isinstance(value["command"], list):
        yield "command is no list"
    if form is Form.CRUSH_SERVERS and re.search(r"\$\(|`", str(value)):
        yield "it would run a command"


_EVENTS: Mapping[Form, set[str]] = {
    Form.CODEX_HOOKS: {
        *("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PermissionRequest"),
        *("Stop", "SubagentStart", "SubagentStop", "PreCompact", "PostCompact"),
    },
    Form.CURSOR_HOOKS: {
        *("sessionStart", "sessionEnd", "beforeSubmitPrompt", "preToolUse", "postToolUse", "stop"),
        *("postToolUseFailure", "subagentStart", "subagentStop", "preCompact"),
    },
    Form.COPILOT_HOOKS: {
        *("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop", "PreCompact"),
        *("SubagentStart", "SubagentStop", "PermissionRequest", "sessionEnd", "notification"),
        "postToolUseFailure",
    },
    Form.GEMINI_HOOKS: {
        *("SessionStart", "SessionEnd", "BeforeAgent", "AfterAgent", "BeforeTool", "AfterTool"),
        "PreCompress",
    },
    Form.WINDSURF_HOOKS: {
        *("pre_user_prompt", "pre_run_command", "pre_write_code", "pre_read_code"),
        *("pre_mcp_tool_use", "post_run_command", "post_write_code", "post_read_code"),
        *("post_mcp_tool_use", "post_cascade_response"),
    },
    Form.DEVIN_HOOKS: {
        *("SessionStart", "SessionEnd", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"),
        *("PermissionRequest", "PostCompaction"),
    },
    # QwenLM/qwen-code docs/users/features/hooks.md, docs.x.ai/build/features/hooks,
    # platform.iflow.cn/en/cli/examples/hooks, deepagents_code/hooks/models, docs.augmentcode.com,
    # docs.openhands.dev/openhands/usage/customization/hooks, kiro.dev/docs/cli/v3/hooks.
    Form.QWEN_HOOKS: {
        *("PreToolUse", "PostToolUse", "PostToolUseFailure", "UserPromptSubmit", "SessionStart"),
        *("SessionEnd", "Stop", "SubagentStart", "SubagentStop", "PreCompact", "Notification"),
        "PermissionRequest",
    },
    Form.GROK_HOOKS: {
        *("SessionStart", "SessionEnd", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"),
        *("PostToolUseFailure", "PermissionDenied", "StopFailure", "Notification", "PreCompact"),
        *("PostCompact", "SubagentStart", "SubagentStop"),
    },
    Form.IFLOW_HOOKS: {
        *("PreToolUse", "PostToolUse", "Stop", "SubagentStop", "SessionStart", "SessionEnd"),
        *("UserPromptSubmit", "Notification"),
    },
    Form.DEEPAGENTS_HOOKS: {
        *("SessionStart", "UserPromptSubmit", "SessionEnd", "PermissionRequest", "Notification"),
        *("PreToolUse", "PostToolUse", "PostToolUseFailure", "PreCompact", "Stop"),
        *("SubagentStart", "SubagentStop"),
    },
    Form.AUGMENT_HOOKS: {
        *("PreToolUse", "PostToolUse", "SessionStart", "SessionEnd", "Stop", "Notification"),
        "PromptSubmit",
    },
    Form.OPENHANDS_HOOKS: {
        *("PreToolUse", "PostToolUse", "UserPromptSubmit", "Stop", "SessionStart", "SessionEnd"),
    },
    Form.KIRO_HOOKS: {"hooks"},
}
_TRIGGERS = {"SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"}
_FLAT = (Form.CURSOR_HOOKS, Form.COPILOT_HOOKS, Form.WINDSURF_HOOKS, Form.KIRO_HOOKS)
_HOOK_KEYS: Mapping[Form, set[str]] = {
    Form.CODEX_HOOKS: {"type", "command", "timeout", "statusMessage"},
    Form.CURSOR_HOOKS: {"command", "type", "matcher", "timeout", "loop_limit", "failClosed"},
    Form.COPILOT_HOOKS: {"type", "command", "cwd", "env", "timeoutSec", "matcher"},
    Form.GEMINI_HOOKS: {"type", "command", "timeout", "name", "description"},
    Form.WINDSURF_HOOKS: {"command", "powershell", "show_output", "working_directory"},
    Form.DEVIN_HOOKS: {"type", "command", "timeout"},
    Form.QWEN_HOOKS: {"type", "command", "async", "statusMessage"},
    Form.GROK_HOOKS: {"type", "command", "timeout"},
    Form.IFLOW_HOOKS: {"type", "command", "timeout"},
    Form.DEEPAGENTS_HOOKS: {"type", "command", "timeout", "statusMessage"},
    Form.AUGMENT_HOOKS: {"type", "command", "timeout"},
    Form.OPENHANDS_HOOKS: {"type", "command", "timeout", "async"},
    Form.KIRO_HOOKS: {"type", "command"},
}
_UNMATCHED: Mapping[Form, set[str]] = {
    Form.AUGMENT_HOOKS: {"SessionStart", "SessionEnd", "Stop", "Notification", "PromptSubmit"},
    Form.OPENHANDS_HOOKS: {"UserPromptSubmit", "Stop", "SessionStart", "SessionEnd"},
    Form.KIRO_HOOKS: {"UserPromptSubmit", "Stop", "SessionStart"},
}


def hook_problems(form: Form, event: str, value: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an agent would say of an element of an event's list."""
    if event not in _EVENTS[form]:
        yield f"the event {event}"
    hooks = [value] if form in _FLAT else value["hooks"]
    if form not in _FLAT and value.keys() - {"matcher", "hooks"}:
        yield "unknown keys of a group"
    if form is Form.KIRO_HOOKS:
        event, hooks = value["trigger"], [value["action"]]
        if value.keys() - {"name", "trigger", "matcher", "action", "timeout", "enabled"}:
            yield "unknown keys of a hook"
        if event not in _TRIGGERS or not value["name"] or value.get("timeout", 1) < 1:
            yield "trigger, name or timeout"
    if not hooks:
        yield "no hooks"
    matcher = value.get("matcher")
    if matcher is not None:
        re.compile(matcher)
        if event in _UNMATCHED.get(form, ()):
            yield f"a matcher of {event}"
    for hook in hooks:
        for key in hook.keys() - _HOOK_KEYS[form]:
            yield f"{key} is not known"
        if "type" in _HOOK_KEYS[form] and hook.get("type", "command") != "command":
            yield "type"
        if not isinstance(hook.get("command"), str):
            yield "command"
        elif form is Form.AUGMENT_HOOKS and not re.fullmatch(r"/[^$]*\.sh", hook["command"]):
            yield "not the path of a script"
        for key in ("timeout", "timeoutSec"):
            if key in hook and (not _is_number(hook[key]) or hook[key] <= 0):
                yield key
