"""A Markdown file with keys in its head: taken apart, and written again so that YAML reads it.

---
description: "Reviews: all of it"
mode: subagent
---
The text, which stays as it is.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from holdall import NamedTuple
from holdall.formats.documents import read_yaml_types
from holdall.formats.frontmatter import read_frontmatter

_HEAD = re.compile(
    r"\ufeff?---[^\S\r\n]*(?:\r\n|\n|\r)(?P<head>.*?(?:\r\n|\n|\r))?---[^\S\r\n]*(?:\r\n|\n|\r|\Z)",
    re.S,
)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
# What YAML 1.1 or 1.2 would not read as a text.
_OTHER = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null")
_RAW = re.compile(r"[\x7f-\xa0\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff]")


_NUMBER = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?", re.A)
_MOST_DIGITS = 300


class Parts(NamedTuple):
    """The keys of a file's head, all scalars as texts, and its text.

    `head` is what stands between the lines `---`, None where it is not YAML.
    """

    keys: Mapping[str, Any]
    body: str
    head: str | None


def split_markdown(data: bytes) -> Parts:
    """Return the parts of a Markdown file; without a head it is all text."""
    text = data.decode("utf-8", "replace")
    front = read_frontmatter(text)
    match = _HEAD.match(text)
    keys = {key: value for key, value in front.values.items() if isinstance(key, str)}
    if match is None:
        return Parts(keys, text, None)
    is_clean = front.problem is None and len(keys) == len(front.values)
    return Parts(keys, text[match.end() :], match["head"] or "" if is_clean else None)


def read_head(parts: Parts) -> Mapping[str, Any] | None:
    """Return a head's keys with numbers and truth values, as YAML 1.1 has them.

    None where it is no YAML, or where another version of YAML may not read a text as one.
    """
    if parts.head is None or any(map(_is_unsure, parts.keys.values())):
        return None
    found = read_yaml_types(parts.head)
    return found if isinstance(found, dict) else None


def _is_unsure(value: Any) -> bool:
    """Return whether YAML 1.2 has a number where YAML 1.1 has a text, as in `1e3` and `0o17`."""
    return isinstance(value, str) and bool(re.fullmatch(r"[-+]?[\d.]+[eE]\d+|0o[0-7]+", value))


def join_markdown(keys: Mapping[str, Any], body: str) -> bytes:
    """Return a file with these keys in its head: texts, numbers, and lists and objects of them."""
    lines = [f"{_scalar(key)}: {_value(value)}\n" for key, value in keys.items()]
    return ("---\n" + "".join(lines) + "---\n" + body).encode("utf-8", "replace")


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _scalar(value)
    return _RAW.sub(_escape, json.dumps(value, ensure_ascii=False))


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _OTHER.fullmatch(text) and len(text) < 200:
        return text
    return _RAW.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def text_of(value: Any) -> str:
    """Return a value of a head as a text without spaces around it; '' for what is none."""
    return value.strip() if isinstance(value, str) else ""


def truth_of(value: Any) -> bool | None:
    """Return a truth value, which a head has as a text; None for anything else."""
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def number_of(value: Any) -> int | float | None:
    """Return a number, which a head has as a text; None for what is none or too large."""
    if not isinstance(value, str) or len(value) > _MOST_DIGITS or not _NUMBER.fullmatch(value):
        return None
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(value) if value.lstrip("+-").isdecimal() else number


def count_of(value: Any) -> int | None:
    """Return a whole number above 0, which a head has as a text; None for anything else."""
    number = number_of(value)
    return number if isinstance(number, int) and 0 < number < 1 << 31 else None
