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

where the marks are `{"made": [], "blank": [[["mcpServers"], ""]]}`. What users wrote beside an
entry, comments too, stays when it is removed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from holdall.errors import InputError
from holdall.formats.json_nodes import NO_TEXT, Item, JsonReader, Node
from holdall.formats.marks import MISSING, Keys, Marks

_LONGEST_LINE = 1000
_ENDS_LINE = re.compile(r"[ \t]*\r?\n")
_COMMENT_ON_LINE = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/(?=[ \t]*\r?\n))")
_BLANKS = dict.fromkeys(map(ord, NO_TEXT))


class JsonText(JsonReader):
    """A document while it is edited; `text` is what it is now, `where` names it in errors."""

    def __init__(self, text: str, where: str) -> None:
        super().__init__(text, where)
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._parsed = self.parse()
        self._unit = next(self._units(self._parsed), "  ")

    @classmethod
    def new(cls, where: str) -> JsonText:
        """Return an empty document."""
        return cls("{}\n", where)

    def _find(self, keys: Sequence[str]) -> Node | None:
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
        return MISSING if node is None else self.python_of(node)

    def _units(self, node: Node) -> Iterator[str]:
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
            self._splice(node.start, node.end, self._render(value, indent, inline=False))
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
            raise self._refusal(keys, "not a list", value)

    def _refusal(self, keys: Keys, problem: str, value: Any) -> InputError:
        return InputError(
            f"Holdall cannot edit {self.where}: {'.'.join(keys)} is {problem}",
            hint=f"add it by hand: {json.dumps(value, ensure_ascii=False)}",
        )

    def _insert(self, keys: Keys, key: str, value: Any, marks: Marks) -> None:
        node = self._find(keys)
        if node is None:
            marks.made.add(keys)
            self._insert(keys[:-1], keys[-1], {key: value}, marks)
        elif node.items is None or node.is_list:
            raise self._refusal(keys, "not an object", {key: value})
        else:
            self._insert_item(keys, node, key, value, marks)

    def _insert_item(
        self, keys: Keys, node: Node, key: str | None, value: Any, marks: Marks
    ) -> None:
        assert node.items is not None, "only objects and lists have items"
        name = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}: "
        if node.start == node.end:
            marks.made.add(())
            marks.blank.setdefault((), self.text)
            mark = "\ufeff" if self.text.startswith("\ufeff") else ""
            self.text = f"{mark}{{}}{self._newline}"
            node = self._parsed = self.parse()
        if not node.items:
            inner = self.text[node.start + 1 : node.end - 1]
            own = self._indent_at(node.start)
            indent = own + self._unit
            body = name + self._render(value, indent, inline=False)
            if keys not in marks.made:
                marks.blank.setdefault(keys, inner)
            new = f"{inner.rstrip()}{self._newline}{indent}{body}{self._newline}{own}"
            self._splice(node.start + 1, node.end - 1, new)
            return
        last = node.items[-1]
        lead = self.text[: last.start]
        blank = lead[len(lead.rstrip(" \t\r\n")) :]
        at, comma = last.value.end, self._comma_after(last)
        after = at if comma is None else comma + 1
        if "\n" in blank:
            indent = blank.rpartition("\n")[2]
            gap, body = self._newline + indent, self._render(value, indent, inline=False)
            if found := _COMMENT_ON_LINE.match(self.text, after):
                after = found.end()
        else:
            gap, body = " ", self._render(value, "", inline=True)
        new = f"{gap}{name}{body}"
        if comma is None:
            self._splice(at, after, f",{self.text[at:after]}{new}")
        else:
            self._splice(after, after, f"{new},")

    def _comma_after(self, item: Item) -> int | None:
        at = self.skip(item.value.end)
        return at if self.text[at : at + 1] == "," else None

    def _indent_at(self, at: int) -> str:
        begin = self.text.rfind("\n", max(0, at - _LONGEST_LINE), at) + 1
        if begin == 0 and at > _LONGEST_LINE:
            return ""
        line = self.text[begin:at]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _render(self, value: Any, indent: str, *, inline: bool) -> str:
        if inline:
            return json.dumps(value, ensure_ascii=False)
        text = json.dumps(value, ensure_ascii=False, indent=self._unit)
        return text.replace("\n", self._newline + indent)

    def _splice(self, start: int, end: int, new: str) -> None:
        self.text = self.text[:start] + new + self.text[end:]
        self._parsed = self.parse()

    # -- taking out

    def remove(self, keys: Keys, marks: Marks) -> None:
        """Remove a member, and what was made for it and is empty now."""
        self._remove_where(keys[:-1], lambda item: item.key == keys[-1], marks)

    def remove_element(self, keys: Keys, value: Any, marks: Marks) -> None:
        """Remove the last element that equals `value` from a list."""
        self._remove_where(keys, lambda item: self.python_of(item.value) == value, marks)

    def _remove_where(self, keys: Keys, wanted: Any, marks: Marks) -> None:
        node = self._find(keys)
        items = (node.items if node else None) or []
        places = [place for place, item in enumerate(items) if wanted(item)]
        if node is None or not places:
            return
        item = items[places[-1]]
        comma = self._comma_after(item)
        if len(items) == 1:
            self._empty(keys, node, item, comma, marks)
            return
        rest = item.value.end if comma is None else comma + 1
        floor = items[places[-1] - 1].value.end if places[-1] else node.start + 1
        start = self._start_with_gap(floor, item, rest)
        spans = [(start, item.value.end)]
        if comma is not None:
            after = comma + 1
            if item is items[0] and start == item.start:
                after += len(self.text[after:]) - len(self.text[after:].lstrip(" \t"))
            spans.append((comma, after))
        else:
            before = self._comma_after(items[places[-1] - 1])
            assert before is not None, "there is one between two items"
            spans.insert(0, (before, before + 1))
        self._cut(spans)

    def _start_with_gap(self, floor: int, item: Item, rest: int) -> int:
        """Return where the blanks before an item begin: at the end of the line above, if alone.

        That end stays behind a comment, unless what follows the item, at `rest`, begins with one.
        What stands before the item, from `floor` on, are blanks, comments and a comma.
        """
        bare = self.text[: item.start].rstrip(" \t")
        if not bare.endswith("\n"):
            return len(bare) if bare.endswith(",") else item.start
        above = len(bare) - (2 if bare.endswith("\r\n") else 1)
        return (
            above
            if _ENDS_LINE.match(self.text, rest) or not _in_comment(bare[floor:])
            else len(bare)
        )

    def _empty(self, keys: Keys, node: Node, item: Item, comma: int | None, marks: Marks) -> None:
        """Remove the only item of an object or a list, and what was made for it."""
        inner = self.text[node.start + 1 : node.end - 1]
        if comma is not None:
            at = comma - node.start - 1
            inner = inner[:at] + inner[at + 1 :]
        at, end = item.start - node.start - 1, item.value.end - node.start - 1
        before = inner[:at].rstrip(" \t\r\n")
        needs_end = _in_comment(before) and not _ENDS_LINE.match(inner, end)
        left = before + self._newline * needs_end + inner[end:]
        is_made, blank = keys in marks.made, marks.blank.pop(keys, None)
        outside = self.text[: node.start] + self.text[node.end :]
        if not keys and is_made and blank is not None and not (outside + left).strip(NO_TEXT):
            marks.made.discard(keys)
            self._splice(0, len(self.text), blank)
            return
        is_as_before = left.strip() == (
            "" if blank is None or (is_made and not keys) else blank.strip()
        )
        if not is_as_before:  # somebody's comment
            marks.made.discard(keys)
            self._splice(node.start + 1, node.end - 1, left)
            return
        self._splice(node.start + 1, node.end - 1, "" if is_made or blank is None else blank)
        if keys and is_made:
            marks.made.discard(keys)
            self.remove(keys, marks)

    def _cut(self, spans: list[tuple[int, int]]) -> None:
        for start, end in reversed(spans):
            self.text = self.text[:start] + self.text[end:]
        self._parsed = self.parse()

    @property
    def is_empty(self) -> bool:
        """Whether the document holds nothing at all."""
        return self.text.translate(_BLANKS) in ("", "{}")


def _in_comment(text: str) -> bool:
    """Return whether what a text ends with may be a comment that goes on to the end of the line."""
    return "//" in text.rstrip(" \t\r\n").rpartition("\n")[2]
