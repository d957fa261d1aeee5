"""MCP servers: a definition of `.mcp.json` as an entry of another agent's settings.

    {"type": "http", "url": "https://${HOST}/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}}

Each agent has its own keys and its own way to name a variable of the environment; a key of another
kind can be fatal (Gemini CLI, Crush, Codex). Sources: the agents' documentation, Codex's and Gemini
CLI's schemas, late 2026.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from holdall import NamedTuple
from holdall.deploy.agent_formats.values import ConvertedEntry, Refused
from holdall.deploy.targets.target import Form
from holdall.formats.documents import with_texts

_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}")
_LOCAL = frozenset({None, "stdio", "local"})
_KIND = {
    "http": "http",
    "streamable-http": "http",
    "streamableHttp": "http",
    "remote": "http",
    "sse": "sse",
}
_COSMETIC = frozenset({"type", "description", "$schema", "name", "enabled"})


class _Shape(NamedTuple):
    """How an agent writes servers: its name in messages, keys that it knows, variables, types.

    `local` and `remote` are the keys beside `command`, `args`, `env` and `url`, `headers`; `http`
    and `sse` what it calls these, None where it has none; `type_key` is absent where it has no
    such key, `url` its name for the address. `spell` writes a variable, None where it is not known.
    """

    agent: str
    spell: Callable[[str], str] | None
    local: tuple[str, ...] = ()
    remote: tuple[str, ...] = ()
    stdio: str | None = None
    http: str | None = "http"
    sse: str | None = "sse"
    has_type: bool = True
    url: str = "url"


def _claude(name: str) -> str:
    return f"${{{name}}}"


def _env(name: str) -> str:
    return f"${{env:{name}}}"


def _opencode_env(name: str) -> str:
    return f"{{env:{name}}}"


_SHAPES: Mapping[Form, _Shape] = MappingProxyType(
    {
        Form.VSCODE_SERVERS: _Shape(
            "VS Code", _env, ("envFile", "cwd", "dev", "sandboxEnabled"), ("oauth",), "stdio"
        ),
        Form.CURSOR_SERVERS: _Shape("Cursor", _env, ("envFile",), ("auth",)),
        Form.COPILOT_SERVERS: _Shape("GitHub Copilot", _claude, ("tools",), ("tools",), "local"),
        Form.GEMINI_SERVERS: _Shape(
            "Gemini CLI",
            _claude,
            ("cwd", "timeout", "trust", "includeTools", "excludeTools"),
            ("timeout", "trust", "includeTools", "excludeTools"),
            has_type=False,
        ),
        Form.WINDSURF_SERVERS: _Shape("Windsurf", _env, has_type=False, url="serverUrl"),
        Form.ANTIGRAVITY_SERVERS: _Shape("Antigravity", None, has_type=False, url="serverUrl"),
        Form.CLINE_SERVERS: _Shape(
            "Cline", _env, ("disabled",), ("disabled",), http="streamableHttp"
        ),
        Form.ROO_SERVERS: _Shape(
            "Roo Code", _env, ("cwd", "disabled"), ("disabled",), http="streamable-http"
        ),
        Form.ZED_SERVERS: _Shape("Zed", None, sse=None, has_type=False),
        Form.CRUSH_SERVERS: _Shape(
            "Crush", _claude, ("timeout", "disabled"), ("timeout", "disabled"), "stdio"
        ),
        Form.OTHER_SERVERS: _Shape("the agent", None, ("cwd",)),
    }
)


def convert_server(
    name: str, definition: Mapping[str, Any], form: Form
) -> ConvertedEntry | Refused:
    """Return a server's definition, as `.mcp.json` has it, in an agent's form.

    The definition has a command or an address of a known type, its arguments, environment and
    headers are texts (`consent.entries.server_of`).
    """
    match form:
        case Form.SERVERS:
            return _claude_server(definition)
        case Form.SHARED_SERVERS:
            return _of_claude_for_copilot(definition)
        case Form.OPENCODE_SERVERS:
            return _opencode(definition)
        case Form.CODEX_SERVERS | Form.GROK_SERVERS:
            from holdall.deploy.agent_formats.codex_servers import codex_server

            return codex_server(name, definition, form)
        case _:
            return _shape(name, definition, _SHAPES[form])


def transport_of(definition: Mapping[str, Any]) -> str:
    """Return `stdio`, `http`, `sse` or what else a definition names, as `ws`."""
    kind = definition.get("type")
    if kind in _LOCAL and "command" in definition:
        return "stdio"
    return _KIND.get(kind or "http", str(kind))


def address_of(definition: Mapping[str, Any]) -> Any:
    """Return the address of a remote server."""
    return next((definition[k] for k in ("url", "httpUrl", "serverUrl") if k in definition), None)


def lost_keys(definition: Mapping[str, Any], known: Iterable[str], agent: str) -> list[str]:
    """Return what is said of keys that an agent does not know."""
    rest = definition.keys() - {
        *known,
        *_COSMETIC,
        "command",
        "args",
        "url",
        "httpUrl",
        "serverUrl",
    }
    return [f"left out `{key}`, which {agent} does not have" for key in sorted(rest)]


def _shape(name: str, definition: Mapping[str, Any], shape: _Shape) -> ConvertedEntry | Refused:
    kind = transport_of(definition)
    losses: list[str] = []
    new: dict[str, Any] = {}
    if kind == "stdio":
        more = ("env", *shape.local)
        if shape.stdio:
            new["type"] = shape.stdio
        new["command"] = definition["command"]
        if definition.get("args"):
            new["args"] = definition["args"]
    else:
        word = {"http": shape.http, "sse": shape.sse}.get(kind)
        if word is None:
            return Refused(f"{shape.agent} has no servers of the type {kind}")
        more = ("headers", *shape.remote)
        if shape.has_type:
            new["type"] = word
        key = "httpUrl" if shape.agent == "Gemini CLI" and kind == "http" else shape.url
        new[key] = address_of(definition)
    new |= {key: definition[key] for key in more if definition.get(key) not in (None, {}, [])}
    losses += lost_keys(definition, new, shape.agent)
    if shape.agent == "GitHub Copilot":
        new.setdefault("tools", ["*"])
    if shape.agent == "Crush" and re.search(r"\$\(|`", str(new)):
        return Refused("Crush would run what is between `$(` and `)` in it")
    if shape.agent == "Gemini CLI" and "_" in name:
        losses.append("Gemini CLI does not find the tools of a server with `_` in its name")
    return ConvertedEntry(*_spell(new, shape, losses))


def _spell(
    value: dict[str, Any], shape: _Shape, losses: list[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return an entry with variables as an agent names them, and all losses."""
    found = set(_VARIABLE.findall(str(value)))
    if found and shape.spell is None:
        losses.append(
            f"it is not known whether {shape.agent} replaces `${{{sorted(found)[0][0]}}}`"
        )
        return value, tuple(losses)
    spell, takes_default = shape.spell or _claude, shape.agent == "Crush"
    if not takes_default:
        losses += [
            f"left out the default of `${{{name}}}`, which {shape.agent} does not have"
            for name in sorted({name for name, default in found if default})
        ]

    def write(match: re.Match[str]) -> str:
        return match[0] if takes_default else spell(match[1])

    return with_texts(value, lambda text: _VARIABLE.sub(write, text)), tuple(losses)


