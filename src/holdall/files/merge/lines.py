"""Merge a text that two sides changed, by lines, as `git merge-file` does.

    base  ours  theirs   merged
    1     1     1        1
    2     2a    2        2a      only ours changed it
    3     3     3        3
    4     4     4b       4b      only theirs did

Changes that overlap or touch are a conflict, unless both sides made the same one. A change may lie
at several places with one result (a line more among equal lines): where it could touch at one of
them, or where lines match in other ways from the end than from the start, that is a conflict, too.
So where this differs from git, it is a conflict here: also where a side of a longer text has less
than a third of its lines, which could be matched with others as well. Bytes in, bytes out: no
encoding is assumed, and the ends of lines are part of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from holdall import NamedTuple

MAX_TEXT_BYTES = 1 << 20
_MOST_DIFFERENCES = 1000  # half a second
_LONG = 20


class LineConflict(NamedTuple):
    """Lines that both sides changed, as their numbers on each side, counted from 1.

    A range is empty where that side has no lines there, and starts at the line behind.
    """

    base: range
    ours: range
    theirs: range

    @property
    def text(self) -> str:
        """The lines as people read them: `lines 3-5 here, line 4 there`."""
        return f"{_describe(self.ours)} here, {_describe(self.theirs)} there"


class Open(NamedTuple):
    """What both sides have in the place of some lines, and where."""

    ours: bytes
    theirs: bytes
    lines: LineConflict

    def mark(self, marks: tuple[bytes, bytes]) -> bytes:
        """Return both, between these marks."""
        both = _end_line(self.ours), _end_line(self.theirs)
        return b"%s\n%s=======\n%s%s\n" % (marks[0], *both, marks[1])

    @property
    def both(self) -> bytes:
        """Ours, and theirs behind it."""
        return (_end_line(self.ours) if self.theirs else self.ours) + self.theirs


class LineMerge(NamedTuple):
    """A merged text, or the conflicts that stand against it; then `text` is None."""

    text: bytes | None
    conflicts: tuple[LineConflict, ...] = ()


def is_text(data: bytes) -> bool:
    """Return whether these bytes can be merged by lines: no NUL byte, at most 1 MiB."""
    return len(data) <= MAX_TEXT_BYTES and b"\0" not in data


def merge_lines(base: bytes, ours: bytes, theirs: bytes) -> LineMerge:
    """Merge three texts (`is_text`)."""
    if ours == theirs or base == theirs:
        return LineMerge(ours)
    if base == ours:
        return LineMerge(theirs)
    sides = [_split(text) for text in (base, ours, theirs)]
    try:
        merge = _merge(sides)
        if merge.text is not None and _merge([lines[::-1] for lines in sides], -1) != merge:
            merge = LineMerge(None, (_conflict_of_all(sides),))
    except _TooFarApartError:
        merge = LineMerge(None, (_conflict_of_all(sides),))
    return merge


def mark_lines(base: bytes, ours: bytes, theirs: bytes, marks: tuple[bytes, bytes]) -> bytes:
    """Return three texts merged, with both sides' lines between these marks where they conflict.

    <<<<<<< mine
    what ours has
    =======
    what theirs has
    >>>>>>> new
    """
    parts = split_conflicts(base, ours, theirs)
    return b"".join(part.mark(marks) if isinstance(part, Open) else part for part in parts)


def split_conflicts(base: bytes, ours: bytes, theirs: bytes) -> list[bytes | Open]:
    """Return three texts merged, in parts: what merges, and what both sides have where it does not.

    Adjacent conflicts have an empty text between them.
    """
    merge = merge_lines(base, ours, theirs)
    if merge.text is not None:
        return [merge.text]
    sides = [_split(text) for text in (base, ours, theirs)]
    try:
        return [*_split_at(sides, merge.conflicts)]
    except _TooFarApartError:
        return [*_split_at(sides, (_conflict_of_all(sides),))]


def _split_at(
    sides: Sequence[Sequence[bytes]], conflicts: Sequence[LineConflict]
) -> Iterator[bytes | Open]:
    done = [0, 0, 0]
    for conflict in conflicts:
        before = [s[d : lines.start - 1] for s, d, lines in zip(sides, done, conflict, strict=True)]
        yield _text_of(before)
        done = [lines.stop - 1 for lines in conflict]
        ours, theirs = (
            b"".join(side[lines.start - 1 : lines.stop - 1])
            for side, lines in zip(sides[1:], conflict[1:], strict=True)
        )
        yield Open(ours, theirs, conflict)
    yield _text_of([side[d:] for side, d in zip(sides, done, strict=True)])


def _text_of(sides: Sequence[Sequence[bytes]]) -> bytes:
    """Merge what is between conflicts; raises _TooFarApartError if there is one in it, too."""
    text = _merge(sides).text
    if text is None:
        raise _TooFarApartError
    return text


def _end_line(text: bytes) -> bytes:
    return text if not text or text.endswith(b"\n") else text + b"\n"


def _split(text: bytes) -> list[bytes]:
    """Return the lines of a text; only a line feed ends one, as in git."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


class _Hunk(NamedTuple):
    """Lines `start` to `end` of the base, which one side replaced; it may lie from low to high."""

    start: int
    end: int
    lines: tuple[bytes, ...]
    low: int
    high: int

    @property
    def growth(self) -> int:
        return len(self.lines) - (self.end - self.start)


