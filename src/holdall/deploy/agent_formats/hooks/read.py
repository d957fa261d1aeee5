"""Hooks that were written for another agent than Claude Code, read as Claude Code's.

A file for Cursor, as people publish it:

    {"version": 1, "hooks": {"beforeShellExecution": [{"command": "./check.sh"}]}}

is for Claude Code

    {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "./check.sh"}]}]}

Nothing in a file says for which agent it is: the names of its events, keys and tools do. What has
no counterpart is left out and said, never guessed. Sources: as `agents`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from holdall import NamedTuple
from holdall.deploy.agent_formats.hooks.agents import HOOK_AGENTS
from holdall.deploy.agent_formats.hooks.matchers import ABOUT_TOOLS
from holdall.deploy.agent_formats.tools import CLAUDE, NAMES
from holdall.deploy.targets.target import Form

Group = tuple[str, dict[str, Any]]
"""An event and what is to be in its list."""

_GEMINI = frozenset(
    {
        *("BeforeTool", "AfterTool", "BeforeAgent", "AfterAgent", "BeforeModel", "AfterModel"),
        *("BeforeToolSelection", "PreCompress"),
    }
)
_OPENHANDS = {
    "pre_tool_use": "PreToolUse",
    "post_tool_use": "PostToolUse",
    "user_prompt_submit": "UserPromptSubmit",
    "stop": "Stop",
    "session_start": "SessionStart",
    "session_end": "SessionEnd",
}
# Agents with Claude Code's shape and events: only their names of tools say for which it is.
_BY_TOOLS = (Form.QWEN_HOOKS, Form.AUGMENT_HOOKS, Form.OPENHANDS_HOOKS)
_WINDSURF = re.compile(r"(?:pre|post)_[a-z_]+")
_OF_COPILOT = frozenset({"bash", "powershell", "timeoutSec", "cwd", "env"})
SHELLS = ("bash", "powershell", "windows", "linux", "osx")
"""Keys of a hook's command where it depends on the shell or system."""

_ALL = r"mcp__.*"


def form_of_hooks(events: Mapping[str, Any]) -> Form:
    """Return in which agent's form events of hooks are; Claude Code's if nothing speaks against."""
    entries = [entry for found in events.values() if isinstance(found, list) for entry in found]
    tables = [entry for entry in entries if isinstance(entry, dict)]
    if not _GEMINI.isdisjoint(events):
        return Form.GEMINI_HOOKS
    if any("hooks" in table for table in tables) or not tables:
        return _form_of_groups(events)
    if all(_WINDSURF.fullmatch(event) for event in events):
        return Form.WINDSURF_HOOKS
    if any(event.startswith(("before", "after")) for event in events) or "stop" in events:
        return Form.CURSOR_HOOKS
    keys = frozenset().union(*tables)
    if keys & _OF_COPILOT or "type" in keys:
        return Form.COPILOT_HOOKS
    is_cursor = any(_event(event, Form.CURSOR_HOOKS) for event in events)
    return Form.CURSOR_HOOKS if is_cursor else Form.HOOKS


def _form_of_groups(events: Mapping[str, Any]) -> Form:
    if events and events.keys() <= _OPENHANDS.keys():
        return Form.OPENHANDS_HOOKS
    if "PromptSubmit" in events:
        return Form.AUGMENT_HOOKS
    matchers = [group.get("matcher") for event in ABOUT_TOOLS for group in _of(events, event)]
    words = {word for text in matchers if isinstance(text, str) for word in _words(text)} - {""}
    if words and words.isdisjoint(CLAUDE):
        for form in _BY_TOOLS:
            if words <= {*NAMES[HOOK_AGENTS[form].tools].values()}:
                return form
    return Form.HOOKS


def _of(events: Mapping[str, Any], event: str) -> list[dict[str, Any]]:
    found = events.get(event)
    return [group for group in found if isinstance(group, dict)] if isinstance(found, list) else []


def _words(matcher: str) -> list[str]:
    """Return the names in a matcher that is a list of them, with or without what is around it."""
    return re.sub(r"\A\^?(?:\(\?:|\()?|\)?\$?\Z", "", matcher.strip()).split("|")


def is_flat(form: Form) -> bool:
    """Return whether an agent has its hooks in the list of an event, without groups."""
    return form in _FLAT


