"""Rules: instructions with a scope, which each agent writes in another way into the same head.

    ---
    description: How we test          Cursor:   alwaysApply: true | globs: a, b | description only
    trigger: glob                     Claude:   paths: [a, b]; Cline, too
    globs: ["tests/**/*.py"]          Copilot:  applyTo: a,b; ** is always
    ---                               Windsurf: trigger: always_on|glob|model_decision|manual
    Write the test first.             Kiro:     inclusion: always|fileMatch|auto|manual

From the agents' documentation of 2026. A collection keeps the file as it was found where its own
keys say the scope; one that relies on what its agent does without them gets the line `trigger`,
which alone has a word for each scope. Without any such key a rule of a collection is for always.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from holdall import NamedTuple
from holdall.formats.frontmatter import BODY, head_line, read_frontmatter, with_keys


class Apply(StrEnum):
    """When a rule is in force; the values are Windsurf's words."""

    ALWAYS = "always_on"
    GLOBS = "glob"
    DESCRIPTION = "model_decision"
    REQUEST = "manual"


class Scope(NamedTuple):
    """When a rule is in force, and for which files, as patterns."""

    apply: Apply
    globs: tuple[str, ...] = ()


class Dialect(StrEnum):
    """Whose way of writing a scope; COLLECTED is that of a collection, which reads all of them."""

    COLLECTED = "collected"
    CURSOR = "cursor"
    CLAUDE = "claude"
    COPILOT = "copilot"
    WINDSURF = "windsurf"
    KIRO = "kiro"
    AUGMENT = "augment"
    CONTINUE = "continue"


_AUGMENT = {
    "always_apply": Apply.ALWAYS,
    "agent_requested": Apply.DESCRIPTION,
    "manual": Apply.REQUEST,
}
_SCOPE_KEYS = frozenset(
    {"alwaysApply", "applyTo", "fileMatchPattern", "globs", "inclusion", "paths", "trigger"}
)
_PATTERNS = ("paths", "globs", "applyTo", "fileMatchPattern")
_INCLUSIONS = {
    "always": Apply.ALWAYS,
    "fileMatch": Apply.GLOBS,
    "auto": Apply.DESCRIPTION,
    "manual": Apply.REQUEST,
}
_ANYTHING = frozenset({("**",), ("**/*",)})
_AROUND = " \t\r\n\"'"


def read_scope(text: str, dialect: Dialect = Dialect.COLLECTED) -> Scope:
    """Return when a rule is in force, as an agent reads its head; never raises."""
    front = read_frontmatter(text)
    return _READERS[dialect](front.values, front.text("description") is not None)


def rule_to_collect(text: str, dialect: Dialect) -> str:
    """Return a rule as a collection keeps it: unchanged, unless its scope would be another there.

    Then the lines that said it are replaced by Windsurf's.
    """
    scope = read_scope(text, dialect)
    if read_scope(text) == scope:
        return text
    found = with_keys(text, _write_windsurf(scope), _SCOPE_KEYS)
    return found if read_scope(found) == scope else text


def rule_for(text: str, dialect: Dialect) -> str:
    """Return a rule of a collection as an agent reads it; raises ValueError for what it cannot say.

    Unchanged where the agent reads the same scope in it anyway. Only Cursor reads a head that is
    not valid YAML; for others its scope and description are written so that it is.
    """
    scope, front = read_scope(text), read_frontmatter(text)
    is_readable = dialect is Dialect.CURSOR or front.problem is None
    if read_scope(text, dialect) == scope and is_readable:
        return text
    is_hidden = scope.apply is Apply.REQUEST and dialect in (Dialect.CURSOR, Dialect.COPILOT)
    # With a description these agents choose a rule by themselves.
    dropped = _SCOPE_KEYS | {"description"} if is_hidden else _SCOPE_KEYS
    dropped |= {"type"} if dialect is Dialect.AUGMENT else set()
    found = with_keys(text, _WRITERS[dialect](scope), dropped)
    if not is_readable and read_frontmatter(found).problem is not None:
        description = None if "description" in dropped else front.text("description")
        lines = [head_line("description", description)] if description else []
        found = with_keys(found, lines, {"description"})
    if read_scope(found, dialect) != scope:
        raise ValueError("its scope cannot be said there")
    return found


