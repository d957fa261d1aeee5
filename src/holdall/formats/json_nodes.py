"""Where the values of a JSON text stand: with comments, trailing commas, and nothing at all.

{"a": [1, 2]}  // mine      # an object from 0 to 13 with one item, a list from 6 to 12
"""

from __future__ import annotations

import json
import re
from typing import Any

from holdall import dataclass
from holdall.errors import InputError
from holdall.formats.documents import refuse_crowded
from holdall.formats.marks import MAX_BYTES

MAX_VALUES = 250_000
MAX_DEPTH = 100

NO_TEXT = "\ufeff \t\r\n"
"""What a text may consist of that has no value at all."""

_BLANK = re.compile(r"(?:\s++|//[^\n]*+|/\*.*?\*/)*+", re.S)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\.)*+"')
_SCALAR = re.compile(r"-?[0-9][0-9.eE+-]*|true|false|null")


@dataclass(slots=True)
class Item:
    """A member or an element: where it begins (with its key), its key, and its value."""

    start: int
    key: str | None
    value: Node


@dataclass(slots=True)
class Node:
    """A value: where it stands and, of an object or a list, its items."""

    start: int
    end: int
    items: list[Item] | None = None
    is_list: bool = False


class JsonReader:
    """Reads a text; `where` names it in errors."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where

    def parse(self) -> Node:
        """Return the document's object; raises InputError for what is not JSON."""
        if len(self.text) > MAX_BYTES:
            raise InputError(f"{self.where}: larger than 8 MiB", hint="is it really settings?")
        refuse_crowded(self.text, self.where, MAX_VALUES, ",[{")
        if not self.text.strip(NO_TEXT):
            return Node(len(self.text), len(self.text), [])
        start = 1 if self.text.startswith("\ufeff") else 0
        node = self._value(self.skip(start), 0)
        if self.skip(node.end) != len(self.text):
            raise self._error(node.end, "there is text after the end")
        if node.items is None or node.is_list:
            raise self._error(node.start, "not a JSON object")
        return node

    def skip(self, at: int) -> int:
        """Return where the blanks and comments at a place end."""
        match = _BLANK.match(self.text, at)
        assert match is not None, "it also matches the empty string"
        return match.end()

    def _error(self, at: int, problem: str) -> InputError:
        line = self.text.count("\n", 0, at) + 1
        return InputError(
            f"{self.where}, line {line}: {problem}", hint="fix it; nothing was changed"
        )

    def _value(self, at: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._error(at, "nested too deeply")
        letter = self.text[at : at + 1]
        if letter in ("{", "["):
            return self._container(at, letter == "[", depth)
        match = (_STRING if letter == '"' else _SCALAR).match(self.text, at)
        if match is None:
            raise self._error(at, "not valid JSON")
        self._load(at, match.end())
        return Node(at, match.end())

    def _container(self, start: int, is_list: bool, depth: int) -> Node:
        closing = "]" if is_list else "}"
        items: list[Item] = []
        at = self.skip(start + 1)
        while self.text[at : at + 1] != closing:
            item = self._item(at, is_list, depth)
            items.append(item)
            at = self.skip(item.value.end)
            if self.text[at : at + 1] == ",":
                at = self.skip(at + 1)
            elif self.text[at : at + 1] != closing:
                raise self._error(at, f"a comma or {closing} is missing")
        keys = [item.key for item in items]
        if not is_list and len(set(keys)) != len(keys):
            raise self._error(start, "a key is there twice")
        return Node(start, at + 1, items, is_list)

    def _item(self, at: int, is_list: bool, depth: int) -> Item:
        if is_list:
            return Item(at, None, self._value(at, depth + 1))
        match = _STRING.match(self.text, at)
        if match is None:
            raise self._error(at, "a key in quotes is missing")
        colon = self.skip(match.end())
        if self.text[colon : colon + 1] != ":":
            raise self._error(colon, "a colon is missing")
        key = str(self._load(at, match.end()))
        return Item(at, key, self._value(self.skip(colon + 1), depth + 1))

    def _load(self, start: int, end: int) -> Any:
        try:
            return json.loads(self.text[start:end])
        except ValueError as error:
            raise self._error(start, "not valid JSON") from error

    def python_of(self, node: Node) -> Any:
        """Return what a node stands for."""
        if node.items is None:
            return json.loads(self.text[node.start : node.end])
        if node.is_list:
            return [self.python_of(item.value) for item in node.items]
        return {item.key: self.python_of(item.value) for item in node.items}
