"""What agents' published schemas demand of plugins, as far as an export can meet or miss it.

Condensed from: SchemaStore `codex-plugin-manifest.json` and `claude-code-plugin-manifest.json`,
agentplugins/agent-plugins-spec `schemas/1.0.0/{plugin,mcp}.schema.json`, cursor/plugins
`schemas/plugin.schema.json`, docs.github.com "CLI plugin reference", and the documentation of
google-gemini/gemini-cli; state of November 2026.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT, "uniqueItems": True}
_HTTPS = {"type": "string", "pattern": "^https://"}
_TEXT_MAP = {"type": "object", "additionalProperties": {"type": "string"}}
_SEMVER = {"type": "string", "pattern": r"^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$"}


def _closed(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


_AUTHOR = {"name": _TEXT, "email": {"type": "string", "pattern": "@"}, "url": _HTTPS}
_AGENT_SERVER = {
    "oneOf": [
        _closed(
            ("type", "command"),
            type={"const": "stdio"},
            command=_TEXT,
            args={"type": "array", "items": {"type": "string"}},
            env=_TEXT_MAP,
            cwd={"type": "string", "pattern": r"^(?:\./|\$\{PLUGIN_(?:ROOT|DATA)\}(?:/|$))"},
        ),
        _closed(
            ("type", "url"),
            type={"enum": ["streamable-http", "sse"]},
            url=_TEXT,
            headers=_TEXT_MAP,
        ),
    ]
}
AGENT_SERVERS = _closed(
    ("$schema", "mcpServers"),
    mcpServers={"type": "object", "additionalProperties": _AGENT_SERVER},
    **{"$schema": {"const": "https://agent-plugins.org/schemas/1.0.0/mcp.schema.json"}},
)
MANIFESTS: dict[str, dict[str, Any]] = {
    "claude": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": _TEXT, "version": {"type": "string"}, "description": _TEXT},
    },
    "agent-plugin": _closed(
        ("$schema", "name"),
        name={
            "type": "string",
            "maxLength": 64,
            "pattern": r"^(?!.*(?:--|\.\.))[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$",
        },
        version=_TEXT,
        description=_TEXT,
        author=_closed((), **_AUTHOR),
        homepage=_TEXT,
        repository=_TEXT,
        license=_TEXT,
        keywords=_TEXTS,
        extensions={"type": "object", "additionalProperties": {"type": "object"}},
        **{"$schema": {"const": "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json"}},
    ),
    "codex": _closed(
        ("name", "version", "description", "author", "interface"),
        name=_TEXT,
        version=_SEMVER,
        description=_TEXT,
        author=_closed(("name",), **_AUTHOR),
        homepage=_HTTPS,
        repository=_HTTPS,
        license=_TEXT,
        keywords=_TEXTS,
        skills=_TEXT,
        mcpServers=_TEXT,
        interface=_closed(
            (
                *("displayName", "shortDescription", "longDescription", "developerName"),
                *("category", "capabilities", "defaultPrompt"),
            ),
            displayName=_TEXT,
            shortDescription=_TEXT,
            longDescription=_TEXT,
            developerName=_TEXT,
            category=_TEXT,
            capabilities={"type": "array", "items": _TEXT, "minItems": 1},
            defaultPrompt=_TEXT,
        ),
    ),
    "cursor": _closed(
        ("name",),
        name={"type": "string", "pattern": r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"},
        description=_TEXT,
        version=_TEXT,
        author=_closed(("name",), name=_TEXT, email=_AUTHOR["email"]),
        homepage=_HTTPS,
        repository=_HTTPS,
        license=_TEXT,
        keywords=_TEXTS,
    ),
    "copilot": _closed(
        ("name",),
        name={"type": "string", "maxLength": 64, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        description={"type": "string", "maxLength": 1024},
        version=_SEMVER,
        author=_closed(("name",), **_AUTHOR),
        homepage=_HTTPS,
        repository=_HTTPS,
        license=_TEXT,
        keywords=_TEXTS,
        skills=_TEXT,
        agents=_TEXT,
        commands=_TEXT,
        mcpServers=_TEXT,
    ),
    "gemini": _closed(
        ("name", "version"),
        name={"type": "string", "pattern": "^[a-zA-Z0-9-]+$"},
        version=_SEMVER,
        description=_TEXT,
        contextFileName=_TEXT,
        mcpServers={"type": "object", "additionalProperties": {"type": "object"}},
    ),
}
