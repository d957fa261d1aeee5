"""TOML as text: arrays of tables written one table at a time, the untouched ones verbatim.

tomli-w writes whole documents without comments. Our files are arrays of tables that users
edit and put in git, so a change of one entry must leave every other line as it was. The blocks of

    format = 1                  # the block '', up to the next table's comment

    # for letters               # the comment belongs to the block `artifacts`
    [[artifacts]]
    name = "plain-prose"
    [artifacts.extra]           # as do sub-tables
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from holdall import NamedTuple

_HEADER = r"\s*\[(\[?)\s*([A-Za-z0-9_-]+)\s*(\.[^\[\]]*)?\]{1,2}\s*(?:#.*)?"

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_UNESCAPED = re.compile(r'[^"\\\x00-\x1f\x7f]*')
_LINE = r"[^\n]*\n|[^\n]+"


class Block(NamedTuple):
    """The text of one top-level table with the comment above it; `line` is its header's, from 1.

    Each `[[name]]` is a block of its own, sub-tables included. What stands before the first table
    has the name ''.
    """

    name: str
    text: str
    line: int


def split_blocks(text: str) -> list[Block]:
    """Cut a TOML document at its top-level tables; the blocks' texts joined are the document.

    A header inside a multi-line value fools it: compare what the text reads as afterwards.
    """
    lines = re.findall(_LINE, text)
    blocks: list[Block] = []
    start, name, header = 0, "", 0
    for index, next_name in [*_headers(lines), (len(lines), "")]:
        end = _above_comment(lines, index, start) if index < len(lines) else index
        blocks.append(Block(name, "".join(lines[start:end]), header + 1))
        start, name, header = end, next_name, index
    return blocks


def _headers(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the index and name of each header that begins another top-level table."""
    current, header = "", re.compile(_HEADER)
    for index, line in enumerate(lines):
        found = header.fullmatch(line.rstrip())
        if found is not None:
            is_entry = bool(found[1]) and not found[3]
            if is_entry or found[2] != current:
                current = found[2]
                yield index, current


def _above_comment(lines: Sequence[str], index: int, floor: int) -> int:
    while index > floor + 1 and lines[index - 1].lstrip().startswith("#"):
        index -= 1
    return index


def render_array(name: str, values: Mapping[str, Any]) -> str:
    """Return `[[name]]` and its keys, in their order, tables and arrays of tables last."""
    return f"[[{name}]]\n" + render_table(name, values)


def render_table(name: str, values: Mapping[str, Any]) -> str:
    """Return the keys of a table whose dotted name is `name`, sub-tables after plain values.

    The name of the document itself is ''.
    """
    plain, tables = split_tables(values)
    text = _plain_lines(plain) or dump_toml(plain)
    for key, value in tables.items():
        full = f"{name}.{toml_key(key)}" if name else toml_key(key)
        if isinstance(value, Mapping):
            text += f"[{full}]\n" + render_table(full, value)
        else:
            text += "".join(render_array(full, entry) for entry in value)
    return text


def _plain_lines(values: Mapping[str, Any]) -> str | None:
    """Return what tomli-w would write; None if there is anything but short plain values."""
    lines = []
    for key, value in values.items():
        if not _BARE.fullmatch(key):
            return None
        if type(value) is str and _UNESCAPED.fullmatch(value):
            lines.append(f'{key} = "{value}"\n')
        elif type(value) is bool:
            lines.append(f"{key} = {'true' if value else 'false'}\n")
        elif type(value) is int:
            lines.append(f"{key} = {value}\n")
        else:
            return None
    return "".join(lines)


def render_inline(value: Any) -> str:
    """Return a value on one line: tables between braces."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_key(key)} = {render_inline(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(render_inline, value))}]"
    if type(value) is str and _UNESCAPED.fullmatch(value):
        return f'"{value}"'
    return dump_toml({"x": value}).removeprefix("x = ").rstrip("\n")


def split_tables(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the plain values, and those that are tables or arrays of tables."""
    tables = {key: value for key, value in values.items() if _is_table(value)}
    return {key: value for key, value in values.items() if key not in tables}, tables


def _is_table(value: object) -> bool:
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def toml_key(key: str) -> str:
    """Return a key as TOML writes it, quoted where it must be."""
    if _BARE.fullmatch(key):
        return key
    if _UNESCAPED.fullmatch(key):
        return f'"{key}"'
    return dump_toml({key: 0}).rpartition(" = ")[0]


def dump_toml(values: Mapping[str, Any], *, multiline: bool = False) -> str:
    """Return values as a TOML document; with `multiline`, long strings over several lines."""
    from tomli_w import dumps

    return dumps(values, multiline_strings=multiline)
