"""Edit JSON as text: add or remove one entry and keep every other character.

Reads users' settings files: JSON, with comments and trailing commas where their agents
allow them. Removing what was added last gives the text back byte for byte; `Marks` keeps what
that needs. With `put(("mcpServers", "git"), {"command": "git-mcp"}, marks)`

    {                                 {
      // mine                           // mine
      "mcpServers": {}                  "mcpServers": {
    }                                     "git": {
                                            "command": "git-mcp"
                                          }
                                        }
                                      }

where the marks are `{"made": [], "blank": [[["mcpServers"], ""]]}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdall.errors import InputError
from holdall.formats.documents import refuse_crowded

Keys = tuple[str, ...]
"""The keys that lead from the whole document to a value."""

MISSING = object()
"""What `get` returns for a value that is not there."""

MAX_BYTES = 8 << 20
MAX_VALUES = 250_000
MAX_DEPTH = 100

_LONGEST_LINE = 1000
_BLANK = re.compile(r"(?:\s++|//[^\n]*+|/\*.*?\*/)*+", re.S)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\.)*+"')
_SCALAR = re.compile(r"-?[0-9][0-9.eE+-]*|true|false|null")


@dataclass(slots=True)
class Marks:
    """What Holdall did to a document other than adding entries.

    `made` are the objects and lists that it made; `blank` is what stood between the brackets of
    those that were empty. The document itself has the keys ().
    """

    made: set[Keys] = field(default_factory=set)
    blank: dict[Keys, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the marks as the ledger keeps them."""
        return {
            "made": [list(keys) for keys in sorted(self.made)],
            "blank": [[list(keys), text] for keys, text in sorted(self.blank.items())],
        }

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Marks:
        """Read what `to_json` wrote."""
        return cls(
            {_keys(keys) for keys in table["made"]},
            {_keys(keys): str(text) for keys, text in table["blank"]},
        )


def _keys(value: object) -> Keys:
    if isinstance(value, list) and all(isinstance(key, str) for key in value):
        return tuple(value)
    raise TypeError(f"{value!a:.80} is not a list of keys")


@dataclass(slots=True)
class _Item:
    """A member or an element: where it begins (with its key), its key, and its value."""

    start: int
    key: str | None
    value: _Node


@dataclass(slots=True)
class _Node:
    """A value: where it stands and, of an object or a list, its items."""

    start: int
    end: int
    items: list[_Item] | None = None
    is_list: bool = False


