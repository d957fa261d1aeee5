"""Edit TOML settings as text: add or remove tables and keep everything else.

With `put(("mcp_servers", "git"), {"command": "git-mcp"}, marks)` the last three lines are new:

    model = "o"  # mine

    [mcp_servers.git]
    command = "git-mcp"

where the marks are `{"made": [], "blank": [[["mcp_servers", "git"], "\\n"]]}`.
"""

from __future__ import annotations

import re
from typing import Any

from holdall.errors import InputError
from holdall.formats.documents import parse_toml
from holdall.formats.json_editor import MISSING, Keys, Marks
from holdall.formats.toml_writer import render_table, toml_key

_HEADER = r"(?m)^[ \t]*\[[^\n]*\][ \t]*(?:#[^\n]*)?\r?$"
_TRAILING = r"(?m)(?:^[ \t]*(?:#[^\n]*)?(?:\n|\Z))+\Z"


class TomlText:
    """A document while it is edited, with the interface of `JsonText`; entries are tables."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where
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

        Raises InputError if it is there in a form that cannot be edited safely.
        """
        if self.get(keys) is not MISSING:
            self.remove(keys, marks)
        gap = "" if not self.text else ("\n" if self.text.endswith("\n") else "\n\n")
        name = ".".join(map(toml_key, keys))
        marks.blank[keys] = gap
        self._become(f"{self.text}{gap}[{name}]\n{render_table(name, value)}", keys, value)

    def append(self, keys: Keys, _value: Any, _marks: Marks) -> None:
        """Refuse: no agent has lists of tables for what Holdall merges."""
        raise InputError(
            f"{self.where}: {'.'.join(keys)} cannot be merged", hint="merge it by hand"
        )

    def remove(self, keys: Keys, marks: Marks) -> None:
        """Remove a table with its sub-tables."""
        if self.get(keys) is MISSING:
            return
        start, end = self._span(keys)
        gap = marks.blank.pop(keys, "")
        if self.text[:start].endswith(gap):
            start -= len(gap)
        self._become(self.text[:start] + self.text[end:], keys, MISSING)

    def remove_element(self, keys: Keys, value: Any, marks: Marks) -> None:
        """Do nothing: `append` never put one in."""

    def _span(self, keys: Keys) -> tuple[int, int]:
        """Return where a table's text begins and ends; raises InputError if it has no header."""
        inside = [match for match in re.finditer(_HEADER, self.text) if self._is_of(match[0], keys)]
        if not inside:
            raise InputError(
                f"{self.where}: {'.'.join(keys)} is written in a form that Holdall cannot edit",
                hint="write it as a table with a header of its own, or delete it by hand",
            )
        later = [
            m.start() for m in re.finditer(_HEADER, self.text) if m.start() > inside[-1].start()
        ]
        end = later[0] if later else len(self.text)
        # Blank lines and comments at the end are about what comes next.
        body = re.sub(_TRAILING, "", self.text[inside[0].start() : end])
        return inside[0].start(), inside[0].start() + len(body)

    def _is_of(self, header: str, keys: Keys) -> bool:
        try:
            value: Any = parse_toml(header, self.where)
        except InputError:
            return False
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return False
            value = value[key]
        return True

    def _become(self, text: str, keys: Keys, expected: Any) -> None:
        """Accept a new text, if it has the expected value and nothing else differs."""
        new = TomlText(text, self.where)
        old_rest, new_rest = _without(self._parsed, keys), _without(new._parsed, keys)
        if new.get(keys) != expected or old_rest != new_rest:
            raise InputError(
                f"{self.where}: {'.'.join(keys)} cannot be edited safely here",
                hint="edit it by hand; nothing was changed",
            )
        self.text, self._parsed = text, new._parsed

    @property
    def is_empty(self) -> bool:
        """Whether the document holds nothing at all."""
        return not self.text.strip()


def _without(value: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """Return a document without one entry, and without the tables that only held it."""
    first, rest = keys[0], keys[1:]
    found = {key: inner for key, inner in value.items() if key != first}
    if rest and isinstance(value.get(first), dict):
        inner = _without(value[first], rest)
        if inner:
            found[first] = inner
    return found
