"""Agents (subagents): a Markdown file of Claude Code's in the form that another agent accepts.

    ---
    name: reviewer              # Gemini CLI refuses a file with a key that it does not know,
    description: Reviews code   # opencode does not start if `tools` is a text or a list,
    tools: Read, Grep           # Codex wants TOML; what limits an agent must not be lost silently
    ---
    You review code.

Sources: docs of opencode, Gemini CLI (`agentLoader.ts`), Codex (subagents), GitHub Copilot (custom
agents) and Cursor (subagents), late 2026.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from holdall.deploy.agent_formats.markdown import (
    Parts,
    count_of,
    join_markdown,
    number_of,
    read_head,
    split_markdown,
    text_of,
    truth_of,
)
from holdall.deploy.agent_formats.other_agents import (
    Result,
    cline_agent,
    description_of,
    iflow_agent,
    limits_lost,
    refuse,
)
from holdall.deploy.agent_formats.tools import (
    NAMES,
    READING,
    has_limits,
    is_model_of_claude,
    server_tool,
    tool_list,
)
from holdall.deploy.agent_formats.values import ConvertedFile, Refused
from holdall.deploy.targets.target import Form
from holdall.formats.toml_writer import dump_toml

_MEANT = {
    "hooks": "hooks",
    "mcpServers": "servers of its own",
    "permissionMode": "the mode of permissions",
    "skills": "the skills that it starts with",
    "memory": "its memory",
    "isolation": "its own work tree",
    "permission": "its permissions",
}
_COLORS = frozenset({"primary", "secondary", "accent", "success", "warning", "error", "info"})
_DENIABLE = (
    "edit",
    "bash",
    "read",
    "grep",
    "glob",
    "list",
    "webfetch",
    "websearch",
    "task",
    "skill",
    "todowrite",
)
_RULES = frozenset({"allow", "ask", "deny"})


def convert_agent(data: bytes, form: Form, name: str) -> ConvertedFile | Refused:
    """Return an agent's file in a form; `name` is that under which it is deployed."""
    parts = split_markdown(data)
    keys, losses = _AGENTS[form](parts, name)
    if keys is None:
        return Refused(losses[0])
    losses = tuple(dict.fromkeys((*losses, *_find_dropped(parts.keys, keys))))
    if form is Form.CODEX_AGENT:
        return ConvertedFile(dump_toml(keys, multiline=True).encode("utf-8", "replace"), losses)
    if keys.keys() == parts.keys.keys() and keys == read_head(parts):
        return ConvertedFile(data, losses)
    body = "" if form is Form.IFLOW_AGENT else parts.body
    return ConvertedFile(join_markdown(keys, body), losses)


