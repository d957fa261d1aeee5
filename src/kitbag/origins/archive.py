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
from typing import IO, Any, cast

from kitbag.artifacts import BUILTIN_TYPES
from kitbag.caps import Caps
from kitbag.errors import HostilePathError, InputError, KitbagError, RefusedError, StorageError
from kitbag.origins.unpacking import Budget, Unpacker
from kitbag.paths import RelPath, refuse_collisions
from kitbag.sources.markdown import SKILL_FILE

__all__ = ["top_of", "unpack"]

_CHUNK = 1 << 20
_MAX_DIRECTORY = 16 << 20
_MAX_HEADER = 64 << 10
_MAX_WINDOW = 128 << 20
_MAX_ZIP_END = 22 + 0xFFFF + 20
_EXTENSIONS = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)
_TELLING = {spec.folder for spec in BUILTIN_TYPES.values()} | {"plugins", ".claude-plugin"}
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, ValueError, ArithmeticError, LookupError, TypeError, NotImplementedError),
    *(RuntimeError, MemoryError, OSError),
)


def unpack(archive: Path, folder: Path, caps: Caps) -> str:
    """Unpack an archive into `folder`, which is new, and return the archive's SHA-256.

    Modes become 0644 or 0755. Raises HostilePathError, ConflictError or RefusedError for a member
    that no archive should have, InputError for an archive that is broken.
    """
    try:
        with archive.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            unpacker = Unpacker(folder, Budget(str(archive), caps, size))
            unpacker.budget.foresee(size=size)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            folder.mkdir()
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
        """Unpack every member, if what the directory says of them is bearable."""
        budget = self.unpacker.budget
        entries, size = _directory_of(file)
        budget.foresee(members=entries)
        if size > _MAX_DIRECTORY:
            raise RefusedError(
                f"{self.label}: its directory is larger than {_MAX_DIRECTORY >> 20} MiB",
                hint="collect a smaller part of it, unpacked by hand",
            )
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            budget.foresee(members=len(infos), size=sum(info.file_size for info in infos))
            for info in infos:
                self._take(archive, info)
        self.finish()

    def _take(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        if info.orig_filename != info.filename:
            raise self.refused(info.orig_filename, "has a name with a NUL in it")
        path = self.path_of(info.filename)
        mode = info.external_attr >> 16
        if info.flag_bits & 0x1:
            raise self.refused(info.filename, "is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.refused(info.filename, "is compressed in a way that is not read here")
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
        options: dict[str, Any] = {"errors": "surrogateescape", "tarinfo": _PlainMember}
        with tarfile.open(fileobj=stream, mode="r|", **options) as archive:
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


class _PlainMember(tarfile.TarInfo):
    """A tar member whose headers take no more memory and time than a path needs."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        """Refuse what the standard library would read whole, or piece by piece without end."""
        if self.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError("a file with holes")
        if self.type in _EXTENSIONS and self.size > _MAX_HEADER:
            raise tarfile.ReadError("a header that is too long")
        member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        if "GNU.sparse.major" in member.pax_headers or "GNU.sparse.map" in member.pax_headers:
            raise tarfile.ReadError("a file with holes")
        return member

    def _proc_gnusparse_10(self, *_: object) -> None:
        """Refuse a map of holes that stands in the file's own content."""
        raise tarfile.ReadError("a file with holes")


class _Xz(io.RawIOBase):
    """Reads a compressed stream whose window takes a bearable amount of memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._unpacker = self._new()

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, _MAX_WINDOW)

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, fewer only at the end of one of the streams."""
        part = b""
        while not part:
            data = b""
            if self._unpacker.eof:
                data = (self._unpacker.unused_data or self._file.read(_CHUNK)).lstrip(b"\0")
                if not data:
                    return b""
                self._unpacker = self._new()
            elif self._unpacker.needs_input and not (data := self._file.read(_CHUNK)):
                raise EOFError("it ends too early")
            part = self._unpacker.decompress(data, size)
        return part


def _directory_of(file: IO[bytes]) -> tuple[int, int]:
    """Return how many entries and bytes a zip archive says its directory has; 0 if it does not."""
    whole = file.seek(0, os.SEEK_END)
    file.seek(max(0, whole - _MAX_ZIP_END))
    end = file.read()
    at = end.rfind(b"PK\5\6")
    if at < 0 or len(end) < at + 22:
        return 0, 0
    entries, size = struct.unpack_from("<HL", end, at + 10)
    if end[max(0, at - 20) :].startswith(b"PK\6\7"):
        file.seek(min(struct.unpack_from("<Q", end, at - 12)[0], whole))
        large = file.read(56)
        entries, size = struct.unpack_from("<2Q", large, 32) if len(large) == 56 else (0, 0)
    return entries, size


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
        return cast(IO[bytes], _Xz(file))
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _text(data: bytes) -> str:
    return os.fsdecode(data)
