"""Reading an artifact's files."""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdall.artifacts.paths import RelPath
from holdall.errors import StorageError
from holdall.files.tree import (
    bytes_tree,
    file_tree,
    folder_tree,
    hash_for_skillmeat,
    link_stays_inside,
)
from holdall.sources.walk import walk

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a skill of a few files."""
    top = tmp_path / "source" / "skill"
    (top / "docs").mkdir(parents=True)
    (top / "SKILL.md").write_text("hello")
    (top / "docs" / "a.md").write_text("a")
    (top / "docs.md").write_text("d")
    return top


def skillmeat(folder: Path) -> str:
    """Compute SkillMeat's hash as FORMATS section 4 has it."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def test_reads_every_file_once_for_both_hashes(folder: Path) -> None:
    """The tree lists all files with their sizes; SkillMeat's hash is as SkillMeat computes it."""
    tree = folder_tree(folder)
    assert {f.path: f.size for f in tree.files} == {"SKILL.md": 5, "docs/a.md": 1, "docs.md": 1}
    assert tree.size == 7
    assert tree.skillmeat_hash == skillmeat(folder)
    assert not tree.problems


def test_location_and_time_do_not_count_but_the_mode_does(folder: Path, tmp_path: Path) -> None:
    """The hash is the same elsewhere and later; an executable bit changes it."""
    before = folder_tree(folder).content_hash
    os.utime(folder / "SKILL.md", (1, 1))
    moved = folder.rename(tmp_path / "moved")
    assert folder_tree(moved).content_hash == before
    (moved / "SKILL.md").chmod(0o755)
    assert folder_tree(moved).content_hash != before


def test_a_link_may_name_what_no_file_can_be_called(folder: Path) -> None:
    """It leads to nothing, as SkillMeat sees it."""
    before = hash_for_skillmeat(folder_tree(folder), folder)
    (folder / "loose").symlink_to("x" * 300)
    assert hash_for_skillmeat(folder_tree(folder), folder) == before


def test_keeps_links_that_stay_inside(folder: Path) -> None:
    """A link to a sibling is a link in the tree, and its target's bytes in SkillMeat's hash."""
    (folder / "docs" / "link").symlink_to("../SKILL.md")
    (folder / "loose").symlink_to("nowhere")
    tree = folder_tree(folder)
    assert {f.path: f.kind.value for f in tree.files if f.kind.value == "l"} == {
        "docs/link": "l", "loose": "l"
    }  # fmt: skip
    assert tree.skillmeat_hash == skillmeat(folder)


def test_reports_links_that_leave(folder: Path) -> None:
    """A link out of the artifact is a problem; its target is not read."""
    (folder / "etc").symlink_to("/etc/passwd")
    (folder / "up").symlink_to("../other")
    problems = {p.path: p.code for p in folder_tree(folder).problems}
    assert problems == {"etc": "link-outside", "up": "link-outside"}


def test_follows_links_into_the_source_if_asked(folder: Path) -> None:
    """Files elsewhere in the source are part of the artifact; `elsewhere` says where they lie."""
    source = folder.parent
    (source / "shared" / "deep").mkdir(parents=True)
    (source / "shared" / "deep" / "x.txt").write_text("x")
    (source / "shared" / "loop").symlink_to("../shared")
    (source / "one.txt").write_text("1")
    (folder / "a-shared").symlink_to("../shared")
    (folder / "one").symlink_to("../one.txt")
    (folder / "self").symlink_to("../../source")
    tree = folder_tree(folder, within=source)
    assert {"a-shared/deep/x.txt", "one"} <= {f.path for f in tree.files}
    assert tree.elsewhere == {
        RelPath("a-shared/deep/x.txt"): source / "shared/deep/x.txt",
        RelPath("one"): source / "one.txt",
    }
    assert {p.path: p.code for p in tree.problems} == {
        "a-shared/loop": "link-broken", "self": "link-broken"
    }  # fmt: skip


def test_never_follows_links_into_version_control(folder: Path) -> None:
    """What git keeps for itself does not leak into artifacts."""
    (folder.parent / ".git").mkdir()
    (folder.parent / ".git" / "config").write_text("token")
    (folder / "c").symlink_to("../.git/config")
    (folder / ".git").write_text("gitdir: elsewhere")
    tree = folder_tree(folder, within=folder.parent)
    assert [p.code for p in tree.problems] == ["link-outside"]
    assert not any("git" in f.path for f in tree.files)