def variables_in(value: Any) -> list[tuple[str, str]]:
    """Return the variables that texts in a value name, each with its default or ''."""
    return sorted(set(_VARIABLE.findall(str(value))))


def _of_claude_for_copilot(definition: Mapping[str, Any]) -> ConvertedEntry | Refused:
    """Return a definition as it is: GitHub Copilot reads the file of Claude Code."""
    kind = transport_of(definition)
    if kind not in ("stdio", "http", "sse"):
        return Refused(f"GitHub Copilot has no servers of the type {kind}")
    found, known = _claude_server(definition), ("env", "headers", "tools")
    return found._replace(losses=tuple(lost_keys(definition, known, "GitHub Copilot")))


def _claude_server(definition: Mapping[str, Any]) -> ConvertedEntry:
    """Return a definition with Claude Code's words for the type and the address, else as it is.

    Other agents say `streamableHttp`, `remote` or `httpUrl`, or no type at all for an address.
    """
    address = address_of(definition)
    if "command" in definition or address is None:
        kind = {"type": "stdio"} if definition.get("type") == "local" else {}
        return ConvertedEntry({**definition, **kind})
    kind = {"type": transport_of(definition)}
    if definition.get("type") == "streamable-http":  # a word of Claude Code's, too
        kind = {}
    rest = {k: v for k, v in definition.items() if k not in ("httpUrl", "serverUrl")}
    has_type = "type" in definition
    named = {**rest, **kind} if has_type else {**kind, "url": address, **rest}
    return ConvertedEntry({**named, "url": address})


def _opencode(definition: Mapping[str, Any]) -> ConvertedEntry | Refused:
    kind = transport_of(definition)
    if kind not in ("stdio", "http", "sse"):
        return Refused(f"opencode has no servers of the type {kind}")
    names = {"env": "environment", "cwd": "cwd"} if kind == "stdio" else {"headers": "headers"}
    new: dict[str, Any]
    if kind == "stdio":
        command = [definition["command"], *definition.get("args", [])]
        new = {"type": "local", "command": command, "enabled": True}
    else:
        new = {"type": "remote", "url": address_of(definition), "enabled": True}
    for old, key in names.items():
        table = definition.get(old)
        if isinstance(table, dict) and table:
            new[key] = {key: _as_text(value) for key, value in table.items() if value is not None}
        elif isinstance(table, str) and table:
            new[key] = table
    timeout = definition.get("timeout")
    if isinstance(timeout, int) and not isinstance(timeout, bool) and timeout > 0:
        new["timeout"] = timeout
    losses = lost_keys(definition, (*names, *new), "opencode")
    return ConvertedEntry(*_spell(new, _Shape("opencode", _opencode_env), losses))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
