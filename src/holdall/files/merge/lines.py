"""Merge a text that two sides changed, by lines, as `git merge-file` does.

    base  ours  theirs   merged
    1     1     1        1
    2     2a    2        2a      only ours changed it
    3     3     3        3
    4     4     4b       4b      only theirs did

Changes that overlap or touch are a conflict, unless both sides made the same one. Where lines
repeat, it is a guess which of them a side changed: what does not merge to the same text whether the
first or the last of equal lines stay is a conflict, too, and so is a longer text of which a side
kept less than a third. Bytes in, bytes out: no encoding is assumed, and the ends of lines are part
of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdall import NamedTuple
from holdall.files.merge.changes import Change, TooFarApartError, find_changes

MAX_TEXT_BYTES = 1 << 20


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
    parts = split_conflicts(base, ours, theirs)
    conflicts = tuple(part.lines for part in parts if isinstance(part, Open))
    text = None if conflicts else b"".join(part for part in parts if isinstance(part, bytes))
    return LineMerge(text, conflicts)


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
    if ours == theirs or base == theirs:
        return [ours]
    if base == ours:
        return [theirs]
    sides = [_split(text) for text in (base, ours, theirs)]
    lines = LineConflict(*(range(1, len(side) + 1) for side in sides))
    whole: list[bytes | Open] = [b"", Open(ours, theirs, lines), b""]
    try:
        parts = _merge(sides)
        if len(parts) > 1:
            return parts
        others = _merge(sides, from_end=True)
    except TooFarApartError:
        return whole
    return whole if len(others) == 1 and others != parts else others


def _end_line(text: bytes) -> bytes:
    return text if not text or text.endswith(b"\n") else text + b"\n"


def _split(text: bytes) -> list[bytes]:
    """Return the lines of a text; only a line feed ends one, as in git."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _merge(sides: Sequence[Sequence[bytes]], *, from_end: bool = False) -> list[bytes | Open]:
    base = sides[0]
    parts: list[bytes | Open] = []
    merged: list[bytes] = []
    done, grown = 0, [0, 0]  # of the base; how much longer each side is up to there
    for groups in _groups(*(find_changes(base, side, from_end=from_end) for side in sides[1:])):
        start = min(group[0].start for group in groups if group)
        end = max(group[-1].end for group in groups if group)
        starts = [start + more for more in grown]
        grown = [m + sum(c.growth for c in g) for m, g in zip(grown, groups, strict=True)]
        at = [range(first, end + more) for first, more in zip(starts, grown, strict=True)]
        ours, theirs = (side[r.start : r.stop] for side, r in zip(sides[1:], at, strict=True))
        merged += base[done:start]
        if not all(groups) or ours == theirs:
            merged += ours if groups[0] else theirs
        else:
            lines = LineConflict(
                *(range(r.start + 1, r.stop + 1) for r in (range(start, end), *at))
            )
            parts += [b"".join(merged), Open(b"".join(ours), b"".join(theirs), lines)]
            merged = []
        done = end
    return [*parts, b"".join([*merged, *base[done:]])]


def _groups(
    ours: Sequence[Change], theirs: Sequence[Change]
) -> Iterator[tuple[list[Change], list[Change]]]:
    """Yield the changes of both sides that touch each other, group by group."""
    group: tuple[list[Change], list[Change]] = ([], [])
    reach = -1
    both = [(change, 0) for change in ours] + [(change, 1) for change in theirs]
    for change, side in sorted(both):
        if change.start > reach and any(group):
            yield group
            group = ([], [])
        group[side].append(change)
        reach = max(reach, change.end)
    if any(group):
        yield group


def _describe(lines: range) -> str:
    if len(lines) > 1:
        return f"lines {lines[0]}-{lines[-1]}"
    return f"line {lines.start}" if lines else f"nothing before line {lines.start}"