def test_reports_special_files_hostile_names_and_twins(folder: Path) -> None:
    """What cannot lie everywhere is named; the rest is read."""
    os.mkfifo(folder / "pipe")
    (folder / "con").write_text("")
    (folder / "skill.md").write_text("twin")
    (folder / "bad\nname").write_text("")
    tree = folder_tree(folder)
    assert {p.path: p.code for p in tree.problems} == {
        "pipe": "special-file", "con": "hostile-path", "skill.md": "path-twin",
        "bad\nname": "hostile-path",
    }  # fmt: skip
    assert len(tree.files) == 3


@pytest.fixture
def abyss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a file below more folders than Python's stack is deep, and take it away again."""
    depth = sys.getrecursionlimit() + 20
    monkeypatch.chdir(tmp_path)
    for _ in range(depth):
        os.mkdir("d")
        os.chdir("d")
    Path("f").write_text("x")
    yield tmp_path
    Path("f").unlink()
    for _ in range(depth):
        os.chdir("..")
        os.rmdir("d")


def test_survives_very_deep_folders(abyss: Path) -> None:
    """A nesting deeper than Python's stack is a problem, not a crash."""
    assert [p.code for p in folder_tree(abyss).problems] == ["hostile-path"]


def test_single_files(tmp_path: Path) -> None:
    """A file's tree has one file of the name asked for, whatever the file is called."""
    path = tmp_path / "any.md"
    path.write_text("x")
    tree = file_tree(path, RelPath("command.md"))
    assert tree.files[0].path == "command.md"
    assert tree == bytes_tree(b"x", RelPath("command.md"))
    assert tree.skillmeat_hash == hashlib.sha256(b"x").hexdigest()


def test_unreadable_is_a_storage_error(tmp_path: Path) -> None:
    """A missing file, a folder and a link raise our error, which names the path."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "link", "pipe", "."):
        with pytest.raises(StorageError) as caught:
            file_tree(tmp_path / name, RelPath("x"))
        assert str(tmp_path) in caught.value.message
    with pytest.raises(StorageError):
        folder_tree(tmp_path / "missing")


@pytest.mark.parametrize(
    ("path", "text", "inside"),
    [
        ("a", "b", True), ("d/a", "../b", True), ("d/a", "./x/y", True), ("a", "b/", True),
        ("a", "..", False), ("d/a", "../../b", False), ("a", "/etc", False), ("a", "", False),
        ("a", "b/../../c", False), ("d/e/a", "../f/../../../x", False), ("a", "b/../c", False),
    ],
)  # fmt: skip
def test_link_stays_inside(path: str, text: str, inside: bool) -> None:
    """Only leading `..` are counted: behind a name they could mean anything."""
    assert link_stays_inside(RelPath(path), text) is inside


def test_what_was_listed_is_not_listed_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where something else lies there, which a walk tells nothing of: that is looked at."""
    (folder / "link").symlink_to("SKILL.md")
    (folder / "odd" / ".holdall").mkdir(parents=True)
    (folder / "odd" / ".holdall" / "x").write_text("x")
    (folder / "odd" / "deep").mkdir()
    (folder / "odd" / "deep" / "y").write_text("y")
    expected, source, listed = folder_tree(folder), walk(folder.parent), []
    scandir = os.scandir

    def listing(place: str) -> object:
        listed.append(os.path.relpath(place, folder))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", listing)
    assert folder_tree(source.location("skill"), listed=source.list_names) == expected
    assert sorted(listed) == ["odd", "odd/.holdall"]
    assert [f.path for f in expected.files] == [
        *("SKILL.md", "docs/a.md", "docs.md", "link"),
        *("odd/.holdall/x", "odd/deep/y"),
    ]


def test_what_went_away_since_it_was_listed(folder: Path) -> None:
    """A file that is gone is not missed; a folder that is gone cannot be read."""
    source = walk(folder.parent)
    (folder / "docs" / "a.md").unlink()
    tree = folder_tree(source.location("skill"), listed=source.list_names)
    assert tree == folder_tree(folder)
    assert [f.path for f in tree.files] == ["SKILL.md", "docs.md"]
    folder.rename(folder.with_name("moved"))
    with pytest.raises(StorageError, match="cannot read the folder"):
        folder_tree(source.location("skill"), listed=source.list_names)
