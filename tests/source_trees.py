"""Folders of artifacts for tests: written from a table of files, looked at by path."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from holdall.sources.values import FoundComposite, Reading

MARKET = ".claude-plugin/marketplace.json"
PLUGIN = ".claude-plugin/plugin.json"

Source = Callable[[Mapping[str, Any]], Reading]


def good(name: str, body: str = "") -> str:
    """Return a Markdown file that nothing is wrong with."""
    return f"---\nname: {name}\ndescription: does things\n---\nbody {body}\n"


def write(root: Path, files: Mapping[str, Any]) -> Path:
    """Write files: texts, bytes, JSON values, and links given as `('->', target)`."""
    root.mkdir(exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, tuple):
            path.symlink_to(content[1])
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def keys(reading: Reading) -> set[tuple[str, str]]:
    """Return the type and path of every artifact."""
    return {(a.type, a.path) for a in reading.artifacts}


def codes(reading: Reading) -> set[tuple[str, str]]:
    """Return the path and code of every diagnostic."""
    return {(d.path, d.code) for d in reading.diagnostics}


def only(reading: Reading) -> FoundComposite:
    """Return the one composite."""
    (composite,) = reading.composites
    return composite


def member_paths(composite: FoundComposite) -> list[str]:
    """Return the members' paths in order."""
    return [member.path for member in composite.members]
