"""Merge an artifact that two sides changed, file by file, and text by lines.

Three trees of one artifact: what it was (`base`), and what each side made of it. Each file's bytes
and its mode are decided by themselves:

    base  ours  theirs   merged
    a     b     a        b            only ours changed it (or removed it, or added it)
    a     b     c        by lines     where all three are text; else a conflict
    a     -     b        conflict     removed on one side, changed on the other
    -     b     c        conflict     added on both sides, not the same

    merge = merge_trees(TreeSide(old.files, read_old), TreeSide(...), TreeSide(...))
    for conflict in merge.conflicts:
        print(conflict.text)                    # notes.md was changed on both sides (line 3 here...
    if not merge.conflicts:
        data = merge.read(merge.files[0])       # the bytes of one of the merged files
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

from holdall import NamedTuple
from holdall.artifacts.hashing import FileDigest, tree_hash
from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.files.merge.lines import MAX_TEXT_BYTES, LineConflict, is_text, merge_lines


class TreeSide(NamedTuple):
    """The files of an artifact on one side, and how to read one (the text of a link)."""

    files: Sequence[FileDigest]
    read: Callable[[FileDigest], bytes]


class FileConflictKind(StrEnum):
    """Why a file does not merge; the value says it as a sentence does, after the file's path."""

    CHANGED = "was changed on both sides"
    ADDED = "was added on both sides, each with other content"
    REMOVED_HERE = "was removed here and changed there"
    REMOVED_THERE = "was changed here and removed there"
    PLACE = "would be at the place of another file or folder"


class FileConflict(NamedTuple):
    """A file that does not merge; `lines` says where if it is text that both sides changed."""

    path: RelPath
    kind: FileConflictKind
    lines: tuple[LineConflict, ...] = ()

    @property
    def text(self) -> str:
        """The conflict as people read it."""
        places = "; ".join(conflict.text for conflict in self.lines)
        return f"{self.path} {self.kind.value}" + (f" ({places})" if places else "")


class Decided(NamedTuple):
    """What a file that does not merge is to be: its bytes, None to be without it."""

    data: bytes | None


class FileVersions(NamedTuple):
    """A file that does not merge, as each side has it; None where it is not there."""

    base: bytes | None
    ours: bytes | None
    theirs: bytes | None


Decide = Callable[[FileConflict, FileVersions], Decided | None]
"""Say how a conflict was decided; None where it was not."""


class TreeMerge(NamedTuple):
    """The merged files, by path, or the conflicts that stand against them; then there are none.

    `read` returns the bytes of a merged file.
    """

    files: tuple[FileDigest, ...]
    conflicts: tuple[FileConflict, ...]
    read: Callable[[FileDigest], bytes]

    @property
    def content_hash(self) -> str:
        """The tree hash of the merged files."""
        return tree_hash(self.files)


def merge_trees(
    base: TreeSide, ours: TreeSide, theirs: TreeSide, *, decide: Decide | None = None
) -> TreeMerge:
    """Merge three trees of one artifact. Reads only files that both sides changed.

    `decide` is asked about each that does not merge, unless it is a link.
    """
    merger = _Merger((base, ours, theirs), decide)
    merged = tuple(merger.merge())
    conflicts = merger.conflicts or [*_places(merged)]
    return TreeMerge(() if conflicts else merged, tuple(conflicts), merger.read)


