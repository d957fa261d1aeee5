"""Read marketplaces and the plugins that they do not list (FORMATS P1 to P3)."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from holdall.sources.checks.diagnostics import Code
from holdall.sources.draft import Gathering, show_path
from holdall.sources.fetch.address import show_address as without_login
from holdall.sources.layouts.agents.form import PluginForm
from holdall.sources.layouts.agents.table import PLUGINS
from holdall.sources.layouts.configs import load_json
from holdall.sources.layouts.fields import with_slashes
from holdall.sources.layouts.plugin import manifests_at, read_plugin
from holdall.sources.listing import file_at
from holdall.sources.values import RemoteComposite
from holdall.sources.walk import join_path

_PLACES = ("repo", "url", "package", "path", "ref", "version", "command")
MAX_ENTRIES = 10_000


def read_marketplaces(gathering: Gathering) -> None:
    """Read the marketplaces at the top of the source, and list those deeper down.

    A plugin that several of them list is read as the first of them says.
    """
    for form in PLUGINS:
        for place in form.marketplaces:
            for path in _folders_with(gathering, place):
                if path and gathering.tree.file(join_path(path, place)):
                    where = join_path(path, place)
                    gathering.say(where, Code.MARKETPLACE_NESTED, "a marketplace below the top")
            if file_at(gathering, place) is not None:
                _Market(gathering, place, form).read()


class _Market:
    """One marketplace while it is read; `known` are plugins that an earlier one listed."""

    def __init__(self, gathering: Gathering, place: str, form: PluginForm) -> None:
        self.gathering, self.place, self.form = gathering, place, form
        self.known = frozenset(gathering.plugin_roots)
        self.listed: set[tuple[str, str]] = set()
        self.plugin_root = ""

    def say(self, code: Code, message: str) -> None:
        """Record a diagnostic at the marketplace."""
        self.gathering.say(self.place, code, message)

    def read(self) -> None:
        """Read the plugins that it lists."""
        market = load_json(self.gathering, self.place, Code.MARKETPLACE_INVALID)
        entries = None if market is None else market.get("plugins")
        if market is None or not isinstance(entries, list):
            self.gathering.unread.setdefault(".", "its marketplace cannot be read")
            if market is not None:
                self.say(Code.MARKETPLACE_INVALID, "`plugins` is not a list")
            return
        metadata = market.get("metadata")
        plugin_root = metadata.get("pluginRoot") if isinstance(metadata, dict) else None
        self.plugin_root = plugin_root if isinstance(plugin_root, str) else ""
        if len(entries) > MAX_ENTRIES:
            message = f"lists {len(entries):,} plugins; only the first {MAX_ENTRIES:,} are read"
            self.say(Code.MARKETPLACE_INVALID, message)
        for number, entry in enumerate(entries[:MAX_ENTRIES]):
            if isinstance(entry, dict):
                self._read_entry(entry)
            else:
                self.say(Code.MARKETPLACE_INVALID, f"plugins[{number}] is not an object")
        self._tell_renames(market.get("renames"))

    def _tell_renames(self, renames: Any) -> None:
        for old, new in renames.items() if isinstance(renames, dict) else ():
            what = f"is now {new!a:.80}" if isinstance(new, str) else "is not listed any more"
            self.say(Code.PLUGIN_RENAMED, f"the plugin {old!a:.80} {what}")

    def _read_entry(self, entry: Mapping[str, Any]) -> None:
        source = entry.get("source")
        name = entry.get("name")
        shown_name = name if isinstance(name, str) else "(no name)"
        if isinstance(source, dict) and source.get("source") == "local":
            source = source.get("path")
        if isinstance(source, dict):
            text = json.dumps(source, sort_keys=True)
            found = RemoteComposite(shown_name, text, _place_of(source))
            if found not in self.gathering.remotes:
                self.gathering.remotes.append(found)
            return
        path = self._folder_of(source, shown_name)
        if path is None:
            return
        root = self.gathering.tree.resolve(path)
        assert root is not None, "a folder that was found"
        if root in self.known:
            return
        self.gathering.plugin_roots.add(root)
        composite = read_plugin(self.gathering, root, path, entry, self.form)
        if (composite.name, composite.path) in self.listed:
            self.say(Code.MARKETPLACE_INVALID, f"lists {shown_name!a} twice")
            return
        self.listed.add((composite.name, composite.path))
        self.gathering.composites.append(composite)

    def _folder_of(self, source: Any, shown_name: str) -> str | None:
        """Return an entry's folder; None, with a diagnostic, if there is none."""
        gathering = self.gathering
        if not isinstance(source, str):
            message = f"its source {source!a:.80} is neither a path nor an object"
            self._report_unresolved(shown_name, message)
            return None
        if "\\" in source:
            message = f"plugin {shown_name!a}: the source {source!a} has backslashes"
            self.say(Code.PATH_SPELLING, message)
        source, plugin_root = with_slashes(source), with_slashes(self.plugin_root)
        is_bare = source not in (".", "./") and not source.startswith("./")
        path = _normal(posixpath.join(plugin_root, source) if is_bare else source)
        if path is None:
            self._report_unresolved(shown_name, f"its source {source!a} leaves the marketplace")
            return None
        if _is_folder(gathering, path):
            if not gathering.tree.is_bare(gathering.tree.resolve(path) or ""):
                return path
            message = f"the folder {path!a} is empty; is it checked out?"
            self._report_unresolved(shown_name, message, path)
            return None
        hint = ""
        if not is_bare and plugin_root:
            under = _normal(posixpath.join(plugin_root, source))
            if under is not None and _is_folder(gathering, under):
                hint = f"; there is {under!a}, but pluginRoot is for sources without ./"
        self._report_unresolved(shown_name, f"there is no folder {path!a}{hint}", path)
        return None

    def _report_unresolved(self, name: str, problem: str, path: str | None = None) -> None:
        """Report a plugin that is not where its entry says, and may be there another time."""
        if path is not None:
            why = f"the plugin {name!a} is not there: {problem}"
            self.gathering.unread.setdefault(show_path(path), why)
        self.say(Code.PLUGIN_UNRESOLVED, f"plugin {name!a}: {problem}")


