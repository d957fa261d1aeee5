"""The six forms that an export can have, by the words of `--as`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from holdall.artifacts.paths import RelPath
from holdall.artifacts.rules import Dialect, rule_for
from holdall.deploy.targets import Form
from holdall.operations.bundles.form import ExportForm, Place
from holdall.operations.bundles.hooks import (
    write_hooks_for_copilot,
    write_hooks_for_cursor,
    write_hooks_for_gemini,
)
from holdall.operations.bundles.manifests import (
    render_agent_plugin,
    render_claude,
    render_codex,
    render_copilot,
    render_cursor,
    render_gemini,
)
from holdall.operations.bundles.servers import (
    write_for_agent_plugin,
    write_for_cursor,
    write_for_gemini,
)
from holdall.sources.layouts.agents.agent_plugin import MCP_SCHEMA, server_from_plugin
from holdall.sources.layouts.agents.cursor import plain_variables
from holdall.sources.layouts.agents.gemini import server_from_gemini


def _cursor_rule(data: bytes, _: str) -> tuple[bytes, tuple[str, ...]]:
    try:
        return rule_for(data.decode(), Dialect.CURSOR).encode(), ()
    except UnicodeDecodeError:
        raise ValueError("it is not valid UTF-8") from None


def _convert(data: bytes, name: str, form: Form) -> tuple[bytes, tuple[str, ...]]:
    """Return a file in the form in which it is deployed for an agent."""
    from holdall.deploy.agent_formats import Refused, convert_file

    found = convert_file(data, form, name)
    if isinstance(found, Refused):
        raise ValueError(found.reason)
    return found


_SKILL, _COMMAND, _AGENT = Place("skills"), Place("commands", ".md"), Place("agents", ".md")
_HOOKS = RelPath.parse("hooks/hooks.json")
_SERVERS = RelPath.parse(".mcp.json")
_PLAIN_SERVERS = RelPath.parse("mcp.json")

CLAUDE = ExportForm(
    "claude",
    "Claude plugin",
    RelPath.parse(".claude-plugin/plugin.json"),
    render_claude,
    {
        "skill": _SKILL,
        "command": _COMMAND,
        "agent": _AGENT,
        "output-style": Place("output-styles", ".md"),
    },
    hooks=_HOOKS,
    servers=_SERVERS,
)
AGENT_PLUGIN = ExportForm(
    "agent-plugin",
    "Agent Plugin",
    RelPath.parse("plugin.json"),
    render_agent_plugin,
    {"skill": _SKILL},
    servers=_PLAIN_SERVERS,
    server_head={"$schema": MCP_SCHEMA},
    server=write_for_agent_plugin,
    server_back=server_from_plugin,
)
CODEX = ExportForm(
    "codex",
    "Codex plugin",
    RelPath.parse(".codex-plugin/plugin.json"),
    render_codex,
    {"skill": _SKILL},
    hooks=_HOOKS,
    servers=_SERVERS,
)
CURSOR = ExportForm(
    "cursor",
    "Cursor plugin",
    RelPath.parse(".cursor-plugin/plugin.json"),
    render_cursor,
    {
        "skill": _SKILL,
        "command": _COMMAND,
        "agent": _AGENT,
        "rule": Place("rules", ".mdc", _cursor_rule),
    },
    hooks=_HOOKS,
    hook=write_hooks_for_cursor,
    servers=_PLAIN_SERVERS,
    server=write_for_cursor,
    server_back=plain_variables,
)
COPILOT = ExportForm(
    "copilot",
    "Copilot plugin",
    RelPath.parse(".github/plugin/plugin.json"),
    render_copilot,
    {"skill": _SKILL, "command": _COMMAND, "agent": Place("agents", ".agent.md")},
    hooks=_HOOKS,
    hook=write_hooks_for_copilot,
    servers=_SERVERS,
)
GEMINI = ExportForm(
    "gemini",
    "Gemini extension",
    RelPath.parse("gemini-extension.json"),
    render_gemini,
    {
        "skill": _SKILL,
        "command": Place("commands", ".toml", partial(_convert, form=Form.GEMINI_COMMAND)),
        "agent": Place("agents", ".md", partial(_convert, form=Form.GEMINI_AGENT)),
    },
    hooks=_HOOKS,
    hook=write_hooks_for_gemini,
    server=write_for_gemini,
    server_back=server_from_gemini,
    has_context=True,
)
EXPORT_FORMS: Mapping[str, ExportForm] = MappingProxyType(
    {form.name: form for form in (CLAUDE, AGENT_PLUGIN, CODEX, CURSOR, COPILOT, GEMINI)}
)
