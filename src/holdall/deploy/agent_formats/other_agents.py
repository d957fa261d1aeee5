"""Agents of Cline and iFlow CLI: a head with their own keys, and a text or a key for it.

    ---                                     ---
    name: reviewer                          agentType: reviewer
    description: Reviews code               whenToUse: Reviews code
    tools: ["read_file", "search_files"]    systemPrompt: "You review code.\\n"
    ---                                     ---
    You review code.

Sources, late 2026: cline/cline `configured-agent-config.ts` and `AgentConfigLoader.ts` (a file with
another tool or without a description is not read), platform.iflow.cn/en/cli/examples/subagent.
"""

from __future__ import annotations

from typing import Any

from holdall.deploy.agent_formats.markdown import Parts, count_of, text_of
from holdall.deploy.agent_formats.tools import NAMES, has_limits, tool_list

Result = tuple[dict[str, Any] | None, tuple[str, ...]]
"""The keys of a head and what is lost; None, and why, for what an agent cannot have."""


def refuse(reason: str) -> Result:
    """Return that there is no such agent."""
    return None, (reason,)


def description_of(parts: Parts) -> str:
    """Return what an agent is for, '' if it does not say it."""
    return text_of(parts.keys.get("description"))


def cline_agent(parts: Parts, name: str) -> Result:
    """Return the keys of an agent of Cline."""
    old, losses = parts.keys, []
    if not description_of(parts) or not parts.body.strip():
        return refuse("Cline needs a description and instructions")
    new: dict[str, Any] = {"name": name.replace(":", "-"), "description": description_of(parts)}
    names = NAMES["cline"]
    listed = tool_list(old.get("tools"))
    if listed and "*" not in listed:
        own = {tool: names.get(tool, tool if tool in names.values() else None) for tool in listed}
        losses += [
            f"left out the tool {tool}, which is not one there" for tool in own if own[tool] is None
        ]
        tools = [tool for tool in own.values() if tool is not None]
        if not tools:
            return refuse("Cline has none of its tools")
        new["tools"] = list(dict.fromkeys(tools))
    if has_limits(old.get("tools")):
        losses.append("left out what limits a tool to some uses")
    if old.get("disallowedTools"):
        losses.append("left out which tools it must not use")
    turns = count_of(old.get("maxIterations", old.get("maxTurns")))
    if turns is not None:
        new["maxIterations"] = turns
    return new, tuple(losses)


def iflow_agent(parts: Parts, name: str) -> Result:
    """Return the keys of an agent of iFlow CLI, its text among them."""
    if not description_of(parts) or not parts.body.strip():
        return refuse("iFlow CLI needs a description and instructions")
    new = {
        "agentType": name.replace(":", "-"),
        "whenToUse": description_of(parts),
        "systemPrompt": parts.body,
    }
    return new, limits_lost(parts, "iFlow CLI has other names of tools")


def limits_lost(parts: Parts, why: str) -> tuple[str, ...]:
    """Return that an agent may use every tool, if it may not in Claude Code."""
    listed = tool_list(parts.keys.get("tools"))
    is_limited = (listed and "*" not in listed) or parts.keys.get("disallowedTools")
    return (f"it may use every tool, since {why}",) if is_limited else ()
