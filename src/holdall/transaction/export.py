"""Writing an export: a folder or an archive, put in place whole; what was there is kept beside it.

The new one is staged beside its place and made durable first. Where something is replaced, the new
one takes the name of the backup and then both names are exchanged at once: at any moment, what was
there has its own name or `NAME.backup-N`. A file system that cannot exchange names has neither one
under its name for a moment; then the backup is there already. The collection's journal has a note
of it; the next run looks at what an interrupted one left:

    backup     target   staged   what happens
    none       any      any      the staged one is removed
    the new    any      any      the backup's name had only been borrowed: both are removed
    the old    none     yes      the old one goes back to its place, the staged one is removed
    the old    any      any      nothing, but that the staged one is removed: it was replaced

In the staging folder nothing but the new export ever is.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import itertools
import os
import secrets
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from holdall import NamedTuple
from holdall.artifacts.hashing import is_executable
from holdall.artifacts.paths import RelPath
from holdall.errors import ConflictError, HoldallError
from holdall.files import syscalls
from holdall.files.root import Root, make_folders, storage_errors, write_all
from holdall.files.tree import file_tree, folder_tree
from holdall.transaction.actions import JSON
from holdall.transaction.apply import move_back, move_new
from holdall.transaction.journal import remove_tree
from holdall.transaction.outside import note_outside

EXPORT = "export"
"""The kind of the note."""

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
    files: Files,
    target: Path,
    is_export: Callable[[Path], bool],
    collection: Root | None,
    *,
    force: bool,
) -> Path | None:
    """Write a folder or, by the name's end, a `.zip` or `.tar.gz`: whole and durable, or nothing.

    Raises ConflictError for what is there already. With `force` a file, or a folder of which
    `is_export` says that it is an earlier export, is replaced if it differs; returns where it was
    kept. The caller holds the lock of `collection`, which gets the note; None leaves none, for a
    collection that may only be read.
    """
    target = target.absolute()
    is_folder = not target.name.endswith(_ARCHIVES)
    _refuse_taken(target, is_export if is_folder else None, force=force)
    with storage_errors(target):
        files = {path: file._replace(content=file.data) for path, file in files.items()}
    data = None if is_folder else _pack(files, target)
    place = _Place.plan(target, _fingerprint_of(files) if data is None else _line(b"", data))
    if collection is None:
        note = place.clear_on_error()
    else:
        note = note_outside(collection, EXPORT, place.to_payload(), place.end)
    with note, storage_errors(target):
        make_folders(target.parent)
        with Root(target.parent) as parent:
            syscalls.make_folder(place.staging, parent.folders.top, 0o700)
            with Root(target.parent / place.staging) as staging:
                if data is None:
                    _write_folder(files, staging)
                else:
                    _write_file(staging, RelPath(_NEW), data)
                syscalls.sync_file_system(staging.folders.top)
                backup = place.put(parent.folders.top, staging)
            remove_tree(place.staging, parent.folders.top)
            syscalls.sync(parent.folders.top)
    return backup


def end_export(payload: Mapping[str, Any]) -> str | None:
    """Put in order what an interrupted export left; return a sentence if that was something."""
    return _Place.from_payload(payload).end()


def _pack(files: Files, target: Path) -> bytes:
    return zip_files(files) if target.name.endswith(".zip") else _tar(files)


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


class _Place(NamedTuple):
    """Where an export goes, and the names beside it that it needs on the way.

    `content` is the fingerprint of the new one; `made` are the folders above that were not there.
    """

    target: Path
    staging: str
    backup: str
    content: str
    made: tuple[str, ...]

    @classmethod
    def plan(cls, target: Path, content: str) -> Self:
        """Choose names that are free."""
        names = (f"{target.name}.backup-{number}" for number in itertools.count(1))
        backup = next(n for n in names if not os.path.lexists(target.with_name(n)))
        staging = f".holdall-export-{secrets.token_hex(8)}"
        made = [str(folder) for folder in target.parents if not folder.exists()]
        return cls(target, staging, backup, content, tuple(made))

    def to_payload(self) -> dict[str, JSON]:
        """Return what the note has of it."""
        return {**self._asdict(), "target": str(self.target)}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """Read what `to_payload` wrote."""
        staging, backup, content = (payload[key] for key in ("staging", "backup", "content"))
        return cls(Path(payload["target"]), staging, backup, content, tuple(payload["made"]))

    @contextlib.contextmanager
    def clear_on_error(self) -> Iterator[None]:
        """Put in order what the block leaves if it raises."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(OSError, HoldallError):
                self.end()
            raise

    def put(self, parent: int, staging: Root) -> Path | None:
        """Put the staged one in place; return where the one is now that was there."""
        if not os.path.lexists(self.target):
            self._require(move_new(staging.folders.top, _NEW, parent, self.target.name))
        elif self.target.is_dir() and not any(self.target.iterdir()):
            syscalls.rename(staging.folders.top, _NEW, parent, self.target.name)
        elif _is_same(staging.path / _NEW, self.target):
            return None
        else:
            self._replace_target(parent, staging.folders.top)
            return self.target.with_name(self.backup)
        return None

    def _replace_target(self, parent: int, staging: int) -> None:
        name = self.target.name
        self._require(move_new(staging, _NEW, parent, self.backup))
        if syscalls.rename_with(syscalls.EXCHANGE, parent, self.backup, parent, name):
            return
        syscalls.rename(parent, self.backup, staging, _NEW)
        self._require(move_new(parent, name, parent, self.backup))
        self._require(move_new(staging, _NEW, parent, name))

    def _require(self, was_free: bool) -> None:
        if not was_free:
            raise ConflictError(
                f"{self.target} or {self.backup} beside it appeared while Holdall was running",
                hint="nothing was changed; run the command again",
            )

    def end(self) -> str | None:
        """Put in order what an interrupted export left; return a sentence if that was something."""
        if str(self.target.parent) in self.made and not self.target.parent.exists():
            self._remove_made()
            return None
        with Root(self.target.parent) as root, storage_errors(self.target):
            parent = root.folders.top
            staged = self.target.parent / self.staging
            backup = self.target.with_name(self.backup)
            is_staged = os.path.lexists(staged)
            if os.path.lexists(backup) and _fingerprint(backup) == self.content:
                remove_tree(self.backup, parent)
            elif os.path.lexists(staged / _NEW) and os.path.lexists(backup):
                move_back(parent, self.backup, parent, self.target.name)
            if is_staged:
                remove_tree(self.staging, parent)
            syscalls.sync(parent)
        self._remove_made()
        what = f"removed what an earlier run had prepared beside {self.target}"
        return what if is_staged else None

    def _remove_made(self) -> None:
        """Remove the folders that were made for it, as far as nothing is in them."""
        for path in self.made:
            try:
                with Root(Path(path).parent) as above:
                    syscalls.remove_folder(Path(path).name, above.folders.top)
            except (OSError, HoldallError):
                return


