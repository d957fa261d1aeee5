"""A Markdown file with keys in its head: taken apart, and written again so that YAML reads it.

---
description: "Reviews: all of it"
mode: subagent
---
The text, which stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from holdall.formats.frontmatter import read_frontmatter

_HEAD = re.compile(
    r"\ufeff?---[^\S\r\n]*(?:\r\n|\n|\r)(?:.*?(?:\r\n|\n|\r))?---[^\S\r\n]*(?:\r\n|\n|\r|\Z)", re.S
)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
# What YAML 1.1 or 1.2 would not read as a text.
_OTHER = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null")
_RAW = re.compile(r"[\x7f-\xa0\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff]")


class Parts(NamedTuple):
    """The keys of a file's head, its text, and whether the head is YAML as it stands."""

    keys: Mapping[str, Any]
    body: str
    is_clean: bool


def split_markdown(data: bytes) -> Parts:
    """Return the parts of a Markdown file; without a head it is all text."""
    text = data.decode("utf-8", "replace")
    front = read_frontmatter(text)
    match = _HEAD.match(text)
    keys = {key: value for key, value in front.values.items() if isinstance(key, str)}
    is_clean = match is not None and front.problem is None and len(keys) == len(front.values)
    return Parts(keys, text[match.end() :] if match else text, is_clean)


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
