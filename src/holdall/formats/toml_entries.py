"""Edit the entries of an array of tables as text, in either form that TOML has for one.

    require = [
        { source = "github:owner/repo" },  # a line for each, which git merges
    ]

or, as long as there is no such array,

    [[require]]
    source = "github:owner/repo"

A new array gets the first form, before all tables. What stands around an entry stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from holdall import NamedTuple
from holdall.errors import InputError
from holdall.formats.documents import parse_toml
from holdall.formats.toml_editor import TOKEN, statements_in
from holdall.formats.toml_writer import render_array, render_inline, split_blocks, toml_key

_COMMENT = re.compile(r"#[^\n]*")
_REST = re.compile(r"[ \t]*,?[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_COMMA = re.compile(r"\s*,")


class Entry(NamedTuple):
    """Where an entry stands in a text, and the number of its line, from 1."""

    start: int
    end: int
    line: int
    is_inline: bool


def entries_in(text: str, name: str, where: str) -> list[Entry]:
    """Return where the entries of a valid document's top-level array of tables stand."""
    found: list[Entry] = []
    for statement in statements_in(text, where):
        is_header = text[statement.start : statement.end].lstrip(" \t").startswith("[")
        if statement.keys[:1] != (name,):
            continue
        if is_header and statement.keys == (name,):
            found.append(Entry(statement.start, statement.end, _line(text, statement.start), False))
        elif found and not found[-1].is_inline:
            found[-1] = found[-1]._replace(end=statement.end)
        elif statement.keys == (name,):
            found += _inline(text, statement.start, statement.end)
    return found


def _inline(text: str, start: int, end: int) -> list[Entry]:
    found: list[Entry] = []
    depth, begins = 0, 0
    for token in TOKEN.finditer(text, start, end):
        mark = token[0]
        if mark in ("[", "{"):
            depth += 1
            if mark == "{" and depth == 2:
                begins = token.start()
        elif mark in ("]", "}"):
            if mark == "}" and depth == 2:
                found.append(Entry(begins, token.end(), _line(text, begins), True))
            depth -= 1
    return found


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def with_entry(text: str, name: str, values: Mapping[str, Any], where: str) -> str:
    """Return a document with one more entry, the last of its array."""
    expected = [*_values(text, name, where), dict(values)]
    entries = entries_in(text, name, where)
    newline = "\r\n" if "\r\n" in text else "\n"
    if entries and not entries[-1].is_inline:
        gap = "" if not text or text.endswith("\n") else newline
        body = render_array(name, values).replace("\n", newline)
        return _check(f"{text}{gap}{newline}{body}", name, expected, where)
    line = f"    {render_inline(values)},{newline}"
    array = next((s for s in statements_in(text, where) if s.keys == (name,)), None)
    if array is None:
        blocks = split_blocks(text)
        at = len(blocks[0].text) if blocks and not blocks[0].name else 0
        head = text[:at].rstrip()
        gap = newline * 2 if head else ""
        body = f"{toml_key(name)} = [{newline}{line}]{newline}"
        rest = text[at:]
        gap_after = newline if rest else ""
        return _check(f"{head}{gap}{body}{gap_after}{rest}", name, expected, where)
    close = text.rindex("]", array.start, _end_of_value(text, array.start, array.end))
    last = entries[-1].end if entries else text.index("[", array.start) + 1
    between = text[last:close]
    comma = "" if not entries or "," in _COMMENT.sub("", between) else ","
    head = f"{text[:last]}{comma}{between.rstrip()}"
    return _check(f"{head}{newline}{line}{text[close:]}", name, expected, where)


def _end_of_value(text: str, start: int, end: int) -> int:
    """Return where the value of a statement ends, before a comment after it."""
    depth = 0
    for token in TOKEN.finditer(text, start, end):
        if token[0] in ("[", "{"):
            depth += 1
        elif token[0] in ("]", "}"):
            depth -= 1
            if not depth:
                return token.end()
    return end


def with_values(text: str, name: str, index: int, values: Mapping[str, Any], where: str) -> str:
    """Return a document with other values in an entry; keys that stay the same stay as they are."""
    expected = _values(text, name, where)
    before, expected[index] = expected[index], dict(values)
    entry = entries_in(text, name, where)[index]
    own = text[entry.start : entry.end]
    own = render_inline(values) if entry.is_inline else _block(own, before, values, where)
    new = f"{text[: entry.start]}{own}{text[entry.end :]}"
    return _check(new, name, expected, where)


def _block(text: str, before: Mapping[str, Any], after: Mapping[str, Any], where: str) -> str:
    """Return the text of a `[[block]]` with other lines for the keys that differ."""
    newline = "\r\n" if "\r\n" in text else "\n"
    spans = {s.keys[1]: s for s in statements_in(text, where) if len(s.keys) == 2}
    changed = [key for key in spans if before.get(key) != after.get(key)]
    for key in sorted(changed, key=lambda key: -spans[key].start):
        line = f"{toml_key(key)} = {render_inline(after[key])}{newline}" if key in after else ""
        text = f"{text[: spans[key].start]}{line}{text[spans[key].end :]}"
    new = "".join(
        f"{toml_key(key)} = {render_inline(value)}{newline}"
        for key, value in after.items()
        if key not in before
    )
    if not new:
        return text
    return f"{text}{'' if text.endswith(newline) else newline}{new}"


def without_entry(text: str, name: str, index: int, where: str) -> str:
    """Return a document without an entry, its line and the comment after it."""
    expected = _values(text, name, where)
    del expected[index]
    entry = entries_in(text, name, where)[index]
    start, end = entry.start, entry.end
    if entry.is_inline:
        rest = _REST.match(text, end)
        begin = text.rfind("\n", 0, start) + 1
        if rest is not None and not text[begin:start].strip():
            start, end = begin, rest.end()
        elif (comma := _COMMA.match(text, end)) is not None:
            end = comma.end()
    else:
        block = next(b for b in _placed_blocks(text) if b[0] <= start < b[1])
        start, end = block
        head = text[:start]
        if head.endswith("\n\n") and not text[end:].strip():
            start -= 1
    return _check(f"{text[:start]}{text[end:]}", name, expected, where)


def _placed_blocks(text: str) -> list[tuple[int, int]]:
    at, found = 0, []
    for block in split_blocks(text):
        found.append((at, at + len(block.text)))
        at += len(block.text)
    return found


def _values(text: str, name: str, where: str) -> list[dict[str, Any]]:
    found = parse_toml(text, where).get(name, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise InputError(f"{where}: {name} is not an array of tables", hint=f"write [[{name}]]")
    return list(found)


def _check(text: str, name: str, expected: list[dict[str, Any]], where: str) -> str:
    """Return a new text, if its array is what is expected."""
    with suppress(InputError):
        if _values(text, name, where) == expected:
            return text
    raise InputError(
        f"{where}: {name} is written in a form that cannot be edited here",
        hint=f"write each entry as [[{name}]] with a line for each key, then try again",
    )
