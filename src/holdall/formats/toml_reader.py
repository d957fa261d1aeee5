"""Read the TOML that Holdall and SkillMeat write, several times as fast as all of TOML.

Manifests and records are thousands of tables of one line per key. What is written in any other way
is left to `tomllib`; nothing is guessed and nothing is wrong here.

    # a comment of a whole line
    [[artifacts]]
    name = "plain-prose"
    tags = [
        "text",
    ]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_KEY = r"[A-Za-z0-9_-]+"
_NAMES = rf"{_KEY}(?:\.{_KEY})*"
_STRING = r'"([^"\\\x00-\x1f\x7f]*(?:\\["\\nrt][^"\\\x00-\x1f\x7f]*)*)"'
_LINE = re.compile(
    rf'({_KEY}|"[^"\\\x00-\x1f\x7f]*") = (?:'
    rf"{_STRING}|(true|false)|(0|-?[1-9][0-9]{{0,17}})|(\[\]?))"
    rf"|\[\[({_NAMES})\]\]|\[({_NAMES})\]"
)
_ITEM = re.compile(rf"    {_STRING},")
_ESCAPE = re.compile(r"\\(.)")
_MEANING = {"n": "\n", "r": "\r", "t": "\t"}


def read_plain(text: str) -> dict[str, Any] | None:
    """Return what the document holds, None if it is not plain all through.

    Plain are `key = value` with a string, a whole number, a truth value, or a list of strings with
    a line for each; `[table]`, `[[array]]`, and what is below the latest of them; blank lines, and
    comments of a whole line.
    """
    document: dict[str, Any] = {}
    table = document
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            if line[0] == "#" and line.isprintable():
                continue
            return None
        key, string, truth, number, items, entry, single = found.groups()
        value: Any
        if key is None:
            opened = _open(document, (entry or single).split("."), is_entry=entry is not None)
            if opened is None:
                return None
            table = opened
            continue
        if string is not None:
            value = string if "\\" not in string else _unescape(string)
        elif items is not None:
            value = [] if items == "[]" else _items(lines)
        else:
            value = truth == "true" if truth else int(number)
        name = key if key[0] != '"' else key[1:-1]
        if value is None or name in table:
            return None
        table[name] = value
    return document


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: _MEANING.get(found[1], found[1]), text)


def _items(lines: Iterator[str]) -> list[str] | None:
    """Return the strings of a list up to the line that closes it."""
    items: list[str] = []
    for line in lines:
        found = _ITEM.fullmatch(line)
        if found is None:
            return items if line == "]" else None
        items.append(_unescape(found[1]))
    return None


def _open(document: dict[str, Any], names: list[str], *, is_entry: bool) -> dict[str, Any] | None:
    """Add the table that a header begins; None where it cannot simply be added."""
    place: Any = document
    for name in names[:-1]:
        place = place.get(name)
        if isinstance(place, list) and place:
            place = place[-1]
        if not isinstance(place, dict):
            return None
    new: dict[str, Any] = {}
    if not is_entry:
        return new if place.setdefault(names[-1], new) is new else None
    tables = place.get(names[-1])
    if tables is None:
        place[names[-1]] = [new]
    elif isinstance(tables, list) and tables and isinstance(tables[-1], dict):
        tables.append(new)
    else:
        return None
    return new
