"""The names in a folder and their kinds, without version control's own files and junk."""

from __future__ import annotations

import os
from enum import Enum, auto
from pathlib import Path

from holdall import NamedTuple
from holdall.errors import StorageError

VCS_FOLDERS = frozenset({".git", ".hg", ".svn", ".jj", ".bzr", "_darcs", "CVS"})
"""What version control keeps next to the files; never part of an artifact. `.git` may be a file."""


_JUNK = frozenset(
    {
        *(".DS_Store", "Thumbs.db", "ehthumbs.db", "desktop.ini", "__MACOSX"),
        *("node_modules", "__pycache__", ".venv", ".tox", ".env", ".env.local"),
        *(".pytest_cache", ".mypy_cache", ".ruff_cache"),
    }
)
_JUNK_STARTS, _JUNK_ENDS = ("._",), (".pyc", ".pyo", ".swp")


def is_junk(name: str) -> bool:
    """Return whether a file or folder of this name is never meant to be passed on.

    Operating systems, editors and interpreters leave them behind; `.env` holds a machine's secrets.
    """
    return name in _JUNK or name.startswith(_JUNK_STARTS) or name.endswith(_JUNK_ENDS)


def is_left_out(name: str) -> bool:
    """Return whether a file or folder of this name is never part of an artifact."""
    return name in VCS_FOLDERS or is_junk(name)


class Kind(Enum):
    """What a name stands for; a link is none of the others, wherever it leads."""

    FOLDER = auto()
    FILE = auto()
    LINK = auto()
    OTHER = auto()


class Folder(NamedTuple):
    """The names in one folder. `is_whole` says that nothing else is there."""

    folders: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    links: tuple[str, ...] = ()
    is_whole: bool = False

    def kinds(self) -> dict[str, Kind]:
        """Return what each name stands for."""
        return {
            **dict.fromkeys(self.files, Kind.FILE),
            **dict.fromkeys(self.folders, Kind.FOLDER),
            **dict.fromkeys(self.links, Kind.LINK),
        }


def kinds_in(folder: str) -> dict[str, Kind]:
    """List a folder and return what each name stands for; raises StorageError if it can't be."""
    try:
        with os.scandir(folder) as entries:
            return {e.name: _kind_of(e) for e in entries if not is_left_out(e.name)}
    except OSError as error:
        raise StorageError(
            f"cannot read the folder {folder}: {error.strerror}", hint="check its permissions"
        ) from error


def _kind_of(entry: os.DirEntry[str]) -> Kind:
    if entry.is_file(follow_symlinks=False):
        return Kind.FILE
    if entry.is_dir(follow_symlinks=False):
        return Kind.FOLDER
    return Kind.LINK if entry.is_symlink() else Kind.OTHER


def work_tree_of(folder: Path) -> Path | None:
    """Return the top of git's work tree that a folder is in, without asking git."""
    return next((top for top in (folder, *folder.parents) if os.path.lexists(top / ".git")), None)
