"""Unpack an archive: every member checked, every byte counted, or nothing at all."""

from __future__ import annotations

import hashlib
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

from holdall.artifacts.hashing import is_executable
from holdall.artifacts.ids import BUILTIN_TYPES
from holdall.artifacts.limits import Caps
from holdall.artifacts.paths import RelPath
from holdall.errors import HoldallError, InputError, RefusedError, StorageError
from holdall.sources.fetch.address import ZIP_SUFFIXES
from holdall.sources.fetch.tarball import Tar
from holdall.sources.fetch.unpacking import CHUNK, Budget, Members, Unpacker, chunks_of
from holdall.sources.layouts.markdown import SKILL_FILE

_MAX_DIRECTORY = 16 << 20
_MAX_ZIP_END = 22 + 0xFFFF + 20
_ENTRY = b"PK\1\2"
_TELLING = {spec.folder for spec in BUILTIN_TYPES.values()} | {"plugins", ".claude-plugin"}
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, ValueError, ArithmeticError, LookupError, TypeError, NotImplementedError),
    *(RuntimeError, MemoryError, OSError),
)


def unpack(archive: Path, folder: Path, caps: Caps) -> str:
    """Unpack an archive into `folder`, which is new, and return the archive's SHA-256.

    Modes become 0644 or 0755. Nothing is written there before every member was looked at: a refusal
    does not take long. Raises HostilePathError, ConflictError or RefusedError for a member that no
    archive should have, InputError for an archive that is broken.
    """
    try:
        with archive.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            unpacker = Unpacker(folder, Budget(str(archive), caps, size))
            unpacker.budget.foresee(size=size)
            file.seek(0)
            reader = _Zip if archive.name.lower().endswith(ZIP_SUFFIXES) else Tar
            reader(unpacker).read(file)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except HoldallError:
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
    """Return the one folder that has all else in it, as in archives of code hosts, or `folder`.

    A folder with a meaning of its own by name or content is not just a wrapper.
    """
    names = os.listdir(folder)
    top = folder / names[0] if len(names) == 1 else folder
    tells = top.name in _TELLING or (top / SKILL_FILE).is_file()
    return folder if top.is_symlink() or not top.is_dir() or tells else top


class _Zip(Members):
    """Reads a zip archive."""

    def read(self, file: IO[bytes]) -> None:
        """Unpack every member, if all of them are acceptable."""
        self._foresee(file)
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            self.budget.foresee(members=len(infos), size=sum(info.file_size for info in infos))
            found = [(path, info) for info in infos if (path := self._check(info))]
            self.begin()
            for path, info in found:
                self._take(archive, path, info)
        self.unpacker.finish()

    def _foresee(self, file: IO[bytes]) -> None:
        """Refuse a directory that would take long to read; it may hold more than it says."""
        entries, size, end = _directory_of(file)
        if size > _MAX_DIRECTORY:
            raise RefusedError(
                f"{self.label}: its directory is larger than {_MAX_DIRECTORY >> 20} MiB",
                hint="collect a smaller part of it, unpacked by hand",
            )
        file.seek(max(0, end - size))
        self.budget.foresee(members=max(entries, file.read(size).count(_ENTRY)))

    def _check(self, info: zipfile.ZipInfo) -> RelPath | None:
        """Count a member and look at it; None for a folder, which comes with what is in it."""
        if info.orig_filename != info.filename:
            raise self.refusal(info.orig_filename, "has a name with a NUL in it")
        # Written on Windows by programs that do not know that / separates names everywhere.
        name = info.filename.replace("\\", "/")
        path = self.path_of(name)
        if info.flag_bits & 0x1:
            raise self.refusal(info.filename, "is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.refusal(info.filename, "is compressed in a way that is not read here")
        if name.endswith("/"):
            return None
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFLNK):
            raise self.refusal(info.filename, "is neither a file, a folder nor a link")
        return path

    def _take(self, archive: zipfile.ZipFile, path: RelPath, info: zipfile.ZipInfo) -> None:
        mode = info.external_attr >> 16
        with archive.open(info) as member:
            if stat.S_ISLNK(mode):
                self.unpacker.link(path, os.fsdecode(member.read(CHUNK)))
            else:
                self.unpacker.file(path, chunks_of(member), executable=is_executable(mode))


def _directory_of(file: IO[bytes]) -> tuple[int, int, int]:
    """Return how many entries and bytes a zip archive says its directory has, and where it ends."""
    whole = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, whole - _MAX_ZIP_END))
    last = file.read()
    at = last.rfind(b"PK\5\6")
    if at < 0 or len(last) < at + 22:
        return 0, 0, 0
    entries, size = struct.unpack_from("<HL", last, at + 10)
    end = start + at
    if last[max(0, at - 20) :].startswith(b"PK\6\7"):
        end = file.seek(min(struct.unpack_from("<Q", last, at - 12)[0], whole))
        large = file.read(56)
        entries, size = struct.unpack_from("<2Q", large, 32) if len(large) == 56 else (0, 0)
    return entries, size, end
