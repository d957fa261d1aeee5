"""The whole collection as one drawing: a box for each composite and source, with its artifacts.

Places are computed here, so that the drawing needs no script and is the same each time. An artifact
is in the box of the first composite that contains it, else in that of its source; the others that
contain it are joined to its tile by lines.
"""

from __future__ import annotations

from collections.abc import Sequence

from holdall import NamedTuple
from holdall_composites.service.site.catalog import Entry, by_source

TILE_WIDTH, TILE_HEIGHT, GAP, HEAD, MARGIN = 168, 26, 8, 34, 24
WIDTH = 1400


class Tile(NamedTuple):
    """An artifact: its place and what it links to."""

    x: int
    y: int
    entry: Entry


class Box(NamedTuple):
    """A composite, or the artifacts of a source that are in none."""

    x: int
    y: int
    width: int
    height: int
    title: str
    uuid: str
    tiles: tuple[Tile, ...]


class Line(NamedTuple):
    """A composite that contains what is in another box."""

    x1: int
    y1: int
    x2: int
    y2: int


class Graph(NamedTuple):
    """Everything with its place."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw_graph(entries: Sequence[Entry]) -> Graph:
    """Return the drawing of all entries of a collection."""
    boxes: list[Box] = []
    x, y, row = MARGIN, MARGIN, 0
    for title, uuid, inside in _groups(entries):
        columns = max(1, min(7, round((len(inside) * 1.6) ** 0.5 / 1.6)))
        rows = -(-len(inside) // columns) if inside else 0
        width = columns * (TILE_WIDTH + GAP) + GAP
        height = HEAD + rows * (TILE_HEIGHT + GAP) + GAP
        if x > MARGIN and x + width > WIDTH - MARGIN:
            x, y, row = MARGIN, y + row + MARGIN, 0
        tiles = tuple(
            Tile(
                x + GAP + (n % columns) * (TILE_WIDTH + GAP),
                y + HEAD + (n // columns) * (TILE_HEIGHT + GAP),
                entry,
            )
            for n, entry in enumerate(inside)
        )
        boxes.append(Box(x, y, width, height, title, uuid, tiles))
        x, row = x + width + MARGIN, max(row, height)
    width = max((box.x + box.width for box in boxes), default=MARGIN) + MARGIN
    return Graph(width, y + row + MARGIN, tuple(boxes), tuple(_lines(boxes, entries)))


def _groups(entries: Sequence[Entry]) -> list[tuple[str, str, list[Entry]]]:
    found = {entry.uuid: entry for entry in entries}
    placed: set[str] = set()
    groups = []
    for composite in (entry for entry in entries if entry.is_composite):
        inside = [
            found[link.uuid]
            for link in composite.members
            if link.uuid not in placed and not found[link.uuid].is_composite
        ]
        placed |= {entry.uuid for entry in inside}
        groups.append((composite.name, composite.uuid, inside))
    for source, some in by_source(entries).items():
        left = [e for e in some if not e.is_composite and e.uuid not in placed]
        if left:
            groups.append((source or "made here", "", left))
    return groups


def _lines(boxes: list[Box], entries: Sequence[Entry]) -> list[Line]:
    own = {box.uuid: box for box in boxes if box.uuid}
    tiles = {tile.entry.uuid: (box, tile) for box in boxes for tile in box.tiles}
    lines = []
    for composite in (entry for entry in entries if entry.is_composite):
        start = own[composite.uuid]
        for link in composite.members:
            if link.uuid in tiles and tiles[link.uuid][0] is not start:
                tile = tiles[link.uuid][1]
                end = (tile.x + TILE_WIDTH // 2, tile.y)
            elif link.uuid in own:
                end = (own[link.uuid].x + own[link.uuid].width // 2, own[link.uuid].y)
            else:
                continue
            lines.append(Line(start.x + start.width // 2, start.y, *end))
    return lines
