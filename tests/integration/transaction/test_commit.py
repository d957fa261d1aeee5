"""What a commit changes, what it leaves alone, and what it says about it."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import ConflictError, HoldallError, HostilePathError, StorageError
from holdall.files import syscalls
from holdall.files.lock import lock_folder
from holdall.files.root import FileState, Root
from holdall.transaction.actions import Action, Put, Remove, RemoveFolder
from holdall.transaction.commit import Outcome, commit, forget_message, read_messages

pytestmark = pytest.mark.integration


def rel(text: str) -> RelPath:
    """Return a path."""
    return RelPath.parse(text)


def file(data: bytes, executable: bool = False) -> FileState:
    """Return the state of a file."""
    return FileState(FileKind.FILE, executable, hashlib.sha256(data).hexdigest())


def put(path: str, data: bytes, expected: bytes | None = None, **options: Any) -> Put:
    """Return the action for a file."""
    before = None if expected is None else file(expected)
    return Put(rel(path), file(data), len(data), options.pop("source", data), before, **options)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Root]:
    """Return an opened empty project; the test must leave no descriptor open."""
    before = len(os.listdir("/dev/fd"))
    folder = tmp_path / "project"
    folder.mkdir()
    with Root(folder) as root:
        yield root
    assert len(os.listdir("/dev/fd")) == before


def run(root: Root, *actions: Action, prepare: Callable[[str], None] = lambda _: None) -> Outcome:
    """Commit under the lock."""
    with lock_folder(root):
        return commit(root, actions, kind="deploy", payload={"n": 1}, prepare=prepare)


def left_in_tx(root: Root) -> list[str]:
    """Return the unfinished transactions."""
    tx = root.path / ".holdall/tx"
    return os.listdir(tx) if tx.exists() else []


def visible(root: Root) -> list[str]:
    """Return what lies in the project."""
    return sorted(os.listdir(root.path))


def test_creates_with_exact_modes(project: Root, tmp_path: Path) -> None:
    """Files get 0644 or 0755 whatever the umask and the source say, links are links."""
    source = tmp_path / "source"
    source.write_bytes(b"from a file")
    source.chmod(0o4600)
    link = Put(rel("a/l"), FileState(FileKind.LINK, False, file(b"f").sha256), 1, b"f")
    (tmp_path / "link").symlink_to("f")
    other_link = Put(rel("a/m"), link.state, 1, tmp_path / "link")
    tool = Put(rel("a/b/x"), file(b"tool", executable=True), 4, b"tool")
    umask = os.umask(0o077)
    try:
        run(project, put("a/f", b"from a file", source=source), tool, link, other_link)
    finally:
        os.umask(umask)
    folder = project.path / "a"
    assert (folder / "f").read_bytes() == b"from a file"
    assert stat.S_IMODE((folder / "f").stat().st_mode) == 0o644
    assert stat.S_IMODE((folder / "b/x").stat().st_mode) == 0o755
    assert os.readlink(folder / "l") == os.readlink(folder / "m") == "f"
    assert left_in_tx(project) == []


def test_large_file(project: Root, tmp_path: Path) -> None:
    """A file of many chunks arrives whole."""
    data = os.urandom(1 << 20) * 3 + b"end"
    (tmp_path / "source").write_bytes(data)
    run(project, put("f", data, source=tmp_path / "source"))
    assert (project.path / "f").read_bytes() == data


def test_replace_and_remove_with_backups(project: Root) -> None:
    """What is replaced or removed with `keep_backup` is kept where the outcome says."""
    (project.path / "a").mkdir()
    (project.path / "a/f").write_bytes(b"old")
    (project.path / "a/g").write_bytes(b"gone")
    outcome = run(
        project,
        put("a/f", b"new", b"old", keep_backup=True),
        Remove(rel("a/g"), file(b"gone"), keep_backup=True),
    )
    assert outcome.conflicts == ()
    assert (project.path / "a/f").read_bytes() == b"new"
    assert not (project.path / "a/g").exists()
    kept = {path: (project.path / place).read_bytes() for path, place in outcome.backups}
    assert kept == {"a/f": b"old", "a/g": b"gone"}
    assert all(place.startswith(".holdall/backups/") for _, place in outcome.backups)


def test_remove_folders(project: Root) -> None:
    """Emptied folders go, others and what is no folder stay without a word."""
    run(project, put("a/b/f", b"1"), put("c/f", b"2"))
    (project.path / "c/mine").write_bytes(b"")
    (project.path / "link").symlink_to("c")
    removed = [Remove(rel("a/b/f"), file(b"1")), Remove(rel("c/f"), file(b"2"))]
    folders = [RemoveFolder(rel(p)) for p in ("a/b", "a", "c", "c/mine", "link", "link/x", "none")]
    assert run(project, *removed, *folders).conflicts == ()
    assert visible(project) == [".holdall", "c", "link"]
    assert os.listdir(project.path / "c") == ["mine"]


def test_folder_and_file_change_places(project: Root) -> None:
    """A file can become a folder, and a folder a file, in one transaction."""
    run(project, put("a", b"1"), put("b/f", b"2"), put("c/f", b"5"))
    outcome = run(
        project,
        Remove(rel("c/f"), file(b"5")),
        RemoveFolder(rel("c")),
        put("c/g", b"6"),
        Remove(rel("a"), file(b"1")),
        put("a/f", b"3"),
        Remove(rel("b/f"), file(b"2")),
        RemoveFolder(rel("b")),
        put("b", b"4"),
    )
    assert outcome.conflicts == ()
    assert (project.path / "a/f").read_bytes() == b"3"
    assert (project.path / "b").read_bytes() == b"4"


def test_absent_already(project: Root) -> None:
    """Removing what is gone and putting what is there already are done, not conflicts."""
    (project.path / "f").write_bytes(b"new")
    (project.path / "g").write_bytes(b"new")
    gone = Remove(rel("no/such"), file(b""))
    outcome = run(project, put("f", b"new"), put("g", b"new", b"old"), gone)
    assert outcome.conflicts == ()


@pytest.mark.parametrize("exchange", [True, False])
def test_edits_during_the_deploy_survive(
    project: Root, exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What people do after the plan was made wins, is reported, and does not stop the rest."""
    if not exchange:
        monkeypatch.setattr(syscalls, "rename_with", lambda *_: False)
    folder = project.path
    for name in ("edited", "deleted", "foldered", "removed", "linked", "moded"):
        (folder / name).write_bytes(b"old")

    def people(_: str) -> None:
        (folder / "edited").write_bytes(b"mine")
        (folder / "deleted").unlink()
        (folder / "foldered").unlink()
        (folder / "foldered").mkdir()
        (folder / "foldered/mine").write_bytes(b"mine")
        (folder / "removed").write_bytes(b"mine")
        (folder / "created").write_bytes(b"mine")
        (folder / "linked").unlink()
        (folder / "linked").symlink_to("edited")
        (folder / "moded").chmod(0o755)

    names = ("edited", "deleted", "foldered", "linked", "moded")
    actions: list[Action] = [put(name, b"new", b"old") for name in names]
    actions += [put("created", b"new"), Remove(rel("removed"), file(b"old")), put("last", b"new")]
    outcome = run(project, *actions, prepare=people)
    assert sorted(outcome.conflicts) == sorted([*names, "created", "removed"])
    assert outcome.backups == ()
    for name in ("edited", "foldered/mine", "removed", "created"):
        assert (folder / name).read_bytes() == b"mine"
    assert os.readlink(folder / "linked") == "edited"
    assert (folder / "moded").read_bytes() == b"old"
    assert not (folder / "deleted").exists()
    assert (folder / "last").read_bytes() == b"new"
    assert left_in_tx(project) == []


