"""Folders that are written for others to read: files by their hashes, and files by their names.

    blobs/4d1a...e0     appears whole, by one call, or not at all, and never changes
    index.html          is replaced by one call: a reader sees the old bytes or the new

A power cut may leave a file that is not what its name says, as long as `make_durable` did not
return: whoever needs that certainty reads it again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from holdall.artifacts.paths import RelPath
from holdall.errors import HoldallError, StorageError
from holdall.files import syscalls
from holdall.files.lock import locked
from holdall.files.root import Root, make_folders, read_chunks, reporting, write_all

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


class PlainFolder:
    """Files below a folder, held by its lock; the folder is made if it is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        with reporting(self.path):
            make_folders(self.path)
        with ExitStack() as stack:
            self._root = stack.enter_context(Root(self.path))
            stack.enter_context(locked(self._root))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def read(self, path: str, limit: int) -> bytes | None:
        """Return a file's bytes, None if there is none; raises what `Root.read_bytes` raises."""
        return self._root.read_bytes(RelPath.parse(path), limit)

    def hash_of(self, path: str) -> str | None:
        """Return the SHA-256 of a file; None if there is none, an empty text for anything else."""
        try:
            state = self._root.state_of(RelPath.parse(path))
        except HoldallError:
            return ""
        return None if state is None else state.sha256

    def replace(self, path: str, data: bytes, *, executable: bool = False) -> None:
        """Make a file have these bytes; a reader sees the old ones or the new."""
        place = RelPath.parse(path)
        with reporting(self.path / path):
            folder = self._root.folders.make(place.parent)
            name = f".{secrets.token_hex(8)}.new"
            file = syscalls.create_file(name, folder, 0o755 if executable else 0o644)
            try:
                write_all(file, data)
            finally:
                os.close(file)
            syscalls.rename(folder, name, folder, place.name)

    def remove(self, path: str) -> None:
        """Remove a file, and the folders that are empty then."""
        place = RelPath.parse(path)
        with reporting(self.path / path):
            folder = self._root.folders.find(place.parent)
            if folder is not None:
                syscalls.remove_file(place.name, folder)
            while (parent := place.parent) is not None:
                above = self._root.folders.find(parent.parent)
                try:
                    self._root.folders.forget(parent)
                    if above is not None:
                        syscalls.remove_folder(parent.name, above)
                except OSError:
                    return
                place = parent

    def make_durable(self) -> None:
        """Return when everything is on the disk."""
        with reporting(self.path):
            syscalls.sync_file_system(self._root.folders.top)
