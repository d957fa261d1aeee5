"""Write the contents of an archive or a repository below a folder of ours, and nowhere else.

Regular files are written first, each newly made; links come last, so that nothing is ever written
through one. The reader checks what a link means.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from holdall.artifacts.limits import Caps, Meter
from holdall.artifacts.paths import RelPath, refuse_collisions
from holdall.errors import HoldallError, HostilePathError, InputError, RefusedError, StorageError

CHUNK = 1 << 20

# Text becomes 3 to 20 times as much, a thousand copies of a file a thousand times: others refuse a
# hundredfold above 100 KB or 1 MB of a single document (Apache POI, Tika).
_MAX_RATIO = 200
_RATIO_COUNTS_ABOVE = 64 << 20
_MAX_LINK_BYTES = 4096
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Budget:
    """Counts bytes, and refuses what grows out of proportion.

    `packed` is the size of what they come from, as far as it was read; None where that says
    nothing.
    """

    def __init__(self, label: str, caps: Caps, packed: int | None = None) -> None:
        self.label, self.caps, self.packed = label, caps, packed
        self.meter = Meter(caps, label)
        self.spent = 0

    def spend(self, size: int) -> None:
        """Count `size` bytes more; raises RefusedError if that is too much."""
        self.spent += size
        self.meter.spend_of_source(size)
        if (
            self.packed is not None
            and self.spent > _RATIO_COUNTS_ABOVE
            and self.spent > _MAX_RATIO * self.packed
        ):
            raise RefusedError(
                f"{self.label}: grows more than {_MAX_RATIO} times when it is unpacked",
                hint="an archive that does this is made to fill disks; unpack it by hand",
            )

    def foresee(self, *, members: int = 0, size: int = 0) -> None:
        """Raise RefusedError for what would be too much in all, before any of it is read."""
        fresh = Budget(self.label, self.caps, self.packed)
        fresh.meter.count_of_source(members)
        fresh.spend(size)


class Unpacker:
    """Makes files and links below one new folder. Paths were checked by whoever calls."""

    def __init__(self, folder: Path, budget: Budget) -> None:
        self.folder, self.budget = folder, budget
        self._folders: set[Path] = set()
        self._links: dict[str, str] = {}

    def count(self) -> None:
        """Count a member of any kind; raises RefusedError if there are too many."""
        self.budget.meter.count_of_source(1)

    def file(self, path: str, chunks: Iterable[bytes], *, executable: bool) -> None:
        """Make a regular file of these bytes, with the mode 0644 or 0755."""
        target = self.folder / path
        try:
            if target.parent not in self._folders:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._folders.add(target.parent)
            with open(os.open(target, _NEW_FILE, 0o600), "wb") as file:
                os.fchmod(file.fileno(), 0o755 if executable else 0o644)
                for chunk in chunks:
                    self.budget.spend(len(chunk))
                    file.write(chunk)
        except (FileExistsError, NotADirectoryError):
            raise self._twice(path) from None
        except OSError as error:
            raise self._failure(path, error) from error

    def link(self, path: str, text: str) -> None:
        """Take a symbolic link in, to be made by `finish`."""
        if not text or "\0" in text or len(os.fsencode(text)) > _MAX_LINK_BYTES:
            raise InputError(
                f"{self.budget.label}: the link {path!a} has no usable target",
                hint="take it out of there",
            )
        if path in self._links:
            raise self._twice(path)
        self._links[path] = text

    def finish(self) -> None:
        """Make the links."""
        for path, text in self._links.items():
            target = self.folder / path
            try:
                self._real_parent(path).mkdir(parents=True, exist_ok=True)
                target.symlink_to(text)
            except (FileExistsError, NotADirectoryError):
                raise self._twice(path) from None
            except OSError as error:
                raise self._failure(path, error) from error

    def _real_parent(self, path: str) -> Path:
        """Return the folder of a link; raises RefusedError if that is itself below a link."""
        parent = os.path.dirname(path)
        while parent:
            if parent in self._links:
                raise self._twice(parent)
            parent = os.path.dirname(parent)
        return (self.folder / path).parent

    def _twice(self, path: str) -> RefusedError:
        return RefusedError(
            f"{self.budget.label}: {path!a} is there twice, or is both a file and a folder",
            hint="Holdall cannot know which one is meant; fix the archive where it was made",
        )

    def _failure(self, path: str, error: OSError) -> StorageError:
        return StorageError(
            f"{self.budget.label}: cannot write {path!a} to a temporary folder: {error.strerror}",
            hint="is there room in it? TMPDIR names another one",
        )


class Members:
    """The paths of an archive's members, which are all looked at before the first is unpacked."""

    def __init__(self, unpacker: Unpacker) -> None:
        self.unpacker, self.budget = unpacker, unpacker.budget
        self.label = unpacker.budget.label
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

    def refusal(self, name: str, problem: str) -> RefusedError:
        """Make the error for a member of a kind that is not taken."""
        return RefusedError(
            f"{self.label}: {name!a} {problem}", hint="take it out of the archive, or unpack it"
        )

    def begin(self) -> None:
        """Refuse members that would be one file elsewhere; make the folder for what there is."""
        try:
            refuse_collisions(self.paths)
        except HoldallError as error:
            error.message = f"{self.label}: {error.message}"
            error.args = (error.message,)
            raise
        self.unpacker.folder.mkdir()


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what is left of a file, in parts."""
    while chunk := file.read(CHUNK):
        yield chunk