class _Merger:
    def __init__(self, sides: tuple[TreeSide, ...], decide: Decide | None) -> None:
        self.sides, self.decide = sides, decide
        self.by_path = [{file.path: file for file in side.files} for side in self.sides]
        self.made: dict[str, bytes] = {}
        self.conflicts: list[FileConflict] = []

    def merge(self) -> Iterator[FileDigest]:
        """Yield the files of the merged tree."""
        for path in sorted({path for side in self.by_path for path in side}):
            base, ours, theirs = (side.get(path) for side in self.by_path)
            if ours in (base, theirs):
                found = theirs
            elif theirs == base:
                found = ours
            else:
                found = self._file(path, base, ours, theirs)
            if found is not None:
                yield found

    def read(self, file: FileDigest) -> bytes:
        """Return the bytes of a merged file, from the side that has them."""
        if file.sha256 in self.made:
            return self.made[file.sha256]
        for side, by_path in zip(self.sides, self.by_path, strict=True):
            found = by_path.get(file.path)
            if found is not None and found.sha256 == file.sha256:
                return side.read(found)
        raise KeyError(file.path)

    def _file(
        self,
        path: RelPath,
        base: FileDigest | None,
        ours: FileDigest | None,
        theirs: FileDigest | None,
    ) -> FileDigest | None:
        if ours is None or theirs is None:
            is_here = ours is None
            kind = FileConflictKind.REMOVED_HERE if is_here else FileConflictKind.REMOVED_THERE
            return self._refuse(path, kind)
        if base is None:
            return self._refuse(path, FileConflictKind.ADDED)
        is_theirs = ours.executable == base.executable
        executable = theirs.executable if is_theirs else ours.executable
        if _content(theirs) in (_content(base), _content(ours)):
            return _with_mode(ours, executable)
        if _content(ours) == _content(base):
            return _with_mode(theirs, executable)
        if {file.kind for file in (base, ours, theirs)} != {FileKind.FILE}:
            return self._refuse(path, FileConflictKind.CHANGED)
        return self._text(path, executable, (base, ours, theirs))

    def _text(
        self, path: RelPath, executable: bool, files: tuple[FileDigest, FileDigest, FileDigest]
    ) -> FileDigest | None:
        if any(file.size > MAX_TEXT_BYTES for file in files):
            return self._refuse(path, FileConflictKind.CHANGED)
        texts = [side.read(file) for side, file in zip(self.sides, files, strict=True)]
        if not all(map(is_text, texts)):
            return self._refuse(path, FileConflictKind.CHANGED)
        merge = merge_lines(*texts)
        if merge.text is None:
            return self._refuse(path, FileConflictKind.CHANGED, merge.conflicts)
        sha256 = hashlib.sha256(merge.text).hexdigest()
        self.made[sha256] = merge.text
        return FileDigest(path, FileKind.FILE, executable, sha256, len(merge.text))

    def _refuse(
        self, path: RelPath, kind: FileConflictKind, lines: tuple[LineConflict, ...] = ()
    ) -> FileDigest | None:
        conflict = FileConflict(path, kind, lines)
        files = [side.get(path) for side in self.by_path]
        is_plain = all(file is None or file.kind is FileKind.FILE for file in files)
        decided = self._ask(conflict, files) if self.decide is not None and is_plain else None
        if decided is None:
            self.conflicts.append(conflict)
            return None
        if decided.data is None:
            return None
        sha256 = hashlib.sha256(decided.data).hexdigest()
        self.made[sha256] = decided.data
        executable = any(file.executable for file in files[1:] if file is not None)
        return FileDigest(path, FileKind.FILE, executable, sha256, len(decided.data))

    def _ask(self, conflict: FileConflict, files: Sequence[FileDigest | None]) -> Decided | None:
        assert self.decide is not None, "asked before"
        versions = FileVersions(
            *(
                None if file is None else side.read(file)
                for side, file in zip(self.sides, files, strict=True)
            )
        )
        return self.decide(conflict, versions)


def _content(file: FileDigest) -> tuple[FileKind, str]:
    return file.kind, file.sha256


def _with_mode(file: FileDigest, executable: bool) -> FileDigest:
    return file._replace(executable=executable and file.kind is FileKind.FILE)


def _places(files: Sequence[FileDigest]) -> Iterator[FileConflict]:
    """Yield each file that cannot be beside another one; on each side alone all could."""
    spelled: dict[str, str] = {}
    taken = {file.path.fold_key for file in files}
    for file in files:
        above = file.path.parent
        is_free = spelled.setdefault(file.path.fold_key, file.path) == file.path
        while above is not None:
            is_free &= above.fold_key not in taken
            is_free &= spelled.setdefault(above.fold_key, above) == above
            above = above.parent
        if not is_free:
            yield FileConflict(file.path, FileConflictKind.PLACE)
