"""Files known again by their status, so that what did not change is not read again.

As in git's index, a file whose device, inode, mode, size and times are what they were has the
content that it had. The times of a change that comes within the clock's step of the one before
does not show; what is that young is not remembered. An index only saves reading: whatever is
replaced or removed is read first, by the transaction. It is in the user's cache folder, so that
no project brings its own, and may be deleted at any time.

A status is device, inode, mode, size, time of content, time of status. Of a project, by path, the
status and SHA-256; of a collection, by artifact, each status in its folder, its files and hashes:

    ["0.1.0", {".claude/agents/a.md": [[42, 1734, 33188, 120, 17..., 17...], "9f86..."]}]

    ["0.1.0", {"skills/a": [
      [["", [42, 98, 16877, 60, 17..., 17...]], ["SKILL.md", [42, 99, 33188, 120, 17..., 17...]]],
      [["SKILL.md", false, "9f86...", 120]], "CONTENT-HASH", "SKILLMEAT-HASH"]}]
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

from holdall import __version__
from holdall.artifacts.hashing import FileDigest, is_executable
from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import HostilePathError
from holdall.files.folders import is_left_out
from holdall.files.root import FileState
from holdall.files.tree import Tree

_MOMENT = 20_000_000
"""Nanoseconds between two times of a file that surely differ, where times are fine."""

_COARSE = 1_000_000
_LONG_MOMENT = 3_000_000_000
_WORTH_WRITING = 64

_Status = list[int]
_UNKNOWN: tuple[_Status, None] = ([], None)


def index_file(cache: Path | None, kind: str, root: Path) -> Path | None:
    """Return the index of this kind for a folder, in the user's cache folder."""
    if cache is None:
        return None
    name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:32]
    return cache / f"{kind}-{name}.json"


_fields = attrgetter("st_dev", "st_ino", "st_mode", "st_size", "st_mtime_ns", "st_ctime_ns")


def _status(found: os.stat_result) -> _Status:
    return [*_fields(found)]


def _is_settled(status: _Status, now: int) -> bool:
    """Return whether any later change will show: the last one was a while ago."""
    if not status:
        return False
    changed = max(status[4], status[5])
    return changed + (_LONG_MOMENT if status[5] % _COARSE == 0 else _MOMENT) < now