def rule_as_block(text: str) -> str:
    """Return a rule's text for a file that an agent always reads whole, such as AGENTS.md.

    Raises ValueError for a rule that is only for when it is asked for.
    """
    scope, front = read_scope(text), read_frontmatter(text)
    match = BODY.match(text)
    body = (text[match.end() :] if match else text.removeprefix("\ufeff")).strip("\r\n")
    match scope.apply:
        case Apply.ALWAYS:
            return body
        case Apply.GLOBS:
            files = ", ".join(f"`{pattern}`" for pattern in scope.globs)
            return f"For files that match {files}:\n\n{body}"
        case Apply.DESCRIPTION:
            return f"Where this is about it: {front.text('description')}\n\n{body}"
        case Apply.REQUEST:
            raise ValueError("it is only for when a user asks for it")


def _patterns(value: Any) -> tuple[str, ...]:
    """Return patterns that are a list, or one text with commas between them."""
    if isinstance(value, str):
        text = value.strip()
        # A list in a head that is not valid YAML is a text.
        value = [text[1:-1] if text[:2] in ('["', "['") and text.endswith("]") else text]
    items = value if isinstance(value, list) else []
    found = (part for item in items if isinstance(item, str) for part in _split(item))
    return tuple(dict.fromkeys(part for part in found if part))


def _split(text: str) -> Iterator[str]:
    """Yield what is between the commas of a text, but not between those in braces."""
    depth, start = 0, 0
    for place, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if sign == "," and depth <= 0:
            yield text[start:place].strip(_AROUND)
            start = place + 1
    yield text[start:].strip(_AROUND)


def _for_files(globs: tuple[str, ...]) -> Scope:
    return Scope(Apply.ALWAYS) if globs in _ANYTHING else Scope(Apply.GLOBS, globs)


def _is_true(value: Any) -> bool:
    # What is read line by line, and what is plain, are texts.
    return value is True or value == "true"


def _read_cursor(values: Mapping[str, Any], is_described: bool) -> Scope:
    if _is_true(values.get("alwaysApply")):
        return Scope(Apply.ALWAYS)
    if globs := _patterns(values.get("globs")):
        return _for_files(globs)
    return Scope(Apply.DESCRIPTION if is_described else Apply.REQUEST)


def _read_claude(values: Mapping[str, Any], _: bool) -> Scope:
    globs = _patterns(values.get("paths"))
    return _for_files(globs) if globs else Scope(Apply.ALWAYS)


def _read_copilot(values: Mapping[str, Any], is_described: bool) -> Scope:
    globs = _patterns(values.get("applyTo"))
    if globs:
        return _for_files(globs)
    return Scope(Apply.DESCRIPTION if is_described else Apply.REQUEST)


def _read_windsurf(values: Mapping[str, Any], is_described: bool) -> Scope:
    trigger, globs = values.get("trigger"), _patterns(values.get("globs"))
    if trigger == Apply.ALWAYS:
        return Scope(Apply.ALWAYS)
    if trigger == Apply.GLOBS and globs:
        return _for_files(globs)
    is_chosen = trigger == Apply.DESCRIPTION and is_described
    return Scope(Apply.DESCRIPTION if is_chosen else Apply.REQUEST)


def _read_kiro(values: Mapping[str, Any], is_described: bool) -> Scope:
    apply = _INCLUSIONS.get(str(values.get("inclusion", "always")), Apply.ALWAYS)
    globs = _patterns(values.get("fileMatchPattern"))
    if apply is Apply.GLOBS:
        return _for_files(globs) if globs else Scope(Apply.REQUEST)
    if apply is Apply.DESCRIPTION and not is_described:
        return Scope(Apply.REQUEST)
    return Scope(apply)


