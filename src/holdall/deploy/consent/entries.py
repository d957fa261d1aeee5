"""Hooks and servers: entries of settings files, read whole and shown whole.

An unknown form raises InputError and is not merged into anybody's settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from holdall.artifacts.ids import ArtifactType
from holdall.deploy.agent_formats.hooks.read import (
    SHELLS,
    flat_problem,
    form_of_hooks,
    is_flat,
    is_kiro,
    read_hooks,
)
from holdall.deploy.agent_formats.servers import convert_server
from holdall.deploy.agent_formats.tools import deployed_tools
from holdall.deploy.agent_formats.values import ConvertedEntry, Refused
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.targets import Form, Merge, Target
from holdall.errors import InputError
from holdall.formats.documents import canonical_json, parse_json, read_bounded, with_texts
from holdall.formats.marks import MAX_BYTES

_ROOT = r"(?:CLAUDE_|CURSOR_)?PLUGIN_ROOT"
_PLUGIN_ROOT = re.compile(rf"\$\{{(?:{_ROOT}(?::?-[^}}]*)?|extensionPath)\}}|\${_ROOT}\b")
_ROOT_NAME = re.compile(rf"\b{_ROOT}\b")
_HOOK_TYPES = {
    "command": ("command",),
    "http": ("url",),
    "prompt": ("prompt",),
    "agent": ("prompt",),
    "mcp_tool": ("server", "tool"),
}
_BESIDE_EVENTS = frozenset({"description", "version", "$schema"})
_LOCAL = frozenset({"stdio", "local"})
_REMOTE = frozenset({"http", "streamable-http", "streamableHttp", "sse", "ws", "remote"})
_ADDRESSES = ("url", "httpUrl", "serverUrl")
_KINDS = frozenset({"command", *_ADDRESSES})
_SCALARS = (str, int, float, type(None))


def entry_effects(
    artifact: PlannedArtifact, merge: Merge, target: Target, project: Path
) -> list[str]:
    """Return what a hook or a server runs or sends, all of it.

    Raises InputError for one that is not understood, which is not merged.
    """
    if merge.form.is_hooks:
        groups, _ = converted_hooks(artifact, merge, target, project)
        return [_shown_hook(*one) for event, group in groups for one in _single(event, group)]
    server = server_of(artifact, merge, target, project)
    refused = convert_server(artifact.id.name, server, merge.form)
    return [] if isinstance(refused, Refused) else _server_effects(server)


def converted_hooks(
    artifact: PlannedArtifact, merge: Merge, target: Target, project: Path
) -> tuple[list[tuple[str, dict[str, Any]]], tuple[str, ...]]:
    """Return what a target gets of an artifact's hooks, each with its event, and what is lost.

    Raises InputError where one of them is of no known form.
    """
    definition = _definition(artifact, merge, target, project)
    return hooks_in(definition, f"{artifact.id}: {artifact.location}", merge.form)


def converted_server(
    artifact: PlannedArtifact, merge: Merge, target: Target, project: Path
) -> ConvertedEntry | Refused:
    """Return what a target gets of an artifact's server, or why nothing.

    Raises InputError if it is of no known form.
    """
    return convert_server(artifact.id.name, server_of(artifact, merge, target, project), merge.form)


def hooks_in(
    definition: Any, where: str, form: Form
) -> tuple[list[tuple[str, dict[str, Any]]], tuple[str, ...]]:
    """Return the hooks of a definition in an agent's form, each with its event, and what is lost.

    `where` is for errors. What is in that form already stays as it is. Raises InputError where one
    of them is of no known form.
    """
    if not isinstance(definition, dict):
        raise _wrong(where, "not a JSON object")
    events = definition.get("hooks", definition)
    if is_kiro(events):
        events = {"hooks": events}
    if not isinstance(events, dict):
        raise _wrong(where, "`hooks` is not an object of events")
    events = {
        event: found
        for event, found in events.items()
        if event not in _BESIDE_EVENTS or isinstance(found, list)
    }
    own = Form.KIRO_HOOKS if is_kiro(events.get("hooks")) else form_of_hooks(events)
    groups = []
    for event, found in events.items():
        if not isinstance(found, list):
            raise _wrong(where, f"the event {event!a} is not a list")
        for group in found:
            if not is_flat(own):
                _check_group(where, event, group, own)
            elif problem := flat_problem(group, own):
                raise _wrong(where, f"a hook of {event!a} {problem}")
            groups.append((event, group))
    if own is form:
        return groups, ()
    from holdall.deploy.agent_formats.hooks.write import convert_hooks

    read, lost = read_hooks(groups, own)
    converted, losses = convert_hooks(read, form)
    return converted, (*lost, *losses)


def _check_group(where: str, event: str, group: Any, form: Form) -> None:
    hooks = group.get("hooks") if isinstance(group, dict) else None
    if not isinstance(hooks, list):
        raise _wrong(where, f"a group of {event!a} is not an object with a list `hooks`")
    usual = "command" if form is Form.OPENHANDS_HOOKS else None
    for hook in hooks:
        kind = hook.get("type", usual) if isinstance(hook, dict) else None
        if not isinstance(kind, str) or kind not in _HOOK_TYPES:
            raise _wrong(where, f"a hook of {event!a} has the unknown type {kind!a:.80}")
        for key in _HOOK_TYPES[kind]:
            if not isinstance(hook.get(key), str):
                raise _wrong(where, f"a hook of {event!a} has no text {key!a}")


def server_of(
    artifact: PlannedArtifact, merge: Merge, target: Target, project: Path
) -> dict[str, Any]:
    """Return the definition of an artifact's MCP server.

    Raises InputError if it is of no known form.
    """
    definition = _definition(artifact, merge, target, project)
    return server_in(definition, f"{artifact.id}: {artifact.location}")


def server_in(server: Any, where: str) -> dict[str, Any]:
    """Return a server's definition; `where` is for errors.

    Raises InputError if it is of no known form.
    """
    if not isinstance(server, dict):
        raise _wrong(where, "not a JSON object")
    kind = server.get("type")
    if kind is not None and kind not in (*_LOCAL, *_REMOTE):
        raise _wrong(where, f"the server has the unknown type {kind!a:.80}")
    is_local = kind in _LOCAL or (kind is None and "command" in server)
    needed = ("command",) if is_local else _ADDRESSES
    texts = [key for key in ("command", *_ADDRESSES, "headersHelper") if key in server]
    for key in texts:
        if not isinstance(server[key], str):
            raise _wrong(where, f"{key!a} of the server is not a text")
    if not set(needed) & set(texts):
        raise _wrong(where, f"the server has no {needed[0]!a}")
    args = server.get("args", [])
    if not isinstance(args, list) or not all(isinstance(word, str) for word in args):
        raise _wrong(where, "`args` of the server is not a list of texts")
    for key in ("env", "headers"):
        table = server.get(key, {})
        values = table.values() if isinstance(table, dict) else [()]
        if not all(isinstance(value, _SCALARS) for value in values):
            raise _wrong(where, f"{key!a} of the server is not an object of texts")
    return server


def _wrong(where: str, problem: str) -> InputError:
    return InputError(f"{where}: {problem}", hint="`holdall lint` shows details")


def _definition(
    artifact: PlannedArtifact, merge: Merge, target: Target, project: Path
) -> dict[str, Any]:
    """Return a definition with the place of its companion wherever it names its plugin's folder.

    Tools of its plugin's servers are called as those servers are deployed. What it starts gets that
    place in its environment, too, as in an installed plugin.
    """
    data = read_bounded(artifact.location, MAX_BYTES)
    definition = parse_json(data, str(artifact.location))
    if b"mcp__plugin_" in data:
        definition = with_texts(definition, deployed_tools)
    if not isinstance(definition, dict):
        raise InputError(f"{artifact.location}: not a JSON object", hint="fix it, then collect it")
    place = target.place_of(artifact.companion) if artifact.companion else None
    if place is None:
        return definition
    top = str(project.absolute()) if merge.project is None else merge.project
    root = f"{top}/{target.root_of(ArtifactType.PLUGIN_FILES)}/{place}"
    found: dict[str, Any] = with_texts(
        definition, lambda text: _PLUGIN_ROOT.sub(lambda _: root, text).replace("${/}", "/")
    )
    if not merge.form.is_hooks:
        env = found.get("env", {})
        if "command" in found and isinstance(env, dict):
            found["env"] = {**dict.fromkeys(_root_names(str(definition)), root), **env}
    elif merge.form is not Form.AUGMENT_HOOKS:  # which runs a file and no command
        _export_root(definition, found, root)
    return found


def _root_names(text: str) -> list[str]:
    """Return the variables that a text names its plugin's folder by, `process.env.NAME` too."""
    return list(dict.fromkeys(_ROOT_NAME.findall(text)))


