"""One walk over a source: its folders and names, before anything is opened."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path

from holdall import dataclass
from holdall.artifacts.limits import DEFAULT_CAPS, Caps, Meter
from holdall.errors import InputError, NotFoundError, StorageError
from holdall.files.folders import VCS_FOLDERS, Folder, is_junk
from holdall.sources.checks.diagnostics import Code, diagnose
from holdall.sources.values import Diagnostic, GitState

JUNK = "never meant to be passed on"
IGNORED = "ignored by the source's git"

_OURS = ".holdall"
_NOTHING = Folder()
_NOTHING_KNOWN = GitState()
_SUBMODULES = ".gitmodules"
_SUBMODULE = re.compile(r"^\s*path\s*=\s*(\S.*?)\s*$", re.MULTILINE)
_MAX_SUBMODULES_BYTES = 1 << 20


def join_path(folder: str, name: str) -> str:
    """Return the path of `name` in `folder`; the source itself is ''."""
    return f"{folder}/{name}" if folder else name


@dataclass(frozen=True)
class SourceTree:
    """A source's folders by path relative to it ('' is the source), in the order of the walk.

    `left_out` has the paths that are not part of the source, `unread` those of what should be there
    and is not; both with the reason.
    """

    root: Path
    folders: dict[str, Folder]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    meter: Meter | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    lacks: frozenset[str] = frozenset()
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

    def file(self, path: str) -> str | None:
        """Return the real path of the file at `path`, which may be a link; None if none is."""
        if self.is_file(path):
            return path
        real = self.resolve(path)
        return real if real is not None and self.is_file(real) else None

    def is_ignored(self, location: str) -> bool:
        """Return whether the file or folder at that place is left out of the source."""
        return location.removeprefix(f"{self.root}/") in self.left_out

    def find_lacking(self, path: str) -> str | None:
        """Return a file at or below `path` whose content the source lacks."""
        top = f"{path}/" if path else ""
        return next((p for p in self.lacks if p == path or p.startswith(top)), None)

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
            here = self.folder(place)
            found = name in here.files or (
                name in here.links and self.file(join_path(place, name)) is not None
            )
            place = place.rpartition("/")[0] if place else None
        self._inside.update({(each, name): found for each in asked})
        return found

    def is_bare(self, path: str) -> bool:
        """Return whether there is nothing at all in the folder at `path`, or no such folder."""
        return all(not (f.files or f.links or f.folders) for _, f in self.below(path))

    def list_names(self, location: str) -> Folder | None:
        """Return the names in the folder at that place; None if the walk did not see all of it."""
        folder = self.folders.get(location.removeprefix(f"{self.root}/"))
        return folder if folder is not None and folder.is_whole else None

    def location(self, path: str) -> Path:
        """Return the place of `path`."""
        return self.root / path

    def resolve(self, path: str) -> str | None:
        """Return the path without symbolic links; None if it leaves the source or is not there."""
        if path in self.folders or self.is_file(path):
            return path
        if not self._may_be_linked(path):
            return None
        try:
            real = os.path.realpath(self.root / path, strict=True)
        except (OSError, ValueError):
            return None
        below = os.path.relpath(real, self.root)
        below = "" if below == "." else below
        return below if below in self.folders or self.is_file(below) else None

    def _may_be_linked(self, path: str) -> bool:
        """Return whether the first name of a path that is no real folder is a link."""
        real = ""
        for name in path.split("/"):
            below = join_path(real, name)
            if below not in self.folders:
                return name in ("", ".") or name in self.folder(real).links
            real = below
        return True

    def below(self, top: str) -> Iterator[tuple[str, Folder]]:
        """Yield the real folders from `top` down, in path order, `top` first."""
        waiting = [top]
        while waiting:
            path = waiting.pop()
            folder = self.folder(path)
            yield path, folder
            waiting.extend(join_path(path, name) for name in reversed(folder.folders))


def walk(source: Path, caps: Caps = DEFAULT_CAPS, git: GitState = _NOTHING_KNOWN) -> SourceTree:
    """List every folder of a source except version control's own, junk, and what git ignores.

    Raises NotFoundError if there is no such source, InputError if it is not a folder, StorageError
    if it cannot be listed, RefusedError if it holds too much; what is read of it is metered.
    """
    root = _root_of(source)
    meter = Meter(caps, root)
    found: dict[str, Folder] = {}
    diagnostics: list[Diagnostic] = []
    left_out: dict[str, str] = {}
    unread = dict.fromkeys(git.lacking, "the repository lacks its content")
    unread |= dict.fromkeys(git.sparse, "not checked out (git sparse-checkout)")
    waiting = [""]
    while waiting:
        path = waiting.pop()
        try:
            folder = _list(f"{root}/{path}", path, diagnostics, git.ignored, left_out)
        except OSError as error:
            if not path:
                raise StorageError(
                    f"cannot read the folder {source}: {error.strerror}",
                    hint="check its permissions",
                ) from error
            diagnostics.append(
                diagnose(path, Code.ITEM_UNREADABLE, f"cannot be listed: {error.strerror}")
            )
            unread[path] = f"cannot be listed: {error.strerror}"
            folder = _NOTHING
        meter.count_of_source(len(folder.folders) + len(folder.files) + len(folder.links))
        found[path] = folder
        waiting.extend(join_path(path, name) for name in reversed(folder.folders))
    tree = SourceTree(root, found, diagnostics, meter, left_out, unread, git.lacking)
    for path in sorted({*git.submodules, *_submodules(tree)}):
        if tree.is_bare(path):
            unread[path] = "a submodule that is not checked out"
            diagnostics.append(diagnose(path, Code.NOT_CHECKED_OUT, unread[path]))
    if git.sparse:
        message = f"{len(git.sparse):,} files are not checked out (git sparse-checkout)"
        diagnostics.append(diagnose(".", Code.NOT_CHECKED_OUT, message))
    for path in sorted(git.lacking):
        diagnostics.append(diagnose(path, Code.ITEM_UNREADABLE, unread[path]))
    return tree


def _submodules(tree: SourceTree) -> Iterator[str]:
    """Yield the folders that are other repositories, as the source's `.gitmodules` says."""
    if not tree.is_file(_SUBMODULES):
        return
    try:
        with tree.location(_SUBMODULES).open("rb") as file:
            text = file.read(_MAX_SUBMODULES_BYTES).decode("utf-8", "replace")
    except OSError:
        return
    for path in _SUBMODULE.findall(text):
        if ".." not in path.split("/"):
            yield path.strip("/")


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


def _list(
    location: str,
    path: str,
    diagnostics: list[Diagnostic],
    ignored: frozenset[str],
    left_out: dict[str, str],
) -> Folder:
    folders, files, links, is_whole = [], [], [], True
    with os.scandir(location) as entries:
        for entry in entries:
            if entry.name in VCS_FOLDERS:
                continue
            if entry.name == _OURS:
                is_whole = False
            elif is_junk(entry.name):
                left_out[join_path(path, entry.name)] = JUNK
            elif ignored and join_path(path, entry.name) in ignored:
                left_out[join_path(path, entry.name)] = IGNORED
            elif not _is_text(entry.name):
                is_whole = False
                diagnostics.append(
                    diagnose(join_path(path, entry.name), Code.HOSTILE_PATH, "not valid UTF-8")
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
