"""`holdall.toml` in a project's root: what the project wants. People and `holdall add` write it.

    require = [
        { source = "github:owner/repo", revision = "v2", select = ["composite:writing"] },
        { id = "composite:starter" },
    ]

    [project]
    format = 1
    targets = ["claude", "codex"]

Each entry may be a `[[require]]` table as well, once there is one. A line for each is what git
merges without a conflict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from holdall.artifacts.ids import ArtifactType
from holdall.deploy.locked.fields import Fields
from holdall.deploy.locked.values import ProjectFile, Requirement
from holdall.errors import InputError
from holdall.formats.documents import parse_toml
from holdall.formats.toml_entries import Entry, entries_in, with_entry, with_values, without_entry

MAX_PROJECT_FILE = 1 << 20
FORMAT = 1

_NAME = "require"
_KEYS = {"source", "revision", "select", "id", "pin", "targets"}
_TYPES = ArtifactType.composite_types()
_HASH = re.compile(r"[0-9a-f]{6,64}")
_HINT = "fix that line; docs/projects.md has the format"
_NEW = f"[project]\nformat = {FORMAT}\n"


def parse_project_file(text: str, where: str) -> ProjectFile:
    """Read the file; raises InputError that names the line and the key."""
    document = parse_toml(text, where, hint=_HINT)
    top = Fields(document, where, None, _HINT)
    top.refuse_unknown({"project", _NAME})
    project = document.get("project", {})
    if not isinstance(project, dict):
        top.refuse("project is not a table")
    head = Fields(project, f"{where}, [project]", None, _HINT)
    if project.get("format", FORMAT) != FORMAT:
        raise InputError(f"{where}: its format is unknown", hint="use a newer Holdall")
    head.refuse_unknown({"format", "targets"})
    requirements = tuple(_requirements(document.get(_NAME, []), text, where))
    return ProjectFile(requirements, head.texts("targets") or ())


def _requirements(tables: Any, text: str, where: str) -> Iterator[Requirement]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InputError(f"{where}: {_NAME} is not an array of tables", hint=_HINT)
    lines = _lines(tables, text, where)
    seen: dict[str, int | None] = {}
    for table, line in zip(tables, lines, strict=True):
        fields = Fields(table, where, line, _HINT)
        fields.refuse_unknown(_KEYS)
        one = Requirement(
            fields.text("source"),
            fields.text("revision"),
            fields.ids("select"),
            fields.id("id"),
            fields.text("pin", _HASH),
            fields.texts("targets") or (),
        )
        if (one.source is None) == (one.id is None):
            fields.refuse("an entry of require has either a source or an id")
        if one.id is not None and (one.revision is not None or one.select is not None):
            fields.refuse("revision and select are for a source, not for an id")
        if one.pin is not None and (one.id is None or one.id.type in _TYPES):
            fields.refuse("pin is for the id of an artifact with files")
        if one.select == ():
            fields.refuse("select is empty; leave it out for all that the source has")
        if one.name in seen:
            fields.refuse(f"{one.name!a} is required twice, also in line {seen[one.name]}")
        seen[one.name] = line
        yield one


def _lines(tables: list[Any], text: str, where: str) -> list[int | None]:
    found: list[Entry] = entries_in(text, _NAME, where)
    return [entry.line for entry in found] if len(found) == len(tables) else [None] * len(tables)


def with_requirement(text: str | None, new: Requirement, where: str) -> str:
    """Return the file's text with a requirement: instead of that with its name, or one more.

    `text` None is a file that is not there yet.
    """
    if text is None:
        return with_entry(_NEW, _NAME, new.to_table(), where)
    present = parse_project_file(text, where).requirements
    for index, one in enumerate(present):
        if one.name == new.name:
            return text if one == new else with_values(text, _NAME, index, new.to_table(), where)
    return with_entry(text, _NAME, new.to_table(), where)


def without_requirement(text: str, name: str, where: str) -> str:
    """Return the file's text without a requirement."""
    present = [one.name for one in parse_project_file(text, where).requirements]
    return without_entry(text, _NAME, present.index(name), where)
