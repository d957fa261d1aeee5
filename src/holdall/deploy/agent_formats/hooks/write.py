"""Hooks: groups of Claude Code's events as another agent's, where they mean the same.

    {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "check.sh"}]}]}

becomes in `.cursor/hooks.json`, below `hooks`:

    {"preToolUse": [{"command": "check.sh", "matcher": "^(?:Shell)$"}]}

What has no counterpart is left out and said, never guessed: an event, a kind of hook, a condition,
a tool. Sources: the agents' documentation of hooks, late 2026.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from holdall import NamedTuple
from holdall.deploy.agent_formats.hooks.agents import (
    COPILOT,
    CURSOR,
    GEMINI,
    HOOK_AGENTS,
    KIRO,
    WINDSURF,
    HookAgent,
)
from holdall.deploy.agent_formats.hooks.matchers import (
    ABOUT_TOOLS,
    Matcher,
    as_it_is,
    of_cursor,
    of_gemini,
    of_none,
    of_windsurf,
    read_matcher,
    tool_names,
)
from holdall.deploy.agent_formats.hooks.read import Group
from holdall.deploy.agent_formats.tools import NAMES
from holdall.deploy.targets.target import Form

_PROJECT = re.compile(r"\$\{CLAUDE_PROJECT_DIR\}|\$CLAUDE_PROJECT_DIR\b")
# Keys of a hook without which it would run more often, or do something else.
_CONDITIONS = ("if", "once", "asyncRewake")


def convert_hooks(groups: Iterable[Group], form: Form) -> tuple[list[Group], tuple[str, ...]]:
    """Return an artifact's groups in an agent's form, each with its event, and what was lost.

    The groups are of a known form (`consent.entries.hooks_in`). Only what is in them runs.
    """
    if form is Form.HOOKS:
        return list(groups), ()
    agent = HOOK_AGENTS[form]
    found: list[Group] = []
    losses: list[str] = []
    for event, group in groups:
        if event not in agent.events:
            losses.append(f"{agent.title} has no event like {event}")
            continue
        hooks = [h for h in (_handler(hook, agent, losses) for hook in group["hooks"]) if h]
        if not hooks:
            continue
        matcher = read_matcher(event, group.get("matcher"), agent, losses)
        if matcher is None:
            continue
        write = _WRITERS.get(form)
        if write is None:
            new = list(_groups(agent, event, matcher, hooks, losses))
        else:
            new = list(write(agent.events[event], event, matcher, hooks, losses))
        if new and event in agent.deaf:
            losses.append(f"{agent.title} goes on whatever a hook of {event} answers")
        found += new
    if found and agent.has_own_input:
        losses.append(
            f"its commands get {agent.title}'s input and must answer in its form, which differ from"
            " Claude Code's"
        )
    unique = list({repr(one): one for one in found}.values())
    return unique, tuple(dict.fromkeys(losses))


class _Handler(NamedTuple):
    command: str
    timeout: float | None
    message: str | None
    fails_closed: bool
    is_async: bool


def _handler(hook: Mapping[str, Any], agent: HookAgent, losses: list[str]) -> _Handler | None:
    """Return the command of a hook; None, and why, for what the agent has no counterpart for."""
    if hook["type"] != "command":
        losses.append(f"{agent.title} has no hooks of the type {hook['type']}")
        return None
    condition = next((key for key in _CONDITIONS if hook.get(key)), None)
    if condition is not None:
        losses.append(f"{agent.title} has no hooks with `{condition}`")
        return None
    if hook.get("shell") not in (None, "bash"):
        losses.append(f"{agent.title} does not choose the shell of a hook")
        return None
    command, args = hook["command"], hook.get("args")
    if args is not None:
        if not isinstance(args, list) or not all(isinstance(word, str) for word in args):
            losses.append("a hook has `args` that are not texts")
            return None
        command = shlex.join([command, *args])
    if agent.here is not None:
        command = _PROJECT.sub(lambda _: str(agent.here), command)
    if agent.runs_scripts:
        script = _script(command)
        if script is None:
            losses.append(f"{agent.title} runs files `*.sh` only")
            return None
        command = script
    is_async = hook.get("async") is True
    if is_async and "async" not in agent.keys:
        losses.append(f"{agent.title} waits for a hook that Claude Code does not wait for")
    fails_closed = hook.get("onFailure") == "block"
    if fails_closed and agent.title != "Cursor":
        losses.append(f"{agent.title} goes on where the hook fails (`onFailure`)")
    timeout, message = hook.get("timeout"), hook.get("statusMessage")
    if not isinstance(timeout, int | float) or isinstance(timeout, bool) or not 0 < timeout < 1e7:
        timeout = None
    return _Handler(
        command,
        timeout,
        message if isinstance(message, str) else None,
        fails_closed,
        is_async,
    )


def _script(command: str) -> str | None:
    """Return the one script that a command is, by its full path; None for any other command."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    is_one = len(words) == 1 and words[0].endswith(".sh") and words[0].startswith("/")
    return words[0] if is_one and "$" not in words[0] else None


