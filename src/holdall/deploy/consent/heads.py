"""Files that agents read as instructions: what their frontmatter and text let an agent run.

    ---
    name: review
    hooks:                      # runs commands
      Stop: [{hooks: [{type: command, command: make lint}]}]
    mcpServers: [github]        # a name refers to a server that is there; a definition starts one
    permissionMode: dontAsk     # runs without asking
    allowed-tools: Read, Bash(make:*)
    ---
    The branch: !`git status`   # runs when the file is loaded

Where agents might read it in another way than YAML's rules have it, a mention is enough.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from holdall.artifacts.ids import ArtifactType
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.targets import Target
from holdall.errors import InputError
from holdall.formats.documents import canonical_json, parse_yaml, read_bounded

HEADS = frozenset({"skill.md", "agent.md"})
"""What a file in a folder is called, in lower case, that agents read as instructions."""

MAX_HEAD_BYTES = 8 << 20

_MANIFEST = ".claude-plugin/plugin.json"
# Codex reads servers that a skill needs from it.
_INTERFACE = "agents/openai.yaml"
_KEYS = r"hooks|mcp[-_]?servers|permission[-_]?mode|permissions?|approval[-_]?mode"
_WORDS = rf"{_KEYS}|allowed[-_]?tools"
# Escapes that can stand for a letter, or for nothing, in a key between quotes.
_ESCAPES = r"\\x[4-7]|\\u00[4-7]|\\U000000[4-7]|\\\r?\n"
_OWN_FENCE = r"---[ \t]*[^\s-]"
_SUSPICIOUS = re.compile(rf"(?i){_WORDS}|{_ESCAPES}")
_TOP_KEY = rf"(?im)^[\"']?({_WORDS})[\"']?[ \t]*:"
_ANY_KEY = rf"(?i)\b({_WORDS})[\"']?\s*:|{_ESCAPES}"
# Keys and merges that YAML has, of which a text need not show what they are.
_INDIRECT = r"(?m)<<|^[ \t]*\?\s|(?:^|[\s\[{,:?])[&*!]\w"
_RESTRICTIONS = frozenset({"deny", "ask"})
_HARMLESS_TOOLS = re.compile(
    r"(?:Read|Grep|Glob|LS|NotebookRead|Write|Edit|MultiEdit|NotebookEdit|Todo\w+|Task\w*|Agent"
    r"|AskUserQuestion|Skill|EnterPlanMode|ExitPlanMode)(?:\([^()]*\))?"
)
_TOOL = re.compile(r"[^\s,(]+(?:\([^()]*\))?")
# Commands that agents run when they load a text, and steps that they run without asking.
# Each with what is in every match, in lowercase: looking for that is quick.
_INLINE = "!", r"!`[^`]+`|(?ms:^[ \t]*(`{3,}|~{3,})!.*?(?:^[ \t]*\1|\Z))"
_BRACED = "!{", r"!\{[^\n]*"
_TURBO = "turbo", r"(?im)^[ \t]*//[ \t]*turbo.*"


def file_effects(artifact: PlannedArtifact, target: Target) -> Iterator[str]:
    """Yield what the files of an artifact that agents read let them run or send."""
    is_command = artifact.id.type != ArtifactType.AGENT
    if not artifact.location.is_dir():
        form = target.converts.get(artifact.id.type)
        yield from _read_text(
            artifact.location,
            is_command,
            is_converted=form is not None and form.has_braces,
        )
        return
    for file in artifact.tree.files:
        folded = file.path.casefold()
        if folded == _MANIFEST:
            yield f"may run all that is in it, as a plugin with the manifest {file.path}"
        is_head = folded.rpartition("/")[2] in HEADS
        if not is_head and folded != _INTERFACE:
            continue
        where = artifact.tree.elsewhere.get(file.path, artifact.location / file.path)
        if not os.path.exists(where):  # a link to nothing
            continue
        if is_head:
            yield from _read_text(where, is_command, is_converted=False)
        else:
            yield from _interface_effects(where)


def _read_text(path: Path, is_command: bool, *, is_converted: bool) -> Iterator[str]:
    try:
        data = read_bounded(path, MAX_HEAD_BYTES)
    except InputError:
        yield f"may run anything: {path.name} is too large to look for what it runs"
        return
    yield from text_effects(data, is_command=is_command, is_converted=is_converted)


def _interface_effects(path: Path) -> Iterator[str]:
    try:
        text = read_bounded(path, MAX_HEAD_BYTES).decode(errors="replace")
        values = parse_yaml(text, path.name)
    except InputError:
        yield f"may start servers: {_INTERFACE} cannot be read for certain"
        return
    found = values.get("dependencies") if isinstance(values, dict) else values
    if found:
        yield f"names servers to start in {_INTERFACE}: {canonical_json(found).decode()}"


def text_effects(data: bytes, *, is_command: bool, is_converted: bool = False) -> list[str]:
    """Return what a file that an agent reads as instructions lets it run or send.

    Agents run the commands in the text of skills and commands, not in that of agents;
    `is_converted` says that the text becomes one for Gemini CLI, which has another sign for them.
    """
    found = frontmatter_effects(data)
    if not is_command:
        return found
    text = data.decode(errors="replace")
    if is_converted:
        text = text.replace("$ARGUMENTS", "{{args}}")  # as it will be
    lowered = text.lower()
    for sign, pattern in (_INLINE, _TURBO, _BRACED)[: 3 if is_converted else 2]:
        if sign in lowered:
            runs = (match[0].strip() for match in re.finditer(pattern, text))
            found += [f"runs when it is used: {run}" for run in runs]
    return found


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
    if re.search(_ANY_KEY, doubtful) or (mentioned and re.search(_INDIRECT, doubtful)):
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
    return None if len(re.findall(_TOP_KEY, head)) > found else values


def _plain(key: str) -> str:
    return re.sub("[-_]", "", key).casefold()


def _is_harmless(key: str, value: Any) -> bool:
    if not re.fullmatch(_WORDS, key) or value in (None, "", [], {}):
        return True
    if key == "mcpservers":  # by name: servers that are there already
        names = value if isinstance(value, list) else [value]
        return all(isinstance(n, str) and re.fullmatch(r"[\w., -]*", n) for n in names)
    if key == "allowedtools":
        texts = [value] if isinstance(value, str) else value
        return isinstance(texts, list) and all(map(_is_harmless_tools, texts))
    return key in ("permission", "permissions") and set(_leaves(value)) <= _RESTRICTIONS


def _is_harmless_tools(text: Any) -> bool:
    """Return whether the tools that a text allows neither run nor send anything."""
    return isinstance(text, str) and all(
        _HARMLESS_TOOLS.fullmatch(tool) for tool in _TOOL.findall(text)
    )


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value
