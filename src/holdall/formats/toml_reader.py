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
from functools import lru_cache
from typing import Any

_KEY = r"[A-Za-z0-9_-]+"
_SIMPLE = r'[^"\\\x00-\x1f\x7f]*'
_STRING = rf'"({_SIMPLE}(?:\\["\\nrt]{_SIMPLE})*)"'
_LINE = re.compile(
    rf'({_KEY}|"{_SIMPLE}") = (?:{_STRING}|(true|false)|(0|-?[1-9][0-9]{{0,17}})|(\[\]?))'
)
_TEXTS = re.compile(rf'^({_KEY}) = "({_SIMPLE})"$', re.MULTILINE)
_BARE = re.compile(_KEY)
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
    for header, lines in _split_tables(text):
        keys = _read_keys(lines)
        if keys is None:
            return None
        if header is None:
            document = keys
        elif not _add(document, header, keys):
            return None
    return document


def _split_tables(text: str) -> Iterator[tuple[str | None, str]]:
    """Yield the lines before the first table, then each table's header without `[`, and its lines.

    In a plain document each line that begins with that bracket is a header.
    """
    if not text.startswith("["):
        first = text.find("\n[")
        yield None, text if first < 0 else text[:first]
        start = len(text) + 1 if first < 0 else first + 2
    else:
        start = 1
    while start <= len(text):
        end = text.find("\n[", start)
        end = len(text) if end < 0 else end
        header, _, lines = text[start:end].partition("\n")
        yield header, lines
        start = end + 2


def _read_keys(text: str) -> dict[str, Any] | None:
    """Return the keys of one table: most have one simple string a line, read all at once."""
    pairs = _TEXTS.findall(text)
    keys: dict[str, Any] = dict(pairs)
    if len(keys) == len(pairs) == text.rstrip("\n").count("\n") + 1:
        return keys
    return _read_lines(text)


def _read_lines(text: str) -> dict[str, Any] | None:
    keys: dict[str, Any] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            if line[0] == "#" and line.isprintable():
                continue
            return None
        key, string, truth, number, items = found.groups()
        value: Any
        if string is not None:
            value = string if "\\" not in string else _unescape(string)
        elif items is not None:
            value = [] if items == "[]" else _items(lines)
        else:
            value = truth == "true" if truth else int(number)
        name = key if key[0] != '"' else key[1:-1]
        if value is None or name in keys:
            return None
        keys[name] = value
    return keys


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


def _add(document: dict[str, Any], header: str, keys: dict[str, Any]) -> bool:
    """Put a table where its header says, given without its first bracket, if that is simple."""
    names = _parse_header(header)
    if names is None:
        return False
    is_entry, *above, last = names
    place: Any = document
    for name in above:
        place = place.get(name)
        if isinstance(place, list) and place:
            place = place[-1]
        if not isinstance(place, dict):
            return False
    if not is_entry:
        return place.setdefault(last, keys) is keys
    tables = place.get(last)
    if tables is None:
        place[last] = [keys]
    elif isinstance(tables, list) and tables and isinstance(tables[-1], dict):
        tables.append(keys)
    else:
        return False
    return True


@lru_cache(maxsize=64)  # thousands of tables have few headers
def _parse_header(header: str) -> tuple[str, ...] | None:
    """Return a table's names behind `[` for an entry of an array, behind nothing for a table."""
    opens, closes = ("[", "]]") if header.startswith("[") else ("", "]")
    names = header.removeprefix(opens).removesuffix(closes).split(".")
    is_plain = header.endswith(closes) and all(map(_BARE.fullmatch, names))
    return (opens, *names) if is_plain else None
