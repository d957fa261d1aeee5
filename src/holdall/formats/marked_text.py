"""Edit a text of the user's that holds marked blocks, and keep everything else.

With `put(("testing",), "Write the test first.", marks)` the last four lines are new:

    # My project

    <!-- holdall: begin testing -->
    Write the test first.
    <!-- holdall: end testing -->

where the marks are `{"made": [], "blank": [[["testing"], "\\n"]]}`: what was put in front of the
block. A block keeps its place when its text changes, wherever the user moved it.
"""

from __future__ import annotations

import re
from typing import Any

from holdall import NamedTuple
from holdall.errors import InputError
from holdall.formats.marks import MISSING, Keys, Marks

_MARK = re.compile(r"^<!-- holdall: (begin|end) ([^\r\n]+?) -->[ \t]*(?:\r\n|\n|\r|\Z)", re.M)


class _Block(NamedTuple):
    """Where a block is: all of it, and its text."""

    start: int
    end: int
    text_start: int
    text_end: int


class MarkedText:
    """A text while it is edited, with the interface of `JsonText`; entries are texts."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._blocks = self._find()

    def _find(self) -> dict[str, _Block]:
        """Return the blocks by name; raises InputError for a mark without its other one."""
        found: dict[str, _Block] = {}
        begun: re.Match[str] | None = None
        for mark in _MARK.finditer(self.text):
            kind, name = mark.groups()
            is_next = begun is None if kind == "begin" else begun is not None and begun[2] == name
            if name in found or not is_next:
                raise self._refusal(mark)
            if kind == "begin":
                begun = mark
            elif begun is not None:
                found[name] = _Block(begun.start(), mark.end(), begun.end(), mark.start())
                begun = None
        if begun is not None:
            raise self._refusal(begun)
        return found

    def _refusal(self, mark: re.Match[str]) -> InputError:
        line = self.text.count("\n", 0, mark.start()) + 1
        return InputError(
            f"{self.where}, line {line}: the mark {mark[0].strip()!a} does not belong to another",
            hint="delete the lines of this block, or write its other mark again",
        )

    def get(self, keys: Keys) -> Any:
        """Return the text of a block, its lines ended as in a collection; MISSING for none."""
        block = self._blocks.get("/".join(keys))
        if block is None:
            return MISSING
        text = self.text[block.text_start : block.text_end].replace("\r\n", "\n")
        return text.removesuffix("\n")

    def put(self, keys: Keys, value: Any, marks: Marks) -> None:
        """Write a block, at the end if there is none; raises InputError for marks in its text."""
        name, text = "/".join(keys), str(value)
        if _MARK.search(text) or "\n" in name or "-->" in name:
            raise InputError(
                f"{name!a} cannot be put into {self.where}: it has marks of blocks in it",
                hint="take them out of the rule in the collection",
            )
        lines = f"{text}\n".replace("\r\n", "\n").replace("\n", self._newline)
        block = self._blocks.get(name)
        if block is not None:
            self._become(f"{self.text[: block.text_start]}{lines}{self.text[block.text_end :]}")
            return
        gap = "" if not self.text else self._newline * (1 if self.text.endswith("\n") else 2)
        marks.blank[keys] = gap
        begin, end = (
            f"<!-- holdall: {kind} {name} -->{self._newline}" for kind in ("begin", "end")
        )
        self._become(f"{self.text}{gap}{begin}{lines}{end}")

    def append(self, keys: Keys, _value: Any, _marks: Marks) -> None:
        """Refuse: a text has no lists."""
        raise InputError(f"{self.where} has no list {'.'.join(keys)}", hint="nothing: report this")

    def remove(self, keys: Keys, marks: Marks) -> None:
        """Remove a block, and what was put in front of it if that is still there."""
        block = self._blocks.get("/".join(keys))
        if block is None:
            return
        gap = marks.blank.pop(keys, "")
        before = self.text[: block.start]
        if gap and before.endswith(gap):
            before = before[: -len(gap)]
        after = self.text[block.end :]
        # Where the user wrote on after the block, the last line before it must end still.
        if before and after and not before.endswith("\n") and not after.startswith(("\n", "\r")):
            before += self._newline
        self._become(before + after)

    def remove_element(self, keys: Keys, value: Any, marks: Marks) -> None:
        """Refuse: a text has no lists."""
        self.append(keys, value, marks)

    def _become(self, text: str) -> None:
        self.text = text
        self._blocks = self._find()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not self.text.strip()
