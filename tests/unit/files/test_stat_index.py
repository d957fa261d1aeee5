"""Files known again by their status: trusted where nothing can have changed, and nowhere else."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.files import stat_index
from holdall.files.root import FileState, Root
from holdall.files.stat_index import StateIndex, TreeIndex, index_file
from holdall.files.tree import Tree, file_tree, folder_tree
from host_factories import make_skill, write

pytestmark = pytest.mark.unit

A = RelPath.parse("x/a.txt")
SKILL = RelPath.parse("skills/s")
LATER = 1 << 62


@pytest.fixture(autouse=True)
def _no_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust what was written a nanosecond ago, and write however little is new."""
    monkeypatch.setattr(stat_index, "_MOMENT", 0)
    monkeypatch.setattr(stat_index, "_LONG_MOMENT", 0)
    monkeypatch.setattr(stat_index, "_WORTH_WRITING", 0)


class Project:
    """A project's folder with an index that lasts from one run to the next."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "project"
        self.file = folder / "cache" / "index.json"
        write(self.path / A, "one")

    def look(self, *paths: RelPath) -> tuple[FileState | None, int]:
        """Return the state of the last path, and how many files were read for all."""
        read = 0
        with Root(self.path) as root:
            index = StateIndex(self.file, root.folders.top)

            def look(path: RelPath) -> FileState | None:
                def count(path: RelPath) -> FileState | None:
                    nonlocal read
                    read += 1
                    return root.state_of(path)

                return index.state_of(path, count)

            found = [look(path) for path in paths or (A,)]
            index.save(paths or (A,))
        return found[-1], read


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that was looked at once."""
    made = Project(tmp_path)
    assert made.look()[1] == 1
    return made


def as_before(path: Path, status: os.stat_result) -> None:
    """Give a file the times that it had, as far as that is possible."""
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def next_moment(folder: Path) -> None:
    """Wait until the file system's clock has gone on."""
    probe = write(folder / "probe", "")
    first = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == first:
        probe.write_text("x")


def test_what_did_not_change_is_not_read_again(project: Project) -> None:
    """And is what it was."""
    with Root(project.path) as root:
        assert project.look() == (root.state_of(A), 0)


def edit(path: Path) -> None:
    """Write other bytes of the same number."""
    path.write_text("two")


def replace(path: Path) -> None:
    """Put another file of the same number of bytes in its place."""
    other = path.with_name("b.txt")
    other.write_text("two")
    other.rename(path)


def let_run(path: Path) -> None:
    """Make it executable."""
    path.chmod(0o755)


@pytest.mark.parametrize("change", [edit, replace, let_run])
def test_what_changed_is_read_again(project: Project, change: Callable[[Path], None]) -> None:
    """Also where size and times are what they were."""
    path = project.path / A
    status, before = path.stat(), project.look()[0]
    next_moment(project.path.parent)
    change(path)
    as_before(path, status)
    found, read = project.look()
    assert read == 1
    assert found != before
    assert project.look() == (found, 0)


def test_what_is_gone_is_gone(project: Project) -> None:
    """As is what has become a folder or a link."""
    (project.path / A).unlink()
    assert project.look() == (None, 1)
    (project.path / A).symlink_to("elsewhere")
    found, read = project.look()
    assert (found and found.kind, read) == (FileKind.LINK, 1)
    assert project.look()[1] == 1


def test_a_folder_that_became_a_link_is_looked_at(project: Project) -> None:
    """The file behind it is the same one, but it does not lie there any more."""
    (project.path / "x").rename(project.path / "y")
    (project.path / "x").symlink_to("y")
    with pytest.raises(Exception, match="symlink"):
        project.look()


