"""Read hooks and MCP servers: JSON files, and JSON inside other manifests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from holdall.artifacts.ids import BUILTIN_TYPES, ArtifactType
from holdall.errors import HoldallError, StorageError, TooLargeError
from holdall.files.tree import bytes_tree, file_tree
from holdall.formats.documents import MAX_JSON_BYTES, canonical_json, parse_json, read_bounded
from holdall.sources.checks.diagnostics import Code
from holdall.sources.checks.hidden import hidden_text
from holdall.sources.checks.inspection import Inspection, check_text, texts_in
from holdall.sources.draft import Draft, Gathering, Key

HOOKS_FILE = "hooks.json"
MCP_FILE = ".mcp.json"

_HOOK = BUILTIN_TYPES[ArtifactType.HOOK]
_SERVER_KEYS = frozenset({"command", "url", "type", "httpUrl", "serverUrl"})
_MCP = BUILTIN_TYPES[ArtifactType.MCP]


def load_json(gathering: Gathering, path: str, code: Code) -> Any:
    """Return a JSON file's object, read once; None, with a diagnostic of `code`, if it has none."""
    if path not in gathering.config_files:
        gathering.config_files[path] = _load(gathering, path, code)
    return gathering.config_files[path]


def _load(gathering: Gathering, path: str, code: Code) -> Mapping[str, Any] | None:
    try:
        real = gathering.tree.file(path) or path
        data = read_bounded(gathering.tree.location(real), MAX_JSON_BYTES)
        value = parse_json(data, path)
    except HoldallError as error:
        gathering.say_missed(path, code, error.message)
        return None
    if isinstance(value, dict):
        return value
    gathering.say_missed(path, code, "not a JSON object")
    return None


def read_hook_file(gathering: Gathering, path: str, name: str) -> Draft | None:
    """Read a file of hooks. One of another form is taken too, with a diagnostic."""
    key: Key = (_HOOK.name, path)
    if key in gathering.drafts or key in gathering.refused:
        return gathering.drafts.get(key)
    location = gathering.tree.location(gathering.tree.file(path) or path)
    inspection = Inspection(path, is_folder=False)
    try:
        meter = gathering.tree.meter
        tree = file_tree(location, _HOOK.only_file, inspection.peek, meter=meter)
    except (StorageError, TooLargeError) as error:
        gathering.refused.add(key)
        gathering.say_unread(path, error)
        return None
    value = load_json(gathering, path, Code.HOOKS_INVALID)
    if value is not None:
        _judge_hooks(gathering, path, value)
    gathering.config_files.pop(path, None)
    return _whole(gathering, Draft(_HOOK.name, name, path, location, None, tree), value, inspection)


def _whole(gathering: Gathering, draft: Draft, value: Any, inspection: Inspection) -> Draft:
    """Add a file, after checking what the escapes in it stand for, which are hidden there."""
    text = "".join(texts_in(value))
    inspection.take(hidden_text(draft.path, text), whole=False)
    gathering.diagnostics.extend(inspection.found)
    return gathering.add(draft._replace(hides_text=inspection.hides_text))


def _judge_hooks(gathering: Gathering, path: str, value: Mapping[str, Any]) -> None:
    hooks = value.get("hooks", value)
    if _is_kiro(hooks):
        return
    if not isinstance(hooks, dict):
        gathering.say(path, Code.HOOKS_INVALID, "`hooks` is not an object of events")
        return
    for event, entries in hooks.items():
        if "hooks" in value and not isinstance(entries, list):
            gathering.say(path, Code.HOOKS_INVALID, f"the event {event!a} is not a list")
    if "hooks" not in value:
        gathering.say(path, Code.HOOKS_INVALID, "has no key `hooks`")


def _is_kiro(hooks: Any) -> bool:
    """Return whether hooks are a list of triggers and actions, as Kiro has them."""
    entries = hooks if isinstance(hooks, list) else []
    return bool(entries) and all(isinstance(e, dict) and "trigger" in e for e in entries)


def read_inline_hooks(gathering: Gathering, path: str, name: str, value: Any) -> Draft:
    """Add hooks from inside a manifest; `path` says where."""
    hooks = value if "hooks" in value else {"hooks": value}
    _judge_hooks(gathering, path, hooks)
    return _inline(gathering, (_HOOK.name, path), name, value)


Change = Callable[[dict[str, Any]], dict[str, Any]]
"""Return a server in Claude Code's form."""


def read_mcp_file(gathering: Gathering, path: str, change: Change = dict) -> list[Draft]:
    """Read each server of a `.mcp.json`, wrapped in `mcpServers` or not."""
    value = load_json(gathering, path, Code.MCP_INVALID)
    if value is None:
        return []
    servers = value["mcpServers"] if "mcpServers" in value else _flat_servers(value)
    return read_servers(gathering, path, f"{path}#", servers, change)


def _flat_servers(value: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is next to the servers in a flat map: settings, comments, schemas."""
    return {
        name: server
        for name, server in value.items()
        if isinstance(server, dict) and not _SERVER_KEYS.isdisjoint(server)
    }


def read_servers(
    gathering: Gathering, file: str, prefix: str, servers: Any, change: Change = dict
) -> list[Draft]:
    """Take each server of an object of servers; `prefix` and its key make its path."""
    if not isinstance(servers, dict):
        gathering.say_missed(file, Code.MCP_INVALID, "`mcpServers` is not an object of servers")
        return []
    found = []
    for name, server in servers.items():
        if isinstance(server, dict):
            key = _MCP.name, f"{prefix}{name}"
            found.append(_inline(gathering, key, name, change(server)))
        else:
            gathering.say(file, Code.MCP_INVALID, f"the server {name!a} is not an object")
    return found


def read_single_server(gathering: Gathering, path: str, name: str) -> Draft | None:
    """Read a file that holds one server, as a Holdall collection keeps it."""
    location = gathering.tree.location(path)
    value = load_json(gathering, path, Code.MCP_INVALID)
    if value is None:
        return None
    inspection = Inspection(path, is_folder=False)
    try:
        meter = gathering.tree.meter
        tree = file_tree(location, _MCP.only_file, inspection.peek, meter=meter)
    except (StorageError, TooLargeError) as error:
        gathering.say_unread(path, error)
        return None
    return _whole(gathering, Draft(_MCP.name, name, path, location, None, tree), value, inspection)


def _inline(gathering: Gathering, key: Key, name: str, value: Any) -> Draft:
    if key in gathering.drafts:
        return gathering.drafts[key]
    data = canonical_json(value)
    inspection = Inspection(key[1], is_folder=False)
    inspection.take(check_text(key[1], data), whole=False)
    gathering.diagnostics.extend(inspection.found)
    tree = bytes_tree(data, BUILTIN_TYPES[key[0]].only_file)
    hides_text = inspection.hides_text
    return gathering.add(Draft(key[0], name, key[1], None, data, tree, hides_text=hides_text))
