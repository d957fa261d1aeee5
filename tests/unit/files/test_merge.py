"""Merging what two sides changed, by lines and file by file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping

import pytest

from holdall.artifacts import FileDigest, FileKind, RelPath
from holdall.files import TreeMerge, TreeSide, merge_trees
from holdall.files.merge.lines import MAX_TEXT_BYTES, is_text, mark_lines, merge_lines

pytestmark = pytest.mark.unit

Files = Mapping[str, tuple[bytes, str]]
BASE = b"".join(b"%d\n" % number for number in range(1, 11))


def side(files: Mapping[str, bytes], executable: str = "", link: str = "") -> TreeSide:
    """Return a side with these files, one of them perhaps executable or a link."""
    digests = {
        FileDigest(
            RelPath.parse(path),
            FileKind.LINK if path == link else FileKind.FILE,
            path == executable,
            hashlib.sha256(data).hexdigest(),
            len(data),
        ): data
        for path, data in files.items()
    }
    return TreeSide(tuple(digests), digests.__getitem__)


def files_of(merge: TreeMerge) -> dict[str, bytes]:
    """Return what a merge made."""
    assert not merge.conflicts
    return {str(file.path): merge.read(file) for file in merge.files}


def told(merge: TreeMerge) -> list[str]:
    """Return the conflicts as they are shown."""
    assert not merge.files
    return [conflict.text for conflict in merge.conflicts]


def test_different_lines_merge() -> None:
    """What one side changed is taken, wherever the other side changed something else."""
    ours, theirs = BASE.replace(b"2\n", b"two\n"), BASE.replace(b"9\n", b"nine\nand more\n")
    both = ours.replace(b"9\n", b"nine\nand more\n")
    assert merge_lines(BASE, ours, theirs).text == both == merge_lines(BASE, theirs, ours).text


def test_the_same_lines_conflict_with_their_numbers() -> None:
    """Lines that both changed, or that touch, are named as they are on each side."""
    ours = b"new\n" + BASE.replace(b"5\n", b"five\nand\n")
    merge = merge_lines(BASE, ours, BASE.replace(b"5\n6\n", b""))
    assert merge.text is None
    assert [c.text for c in merge.conflicts] == [
        "lines 6-8 here, nothing before line 5 there",
    ]
    assert merge_lines(BASE, BASE.replace(b"4\n", b"a\n"), BASE.replace(b"5\n", b"b\n")).conflicts


def test_what_both_changed_alike_is_no_conflict() -> None:
    """The same change on both sides counts once, beside others."""
    ours = BASE.replace(b"3\n", b"c\n").replace(b"7\n", b"g\n")
    assert merge_lines(BASE, ours, BASE.replace(b"3\n", b"c\n")).text == ours
    assert merge_lines(BASE, ours, ours).text == ours


def test_a_line_among_equal_ones_is_where_it_can_be() -> None:
    """A line more among equal lines, of which the other side changed one, is a conflict."""
    base = b"a\n\n\nb\n"
    assert merge_lines(base, b"a\n\n\n\nb\n", b"a\n\n\nc\n").conflicts
    assert merge_lines(base, b"a\n\n\n\nb\n", b"c\n\n\nb\n").conflicts


def test_the_ends_of_lines_are_part_of_them() -> None:
    """A last line without an end, and carriage returns, come out as they went in."""
    base = b"a\r\nb\r\nc\r\nd"
    merged = merge_lines(base, base.replace(b"a", b"A"), base.replace(b"d", b"D"))
    assert merged.text == b"A\r\nb\r\nc\r\nD"
    assert merge_lines(base, base + b"\r\n", base.replace(b"d", b"e")).conflicts


def test_texts_that_have_nothing_in_common_are_given_up_soon() -> None:
    """Whatever the three texts are, it does not take long; what takes too long is a conflict."""
    base, ours, theirs = (
        b"".join(b"%s %d\n" % (name, number) for number in range(60_000))
        for name in (b"b", b"o", b"t")
    )
    assert is_text(base[:MAX_TEXT_BYTES])
    begun = time.process_time()
    merge = merge_lines(base, ours, theirs)
    assert merge.text is None
    assert merge.conflicts[0].base == range(1, 60_001)
    assert time.process_time() - begun < 20


def test_trees_merge_file_by_file() -> None:
    """Files that one side added, changed or removed, and text that both changed, by lines."""
    base = side({"a": BASE, "b": b"b", "c": b"c", "d": b"d"})
    ours = side({"a": BASE.replace(b"2\n", b"B\n"), "b": b"new", "d": b"d", "mine": b"1"})
    theirs = side({"a": BASE.replace(b"9\n", b"I\n"), "b": b"b", "c": b"c", "x/theirs": b"2"})
    merge = merge_trees(base, ours, theirs)
    assert files_of(merge) == {
        "a": BASE.replace(b"2\n", b"B\n").replace(b"9\n", b"I\n"),
        "b": b"new",
        "mine": b"1",
        "x/theirs": b"2",
    }
    assert [file.size for file in merge.files] == [len(data) for data in files_of(merge).values()]
    assert merge.content_hash == merge_trees(base, theirs, ours).content_hash


def test_modes_merge_beside_content() -> None:
    """One side may make a file executable while the other edits it."""
    base, edited = side({"run": b"a\nb\n"}), side({"run": b"a\nc\n"})
    for ours, theirs in (
        (side({"run": b"a\nb\n"}, "run"), edited),
        (edited, side({"run": b"a\nb\n"}, "run")),
    ):
        (file,) = merge_trees(base, ours, theirs).files
        assert file.executable
        assert files_of(merge_trees(base, ours, theirs)) == {"run": b"a\nc\n"}


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "conflict"),
    [
        ({"f": BASE}, {"f": b"x"}, {"f": b"y"}, "f was changed on both sides (line 1 here, line 1"),
        ({"f": b"a"}, {}, {"f": b"b"}, "f was removed here and changed there"),
        ({"f": b"a"}, {"f": b"b"}, {}, "f was changed here and removed there"),
        ({}, {"f": b"a"}, {"f": b"b"}, "f was added on both sides, each with other content"),
        ({"f": b"\0"}, {"f": b"\0a"}, {"f": b"\0b"}, "f was changed on both sides"),
        ({"f": b"a"}, {"f": b"a" * 2**20 + b"a"}, {"f": b"b"}, "f was changed on both sides"),
        ({}, {"n": b"a"}, {"n/m": b"b"}, "n/m would be at the place of another file or folder"),
        ({}, {"N": b"a"}, {"n": b"b"}, "n would be at the place of another file or folder"),
        ({}, {"D/a": b"a"}, {"d/b": b"b"}, "d/b would be at the place of another file or folder"),
    ],
)
def test_what_does_not_merge_names_the_file(
    base: dict[str, bytes], ours: dict[str, bytes], theirs: dict[str, bytes], conflict: str
) -> None:
    """The file is named with what happened to it; nothing is merged then."""
    found = told(merge_trees(*map(side, (base, ours, theirs))))
    assert len(found) == 1
    assert found[0].startswith(conflict)


def test_a_link_is_taken_or_left() -> None:
    """Links are never merged by lines; one that one side made is no executable file."""
    base, ours = side({"f": b"a"}), side({"f": b"g"}, link="f")
    (file,) = merge_trees(base, ours, side({"f": b"a"}, "f")).files
    assert (file.kind, file.executable) == (FileKind.LINK, False)
    assert told(merge_trees(base, ours, side({"f": b"b"}))) == ["f was changed on both sides"]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "marked"),
    [
        (b"1\n2\n3\n", b"1\n2\n3\n", b"1\nb\n3\n", b"1\nb\n3\n"),
        (b"1\n2\n3\n", b"1\na\n3\n", b"1\nb\n3\n", b"1\n< m\na\n=======\nb\n> n\n3\n"),
        (b"1\n2", b"1\na", b"1\nb", b"1\n< m\na\n=======\nb\n> n\n"),
        (b"1\n2\n3\n", b"1\n3\n", b"1\nb\n3\n", b"1\n< m\n=======\nb\n> n\n3\n"),
        (b"", b"a\n", b"b\n", b"< m\na\n=======\nb\n> n\n"),
    ],
)
def test_conflict_markers(base: bytes, ours: bytes, theirs: bytes, marked: bytes) -> None:
    """Both sides' lines are between the marks, all else is merged."""
    assert mark_lines(base, ours, theirs, (b"< m", b"> n")) == marked
