"""Hooks that were written for another agent than Claude Code, read as Claude Code's.

A file for Cursor, as people publish it:

    {"version": 1, "hooks": {"beforeShellExecution": [{"command": "./check.sh"}]}}

is for Claude Code

    {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "./check.sh"}]}]}

Nothing in a file says for which agent it is: the names of its events and keys do. What has no
counterpart is left out and said, never guessed. Sources: as `write`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from holdall import NamedTuple
from holdall.deploy.agent_formats.hooks.agents import HOOK_AGENTS
from holdall.deploy.agent_formats.hooks.matchers import ABOUT_TOOLS
from holdall.deploy.agent_formats.tools import NAMES
from holdall.deploy.targets.target import Form

Group = tuple[str, dict[str, Any]]
"""An event and what is to be in its list."""

_GEMINI = frozenset(
    {
        *("BeforeTool", "AfterTool", "BeforeAgent", "AfterAgent", "BeforeModel", "AfterModel"),
        *("BeforeToolSelection", "PreCompress"),
    }
)
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
        return Form.HOOKS
    if all(_WINDSURF.fullmatch(event) for event in events):
        return Form.WINDSURF_HOOKS
    if any(event.startswith(("before", "after")) for event in events) or "stop" in events:
        return Form.CURSOR_HOOKS
    keys = frozenset().union(*tables)
    if keys & _OF_COPILOT or "type" in keys:
        return Form.COPILOT_HOOKS
    is_cursor = any(_event(event, Form.CURSOR_HOOKS) for event in events)
    return Form.CURSOR_HOOKS if is_cursor else Form.HOOKS


def is_flat(form: Form) -> bool:
    """Return whether an agent has its hooks in the list of an event, without groups."""
    return form in _READERS and form is not Form.GEMINI_HOOKS


def flat_problem(entry: Any) -> str | None:
    """Return what is wrong with a hook outside of a group; None for one that is understood."""
    if not isinstance(entry, dict):
        return "is not an object"
    if entry.get("type", "command") != "command":
        return f"has the unknown type {entry['type']!a:.80}"
    commands = [entry[key] for key in ("command", *SHELLS) if key in entry]
    if not commands or not all(isinstance(command, str) for command in commands):
        return "has no text 'command'"
    return None


def read_hooks(groups: list[Group], form: Form) -> tuple[list[Group], tuple[str, ...]]:
    """Return hooks in an agent's form as groups of Claude Code's, and what was lost.

    The groups, or the hooks of a flat form, are checked already.
    """
    if form is Form.HOOKS:
        return groups, ()
    title, losses, found = HOOK_AGENTS[form].title, list[str](), list[Group]()
    for own, entry in groups:
        event = _event(own, form)
        if event is None:
            losses.append(f"Claude Code has no event like {title}'s {own}")
            continue
        matcher = _read_matcher(own, event, entry.get("matcher"), losses, form)
        hooks = [hook for hook in _READERS[form](entry, losses) if hook]
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
        Form.GEMINI_HOOKS: {},
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
    return {**same, **_MORE_EVENTS[form]}.get(own)


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
    for name in re.sub(r"\A\^?(?:\(\?:|\()?|\)?\$?\Z", "", text).split("|"):
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


def _of_groups(entry: Mapping[str, Any], losses: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the hooks of a group of Gemini CLI, whose times are milliseconds."""
    if entry.get("sequential"):
        losses.append("Claude Code runs the hooks of a group at the same time (`sequential`)")
    for hook in entry["hooks"]:
        known = {key: hook[key] for key in ("type", "command") if key in hook}
        yield known | _time(hook.get("timeout"), 1000)


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


_READERS: Mapping[Form, Callable[[Mapping[str, Any], list[str]], Iterator[dict[str, Any]]]] = (
    MappingProxyType(
        {
            Form.GEMINI_HOOKS: _of_groups,
            Form.CURSOR_HOOKS: _of_cursor,
            Form.COPILOT_HOOKS: _of_copilot,
            Form.WINDSURF_HOOKS: _of_windsurf,
        }
    )
)
