"""One walk over a source: its folders and names, before anything is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from holdall.artifacts.limits import DEFAULT_CAPS, Caps, Meter
from holdall.errors import InputError, NotFoundError, StorageError
from holdall.files.folders import VCS_FOLDERS, Folder
from holdall.sources.checks.diagnostics import Code, diagnose
from holdall.sources.values import Diagnostic

_OURS = ".holdall"
_NOTHING = Folder()


def joined(folder: str, name: str) -> str:
    """Return the path of `name` in `folder`; the source itself is ''."""
    return f"{folder}/{name}" if folder else name


@dataclass(frozen=True)
class SourceTree:
    """A source's folders by path relative to it ('' is the source), in the order of the walk."""

    root: Path
    folders: dict[str, Folder]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    meter: Meter | None = None
    _inside: dict[tuple[str, str], bool] = field(default_factory=dict, compare=False)

    def folder(self, path: str) -> Folder:
        """Return the names in a folder; nothing where there is no such folder."""
        return self.folders.get(path, _NOTHING)

    def is_folder(self, path: str) -> bool:
        """Return whether there is a real folder at `path`."""
        return path in self.folders

    def is_file(self, path: str) -> bool:
        """Return whether there is a regular file at `path`."""
        head, _, name = path.rpartition("/")
        return name in self.folder(head).files

    def is_inside(self, folder: str, name: str) -> bool:
        """Return whether a folder, or one above it, directly has a file of that name."""
        asked = []
        place: str | None = folder
        found = False
        while place is not None and not found:
            known = self._inside.get((place, name))
            if known is not None:
                found = known
                break
            asked.append(place)
            found = name in self.folder(place).files
            place = place.rpartition("/")[0] if place else None
        self._inside.update({(each, name): found for each in asked})
        return found

    def listed(self, location: str) -> Folder | None:
        """Return the names in the folder at that place; None if the walk did not see all of it."""
        folder = self.folders.get(location.removeprefix(f"{self.root}/"))
        return folder if folder is not None and folder.is_whole else None

    def location(self, path: str) -> Path:
        """Return the place of `path`."""
        return self.root / path

    def resolved(self, path: str) -> str | None:
        """Return the path without symbolic links; None if it leaves the source or is not there."""
        if path in self.folders or self.is_file(path):
            return path
        try:
            real = os.path.realpath(self.root / path, strict=True)
        except (OSError, ValueError):
            return None
        below = os.path.relpath(real, self.root)
        below = "" if below == "." else below
        return below if below in self.folders or self.is_file(below) else None

    def below(self, top: str) -> Iterator[tuple[str, Folder]]:
        """Yield the real folders from `top` down, in path order, `top` first."""
        waiting = [top]
        while waiting:
            path = waiting.pop()
            folder = self.folder(path)
            yield path, folder
            waiting.extend(joined(path, name) for name in reversed(folder.folders))


def walk(source: Path, caps: Caps = DEFAULT_CAPS) -> SourceTree:
    """List every folder of a source except version control's own.

    Raises NotFoundError if there is no such source, InputError if it is not a folder, StorageError
    if it cannot be listed, RefusedError if it holds too much; what is read of it is metered.
    """
    root = _root_of(source)
    meter = Meter(caps, root)
    found: dict[str, Folder] = {}
    diagnostics: list[Diagnostic] = []
    waiting = [""]
    while waiting:
        path = waiting.pop()
        try:
            folder = _list(f"{root}/{path}", path, diagnostics)
        except OSError as error:
            if not path:
                raise StorageError(
                    f"cannot read the folder {source}: {error.strerror}",
                    hint="check its permissions",
                ) from error
            diagnostics.append(
                diagnose(path, Code.ITEM_UNREADABLE, f"cannot be listed: {error.strerror}")
            )
            folder = _NOTHING
        meter.count_of_source(len(folder.folders) + len(folder.files) + len(folder.links))
        found[path] = folder
        waiting.extend(joined(path, name) for name in reversed(folder.folders))
    return SourceTree(root, found, diagnostics, meter)


def _root_of(source: Path) -> Path:
    try:
        root = Path(os.path.realpath(source, strict=True))
    except FileNotFoundError:
        raise NotFoundError(
            f"no source {source}", hint="check the path; it is the folder that holds the artifacts"
        ) from None
    except (OSError, ValueError) as error:
        raise StorageError(f"cannot reach {source}: {error}", hint="check the path") from error
    if not root.is_dir():
        raise InputError(
            f"{source} is not a folder", hint="name the folder that holds the artifacts"
        )
    return root


def _list(location: str, path: str, diagnostics: list[Diagnostic]) -> Folder:
    folders, files, links, is_whole = [], [], [], True
    with os.scandir(location) as entries:
        for entry in entries:
            if entry.name in VCS_FOLDERS:
                continue
            if entry.name == _OURS:
                is_whole = False
            elif not _is_text(entry.name):
                is_whole = False
                diagnostics.append(
                    diagnose(joined(path, entry.name), Code.HOSTILE_PATH, "not valid UTF-8")
                )
            elif entry.is_file(follow_symlinks=False):
                files.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif entry.is_symlink():
                links.append(entry.name)
            else:
                is_whole = False
    return Folder(tuple(sorted(folders)), frozenset(files), tuple(sorted(links)), is_whole)


def _is_text(name: str) -> bool:
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
