"""What the manifest of each agent says of a composite: what its schema takes, and no more.

A name is made one that the agents accept; what a schema needs and a composite lacks is filled with
its name. Sources: SchemaStore (Claude Code, Codex), agent-plugins.org 1.0.0, cursor/plugins
`schemas/plugin.schema.json`, docs.github.com (Copilot CLI), google-gemini/gemini-cli; 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from holdall.collection.manifest.manifest import ManifestComposite
from holdall.sources.layouts.agents.agent_plugin import PLUGIN_SCHEMA

_VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
)
_NO_VERSION = "0.0.0"
_ADDRESS = re.compile(r"https://[^\s<>\"{}|\\^`]+")


def plugin_name(composite: ManifestComposite) -> str:
    """Return the composite's name with small letters, digits and single hyphens only."""
    found = re.sub(r"[^a-z0-9]+", "-", composite.id.name.lower())[:64].strip("-")
    return found or "plugin"


def render_claude(composite: ManifestComposite, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a Claude plugin, with all of the composite's metadata."""
    manifest: dict[str, Any] = {"name": composite.id.name, **composite.metadata}
    if composite.description:
        manifest["description"] = composite.description
    if len(parts.get("hooks", ())) > 1:
        manifest["hooks"] = [f"./{path}" for path in parts["hooks"]]
    return manifest


def render_agent_plugin(composite: ManifestComposite, _: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of an Agent Plugin, with the extensions of others."""
    found = _common(composite, ("version", "license"), ("homepage", "repository"))
    extensions = composite.metadata.get("extensions")
    others = extensions if isinstance(extensions, dict) else {}
    kept = {key: value for key, value in others.items() if isinstance(value, dict)}
    head = {"$schema": PLUGIN_SCHEMA, "name": plugin_name(composite)}
    return {**head, **found, **({"extensions": kept} if kept else {})}


def render_codex(composite: ManifestComposite, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a Codex plugin, whose interface has to say a good deal."""
    found = _common(composite, ("license",), ("homepage", "repository"))
    name = composite.id.name
    author = found.pop("author", {})
    described = composite.description or name
    table = composite.metadata.get("interface")
    interface = {
        "displayName": name,
        "shortDescription": described,
        "longDescription": described,
        "developerName": author.get("name", name),
        "category": "Productivity",
        "capabilities": ["Read"],
        "defaultPrompt": f"Use {name}.",
    }
    if isinstance(table, dict):
        known = {k: v for k, v in table.items() if k in interface and type(v) is type(interface[k])}
        interface |= {key: value for key, value in known.items() if value}
    return {
        "name": plugin_name(composite),
        "version": _version(composite) or _NO_VERSION,
        **found,
        "description": described,
        "author": {"name": author.get("name", name), **author},
        **({"skills": "./skills/"} if parts.get("skills") else {}),
        **({"mcpServers": "./.mcp.json"} if parts.get("servers") else {}),
        "interface": interface,
    }


def render_cursor(composite: ManifestComposite, _: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a Cursor plugin; everything is in its usual place."""
    found = _common(composite, ("version", "license"), ("homepage", "repository"))
    author = found.get("author", {})
    if author:
        found["author"] = {k: v for k, v in author.items() if k in ("name", "email")}
        if "name" not in author:
            del found["author"]
    return {"name": plugin_name(composite), **found}


def render_copilot(composite: ManifestComposite, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a Copilot plugin."""
    found = _common(composite, ("license",), ("homepage", "repository"))
    version = _version(composite)
    folders = {name: f"{name}/" for name in ("skills", "agents", "commands") if parts.get(name)}
    return {
        "name": plugin_name(composite),
        **({"version": version} if version else {}),
        **found,
        **folders,
        **({"mcpServers": ".mcp.json"} if parts.get("servers") else {}),
    }


def render_gemini(composite: ManifestComposite, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a Gemini extension, which has the servers in it."""
    manifest = {
        "name": plugin_name(composite),
        "version": _version(composite) or _NO_VERSION,
        **({"description": composite.description} if composite.description else {}),
        **({"contextFileName": "GEMINI.md"} if parts.get("context") else {}),
    }
    servers = parts.get("servers")
    return {**manifest, **({"mcpServers": servers} if servers else {})}


def _version(composite: ManifestComposite) -> str | None:
    version = composite.metadata.get("version")
    is_version = isinstance(version, str) and _VERSION.fullmatch(version)
    return str(version) if is_version else None


def _common(
    composite: ManifestComposite,
    texts: Iterable[str],
    addresses: Iterable[str],
) -> dict[str, Any]:
    """Return what most manifests have, where it is as they take it."""
    said = composite.metadata
    found: dict[str, Any] = {}
    if composite.description:
        found["description"] = composite.description
    found |= {key: said[key] for key in texts if isinstance(said.get(key), str) and said[key]}
    for key in addresses:
        value = said.get(key)
        if isinstance(value, str) and _ADDRESS.fullmatch(value):
            found[key] = value
    keywords = said.get("keywords")
    if isinstance(keywords, list):
        words = [word for word in keywords if isinstance(word, str) and word]
        found["keywords"] = list(dict.fromkeys(words))
    author = _author(said.get("author"))
    return {**found, "author": author} if author else found


def _author(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        return {"name": value} if value else {}
    if not isinstance(value, dict):
        return {}
    kept = {k: value[k] for k in ("name", "email", "url") if isinstance(value.get(k), str)}
    if not _ADDRESS.fullmatch(kept.get("url", "")):
        kept.pop("url", None)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", kept.get("email", "")):
        kept.pop("email", None)
    return {key: text for key, text in kept.items() if text} if kept.get("name") else {}
