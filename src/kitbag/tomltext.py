"""TOML as text: arrays of tables written one table at a time, the untouched ones verbatim.

tomli-w writes whole documents and knows no comments. Our files are arrays of tables that people
edit and put in git, so a change of one entry must leave every other line as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomli_w

__all__ = ["Block", "render_array", "render_table", "split_blocks"]

_HEADER = re.compile(r"\s*\[\[\s*([A-Za-z0-9_-]+)\s*\]\]\s*(?:#.*)?")

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Block:
    """The text of one `[[name]]` table with the comment above it; `line` is its header's, from 1.

    The part of a file before its first array of tables has the name ''.
    """

    name: str
    text: str
    line: int


def split_blocks(text: str) -> list[Block]:
    """Cut a TOML document at its `[[name]]` headers; the blocks' texts joined are the document.

    A header inside a multi-line string fools it: compare what a block parses to before using it.
    """
    lines = _LINE.findall(text)
    headers = [(i, m[1]) for i, line in enumerate(lines) if (m := _HEADER.fullmatch(line.rstrip()))]
    blocks: list[Block] = []
    start, name, header = 0, "", 0
    for index, next_name in [*headers, (len(lines), "")]:
        end = _above_comment(lines, index, start) if index < len(lines) else index
        blocks.append(Block(name, "".join(lines[start:end]), header + 1))
        start, name, header = end, next_name, index
    return blocks


def _above_comment(lines: Sequence[str], index: int, floor: int) -> int:
    while index > floor + 1 and lines[index - 1].lstrip().startswith("#"):
        index -= 1
    return index


def render_array(name: str, values: Mapping[str, Any]) -> str:
    """Return `[[name]]` and its keys, in their order, tables and arrays of tables last."""
    return f"[[{name}]]\n" + render_table(name, values)


def render_table(name: str, values: Mapping[str, Any]) -> str:
    """Return the keys of a table whose dotted name is `name`, sub-tables after plain values."""
    plain = {k: v for k, v in values.items() if not _is_table(v)}
    text = tomli_w.dumps(plain)
    for key, value in values.items():
        if isinstance(value, Mapping):
            text += f"[{name}.{_key(key)}]\n" + render_table(f"{name}.{_key(key)}", value)
        elif _is_table(value):
            text += "".join(render_array(f"{name}.{_key(key)}", entry) for entry in value)
    return text


def _is_table(value: object) -> bool:
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _key(key: str) -> str:
    return tomli_w.dumps({key: 0}).rpartition(" = ")[0]
