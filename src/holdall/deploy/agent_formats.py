"""Convert files and entries from one agent's format to another's.

Claude Code's forms are the common ground of collections. Sources: the agents' documentation of
their MCP settings (VS Code, Gemini CLI, opencode, Codex) and of Gemini CLI's custom commands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from holdall.deploy.targets import Form
from holdall.errors import InputError
from holdall.formats.frontmatter import read_frontmatter
from holdall.formats.toml_writer import dump_toml

_SHELL = re.compile(r"!`([^`\n]+)`")


def convert_server(definition: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """Return an MCP server's definition, as `.mcp.json` has it, in an agent's form."""
    convert = _SERVERS.get(form)
    return convert(definition) if convert else dict(definition)


def _vscode(server: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "stdio" if "command" in server else "http", **server}


def _gemini(server: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in server.items() if key not in ("type", "url")}
    if "url" in server:
        kept["url" if server.get("type") == "sse" else "httpUrl"] = server["url"]
    return kept


def _opencode(server: Mapping[str, Any]) -> dict[str, Any]:
    if "command" in server:
        command = [server["command"], *server.get("args", [])]
        found = {"type": "local", "command": command, "enabled": True}
        return {**found, "environment": server["env"]} if server.get("env") else found
    found = {"type": "remote", "url": server.get("url"), "enabled": True}
    return {**found, "headers": server["headers"]} if server.get("headers") else found


def _codex(server: Mapping[str, Any]) -> dict[str, Any]:
    names = {"headers": "http_headers"}
    return {names.get(key, key): value for key, value in server.items() if key != "type"}


_SERVERS: Mapping[Form, Callable[[Mapping[str, Any]], dict[str, Any]]] = MappingProxyType(
    {
        Form.VSCODE_SERVERS: _vscode,
        Form.GEMINI_SERVERS: _gemini,
        Form.OPENCODE_SERVERS: _opencode,
        Form.CODEX_SERVERS: _codex,
    }
)


def convert_file(data: bytes, form: Form) -> bytes:
    """Return a file in an agent's form: a command as Gemini CLI reads it, or a rule.

    Raises InputError with why the agent cannot have it.
    """
    if form is not Form.GEMINI_COMMAND:
        from holdall.deploy.rules import convert_rule

        try:
            return convert_rule(data, form)
        except ValueError as error:
            hint = "deploy it for another agent"
            raise InputError(f"a rule cannot be written as {form}: {error}", hint=hint) from error
    body = data.decode("utf-8", "replace")
    front = read_frontmatter(body)
    if match := re.match(r"\ufeff?---[ \t]*\r?\n.*?\r?\n---[ \t]*(?:\r?\n|$)", body, re.S):
        body = body[match.end() :]
    prompt = _SHELL.sub(r"!{\1}", body).replace("$ARGUMENTS", "{{args}}")
    description = front.text("description")
    table = {"description": description} if description else {}
    return dump_toml({**table, "prompt": prompt}, multiline=True).encode()