class JsonText:
    """A document while it is edited; `text` is what it is now, `where` names it in errors."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._parsed = self._parse()
        self._unit = next(self._units(self._parsed), "  ")

    @classmethod
    def new(cls, where: str) -> JsonText:
        """Return an empty document."""
        return cls("{}\n", where)

    # -- reading

    def _parse(self) -> _Node:
        if len(self.text) > MAX_BYTES:
            raise InputError(f"{self.where}: larger than 8 MiB", hint="is it really settings?")
        refuse_crowded(self.text, self.where, MAX_VALUES, ",[{")
        start = 1 if self.text.startswith("\ufeff") else 0
        node = self._value(self._skip(start), 0)
        if self._skip(node.end) != len(self.text):
            raise self._error(node.end, "there is text after the end")
        if node.items is None or node.is_list:
            raise self._error(node.start, "not a JSON object")
        return node

    def _skip(self, at: int) -> int:
        match = _BLANK.match(self.text, at)
        assert match is not None, "it also matches the empty string"
        return match.end()

    def _error(self, at: int, problem: str) -> InputError:
        line = self.text.count("\n", 0, at) + 1
        return InputError(
            f"{self.where}, line {line}: {problem}", hint="fix it; nothing was changed"
        )

    def _value(self, at: int, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise self._error(at, "nested too deeply")
        letter = self.text[at : at + 1]
        if letter in ("{", "["):
            return self._container(at, letter == "[", depth)
        match = (_STRING if letter == '"' else _SCALAR).match(self.text, at)
        if match is None:
            raise self._error(at, "not valid JSON")
        self._loaded(at, match.end())
        return _Node(at, match.end())

    def _container(self, start: int, is_list: bool, depth: int) -> _Node:
        closing = "]" if is_list else "}"
        items: list[_Item] = []
        at = self._skip(start + 1)
        while self.text[at : at + 1] != closing:
            item = self._item(at, is_list, depth)
            items.append(item)
            at = self._skip(item.value.end)
            if self.text[at : at + 1] == ",":
                at = self._skip(at + 1)
            elif self.text[at : at + 1] != closing:
                raise self._error(at, f"a comma or {closing} is missing")
        keys = [item.key for item in items]
        if not is_list and len(set(keys)) != len(keys):
            raise self._error(start, "a key is there twice")
        return _Node(start, at + 1, items, is_list)

    def _item(self, at: int, is_list: bool, depth: int) -> _Item:
        if is_list:
            return _Item(at, None, self._value(at, depth + 1))
        match = _STRING.match(self.text, at)
        if match is None:
            raise self._error(at, "a key in quotes is missing")
        colon = self._skip(match.end())
        if self.text[colon : colon + 1] != ":":
            raise self._error(colon, "a colon is missing")
        key = str(self._loaded(at, match.end()))
        return _Item(at, key, self._value(self._skip(colon + 1), depth + 1))

    def _loaded(self, start: int, end: int) -> Any:
        try:
            return json.loads(self.text[start:end])
        except ValueError as error:
            raise self._error(start, "not valid JSON") from error

    def _python(self, node: _Node) -> Any:
        if node.items is None:
            return json.loads(self.text[node.start : node.end])
        if node.is_list:
            return [self._python(item.value) for item in node.items]
        return {item.key: self._python(item.value) for item in node.items}

    def _find(self, keys: Sequence[str]) -> _Node | None:
        node = self._parsed
        for key in keys:
            found = [i.value for i in node.items or () if not node.is_list and i.key == key]
            if not found:
                return None
            node = found[0]
        return node

    def get(self, keys: Keys) -> Any:
        """Return the value that some keys lead to, or MISSING."""
        node = self._find(keys)
        return MISSING if node is None else self._python(node)

    def _units(self, node: _Node) -> Iterator[str]:
        """Yield by how much more than their container items are indented."""
        own = self._indent_at(node.start)
        for item in node.items or ():
            indent = self._indent_at(item.start)
            if len(indent) > len(own) and indent.startswith(own):
                yield indent[len(own) :]
            yield from self._units(item.value)

    # -- putting in

    def put(self, keys: Keys, value: Any, marks: Marks) -> None:
        """Make `value` the member that the keys lead to, instead of one that is there.

        Objects on the way are made. Raises InputError if something else stands in the way.
        """
        node = self._find(keys)
        if node is not None:
            indent = self._indent_at(node.start)
            self._splice(node.start, node.end, self._rendered(value, indent, inline=False))
            return
        self._insert(keys[:-1], keys[-1], value, marks)

    def append(self, keys: Keys, value: Any, marks: Marks) -> None:
        """Add `value` to the list that the keys lead to; it is made if it is not there."""
        node = self._find(keys)
        if node is None:
            marks.made.add(keys)
            self._insert(keys[:-1], keys[-1], [value], marks)
        elif node.is_list:
            self._insert_item(keys, node, None, value, marks)
        else:
            raise self._error(node.start, f"{'.'.join(keys)} is not a list")

    def _insert(self, keys: Keys, key: str, value: Any, marks: Marks) -> None:
        node = self._find(keys)
        if node is None:
            marks.made.add(keys)
            self._insert(keys[:-1], keys[-1], {key: value}, marks)
        elif node.items is None or node.is_list:
            raise self._error(node.start, f"{'.'.join(keys) or 'the document'} is not an object")
        else:
            self._insert_item(keys, node, key, value, marks)

    def _insert_item(
        self, keys: Keys, node: _Node, key: str | None, value: Any, marks: Marks
    ) -> None:
        assert node.items is not None, "only objects and lists have items"
        name = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}: "
        if not node.items:
            inner = self.text[node.start + 1 : node.end - 1]
            own = self._indent_at(node.start)
            indent = own + self._unit
            body = name + self._rendered(value, indent, inline=False)
            if keys not in marks.made:
                marks.blank.setdefault(keys, inner)
            new = f"{inner.rstrip()}{self._newline}{indent}{body}{self._newline}{own}"
            self._splice(node.start + 1, node.end - 1, new)
            return
        last = node.items[-1]
        lead = self.text[: last.start]
        blank = lead[len(lead.rstrip(" \t\r\n")) :]
        if "\n" in blank:
            indent = blank.rpartition("\n")[2]
            gap, body = self._newline + indent, self._rendered(value, indent, inline=False)
        else:
            gap, body = " ", self._rendered(value, "", inline=True)
        self._splice(last.value.end, last.value.end, f",{gap}{name}{body}")

    def _indent_at(self, at: int) -> str:
        begin = self.text.rfind("\n", max(0, at - _LONGEST_LINE), at) + 1
        if begin == 0 and at > _LONGEST_LINE:
            return ""
        line = self.text[begin:at]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _rendered(self, value: Any, indent: str, *, inline: bool) -> str:
        if inline:
            return json.dumps(value, ensure_ascii=False)
        text = json.dumps(value, ensure_ascii=False, indent=self._unit)
        return text.replace("\n", self._newline + indent)

    def _splice(self, start: int, end: int, new: str) -> None:
        self.text = self.text[:start] + new + self.text[end:]
        self._parsed = self._parse()

    # -- taking out

    def remove(self, keys: Keys, marks: Marks) -> None:
        """Remove a member, and what was made for it and is empty now."""
        self._remove_where(keys[:-1], lambda item: item.key == keys[-1], marks)

    def remove_element(self, keys: Keys, value: Any, marks: Marks) -> None:
        """Remove the last element that equals `value` from a list."""
        self._remove_where(keys, lambda item: self._python(item.value) == value, marks)

    def _remove_where(self, keys: Keys, wanted: Any, marks: Marks) -> None:
        node = self._find(keys)
        items = (node.items if node else None) or []
        places = [place for place, item in enumerate(items) if wanted(item)]
        if node is None or not places:
            return
        place = places[-1]
        item = items[place]
        if len(items) == 1:
            blank = marks.blank.pop(keys, "")
            before = self.text[node.start + 1 : item.start]
            after = self.text[item.value.end : node.end - 1].lstrip(" \t\r\n").removeprefix(",")
            is_blank = not after.strip() and before.strip() == blank.strip()
            # A comment that somebody wrote beside the entry stays.
            self._splice(node.start + 1, node.end - 1, blank if is_blank else before + after)
            if keys and keys in marks.made and is_blank:
                marks.made.discard(keys)
                self.remove(keys, marks)
        elif place:
            self._splice(items[place - 1].value.end, item.value.end, "")
        else:
            self._splice(item.start, items[1].start, "")

    @property
    def is_empty(self) -> bool:
        """Whether the document holds nothing at all."""
        return not self._parsed.items and "".join(self.text.split()).strip("\ufeff") == "{}"