def _export_root(before: Any, after: Any, root: str) -> None:
    """Let the commands for a shell of Unix in hooks set what they name, for what they start."""
    if isinstance(before, dict) and isinstance(after, dict):
        is_shell = "args" not in before and before.get("shell") in (None, "bash")
        for key in ("command", "bash"):
            text = before.get(key)
            if is_shell and isinstance(text, str):
                sets = [f'export {name}="{root}"; ' for name in _root_names(text)]
                after[key] = "".join((*sets, after[key]))
    pairs = zip(before.values(), after.values(), strict=True) if isinstance(before, dict) else ()
    for old, new in (
        *pairs,
        *(zip(before, after, strict=True) if isinstance(before, list) else ()),
    ):
        if isinstance(old, dict | list):
            _export_root(old, new, root)


_Shown = tuple[str, Mapping[str, Any], Mapping[str, Any]]


def _single(event: str, group: Mapping[str, Any]) -> Iterator[_Shown]:
    """Yield each hook of what stands in an event's list: when it runs, its group, and itself."""
    if "hooks" in group:
        yield from ((event, group, {"type": "command", **hook}) for hook in group["hooks"])
    elif "action" in group:  # of Kiro
        rest = {key: value for key, value in group.items() if key not in ("action", "trigger")}
        yield group["trigger"], group, {**rest, **group["action"]}
    else:
        yield event, group, {"type": "command", **group}


