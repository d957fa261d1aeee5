"""Find the lines that were put in the place of others: what one side of a merge changed.

Most lines stay, in their order. They are found with a row of bits for each line of the base, in
which bit j is 0 where one more line stays of side[: j + 1] than of side[:j] (H. Hyyrö,
Bit-parallel LCS-length computation revisited, 2004; the bits are one whole number of Python's):

    row = all ones
    for line in base:
        found = row & bits of the places where the side has this line
        row = (row + found) | (row - found)

A line more among equal lines may be any of them. As in git, it is the last one, and changes that
can lie beside each other are one. 10,000 lines take a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence

from holdall import NamedTuple

_MOST_BITS = 1 << 29  # 64 MB: 23,000 changed lines on either side
_MOST_STEPS = 1_000_000
_LONG = 20


class TooFarApartError(Exception):
    """So little is alike that matching the lines would take seconds, or be a guess."""


class Change(NamedTuple):
    """Lines `start` to `end` of the base, for which a side has its lines `at` to `to`."""

    start: int
    end: int
    at: int
    to: int

    @property
    def growth(self) -> int:
        """By how many lines the side is longer."""
        return (self.to - self.at) - (self.end - self.start)


def find_changes(
    base: Sequence[bytes], side: Sequence[bytes], *, from_end: bool = False
) -> list[Change]:
    """Return what a side changed, in order; between any two changes is a line that stays.

    Where lines can be matched in several ways, the first of equal lines stay, or `from_end` the
    last ones. Raises TooFarApartError.
    """
    if from_end:
        ends = len(base) - 1, len(side) - 1
        pairs = [(ends[0] - i, ends[1] - j) for i, j in _match(base[::-1], side[::-1])][::-1]
    else:
        pairs = _match(base, side)
    if len(base) >= _LONG and len(pairs) * 3 < len(base):
        raise TooFarApartError
    found, start, at = [], 0, 0
    for end, to in [*pairs, (len(base), len(side))]:
        if (start, at) != (end, to):
            found.append(Change(start, end, at, to))
        start, at = end + 1, to + 1
    return _slide(base, side, found)


def _match(base: Sequence[bytes], side: Sequence[bytes]) -> list[tuple[int, int]]:
    """Return the lines that stay, as pairs of indexes: as many as there can be."""
    shorter = min(len(base), len(side))
    start = end = 0
    while start < shorter and base[start] == side[start]:
        start += 1
    while end < shorter - start and base[-1 - end] == side[-1 - end]:
        end += 1
    rest = range(start, len(base) - end), range(start, len(side) - end)
    in_base, in_side = {base[i] for i in rest[0]}, {side[j] for j in rest[1]}
    left = [i for i in rest[0] if base[i] in in_side]
    right = [j for j in rest[1] if side[j] in in_base]
    pairs = _match_most([base[i] for i in left], [side[j] for j in right])
    return [
        *((i, i) for i in range(start)),
        *((left[i], right[j]) for i, j in pairs),
        *((len(base) - i, len(side) - i) for i in range(end, 0, -1)),
    ]


def _match_most(base: Sequence[bytes], side: Sequence[bytes]) -> list[tuple[int, int]]:
    if len(base) * len(side) > _MOST_BITS:
        raise TooFarApartError
    places: dict[bytes, int] = {}
    for j, line in enumerate(side):
        places[line] = places.get(line, 0) | 1 << j
    row = ones = (1 << len(side)) - 1
    rows = [row]
    for line in base:
        found = row & places.get(line, 0)
        row = ((row + found) | (row - found)) & ones
        rows.append(row)
    pairs = []
    i, j = len(base), len(side)
    while i and j:
        if rows[i] >> (j - 1) & 1:
            j -= 1
        elif not rows[i - 1] >> (j - 1) & 1:
            i -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def _slide(base: Sequence[bytes], side: Sequence[bytes], changes: list[Change]) -> list[Change]:
    """Return the changes, each as far down as it can lie, joined with those that it can touch."""
    left, done = changes[::-1], list[Change]()
    steps = 0
    while left:
        change = left.pop()
        above = change.start - (done[-1].end if done else 0)
        up = _repeats(base, side, change, above, -1)
        steps += up
        if done and up == above:
            left.append(_join(done.pop(), change, above))
        else:
            below = (left[-1].start if left else len(base)) - change.end
            down = _repeats(base, side, change, below, 1)
            steps += down
            if left and down == below:
                left.append(_join(change, left.pop(), 0, below))
            else:
                done.append(Change(*(index + down for index in change)))
        if steps > _MOST_STEPS:
            raise TooFarApartError
    return done


def _join(first: Change, second: Change, up: int, down: int = 0) -> Change:
    """Return two changes as one, the second moved up or the first moved down."""
    return Change(first.start + down, second.end - up, first.at + down, second.to - up)


def _repeats(
    base: Sequence[bytes], side: Sequence[bytes], change: Change, most: int, step: int
) -> int:
    """Return by how many lines a change can lie above (`step` -1) or below with one result.

    Lines that are put in the place of others are where those were.
    """
    start, end, at, to = change
    if start < end and at < to:
        return 0
    lines, first, last = (base, start, end) if at == to else (side, at, to)
    count = 0
    if step < 0:
        first, last = first - 1, last - 1
    while count < most and lines[first + step * count] == lines[last + step * count]:
        count += 1
    return count
