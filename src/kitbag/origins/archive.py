"""Unpacking an archive: every member checked, every byte counted, or nothing at all."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from kitbag.artifacts import BUILTIN_TYPES
from kitbag.caps import Caps
from kitbag.errors import HostilePathError, InputError, KitbagError, RefusedError, StorageError
from kitbag.origins.unpacking import Budget, Unpacker
from kitbag.paths import RelPath, refuse_collisions
from kitbag.sources.markdown import SKILL_FILE

__all__ = ["top_of", "unpack"]

_CHUNK = 1 << 20
_TELLING = {spec.folder for spec in BUILTIN_TYPES.values()} | {"plugins", ".claude-plugin"}
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, ValueError, OverflowError, NotImplementedError, RuntimeError, MemoryError, OSError),
)


def unpack(archive: Path, folder: Path, caps: Caps) -> str:
    """Unpack an archive into `folder`, which is new, and return the archive's SHA-256.

    Modes become 0644 or 0755. Raises HostilePathError, ConflictError or RefusedError for a member
    that no archive should have, InputError for an archive that is broken.
    """
    try:
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            folder.mkdir()
            unpacker = Unpacker(folder, Budget(str(archive), caps, size))
            reader = _Zip if archive.name.lower().endswith(".zip") else _Tar
            reader(unpacker, str(archive)).read(file)
    except KitbagError:
        raise
    except PermissionError as error:
        raise StorageError(
            f"cannot read {archive}: {error.strerror}", hint="check its permissions"
        ) from error
    except _BROKEN as error:
        raise InputError(
            f"{archive}: the archive is broken: {error}", hint="fetch or make it again"
        ) from error
    return digest


def top_of(folder: Path) -> Path:
    """Return the one folder that all else lies in, as in the archives of code hosts, or `folder`.

    A folder whose name or content says what it holds is not just a wrapping.
    """
    names = os.listdir(folder)
    top = folder / names[0] if len(names) == 1 else folder
    tells = top.name in _TELLING or (top / SKILL_FILE).is_file()
    return folder if top.is_symlink() or not top.is_dir() or tells else top


class _Members:
    """The paths of an archive's members, and what is to be said against one."""

    def __init__(self, unpacker: Unpacker, label: str) -> None:
        self.unpacker, self.label = unpacker, label
        self.paths: list[RelPath] = []

    def path_of(self, name: str) -> RelPath | None:
        """Count a member and return its path; None for the archive's own top folder."""
        self.unpacker.count()
        text = name.removeprefix("./").removesuffix("/")
        if text in ("", ".") and not name.startswith("/"):
            return None
        try:
            path = RelPath.parse(text)
        except HostilePathError as error:
            raise HostilePathError(f"{self.label}: {error.message}", hint=error.hint) from None
        self.paths.append(path)
        return path

    def refused(self, name: str, problem: str) -> RefusedError:
        """Make the error for a member of a kind that is not taken."""
        return RefusedError(
            f"{self.label}: {name!a} {problem}", hint="take it out of the archive, or unpack it"
        )

    def finish(self) -> None:
        """Refuse members that would be one file elsewhere, then make the links."""
        try:
            refuse_collisions(self.paths)
        except KitbagError as error:
            error.message = f"{self.label}: {error.message}"
            error.args = (error.message,)
            raise
        self.unpacker.finish()


class _Zip(_Members):
    """Reads a zip archive."""

    def read(self, file: IO[bytes]) -> None:
        """Unpack every member."""
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                self._take(archive, info)
        self.finish()

    def _take(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        if info.orig_filename != info.filename:
            raise self.refused(info.orig_filename, "has a name with a NUL in it")
        path = self.path_of(info.filename)
        mode = info.external_attr >> 16
        if info.flag_bits & 0x1:
            raise self.refused(info.filename, "is encrypted")
        if info.is_dir() or path is None:
            return
        if stat.S_ISLNK(mode):
            with archive.open(info) as member:
                self.unpacker.link(path, _text(member.read(_CHUNK)))
        elif stat.S_IFMT(mode) in (0, stat.S_IFREG):
            with archive.open(info) as member:
                self.unpacker.file(path, _chunks(member), executable=bool(mode & 0o111))
        else:
            raise self.refused(info.filename, "is neither a file, a folder nor a link")


class _Tar(_Members):
    """Reads a tar archive as a stream, so that it is decompressed once."""

    def read(self, file: IO[bytes]) -> None:
        """Unpack every member."""
        budget = self.unpacker.budget
        stream = _Metered(_decompressed(file), Budget(budget.label, budget.caps, budget.packed))
        with tarfile.open(fileobj=stream, mode="r|", errors="surrogateescape") as archive:
            for member in archive:
                self._take(archive, member)
        self.finish()

    def _take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = self.path_of(member.name)
        if member.isdir() or path is None:
            return
        executable = bool(member.mode & 0o111)
        if member.issym():
            self.unpacker.link(path, member.linkname)
        elif member.islnk():
            with self._linked(member) as copy:
                self.unpacker.file(path, _chunks(copy), executable=executable)
        elif member.isreg() and (content := archive.extractfile(member)) is not None:
            self.unpacker.file(path, _chunks(content), executable=executable)
        else:
            raise self.refused(member.name, "is neither a file, a folder nor a link")

    def _linked(self, member: tarfile.TarInfo) -> IO[bytes]:
        """Open the earlier member that a hard link stands for."""
        try:
            target = RelPath.parse(member.linkname.removeprefix("./"))
            location = self.unpacker.folder / target
            return open(os.open(location, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
        except (KitbagError, OSError):
            raise self.refused(
                member.name, f"is a hard link to {member.linkname!a}, which no earlier file is"
            ) from None


class _Metered(io.RawIOBase):
    """A stream that spends from a budget what is read from it."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, budget: Budget) -> None:
        self._stream, self._budget = stream, budget

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, never asking the decompressor for much at once."""
        parts = []
        while size:
            part = self._stream.read(min(size, _CHUNK) if size > 0 else _CHUNK)
            if not part:
                break
            self._budget.spend(len(part))
            parts.append(part)
            size -= len(part) if size > 0 else 0
        return b"".join(parts)


def _decompressed(file: IO[bytes]) -> IO[bytes] | gzip.GzipFile:
    """Return a tar archive's own bytes; the first ones tell how it is compressed."""
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if magic.startswith(b"\xfd7zXZ"):
        return lzma.LZMAFile(file)
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _text(data: bytes) -> str:
    return os.fsdecode(data)
