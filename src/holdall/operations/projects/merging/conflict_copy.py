"""A copy of files that do not merge, for the user to edit; the same command reads it again.

FOLDER/conflicts.json                             which files, and what they were made of
FOLDER/project/.claude/skills/pdf/notes.md        text, with conflict markers
FOLDER/collection/skills/pdf/logo.png.mine        no text: rename one of both to `logo.png`,
FOLDER/collection/skills/pdf/logo.png.new         or delete both to be without it

{"files": [{"where": "project", "path": ".claude/skills/pdf/notes.md", "mine": "9f86...",
            "new": "2c26...", "is_marked": true}, ...]}
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from holdall.artifacts.paths import RelPath
from holdall.errors import ConflictError, InputError, UsageError
from holdall.files.merge.lines import is_text, mark_lines
from holdall.files.merge.trees import Decided, FileVersions
from holdall.formats.documents import parse_json, read_bounded
from holdall.operations.projects.merging.conflicts import Conflict, Where

_LIST = "conflicts.json"
_MAX_LIST = 1 << 24
_MAX_FILE = 1 << 30
_MARKS = (b"<<<<<<< mine", b">>>>>>> new")
_MINE, _NEW = ".mine", ".new"


class ConflictCopy:
    """The copy in a folder: made if there is none, read if there is."""

    def __init__(self, folder: Path, *others: Path) -> None:
        """Raise UsageError for a place inside of the `others`, or one that is no such copy."""
        self.folder = folder
        real = Path(os.path.realpath(folder))
        for other in map(os.path.realpath, others):
            if Path(other) in (real, *real.parents):
                raise UsageError(f"{folder} is in {other}", hint="choose a folder elsewhere")
        if folder.suffix in (".zip", ".gz", ".tgz"):
            raise UsageError(f"{folder} has the name of an archive", hint="name a folder")
        self._known = self._read() if (folder / _LIST).exists() else None
        if self._known is None and os.path.lexists(folder) and not _is_blank(folder):
            raise UsageError(f"{folder} is there already", hint="choose a new folder")

    def find(self, where: Where, path: RelPath, versions: FileVersions) -> Decided | None:
        """Return what a file was made in the copy; None where there is no copy yet.

        Raises ConflictError for one that is not decided, or that changed since.
        """
        if self._known is None:
            return None
        found = self._known.get((where, path))
        if found is None or found[:2] != (_hash(versions.ours), _hash(versions.theirs)):
            raise ConflictError(
                f"{where.value}: {path} is not what it was when {self.folder} was made",
                hint="move that folder away, and run the command again: it makes a new one",
            )
        place = self.folder / where.value / path
        sides = [place.with_name(place.name + end) for end in (_MINE, _NEW)]
        if not found[2] and any(map(os.path.lexists, sides)):
            named = " and ".join(str(side) for side in sides if os.path.lexists(side))
            raise ConflictError(
                f"{place} is not decided: {named} is still there",
                hint=f"rename what you want to {place.name}, and delete the other one",
            )
        if not os.path.lexists(place):
            return Decided(None)
        data = read_bounded(place, _MAX_FILE)
        for number, line in enumerate(data.split(b"\n"), 1):
            if found[2] and line.rstrip(b"\r") in _MARKS:
                raise ConflictError(
                    f"{place}, line {number}: there is a conflict marker",
                    hint="edit the file to what it is to be, and run the command again",
                )
        return Decided(data)

    def keep(self, conflicts: list[Conflict]) -> str:
        """Write the copy; return what to do with it."""
        from holdall.transaction.export import ExportFile, write_export

        files: dict[RelPath, ExportFile] = {}
        rows = []
        for one in conflicts:
            if one.path is None or one.versions is None:
                return f"{one.text}: only --ours or --theirs decide that; nothing was copied"
            _, ours, theirs = one.versions
            place = RelPath.parse(f"{one.where.value}/{one.path}")
            texts = [text or b"" for text in one.versions]
            is_marked = ours is not None and theirs is not None and all(map(is_text, texts))
            if is_marked:
                files[place] = ExportFile(mark_lines(texts[0], texts[1], texts[2], _MARKS))
            for end, data in ((_MINE, ours), (_NEW, theirs)):
                if not is_marked and data is not None:
                    files[RelPath.parse(f"{place}{end}")] = ExportFile(data)
            row: dict[str, object] = {"where": one.where.value, "path": str(one.path)}
            row |= {"mine": _hash(ours), "new": _hash(theirs), "is_marked": is_marked}
            rows.append(row)
        listed = json.dumps({"files": rows}, indent=2, ensure_ascii=False)
        files[RelPath.parse(_LIST)] = ExportFile(f"{listed}\n".encode())
        write_export(files, self.folder, lambda _: False, None, force=False)
        return f"edit the files in {self.folder}, then run the same command again"

    def _read(self) -> dict[tuple[Where, str], tuple[str | None, str | None, bool]]:
        path = self.folder / _LIST
        table: Any = parse_json(read_bounded(path, _MAX_LIST), str(path))
        try:
            return {
                (Where(row["where"]), row["path"]): (row["mine"], row["new"], row["is_marked"])
                for row in table["files"]
            }
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: not what --copy wrote: {error}",
                hint="move that folder away, and run the command again",
            ) from error


def _hash(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def _is_blank(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
