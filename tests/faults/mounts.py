"""File systems of our own: a tmpfs of any size, and an ext4 whose power can be cut."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from injection import Injection

from holdall.files.syscalls import sync, sync_file_system

__all__ = ["Crowded", "RealCut", "in_tmpfs", "make_image", "mounted", "reason_against", "resize"]

IMAGE_SIZE = 24 << 20
_SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN
FLUSH_LOG, FORGET_LOG = 1, 2


def run(*words: str | Path) -> None:
    """Run a program that has to succeed."""
    subprocess.run(words, check=True, capture_output=True)


def reason_against(kind: str) -> str | None:
    """Return why file systems of a kind cannot be mounted here; None if they can."""
    if os.geteuid() != 0:
        return "only root may mount"
    with TemporaryDirectory() as folder:
        try:
            if kind == "tmpfs":
                with in_tmpfs(Path(folder)):
                    return None
            image, place = Path(folder, "image"), Path(folder, "place")
            place.mkdir()
            make_image(image)
            with mounted(image, place):
                _cut(place, FORGET_LOG)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"no {kind} can be mounted here: {error}"
    return None


@contextmanager
def in_tmpfs(place: Path) -> Iterator[None]:
    """Have a tmpfs, large at first, at a folder."""
    run("mount", "-t", "tmpfs", "-o", "size=64m", "none", place)
    try:
        yield
    finally:
        run("umount", "-l", place)


def resize(place: Path, spare_pages: int | None) -> None:
    """Leave so many pages free in a tmpfs; None: plenty."""
    status = os.statvfs(place)
    used = (status.f_blocks - status.f_bfree) * status.f_frsize
    size = 64 << 20 if spare_pages is None else used + spare_pages * status.f_frsize
    run("mount", "-o", f"remount,size={size}", place)


class Crowded(Injection):
    """A disk that somebody else fills up after it was seen to have room."""

    def __init__(self) -> None:
        super().__init__()
        os.statvfs = lambda _: SimpleNamespace(f_blocks=0, f_files=0, f_frsize=4096)  # type: ignore[assignment, return-value]


def make_image(image: Path) -> None:
    """Make an empty ext4 in a file."""
    with image.open("wb") as file:
        file.truncate(IMAGE_SIZE)
    run("mkfs.ext4", "-q", "-F", image)


@contextmanager
def mounted(image: Path, place: Path) -> Iterator[None]:
    """Have an image at a folder."""
    run("mount", "-o", "loop", image, place)
    try:
        yield
    finally:
        run("umount", place)


def _cut(place: Path, how: int) -> None:
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(folder, _SHUTDOWN, struct.pack("I", how))
    finally:
        os.close(folder)


class RealCut(Injection):
    """Cut the power of the file system at `place` at a step, or at the end."""

    def __init__(self, number: int, how: int, place: Path) -> None:
        super().__init__("kill", number)
        self._how = how
        self._place = place

    def sync(self, name: str, descriptor: int) -> None:
        """Here it matters."""
        (sync if name == "sync" else sync_file_system)(descriptor)

    def before_the_kill(self) -> None:
        """From now on nothing reaches the disk."""
        _cut(self._place, self._how)


def fill(state: Path, place: Path) -> None:
    """Copy a state into a mounted folder."""
    shutil.copytree(state, place, symlinks=True, dirs_exist_ok=True)