def test_folder_swapped_for_a_link(project: Root, tmp_path: Path) -> None:
    """A folder that turns into a symlink during the deploy leads nothing outside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_bytes(b"old")
    run(project, put("a/f", b"old"), put("b/f", b"old"))

    def swap(_: str) -> None:
        for name in ("a", "b"):
            (project.path / name).rename(project.path / f"{name}-moved")
            (project.path / name).symlink_to(outside)
        project.folders.forget()  # as if they had never been opened

    outcome = run(
        project,
        put("a/f", b"new", b"old"),
        Remove(rel("b/f"), file(b"old")),
        put("a/new", b"new"),
        RemoveFolder(rel("b/g")),
        prepare=swap,
    )
    assert sorted(outcome.conflicts) == ["a/f", "a/new", "b/f"]
    assert os.listdir(outside) == ["f"]
    assert (outside / "f").read_bytes() == b"old"


def test_deleted_folder_is_not_made_again(project: Root) -> None:
    """Replacing in a folder that somebody deleted is a conflict and brings no folder back."""
    run(project, put("a/f", b"old"))

    def delete(_: str) -> None:
        (project.path / "a/f").unlink()
        (project.path / "a").rmdir()
        project.folders.forget()

    assert run(project, put("a/f", b"new", b"old"), prepare=delete).conflicts == ("a/f",)
    assert visible(project) == [".holdall"]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda t: put("f", b"data", source=t / "missing"), ConflictError, "source changed"),
        (lambda t: put("f", b"data", source=t / "other"), ConflictError, "source changed"),
        (lambda t: put("f", b"shor", source=t / "longer"), ConflictError, "source changed"),
        (lambda t: put("f", b"data", source=t / "link"), ConflictError, "source changed"),
        (lambda t: put("f", b"data", source=t / "pipe"), ConflictError, "source changed"),
        (lambda t: put("f", b"data", source=b"date"), ConflictError, "source changed"),
        (lambda t: put("f", b"", source=t / ("n" * 300)), StorageError, "too long"),
        (lambda t: put(".git/config", b""), HostilePathError, "no artifact may write"),
        (lambda t: RemoveFolder(rel(".holdall")), HostilePathError, "no artifact may write"),
        (lambda t: put("link/f", b""), HostilePathError, "symlink or not a folder"),
        (lambda t: Remove(rel("file/f"), file(b"")), HostilePathError, "symlink or not a folder"),
        (lambda t: put("first", b""), ConflictError, "two actions would write"),
        (lambda t: Put(rel("f"), file(b""), 1 << 60, b""), StorageError, "are free"),
    ],
)
def test_refused_before_anything_is_visible(
    project: Root,
    tmp_path: Path,
    make: Callable[[Path], Action],
    error: type[HoldallError],
    words: str,
) -> None:
    """A commit that cannot be done leaves neither files nor staging, and does not prepare."""
    (tmp_path / "other").write_bytes(b"date")
    (tmp_path / "longer").write_bytes(b"shorter")
    (tmp_path / "link").symlink_to("other")
    os.mkfifo(tmp_path / "pipe")
    (project.path / "file").write_bytes(b"")
    (project.path / "link").symlink_to(tmp_path)
    with pytest.raises(error, match=words) as caught:
        run(project, put("first", b"1"), make(tmp_path), prepare=lambda _: pytest.fail("prepared"))
    assert caught.value.hint
    assert set(visible(project)) - {".holdall"} == {"file", "link"}
    assert left_in_tx(project) == []
    assert read_messages(project) == []


def test_prepare_may_refuse(project: Root) -> None:
    """An error of `prepare`, even one of the system's kind, passes through and is all there is."""
    for error in (ConnectionError("database away"), KeyboardInterrupt(), SystemExit(3)):
        with pytest.raises(type(error)) as caught:

            def refuse(transaction_id: str, error: BaseException = error) -> None:
                assert left_in_tx(project) == [transaction_id]
                raise error

            run(project, put("a/f", b"1"), prepare=refuse)
        assert caught.value is error
        assert visible(project) == [".holdall"]
        assert left_in_tx(project) == []


