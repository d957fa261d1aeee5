"""What an artifact can make a machine run or send, and whether Holdall understands it.

Only this module decides it. Hooks and servers are read whole: an unknown form raises
InputError and is not merged into settings. Of files that agents read, the frontmatter counts:

    ---
    name: review
    hooks:                      # runs commands
      Stop: [{hooks: [{type: command, command: make lint}]}]
    mcpServers: [github]        # a name refers to a server that is there; a definition starts one
    permissionMode: dontAsk     # runs without asking
    ---

Where agents might read it in another way than YAML's rules have it, a mention is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.targets import Form, Merge, Target
from holdall.errors import InputError
from holdall.formats.documents import canonical_json, parse_json, parse_yaml, read_bounded
from holdall.formats.json_editor import MAX_BYTES

_PLUGIN_ROOT = r"\$\{CLAUDE_PLUGIN_ROOT\}|\$CLAUDE_PLUGIN_ROOT\b"
_HEADS = frozenset({"skill.md", "agent.md"})
_MANIFEST = ".claude-plugin/plugin.json"


def effects_of(artifact: PlannedArtifact, target: Target, project: Path) -> list[str]:
    """Return everything that an artifact lets an agent of this target run or send, shown whole.

    Raises InputError for a hook or a server that is not understood, which is not merged.
    """
    merge = target.merges.get(artifact.id.type)
    if merge is None:
        return list(_file_effects(artifact)) if target.place_of(artifact.id) else []
    if merge.form is Form.HOOKS:
        groups = hook_groups(artifact, merge, target, project)
        return [
            _shown_hook(event, group, hook) for event, group in groups for hook in group["hooks"]
        ]
    return _server_effects(server_of(artifact, merge, target, project))


# -- Hooks and servers: entries of settings files

_HOOK_TYPES = {
    "command": ("command",),
    "http": ("url",),
    "prompt": ("prompt",),
    "agent": ("prompt",),
    "mcp_tool": ("server", "tool"),
}
_BESIDE_EVENTS = frozenset({"description", "$schema"})
_LOCAL = frozenset({"stdio", "local"})
_REMOTE = frozenset({"http", "streamable-http", "streamableHttp", "sse", "ws", "remote"})
_ADDRESSES = ("url", "httpUrl", "serverUrl")
_KINDS = frozenset({"command", *_ADDRESSES})
_HARMLESS = frozenset(
    {*_ADDRESSES, "type", "headers", "timeout", "name", "description", "disabled", "enabled"}
    | {"alwaysLoad", "includeTools", "excludeTools"}
)
_VARIABLE = r"[${`]|%\w*[G-Zg-z_]\w*%"
_CREDENTIAL = r"(?i)auth|token|key|secret|passw|pwd|cookie|credential|session|bearer|sign|cert"
_SCALARS = (str, int, float, type(None))


def hook_groups(
    artifact: PlannedArtifact, merge: Merge, target: Target, project: Path
) -> list[tuple[str, dict[str, Any]]]:
    """Return the groups of an artifact's hooks, each with its event.

    Raises InputError where one of them is of no known form.
    """
    definition = _definition(artifact, merge, target, project)
    events = definition.get("hooks", definition)
    if not isinstance(events, dict):
        raise _wrong(artifact, "`hooks` is not an object of events")
    found = []
    for event, groups in events.items():
        if event in _BESIDE_EVENTS and not isinstance(groups, list):
            continue
        if not isinstance(groups, list):
            raise _wrong(artifact, f"the event {event!a} is not a list")
        for group in groups:
            _check_group(artifact, event, group)
            found.append((event, group))
    return found


def _check_group(artifact: PlannedArtifact, event: str, group: Any) -> None:
    hooks = group.get("hooks") if isinstance(group, dict) else None
    if not isinstance(hooks, list):
        raise _wrong(artifact, f"a group of {event!a} is not an object with a list `hooks`")
    for hook in hooks:
        kind = hook.get("type") if isinstance(hook, dict) else None
        if not isinstance(kind, str) or kind not in _HOOK_TYPES:
            raise _wrong(artifact, f"a hook of {event!a} has the unknown type {kind!a:.80}")
        for key in _HOOK_TYPES[kind]:
            if not isinstance(hook.get(key), str):
                raise _wrong(artifact, f"a hook of {event!a} has no text {key!a}")


def server_of(
    artifact: PlannedArtifact, merge: Merge, target: Target, project: Path
) -> dict[str, Any]:
    """Return the definition of an artifact's MCP server.

    Raises InputError if it is of no known form.
    """
    server = _definition(artifact, merge, target, project)
    kind = server.get("type")
    if kind is not None and kind not in (*_LOCAL, *_REMOTE):
        raise _wrong(artifact, f"the server has the unknown type {kind!a:.80}")
    is_local = kind in _LOCAL or (kind is None and "command" in server)
    needed = ("command",) if is_local else _ADDRESSES
    texts = [key for key in ("command", *_ADDRESSES, "headersHelper") if key in server]
    for key in texts:
        if not isinstance(server[key], str):
            raise _wrong(artifact, f"{key!a} of the server is not a text")
    if not set(needed) & set(texts):
        raise _wrong(artifact, f"the server has no {needed[0]!a}")
    args = server.get("args", [])
    if not isinstance(args, list) or not all(isinstance(word, str) for word in args):
        raise _wrong(artifact, "`args` of the server is not a list of texts")
    for key in ("env", "headers"):
        table = server.get(key, {})
        values = table.values() if isinstance(table, dict) else [()]
        if not all(isinstance(value, _SCALARS) for value in values):
            raise _wrong(artifact, f"{key!a} of the server is not an object of texts")
    return server


def _wrong(artifact: PlannedArtifact, problem: str) -> InputError:
    return InputError(
        f"{artifact.id}: {artifact.location}: {problem}", hint="`holdall lint` shows details"
    )


def _definition(
    artifact: PlannedArtifact, merge: Merge, target: Target, project: Path
) -> dict[str, Any]:
    """Return a definition with the place of its companion wherever it names its plugin's folder."""
    definition = parse_json(read_bounded(artifact.location, MAX_BYTES), str(artifact.location))
    if not isinstance(definition, dict):
        raise InputError(f"{artifact.location}: not a JSON object", hint="fix it, then collect it")
    place = target.place_of(artifact.companion) if artifact.companion else None
    if place is None:
        return definition
    top = str(project.absolute()) if merge.project is None else merge.project
    root = f"{top}/{target.root}/{place}"
    return {key: _with_root(value, root) for key, value in definition.items()}


