"""Merging what two sides changed, by lines and file by file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping

import pytest

from holdall.artifacts import FileDigest, FileKind, RelPath
from holdall.files import TreeMerge, TreeSide, merge_trees
from holdall.files.merge.lines import is_text, mark_lines, merge_lines

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


def test_a_line_among_equal_ones_is_the_last_of_them() -> None:
    """A line more among equal lines touches what is below them, and nothing above."""
    base = b"a\n\n\nb\n"
    assert merge_lines(base, b"a\n\n\n\nb\n", b"a\n\n\nc\n").conflicts
    assert merge_lines(base, b"a\n\n\n\nb\n", b"c\n\n\nb\n").text == b"c\n\n\n\nb\n"


def test_changes_that_can_lie_beside_each_other_are_one() -> None:
    """Two lines that went with the empty one between them leave the line below untouched."""
    base = b"a\none\n\n# two\n\nb\nc\n"
    merged = merge_lines(base, b"a\nmine\n\nb\nc\n", base.replace(b"b\n", b"new\n"))
    assert merged.text == b"a\nmine\n\nnew\nc\n"


def test_a_guess_is_a_conflict() -> None:
    """An edit of one of several equal blocks, of which the other side left one, is not placed."""
    base = b"{\n[\nx\n]\n}\n"
    theirs = b"{\n[\ny\n]\n[\nz\n]\n}\n"
    merge = merge_lines(base, base.replace(b"[\n", b"[\nmine\n"), theirs)
    assert merge.text is None


def test_the_ends_of_lines_are_part_of_them() -> None:
    """A last line without an end, and carriage returns, come out as they went in."""
    base = b"a\r\nb\r\nc\r\nd"
    merged = merge_lines(base, base.replace(b"a", b"A"), base.replace(b"d", b"D"))
    assert merged.text == b"A\r\nb\r\nc\r\nD"
    assert merge_lines(base, base + b"\r\n", base.replace(b"d", b"e")).conflicts


@pytest.mark.slow
def test_long_texts_merge_soon() -> None:
    """Ten thousand lines, of which many repeat and each side changed a thousand, take no second."""
    base = [b"{\n" if number % 3 else b"%d\n" % number for number in range(10_000)]
    ours, theirs = list(base), list(base)
    for number in range(0, 10_000, 20):
        ours[number], theirs[number + 10] = b"mine\n", b"new\n"
    begun = time.process_time()
    merge = merge_lines(*map(b"".join, (base, ours, theirs)))
    assert time.process_time() - begun < 1
    assert merge.text is not None
    assert (merge.text.count(b"mine\n"), merge.text.count(b"new\n")) == (500, 500)


@pytest.mark.slow
@pytest.mark.parametrize(
    "texts",
    [
        [b"".join(b"%s %d\n" % (n, k) for k in range(60_000)) for n in (b"b", b"o", b"t")],
        [b"".join(b"%d\n" % (k * n % 60_013) for k in range(60_000)) for n in (1, 7, 11)],
        [b"a\nb\n" * 100_000, b"b\na\n" * 90_000 + b"c\n", b"b\n" * 99_000 + b"c\na\n"],
        [b"\n" * n for n in (500_000, 400_000, 500_001)],
    ],
    ids=["nothing in common", "another order", "two lines", "one line"],
)
def test_hostile_texts_are_given_up_soon(texts: list[bytes]) -> None:
    """Whatever the three texts are, it does not take long; what would take long is a conflict."""
    assert all(map(is_text, texts))
    begun = time.process_time()
    merge = merge_lines(*texts)
    assert time.process_time() - begun < 5
    assert merge.text is None


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
