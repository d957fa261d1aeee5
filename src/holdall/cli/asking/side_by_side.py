"""Two versions of some lines beside each other, for a terminal of any width.

mine, line 9             | new, line 9
  8  the line before     |   8  the line before
  9  what I wrote        |   9  what the source has now
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from holdall.formats.escape import one_line

_MOST_ROWS = 30
_CONTEXT = 2


def render_sides(
    before: bytes, ours: tuple[bytes, int], theirs: tuple[bytes, int], after: bytes, width: int
) -> Iterator[str]:
    """Yield rows of two columns: some lines of context, what each side has, context again.

    With each side is the number of its first line.
    """
    room = max(20, (width - 3) // 2)
    above, below = _lines(before)[-_CONTEXT:], _lines(after)[:_CONTEXT]
    columns = []
    for name, (text, number) in (("mine", ours), ("new", theirs)):
        lines = _lines(text)
        head = f" {name}, {_numbers(number, len(lines))}"
        rows = [*above, *lines, *below]
        first = number - len(above)
        columns.append([head[:room], *_column(rows, first, room)])
    pairs = [*zip_longest(columns[0], columns[1], fillvalue="")]
    for left, right in pairs[:_MOST_ROWS]:
        yield f"{left:{room}} | {right}".rstrip()
    if len(pairs) > _MOST_ROWS:
        yield f" ... {len(pairs) - _MOST_ROWS} more rows; the editor shows all"


def _lines(text: bytes) -> list[str]:
    lines = text.decode("utf-8", "backslashreplace").split("\n")
    return lines if lines[-1] else lines[:-1]


def _numbers(first: int, count: int) -> str:
    if not count:
        return "nothing there"
    return f"line {first}" if count == 1 else f"lines {first}-{first + count - 1}"


def _column(lines: Sequence[str], first: int, room: int) -> Iterator[str]:
    """Yield numbered lines; what is longer than the column goes on below."""
    space = room - 6
    for number, line in enumerate(lines, first):
        text = one_line(line.expandtabs(4))
        parts = [text[at : at + space] for at in range(0, len(text), space)] or [""]
        yield f"{number:4}  {parts[0]}"
        yield from (f"      {part}" for part in parts[1:])
