"""Cursor: plugins, rules and servers.

    .cursor-plugin/plugin.json          {"name": "starter", "rules": "./rules/"}
    .cursor/rules/**/*.mdc, *.mdc       [description, globs, alwaysApply]
    .cursor/mcp.json                    {"mcpServers": {...}}

Source: cursor.com/docs and the schema in cursor/plugins, 2026. Commands, agents and hooks in
`.cursor` are found as everywhere.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from holdall.artifacts.rules import Dialect
from holdall.formats.documents import with_texts
from holdall.sources.layouts.agents.form import (
    AgentFormat,
    FolderForm,
    PluginForm,
    usual_places,
)
from holdall.sources.layouts.markdown import read_rule

_RULE = partial(read_rule, dialect=Dialect.CURSOR)


def plain_variables(server: dict[str, Any]) -> dict[str, Any]:
    """Return a server with Claude Code's spelling of variables: `${env:NAME}` is `${NAME}`."""
    found: dict[str, Any] = with_texts(server, lambda text: text.replace("${env:", "${"))
    return found


CURSOR = AgentFormat(
    "cursor",
    folders=(
        FolderForm("rules", ".cursor/rules", ".mdc", _RULE),
        FolderForm("rules", "rules", ".mdc", _RULE),
        FolderForm("rules", "", ".mdc", _RULE),
    ),
    plugin=PluginForm(
        "Cursor plugin",
        manifests=(".cursor-plugin/plugin.json",),
        marketplaces=(".cursor-plugin/marketplace.json",),
        places=usual_places(rules=("rules",), mcpServers=("mcp.json", ".mcp.json")),
        rule=FolderForm("rules", "rules", ".mdc", _RULE),
        server=plain_variables,
    ),
)
