"""Read an artifact's files: each byte once, for both content hashes.

A `Tree` is what an artifact consists of. Symbolic links that stay inside the artifact are kept as
links; those that lead elsewhere in the source stand for the files there; those that leave it,
special files, and names that no file system should have are problems that the caller reports; the
rest of the tree is read all the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from functools import cached_property, lru_cache
from pathlib import Path

from holdall import NamedTuple, dataclass
from holdall.artifacts.hashing import FileDigest, is_executable, tree_hash
from holdall.artifacts.ids import FileKind
from holdall.artifacts.limits import Meter
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import is_repository
from holdall.errors import HostilePathError, StorageError
from holdall.files.folders import VCS_FOLDERS, Folder, Kind, is_junk, kinds_in

Peek = Callable[[RelPath, bytes, int], None]
"""Is shown each regular file while it is read, in parts of up to 1 MiB: path, bytes, offset."""

_CHUNK = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Problem(NamedTuple):
    """A file of an artifact that cannot be taken: its path below the artifact, a code, why."""

    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of an artifact and its two hashes.

    `content_hash` is Holdall's tree hash, `skillmeat_hash` the one that SkillMeat computes over the
    same files once they are deployed. With `problems`, the tree lacks the files they name.
    `elsewhere` says where the bytes of a file are that is only linked to, `made` has those of one
    that is not as it is there; all others are below the artifact's folder. `skillmeat_hash` is ''
    for a folder of which some are made; `hash_for_skillmeat` finds it.
    """

    files: tuple[FileDigest, ...]
    content_hash: str
    skillmeat_hash: str
    problems: tuple[Problem, ...] = ()
    elsewhere: Mapping[RelPath, Path] = field(default_factory=dict, hash=False)
    made: Mapping[RelPath, bytes] = field(default_factory=dict, hash=False)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)


def file_tree(
    path: Path, as_path: RelPath, peek: Peek | None = None, *, meter: Meter | None = None
) -> Tree:
    """Read a single-file artifact; `as_path` is its path in the tree (`TypeSpec.only_file`).

    Raises StorageError if the file cannot be read or is not a regular file, and what `meter` does.
    """
    if meter is not None:
        meter.begin_artifact(path)
    digest = _digest_file(str(path), as_path, None, peek, meter)
    return Tree((digest,), tree_hash((digest,)), digest.sha256)


def bytes_tree(data: bytes, as_path: RelPath) -> Tree:
    """Return the tree of a single-file artifact whose content is `data`."""
    sha256 = hashlib.sha256(data).hexdigest()
    digest = FileDigest(as_path, FileKind.FILE, False, sha256, len(data))
    return Tree((digest,), tree_hash((digest,)), sha256)


def hash_for_skillmeat(tree: Tree, folder: Path) -> str:
    """Return SkillMeat's hash of a folder artifact of which some files are `made`.

    Raises StorageError if a file cannot be read.
    """
    found, real = hashlib.sha256(), Path(os.path.realpath(folder))
    for file in sorted(tree.files, key=lambda file: file.path.split("/")):
        place = Path(os.path.realpath(tree.elsewhere.get(file.path, folder / file.path)))
        is_link = file.kind is FileKind.LINK
        if is_link and not (os.path.isfile(place) and place.is_relative_to(real)):
            continue
        found.update(file.path.encode())
        path = RelPath(str(place.relative_to(real))) if is_link else file.path
        if path in tree.made:
            found.update(tree.made[path])
        else:
            _digest_file(str(place), file.path, found)
    return found.hexdigest()


def folder_tree(
    folder: Path,
    peek: Peek | None = None,
    *,
    within: Path | None = None,
    leave_out: Callable[[str], bool] | None = None,
    meter: Meter | None = None,
    listed: Callable[[str], Folder | None] | None = None,
    ignored: Callable[[str], bool] | None = None,
) -> Tree:
    """Read a folder artifact.

    Raises StorageError if a file cannot be read, and what `meter` does.

    With `within`, links from the artifact to files and folders elsewhere below that folder are
    followed; otherwise they are problems. `leave_out` is asked about each path below the folder;
    what it returns true for is not read. `listed` gives the names in a folder, by its place,
    if it was listed already; where that is no longer so, all is read and shown again. `ignored` is
    asked about each place, also of what is only linked to; what it returns true for is left out.
    """
    if listed is not None:
        with contextlib.suppress(StorageError):  # something may have gone since it was listed
            return _FolderReader(folder, peek, within, leave_out, meter, listed, ignored).tree()
    return _FolderReader(folder, peek, within, leave_out, meter, None, ignored).tree()


