"""What stands in manifests: paths that may be hostile, and values that a TOML file cannot hold."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from holdall.sources.walk import join_path


def sources_of(value: Any) -> Iterator[Any]:
    """Yield the paths of one declaration, which may be an object of named sources."""
    if not isinstance(value, dict):
        yield value
        return
    for item in value.values():
        yield item.get("source", item) if isinstance(item, dict) else item


def without_nulls(value: Any) -> Any:
    """Return a JSON value as a TOML file can hold it."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    return value


def with_slashes(path: str) -> str:
    """Return a path as it is written elsewhere than on Windows."""
    return path.replace("\\", "/")


def problem_of(path: str) -> str | None:
    """Return why a path in a manifest may not be followed; None if it may."""
    if path.startswith(("/", "~")) or path[1:2] == ":":
        return "is absolute"
    if ".." in path.split("/") or "\0" in path:
        return "has .. in it"
    if any(char in path for char in "*?["):
        return "is a pattern"
    return None


def place_below(root: str, path: str) -> str:
    """Return the path in the source that a plugin at `root` means; '' is the source itself."""
    whole = posixpath.normpath(join_path(root, path))
    return "" if whole == "." else whole
