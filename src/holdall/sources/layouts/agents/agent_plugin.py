"""Agent Plugins 1.0: skills and servers for every agent.

    plugin.json     {"$schema": "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json",
                     "name": "starter", "extensions": {"com.example": {...}}}
    skills/*/SKILL.md
    mcp.json        {"$schema": ".../mcp.schema.json", "mcpServers": {...}}

Source: agent-plugins.org, specification 1.0.0. The manifest is closed: it declares no components.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from holdall.formats.documents import with_texts
from holdall.sources.layouts.agents.form import AgentFormat, PluginForm

SCHEMAS = ("https://agent-plugins.org/schemas/", "https://open-plugins.com/schemas/")
PLUGIN_SCHEMA = "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json"
MCP_SCHEMA = "https://agent-plugins.org/schemas/1.0.0/mcp.schema.json"


def has_schema(manifest: Mapping[str, Any]) -> bool:
    """Return whether a plugin.json is an Agent Plugin's: its $schema says so."""
    return str(manifest.get("$schema")).startswith(SCHEMAS)


def server_from_plugin(server: dict[str, Any]) -> dict[str, Any]:
    """Return a server of an Agent Plugin as Claude Code has it."""
    found: dict[str, Any] = with_texts(
        server,
        lambda text: text.replace("${PLUGIN_ROOT}", "${CLAUDE_PLUGIN_ROOT}").replace(
            "${PLUGIN_DATA}", "${CLAUDE_PLUGIN_DATA}"
        ),
    )
    return {**found, "type": "http"} if found.get("type") == "streamable-http" else found


AGENT_PLUGIN = AgentFormat(
    "agent-plugin",
    plugin=PluginForm(
        "Agent Plugin",
        manifests=("plugin.json",),
        places=MappingProxyType({"skills": ("skills",), "mcpServers": ("mcp.json",)}),
        is_manifest=has_schema,
        server=server_from_plugin,
    ),
)