class _FolderReader:
    """Reads one folder's files in order, feeding both hashes."""

    def __init__(
        self,
        folder: Path,
        peek: Peek | None,
        within: Path | None,
        leave_out: Callable[[str], bool] | None,
        meter: Meter | None,
        listed: Callable[[str], Folder | None] | None,
        ignored: Callable[[str], bool] | None,
    ) -> None:
        self._given, self._peek, self._meter = folder, peek, meter
        self._given_within, self._leave_out, self._listed = within, leave_out, listed
        self._ignored = ignored
        self._skillmeat = hashlib.sha256()
        self._files: list[FileDigest] = []
        self._problems: list[Problem] = []
        self._elsewhere: dict[RelPath, Path] = {}
        self._spelled: dict[str, str] = {}

    @cached_property
    def _folder(self) -> str:
        """The real folder; asked for only where there are links."""
        return os.path.realpath(self._given)

    @cached_property
    def _within(self) -> str | None:
        return None if self._given_within is None else os.path.realpath(self._given_within)

    def tree(self) -> Tree:
        """Read all of the folder."""
        if self._meter is not None:
            self._meter.begin_artifact(self._given)
        self._read(self._given, "")
        return Tree(
            tuple(self._files),
            tree_hash(self._files),
            self._skillmeat.hexdigest(),
            tuple(self._problems),
            self._elsewhere,
        )

    def _read(self, top: Path, prefix: str) -> None:
        """Read all files below `top` as if they were below `prefix`, in SkillMeat's order."""
        leave_out = None if prefix else self._leave_out
        for below, location, kind in self._walk(str(top), leave_out):
            text = prefix + below
            try:
                path, places = _check(text)
            except HostilePathError as error:
                self._refuse(text, error.code, error.message)
                continue
            if twin := self._twin_of(places):
                self._refuse(text, "path-twin", f"on some file systems the same as {twin!a}")
            elif kind is Kind.FILE:
                self._take_file(path, location, borrowed=bool(prefix))
            elif kind is Kind.LINK:
                self._take_link(path, location, borrowed=bool(prefix))
            else:
                self._refuse(text, "special-file", "neither a file, a folder nor a link")

    def _walk(
        self, top: str, leave_out: Callable[[str], bool] | None
    ) -> Iterator[tuple[str, str, Kind]]:
        """Yield all but folders: the path below `top`, the place, the kind; by path components."""
        waiting = self._entries(top, "")
        while waiting:
            below, location, kind = waiting.pop()
            if leave_out is not None and leave_out(below):
                continue
            if kind is Kind.FOLDER:
                waiting.extend(self._entries(location, f"{below}/"))
            else:
                yield below, location, kind

    def _entries(self, folder: str, prefix: str) -> list[tuple[str, str, Kind]]:
        """Return the names in a folder, the last one first."""
        known = self._listed(folder) if self._listed is not None else None
        kinds = kinds_in(folder) if known is None else known.kinds()
        found = [(prefix + n, f"{folder}/{n}", kinds[n]) for n in sorted(kinds, reverse=True)]
        return found if self._ignored is None else [e for e in found if not self._ignored(e[1])]

    def _refuse(self, path: str, code: str, message: str) -> None:
        self._problems.append(Problem(path, code, message))

    def _twin_of(self, places: Iterable[tuple[str, str]]) -> str | None:
        """Return another file or folder that is the same where case does not count."""
        for key, place in places:
            known = self._spelled.setdefault(key, place)
            if known != place:
                return known
        return None

    def _take_file(self, path: RelPath, location: str, *, borrowed: bool) -> None:
        self._skillmeat.update(path.encode())
        self._files.append(_digest_file(location, path, self._skillmeat, self._peek, self._meter))
        if borrowed:
            self._elsewhere[path] = Path(location)

    def _take_link(self, path: RelPath, location: str, *, borrowed: bool) -> None:
        text = _link_text(location)
        if borrowed or not link_stays_inside(path, text):
            self._borrow(path, location, text, again=borrowed)
            return
        data = os.fsencode(text)
        sha256 = hashlib.sha256(data).hexdigest()
        self._files.append(FileDigest(path, FileKind.LINK, False, sha256, len(data)))
        target = Path(os.path.realpath(location))
        # SkillMeat follows links to files; a chain that leaves the folder has no content here.
        if os.path.isfile(target) and target.is_relative_to(self._folder):
            self._skillmeat.update(path.encode())
            _digest_file(str(target), path, self._skillmeat)

    def _borrow(self, path: RelPath, location: str, text: str, *, again: bool) -> None:
        """Read what a link points to elsewhere in the source as if it were here."""
        target = Path(os.path.realpath(location))
        if self._within is None or not target.is_relative_to(self._within):
            self._refuse(path, "link-outside", f"links outside the artifact: {text!a}")
        elif not VCS_FOLDERS.isdisjoint(target.relative_to(self._within).parts):
            self._refuse(path, "link-outside", f"links into version control: {text!a}")
        elif self._is_ignored(target):
            self._refuse(path, "link-outside", f"links to what is not collected: {text!a}")
        elif os.path.isfile(target):
            self._take_file(path, str(target), borrowed=True)
        elif again or not os.path.isdir(target) or Path(self._folder).is_relative_to(target):
            problem = "links to nothing" if not os.path.exists(target) else "links in a circle"
            self._refuse(path, "link-broken", f"{problem}: {text!a}")
        else:
            self._read(target, f"{path}/")

    def _is_ignored(self, target: Path) -> bool:
        """Return whether a place in the source, or a folder around it, is left out there."""
        assert self._within is not None, "else nothing is followed"
        below = target.relative_to(self._within)
        if any(map(is_junk, below.parts)):
            return True
        places = [target, *target.parents[: len(below.parts) - 1]]
        return self._ignored is not None and any(self._ignored(str(place)) for place in places)