class _Index:
    """A JSON file of a mapping: entries from earlier runs, and those that this one adds."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._new: dict[str, Any] = {}

    @cached_property
    def _known(self) -> dict[str, Any]:
        return _load(self._file)

    def save(self, kept: Iterable[str]) -> None:
        """Write the entries of the keys in `kept`, if enough are new; failures are ignored."""
        if self._file is None or len(self._new) < self._least():
            return
        from tempfile import NamedTemporaryFile

        entries = {key: e for key in kept if (e := self._new.get(key) or self._known.get(key))}
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with NamedTemporaryFile("w", dir=self._file.parent, delete=False) as temporary:
                temporary.write(json.dumps([__version__, entries], separators=(",", ":")))
            os.replace(temporary.name, self._file)

    def _least(self) -> int:
        return _WORTH_WRITING


def _load(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        version, entries = json.loads(file.read_bytes())
    except (OSError, ValueError, TypeError):
        return {}
    return entries if version == __version__ and isinstance(entries, dict) else {}


class StateIndex(_Index):
    """The regular files of a project, by path."""

    def __init__(self, file: Path | None, top: int) -> None:
        """Read the index at `file`, for paths below the open folder `top`."""
        super().__init__(file)
        self._top = top
        self._folders: dict[str, bool] = {}

    def _find(self, path: RelPath) -> tuple[_Status, str | None]:
        """Return what is known of a file; nothing where somebody wrote into the index."""
        match self._new.get(path) or self._known.get(path):
            case [[_, _, int(), _, _, _] as status, str(sha256)]:
                return status, sha256
        return _UNKNOWN

    def state_of(
        self, path: RelPath, read: Callable[[RelPath], FileState | None]
    ) -> FileState | None:
        """Return what is at `path`, by `read` only if that is not known."""
        now = time.time_ns()
        status = self._status_of(path)
        known, sha256 = self._find(path)
        if sha256 and known == status and self._is_real(path.rpartition("/")[0]):
            return FileState(FileKind.FILE, is_executable(status[2]), sha256)
        found = read(path)
        if found is not None and found.kind is FileKind.FILE and _is_settled(status, now):
            self._new[path] = [status, found.sha256]
        return found

    def holds(self, files: Mapping[RelPath, FileState]) -> bool:
        """Return whether all these files are known to be in these states, without reading them."""
        for path, state in files.items():
            status, sha256 = self._find(path)
            if (
                sha256 is None
                or sha256 != state.sha256
                or state.kind is not FileKind.FILE
                or is_executable(status[2]) != state.executable
                or self._status_of(path) != status
            ):
                return False
        return all(map(self._is_real, {path.rpartition("/")[0] for path in files}))

    def remember_placed(self, states: Mapping[RelPath, tuple[FileState, int]], staged: int) -> None:
        """Remember files that Holdall put there, with their sizes; they were written at `staged`.

        One that was written to since is left out.
        """
        now = time.time_ns()
        for path, (state, size) in states.items():
            status = self._status_of(path)
            is_file = state.kind is FileKind.FILE and _is_settled(status, now)
            if is_file and status[3] == size and status[4] <= staged:
                self._new[path] = [status, state.sha256]

    def _status_of(self, path: RelPath) -> _Status:
        try:
            found = os.stat(path, dir_fd=self._top, follow_symlinks=False)
        except (OSError, ValueError):
            return []
        return _status(found) if stat.S_ISREG(found.st_mode) else []

    def _is_real(self, folder: str) -> bool:
        """Return whether no folder on the way is a symlink."""
        if not folder:
            return True
        if (known := self._folders.get(folder)) is None:
            try:
                mode = os.stat(folder, dir_fd=self._top, follow_symlinks=False).st_mode
            except OSError:
                mode = 0
            known = stat.S_ISDIR(mode) and self._is_real(folder.rpartition("/")[0])
            self._folders[folder] = known
        return known


class TreeIndex(_Index):
    """The artifacts of a collection, by path: their trees, and the status of all that is in them.

    Those with links or problems are not remembered.
    """

    def __init__(self, file: Path | None, root: Path) -> None:
        """Read the index at `file`, for paths below the folder `root`."""
        super().__init__(file)
        self._root = root

    def tree(self, path: RelPath, read: Callable[[], Tree], only: str | None = None) -> Tree:
        """Return the tree of the artifact at `path`, by `read` only if that is not known.

        With `only`, nothing but this content is known.
        """
        top = f"{self._root}/{path}"
        known = self._known.get(path)
        with contextlib.suppress(LookupError, TypeError, ValueError, HostilePathError):
            # Where somebody wrote into the index, it says nothing.
            if known is not None and only in (None, known[2]) and _is_unchanged(top, known[0]):
                return _tree(known)
        now = time.time_ns()
        there = _contents(top)
        tree = read()
        self._add(path, tree, there, now)
        return tree

    def remember_placed(self, trees: Mapping[RelPath, Tree], staged: int) -> None:
        """Remember artifacts that Holdall put there whole; it had written their files at `staged`.

        Those with files that were written to since are left out.
        """
        for path, tree in trees.items():
            now = time.time_ns()
            there = _contents(f"{self._root}/{path}")
            if there and all(s[4] <= staged for s in there.values() if stat.S_ISREG(s[2])):
                self._add(path, tree, there, now)

    def _add(self, path: RelPath, tree: Tree, there: Mapping[str, _Status], now: int) -> None:
        files = {name: status for name, status in there.items() if not stat.S_ISDIR(status[2])}
        digests = _by_name(tree, files)
        if (
            there
            and Tree(tree.files, tree.content_hash, tree.skillmeat_hash) == tree
            and not tree.elsewhere
            and digests.keys() == files.keys()
            and all(_is_as(digests[name], status) for name, status in files.items())
            and all(_is_settled(status, now) for status in there.values())
        ):
            rows = [[d.path, d.executable, d.sha256, d.size] for d in tree.files]
            there_now = list(there.items())
            self._new[path] = [there_now, rows, tree.content_hash, tree.skillmeat_hash]

    def _least(self) -> int:
        return _WORTH_WRITING // 8


def _by_name(tree: Tree, files: Mapping[str, _Status]) -> dict[str, FileDigest]:
    """Return the digests by their path below the artifact; a single file is at ''."""
    if list(files) == [""] and len(tree.files) == 1:
        return {"": tree.files[0]}
    return {str(digest.path): digest for digest in tree.files}


def _is_as(digest: FileDigest, status: _Status) -> bool:
    return (
        stat.S_ISREG(status[2])
        and digest.kind is FileKind.FILE
        and digest.size == status[3]
        and digest.executable == is_executable(status[2])
    )


def _contents(top: str) -> dict[str, _Status]:
    """Return the status of a file, or of a folder and all below it; nothing if it cannot be read.

    A folder's status is from before it was looked through.
    """
    found: dict[str, _Status] = {}
    try:
        ahead = [""]
        while ahead:
            below = ahead.pop()
            folder = f"{top}/{below}" if below else top
            found[below] = _status(os.lstat(folder))
            if not stat.S_ISDIR(found[below][2]):
                continue
            with os.scandir(folder) as entries:
                for entry in entries:
                    if is_left_out(entry.name):
                        continue
                    name = f"{below}/{entry.name}" if below else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        ahead.append(name)
                    else:
                        found[name] = _status(entry.stat(follow_symlinks=False))
    except OSError:
        return {}
    return found


def _is_unchanged(top: str, there: Sequence[tuple[str, _Status]]) -> bool:
    try:
        for name, status in there:
            if [*_fields(os.lstat(f"{top}/{name}" if name else top))] != status:
                return False
    except OSError:
        return False
    return True


def _tree(known: Sequence[Any]) -> Tree:
    _, rows, content_hash, skillmeat_hash = known
    files = tuple(
        FileDigest(RelPath.parse(path), FileKind.FILE, executable, sha256, size)
        for path, executable, sha256, size in rows
    )
    return Tree(files, content_hash, skillmeat_hash)
