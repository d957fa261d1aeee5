"""Read untrusted YAML, TOML and JSON: bounded, and never with any other error.

The one place that calls their parsers on untrusted text. Size, number of values and depth
are bounded before or after the parsers, which bounds their time and memory; their own failure
modes (deep nesting, alias bombs, dotted keys, stray exceptions) are caught at this edge. Everything
raises InputError that names file and line.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall.errors import InputError, StorageError

if TYPE_CHECKING:
    import yaml


MAX_YAML_BYTES = 64 << 10
MAX_JSON_BYTES = 16 << 20
MAX_TOML_BYTES = 3 << 20
MAX_PLAIN_TOML_BYTES = 8 << 20
"""What may be TOML that `holdall.formats.toml_reader` reads, which takes no longer."""
MAX_DEPTH = 32
YAML_NULLS = frozenset({"", "~", "null", "Null", "NULL"})

_MAX_NESTED = 64
_BYTES_PER_VALUE = 16
_CONTAINERS = frozenset({dict, list})
_FAILURES = (ValueError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError)


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


def _broken(where: str, line: int | None, problem: str, hint: str) -> InputError:
    return InputError(f"{where}{f', line {line}' if line else ''}: {problem}", hint=hint)


def _bounded_text(data: bytes | str, where: str, limit: int, marks: str) -> str:
    """Return the text of a document that is no larger than `limit` and has not too many marks."""
    if len(data) > limit:
        raise _broken(where, None, f"larger than {limit >> 20} MiB", "is it the right file?")
    text = data if isinstance(data, str) else _decode(data, where)
    refuse_crowded(text, where, limit // _BYTES_PER_VALUE, marks)
    return text


def refuse_crowded(text: str, where: str, limit: int, marks: str) -> None:
    """Raise InputError if a document has more marks between values than `limit`.

    What a parser needs for a byte differs a hundredfold; what it needs for a value does not.
    """
    if len(text) > limit and sum(map(text.count, marks)) > limit:
        raise _broken(where, None, f"holds more than {limit:,} values", "is it the right file?")


def _decode(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _broken(where, line, "not valid UTF-8", "save it as UTF-8") from error


def _refuse_depth(value: Any, where: str) -> None:
    level = [value]
    for _ in range(_MAX_NESTED):
        level = [
            child
            for item in level
            for child in (item.values() if type(item) is dict else item)
            if type(child) in _CONTAINERS
        ]
        if not level:
            return
    raise _broken(where, None, f"nested deeper than {_MAX_NESTED} levels", "flatten it")


# -- JSON


class _DoubledKey(Exception):
    """An object has a key twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DoubledKey
    return found


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_object)
_NUL = ("holds a NUL character", "take the escape out")
_TOML_NUL = r"\\(?:u0000|U00000000|x00)"
_JSON_MARK = r'(?s)"(?:[^"\\]|\\.)*+"|[{}\[\],]'


def parse_json(data: bytes | str, where: str, *, limit: int = MAX_JSON_BYTES) -> Any:
    """Read JSON as RFC 8259 has it: no NaN, no lone surrogates, no key twice; and no NUL."""
    text = _bounded_text(data, where, limit, ",[{")
    try:
        value = _JSON.decode(text)
    except json.JSONDecodeError as error:
        raise _broken(where, error.lineno, f"not valid JSON: {error.msg}", "fix it") from error
    except _DoubledKey:
        key, line = _second_key(text)
        raise _broken(where, line, f"the key {key!a:.80} twice", "delete one of them") from None
    except _FAILURES as error:
        raise _broken(where, None, f"not usable JSON: {_first_line(error)}", "fix it") from error
    if type(value) in _CONTAINERS:
        _refuse_depth(value, where)
    if "\\u" in text:
        _refuse_no_text(value, where)
    return value


