"""Which lines a side of a merge changed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from holdall.files.merge.changes import Change, TooFarApartError, find_changes
from runs import examples

pytestmark = pytest.mark.unit

_TEXT = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n"]), max_size=14)


def count_common(base: list[bytes], side: list[bytes]) -> int:
    """Return how many lines two texts can have in common in one order, by the textbook's table."""
    row = [0] * (len(side) + 1)
    for line in base:
        above = row
        row = [0]
        for j, other in enumerate(side):
            row.append(above[j] + 1 if line == other else max(above[j + 1], row[j]))
    return row[-1]


@settings(max_examples=examples(300), deadline=None)
@given(base=_TEXT, side=_TEXT, from_end=st.booleans())
def test_changes_make_the_side_of_the_base(
    base: list[bytes], side: list[bytes], from_end: bool
) -> None:
    """What is between the changes is the same on both sides, and no more lines could be."""
    changes = find_changes(base, side, from_end=from_end)
    done, to = -1, -1
    for change in changes:
        assert base[max(done, 0) : change.start] == side[max(to, 0) : change.at]
        assert change.start > done
        done, to = change.end, change.to
    assert base[max(done, 0) :] == side[max(to, 0) :]
    kept = len(base) - sum(change.end - change.start for change in changes)
    assert kept == count_common(base, side)


@pytest.mark.parametrize(
    ("base", "side", "changes"),
    [
        ("abc", "abc", []),
        ("abc", "abxc", [Change(2, 2, 2, 3)]),
        ("abbc", "abbbc", [Change(3, 3, 3, 4)]),
        ("abbc", "abc", [Change(2, 3, 2, 2)]),
        ("aonb#nz", "anz", [Change(1, 5, 1, 1)]),
        ("aon#nz", "axnz", [Change(1, 4, 1, 2)]),
        ("", "ab", [Change(0, 0, 0, 2)]),
        ("ab", "", [Change(0, 2, 0, 0)]),
    ],
)
def test_where_changes_are(base: str, side: str, changes: list[Change]) -> None:
    """A change lies as far down as it can, and is one with what it can touch."""
    texts = [[letter.encode() for letter in text] for text in (base, side)]
    assert find_changes(*texts) == changes == find_changes(*texts, from_end=True)


def test_little_in_common_is_no_match() -> None:
    """A longer text of which a third did not stay is not matched with what is there now."""
    base = [b"%d\n" % number for number in range(30)]
    with pytest.raises(TooFarApartError):
        find_changes(base, [*base[:9], *[b"new\n"] * 21])
    assert find_changes(base, [*base[:10], *[b"new\n"] * 20]) == [Change(10, 30, 10, 30)]