def _fingerprint_of(files: Files) -> str:
    """Return what `_fingerprint` returns when these files are in a folder."""
    lines = [
        _line(os.fsencode(path), file.data, "l" if file.is_link else "x" if file.executable else "")
        for path, file in files.items()
    ]
    return _join(lines)


def _fingerprint(path: Path) -> str:
    """Return a hash of all that is at a path: each file, link and empty folder, however named."""
    if path.is_symlink() or not path.is_dir():
        return _line_at(path, b"")
    lines = []
    for above, folders, names in os.walk(path):
        links = [name for name in folders if Path(above, name).is_symlink()]
        for name in (*names, *links):
            inner = Path(above, name)
            lines.append(_line_at(inner, os.fsencode(inner.relative_to(path))))
        if not folders and not names:
            lines.append(f"empty folder {os.fsencode(above)!r}")
    return _join(lines)


def _line_at(path: Path, name: bytes) -> str:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return _line(name, os.fsencode(os.readlink(path)), "l")
    if not stat.S_ISREG(status.st_mode):
        return f"special file {name!r}"
    return _line(name, path.read_bytes(), "x" if is_executable(status.st_mode) and name else "")


def _line(name: bytes, data: bytes, kind: str = "") -> str:
    return f"{name.hex()} {kind} {hashlib.sha256(data).hexdigest()}"


def _join(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _sort(files: Files) -> Iterator[tuple[RelPath, ExportFile]]:
    return ((path, files[path]) for path in sorted(files, key=lambda p: p.encode()))


def _write_folder(files: Files, staging: Root) -> None:
    for path, file in _sort(files):
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


def zip_files(files: Files) -> bytes:
    """Return a zip archive of these files: the same bytes for the same files, everywhere."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for path, file in _sort(files):
            info = zipfile.ZipInfo(path, _EPOCH)
            info.create_system = 3
            info.external_attr = (0o120777 if file.is_link else 0o100000 | _mode(file)) << 16
            archive.writestr(info, file.data)
    return whole.getvalue()


def _tar(files: Files) -> bytes:
    whole = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", compresslevel=0, fileobj=whole, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, file in _sort(files):
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
