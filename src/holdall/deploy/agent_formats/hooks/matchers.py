"""Matchers: when hooks of Claude Code run, in the names and patterns of other agents.

`Edit|Write` are exact names, `mcp__.*` and `Edit.*` regular expressions, `*` and none mean always.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from holdall import NamedTuple
from holdall.deploy.agent_formats.hooks.agents import HookAgent
from holdall.deploy.agent_formats.tools import CLAUDE, NAMES

_SIMPLE = re.compile(r"[\w\-|, ]*")
_SAFE = re.compile(r"(?:[\w|.^$\- ]|\.\*|\((?:\?:)?|\)(?![*+?{]))*")
ABOUT_TOOLS = frozenset(
    {
        *("PreToolUse", "PostToolUse", "PostToolUseFailure"),
        *("PermissionRequest", "PermissionDenied"),
    }
)


class Matcher(NamedTuple):
    """When hooks run: always, for Claude Code's `tools`, for servers' tools, or as a text says."""

    tools: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    text: str | None = None
    is_all: bool = False


def read_matcher(event: str, value: Any, agent: HookAgent, losses: list[str]) -> Matcher | None:
    """Return what a matcher means; None, and why, where the agent cannot have it."""
    text = value.strip() if isinstance(value, str) else ""
    if text in ("", "*", ".*", ".+") or (event in ("UserPromptSubmit", "Stop")):
        return Matcher(is_all=True)
    if not _is_expression(text):
        losses.append(f"the matcher {text:.60} is not a regular expression")
        return None
    if event not in ABOUT_TOOLS:
        return Matcher(text=text)
    if _SIMPLE.fullmatch(text):
        names = [name.strip() for name in re.split(r"[|,]", text)]
        # Exact names: `mcp__memory` is that of no tool.
        tools = [name for name in names if name in CLAUDE]
        servers = [name for name in names if re.fullmatch(r"mcp__.+__.+", name)]
        for name in names:
            if name and name not in tools and name not in servers:
                losses.append(f"left out the tool {name}, which {agent.title} does not have")
    else:
        servers = [part for part in text.split("|") if re.fullmatch(r"\^?mcp__[\w.*+-]+\$?", part)]
        rest = "|".join(part for part in text.split("|") if part not in servers)
        if len(text) > 200 or not _SAFE.fullmatch(rest):
            losses.append(f"{agent.title} cannot have the matcher {text:.60}")
            return None
        if not _is_expression(rest):
            losses.append(f"{agent.title} cannot have the matcher {text:.60}")
            return None
        tools = sorted(t for t in CLAUDE if rest and re.search(rest, t))
    if not tools and not servers:
        return None
    return Matcher(tuple(tools), tuple(servers))


def _is_expression(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def tool_names(
    matcher: Matcher, agent: HookAgent, losses: list[str], server: Callable[[str], str | None]
) -> list[str]:
    """Return a matcher's tools as an agent calls them, its servers' tools by `server`."""
    names = NAMES.get(agent.tools)
    found = []
    for tool in matcher.tools:
        own = tool if names is None else names.get(tool)
        if own is None:
            losses.append(f"left out the tool {tool}, of which no name in {agent.title} is known")
        else:
            found.append(own)
    for pattern in matcher.servers:
        own = server(pattern)
        if own is None:
            losses.append(f"{agent.title} cannot have the matcher {pattern}")
        else:
            found.append(own)
    return list(dict.fromkeys(found))


def as_it_is(pattern: str) -> str:
    """Return a pattern of servers' tools for an agent that has Claude Code's names of them."""
    return pattern.removeprefix("^").removesuffix("$")


def of_none(pattern: str) -> None:
    """Return that an agent's names of servers' tools are not known."""
    del pattern


def of_gemini(pattern: str) -> str | None:
    """Return Gemini CLI's pattern for servers' tools; None where there is none."""
    match = re.fullmatch(r"\^?mcp__([A-Za-z0-9-]+|\.[*+])(?:__([\w.*+-]+))?\$?", pattern)
    return None if match is None else f"mcp_{match[1]}" + (f"_{match[2]}" if match[2] else "")


def of_cursor(pattern: str) -> str | None:
    """Return Cursor's pattern for servers' tools; None where there is none."""
    match = re.fullmatch(r"mcp__(?:(?!__)[\w-])+__([\w-]+)", pattern)
    if match:
        return f"MCP:{match[1]}"
    return "MCP:.*" if re.fullmatch(r"\^?mcp__\.[*+]\$?", pattern) else None


def of_windsurf(pattern: str) -> str | None:
    """Return the kind of event that Windsurf has for servers' tools; None where it has none."""
    return "pre_mcp_tool_use" if re.fullmatch(r"\^?mcp__\.[*+]\$?", pattern) else None
