"""Writing the site: files that are as they were stay, what is gone is removed, nothing of others.

`site.json` in the folder says which files are the site's, each with the SHA-256 of its bytes, and
` x` where it is executable; `next` is there while files are being replaced, with what those become:

    {"format": 1, "files": {"index.html": "4d1a...", "plugins/claude/a/run.sh": "77b0... x"},
     "next": {"index.html": "90cc..."}}

New files are staged below `.holdall` first, on the same file system. When all are there, `next` is
written, each is renamed to its place, and `site.json` comes last. A reader sees each page as it was
or as it will be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from holdall import NamedTuple
from holdall.errors import ConflictError, InputError
from holdall.files import PlainFolder, hash_text
from holdall.formats import parse_json
from holdall.sources import SITE

_MAX_BYTES = 64 << 20


class SiteFile(NamedTuple):
    """A file of the site."""

    path: str
    data: bytes
    executable: bool = False

    @property
    def hash(self) -> str:
        """What `site.json` says of it."""
        return hash_text(hashlib.sha256(self.data).hexdigest(), executable=self.executable)


class Written(NamedTuple):
    """How many files the site has, and how many of them were written and removed now."""

    files: int
    written: int
    removed: int


class SiteFolder:
    """A folder that the site is written into, held by its lock; nothing shows before `finish`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place = PlainFolder(folder, index="site")
        self._files: dict[str, str] = {}
        self._staged: dict[str, tuple[str, int]] = {}
        self._present: dict[str, str | None] = {}

    def __enter__(self) -> Self:
        self._place.__enter__()
        try:
            self._before, self._next = _read(self._place)
        except BaseException as error:
            self._place.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._place.__exit__(kind, error, traceback)

    def has(self, files: Mapping[str, str]) -> bool:
        """Return whether all these files are in the folder as they should be."""
        return all(self._hash_of(path) == wanted for path, wanted in files.items())

    def keep(self, files: Mapping[str, str]) -> None:
        """Count files to the site that are in the folder already."""
        self._files.update(files)

    def put(self, file: SiteFile) -> str:
        """Stage a file, unless the folder has it as it is, and return its hash.

        Raises ConflictError for a file in its place that the site did not write.
        """
        wanted = self._files[file.path] = file.hash
        found = self._hash_of(file.path)
        if found not in (None, wanted, self._before.get(file.path), self._next.get(file.path)):
            raise ConflictError(
                f"{self.folder / file.path} is not what the site wrote there",
                hint="move it away, or name another folder",
            )
        if found != wanted:
            name = self._place.stage(file.data, executable=file.executable)
            self._staged[file.path] = (name, len(file.data))
        return wanted

    def finish(self) -> Written:
        """Make the folder have what was put and kept, and no other files of the site."""
        gone = []
        for path in sorted((self._before.keys() | self._next.keys()) - self._files.keys()):
            found = self._hash_of(path)
            if found not in (None, self._before.get(path), self._next.get(path)):
                raise ConflictError(
                    f"{self.folder / path} is not what the site wrote there",
                    hint="move it away; the site does not have it any more",
                )
            if found is not None:
                gone.append(path)
        if self._staged or gone or self._next or self._before != self._files:
            self._note(self._before, {path: self._files[path] for path in self._staged})
            # The pages that lead to others come last.
            for path in sorted(self._staged, key=lambda path: (path.count("/") == 0, path)):
                self._place.place(self._staged[path][0], path)
            for path in gone:
                self._place.remove(path)
            self._place.make_durable()
            self._note(self._files)
        new = {path: (self._files[path], size) for path, (_, size) in self._staged.items()}
        self._place.remember(new, self._files)
        return Written(len(self._files), len(self._staged), len(gone))

    def _hash_of(self, path: str) -> str | None:
        if path not in self._present:
            self._present[path] = self._place.hash_of(path)
        return self._present[path]

    def _note(self, files: Mapping[str, str], new: Mapping[str, str] | None = None) -> None:
        fields: dict[str, object] = {"format": 1, "files": files}
        if new is not None:
            fields["next"] = new
        text = json.dumps(fields, sort_keys=True, separators=(",\n", ": "))
        self._place.replace(SITE, text.encode() + b"\n")


def _read(place: PlainFolder) -> tuple[dict[str, str], dict[str, str]]:
    """Return what `site.json` says of files, and of those that were being replaced."""
    data = place.read(SITE, _MAX_BYTES)
    if data is None:
        return {}, {}
    where = str(place.path / SITE)
    table = parse_json(data, where, limit=_MAX_BYTES)
    found = []
    for key in ("files", "next"):
        files = table.get(key, {}) if isinstance(table, dict) else None
        if not isinstance(files, dict) or not all(isinstance(v, str) for v in files.values()):
            raise InputError(f"{where}: `{key}` is not a table of hashes", hint="delete it")
        found.append(files)
    return found[0], found[1]


class NoFolder:
    """Counts what the site has, and writes nothing."""

    def __init__(self) -> None:
        self._files: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def has(self, files: Mapping[str, str]) -> bool:
        """Return that it has them: what is known needs not be made."""
        del files
        return True

    def keep(self, files: Mapping[str, str]) -> None:
        """Count files."""
        self._files.update(files)

    def put(self, file: SiteFile) -> str:
        """Count a file."""
        self._files.add(file.path)
        return file.hash

    def finish(self) -> Written:
        """Return how many there are."""
        return Written(len(self._files), 0, 0)