def _with_root(value: Any, root: str) -> Any:
    match value:
        case str():
            return re.sub(_PLUGIN_ROOT, lambda _: root, value)
        case list():
            return [_with_root(item, root) for item in value]
        case dict():
            return {key: _with_root(item, root) for key, item in value.items()}
        case _:
            return value


def _shown_hook(event: str, group: Mapping[str, Any], hook: Mapping[str, Any]) -> str:
    verb = "sends to" if hook["type"] == "http" else "runs"
    first = _HOOK_TYPES[hook["type"]][0]
    matcher = f" {group['matcher']}" if group.get("matcher") else ""
    usual = {first, "type"} if hook["type"] in ("command", "http") else {first}
    rest = _rest(group, {"matcher", "hooks"}) + _rest(hook, usual)
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
    headers = server.get("headers", {})
    is_harmless = (
        server.keys() <= _HARMLESS
        and _is_plain_address(address)
        and all(_is_plain_header(name, value) for name, value in headers.items())
    )
    if is_harmless:
        return []
    rest = _rest(server, {*_ADDRESSES, "type"}).removeprefix(", ")
    return [f"sends to: {address}" + (f" ({rest})" if rest else "")]


def _is_plain_address(address: str) -> bool:
    place, _, query = address.partition("?")
    return (
        re.match(r"(?:https?|wss?)://[^@\s]*\Z", place) is not None
        and not re.search(_VARIABLE, address)
        and not re.search(_CREDENTIAL, query)
    )


def _is_plain_header(name: str, value: Any) -> bool:
    """Return whether a header has no secret that Holdall can recognise."""
    text = str(value)
    is_long_word = any(len(word) > 24 for word in text.split())
    return not re.search(_CREDENTIAL, name) and not re.search(_VARIABLE, text) and not is_long_word


def _rest(table: Mapping[str, Any], shown: set[str]) -> str:
    rest = {key: value for key, value in table.items() if key not in shown}
    return f", with {canonical_json(rest).decode()}" if rest else ""


# -- Files that agents read