def _find_dropped(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    """Yield what an agent loses that changes what it does."""
    for key, what in _MEANT.items():
        if before.get(key) and key not in after:
            yield f"left out {what} (`{key}`)"
    if isinstance(before.get("tools"), dict) and not {"tools", "permission"} & after.keys():
        yield "left out which tools it must not use (`tools`)"
    model = before.get("model")
    if model not in (None, "", "inherit") and "model" not in after:
        yield "left out its model, which is not one there"


def _opencode(parts: Parts, name: str) -> Result:
    del name  # its path
    old = parts.keys
    losses: list[str] = []
    read = ((key, _OPENCODE[key](old[key])) for key in old if key in _OPENCODE)
    new: dict[str, Any] = {key: value for key, value in read if value is not None}
    new.setdefault("mode", "subagent")
    steps = count_of(old.get("steps", old.get("maxSteps", old.get("maxTurns"))))
    if steps is not None:
        new["steps"] = steps
    if isinstance(old.get("tools"), dict) and "tools" not in new:
        return refuse("its `tools` are not such as opencode reads")
    if "tools" not in new and "permission" not in new:
        denied, losses = _deny(old)
        if denied:
            new["permission"] = denied
    elif "permission" in old and "permission" not in new:
        return refuse("its `permission` is not one that opencode reads")
    return new, tuple(losses)


def _deny(old: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Return what opencode must deny so that an agent has no more tools than it had."""
    names, losses = NAMES["opencode"], []
    allowed, taken = tool_list(old.get("tools")), tool_list(old.get("disallowedTools")) or []
    denied = {names[tool] for tool in taken if tool in names}
    if allowed and "*" not in allowed:
        kept = {names[tool] for tool in allowed if tool in names}
        denied |= {tool for tool in _DENIABLE if tool not in kept}
        if not any(map(server_tool, allowed)):
            losses.append("it may use the tools of servers, too")
    if has_limits(old.get("tools")) or has_limits(old.get("disallowedTools")):
        losses.append("left out what limits a tool to some uses")
    return {tool: "deny" for tool in _DENIABLE if tool in denied}, losses


def _switches(value: Any) -> dict[str, bool] | None:
    """Return which tools are on and off; None for what says something else."""
    if not isinstance(value, dict):
        return None
    found = {key: truth_of(on) for key, on in value.items()}
    return None if None in found.values() else {key: bool(on) for key, on in found.items()}


def _permission(value: Any) -> Any:
    return value if _is_permission(value) else None


def _color(value: Any) -> str | None:
    text = text_of(value)
    return text if text in _COLORS or re.fullmatch("#[0-9a-fA-F]{6}", text) else None


def _text(value: Any) -> str | None:
    return text_of(value) or None


_OPENCODE: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "description": _text,
        "mode": lambda v: v if v in ("subagent", "primary", "all") else None,
        "model": lambda v: v if "/" in text_of(v) else None,
        "variant": _text,
        "temperature": number_of,
        "top_p": number_of,
        "tools": _switches,
        "permission": _permission,
        "disable": truth_of,
        "hidden": truth_of,
        "color": _color,
        "steps": count_of,
    }
)


def _is_permission(value: Any) -> bool:
    if isinstance(value, str):
        return value in _RULES
    return isinstance(value, dict) and all(
        isinstance(key, str) and (rule in _RULES if isinstance(rule, str) else _is_patterns(rule))
        for key, rule in value.items()
    )


def _is_patterns(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(key, str) and isinstance(rule, str) and rule in _RULES
        for key, rule in value.items()
    )


def _codex(parts: Parts, name: str) -> Result:
    if not description_of(parts) or not parts.body.strip():
        return refuse("Codex needs a description and instructions")
    new: dict[str, Any] = {"name": name.replace(":", "-"), "description": description_of(parts)}
    model = text_of(parts.keys.get("model"))
    if re.match(r"(?:gpt|o\d|codex)", model):
        new["model"] = model
    losses = []
    allowed = tool_list(parts.keys.get("tools"))
    if allowed and READING.issuperset(allowed):
        new["sandbox_mode"] = "read-only"
    elif (allowed and "*" not in allowed) or parts.keys.get("disallowedTools"):
        losses.append("it may use every tool, since Codex has no list of tools")
    new["developer_instructions"] = parts.body.strip("\r\n").replace("\r\n", "\n") + "\n"
    return new, tuple(losses)


def _gemini(parts: Parts, name: str) -> Result:
    old, losses = parts.keys, []
    if not description_of(parts) or not parts.body.strip():
        return refuse("Gemini CLI needs a description and instructions")
    slug = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")
    if not slug:
        return refuse("Gemini CLI needs a name of small letters, digits, - and _")
    new: dict[str, Any] = {"name": slug, "description": description_of(parts)}
    if old.get("kind") == "local":
        new["kind"] = "local"
    if text_of(old.get("display_name")):
        new["display_name"] = old["display_name"]
    listed = tool_list(old.get("tools"))
    if listed and "*" not in listed:
        known = {*NAMES["gemini"].values(), "read_many_files"}
        tools = []
        for tool in listed:
            own = _of_gemini(tool) or (tool if tool in known else None)
            if own is None:
                losses.append(f"left out the tool {tool}, which is not one there")
            else:
                tools.append(own)
        if not tools:
            return refuse("Gemini CLI has none of its tools")
        new["tools"] = list(dict.fromkeys(tools))
    if has_limits(old.get("tools")):
        losses.append("left out what limits a tool to some uses")
    if old.get("disallowedTools"):
        losses.append("left out which tools it must not use")
    model = text_of(old.get("model"))
    if model == "inherit" or model.startswith("gemini"):
        new["model"] = model
    temperature = number_of(old.get("temperature"))
    if temperature is not None and 0 <= temperature <= 2:
        new["temperature"] = temperature
    counts = {"max_turns": old.get("max_turns", old.get("maxTurns"))}
    for key, value in (counts | {"timeout_mins": old.get("timeout_mins")}).items():
        if (count := count_of(value)) is not None:
            new[key] = count
    return new, tuple(losses)


def _of_gemini(tool: str) -> str | None:
    """Return Gemini CLI's name of a tool; it splits `mcp_SERVER_TOOL` at the first `_`."""
    if re.fullmatch(r"mcp_[a-zA-Z0-9-]+_(?:\*|[\w-]+)", tool):
        return tool
    found = server_tool(tool)
    if found is None:
        return NAMES["gemini"].get(tool)
    server, one = found
    if not re.fullmatch(r"[a-zA-Z0-9-]+", server) or not re.fullmatch(r"[\w-]+", one or "x"):
        return None
    return f"mcp_{server}_{one or '*'}"


def _copilot(parts: Parts, name: str) -> Result:
    old, losses = parts.keys, []
    if not description_of(parts):
        return refuse("GitHub Copilot needs a description")
    if len(parts.body) > 30_000:
        return refuse("GitHub Copilot takes instructions of at most 30,000 characters")
    new: dict[str, Any] = {"name": name.replace(":", "-"), "description": description_of(parts)}
    for key in ("argument-hint", "target"):
        if text_of(old.get(key)):
            new[key] = old[key]
    for key in ("user-invocable", "disable-model-invocation"):
        if (flag := truth_of(old.get(key))) is not None:
            new[key] = flag
    listed = tool_list(old.get("tools"))
    if listed:
        names = NAMES["copilot"]
        new["tools"] = list(dict.fromkeys(_of_copilot(tool, names) for tool in listed))
    if has_limits(old.get("tools")):
        losses.append("left out what limits a tool to some uses")
    if old.get("disallowedTools"):
        losses.append("left out which tools it must not use")
    model = text_of(old.get("model"))
    if model and model != "inherit" and not is_model_of_claude(model):
        new["model"] = model
    if old.get("maxTurns"):
        losses.append("left out how many turns it may take")
    return new, tuple(losses)


def _of_copilot(tool: str, names: Mapping[str, str]) -> str:
    found = server_tool(tool)
    return names.get(tool, tool) if found is None else f"{found[0]}/{found[1] or '*'}"


def _cursor(parts: Parts, name: str) -> Result:
    old, losses = parts.keys, []
    new: dict[str, Any] = {"name": name.replace(":", "-")}
    if description_of(parts):
        new["description"] = description_of(parts)
    model = text_of(old.get("model"))
    if model and not is_model_of_claude(model):
        new["model"] = model
    listed, denied = tool_list(old.get("tools")), tool_list(old.get("disallowedTools")) or []
    reads_only = (bool(listed) and READING.issuperset(listed or ())) or (
        not listed and {"Bash", "Write", "Edit"} <= {*denied}
    )
    if (readonly := truth_of(old.get("readonly"))) is not None:
        new["readonly"] = readonly
    elif reads_only:
        new["readonly"] = True
    elif (listed and "*" not in listed) or denied:
        losses.append("it may use every tool, since Cursor has no list of tools")
    background = truth_of(old.get("is_background", old.get("background")))
    if background is not None:
        new["is_background"] = background
    return new, tuple(losses)


def _brief(parts: Parts, name: str) -> Result:
    """Keep what every agent knows: name, description and text."""
    if not description_of(parts) or not parts.body.strip():
        return refuse("it needs a description and instructions there")
    new = {"name": name.replace(":", "-"), "description": description_of(parts)}
    return new, limits_lost(parts, "only name and description are known to be read")


_AGENTS: Mapping[Form, Callable[[Parts, str], Result]] = MappingProxyType(
    {
        Form.OPENCODE_AGENT: _opencode,
        Form.CODEX_AGENT: _codex,
        Form.GEMINI_AGENT: _gemini,
        Form.COPILOT_AGENT: _copilot,
        Form.CURSOR_AGENT: _cursor,
        Form.BRIEF_AGENT: _brief,
        Form.CLINE_AGENT: cline_agent,
        Form.IFLOW_AGENT: iflow_agent,
    }
)
