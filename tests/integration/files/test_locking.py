"""One Holdall at a time."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from holdall.errors import HostilePathError, LockedError, RefusedError
from holdall.files.lock import lock_folder
from holdall.files.root import Root

pytestmark = pytest.mark.integration


def in_another_thread(root: Root, *, timeout: float) -> None:
    """Take the lock for a moment as somebody else; raises what that raises."""

    def take() -> None:
        with lock_folder(root, timeout=timeout):
            pass

    with ThreadPoolExecutor(1) as pool:
        pool.submit(take).result()


def test_state_folder(tmp_path: Path) -> None:
    """The first lock makes a private `.holdall` that git ignores; the lock file stays with it."""
    state = tmp_path / ".holdall"
    with Root(tmp_path) as root, lock_folder(root):
        (state / "ledger.json").write_bytes(b"")
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert (state / ".gitignore").read_text() == "*\n!deployed.toml\n!.gitattributes\n"
    assert (state / "lock").read_bytes() == b""


def test_what_was_made_for_the_lock_alone_goes_with_it(tmp_path: Path) -> None:
    """Also after an error; what was there before stays."""
    with Root(tmp_path) as root:
        with pytest.raises(ZeroDivisionError), lock_folder(root):
            _ = 1 / 0
        assert list(tmp_path.iterdir()) == []
        (tmp_path / ".holdall").mkdir()
        with lock_folder(root):
            pass
    assert (tmp_path / ".holdall/lock").exists()


def test_one_at_a_time_while_the_lock_comes_and_goes(tmp_path: Path) -> None:
    """Each finds `.holdall` missing, or is left waiting for one that was removed."""
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with Root(tmp_path) as root:
            for _ in range(50):
                with lock_folder(root):
                    inside.append(number)
                    most.append(len(inside))
                    inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert (len(most), max(most)) == (400, 1)
    left = {path.name for path in tmp_path.glob(".holdall/*")}
    assert left in (set(), {"lock", ".gitignore"})


def test_who_holds_a_lock_may_take_it_again(tmp_path: Path) -> None:
    """By another name of the folder, too; others wait until the first one lets go."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    with Root(tmp_path / "folder") as root, Root(tmp_path / "link") as same, lock_folder(root):
        with pytest.raises(ZeroDivisionError), lock_folder(same, timeout=0):
            _ = 1 / 0
        with pytest.raises(LockedError):
            in_another_thread(same, timeout=0)
    with Root(tmp_path / "folder") as root:
        in_another_thread(root, timeout=0)
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_forked_child_does_not_hold_its_parents_lock(tmp_path: Path) -> None:
    """It waits like any other process."""
    with Root(tmp_path) as root, lock_folder(root):
        child = os.fork()
        if child == 0:
            try:
                with Root(tmp_path) as own, lock_folder(own, timeout=0):
                    os._exit(0)
            except LockedError:
                os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@pytest.mark.parametrize("name", ["lock", ".gitignore"])
@pytest.mark.parametrize("text", [b"", b"the user's only copy"])
def test_a_file_with_a_second_name_is_not_written_to(
    tmp_path: Path, name: str, text: bytes
) -> None:
    """A hard link in `.holdall` could be any file of the user's."""
    precious = tmp_path / "precious"
    precious.write_bytes(text)
    (tmp_path / "project/.holdall").mkdir(parents=True)
    os.link(precious, tmp_path / "project/.holdall" / name)
    with (
        Root(tmp_path / "project") as root,
        pytest.raises(HostilePathError, match="not what Holdall creates"),
        lock_folder(root),
    ):
        pass
    assert precious.read_bytes() == text


