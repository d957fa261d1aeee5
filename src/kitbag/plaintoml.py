"""Reading the TOML that Kitbag and SkillMeat write, ten times as fast as all of TOML.

Manifests and records are thousands of tables of one line per key. What is written in any other way
is left to `tomllib`; nothing is guessed and nothing is wrong here.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["read_plain"]

_KEY = r"[A-Za-z0-9_-]+"
_LINE = re.compile(
    rf'({_KEY}) = (?:"([^"\\\x00-\x1f\x7f]*)"|(true|false)|(0|-?[1-9][0-9]{{0,17}}))'
    rf"|\[\[({_KEY})(?:\.({_KEY}))?\]\]|\[({_KEY})\]"
)


def read_plain(text: str) -> dict[str, Any] | None:
    """Return what the document holds, None if it is not plain all through.

    Plain are `key = value` with a string without escapes, a whole number or a truth value,
    `[table]`, `[[array]]` and `[[array.array]]`, blank lines, and comments of a whole line.
    """
    document: dict[str, Any] = {}
    table = document
    for line in text.split("\n"):
        if not line:
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            if line[0] == "#" and line.isprintable():
                continue
            return None
        key, string, truth, number, outer, inner, single = found.groups()
        if key is None:
            opened = _opened(document, outer, inner, single)
            if opened is None:
                return None
            table = opened
        elif key in table:
            return None
        elif string is not None:
            table[key] = string
        else:
            table[key] = truth == "true" if truth else int(number)
    return document


def _opened(
    document: dict[str, Any], outer: str | None, inner: str | None, single: str | None
) -> dict[str, Any] | None:
    """Add the table that a header begins; None where it cannot simply be added."""
    new: dict[str, Any] = {}
    if single is not None:
        return new if document.setdefault(single, new) is new else None
    place: Any = document
    if inner is not None:
        above = document.get(outer or "")
        if not isinstance(above, list):
            return None
        place, outer = above[-1], inner
    tables = place.setdefault(outer, [])
    if not isinstance(tables, list):
        return None
    tables.append(new)
    return new