def flat_problem(entry: Any, form: Form) -> str | None:
    """Return what is wrong with a hook outside of a group; None for one that is understood."""
    if not isinstance(entry, dict):
        return "is not an object"
    if form is Form.KIRO_HOOKS:
        if not isinstance(entry.get("trigger"), str):
            return "has no text 'trigger'"
        action = entry.get("action")
        if not isinstance(action, dict) or action.get("type") not in _ACTIONS:
            return "has no action of a known type"
        key = _ACTIONS[action["type"]]
        return None if isinstance(action.get(key), str) else f"has no text {key!a}"
    if entry.get("type", "command") != "command":
        return f"has the unknown type {entry['type']!a:.80}"
    commands = [entry[key] for key in ("command", *SHELLS) if key in entry]
    if not commands or not all(isinstance(command, str) for command in commands):
        return "has no text 'command'"
    return None


def is_kiro(hooks: Any) -> bool:
    """Return whether `hooks` are such as Kiro has: a list of triggers and actions."""
    return (
        isinstance(hooks, list)
        and bool(hooks)
        and all(
            isinstance(entry, dict) and {"trigger", "action"} <= entry.keys() for entry in hooks
        )
    )


def read_hooks(groups: list[Group], form: Form) -> tuple[list[Group], tuple[str, ...]]:
    """Return hooks in an agent's form as groups of Claude Code's, and what was lost.

    The groups, or the hooks of a flat form, are checked already.
    """
    if form is Form.HOOKS:
        return groups, ()
    title, losses, found = HOOK_AGENTS[form].title, list[str](), list[Group]()
    for own, entry in groups:
        if form is Form.KIRO_HOOKS:
            own = entry["trigger"]
        event = _event(own, form)
        if event is None:
            losses.append(f"Claude Code has no event like {title}'s {own}")
            continue
        matcher = _read_matcher(own, event, entry.get("matcher"), losses, form)
        read = _FLAT.get(form)
        if read is None:
            hooks = _of_groups(entry, losses, form)
        else:
            hooks = [hook for hook in read(entry, losses) if hook]
        if matcher is not None and hooks:
            found.append((event.name, {**matcher, "hooks": hooks}))
    if found:
        losses.append(f"its commands are written for {title}'s input and answers")
    return found, tuple(dict.fromkeys(losses))


class _Event(NamedTuple):
    """An event of Claude Code's, and the matcher that another agent has in the event's name."""

    name: str
    matcher: str | None = None


_MORE_EVENTS: Mapping[Form, Mapping[str, _Event]] = MappingProxyType(
    {
        Form.CURSOR_HOOKS: {
            "beforeShellExecution": _Event("PreToolUse", "Bash"),
            "beforeMCPExecution": _Event("PreToolUse", _ALL),
            "beforeReadFile": _Event("PreToolUse", "Read"),
            "afterFileEdit": _Event("PostToolUse", "Edit|Write"),
        },
        Form.COPILOT_HOOKS: {
            "sessionStart": _Event("SessionStart"),
            "userPromptSubmitted": _Event("UserPromptSubmit"),
            "preToolUse": _Event("PreToolUse"),
            "postToolUse": _Event("PostToolUse"),
            "permissionRequest": _Event("PermissionRequest"),
            "agentStop": _Event("Stop"),
            "subagentStart": _Event("SubagentStart"),
            "subagentStop": _Event("SubagentStop"),
            "preCompact": _Event("PreCompact"),
        },
        Form.OPENHANDS_HOOKS: {own: _Event(event) for own, event in _OPENHANDS.items()},
        Form.WINDSURF_HOOKS: {
            f"{when}_{kind}": _Event(event, matcher)
            for when, event in (("pre", "PreToolUse"), ("post", "PostToolUse"))
            for kind, matcher in (
                ("run_command", "Bash"),
                ("write_code", "Edit|MultiEdit|NotebookEdit|Write"),
                ("read_code", "Read"),
                ("mcp_tool_use", _ALL),
            )
        },
    }
)


def _event(own: str, form: Form) -> _Event | None:
    """Return the event of Claude Code's that means the same."""
    same = {name: _Event(event) for event, name in HOOK_AGENTS[form].events.items()}
    return {**same, **_MORE_EVENTS.get(form, {})}.get(own)


