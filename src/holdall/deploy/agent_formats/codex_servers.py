"""MCP servers for Codex, whose settings name variables of the environment and do not replace them.

    [mcp_servers.github]
    url = "https://example.org/mcp"
    bearer_token_env_var = "TOKEN"              # of `Authorization: Bearer ${TOKEN}`
    env_http_headers = { X-Key = "KEY" }        # of `X-Key: ${KEY}`
    [mcp_servers.local]
    command = "npx"
    env_vars = ["HOME_KEY"]                     # of `HOME_KEY: ${HOME_KEY}`

Source: openai/codex `config.schema.json`, late 2026; Grok Build has the same without such names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdall.deploy.agent_formats.servers import (
    address_of,
    lost_keys,
    transport_of,
    variables_in,
)
from holdall.deploy.agent_formats.values import ConvertedEntry, Refused
from holdall.deploy.targets.target import Form

_ONE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_BEARER = re.compile(r"Bearer \$\{([A-Za-z_]\w*)\}")


def codex_server(name: str, definition: Mapping[str, Any], form: Form) -> ConvertedEntry | Refused:
    """Return a server's definition as Codex, or Grok Build, has it."""
    agent = "Grok Build" if form is Form.GROK_SERVERS else "Codex"
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return Refused(f"{agent} takes letters, digits, `_` and `-` in the name of a server")
    kind = transport_of(definition)
    if kind not in ("stdio", "http"):
        return Refused(f"{agent} has no servers of the type {kind}")
    parts = _local(definition) if kind == "stdio" else _remote(definition)
    if isinstance(parts, str):
        return Refused(f"{agent} cannot have {parts}")
    if agent != "Codex" and variables_in(definition):
        return Refused(f"it is not known how {agent} names variables of the environment")
    known = ("env", "cwd") if kind == "stdio" else ("headers",)
    return ConvertedEntry(parts, tuple(lost_keys(definition, known, agent)))


def _local(definition: Mapping[str, Any]) -> dict[str, Any] | str:
    """Return the settings of a server that is started, or what cannot be in them."""
    new: dict[str, Any] = {"command": definition["command"]}
    if definition.get("args"):
        new["args"] = definition["args"]
    if isinstance(definition.get("cwd"), str):
        new["cwd"] = definition["cwd"]
    if found := variables_in(new):
        return f"the variable {found[0][0]} in a command or its arguments"
    values: dict[str, str] = {}
    names: list[str] = []
    for key, value in (definition.get("env") or {}).items():
        text = "" if value is None else str(value)
        match = _ONE.fullmatch(text)
        if match and match[1] == key:
            names.append(key)
        elif variables_in(text):
            return f"a value of {key} that is made of variables"
        else:
            values[key] = text
    if values:
        new["env"] = values
    if names:
        new["env_vars"] = names
    return new


def _remote(definition: Mapping[str, Any]) -> dict[str, Any] | str:
    """Return the settings of a server at an address, or what cannot be in them."""
    new: dict[str, Any] = {"url": address_of(definition)}
    if found := variables_in(new):
        return f"the variable {found[0][0]} in an address"
    values: dict[str, str] = {}
    names: dict[str, str] = {}
    for key, value in (definition.get("headers") or {}).items():
        text = "" if value is None else str(value)
        if key.lower() == "authorization" and (match := _BEARER.fullmatch(text)):
            new["bearer_token_env_var"] = match[1]
        elif match := _ONE.fullmatch(text):
            names[key] = match[1]
        elif variables_in(text):
            return f"a header {key} that is made of variables"
        else:
            values[key] = text
    if values:
        new["http_headers"] = values
    if names:
        new["env_http_headers"] = names
    return new
