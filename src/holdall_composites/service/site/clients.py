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
from collections.abc import Callable, Iterator, Mapping, Sequence
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


class Plugin(NamedTuple):
    """A composite in the form of an agent."""

    entry: Entry
    agent: str
    export: Export


class Clients:
    """Makes the files; `left_out` says what other programs would refuse, with the reason."""

    def __init__(
        self, catalog: Catalog, read: Callable[[str], bytes], url: str | None = None
    ) -> None:
        self.catalog, self._read = catalog, read
        self._url = url.rstrip("/") + "/" if url else None
        self.left_out: list[str] = []

    def render(self, plugins: Sequence[Plugin]) -> Iterator[SiteFile]:
        """Yield every file."""
        yield from self._skills()
        for agent in MARKETPLACES:
            yield from self._marketplace(agent, [p for p in plugins if p.agent == agent])

    def _skills(self) -> Iterator[SiteFile]:
        archives, listed = [], []
        for entry in self.catalog.entries:
            if entry.type != "skill" or self._is_left_out(entry):
                continue
            files = {
                RelPath.parse(file.path): ExportFile(self._read(file.sha256), file.is_executable)
                for file in entry.files
            }
            data = zip_files(files)
            told = {"name": entry.name, "description": entry.description}
            name = f"{entry.name}.zip"
            archives.append({**told, "type": "archive", "url": name, "digest": _digest(data)})
            yield SiteFile(f".well-known/agent-skills/{name}", data)
            if any(path.lower().endswith(_RUN_BY_BROWSERS) for path in files):
                why = "a browser would run a file of it; it is in agent-skills/index.json only"
                self.left_out.append(f"{entry.id} is not in .well-known/skills/index.json: {why}")
                continue
            listed.append({**told, "files": sorted(files)})
            for path, file in files.items():
                place = f".well-known/skills/{entry.name}/{path}"
                yield SiteFile(place, file.data, file.executable)
        index = {"$schema": _SCHEMA, "skills": archives}
        yield SiteFile(".well-known/agent-skills/index.json", _json(index))
        yield SiteFile(".well-known/skills/index.json", _json({"skills": listed}))

    def _is_left_out(self, entry: Entry) -> bool:
        if not _NAME.fullmatch(entry.name):
            why = "its name is not of lowercase letters, digits and single hyphens"
        elif not 1 <= len(entry.description) <= _MAX_DESCRIPTION:
            why = f"its description is not of 1 to {_MAX_DESCRIPTION:,} characters"
        elif len(entry.files) > _MAX_FILES or entry.size > _MAX_BYTES:
            why = f"it has more than {_MAX_FILES:,} files or {_MAX_BYTES >> 20} MiB"
        elif any(file.is_link for file in entry.files):
            why = "it has a symbolic link"
        elif not any(file.path == "SKILL.md" for file in entry.files):
            why = "it has no SKILL.md"
        else:
            return False
        self.left_out.append(f"{entry.id} is not in the indexes for other programs: {why}")
        return True

    def _marketplace(self, agent: str, plugins: Sequence[Plugin]) -> Iterator[SiteFile]:
        listed = []
        for plugin in plugins:
            files: Mapping[RelPath, ExportFile] = plugin.export.files
            if any(file.is_link for file in files.values()):
                self.left_out.append(
                    f"{plugin.entry.id} is not in {MARKETPLACES[agent]}: it has a symbolic link"
                )
                continue
            name, data = plugin.entry.name, zip_files(files)
            source: Any = f"./plugins/{agent}/{name}"
            if agent == "claude":
                yield SiteFile(f"plugins/{agent}/{name}.zip", data)
                if self._url is not None:
                    digest = hashlib.sha256(data).hexdigest()
                    address = f"{self._url}plugins/{agent}/{name}.zip"
                    source = {"source": "archive", "url": address, "sha256": digest}
            told = {"name": name, "description": plugin.entry.description, "source": source}
            listed.append({key: value for key, value in told.items() if value})
            for path, file in files.items():
                place = f"plugins/{agent}/{name}/{path}"
                yield SiteFile(place, file.data, file.executable)
        owner = {"name": self.catalog.name}
        table = {"name": _slug(self.catalog.name), "owner": owner, "plugins": listed}
        yield SiteFile(MARKETPLACES[agent], _json(table))


def _slug(name: str) -> str:
    """Return a name as a marketplace may have it: lowercase letters, digits, single hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "collection"


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