@pytest.mark.parametrize("name", ["lock", ".gitignore"])
@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_not_taken_for_one(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    """A folder or a pipe in the place of Holdall's own files is named at once."""
    (tmp_path / ".holdall").mkdir()
    make(tmp_path / ".holdall" / name)
    with Root(tmp_path) as root, pytest.raises(HostilePathError), lock_folder(root):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_the_state_of_another_user_is_left_alone(tmp_path: Path) -> None:
    """Root, as by sudo, would lock its owner out: nothing is written, and the owner is named."""
    state = tmp_path / ".holdall"
    state.mkdir(0o700)
    os.chown(state, 12345, -1)
    with (
        Root(tmp_path) as root,
        pytest.raises(RefusedError, match="the user 12345") as caught,
        lock_folder(root),
    ):
        pass
    assert "without sudo" in str(caught.value.hint)
    assert list(state.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_what_root_left_is_named_to_the_user(tmp_path: Path) -> None:
    """A user who may not even open `.holdall` learns whose it is, and how to get it back."""
    project = tmp_path / "project"
    project.mkdir()
    (project / ".holdall").mkdir(0o700)
    with Root(project) as root:
        os.chown(project, 12345, -1)
        os.seteuid(12345)
        try:
            with pytest.raises(RefusedError, match="belongs to root") as caught, lock_folder(root):
                pass
        finally:
            os.seteuid(0)
    assert "sudo chown -R 12345" in str(caught.value.hint)


def test_gitignore_is_completed_and_kept(tmp_path: Path) -> None:
    """An empty `.gitignore` is filled in, one with other content is the user's."""
    ignore = tmp_path / ".holdall/.gitignore"
    ignore.parent.mkdir()
    ignore.write_bytes(b"")
    with Root(tmp_path) as root:
        with lock_folder(root):
            assert ignore.read_text() == "*\n!deployed.toml\n!.gitattributes\n"
        ignore.write_text("mine\n")
        with lock_folder(root):
            assert ignore.read_text() == "mine\n"


def test_second_one_is_told_who_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot get the lock learns process, host and command, without the command's secrets."""
    words = ["/usr/bin/holdall", "--database", "postgresql://u:secret@h/d", "password=secret"]
    monkeypatch.setattr(sys, "argv", [*words, "deploy"])
    with Root(tmp_path) as root, Root(tmp_path) as other:
        with lock_folder(root), pytest.raises(LockedError) as caught:
            in_another_thread(other, timeout=0.02)
        assert f"process {os.getpid()} on " in caught.value.message
        assert "(holdall --database deploy), since 20" in caught.value.message
        assert "secret" not in caught.value.message
        with lock_folder(other, timeout=0):
            assert b"secret" not in (tmp_path / ".holdall/lock").read_bytes()


def test_holder_that_cannot_be_read(tmp_path: Path) -> None:
    """A lock without a readable holder is still a lock."""
    with Root(tmp_path) as root, Root(tmp_path) as other, lock_folder(root):
        (tmp_path / ".holdall/lock").write_bytes(b"[" * 4000)
        with pytest.raises(LockedError, match="another process"):
            in_another_thread(other, timeout=0)


def test_lock_goes_away_with_an_error_and_with_its_process(tmp_path: Path) -> None:
    """An error or a kill of the holder frees the lock."""
    with Root(tmp_path) as root:
        with pytest.raises(ZeroDivisionError), lock_folder(root):
            _ = 1 / 0
        child = os.fork()
        if child == 0:
            with Root(tmp_path) as own, lock_folder(own, timeout=0):
                os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        with lock_folder(root, timeout=0):
            pass


def test_lock_is_not_kept_by_children(tmp_path: Path) -> None:
    """A child that was forked while the lock was held does not keep others out."""
    with Root(tmp_path) as root:
        read, write = os.pipe()
        with lock_folder(root):
            child = os.fork()
            if child == 0:
                os.close(write)
                os.read(read, 1)
                os._exit(0)
        with lock_folder(root, timeout=0):
            pass
        os.close(write)
        os.waitpid(child, 0)
        os.close(read)


@pytest.mark.parametrize("name", [".holdall", ".holdall/lock", ".holdall/.gitignore"])
def test_symlinks_are_refused(tmp_path: Path, name: str) -> None:
    """Neither `.holdall` nor a file in it may be a symlink, and its goal is not touched."""
    project, outside = tmp_path / "project", tmp_path / "outside"
    outside.mkdir()
    (project / name).parent.mkdir(parents=True)
    (project / name).symlink_to(outside)
    refused = pytest.raises(HostilePathError, match="not what Holdall creates")
    with Root(project) as root, refused, lock_folder(root):
        pass
    assert list(outside.iterdir()) == []


def test_state_folder_must_be_a_folder(tmp_path: Path) -> None:
    """A file in its place is refused."""
    (tmp_path / ".holdall").write_bytes(b"mine")
    with Root(tmp_path) as root:
        with pytest.raises(HostilePathError), lock_folder(root):
            pass
        assert (tmp_path / ".holdall").read_bytes() == b"mine"


def test_deleted_lock_is_made_again(tmp_path: Path) -> None:
    """Deleting `.holdall` by hand between two commands does no harm, and nothing stays open."""
    before = len(os.listdir("/dev/fd"))
    with Root(tmp_path) as root:
        for _ in range(2):
            with lock_folder(root):
                for path in (tmp_path / ".holdall").iterdir():
                    path.unlink()
                (tmp_path / ".holdall").rmdir()
    assert len(os.listdir("/dev/fd")) == before
