"""What other programs install from, beside the pages, in the dialects that they read.

    .well-known/agent-skills/index.json   discovery 0.2: {"$schema", "skills": [{"name", "type":
                                          "archive", "description", "url", "digest"}]}, zip files
    .well-known/skills/index.json         discovery 0.1: {"skills": [{"name", "description",
                                          "files"}]}, each file at .well-known/skills/NAME/FILE
    .claude-plugin/marketplace.json       plugins by `archive` and sha256 (Claude Code), if it is
                                          known at which address the folder will be, else by path
    .github/plugin/marketplace.json       plugins by path: Copilot reads this before Claude's, of
                                          which it refuses all for one `archive`
    .agents/plugins/marketplace.json      plugins by path: Codex reads this one first

Plugins are `plugins/AGENT/NAME/`, each with the one manifest of its form.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from holdall import NamedTuple
from holdall.artifacts import RelPath
from holdall.operations import Export
from holdall.transaction import ExportFile, zip_files
from holdall_composites.service.site.catalog import Catalog, Entry
from holdall_composites.service.site.write import SiteFile

_SCHEMA = "https://schemas.agentskills.io/discovery/0.2.0/schema.json"
_NAME = re.compile(r"(?!.*--)[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_MAX_FILES, _MAX_BYTES, _MAX_DESCRIPTION = 1_000, 50 << 20, 1_024
_RUN_BY_BROWSERS = (".html", ".htm", ".xhtml", ".xht", ".svg", ".xml", ".xsl", ".mht", ".mhtml")

MARKETPLACES = {
    "claude": ".claude-plugin/marketplace.json",
    "copilot": ".github/plugin/marketplace.json",
    "codex": ".agents/plugins/marketplace.json",
}
"""Where each agent looks for its list of plugins."""


class Listed(NamedTuple):
    """What the lists for other programs say of an entry, and why not all of them name it.

    `archive` is its line in the index of archives, `plain` in that of files; each may be missing.
    """

    archive: dict[str, Any] | None = None
    plain: dict[str, Any] | None = None
    left_out: tuple[str, ...] = ()


class Plugin(NamedTuple):
    """A composite in the form of an agent: its name, description, and the SHA-256 of its zip."""

    agent: str
    name: str
    description: str
    archive: str


def skill_files(entry: Entry, contents: Mapping[str, bytes]) -> tuple[list[SiteFile], Listed]:
    """Return what other programs install of a skill; nothing of what is none."""
    if entry.type != "skill":
        return [], Listed()
    if why := _why_left_out(entry):
        return [], Listed(left_out=(f"{entry.id} is not in the indexes for other programs: {why}",))
    exported = {
        RelPath.parse(file.path): ExportFile(contents[file.sha256], file.is_executable)
        for file in entry.files
    }
    data = zip_files(exported)
    fields = {"name": entry.name, "description": entry.description}
    name = f"{entry.name}.zip"
    archive = {**fields, "type": "archive", "url": name, "digest": _digest(data)}
    files = [SiteFile(f".well-known/agent-skills/{name}", data)]
    if any(path.lower().endswith(_RUN_BY_BROWSERS) for path in exported):
        why = "a browser would run a file of it; it is in agent-skills/index.json only"
        left_out = f"{entry.id} is not in .well-known/skills/index.json: {why}"
        return files, Listed(archive, None, (left_out,))
    for path, file in exported.items():
        place = f".well-known/skills/{entry.name}/{path}"
        files.append(SiteFile(place, file.data, file.executable))
    return files, Listed(archive, {**fields, "files": sorted(exported)})


def skill_indexes(listed: Sequence[Listed]) -> Iterator[SiteFile]:
    """Yield both lists of skills."""
    index = {"$schema": _SCHEMA, "skills": [one.archive for one in listed if one.archive]}
    yield SiteFile(".well-known/agent-skills/index.json", _json(index))
    plain = {"skills": [one.plain for one in listed if one.plain]}
    yield SiteFile(".well-known/skills/index.json", _json(plain))


def plugin_files(agent: str, name: str, export: Export) -> tuple[list[SiteFile], str]:
    """Return the files of a plugin, and the SHA-256 of its zip file."""
    data = zip_files(export.files)
    files = [
        SiteFile(f"plugins/{agent}/{name}/{path}", file.data, file.executable)
        for path, file in export.files.items()
    ]
    if agent == "claude":
        files.append(SiteFile(f"plugins/{agent}/{name}.zip", data))
    return files, hashlib.sha256(data).hexdigest()


def marketplaces(
    catalog: Catalog, plugins: Sequence[Plugin], url: str | None
) -> Iterator[SiteFile]:
    """Yield each agent's list of plugins; `url` is where the folder will be."""
    base = url.rstrip("/") + "/" if url else None
    for agent, place in MARKETPLACES.items():
        listed = []
        for plugin in plugins:
            if plugin.agent != agent:
                continue
            source: Any = f"./plugins/{agent}/{plugin.name}"
            if agent == "claude" and base is not None:
                address = f"{base}plugins/{agent}/{plugin.name}.zip"
                source = {"source": "archive", "url": address, "sha256": plugin.archive}
            fields = {"name": plugin.name, "description": plugin.description, "source": source}
            listed.append({key: value for key, value in fields.items() if value})
        owner = {"name": catalog.name}
        table = {"name": _slug(catalog.name), "owner": owner, "plugins": listed}
        yield SiteFile(place, _json(table))


def _why_left_out(entry: Entry) -> str | None:
    if not _NAME.fullmatch(entry.name):
        return "its name is not of lowercase letters, digits and single hyphens"
    if not 1 <= len(entry.description) <= _MAX_DESCRIPTION:
        return f"its description is not of 1 to {_MAX_DESCRIPTION:,} characters"
    if len(entry.files) > _MAX_FILES or entry.size > _MAX_BYTES:
        return f"it has more than {_MAX_FILES:,} files or {_MAX_BYTES >> 20} MiB"
    if any(file.is_link for file in entry.files):
        return "it has a symbolic link"
    if not any(file.path == "SKILL.md" for file in entry.files):
        return "it has no SKILL.md"
    return None


def _slug(name: str) -> str:
    """Return a name as a marketplace may have it: lowercase letters, digits, single hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "collection"


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _json(value: Any) -> bytes:
    # Without `indent`, which takes ten times as long.
    return json.dumps(value, ensure_ascii=False, separators=(",\n", ": ")).encode() + b"\n"
