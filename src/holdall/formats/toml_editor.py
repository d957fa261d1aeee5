"""Edit TOML settings as text: add or remove tables and keep everything else.

With `put(("mcp_servers", "git"), {"command": "git-mcp"}, marks)` the last three lines are new:

    model = "o"  # mine

    [mcp_servers.git]
    command = "git-mcp"

where the marks are `{"made": [], "blank": [[["mcp_servers", "git"], "\\n"]]}`. Users and agents may
move it, or write it in another form: what has the keys in its header or in its line is removed,
wherever it is. An entry within an inline table is left to the user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from holdall import NamedTuple
from holdall.errors import InputError
from holdall.formats.documents import parse_toml
from holdall.formats.marks import MISSING, Keys, Marks
from holdall.formats.toml_writer import render_inline, render_table, toml_key

_NOTHING = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\r\n|\Z)")
TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"{3,5}|' + r"'''(?:[^']|'(?!''))*+'{3,5}"
    r"|\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+'|#[^\n]*+|[\[\]{}=,\n]",
    re.S,
)
"""The parts of a document that say where its values end."""

_PLAIN_KEY = re.compile(r"[ \t]*([A-Za-z0-9_-]+(?:[ \t]*\.[ \t]*[A-Za-z0-9_-]+)*)[ \t]*")
_BOM = "\ufeff"


class Statement(NamedTuple):
    """A header, or a key with its value: from where to where, and the keys that lead to it."""

    start: int
    end: int
    keys: Keys


class TomlText:
    """A document while it is edited, with the interface of `JsonText`; entries are tables."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._parsed = parse_toml(text.encode(), where)

    @classmethod
    def new(cls, where: str) -> TomlText:
        """Return an empty document."""
        return cls("", where)

    def get(self, keys: Keys) -> Any:
        """Return the value that some keys lead to, or MISSING."""
        value: Any = self._parsed
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return MISSING
            value = value[key]
        return value

    def put(self, keys: Keys, value: Any, marks: Marks) -> None:
        """Write the table that the keys lead to, at the end, instead of one that is there.

        Raises InputError if that cannot be done safely; nothing is changed then.
        """
        if _has_null(value):
            raise InputError(
                f"Holdall cannot edit {self.where}: {'.'.join(keys)} would hold null, which TOML"
                " does not have",
                hint="give it a value in the collection, or leave it out",
            )
        before = self.text, self._parsed
        marks_before = dict(marks.blank)
        try:
            if self.get(keys) is not MISSING:
                self.remove(keys, marks)
            ends_a_line = self.text.endswith("\n")
            gap = self._newline * (1 if ends_a_line else 2) if self.text else ""
            marks.blank[keys] = gap
            name = ".".join(map(toml_key, keys))
            body = f"[{name}]\n{render_table(name, value)}".replace("\n", self._newline)
            self._become(f"{self.text}{gap}{body}", keys, value)
        except InputError as error:
            self.text, self._parsed = before
            marks.blank = marks_before
            raise InputError(
                f"Holdall cannot edit {self.where}: {'.'.join(keys[:-1])} is written in a form that"
                " no table can be added to",
                hint=f"add it by hand: {toml_key(keys[-1])} = {render_inline(value)}",
            ) from error

    def append(self, keys: Keys, value: Any, _marks: Marks) -> None:
        """Refuse: no agent has lists of tables for what Holdall merges."""
        raise InputError(
            f"Holdall cannot edit {self.where}: {'.'.join(keys)} is a list",
            hint=f"add it by hand: {render_inline(value)}",
        )

    def remove(self, keys: Keys, marks: Marks) -> None:
        """Remove a table with its sub-tables, wherever its parts are."""
        if self.get(keys) is MISSING:
            return
        own = [s for s in statements_in(self.text, self.where) if s.keys[: len(keys)] == keys]
        gap = marks.blank.get(keys, "")
        text = self.text
        for start, end in reversed(_join_statements(text, own)):
            text = text[:start] + text[end:]
        if own:
            text = self._without_gap(text, own[0].start, gap, keys, marks)
        self._become(text, keys, MISSING)
        marks.blank.pop(keys, None)

    def remove_element(self, keys: Keys, value: Any, marks: Marks) -> None:
        """Do nothing: `append` never put one in."""

    def _without_gap(self, text: str, at: int, gap: str, keys: Keys, marks: Marks) -> str:
        """Return a text without the blank line before what was removed, if it still is one."""
        before, after = text[:at], text[at:]
        if not gap or not before.endswith(gap):
            return text
        for other, following in marks.blank.items():
            # The one that comes next has a gap of its own: the one that is to stay is the first.
            is_next = bool(following) and other != keys and after.startswith(following)
            if is_next and self._begins(after[len(following) :], other):
                marks.blank[other] = gap
                return before + after[len(following) :]
        if not after and gap == self._newline * 2:
            return before.removesuffix(gap)
        rest = before.removesuffix(self._newline)
        return rest + after if rest.endswith("\n") or not rest else text

    def _begins(self, text: str, keys: Keys) -> bool:
        first = next(statements_in(text, self.where), None)
        return first is not None and first.keys[: len(keys)] == keys

    def _become(self, text: str, keys: Keys, expected: Any) -> None:
        """Accept a new text, if it has the expected value and nothing else differs."""
        try:
            new = TomlText(text, self.where)
        except InputError:
            new = None
        is_right = (
            new is not None
            and new.get(keys) == expected
            and _without(self._parsed, keys) == _without(new._parsed, keys)
        )
        if new is None or not is_right:
            raise InputError(
                f"Holdall cannot edit {self.where}: {'.'.join(keys)} is written within another"
                " value",
                hint=f"delete {keys[-1]} by hand; nothing was changed",
            )
        self.text, self._parsed = text, new._parsed

    @property
    def is_empty(self) -> bool:
        """Whether the document holds nothing at all."""
        return not self.text.strip(f"{_BOM} \t\r\n")