def _read_matcher(
    own: str, event: _Event, value: Any, losses: list[str], form: Form
) -> dict[str, str] | None:
    """Return the matcher of a group, none if it always runs; None, and why, for an unknown one."""
    text = value.strip() if isinstance(value, str) else ""
    if text in ("", "*", ".*"):
        return {} if event.matcher is None else {"matcher": event.matcher}
    if own == event.name and form is Form.COPILOT_HOOKS:
        # With Claude Code's name of an event Copilot has its names of tools, too; all of a name.
        return {"matcher": text if re.fullmatch(r"[\w|]*", text) else f"^(?:{text})$"}
    agent = HOOK_AGENTS[form]
    if event.matcher is not None or (form is Form.COPILOT_HOOKS and event.name in ABOUT_TOOLS):
        # What it matches there are the words of a command, or tools whose names are not known.
        losses.append(f"Claude Code cannot have {agent.title}'s matcher {text:.60}")
        return None
    if event.name not in ABOUT_TOOLS:
        return {"matcher": text}
    found = []
    for name in _words(text):
        tools = _tools(name, form)
        if not tools:
            losses.append(f"Claude Code cannot have {agent.title}'s matcher {name:.60}")
        found += tools
    if _ALL in found:  # an expression: it would find a name in a longer one
        found = [name if name == _ALL else f"^{name}$" for name in found]
    return {"matcher": "|".join(dict.fromkeys(found))} if found else None


def _tools(name: str, form: Form) -> list[str]:
    """Return Claude Code's names of another agent's tool, or pattern of servers' tools."""
    if form is Form.GEMINI_HOOKS and (
        of_server := re.fullmatch(r"mcp_([A-Za-z0-9-]+)_(\w+)", name)
    ):
        return [f"mcp__{of_server[1]}__{of_server[2]}"]
    if name in ("mcp_.*", "MCP:.*"):
        return [_ALL]
    return [tool for tool, own in NAMES[HOOK_AGENTS[form].tools].items() if own == name]


def _of_groups(entry: Mapping[str, Any], losses: list[str], form: Form) -> list[dict[str, Any]]:
    """Return the hooks of a group, with times in seconds."""
    agent = HOOK_AGENTS[form]
    if entry.get("sequential"):
        losses.append("Claude Code runs the hooks of a group at the same time (`sequential`)")
    found = []
    for hook in entry["hooks"]:
        if hook.get("type", "command") != "command":
            losses.append(f"a hook of the type {hook['type']} is left out")
            continue
        new = {"type": "command", "command": hook["command"]}
        if agent.second is not None:
            new |= _time(hook.get("timeout"), agent.second)
        elif hook.get("timeout") is not None:
            losses.append(f"left out a timeout: in which unit {agent.title} has it is not certain")
        if hook.get("async") is True and "async" in agent.keys:
            new["async"] = True
        found.append(new)
    return found


def _of_cursor(entry: Mapping[str, Any], losses: list[str]) -> Iterator[dict[str, Any]]:
    if entry.get("loop_limit") is not None:
        losses.append("Claude Code has no `loop_limit`")
    found = {"type": "command", "command": entry["command"]} if "command" in entry else {}
    if entry.get("failClosed") is True and found:
        found["onFailure"] = "block"
    yield found and found | _time(entry.get("timeout"), 1)


def _of_copilot(entry: Mapping[str, Any], losses: list[str]) -> Iterator[dict[str, Any]]:
    command = entry.get("command", entry.get("bash"))
    changed = [key for key in ("cwd", "env") if entry.get(key) not in (None, {}, ".", "./")]
    if command is None or changed:
        what = f"`{changed[0]}`" if changed else "no command for a shell of Unix"
        losses.append(f"Claude Code has no hooks with {what}")
        return
    yield {"type": "command", "command": command} | _time(entry.get("timeoutSec"), 1)


def _of_windsurf(entry: Mapping[str, Any], losses: list[str]) -> Iterator[dict[str, Any]]:
    if "command" not in entry or entry.get("working_directory"):
        key = "working_directory" if "command" in entry else "powershell"
        losses.append(f"Claude Code has no hooks with `{key}`")
        return
    yield {"type": "command", "command": entry["command"]}


def _time(value: Any, parts: int) -> dict[str, Any]:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e9:
        return {}
    return {"timeout": max(1, round(value / parts))}


def _of_kiro(entry: Mapping[str, Any], losses: list[str]) -> Iterator[dict[str, Any]]:
    action = entry["action"]
    if action["type"] != "command" or entry.get("enabled") is False:
        what = "that is off" if entry.get("enabled") is False else "that is a prompt for Kiro"
        losses.append(f"left out a hook {what}")
        return
    yield {"type": "command", "command": action["command"]} | _time(entry.get("timeout"), 1)


_ACTIONS = {"command": "command", "agent": "prompt"}
_FLAT: Mapping[Form, Callable[[Mapping[str, Any], list[str]], Iterator[dict[str, Any]]]] = (
    MappingProxyType(
        {
            Form.CURSOR_HOOKS: _of_cursor,
            Form.COPILOT_HOOKS: _of_copilot,
            Form.WINDSURF_HOOKS: _of_windsurf,
            Form.KIRO_HOOKS: _of_kiro,
        }
    )
)
