"""Read a marketplace and the plugins it does not list (FORMATS P1 to P3)."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from holdall.sources.checks.diagnostics import Code
from holdall.sources.draft import Gathering, show_path
from holdall.sources.fetch.address import show_address as without_login
from holdall.sources.layouts.configs import load_json
from holdall.sources.layouts.plugin import PLUGIN_MANIFEST, read_plugin, with_slashes
from holdall.sources.listing import file_at
from holdall.sources.values import RemoteComposite
from holdall.sources.walk import joined

MARKETPLACE = ".claude-plugin/marketplace.json"
_MANIFESTS = ".claude-plugin"
_PLACES = ("repo", "url", "package", "path", "ref", "version", "command")
MAX_ENTRIES = 10_000


def read_marketplace(gathering: Gathering) -> None:
    """Read the marketplace at the top of the source, if it has one, and list those deeper down."""
    for path in _with_manifests(gathering):
        if path and gathering.tree.file(joined(path, MARKETPLACE)):
            gathering.say(
                joined(path, MARKETPLACE), Code.MARKETPLACE_NESTED, "a marketplace below the top"
            )
    if file_at(gathering, MARKETPLACE) is None:
        return
    market = load_json(gathering, MARKETPLACE, Code.MARKETPLACE_INVALID)
    entries = None if market is None else market.get("plugins")
    if market is None or not isinstance(entries, list):
        gathering.unread.setdefault(".", "its marketplace cannot be read")
        if market is not None:
            gathering.say(MARKETPLACE, Code.MARKETPLACE_INVALID, "`plugins` is not a list")
        return
    metadata = market.get("metadata")
    plugin_root = metadata.get("pluginRoot") if isinstance(metadata, dict) else None
    if len(entries) > MAX_ENTRIES:
        message = f"lists {len(entries):,} plugins; only the first {MAX_ENTRIES:,} are read"
        gathering.say(MARKETPLACE, Code.MARKETPLACE_INVALID, message)
    listed: set[tuple[str, str]] = set()
    for number, entry in enumerate(entries[:MAX_ENTRIES]):
        if isinstance(entry, dict):
            folder = plugin_root if isinstance(plugin_root, str) else ""
            _read_entry(gathering, entry, folder, listed)
        else:
            gathering.say(
                MARKETPLACE, Code.MARKETPLACE_INVALID, f"plugins[{number}] is not an object"
            )


def _read_entry(
    gathering: Gathering, entry: Mapping[str, Any], plugin_root: str, listed: set[tuple[str, str]]
) -> None:
    source = entry.get("source")
    name = entry.get("name")
    shown_name = name if isinstance(name, str) else "(no name)"
    if isinstance(source, dict):
        text = json.dumps(source, sort_keys=True)
        gathering.remotes.append(RemoteComposite(shown_name, text, _place_of(source)))
        return
    path = _folder_of(gathering, source, plugin_root, shown_name)
    if path is None:
        return
    root = gathering.tree.resolved(path)
    assert root is not None, "a folder that was found"
    gathering.plugin_roots.add(root)
    composite = read_plugin(gathering, root, path, entry)
    if (composite.name, composite.path) in listed:
        gathering.say(MARKETPLACE, Code.MARKETPLACE_INVALID, f"lists {shown_name!a} twice")
        return
    listed.add((composite.name, composite.path))
    gathering.composites.append(composite)


def _place_of(source: Mapping[str, Any]) -> str:
    """Return where a plugin is, in a few words, as in `github owner/repo`."""
    parts = (source.get("source"), *(source.get(key) for key in _PLACES))
    found = [without_login(part) for part in parts if isinstance(part, str) and part]
    return " ".join(found) or "an unknown place"


def _folder_of(gathering: Gathering, source: Any, plugin_root: str, shown_name: str) -> str | None:
    """Return an entry's folder; None, with a diagnostic, if there is none."""
    if not isinstance(source, str):
        _unresolved(
            gathering, shown_name, f"its source {source!a:.80} is neither a path nor an object"
        )
        return None
    if "\\" in source:
        message = f"plugin {shown_name!a}: the source {source!a} has backslashes"
        gathering.say(MARKETPLACE, Code.PATH_SPELLING, message)
    source, plugin_root = with_slashes(source), with_slashes(plugin_root)
    is_bare = source not in (".", "./") and not source.startswith("./")
    path = _normal(posixpath.join(plugin_root, source) if is_bare else source)
    if path is None:
        _unresolved(gathering, shown_name, f"its source {source!a} leaves the marketplace")
        return None
    if _is_folder(gathering, path):
        if not gathering.tree.is_bare(gathering.tree.resolved(path) or ""):
            return path
        _unresolved(
            gathering, shown_name, f"the folder {path!a} is empty; is it checked out?", path
        )
        return None
    hint = ""
    if not is_bare and plugin_root:
        under = _normal(posixpath.join(plugin_root, source))
        if under is not None and _is_folder(gathering, under):
            hint = f"; there is {under!a}, but pluginRoot is for sources without ./"
    _unresolved(gathering, shown_name, f"there is no folder {path!a}{hint}", path)
    return None


def _is_folder(gathering: Gathering, path: str) -> bool:
    real = gathering.tree.resolved(path)
    return real is not None and gathering.tree.is_folder(real)


def _normal(path: str) -> str | None:
    """Return a path without dots; '' for the top, None if it may not be followed."""
    is_absolute = path.startswith("/") or path[1:2] == ":"
    if is_absolute or ".." in path.split("/") or "\0" in path:
        return None
    normal = posixpath.normpath(path)
    return "" if normal == "." else normal


def _unresolved(gathering: Gathering, name: str, problem: str, path: str | None = None) -> None:
    """Report a plugin that is not where its entry says, and that may be there another time."""
    if path is not None:
        gathering.unread.setdefault(show_path(path), f"the plugin {name!a} is not there: {problem}")
    gathering.say(MARKETPLACE, Code.PLUGIN_UNRESOLVED, f"plugin {name!a}: {problem}")


def _with_manifests(gathering: Gathering) -> Iterator[str]:
    """Yield the folders that have a folder of manifests, which may be a link."""
    for path, folder in gathering.tree.folders.items():
        if _MANIFESTS in folder.folders or _MANIFESTS in folder.links:
            yield path


def read_unlisted_plugins(gathering: Gathering) -> None:
    """Read every folder with a plugin manifest that the marketplace does not list."""
    for path in _with_manifests(gathering):
        if path in gathering.plugin_roots or gathering.is_exported(path):
            continue
        if file_at(gathering, joined(path, PLUGIN_MANIFEST)):
            gathering.plugin_roots.add(path)
            gathering.composites.append(read_plugin(gathering, path, path, None))
