"""Merging by lines, beside what git makes of the same three texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from git_repositories import merge_file
from holdall.files.merge.lines import merge_lines
from runs import examples

pytestmark = pytest.mark.integration

Edit = tuple[int, int, list[bytes]]
_NEW = st.sampled_from([b"x\n", b"y\n", b"\n", b"- item\n", b"3\n"])
_EDITS = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 3), st.lists(_NEW, max_size=3)), max_size=4
)


def edited(lines: list[bytes], edits: list[Edit], *, has_end: bool) -> bytes:
    """Return the text after some edits: at a line, so many removed, these put there."""
    lines = list(lines)
    for start, count, new in edits:
        lines[start : start + count] = new
    text = b"".join(lines)
    return text if has_end else text.removesuffix(b"\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the three texts."""
    return tmp_path_factory.mktemp("texts")


@settings(max_examples=examples(150), deadline=None)
@given(ours=_EDITS, theirs=_EDITS, blanks=st.integers(1, 4), ends=st.tuples(*[st.booleans()] * 3))
def test_what_merges_is_what_git_makes_of_it(
    folder: Path,
    ours: list[Edit],
    theirs: list[Edit],
    blanks: int,
    ends: tuple[bool, bool, bool],
) -> None:
    """Texts that merge are what git merges them to; all others are conflicts."""
    base = [b"\n" if number % blanks == 2 else b"%d\n" % number for number in range(14)]
    texts = [
        edited(base, edits, has_end=has_end)
        for edits, has_end in zip(([], ours, theirs), ends, strict=True)
    ]
    merged = merge_lines(*texts)
    assert merged.text in (None, merge_file(folder, *texts))
    assert (merged.text is None) == bool(merged.conflicts)
    assert merge_lines(texts[0], texts[2], texts[1]).text == merged.text