def _first_line(error: BaseException) -> str:
    """Return an error's first line, cut to what a sentence takes."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _second_key(text: str) -> tuple[str, int]:
    """Return the key that an object has twice, and the line where it is for the second time."""
    objects: list[set[str] | None] = []
    before = ""
    for token in re.finditer(_JSON_MARK, text):
        mark = token[0]
        if mark in ("{", "["):
            objects.append(set() if mark == "{" else None)
        elif mark in ("}", "]"):
            objects.pop()
        elif before in ("{", ",") and objects and (keys := objects[-1]) is not None:
            key = str(_JSON.decode(mark))
            if key in keys:
                return key, text.count("\n", 0, token.start()) + 1
            keys.add(key)
        before = mark
    raise AssertionError("the parser found one")


def _refuse_no_text(value: Any, where: str) -> None:
    try:
        canonical_json(value)
    except UnicodeEncodeError as error:
        raise _broken(where, None, "holds half of a surrogate pair", "fix the escape") from error
    if _has_nul(value):
        raise _broken(where, None, *_NUL)


def _has_nul(value: Any) -> bool:
    """Return whether a text or key has the character NUL, which no text on a server can have."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with every text in it changed, keys excepted."""
    match value:
        case str():
            return change(value)
        case list():
            return [with_texts(item, change) for item in value]
        case dict():
            return {key: with_texts(item, change) for key, item in value.items()}
        case _:
            return value