def _shown_hook(event: str, group: Mapping[str, Any], hook: Mapping[str, Any]) -> str:
    verb = "sends to" if hook["type"] == "http" else "runs"
    first = next(key for key in (*_HOOK_TYPES[hook["type"]], *SHELLS) if key in hook)
    matcher = f" {group['matcher']}" if group.get("matcher") else ""
    hook = {key: value for key, value in hook.items() if key != "matcher"}
    usual = {first, "type"} if hook["type"] in ("command", "http") else {first}
    rest = _rest(group, {"matcher", "hooks"}) if "hooks" in group else ""
    rest += _rest(hook, usual)
    return f"{verb}: {hook[first]} (at {event}{matcher}{rest})"


def _server_effects(server: Mapping[str, Any]) -> list[str]:
    if "command" in server:
        words = " ".join([server["command"], *server.get("args", [])])
        usual = (
            {"command", "args", "type"} if len(server.keys() & _KINDS) == 1 else {"command", "args"}
        )
        rest = _rest(server, usual).removeprefix(", ")
        return [f"runs: {words}" + (f" ({rest})" if rest else "")]
    address = " ".join(server[key] for key in _ADDRESSES if key in server)
    rest = _rest(server, {*_ADDRESSES, "type"}).removeprefix(", ")
    return [f"sends to: {address}" + (f" ({rest})" if rest else "")]


def _rest(table: Mapping[str, Any], shown: set[str]) -> str:
    rest = {key: value for key, value in table.items() if key not in shown}
    return f", with {canonical_json(rest).decode()}" if rest else ""