def statements_in(text: str, where: str) -> Iterator[Statement]:
    """Yield the headers and key lines of a valid document, in order."""
    header: Keys = ()
    at = len(_BOM) if text.startswith(_BOM) else 0
    while at < len(text):
        if nothing := _NOTHING.match(text, at):
            at = nothing.end()
            continue
        is_header = (
            text[at:].lstrip(" \t").startswith("[") if text[at] in " \t" else text[at] == "["
        )
        depth, key_end, end = 0, None, len(text)
        for token in TOKEN.finditer(text, at):
            mark = token[0]
            if mark in "[{":
                depth += 1
            elif mark in "]}":
                depth -= 1
                if is_header and not depth and key_end is None:
                    key_end = token.end()
            elif mark == "=" and key_end is None:
                key_end = token.start()
            elif mark == "\n" and depth <= 0:
                end = token.end()
                break
        keys = _keys_in(text[at:key_end], where, is_header=is_header)
        if is_header:
            header = keys
        yield Statement(at, end, keys if is_header else (*header, *keys))
        at = end


def _keys_in(text: str, where: str, *, is_header: bool) -> Keys:
    if not is_header and (plain := _PLAIN_KEY.fullmatch(text)):
        return tuple(part.strip() for part in plain[1].split("."))
    value: Any = parse_toml(text if is_header else f"{text}= 0", where)
    found: list[str] = []
    while isinstance(value, dict | list) and value:
        if isinstance(value, list):
            value = value[-1]
            continue
        key, value = next(iter(value.items()))
        found.append(key)
    return tuple(found)


def _join_statements(text: str, statements: list[Statement]) -> list[tuple[int, int]]:
    """Return from where to where statements stand, with the blank lines between them."""
    spans: list[tuple[int, int]] = []
    for one in statements:
        if spans and not text[spans[-1][1] : one.start].strip():
            spans[-1] = spans[-1][0], one.end
        else:
            spans.append((one.start, one.end))
    return spans


def _has_null(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_null, value.values() if isinstance(value, dict) else value))
    return value is None


def _without(value: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """Return a document without one entry, and without the tables that only held it."""
    first, rest = keys[0], keys[1:]
    found = {key: inner for key, inner in value.items() if key != first}
    if rest and isinstance(value.get(first), dict):
        inner = _without(value[first], rest)
        if inner:
            found[first] = inner
    return found
