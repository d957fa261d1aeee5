"""Writing an export: a folder or an archive, put in place whole; what was there is kept beside it.

The new one is staged beside its place and made durable first. Where something is replaced, it takes
the name of the backup and then both names are exchanged at once: at any moment, what was there has
its own name or `NAME.backup-N`. A file system that cannot exchange names has neither one under its
name for a moment; then the backup is there already.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import os
import secrets
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from holdall.artifacts.paths import RelPath
from holdall.errors import ConflictError, HoldallError
from holdall.files import syscalls
from holdall.files.root import Root, make_folders, reporting, write_all
from holdall.files.tree import file_tree, folder_tree
from holdall.transaction.apply import move_new

_ARCHIVES = (".zip", ".tar.gz", ".tgz")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_NEW = "new"


class ExportFile(NamedTuple):
    """A file of the export: its bytes or where they are, whether it runs, whether it is a link."""

    content: Path | bytes
    executable: bool = False
    is_link: bool = False

    @property
    def data(self) -> bytes:
        """The file's bytes, or the link's text."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


Files = Mapping[RelPath, ExportFile]


def write_export(
    files: Files, target: Path, is_export: Callable[[Path], bool], *, force: bool
) -> Path | None:
    """Write a folder or, by the name's end, a `.zip` or `.tar.gz`: whole and durable, or nothing.

    Raises ConflictError for what is there already. With `force` a file, or a folder of which
    `is_export` says that it is an earlier export, is replaced if it differs; returns where it was
    kept.
    """
    is_folder = not target.name.endswith(_ARCHIVES)
    _refuse_taken(target, is_export if is_folder else None, force=force)
    with reporting(target):
        make_folders(target.parent)
        with Root(target.parent) as parent, _staging(parent) as staging:
            if is_folder:
                _write_folder(files, staging)
            else:
                data = _zipped(files) if target.name.endswith(".zip") else _tarred(files)
                _write_file(staging, RelPath(_NEW), data)
            syscalls.sync_file_system(staging.folders.top)
            place = _Place(parent.folders.top, target, staging.folders.top)
            if not os.path.lexists(target):
                place.create()
            elif is_folder and not any(target.iterdir()):
                place.fill()
            elif not _is_same(staging.path / _NEW, target):
                return place.replace()
    return None


def _refuse_taken(target: Path, is_export: Callable[[Path], bool] | None, *, force: bool) -> None:
    if target.name in ("", ".."):
        raise ConflictError(f"{target} is there already", hint="name a new folder in it")
    if not os.path.lexists(target):
        return
    is_folder = is_export is not None and not target.is_symlink() and target.is_dir()
    is_file = is_export is None and not target.is_symlink() and target.is_file()
    is_known = is_file or (is_folder and is_export is not None and is_export(target))
    is_blank = is_folder and not any(target.iterdir())
    if not is_blank and not (force and is_known):
        hint = "choose another name"
        if is_known:
            hint += "; --force replaces it and keeps it as a backup beside the new one"
        raise ConflictError(f"{target} is there already", hint=hint)


def _is_same(new: Path, old: Path) -> bool:
    """Return whether a replacement would change no file: then what is there stays."""
    trees = []
    for path in (new, old):
        try:
            tree = folder_tree(path) if path.is_dir() else file_tree(path, RelPath(_NEW))
        except HoldallError:
            return False
        trees.append((tree.content_hash, tree.problems))
    return trees[0] == trees[1]


@contextlib.contextmanager
def _staging(parent: Root) -> Iterator[Root]:
    """Make a folder of our own beside the target, and remove it with what is left in it."""
    name = f".holdall-export-{secrets.token_hex(8)}"
    syscalls.make_folder(name, parent.folders.top, 0o700)
    path = parent.path / name
    try:
        with Root(path) as staging:
            yield staging
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True)
class _Place:
    """Where the export goes, in the folder `parent`; the new one is in the folder `staging`."""

    parent: int
    target: Path
    staging: int

    def create(self) -> None:
        """Put the new one in place, if nobody was quicker."""
        if not self._move(self.staging, _NEW, self.target.name):
            raise ConflictError(f"{self.target} is there already", hint="choose another name")
        syscalls.sync(self.parent)

    def fill(self) -> None:
        """Put the new folder in the place of an empty one."""
        syscalls.rename(self.staging, _NEW, self.parent, self.target.name)
        syscalls.sync(self.parent)

    def replace(self) -> Path:
        """Put the new one in the place of another one; return where that is now."""
        backup = self._take_backup_name(self.staging, _NEW)
        exchanged = False
        try:
            exchanged = syscalls.rename_with(
                syscalls.EXCHANGE, self.parent, backup, self.parent, self.target.name
            )
        finally:
            if not exchanged:
                syscalls.rename(self.parent, backup, self.staging, _NEW)
        if not exchanged:
            backup = self._replace_in_steps()
        syscalls.sync(self.parent)
        return self.target.with_name(backup)

    def _replace_in_steps(self) -> str:
        backup = self._take_backup_name(self.parent, self.target.name)
        try:
            self.create()
        except BaseException:
            self._move(self.parent, backup, self.target.name)
            raise
        return backup

    def _take_backup_name(self, folder: int, name: str) -> str:
        """Rename to the first name for a backup that is free; return it."""
        for number in itertools.count(1):
            backup = f"{self.target.name}.backup-{number}"
            if self._move(folder, name, backup):
                return backup
        raise AssertionError("there is always another number")

    def _move(self, folder: int, name: str, new: str) -> bool:
        return move_new(folder, name, self.parent, new)


def _sorted(files: Files) -> Iterator[tuple[RelPath, ExportFile]]:
    return ((path, files[path]) for path in sorted(files, key=lambda p: p.encode()))


def _write_folder(files: Files, staging: Root) -> None:
    for path, file in _sorted(files):
        place = RelPath(f"{_NEW}/{path}")
        if file.is_link:
            syscalls.make_link(file.data, place.name, staging.folders.make(place.parent))
        else:
            _write_file(staging, place, file.data, _mode(file))


def _write_file(staging: Root, path: RelPath, data: bytes, mode: int | None = None) -> None:
    """Write a file with this mode, by default what the user's umask leaves."""
    opened = syscalls.create_file(path.name, staging.folders.make(path.parent), 0o666)
    try:
        write_all(opened, data)
        if mode is not None:
            syscalls.set_mode(opened, mode)
    finally:
        os.close(opened)


def _mode(file: ExportFile) -> int:
    return 0o755 if file.executable else 0o644


# Not compressed: what a compressor makes of the same bytes differs from one zlib to the next.


def _zipped(files: Files) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for path, file in _sorted(files):
            info = zipfile.ZipInfo(path, _EPOCH)
            info.create_system = 3
            info.external_attr = (0o120777 if file.is_link else 0o100000 | _mode(file)) << 16
            archive.writestr(info, file.data)
    return whole.getvalue()


def _tarred(files: Files) -> bytes:
    whole = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", compresslevel=0, fileobj=whole, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, file in _sorted(files):
            info = tarfile.TarInfo(path)
            info.mode = _mode(file)
            if file.is_link:
                text = os.fsdecode(file.data)
                info.type, info.linkname, info.mode = tarfile.SYMTYPE, text, 0o777
                archive.addfile(info)
            else:
                info.size = len(file.data)
                archive.addfile(info, io.BytesIO(file.data))
    return whole.getvalue()
