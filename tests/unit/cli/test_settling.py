"""What does not merge is shown side by side, and becomes what is answered."""

from __future__ import annotations

import io
import sys

import pytest

from holdall.artifacts.paths import RelPath
from holdall.cli.asking.settling import Settler
from holdall.cli.asking.side_by_side import render_sides
from holdall.files.merge.trees import FileVersions
from holdall.operations.projects.merging.conflicts import Conflict, Where

pytestmark = pytest.mark.unit

BASE = b"".join(b"line %d\n" % number for number in range(1, 20))
MINE = BASE.replace(b"line 3\n", b"mine 3\n").replace(b"line 9\n", b"mine 9\n")
NEW = BASE.replace(b"line 3\n", b"new 3\n").replace(b"line 9\n", b"new 9\nand more\n")
PATH = RelPath("a/notes.md")


def test_two_columns() -> None:
    """Each side has its own numbers; long lines go on, hostile ones cannot move the cursor."""
    ours, theirs = (b"mine\x1b[2J" + b"x" * 40 + b"\n", 3), (b"", 3)
    rows = [*render_sides(b"one\ntwo\n", ours, theirs, b"three\n", 60)]
    assert rows[0].split() == ["mine,", "line", "3", "|", "new,", "nothing", "there"]
    assert rows[1] == f"{'   1  one':28} |    1  one"
    assert any("\\x1b[2J" in row for row in rows)
    assert not any("\x1b" in row for row in rows)
    assert all(len(row) <= 60 for row in rows)
    many = [*render_sides(b"", (b"a\n" * 500, 1), (b"b\n", 1), b"", 60)]
    assert len(many) < 40
    assert "470 more rows" in many[-1] or "more rows" in many[-1]


@pytest.mark.parametrize(
    ("answers", "merged"),
    [
        ("m\nn\n", MINE.replace(b"mine 9\n", b"new 9\nand more\n")),
        ("n\nb\n", NEW.replace(b"new 9\n", b"mine 9\nnew 9\n")),
        ("x\n\nm\nm\n", MINE),
        ("q\n", None),
        ("m\n", None),
    ],
)
def test_answers(monkeypatch: pytest.MonkeyPatch, answers: str, merged: bytes | None) -> None:
    """Each place is answered by itself; what is left leaves all; the end of input, too."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
    versions = FileVersions(BASE, MINE, NEW)
    settler = Settler()
    assert settler.settle([Conflict(Where.PROJECT, "both", PATH, versions)]) == bool(merged)
    found = settler.find(Where.PROJECT, PATH, versions)
    assert (found and found.data) == merged
    assert settler.find(Where.PROJECT, PATH, FileVersions(BASE, MINE, BASE)) is None


def test_an_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the file is opened with markers; it counts once they are gone."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\ne\n"))
    opened: list[bytes] = []

    def edit(words: list[str], **_: object) -> object:
        from pathlib import Path

        path = Path(words[-1])
        opened.append(path.read_bytes())
        lines = [x for x in opened[-1].split(b"\n") if x[:7] not in (b"<<<<<<<", b">>>>>>>")]
        path.write_bytes(b"\n".join(x for x in lines if x != b"======="))
        return type("Done", (), {"returncode": 0})

    monkeypatch.setenv("EDITOR", "some editor")
    monkeypatch.setattr("subprocess.run", edit)
    settler, versions = Settler(), FileVersions(BASE, MINE, NEW)
    assert settler.settle([Conflict(Where.PROJECT, "both", PATH, versions)])
    found = settler.find(Where.PROJECT, PATH, versions)
    assert found is not None and found.data is not None
    assert b"new 3\n" in found.data and b"mine 9\nnew 9\nand more\n" in found.data
    assert b"<<<<<<< mine" in opened[0] and opened[0].count(b"=======") == 1


def test_what_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole file is chosen, or to be without it; what has no file cannot be asked about."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdin", io.StringIO("m\nn\n"))
    settler = Settler()
    gone, binary = FileVersions(b"a", None, b"b"), FileVersions(b"\0", b"\0a", b"\0b")
    rows = [Conflict(Where.COLLECTION, "x", PATH, one) for one in (gone, binary)]
    assert settler.settle(rows)
    first, second = (settler.find(Where.COLLECTION, PATH, one) for one in (gone, binary))
    assert first is not None and first.data is None
    assert second is not None and second.data == b"\0b"
    assert not settler.settle([Conflict(Where.PROJECT, "not known here")])