def _merge(sides: Sequence[Sequence[bytes]], step: int = 1) -> LineMerge:
    base, ours, theirs = sides
    merged: list[bytes] = []
    conflicts = []
    done, grown = 0, [0, 0]  # of the base; how much longer each side is up to there
    for groups in _groups(_hunks(base, ours), _hunks(base, theirs)):
        hunks = sorted({*groups[0], *groups[1]})
        growths = [sum(hunk.growth for hunk in group) for group in groups]
        start, end = hunks[0].start, max(hunk.end for hunk in hunks)
        if groups[0] and groups[1] and groups[0] != groups[1]:
            at = [
                range(start + before + 1, end + before + growth + 1)
                for before, growth in zip(grown, growths, strict=True)
            ]
            conflicts.append(LineConflict(range(start + 1, end + 1), *at))
        else:
            for hunk in hunks:
                merged += [*base[done : hunk.start], *hunk.lines]
                done = hunk.end
        grown = [before + growth for before, growth in zip(grown, growths, strict=True)]
    if conflicts:
        return LineMerge(None, tuple(conflicts))
    return LineMerge(b"".join([*merged, *base[done:]][::step]))


def _groups(ours: list[_Hunk], theirs: list[_Hunk]) -> Iterator[tuple[list[_Hunk], list[_Hunk]]]:
    """Yield the hunks of both sides that touch each other, group by group."""
    order = sorted([(hunk.low, 0, hunk) for hunk in ours] + [(h.low, 1, h) for h in theirs])
    group: tuple[list[_Hunk], list[_Hunk]] = ([], [])
    reach = -1
    for low, side, hunk in order:
        if low > reach and any(group):
            yield group
            group = ([], [])
        group[side].append(hunk)
        reach = max(reach, hunk.high)
    if any(group):
        yield group


def _hunks(base: Sequence[bytes], side: Sequence[bytes]) -> list[_Hunk]:
    """Return what a side changed."""
    found = []
    at = to = 0
    matches = _matches(base, side)
    if len(base) >= _LONG and len(matches) * 3 < len(base):
        raise _TooFarApartError
    for i, j in [*matches, (len(base), len(side))]:
        if (at, to) != (i, j):
            new = side[to:j]
            found.append(_Hunk(at, i, tuple(new), *_reach(base, at, i, new)))
        at, to = i + 1, j + 1
    return found


def _reach(base: Sequence[bytes], start: int, end: int, new: Sequence[bytes]) -> tuple[int, int]:
    """Return the first and last line at which a change can lie with the same result.

    Lines that were added or removed can lie anywhere among lines that repeat them.
    """
    low, high = start, end
    if start < end and new:  # what is put in place of lines is where they were
        return low, high
    for lines in (base[start:end], new):
        above = below = 0
        while lines and above < start and base[start - 1 - above] == lines[-1 - above % len(lines)]:
            above += 1
        while lines and end + below < len(base) and base[end + below] == lines[below % len(lines)]:
            below += 1
        low, high = min(low, start - above), max(high, end + below)
    return low, high


def _conflict_of_all(sides: Sequence[Sequence[bytes]]) -> LineConflict:
    return LineConflict(*(range(1, len(lines) + 1) for lines in sides))


def _describe(lines: range) -> str:
    if len(lines) > 1:
        return f"lines {lines[0]}-{lines[-1]}"
    return f"line {lines.start}" if lines else f"nothing before line {lines.start}"


class _TooFarApartError(Exception):
    """So little is alike that matching the lines would take seconds, or be a guess."""


def _matches(base: Sequence[bytes], side: Sequence[bytes]) -> list[tuple[int, int]]:
    """Return the most lines that are the same on both sides, in order, as pairs of indexes.

    E. Myers, An O(ND) difference algorithm, 1986: `far[k]` is how far into the base one gets on the
    diagonal k (index in the base minus index in the side) with d lines removed or added; `trail`
    has it for each d, to find the way back. Raises _TooFarApartError beyond 1,000 such lines.
    """
    far = {1: 0}
    trail: list[dict[int, int]] = []
    for d in range(min(len(base) + len(side), _MOST_DIFFERENCES) + 1):
        trail.append(dict(far))
        for k in range(-d, d + 1, 2):
            i = _step(far, k, d)
            while i < len(base) and 0 <= i - k < len(side) and base[i] == side[i - k]:
                i += 1
            far[k] = i
            if i >= len(base) and i - k >= len(side):
                return _way_back(trail, i, i - k)
    raise _TooFarApartError


def _step(far: Mapping[int, int], k: int, d: int) -> int:
    return far[k + 1] if _is_added(far, k, d) else far[k - 1] + 1


def _is_added(far: Mapping[int, int], k: int, d: int) -> bool:
    return k == -d or (k != d and far[k - 1] < far[k + 1])


def _way_back(trail: Sequence[Mapping[int, int]], i: int, j: int) -> list[tuple[int, int]]:
    pairs = []
    for d in range(len(trail) - 1, -1, -1):
        far, k = trail[d], i - j
        while i > _step(far, k, d):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        i, j = (i, j - 1) if _is_added(far, k, d) else (i - 1, j)
    return pairs[::-1]
