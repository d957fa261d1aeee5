"""Tables for a terminal, by rich: as wide as it is, coloured, long texts cut. Loaded only then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from holdall import NamedTuple
from holdall.formats.escape import one_line

if TYPE_CHECKING:
    from holdall.cli.output import Output

WIDTH_IN_A_PIPE = 80


class Cell(NamedTuple):
    """A text and its colour; none is as the terminal has it."""

    text: str
    style: str = ""


class Group(NamedTuple):
    """Rows below a heading; the last column takes the width that is left, and is cut."""

    heading: str
    rows: Sequence[Sequence[Cell]]


def print_groups(out: Output, groups: Iterable[Group]) -> None:
    """Print groups of rows, their columns aligned over all of them."""
    import sys

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from holdall.cli.colour import wants_colour

    stream = out.stream or sys.stdout
    is_coloured = wants_colour(stream)
    console = Console(
        file=stream,
        force_terminal=is_coloured or None,
        color_system="auto" if is_coloured else None,
        width=None if stream.isatty() else WIDTH_IN_A_PIPE,
        highlight=False,
        emoji=False,
    )
    groups = list(groups)
    columns = max((len(row) for group in groups for row in group.rows), default=0)
    widths = [
        max(Text(one_line(row[n].text)).cell_len for group in groups for row in group.rows)
        for n in range(columns)
    ]
    for group in groups:
        if group.heading:
            console.print(Text(one_line(group.heading), style="bold"), no_wrap=True, crop=False)
        table = Table.grid(padding=(0, 2), pad_edge=False)
        for number in range(columns):
            is_last = number == columns - 1
            width = None if is_last else min(widths[number], console.width // 2)
            table.add_column(
                width=width, ratio=1 if is_last else None, no_wrap=True, overflow="ellipsis"
            )
        table.expand = True
        for row in group.rows:
            table.add_row(*(Text(one_line(cell.text), style=cell.style) for cell in row))
        console.print(table)
