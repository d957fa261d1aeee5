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
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import HoldallError, StorageError
from holdall.files import syscalls
from holdall.files.lock import STATE_FOLDER, lock_folder
from holdall.files.root import FileState, Root, make_folders, read_chunks, storage_errors, write_all
from holdall.files.stat_index import StateIndex, index_file
from holdall.files.user_state import user_folder

_NEW = ".new"
_STAGING = RelPath.parse(f"{STATE_FOLDER}/new")


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
        with storage_errors(path):
            for chunk in self._chunks(sha256):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != sha256:
            with contextlib.suppress(OSError):
                syscalls.remove_file(sha256, self._folder())
            raise StorageError(f"{path} was damaged, and is deleted", hint="try again")

    def put(self, sha256: str, chunks: Iterable[bytes]) -> None:
        """Write a file, of which the caller says what it is; what `chunks` raises leaves none."""
        with storage_errors(self.path / sha256):
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
        with storage_errors(self.path):
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
    with storage_errors(path):
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
    with storage_errors(path):
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in os.listdir(folder):
                if name.startswith(".") and name.endswith(_NEW):
                    syscalls.remove_file(name, folder)
        finally:
            os.close(folder)


class PlainFolder:
    """Files below a folder, held by its lock; the folder is made if it is missing.

    New files are staged in its `.holdall` folder, and each is then placed by one call.
    """

    def __init__(self, path: Path, index: str) -> None:
        """`index` names the kind of folder, for what is remembered of its files."""
        self.path = path
        self._kind = index

    def __enter__(self) -> Self:
        with storage_errors(self.path):
            make_folders(self.path)
        with ExitStack() as stack:
            self._root = stack.enter_context(Root(self.path))
            stack.enter_context(lock_folder(self._root))
            top = self._root.folders.top
            file = index_file(_cache_folder(), self._kind, self.path)
            self._index = self._root.remembered = StateIndex(file, top)
            with storage_errors(self.path):
                self._staging = os.dup(self._root.folders.make(_STAGING))
            stack.callback(os.close, self._staging)
            self._staged = 0
            self._remove_staged()
            stack.callback(self._remove_staged)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def read(self, path: str, limit: int) -> bytes | None:
        """Return a file's bytes, None if there is none; raises what `Root.read_bytes` raises."""
        return self._root.read_bytes(RelPath.parse(path), limit)

    def hash_of(self, path: str) -> str | None:
        """Return the SHA-256 of a file, and ` x` where it is executable.

        None if there is none, an empty text for anything else.
        """
        try:
            state = self._root.state_of(RelPath.parse(path))
        except HoldallError:
            return ""
        if state is None:
            return None
        return hash_text(state.sha256, executable=state.executable)

    def stage(self, data: bytes, *, executable: bool = False) -> str:
        """Write bytes where nobody looks, and return the name to `place` them by."""
        self._staged += 1
        name = str(self._staged)
        with storage_errors(self.path):
            file = syscalls.create_file(name, self._staging, 0o755 if executable else 0o644)
            try:
                write_all(file, data)
            finally:
                os.close(file)
        return name

    def place(self, name: str, path: str) -> None:
        """Make a file be what was staged; a reader sees the old one or the new."""
        place = RelPath.parse(path)
        with storage_errors(self.path / path):
            folder = self._root.folders.make(place.parent)
            syscalls.rename(self._staging, name, folder, place.name)

    def replace(self, path: str, data: bytes) -> None:
        """Make a file have these bytes; a reader sees the old ones or the new."""
        self.place(self.stage(data), path)

    def remove(self, path: str) -> None:
        """Remove a file, and the folders that are empty then."""
        place = RelPath.parse(path)
        with storage_errors(self.path / path):
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
        with storage_errors(self.path):
            syscalls.sync_file_system(self._root.folders.top)

    def remember(self, sizes: Mapping[str, tuple[str, int]], kept: Iterable[str]) -> None:
        """Spare the next run reading files: those placed now, with hash and size, and `kept`."""
        states = {}
        for path, (text, size) in sizes.items():
            sha256, _, mark = text.partition(" ")
            states[RelPath.parse(path)] = (FileState(FileKind.FILE, bool(mark), sha256), size)
        self._index.remember_placed(states, time.time_ns())
        self._index.save([*kept, *sizes])

    def _remove_staged(self) -> None:
        """Remove what a kill left; nobody else may be writing now."""
        with storage_errors(self.path):
            for name in os.listdir(self._staging):
                syscalls.remove_file(name, self._staging)


def hash_text(sha256: str, *, executable: bool) -> str:
    """Return what `PlainFolder.hash_of` says of a file with these bytes."""
    return f"{sha256} x" if executable else sha256


def _cache_folder() -> Path | None:
    try:
        return user_folder("cache")
    except StorageError:
        return None
