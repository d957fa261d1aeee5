"""GitHub Copilot, in the editor and on the command line: plugins, instructions, prompts, hooks.

    .plugin/plugin.json, .github/plugin/plugin.json, plugin.json    {"name": "starter"}
    *.instructions.md                   [applyTo, description]
    *.prompt.md                         [description, argument-hint]
    *.agent.md                          [name, description, tools]
    .github/hooks/*.json                {"version": 1, "hooks": {...}}
    .github/mcp.json, .vscode/mcp.json  {"mcpServers": {...}}, {"servers": {...}}

Source: docs.github.com/copilot (CLI plugin reference) and the documentation of VS Code, 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from holdall.artifacts.ids import ArtifactType
from holdall.artifacts.rules import Dialect
from holdall.sources.draft import Draft, Gathering
from holdall.sources.layouts.agents.agent_plugin import has_schema
from holdall.sources.layouts.agents.form import AgentFormat, FolderForm, PluginForm, usual_places
from holdall.sources.layouts.configs import read_hook_file
from holdall.sources.layouts.markdown import read_markdown, read_rule

_RULE = partial(read_rule, dialect=Dialect.COPILOT)
_COMPONENTS = ("skills", "agents", "commands", "hooks", "mcpServers", "lspServers")


def _is_manifest(manifest: Mapping[str, Any]) -> bool:
    """Return whether a plugin.json is Copilot's: other programs have files of that name, too."""
    if not isinstance(manifest.get("name"), str) or has_schema(manifest):
        return False
    return any(key in manifest for key in _COMPONENTS)


def _read_prompt(gathering: Gathering, path: str, name: str) -> Draft | None:
    return read_markdown(gathering, ArtifactType.COMMAND, path, name)


def _read_agent(gathering: Gathering, path: str, name: str) -> Draft | None:
    return read_markdown(gathering, ArtifactType.AGENT, path, name)


COPILOT = AgentFormat(
    "copilot",
    folders=(
        FolderForm("rules", ".github/instructions", ".instructions.md", _RULE),
        FolderForm("rules", "instructions", ".instructions.md", _RULE),
        FolderForm("rules", "", ".instructions.md", _RULE),
        FolderForm("commands", ".github/prompts", ".prompt.md", _read_prompt),
        FolderForm("commands", "prompts", ".prompt.md", _read_prompt),
        FolderForm("commands", "", ".prompt.md", _read_prompt),
        FolderForm("agents", "", ".agent.md", _read_agent),
        FolderForm("hooks", ".github/hooks", ".json", read_hook_file, is_deep=False),
    ),
    plugin=PluginForm(
        "Copilot plugin",
        manifests=(".plugin/plugin.json", ".github/plugin/plugin.json", "plugin.json"),
        marketplaces=(".plugin/marketplace.json", ".github/plugin/marketplace.json"),
        places=usual_places(
            hooks=("hooks.json", "hooks/hooks.json"), mcpServers=(".mcp.json", ".github/mcp.json")
        ),
        is_manifest=_is_manifest,
    ),
)