_WORDS = r"hooks|mcp[-_]?servers|permission[-_]?mode|permissions?|approval[-_]?mode"
# Escapes that can stand for a letter, or for nothing, in a key between quotes.
_ESCAPES = r"\\x[4-7]|\\u00[4-7]|\\U000000[4-7]|\\\r?\n"
_OWN_FENCE = r"---[ \t]*[^\s-]"
_SUSPICIOUS = re.compile(rf"(?i){_WORDS}|{_ESCAPES}")
_TOP_KEY = re.compile(rf"(?im)^[\"']?({_WORDS})[\"']?[ \t]*:")
_ANY_KEY = re.compile(rf"(?i)\b({_WORDS})[\"']?\s*:|{_ESCAPES}")
# Keys and merges that YAML has, of which a text need not show what they are.
_INDIRECT = re.compile(r"(?m)<<|^[ \t]*\?\s|(?:^|[\s\[{,:?])[&*!]\w")
_RESTRICTIONS = frozenset({"deny", "ask"})


def _file_effects(artifact: PlannedArtifact) -> Iterator[str]:
    """Yield what the files of an artifact that agents read let them run."""
    if artifact.location.is_dir():
        for file in artifact.tree.files:
            if file.path.casefold() == _MANIFEST:
                yield f"may run all that is in it, as a plugin with the manifest {file.path}"
            if file.path.rpartition("/")[2].casefold() in _HEADS:
                where = artifact.tree.elsewhere.get(file.path, artifact.location / file.path)
                if where.exists():  # else a link to nothing
                    yield from _read_head(where)
    else:
        yield from _read_head(artifact.location)


def _read_head(path: Path) -> list[str]:
    try:
        return frontmatter_effects(read_bounded(path, MAX_BYTES))
    except InputError:
        return [f"may run anything: {path.name} is too large to look for what it runs"]


def frontmatter_effects(data: bytes) -> list[str]:
    """Return what the frontmatter of a file that an agent reads lets it run or send."""
    if b"\0" in data:
        return ["may run anything: its file is no text that Holdall can read"]
    text = data.decode(errors="replace").lstrip(" \t\r\n\f\v\ufeff")
    if not text.startswith("---"):
        return []
    if re.match(_OWN_FENCE, text):
        return [f"may run anything: some agents take its beginning for a program: {text}"]
    opening = re.match(r"---[ \t]*\r?\n", text)
    rest = text[opening.end() :] if opening else text
    head = _certain_head(rest) if opening else None
    doubtful = rest if head is None else head
    if not _SUSPICIOUS.search(doubtful):
        return []
    if head is not None and (keys := _keys_of(head)) is not None:
        return [
            f"has {key} in its frontmatter: {canonical_json(value).decode()}"
            for key, value in keys.items()
            if not _is_harmless(_plain(key), value)
        ]
    mentioned = re.search(rf"(?i)\b(?:{_WORDS})\b", doubtful)
    if _ANY_KEY.search(doubtful) or (mentioned and _INDIRECT.search(doubtful)):
        return [f"may run what its frontmatter says, which cannot be read for certain: {doubtful}"]
    return []


def _certain_head(rest: str) -> str | None:
    """Return the frontmatter after its first line, if every agent finds the same; else None."""
    closing = re.search(r"(?:\A|\n)---", rest)
    if closing is None or not re.match(r"\r?\n|\Z", rest[closing.end() :]):
        return None
    head = rest[: closing.start()] + "\n"
    return None if re.search("\r(?!\n)|[\f\v\x1c-\x1e\x85\u2028\u2029]", head) else head


def _keys_of(head: str) -> dict[str, Any] | None:
    """Return the frontmatter's keys; None where an agent might find others."""
    try:
        values = parse_yaml(head, "frontmatter")
    except InputError:
        return None
    if not isinstance(values, dict) or "<<" in values:
        return None
    found = sum(1 for key in values if re.fullmatch(_WORDS, _plain(key)))
    return None if len(_TOP_KEY.findall(head)) > found else values


def _plain(key: str) -> str:
    return re.sub("[-_]", "", key).casefold()


def _is_harmless(key: str, value: Any) -> bool:
    if not re.fullmatch(_WORDS, key) or value in (None, "", [], {}):
        return True
    if key == "mcpservers":  # by name: servers that are there already
        names = value if isinstance(value, list) else [value]
        return all(isinstance(n, str) and re.fullmatch(r"[\w., -]*", n) for n in names)
    return key in ("permission", "permissions") and set(_leaves(value)) <= _RESTRICTIONS


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value