def test_what_is_young_is_not_remembered(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change in the same step of the clock would not show."""
    monkeypatch.setattr(stat_index, "_MOMENT", LATER)
    monkeypatch.setattr(stat_index, "_LONG_MOMENT", LATER)
    edit(project.path / A)
    assert [project.look()[1] for _ in range(2)] == [1, 1]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '["0", {}]', '["0.1.0", []]', "[[[[", "null"])
def test_a_torn_or_strange_index_is_none(project: Project, text: str) -> None:
    """Everything is read then, and remembered anew."""
    project.file.write_text(text)
    assert [project.look()[1] for _ in range(2)] == [1, 0]


def test_an_index_that_cannot_be_written_is_no_matter(project: Project) -> None:
    """The next run reads again."""
    shutil.rmtree(project.file.parent)
    project.file.parent.write_text("in the way")
    assert project.look()[1] == 1


@pytest.mark.parametrize("staged", [0, LATER])
def test_what_was_put_there_is_known_unless_written_to_since(project: Project, staged: int) -> None:
    """Its time says whether anybody wrote to it after Holdall had."""
    edit(project.path / A)
    state = FileState(FileKind.FILE, False, "0" * 64)
    with Root(project.path) as root:
        index = StateIndex(project.file, root.folders.top)
        index.remember_placed({A: (state, 3), RelPath.parse("missing"): (state, 3)}, staged)
        index.save([A])
    found, read = project.look()
    assert (found == state, read) == ((True, 0) if staged else (False, 1))


@pytest.mark.parametrize("change", [edit, replace, let_run, Path.unlink])
def test_files_are_held_only_as_they_are(project: Project, change: Callable[[Path], None]) -> None:
    """All of them by their status, behind real folders; nothing is read for the answer."""
    found, _ = project.look()
    assert found is not None

    def holds(state: FileState, *more: RelPath) -> bool:
        with Root(project.path) as root:
            root.remembered = StateIndex(project.file, root.folders.top)
            return root.holds(dict.fromkeys((A, *more), state))

    assert holds(found)
    assert not holds(found, RelPath.parse("x/unknown.txt"))
    for wrong in ({"sha256": "0" * 64}, {"executable": True}, {"kind": FileKind.LINK}):
        assert not holds(found._replace(**wrong))
    (project.path / "x").rename(project.path / "y")
    (project.path / "x").symlink_to("y")
    assert not holds(found)
    (project.path / "x").unlink()
    (project.path / "y").rename(project.path / "x")
    assert holds(found)
    next_moment(project.path.parent)
    change(project.path / A)
    assert not holds(found)


class Known:
    """A collection's folder with a skill and a command."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "kit"
        self.file = folder / "index.json"
        self.skill = make_skill(self.path, "s", "one", **{"deep/er/b.txt": "b"})

    def tree(self) -> tuple[Tree, bool]:
        """Return the skill's tree, and whether it was read."""
        read = []

        def look() -> Tree:
            read.append(1)
            return folder_tree(self.skill)

        index = TreeIndex(self.file, self.path)
        tree = index.tree(SKILL, look)
        index.save([SKILL])
        return tree, bool(read)


@pytest.fixture
def known(tmp_path: Path) -> Known:
    """A collection that was looked at once."""
    made = Known(tmp_path)
    assert made.tree() == (folder_tree(made.skill), True)
    return made


def test_an_unchanged_artifact_is_not_read_again(known: Known) -> None:
    """Its tree is equal in every field."""
    assert known.tree() == (folder_tree(known.skill), False)


@pytest.mark.parametrize(
    "change",
    [
        lambda skill: edit(skill / "deep/er/b.txt"),
        lambda skill: write(skill / "deep/new.txt", "n"),
        lambda skill: write(skill / "deep/er/.hidden", "n"),
        lambda skill: (skill / "deep/er/b.txt").unlink(),
        lambda skill: (skill / "deep/er/b.txt").rename(skill / "deep/er/c.txt"),
        lambda skill: (skill / "deep/er/b.txt").chmod(0o755),
        lambda skill: (skill / "link").symlink_to("SKILL.md"),
        lambda skill: replace(skill / "SKILL.md"),
    ],
)
def test_any_change_of_an_artifact_is_seen(known: Known, change: Callable[[Path], object]) -> None:
    """In files, names and folders, however deep, with the files' times turned back."""
    times = {path: path.stat() for path in known.skill.rglob("*") if path.is_file()}
    next_moment(known.path.parent)
    change(known.skill)
    for path, status in times.items():
        if path.exists():
            as_before(path, status)
    assert known.tree() == (folder_tree(known.skill), True)


def test_trees_with_links_are_always_read(known: Known) -> None:
    """What they lead to is not looked at by status."""
    (known.skill / "link").symlink_to("SKILL.md")
    assert [known.tree()[1] for _ in range(2)] == [True, True]


def test_a_collected_artifact_is_known_unless_somebody_was_there(
    known: Known, tmp_path: Path
) -> None:
    """One with a file too many, or written to since, is read."""
    tree = folder_tree(known.skill)

    def is_known(staged: int) -> bool:
        known.file.unlink(missing_ok=True)
        index = TreeIndex(known.file, known.path)
        index.remember_placed({SKILL: tree}, staged)
        index.save([SKILL])
        return not known.tree()[1]

    assert is_known(LATER)
    assert not is_known(0)
    write(known.skill / "more.txt", "more")
    assert not is_known(LATER)


def test_a_single_file_is_an_artifact_too(tmp_path: Path) -> None:
    """Its tree has the name that is the same for all."""
    path, only = RelPath.parse("commands/c.md"), RelPath.parse("command.md")
    file = write(tmp_path / "kit" / path, "text")
    for expected in (1, 0):
        index = TreeIndex(tmp_path / "index.json", tmp_path / "kit")
        was_read: list[Any] = []

        def read(was_read: list[int] = was_read) -> Tree:
            was_read.append(1)
            return file_tree(file, only)

        assert index.tree(path, read) == file_tree(file, only)
        assert len(was_read) == expected
        index.save([path])


def test_each_folder_has_an_index_of_its_own(tmp_path: Path) -> None:
    """However it is written; without a cache there is none."""
    (tmp_path / "a").mkdir()
    one = index_file(tmp_path, "project", tmp_path / "a")
    assert one == index_file(tmp_path, "project", tmp_path / "a" / ".." / "a")
    assert one != index_file(tmp_path, "collection", tmp_path / "a")
    assert index_file(None, "project", tmp_path) is None


@pytest.mark.parametrize("entry", ["7", "null", "[1]", '[[1, 2], "x"]', '["abcdef", "x"]'])
def test_an_entry_that_somebody_wrote_says_nothing(
    tmp_path: Path, project: Project, entry: str
) -> None:
    """Neither of a file nor of an artifact."""
    version = json.loads(project.file.read_text())[0]
    project.file.write_text(f'["{version}", {{"{A}": {entry}, "{SKILL}": {entry}}}]')
    assert project.look()[1] == 1
    folder = make_skill(tmp_path / "kit", "s", "about")
    index = TreeIndex(project.file, tmp_path / "kit")
    assert index.tree(SKILL, lambda: folder_tree(folder)) == folder_tree(folder)
    with Root(project.path) as root:
        state = root.state_of(A)
        assert state is not None
        project.file.write_text(f'["{version}", {{"{A}": {entry}}}]')
        assert not StateIndex(project.file, root.folders.top).holds({A: state})