def _join(names: Sequence[str]) -> str:
    return f"^(?:{'|'.join(names)})$"


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _groups(
    agent: HookAgent, event: str, matcher: Matcher, hooks: Sequence[_Handler], losses: list[str]
) -> Iterator[Group]:
    """Yield groups in Claude Code's shape, as most agents have them."""
    texts: list[str | None] = [matcher.text]
    if matcher.text is not None and event in agent.unmatched:
        losses.append(f"{agent.title} has no matcher for {event}")
        return
    if matcher.text is not None and event in agent.words:
        texts = [word.strip() for word in matcher.text.split("|")]
    elif matcher.text is None and not matcher.is_all:
        server = as_it_is if agent.has_servers else of_none
        names = tool_names(matcher, agent, losses, server)
        texts = [_join(names)] if names else []
    for text in texts:
        group: dict[str, Any] = {} if text is None else {"matcher": text}
        group["hooks"] = [_plain_hook(hook, agent, losses) for hook in hooks]
        yield agent.events[event], group


def _plain_hook(hook: _Handler, agent: HookAgent, losses: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "command", "command": hook.command}
    found |= _timeout(hook, agent, losses)
    if hook.message is not None and "statusMessage" in agent.keys:
        found["statusMessage"] = hook.message
    if hook.is_async and "async" in agent.keys:
        found["async"] = True
    return found


def _timeout(hook: _Handler, agent: HookAgent, losses: list[str]) -> dict[str, int]:
    """Return the key with the time of a hook in an agent's unit."""
    if hook.timeout is None:
        return {}
    if agent.second is None:
        losses.append(f"left out a timeout: in which unit {agent.title} has it is not certain")
        return {}
    return {"timeout": max(1, round(hook.timeout * agent.second))}


def _kiro(
    own: str, event: str, matcher: Matcher, hooks: Sequence[_Handler], losses: list[str]
) -> Iterator[Group]:
    for _, group in _groups(KIRO, event, matcher, hooks, losses):
        for hook in group.pop("hooks"):
            action = {key: hook.pop(key) for key in ("type", "command")}
            name = f"{own}: {action['command']:.60}"
            yield "hooks", {"name": name, "trigger": own, **group, "action": action, **hook}


def _cursor(
    own: str, event: str, matcher: Matcher, hooks: Sequence[_Handler], losses: list[str]
) -> Iterator[Group]:
    more: dict[str, Any] = {}
    if matcher.text is not None:
        losses.append(f"Cursor has no matcher for {event}")
        return
    if not matcher.is_all:
        names = tool_names(matcher, CURSOR, losses, of_cursor)
        if not names:
            return
        more["matcher"] = _join(names)
    for hook in hooks:
        found: dict[str, Any] = {"command": hook.command, **more}
        if hook.timeout is not None:
            found["timeout"] = _number(hook.timeout)
        if hook.fails_closed:
            found["failClosed"] = True
        yield own, found


def _copilot(
    own: str, event: str, matcher: Matcher, hooks: Sequence[_Handler], losses: list[str]
) -> Iterator[Group]:
    more: dict[str, Any] = {}
    if matcher.text is not None:
        if event not in ("PreCompact", "SubagentStart", "Notification"):
            losses.append(f"GitHub Copilot has no matcher for {event}")
            return
        more["matcher"] = matcher.text
    elif not matcher.is_all:
        if event not in ("PreToolUse", "PermissionRequest"):
            losses.append(f"GitHub Copilot may not heed the matcher of {event}")
        names = tool_names(matcher, COPILOT, losses, as_it_is)
        if not names:
            return
        more["matcher"] = "|".join(names)  # it is anchored there
    for hook in hooks:
        found: dict[str, Any] = {"type": "command", "command": hook.command, **more}
        if hook.timeout is not None:
            found["timeoutSec"] = max(1, round(hook.timeout))
        yield own, found


def _gemini(
    own: str, event: str, matcher: Matcher, hooks: Sequence[_Handler], losses: list[str]
) -> Iterator[Group]:
    del event
    texts: list[str | None] = [None]
    if matcher.text is not None:
        words = [word.strip() for word in matcher.text.split("|")]
        known = {"startup", "resume", "clear", "manual", "auto", "exit", "logout"}
        texts = [word for word in words if word in known]
        losses += [f"Gemini CLI cannot have the matcher {w:.60}" for w in words if w not in known]
    elif not matcher.is_all:
        names = tool_names(matcher, GEMINI, losses, of_gemini)
        texts = [_join(names)] if names else []
    for text in texts:
        group: dict[str, Any] = {} if text is None else {"matcher": text}
        yield own, {**group, "hooks": [_plain_hook(hook, GEMINI, losses) for hook in hooks]}


def _windsurf(
    own: str, event: str, matcher: Matcher, hooks: Sequence[_Handler], losses: list[str]
) -> Iterator[Group]:
    events = [own]
    if event in ABOUT_TOOLS:
        kinds = [*dict.fromkeys(NAMES["windsurf"].values()), "pre_mcp_tool_use"]
        if not matcher.is_all:
            kinds = tool_names(matcher, WINDSURF, losses, of_windsurf)
        events = [f"{own}{kind.removeprefix('pre')}" for kind in kinds]
    if event == "Stop":
        losses.append("Windsurf does not go on because of a hook at the end (`Stop`)")
    if any(hook.timeout is not None for hook in hooks):
        losses.append("Windsurf has no timeout of hooks")
    for name in events:
        for hook in hooks:
            yield name, {"command": hook.command}


_Writer = Callable[[str, str, Matcher, Sequence[_Handler], list[str]], Iterator[Group]]
_WRITERS: Mapping[Form, _Writer] = MappingProxyType(
    {
        Form.KIRO_HOOKS: _kiro,
        Form.CURSOR_HOOKS: _cursor,
        Form.COPILOT_HOOKS: _copilot,
        Form.GEMINI_HOOKS: _gemini,
        Form.WINDSURF_HOOKS: _windsurf,
    }
)