def test_messages(project: Root) -> None:
    """A commit's message waits, in order, until it was delivered."""
    first = run(project, put("f", b"1")).transaction_id
    with lock_folder(project):
        message = commit(project, [], kind="note", payload={"only": "this"}, prepare=lambda _: None)
        nothing = commit(project, [], kind="x", payload={}, prepare=lambda _: pytest.fail("why"))
    assert [(m.transaction_id, m.kind, m.payload) for m in read_messages(project)] == [
        (first, "deploy", {"n": 1}),
        (message.transaction_id, "note", {"only": "this"}),
    ]
    for transaction_id in (first, first, nothing.transaction_id, "../../f"):
        forget_message(project, transaction_id)
    assert [m.kind for m in read_messages(project)] == ["note"]
    assert visible(project) == [".holdall", "f"]


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list that mutating calls are recorded in."""
    calls: list[str] = []

    def recording(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            calls.append(name)
            return real(*arguments)

        return call

    for name in syscalls.MUTATING:
        monkeypatch.setattr(syscalls, name, recording(name, getattr(syscalls, name)))
    return calls


def test_four_barriers_for_many_files(project: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is staged and durable before the commit point, and in place before it is told."""
    calls = recorded(monkeypatch)
    outcome = run(project, *(put(f"a/{n}", b"%d" % n) for n in range(200)))
    assert outcome.conflicts == ()
    steps = [c for c in calls if c.startswith(("sync", "rename"))]
    assert steps == [
        *("sync_file_system", "rename", "sync"),
        *["rename_with"] * 200,
        *("sync_file_system", "rename", "sync"),
    ]
    assert calls.index("sync_file_system") > max(
        place for place, name in enumerate(calls) if name in ("create_file", "set_mode")
    )


