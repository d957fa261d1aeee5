"""Check that the scripts which a plugin's hooks and servers start are there, and may be started.

{"command": "${CLAUDE_PLUGIN_ROOT}/hooks/check.sh --fast"}
{"command": "python3", "args": ["${CLAUDE_PLUGIN_ROOT}/server.py"]}
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from holdall.artifacts.ids import ArtifactType
from holdall.errors import HoldallError
from holdall.formats.documents import MAX_JSON_BYTES, parse_json, read_bounded
from holdall.sources.checks.diagnostics import Code
from holdall.sources.draft import Draft, DraftComposite, Gathering
from holdall.sources.walk import SourceTree, join_path

_SCRIPT = re.compile(
    r"""(["']?)\$(?:\{(?:CLAUDE_)?PLUGIN_ROOT(?::-[^}]*)?\}|(?:CLAUDE_)?PLUGIN_ROOT\b)(["']?)"""
    r"""/([^\s"'`;|&<>(){}$*?\[\]]+)"""
)
_STARTERS = (ArtifactType.HOOK, ArtifactType.MCP)


def check_scripts(gathering: Gathering) -> None:
    """Report each script that a plugin starts from its own folder, and that cannot be started."""
    for composite in gathering.composites:
        root = _root_of(gathering.tree, composite)
        if root is None:
            continue
        for member in composite.members:
            draft = gathering.drafts[member.key]
            if draft.type in _STARTERS:
                for problem in sorted(set(_problems(gathering.tree, root, _value_of(draft)))):
                    gathering.say(draft.path, Code.SCRIPT_ABSENT, problem)


def _root_of(tree: SourceTree, composite: DraftComposite) -> str | None:
    if composite.kind == "heuristic":
        return None
    return tree.resolve("" if composite.path == "." else composite.path)


def _value_of(draft: Draft) -> Any:
    """Return what a hook or a server says; nothing if it is no JSON, which was reported."""
    try:
        data = draft.data
        if data is None and draft.location is not None:
            data = read_bounded(draft.location, MAX_JSON_BYTES)
        return parse_json(data or b"{}", draft.path)
    except HoldallError:
        return None


def _problems(tree: SourceTree, root: str, value: Any) -> Iterator[str]:
    for text, is_command in _texts(value, is_command=False):
        for match in _SCRIPT.finditer(text):
            path = match[3].rstrip("/.,")
            place = join_path(root, path)
            real = tree.resolve(place)
            if real is None or ".." in path.split("/"):
                why = tree.left_out.get(place)
                yield f"starts {path!a}, which is {'left out: ' + why if why else 'not there'}"
            elif (
                is_command
                and match.start() == 0
                and tree.is_file(real)
                and not os.access(tree.location(real), os.X_OK)
            ):
                yield f"starts {path!a}, which is not executable"


def _texts(value: Any, *, is_command: bool) -> Iterator[tuple[str, bool]]:
    """Yield each text of a document, and whether it is a command."""
    if isinstance(value, str):
        yield value, is_command
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, is_command=key == "command")
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, is_command=False)
