"""Fix the head of a skill, command or agent where that cannot change what it means.

    description: Use when: a release is made     ->  description: "Use when: a release is made"
    allowed-tools: [Read, Grep]                  ->  allowed-tools: Read Grep
    name: other                                  ->  name: release-notes

Each fix is checked: the head then reads as before but for the one key, the body is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from holdall.artifacts.ids import ArtifactType
from holdall.formats.frontmatter import (
    BODY,
    body_of,
    head_line,
    read_frontmatter,
    with_keys,
)
from holdall.sources.checks.diagnostics import Code

FIXABLE = frozenset(
    {
        Code.ALLOWED_TOOLS_FORM,
        Code.FRONTMATTER_INVALID,
        Code.FRONTMATTER_KEY_MISSING,
        Code.SKILL_NAME_DIFFERS,
    }
)
"""What `holdall lint --fix` fixes where it is certain; of missing keys the name only."""

_LINE = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:[ \t]+([^\s\"'|>\[{].*?)[ \t]*")
_TOOL = re.compile(r"(?:[^\s,()]|\([^()]*\))+")
_TOOLS = "allowed-tools"


def fix_head(type_name: str, name: str, text: str) -> str:
    """Return a Markdown file with its head fixed; the same text if there is nothing to fix.

    `name` is what a skill or an agent has to be called there.
    """
    text = _quote(text)
    if read_frontmatter(text).problem is not None:
        return text
    if type_name == ArtifactType.SKILL:
        text = _join_tools(_set_name(text, name))
    elif type_name == ArtifactType.AGENT and read_frontmatter(text).text("name") is None:
        text = _set_name(text, name)
    return text


def _quote(text: str) -> str:
    """Quote the values for which strict YAML refuses a head that was read line by line."""
    front, head = read_frontmatter(text), BODY.match(text)
    if front.problem is None or front.problem.kind != "invalid" or head is None:
        return text
    end = head[2]
    lines = head[3].removesuffix(end).split(end)
    for number, line in enumerate(lines):
        found = _LINE.fullmatch(line)
        goes_on = lines[number + 1][:1] in (" ", "\t") if number + 1 < len(lines) else False
        if found and not goes_on and _is_refused(line):
            lines[number] = head_line(found[1], found[2])
    new = text[: head.start(3)] + end.join(lines) + end + text[head.end(3) :]
    # What was a list or a map all the time is one: line by line it was read as a text.
    known = read_frontmatter(new).values
    others = {k: v for k, v in known.items() if not isinstance(v, str) and k in front.values}
    return _if_same(text, new, {**front.values, **others})


def _is_refused(line: str) -> bool:
    return read_frontmatter(f"---\n{line}\n---\n").problem is not None


def _set_name(text: str, name: str) -> str:
    values = read_frontmatter(text).values
    if not values or values.get("name") == name:
        return text
    return _replace(text, "name", name)


def _join_tools(text: str) -> str:
    value = read_frontmatter(text).values.get(_TOOLS)
    if isinstance(value, list):
        words = [word for word in value if isinstance(word, str) and _TOOL.fullmatch(word)]
        return _replace(text, _TOOLS, " ".join(words)) if words == value and words else text
    if isinstance(value, str) and "," in re.sub(r"\([^()]*\)", "", value):
        words = _TOOL.findall(value)
        if re.sub(r"[\s,]", "", value) == re.sub(r"[\s,]", "", "".join(words)):
            return _replace(text, _TOOLS, " ".join(words))
    return text


def _replace(text: str, key: str, value: str) -> str:
    """Return the text with another value of a key, at its place or as the first one."""
    wanted = {**read_frontmatter(text).values, key: value}
    for line in (f"{key}: {value}", head_line(key, value)):
        if key in read_frontmatter(text).values:
            new = "".join(_exchange(text, key, line))
        else:
            new = with_keys(text, [line])
        if _if_same(text, new, wanted) != text:
            return new
    return text


def _exchange(text: str, key: str, line: str) -> Iterator[str]:
    """Yield the parts of a text in which one key of the head has another line."""
    head = BODY.match(text)
    assert head is not None, "it has the key"
    yield text[: head.start(3)]
    is_in_it = False
    for old in head[3].splitlines(keepends=True):
        found = re.match(r"[\"']?([A-Za-z_][\w-]*)[\"']?[ \t]*:", old)
        if found:
            is_in_it = found[1] == key
            if is_in_it:
                yield f"{line}{head[2]}"
        if not is_in_it:
            yield old
    yield text[head.end(3) :]


def _if_same(text: str, new: str, wanted: Mapping[str, Any]) -> str:
    """Return `new` if its head has exactly these values, and its body is that of `text`."""
    front = read_frontmatter(new)
    is_same = front.problem is None and dict(front.values) == dict(wanted)
    return new if is_same and body_of(new) == body_of(text) else text