def _read_augment(values: Mapping[str, Any], is_described: bool) -> Scope:
    apply = _AUGMENT.get(str(values.get("type")))
    if apply is None or (apply is Apply.DESCRIPTION and not is_described):
        return Scope(Apply.GLOBS)  # nothing that anybody means: it is to be written
    return Scope(apply)


def _read_collected(values: Mapping[str, Any], is_described: bool) -> Scope:
    if "trigger" in values:
        return _read_windsurf(values, is_described)
    if "inclusion" in values:
        return _read_kiro(values, is_described)
    if "alwaysApply" in values and not _patterns(values.get("paths") or values.get("applyTo")):
        return _read_cursor(values, is_described)
    for key in _PATTERNS:
        if globs := _patterns(values.get(key)):
            return _for_files(globs)
    return Scope(Apply.ALWAYS)


_READERS = {
    Dialect.COLLECTED: _read_collected,
    Dialect.CURSOR: _read_cursor,
    Dialect.CLAUDE: _read_claude,
    Dialect.COPILOT: _read_copilot,
    Dialect.WINDSURF: _read_windsurf,
    Dialect.KIRO: _read_kiro,
    Dialect.AUGMENT: _read_augment,
    Dialect.CONTINUE: _read_cursor,
}


def _write_cursor(scope: Scope) -> list[str]:
    if scope.apply is Apply.GLOBS:
        return [f"globs: {json.dumps(list(scope.globs), ensure_ascii=False)}", "alwaysApply: false"]
    return [f"alwaysApply: {'true' if scope.apply is Apply.ALWAYS else 'false'}"]


def _write_claude(scope: Scope) -> list[str]:
    if scope.apply is Apply.ALWAYS:
        return []
    if scope.apply is Apply.GLOBS:
        return [f"paths: {json.dumps(list(scope.globs), ensure_ascii=False)}"]
    raise ValueError(_REASONS[scope.apply])


def _write_copilot(scope: Scope) -> list[str]:
    if scope.apply is Apply.ALWAYS:
        return ['applyTo: "**"']
    if scope.apply is Apply.GLOBS:
        return [f"applyTo: {json.dumps(','.join(scope.globs), ensure_ascii=False)}"]
    return []


def _write_windsurf(scope: Scope) -> list[str]:
    globs = json.dumps(",".join(scope.globs), ensure_ascii=False)
    return [f"trigger: {scope.apply.value}", *([f"globs: {globs}"] if scope.globs else [])]


def _write_kiro(scope: Scope) -> list[str]:
    word = next(word for word, apply in _INCLUSIONS.items() if apply is scope.apply)
    patterns = json.dumps(list(scope.globs), ensure_ascii=False)
    return [f"inclusion: {word}", *([f"fileMatchPattern: {patterns}"] if scope.globs else [])]


def _write_augment(scope: Scope) -> list[str]:
    if scope.apply is Apply.GLOBS:
        raise ValueError(_REASONS[scope.apply])
    return [f"type: {next(word for word, apply in _AUGMENT.items() if apply is scope.apply)}"]


def _write_continue(scope: Scope) -> list[str]:
    if scope.apply is Apply.REQUEST:
        raise ValueError(_REASONS[scope.apply])
    return _write_cursor(scope)


_REASONS = {
    Apply.GLOBS: "it is for some files only, which cannot be said there",
    Apply.DESCRIPTION: "the agent chooses it by its description, which cannot be said there",
    Apply.REQUEST: "it is only for when a user asks for it, which cannot be said there",
}
_WRITERS = {
    Dialect.CURSOR: _write_cursor,
    Dialect.CLAUDE: _write_claude,
    Dialect.COPILOT: _write_copilot,
    Dialect.WINDSURF: _write_windsurf,
    Dialect.KIRO: _write_kiro,
    Dialect.AUGMENT: _write_augment,
    Dialect.CONTINUE: _write_continue,
}