@pytest.mark.parametrize("text", [b"Dirty: 8 kB\nWriteback: 30000 kB\n", b"Dirty: 40000 kB", b"?"])
def test_others_write_much_where_it_is_not_known_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    """What waits for the disk and what is on its way there count together."""
    known = tmp_path / "meminfo"
    known.write_bytes(text)
    monkeypatch.setattr(syscalls, "MEMORY", str(known))
    assert syscalls.others_write_much() != text.startswith(b"Dirty: 8")
    known.unlink()
    assert syscalls.others_write_much()


def test_four_barriers_for_few_files(project: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two for the file system while little else is written, one for each end."""
    calls = recorded(monkeypatch)
    monkeypatch.setattr(syscalls, "others_write_much", lambda: False)
    run(project, *(put(f"a/{n}", b"%d" % n) for n in range(5)))
    assert (calls.count("sync_file_system"), calls.count("sync")) == (2, 2)


def test_few_files_are_synced_one_by_one(project: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small deploy does not wait for what others write to the file system."""
    calls = recorded(monkeypatch)
    monkeypatch.setattr(syscalls, "others_write_much", lambda: True)
    run(project, *(put(f"a/{n}", b"%d" % n) for n in range(5)))
    assert "sync_file_system" not in calls
    before = calls[: calls.index("rename")]
    assert before.count("sync") == 5 + 1 + 5  # files, plan, folders
    after = calls[len(before) : calls.index("rename", len(before) + 1)]
    assert after.count("sync") == 1 + 2  # the commit point, then `a` and the project itself


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("name", ["write", "create_file", "make_folder", "set_mode", "sync"])
def test_failing_disk_before_the_commit_point(
    project: Root, monkeypatch: pytest.MonkeyPatch, name: str, code: int
) -> None:
    """A disk that fails while staging leaves nothing, and the error has a hint."""

    def fail(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    with lock_folder(project), monkeypatch.context() as patch:
        patch.setattr(syscalls, name, fail)
        with pytest.raises(StorageError) as caught:
            commit(project, [put("a/f", b"1")], kind="k", payload={}, prepare=lambda _: None)
    assert caught.value.hint
    assert visible(project) in ([], [".holdall"])
    assert left_in_tx(project) == []


def test_progress(project: Root) -> None:
    """Progress is told for each staged action."""
    told: list[tuple[int, int]] = []
    with lock_folder(project):
        commit(
            project,
            [put("a", b"1"), put("b", b"2")],
            kind="k",
            payload={},
            prepare=lambda _: None,
            progress=lambda done, total: told.append((done, total)),
        )
    assert told == [(1, 2), (2, 2)]
