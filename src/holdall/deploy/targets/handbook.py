"""What is made from `targets.toml`: the rows that Holdall imports, and the page for users."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from holdall.deploy.targets.parse import parse_rows
from holdall.deploy.targets.table import Layout, Row
from holdall.formats.documents import parse_toml, read_bounded

TABLE = Path(__file__).with_name("targets.toml")
_MAX_BYTES = 1 << 20
_HEAD = '''\
"""What `targets.toml` says, as Python has it at hand; `make docs` writes this file."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from typing import Any

'''
_COLUMNS = (
    ("skills", "skill"),
    ("commands", "command"),
    ("agents", "agent"),
    ("hooks", "hook"),
    ("MCP servers", "mcp"),
    ("rules", "rule"),
    ("output styles", "output-style"),
    ("plugins' own files", "plugin-files"),
)


def read_table() -> dict[str, Row]:
    """Return the rows of `targets.toml`."""
    return parse_rows(parse_toml(read_bounded(TABLE, _MAX_BYTES), TABLE.name), TABLE.name)


def render_rows(rows: Mapping[str, Row]) -> str:
    """Return the module `rows.py`."""
    lines = [_HEAD, "ROWS: dict[str, tuple[Any, Any, Any]] = {\n"]
    files = {".claude/settings.local.json"}
    for row in rows.values():
        user = row.user or row.project
        lines.append(f"    {_tuple(row.name)}: (\n")
        lines += [f"        {_tuple(part)},\n" for part in (row[1:5], row.project, user)]
        lines.append("    ),\n")
        files |= {m[1].lower() for layout in (row.project, user) for m in layout.merges}
    lines.append("}\n\nSETTINGS_FILES = (\n")
    lines += [f"    {_tuple(file)},\n" for file in sorted(files)]
    lines.append(")\n")
    return "".join(lines)


def _tuple(value: Any) -> str:
    """Return a tuple of texts as Python writes it, named tuples as plain ones."""
    if isinstance(value, str):
        return json.dumps(value)
    if not isinstance(value, tuple):
        return repr(value)
    inner = ", ".join(map(_tuple, value))
    return f"({inner},)" if len(value) == 1 else f"({inner})"


def render_page(page: str, rows: Mapping[str, Row]) -> str:
    """Return the page for users with the tables between its marks made from the rows."""
    tables = {
        "project": _table(rows, is_user=False),
        "user": _table(rows, is_user=True),
        "sources": _sources(rows),
    }
    for name, lines in tables.items():
        text = "".join(f"{line}\n" for line in lines)
        pattern = rf"(<!-- {name}: [^>]*-->\n).*?(<!-- end -->)"
        page = re.sub(pattern, rf"\g<1>{_escape(text)}\g<2>", page, flags=re.S)
    return page


def _escape(text: str) -> str:
    return text.replace("\\", r"\\")


def _table(rows: Mapping[str, Row], *, is_user: bool) -> Iterator[str]:
    yield f"| target | {' | '.join(title for title, _ in _COLUMNS)} |"
    yield "|---" * (len(_COLUMNS) + 1) + "|"
    for row in rows.values():
        layout = row.user if is_user else row.project
        if layout is not None:
            cells = [_cell(layout, type_name) for _, type_name in _COLUMNS]
            yield f"| {row.name} | {' | '.join(cells)} |"


def _cell(layout: Layout, type_name: str) -> str:
    for place in layout.places:
        if place[0] == type_name:
            return f"`{place[1]}/`" + (f" (`*{place[2]}`)" if place[2] not in ("", ".md") else "")
    for merge in layout.merges:
        if merge[0] == type_name:
            return f"`{merge[1]}`: `{'.'.join(merge[2])}`" if merge[2] else f"`{merge[1]}`"
    for name, path in layout.blocks:
        if name == type_name:
            return f"a part of `{path}`"
    return "-"


def _sources(rows: Mapping[str, Row]) -> Iterator[str]:
    yield "| target | agent | found in a project by | reads, too | source |"
    yield "|---|---|---|---|---|"
    for row in rows.values():
        marks = ", ".join(f"`{mark}`" for mark in row.marks) or "-"
        others = dict.fromkeys(path for _, paths in row.project.reads for path in paths)
        reads = ", ".join(f"`{path}`" for path in others) or "-"
        yield f"| {row.name} | {row.title} | {marks} | {reads} | {row.source} |"
