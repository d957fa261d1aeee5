"""A folder of files that are named by the SHA-256 of their bytes: written once, never changed.

    blobs/4d1a...e0     appears whole, by one call, or not at all

A power cut may leave a file that is not what its name says, as long as `make_durable` did not
return: whoever needs that certainty reads, or puts it again with `check`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from holdall.errors import StorageError
from holdall.files import syscalls
from holdall.files.root import make_folders, read_chunks, reporting, write_all

_NEW = ".new"


class ContentFolder:
    """Files by their hashes. Raises StorageError where the folder cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def close(self) -> None:
        """Let go of the folder."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def has(self, sha256: str) -> bool:
        """Return whether there is a file of this name."""
        return os.path.lexists(self.path / sha256)

    def names(self) -> set[str]:
        """Return the names of all files."""
        try:
            return set(os.listdir(self.path))
        except FileNotFoundError:
            return set()

    def is_whole(self, sha256: str) -> bool:
        """Return whether the file of this name is there and its bytes are those of its name."""
        digest = hashlib.sha256()
        try:
            for chunk in self._chunks(sha256):
                digest.update(chunk)
        except OSError:
            return False
        return digest.hexdigest() == sha256

    def read(self, sha256: str) -> Iterator[bytes]:
        """Yield the bytes of a file; raises StorageError at its end if they are not its own."""
        path, digest = self.path / sha256, hashlib.sha256()
        with reporting(path):
            for chunk in self._chunks(sha256):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != sha256:
            with contextlib.suppress(OSError):
                syscalls.remove_file(sha256, self._folder())
            raise StorageError(f"{path} was damaged, and is deleted", hint="try again")

    def put(self, sha256: str, chunks: Iterable[bytes]) -> None:
        """Write a file, of which the caller says what it is; what `chunks` raises leaves none."""
        with reporting(self.path / sha256):
            folder = self._folder()
            name = f".{secrets.token_hex(8)}{_NEW}"
            file = syscalls.create_file(name, folder, 0o644)
            try:
                try:
                    for chunk in chunks:
                        write_all(file, chunk)
                finally:
                    os.close(file)
                syscalls.rename(folder, name, folder, sha256)
            except BaseException:
                with contextlib.suppress(OSError):
                    syscalls.remove_file(name, folder)
                raise

    def make_durable(self) -> None:
        """Return when everything that was put is on the disk."""
        with reporting(self.path):
            syscalls.sync_file_system(self._folder())

    def _folder(self) -> int:
        if self._fd is None:
            make_folders(self.path)
            self._fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return self._fd

    def _chunks(self, sha256: str) -> Iterator[bytes]:
        file = syscalls.open_file(sha256, self._folder())
        try:
            yield from read_chunks(file, os.fstat(file).st_size)
        finally:
            os.close(file)


def replace_file(path: Path, data: bytes) -> None:
    """Make a file have these bytes, durably; a reader sees the old ones or the new."""
    with reporting(path):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            name = f".{secrets.token_hex(8)}{_NEW}"
            file = syscalls.create_file(name, folder, 0o644)
            try:
                write_all(file, data)
                syscalls.sync(file)
            finally:
                os.close(file)
            syscalls.rename(folder, name, folder, path.name)
            syscalls.sync(folder)
        finally:
            os.close(folder)


def remove_unfinished(path: Path) -> None:
    """Remove what a kill left of files that were being written; nobody may be writing now."""
    with reporting(path):
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in os.listdir(folder):
                if name.startswith(".") and name.endswith(_NEW):
                    syscalls.remove_file(name, folder)
        finally:
            os.close(folder)