def _place_of(source: Mapping[str, Any]) -> str:
    """Return where a plugin is, in a few words, as in `github owner/repo`."""
    parts = (source.get("source"), *(source.get(key) for key in _PLACES))
    found = [without_login(part) for part in parts if isinstance(part, str) and part]
    return " ".join(found) or "an unknown place"


def _is_folder(gathering: Gathering, path: str) -> bool:
    real = gathering.tree.resolve(path)
    return real is not None and gathering.tree.is_folder(real)


def _normal(path: str) -> str | None:
    """Return a path without dots; '' for the top, None if it may not be followed."""
    is_absolute = path.startswith("/") or path[1:2] == ":"
    if is_absolute or ".." in path.split("/") or "\0" in path:
        return None
    normal = posixpath.normpath(path)
    return "" if normal == "." else normal


def _folders_with(gathering: Gathering, place: str) -> Iterator[str]:
    """Yield the folders that have the first part of a place, which may be a link."""
    first = place.partition("/")[0]
    for path, folder in gathering.tree.folders.items():
        if first in folder.folders or first in folder.links:
            yield path


def read_unlisted_plugins(gathering: Gathering) -> None:
    """Read every folder with a plugin's manifest that no marketplace lists."""
    for path in list(gathering.tree.folders):
        if path in gathering.plugin_roots or gathering.is_exported(path):
            continue
        if found := manifests_at(gathering, path):
            gathering.plugin_roots.add(path)
            gathering.composites.append(read_plugin(gathering, path, path, None, found[0][0]))