@lru_cache(maxsize=8192)  # some paths are in many artifacts: `SKILL.md`, `references/api.md`
def _check(text: str) -> tuple[RelPath, tuple[tuple[str, str], ...]]:
    """Return a path with the folded keys of it and of each folder above it, top first.

    Raises HostilePathError for a path that is not safe.
    """
    path = RelPath.parse(text)
    if is_repository(path):
        raise HostilePathError("git would take it for a repository", hint="rename it")
    places = [path]
    while above := places[-1].parent:
        places.append(above)
    return path, tuple((place.fold_key, place) for place in reversed(places))


def _link_text(location: str) -> str:
    try:
        return os.readlink(location)
    except OSError as error:
        raise StorageError(
            f"cannot read the link {location}: {error.strerror}", hint="try again"
        ) from error


def link_stays_inside(path: str, text: str) -> bool:
    """Return whether a link at `path` with that text points to something below the artifact.

    `..` counts only at the beginning: after a name, which may be a link itself, it could lead
    anywhere.
    """
    if not text or text.startswith("/"):
        return False
    depth = path.count("/")
    named = False
    for component in text.split("/"):
        if component == "..":
            depth -= 1
            if named or depth < 0:
                return False
        elif component not in ("", "."):
            named = True
    return True


def _digest_file(
    path: str,
    as_path: RelPath,
    also: hashlib._Hash | None = None,
    peek: Peek | None = None,
    meter: Meter | None = None,
) -> FileDigest:
    digest = hashlib.sha256()
    size = 0
    if meter is not None:
        meter.begin_file()
    try:
        descriptor = os.open(path, _READ)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise StorageError(f"{path} is not a regular file", hint="remove or replace it")
            # One byte more than expected: a short answer then means that this was the end.
            wanted = min(status.st_size + 1, _CHUNK)
            while chunk := os.read(descriptor, wanted):
                if peek is not None:
                    peek(as_path, chunk, size)
                if meter is not None:
                    meter.spend(path, len(chunk))
                size += len(chunk)
                digest.update(chunk)
                if also is not None:
                    also.update(chunk)
                if size == status.st_size and len(chunk) < wanted:
                    break
                left = status.st_size - size
                wanted = min(left + 1, _CHUNK) if left > 0 else _CHUNK
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(
            f"cannot read {path}: {error.strerror}", hint="check the file and its permissions"
        ) from error
    executable = is_executable(status.st_mode)
    return FileDigest(as_path, FileKind.FILE, executable, digest.hexdigest(), size)
