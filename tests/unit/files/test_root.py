"""What is seen below a folder, and what is refused there."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import (
    ConflictError,
    HostilePathError,
    InputError,
    NotFoundError,
    StorageError,
)
from holdall.files.root import FileState, Root, Strange, look_at, read_chunks

pytestmark = pytest.mark.unit


def rel(text: str) -> RelPath:
    """Return a path."""
    return RelPath.parse(text)


def sha(data: bytes) -> str:
    """Return a hash."""
    return hashlib.sha256(data).hexdigest()


def test_state_of_files_and_links(tmp_path: Path) -> None:
    """A file's state has its hash and executable bit, a link's the hash of its text."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a/f").write_bytes(b"data")
    (tmp_path / "a/x").write_bytes(b"")
    (tmp_path / "a/x").chmod(0o755)
    (tmp_path / "a/l").symlink_to("nowhere")
    with Root(tmp_path) as root:
        assert root.state_of(rel("a/f")) == FileState(FileKind.FILE, False, sha(b"data"))
        assert root.state_of(rel("a/x")) == FileState(FileKind.FILE, True, sha(b""))
        assert root.state_of(rel("a/l")) == FileState(FileKind.LINK, False, sha(b"nowhere"))


def test_absent(tmp_path: Path) -> None:
    """A missing file and a file in a missing folder are just not there."""
    with Root(tmp_path) as root:
        for path in (rel("nothing"), rel("no/such/folder")):
            assert root.state_of(path) is None
            assert root.stat_of(path) is None
            assert root.read_bytes(path, 10) is None


def test_root_must_be_a_folder(tmp_path: Path) -> None:
    """A root that is missing or a file is not found, and the error says what to do."""
    (tmp_path / "file").write_bytes(b"")
    for name in ("missing", "file", "file/below"):
        with pytest.raises(NotFoundError) as caught:
            Root(tmp_path / name)
        assert caught.value.hint
    with pytest.raises(StorageError, match="too long"):
        Root(tmp_path / ("n" * 300))


@pytest.mark.parametrize("way", ["link/f", "file/f", "loop/f"])
def test_way_through_links_is_refused(tmp_path: Path, way: str) -> None:
    """No component is followed through a symlink or a file, not even one that stays inside."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/f").write_bytes(b"")
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "loop").symlink_to("loop")
    with Root(tmp_path) as root:
        for look in (root.state_of, root.stat_of, lambda p: root.read_bytes(p, 10)):
            with pytest.raises(HostilePathError, match="symlink or not a folder"):
                look(rel(way))


def test_special_files_are_refused(tmp_path: Path) -> None:
    """A pipe or socket is refused without waiting for it; a folder in a file's place conflicts."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    here = Path.cwd()
    os.chdir(tmp_path)  # a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket")
    finally:
        os.chdir(here)
    with Root(tmp_path) as root:
        for name in ("pipe", "socket"):
            for look in (root.state_of, root.stat_of, lambda p: root.read_bytes(p, 10)):
                with pytest.raises(HostilePathError, match="not a regular file"):
                    look(rel(name))
        with pytest.raises(ConflictError, match="a folder where a file was expected"):
            root.state_of(rel("folder"))
        with pytest.raises(ConflictError):
            root.read_bytes(rel("folder"), 10)
        assert root.stat_of(rel("folder")) is not None
        assert look_at(root.folders.top, "pipe") is Strange.SPECIAL
        assert look_at(root.folders.top, "folder") is Strange.FOLDER


def test_read_bytes(tmp_path: Path) -> None:
    """A file is read up to the limit, a link not at all."""
    (tmp_path / "f").write_bytes(b"12345")
    (tmp_path / "l").symlink_to("f")
    with Root(tmp_path) as root:
        assert root.read_bytes(rel("f"), 5) == b"12345"
        with pytest.raises(InputError, match="larger than 4 bytes"):
            root.read_bytes(rel("f"), 4)
        with pytest.raises(HostilePathError):
            root.read_bytes(rel("l"), 5)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
@pytest.mark.parametrize("guess", [0, 1 << 20, 4 << 20])
def test_read_chunks(tmp_path: Path, size: int, guess: int) -> None:
    """All bytes are read, whatever the size was thought to be."""
    (tmp_path / "f").write_bytes(bytes(size))
    file = os.open(tmp_path / "f", os.O_RDONLY)
    try:
        assert sum(map(len, read_chunks(file, guess))) == size
    finally:
        os.close(file)


def test_missing_folders(tmp_path: Path) -> None:
    """The folders that a write would create come parents first, each once."""
    (tmp_path / "a").mkdir()
    with Root(tmp_path) as root:
        paths = [rel("a/b/c/f"), rel("a/b/g"), rel("d/f"), rel("a/h"), rel("top")]
        assert root.missing_folders(paths) == ["a/b", "a/b/c", "d"]


def test_many_folders_few_descriptors(tmp_path: Path) -> None:
    """Folders stay open within bounds, deep ones work too, and closing leaves none open."""
    before = len(os.listdir("/dev/fd"))
    deep = rel("/".join("d" for _ in range(300)))
    with Root(tmp_path) as root:
        for number in range(200):
            root.folders.make(rel(f"wide/{number}"))
        root.folders.make(deep)
        assert root.folders.find(deep) is not None
        assert len(os.listdir("/dev/fd")) < before + 80
        assert len(root.folders.made) == 201 + 300
    assert len(os.listdir("/dev/fd")) == before


def test_forget(tmp_path: Path) -> None:
    """A forgotten folder is looked up anew, its neighbours by name prefix are not touched."""
    with Root(tmp_path) as root:
        root.folders.make(rel("a/b"))
        root.folders.make(rel("ab"))
        (tmp_path / "a/b").rmdir()
        root.folders.forget(rel("a"))
        assert root.folders.find(rel("a/b")) is None
        assert root.folders.find(rel("ab")) is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path: Path) -> None:
    """What may not be read is an error that says so."""
    (tmp_path / "f").write_bytes(b"")
    (tmp_path / "f").chmod(0)
    with Root(tmp_path) as root, pytest.raises(StorageError, match="is not readable"):
        root.state_of(rel("f"))
