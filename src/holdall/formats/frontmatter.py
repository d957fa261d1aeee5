"""The head of a Markdown file: its keys, read strictly, else line by line, and what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import field
from typing import Any

from holdall import NamedTuple, dataclass
from holdall.errors import InputError
from holdall.formats.documents import YAML_NULLS, parse_yaml


class FrontmatterProblem(NamedTuple):
    """What is wrong with a frontmatter: `absent`, `unterminated` or `invalid`."""

    kind: str
    message: str
    line: int


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """The keys of a Markdown file's head, as far as they could be read, and what was wrong."""

    values: Mapping[str, Any] = field(default_factory=dict)
    problem: FrontmatterProblem | None = None

    def text(self, key: str) -> str | None:
        """Return the value of `key` if it is a text that is not blank."""
        value = self.values.get(key)
        return value.strip() or None if isinstance(value, str) else None


def read_frontmatter(text: str) -> Frontmatter:
    """Read the part between the first line `---` and the next: strictly, else line by line.

    Never raises: what is wrong is in the result's `problem`.
    """
    text = text.removeprefix("\ufeff")
    opening = _OPENING.match(text)
    if opening is None:
        return Frontmatter(problem=FrontmatterProblem("absent", "no frontmatter", 1))
    closing = _CLOSING.search(text, opening.end())
    if closing is not None:
        return _read_head(_NEWLINE.split(text[opening.end() : closing.start()])[:-1])
    lines = _NEWLINE.split(text[opening.end() :])
    head = lines[: lines.index("")] if "" in lines else lines
    problem = FrontmatterProblem("unterminated", "the frontmatter has no closing ---", 1)
    return Frontmatter(_line_by_line(head), problem)


BODY = re.compile(r"(\ufeff?)---[ \t]*(\r\n|\n|\r)(.*?)^---[ \t]*(?:\r\n|\n|\r|\Z)", re.S | re.M)
"""A whole head: a mark of the encoding, how its lines end, and what is in it. The body follows."""


def body_of(text: str) -> str:
    """Return a Markdown text without its head."""
    head = BODY.match(text)
    return text[head.end() :] if head else text


def head_line(key: str, value: str) -> str:
    """Return a line of a head, without its end, that says a text."""
    return f"{key}: {json.dumps(value, ensure_ascii=False)}"


def with_keys(text: str, lines: Sequence[str], dropped: Set[str] = frozenset()) -> str:
    """Return a Markdown file with these lines first in its head, and without some keys' lines.

    A head that would be empty is left out; nothing else is changed.
    """
    match = BODY.match(text)
    if match is None:
        mark, body = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
        head = "".join(f"{line}\n" for line in lines)
        return f"{mark}---\n{head}---\n{body}" if lines else text
    mark, end, head = match.groups()
    kept = _without(head.splitlines(keepends=True), dropped)
    new = "".join(f"{line}{end}" for line in lines) + "".join(kept)
    body = text[match.end() :]
    return f"{mark}---{end}{new}---{end}{body}" if new else f"{mark}{body}"


def _without(lines: Sequence[str], dropped: Set[str]) -> Iterator[str]:
    """Yield the lines of a head without those of some keys."""
    is_dropped = False
    for line in lines:
        found = re.match(r"[\"']?([A-Za-z_][\w-]*)[\"']?[ \t]*:", line)
        if found:
            is_dropped = found[1] in dropped
        if not is_dropped:
            yield line


_OPENING = re.compile(r"---[^\S\r\n]*(?:\r\n|\n|\r|\Z)")
_CLOSING = re.compile(r"(?<=[\r\n])---[^\S\r\n]*(?:[\r\n]|\Z)")

# A line that YAML reads as a key and a plain scalar, beyond any doubt; five of six heads are such.
_PLAIN = re.compile(
    r"([A-Za-z_][A-Za-z0-9_-]*): +([A-Za-z0-9](?:[^#:\s]|[ ](?!#)|:(?! |$)|(?<! )#)*)"
)


def _plain_values(lines: list[str]) -> dict[str, str] | None:
    """Return the values of the simplest YAML without YAML's parser; None if it is not that simple.

    `parse_yaml` takes a third of a millisecond for a small head; collections have thousands.
    """
    found: dict[str, str] = {}
    for line in lines:
        match = _PLAIN.fullmatch(line.rstrip(" "))
        if match is None or match[1] in found or match[2] in YAML_NULLS or not line.isprintable():
            return None
        found[match[1]] = match[2]
    return found or None


def _read_head(lines: list[str]) -> Frontmatter:
    if (plain := _plain_values(lines)) is not None:
        return Frontmatter(plain)
    try:
        values = parse_yaml("\n".join(lines) + "\n", "frontmatter", first_line=2)
    except InputError as error:
        line = re.search(r", line (\d+): ", error.message)
        message = error.message.partition(": ")[2]
        problem = FrontmatterProblem("invalid", message, int(line[1]) if line else 2)
        return Frontmatter(_line_by_line(lines), problem)
    if isinstance(values, dict):
        return Frontmatter(values)
    if values is None:
        return Frontmatter()
    problem = FrontmatterProblem("invalid", "the frontmatter holds no keys", 2)
    return Frontmatter(_line_by_line(lines), problem)


_NEWLINE = re.compile(r"\r\n|\n|\r")
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)[ \t]*:(?:[ \t]+(.*))?")
_BLOCK = re.compile(r"[|>][+-]?\d?")


def _line_by_line(lines: list[str]) -> dict[str, str]:
    """Read `key: rest` lines; indented lines go on with the value above."""
    found: dict[str, list[str]] = {}
    key = None
    for line in lines:
        match = _KEY.fullmatch(line.rstrip())
        if match is not None:
            key = match[1]
            first = (match[2] or "").strip()
            found[key] = [] if _BLOCK.fullmatch(first) else [_unquote(first)]
        elif key is not None and line[:1] in (" ", "\t"):
            found[key].append(line.strip())
    return {name: " ".join(filter(None, parts)) for name, parts in found.items()}


def _unquote(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text
