"""A tree as a drawing: text for Mermaid and for Graphviz, or an SVG that is complete.

    flowchart LR                          digraph holdall {
      n0["composite:writing"]               rankdir=LR;
      n1["skill:plain-prose"]               "n0" [label="composite:writing"];
      n0 -->|"requires @2"| n1              "n0" -> "n1" [label="requires @2"];
                                          }

Each artifact is there once, however many contain it. Names are of others: what is not plain in a
label is written as the language's own escape. (Mermaid flowcharts, 11; the DOT language.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from holdall import NamedTuple
from holdall.formats import one_line
from holdall_composites.service.site.catalog import Entry, Link
from holdall_composites.service.site.graph import (
    GAP,
    TILE_HEIGHT,
    TILE_WIDTH,
    Box,
    Graph,
    draw_graph,
)

_PLAIN = re.compile(r"[^A-Za-z0-9 .,:/@()_-]")
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1f24}.box{fill:#f4f6f8;stroke:#8c959f}"
    ".tile{fill:#fff;stroke:#8c959f}.line{fill:none;stroke:#57606a}.title{font-weight:600}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.box{fill:#161b22}.tile{fill:#0d1117}}"
)
_LONGEST = 22


class Edge(NamedTuple):
    """A membership between two nodes, by their ids; `label` is what it is but `contains`."""

    parent: str
    child: str
    label: str


def render_mermaid(root: Mapping[str, Any]) -> list[str]:
    """Return the lines of a flowchart."""
    ids, edges = _graph(root)
    names = {artifact_id: f"n{number}" for number, artifact_id in enumerate(ids)}
    lines = ["flowchart LR"]
    lines += [f'  {name}["{_for_mermaid(artifact_id)}"]' for artifact_id, name in names.items()]
    for edge in edges:
        label = f'|"{_for_mermaid(edge.label)}"|' if edge.label else ""
        lines.append(f"  {names[edge.parent]} -->{label} {names[edge.child]}")
    return lines


def render_dot(root: Mapping[str, Any]) -> list[str]:
    """Return the lines of a digraph."""
    ids, edges = _graph(root)
    names = {artifact_id: f"n{number}" for number, artifact_id in enumerate(ids)}
    lines = ["digraph holdall {", "  rankdir=LR;", "  node [shape=box];"]
    lines += [f'  "{name}" [label={_for_dot(artifact_id)}];' for artifact_id, name in names.items()]
    for edge in edges:
        label = f" [label={_for_dot(edge.label)}]" if edge.label else ""
        lines.append(f'  "{names[edge.parent]}" -> "{names[edge.child]}"{label};')
    return [*lines, "}"]


def render_svg(root: Mapping[str, Any]) -> list[str]:
    """Return the lines of an SVG with its style in it: a box for each composite."""
    return list(_svg(draw_graph(_entries(root))))


DRAWINGS: Mapping[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "mermaid": render_mermaid,
    "dot": render_dot,
    "svg": render_svg,
}
"""What `holdall tree --format` draws, by name."""


def _graph(root: Mapping[str, Any]) -> tuple[list[str], list[Edge]]:
    """Return all artifacts and all memberships, each once, as they come; not the collection."""
    ids: dict[str, None] = {}
    edges: dict[Edge, None] = {}
    for node in _walk(root):
        if ":" in node["id"]:
            ids[node["id"]] = None
            for member in node.get("members", ()):
                edges[Edge(node["id"], member["id"], _label(member))] = None
    return list(ids), list(edges)


def _walk(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for member in node.get("members", ()):
        yield from _walk(member)


def _label(member: Mapping[str, Any]) -> str:
    relationship = member.get("relationship", "contains")
    words = [] if relationship == "contains" else [relationship]
    pin = member.get("pin")
    if pin is not None:
        words.append(f"@{pin['content_hash'][:12] if pin['number'] is None else pin['number']}")
    return " ".join(words)


def _for_mermaid(text: str) -> str:
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", one_line(text))


def _for_dot(text: str) -> str:
    plain = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _entries(root: Mapping[str, Any]) -> list[Entry]:
    ids, edges = _graph(root)
    entries: dict[str, Entry] = {}
    for artifact_id in ids:
        type_name, name = artifact_id.split(":", 1)
        entry = Entry(artifact_id, artifact_id, type_name, name, source="in no composite")
        entries[artifact_id] = entry
    for edge in edges:
        entries[edge.parent].members.append(Link(edge.child, edge.child, edge.label))
    return list(entries.values())


def _svg(graph: Graph) -> Iterator[str]:
    size = f'viewBox="0 0 {graph.width} {graph.height}" width="{graph.width}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} height="{graph.height}">'
    yield f"<style>{_STYLE}</style>"
    for line in graph.lines:
        above = (line.y1 - 60, line.y2 - 60)
        curve = f"C{line.x1} {above[0]} {line.x2} {above[1]} {line.x2} {line.y2}"
        yield f'<path class="line" d="M{line.x1} {line.y1}{curve}"/>'
    for box in graph.boxes:
        yield from _box(box)
    yield "</svg>"


def _box(box: Box) -> Iterator[str]:
    place = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
    yield f'<rect class="box" {place} rx="8"/>'
    most = _LONGEST * (box.width // (TILE_WIDTH + GAP))
    yield _text("title", box.x + GAP, box.y + 22, box.title, most)
    for tile in box.tiles:
        place = f'x="{tile.x}" y="{tile.y}" width="{TILE_WIDTH}" height="{TILE_HEIGHT}"'
        text = f"<title>{escape(one_line(tile.entry.id))}</title>"
        yield f'<g>{text}<rect class="tile" {place} rx="4"/>'
        yield _text("name", tile.x + 8, tile.y + 18, tile.entry.name, _LONGEST) + "</g>"


def _text(style: str, x: int, y: int, text: str, most: int) -> str:
    shown = one_line(text)
    cut = shown if len(shown) <= most else f"{shown[: most - 1]}…"
    return f'<text class="{style}" x="{x}" y="{y}">{escape(cut)}</text>'