def canonical_json(value: Any) -> bytes:
    """Return JSON with sorted keys, no blanks, in UTF-8: the identity of a JSON artifact."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# -- TOML

_MAX_DOTS = 32
_TOML_LINE = r"\(at line (\d+), column \d+\)"
_TOML_TEXT = (
    r'(?s)"""(?:[^"\\]|\\.|"(?!""))*+"""'
    r"|'''.*?'''|\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+'|#[^\n]*+"
)
_KEY_PART = r"[A-Za-z0-9_-]++"
_DOTTED = rf"(?<![\w-]){_KEY_PART}(?:[ \t]*+\.[ \t]*+{_KEY_PART}){{{_MAX_DOTS}}}"
_HUGE_NUMBER = r"0[xob][0-9A-Fa-f_]{300}"


def parse_toml(
    data: bytes | str, where: str, *, limit: int = MAX_TOML_BYTES, hint: str = "fix it"
) -> dict[str, Any]:
    """Read TOML, refusing the keys and numbers that make its parser or its readers fail.

    What is as plain as Holdall writes it may be as large as MAX_PLAIN_TOML_BYTES, whatever `limit`
    is. `hint` says what to do about what is not valid.
    """
    from holdall.formats.toml_reader import read_plain

    text = _bounded_text(data, where, max(limit, MAX_PLAIN_TOML_BYTES), "\n")
    if (plain := read_plain(text)) is not None:
        _refuse_nul_in_toml(plain, text, where)
        return plain
    import tomllib

    _bounded_text(text, where, limit, "\n,[{=.\\")
    _refuse_slow(text, where)
    try:
        value = tomllib.loads(text)
    except _FAILURES as error:
        found = re.search(_TOML_LINE, str(error))
        at_end = text.count("\n") + 1 if "(at end of document)" in str(error) else None
        line = int(found[1]) if found else at_end
        raise _broken(where, line, f"not valid TOML: {_first_line(error)}", hint) from error
    _refuse_depth(value, where)
    _refuse_nul_in_toml(value, text, where)
    return value


def _refuse_nul_in_toml(value: Any, text: str, where: str) -> None:
    if (found := re.search(_TOML_NUL, text)) is not None and _has_nul(value):
        raise _broken(where, text.count("\n", 0, found.start()) + 1, *_NUL)


def _refuse_slow(text: str, where: str) -> None:
    """Refuse what tomllib needs a square of its length for, and what Python can't print."""
    has_dots = any(line.count(".") >= _MAX_DOTS for line in text.split("\n"))
    if not has_dots and not re.search(_HUGE_NUMBER, text):
        return
    bare = re.sub(_TOML_TEXT, lambda found: "s" + "\n" * found[0].count("\n"), text)
    for pattern, problem in ((_DOTTED, "a key with too many dots"), (_HUGE_NUMBER, "a number")):
        if found := re.search(pattern, bare):
            line = bare.count("\n", 0, found.start()) + 1
            raise _broken(where, line, f"{problem} that is too long", "shorten it")


# -- YAML

# Where libyaml and PyYAML's own scanner are known to disagree: PyYAML's decides.
_DISPUTED = "[\t\x85\u2028\u2029\ufeff]|[|>][-+0-9]*#"


def _is_disputed(text: str) -> bool:
    return bool(re.search(_DISPUTED, text)) or ("?" in text and ("[" in text or "{" in text))


def parse_yaml(text: str, where: str, *, first_line: int = 1, limit: int = MAX_YAML_BYTES) -> Any:
    """Read YAML into mappings, lists, strings and None; every scalar stays the text it is.

    No aliases, no anchors, no tags, no double keys; depth and size are bounded. `first_line` is the
    line of the file that `text` begins at.
    """
    if len(text) > limit or len(text.encode("utf-8", "replace")) > limit:
        raise _broken(where, first_line, f"YAML larger than {limit >> 10} KiB", "shorten it")
    import yaml

    # Events alone are safe with libyaml's parser, which is ten times as fast; what it makes of
    # something broken does not count, so that the answer is the same everywhere.
    fast = getattr(yaml, "CSafeLoader", None)
    if fast is not None and not _is_disputed(text):
        with contextlib.suppress(InputError, yaml.YAMLError, *_FAILURES):
            return _build(text, fast, where, first_line)
    try:
        return _build(text, yaml.SafeLoader, where, first_line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + mark.line if mark else first_line
        problem = error.problem or error.context or "malformed"
        raise _broken(where, line, f"not valid YAML: {problem}", "quote the value") from error
    except (yaml.YAMLError, *_FAILURES) as error:
        shown = _first_line(error)
        raise _broken(where, first_line, f"not valid YAML: {shown}", "fix it") from error


def read_yaml_types(text: str) -> Any:
    """Read YAML that `parse_yaml` took, with numbers, truth values and dates as YAML 1.1 has them.

    None where there is no such value, a date of a 31st of June for one.
    """
    import yaml

    try:
        # Both are safe loaders.
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, *_FAILURES):
        return None


def _build(text: str, loader: Any, where: str, first_line: int) -> Any:
    import yaml

    value = _YamlBuilder(yaml.parse(text, Loader=loader), where, first_line).document()
    if "\\" in text:
        _refuse_no_text(value, f"{where}, line {first_line}")
    return value


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
                    raise self._refusal(event, "more than one document")
                value = self._value(next(self.events), 1)
        return value

    def _refusal(self, event: yaml.Event, problem: str) -> InputError:
        line = self.first_line + (event.start_mark.line if event.start_mark else 0)
        return _broken(self.where, line, f"YAML with {problem}", "write plain keys and values")

    def _check(self, event: yaml.Event) -> None:
        import yaml

        if isinstance(event, yaml.AliasEvent):
            raise self._refusal(event, "an alias")
        if getattr(event, "tag", None) is not None:
            raise self._refusal(event, "a tag")
        if getattr(event, "anchor", None) is not None:
            raise self._refusal(event, "an anchor")

    def _value(self, event: yaml.Event, depth: int) -> Any:
        import yaml

        self._check(event)
        if depth > MAX_DEPTH:
            raise self._refusal(event, f"more than {MAX_DEPTH} levels")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._read_mapping(depth)
        return self._sequence(depth)

    def _scalar(self, event: yaml.ScalarEvent) -> str | None:
        plain = event.implicit[0]
        if plain and event.value == "=":
            raise self._refusal(event, "a bare =")
        return None if plain and event.value in YAML_NULLS else event.value

    def _read_mapping(self, depth: int) -> dict[str, Any]:
        import yaml

        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            self._check(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refusal(event, "a key that is not a string")
            if event.value in found:
                raise self._refusal(event, f"the key {event.value!a:.80} twice")
            found[event.value] = self._value(next(self.events), depth + 1)
        return found

    def _sequence(self, depth: int) -> list[Any]:
        import yaml

        found = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self._value(event, depth + 1))
        return found
