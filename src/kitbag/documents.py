"""Reading YAML, TOML, JSON and frontmatter from strangers: bounded, and never any other error.

The parsers' own failure modes (deep nesting, alias bombs, dotted keys, stray exceptions) are
refused before or caught at this edge. Everything raises InputError that names file and line.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kitbag.errors import InputError, StorageError

if TYPE_CHECKING:
    import yaml

__all__ = [
    "MAX_DEPTH",
    "MAX_JSON_BYTES",
    "MAX_TOML_BYTES",
    "MAX_YAML_BYTES",
    "Frontmatter",
    "FrontmatterProblem",
    "canonical_json",
    "parse_json",
    "parse_toml",
    "parse_yaml",
    "read_bounded",
    "read_frontmatter",
]

MAX_YAML_BYTES = 64 << 10
MAX_JSON_BYTES = 16 << 20
MAX_TOML_BYTES = 16 << 20
MAX_DEPTH = 32
_MAX_JSON_DEPTH = 64
_MAX_DOTS = 256
_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def read_bounded(path: Path, limit: int) -> bytes:
    """Return a file's bytes; raises InputError above `limit`, StorageError if it can't be read."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise StorageError(
            f"cannot read {path}: {error.strerror}", hint="check the file and its permissions"
        ) from error
    if len(data) > limit:
        raise InputError(f"{path}: larger than {limit >> 10} KiB", hint="is it the right file?")
    return data


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _broken(where, line, "not valid UTF-8", "save it as UTF-8") from error


def _broken(where: str, line: int | None, problem: str, hint: str) -> InputError:
    return InputError(f"{where}{f', line {line}' if line else ''}: {problem}", hint=hint)


def parse_json(data: bytes, where: str) -> Any:
    """Read JSON as RFC 8259 has it: no NaN, no lone surrogates, bounded size and depth."""
    if len(data) > MAX_JSON_BYTES:
        raise _broken(where, None, "larger than 16 MiB", "is it the right file?")
    text = _decoded(data, where)
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise _broken(where, error.lineno, f"not valid JSON: {error.msg}", "mend it") from error
    except (ValueError, RecursionError) as error:
        raise _broken(where, None, f"not usable JSON: {error}", "mend it") from error
    if _depth(value) > _MAX_JSON_DEPTH:
        raise _broken(where, None, f"nested deeper than {_MAX_JSON_DEPTH} levels", "flatten it")
    if "\\u" in text:
        _refuse_surrogates(value, where)
    return value


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _refuse_surrogates(value: Any, where: str) -> None:
    try:
        canonical_json(value)
    except UnicodeEncodeError as error:
        raise _broken(where, None, "holds half of a surrogate pair", "mend the escape") from error


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level and deepest <= _MAX_JSON_DEPTH:
        deepest += 1
        level = [child for item in level for child in _children(item)]
    return deepest


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def canonical_json(value: Any) -> bytes:
    """Return JSON with sorted keys, no blanks, in UTF-8: the identity of a JSON artifact."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse_toml(data: bytes, where: str) -> dict[str, Any]:
    """Read TOML, refusing the keys that make its parser slow."""
    if len(data) > MAX_TOML_BYTES:
        raise _broken(where, None, "larger than 16 MiB", "is it the right file?")
    text = _decoded(data, where)
    for number, line in enumerate(text.split("\n"), 1):
        if any(part.count(".") > _MAX_DOTS for part in line.split("=")):
            raise _broken(where, number, "a key with too many dots", "shorten it")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        found = _TOML_LINE.search(str(error))
        line_number = int(found[1]) if found else None
        raise _broken(where, line_number, f"not valid TOML: {error}", "mend it") from error


def parse_yaml(text: str, where: str, *, first_line: int = 1) -> Any:
    """Read YAML into mappings, lists, strings and None; every scalar stays the text it is.

    No aliases, no tags, no double keys; depth and size are bounded. `first_line` is the line of
    the file that `text` begins at.
    """
    if len(text) > MAX_YAML_BYTES or len(text.encode("utf-8", "replace")) > MAX_YAML_BYTES:
        raise _broken(where, first_line, "YAML larger than 64 KiB", "shorten it")
    import yaml

    try:
        return _YamlBuilder(yaml.parse(text, Loader=yaml.SafeLoader), where, first_line).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + mark.line if mark else first_line
        problem = error.problem or error.context or "malformed"
        raise _broken(where, line, f"not valid YAML: {problem}", "quote the value") from error
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _broken(where, first_line, f"not valid YAML: {told}", "mend it") from error


class _YamlBuilder:
    """Builds values from parser events, so that nothing is constructed that was not looked at."""

    def __init__(self, events: Iterator[yaml.Event], where: str, first_line: int) -> None:
        self.events, self.where, self.first_line = events, where, first_line

    def document(self) -> Any:
        """Return the one document's value; None for an empty one."""
        import yaml

        value, documents = None, 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refused(event, "more than one document")
                value = self._value(next(self.events), 1)
        return value

    def _refused(self, event: yaml.Event, problem: str) -> InputError:
        line = self.first_line + (event.start_mark.line if event.start_mark else 0)
        return _broken(self.where, line, f"YAML with {problem}", "write plain keys and values")

    def _value(self, event: yaml.Event, depth: int) -> Any:
        import yaml

        if isinstance(event, yaml.AliasEvent):
            raise self._refused(event, "an alias")
        if getattr(event, "tag", None) is not None:
            raise self._refused(event, "a tag")
        if depth > MAX_DEPTH:
            raise self._refused(event, f"more than {MAX_DEPTH} levels")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        return self._sequence(depth)

    def _scalar(self, event: yaml.ScalarEvent) -> str | None:
        plain = event.implicit[0]
        if plain and event.value == "=":
            raise self._refused(event, "a bare =")
        return None if plain and event.value in _NULLS else event.value

    def _mapping(self, depth: int) -> dict[str, Any]:
        import yaml

        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refused(event, "a key that is no text")
            if event.value in found:
                raise self._refused(event, f"the key {event.value!a} twice")
            found[event.value] = self._value(next(self.events), depth + 1)
        return found

    def _sequence(self, depth: int) -> list[Any]:
        import yaml

        found = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self._value(event, depth + 1))
        return found


@dataclass(frozen=True, slots=True)
class FrontmatterProblem:
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
    lines = _NEWLINE.split(text.removeprefix("\ufeff"))
    if lines[0].rstrip() != "---":
        return Frontmatter(problem=FrontmatterProblem("absent", "no frontmatter", 1))
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            return _read_head(lines[1:number])
    head = lines[1 : lines.index("", 1)] if "" in lines[1:] else lines[1:]
    problem = FrontmatterProblem("unterminated", "the frontmatter has no closing ---", 1)
    return Frontmatter(_line_by_line(head), problem)


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
        if match is None or match[1] in found or match[2] in _NULLS or not line.isprintable():
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
            found[key] = [] if _BLOCK.fullmatch(first) else [_unquoted(first)]
        elif key is not None and line[:1] in (" ", "\t"):
            found[key].append(line.strip())
    return {name: " ".join(filter(None, parts)) for name, parts in found.items()}


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text
