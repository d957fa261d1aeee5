"""MCP servers in the forms of plugins, from Claude Code's form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdall.formats.documents import with_texts
from holdall.operations.bundles.form import Written

_PLUGIN = re.compile(r"\$\{CLAUDE_(PLUGIN_ROOT|PLUGIN_DATA)\}")
_VARIABLE = re.compile(r"\$\{(?!CLAUDE_PLUGIN_|env:)([A-Za-z_]\w*)\}")
_CWD = re.compile(r"\./|\$\{PLUGIN_(?:ROOT|DATA)\}(?:/|\Z)")


def write_for_agent_plugin(server: Mapping[str, Any]) -> Written:
    """Return a server of `mcp.json` by the schema of 1.0.0; raises ValueError for none of it."""
    found = with_texts(dict(server), lambda text: _PLUGIN.sub(r"${\1}", text))
    if isinstance(found.get("command"), str):
        kept: dict[str, Any] = {"type": "stdio", "command": found["command"]}
        if _is_texts(found.get("args")):
            kept["args"] = found["args"]
        if _is_text_map(found.get("env")):
            kept["env"] = found["env"]
        if isinstance(found.get("cwd"), str) and _CWD.match(found["cwd"]):
            kept["cwd"] = found["cwd"]
    elif isinstance(found.get("url"), str):
        is_sse = found.get("type") == "sse"
        kept = {"type": "sse" if is_sse else "streamable-http", "url": found["url"]}
        if _is_text_map(found.get("headers")):
            kept["headers"] = found["headers"]
    else:
        raise ValueError("it has neither a command nor an address")
    return Written(kept, _find_lost(found, kept))


def write_for_cursor(server: Mapping[str, Any]) -> Written:
    """Return a server with Cursor's spelling of variables."""
    return Written(with_texts(dict(server), lambda text: _VARIABLE.sub(r"${env:\1}", text)))


def write_for_gemini(server: Mapping[str, Any]) -> Written:
    """Return a server as an extension of Gemini CLI has it."""
    found = with_texts(
        dict(server), lambda text: text.replace("${CLAUDE_PLUGIN_ROOT}", "${extensionPath}")
    )
    kept = {key: found[key] for key in ("command", "args", "env", "cwd", "headers") if key in found}
    if "url" in found:
        kept["url" if found.get("type") == "sse" else "httpUrl"] = found["url"]
    return Written(kept, _find_lost(found, {**kept, "url": None}))


def _find_lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    gone = sorted(before.keys() - after.keys() - {"type"})
    return (f"left out: {', '.join(gone)}",) if gone else ()


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
