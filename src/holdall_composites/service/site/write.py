"""Writing the site: pages that are as they were stay, what is gone is removed, nothing of others.

`site.json` in the folder says which files are the site's, each with the SHA-256 of its bytes:

    {"format": 1, "files": {"index.html": "4d1a...", "a/9f2c.../index.html": "77b0..."}}

It is written before the first page, with the old and the new ones, and after the last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from holdall import NamedTuple
from holdall.errors import ConflictError, InputError
from holdall.files import PlainFolder
from holdall.formats import parse_json
from holdall.sources import SITE

_MAX_BYTES = 64 << 20


class SiteFile(NamedTuple):
    """A file of the site."""

    path: str
    data: bytes
    executable: bool = False


class Written(NamedTuple):
    """How many files the site has, and how many of them were written and removed now."""

    files: int
    written: int
    removed: int


def write_site(folder: Path, files: Iterable[SiteFile]) -> Written:
    """Make a folder have these files. Raises ConflictError for a file there that is not the site's.

    A kill leaves each page old or new; the next run completes it.
    """
    wanted = {file.path: file for file in files}
    hashes = {path: hashlib.sha256(file.data).hexdigest() for path, file in wanted.items()}
    with PlainFolder(folder) as place:
        before = _files_of(place)
        present = {path: place.hash_of(path) for path in wanted.keys() | before.keys()}
        for path, found in present.items():
            if found not in (None, before.get(path), hashes.get(path)):
                raise ConflictError(
                    f"{folder / path} is not what the site wrote there",
                    hint="move it away, or name another folder",
                )
        changed = sorted(path for path in wanted if present[path] != hashes[path])
        gone = sorted(path for path in before.keys() - wanted.keys() if present[path] is not None)
        if changed or gone or before != hashes:
            _note(place, before | hashes)
            # The pages that lead to others come last.
            for path in sorted(changed, key=lambda path: (path.count("/") == 0, path)):
                place.replace(path, wanted[path].data, executable=wanted[path].executable)
            for path in gone:
                place.remove(path)
            place.make_durable()
            _note(place, hashes)
    return Written(len(wanted), len(changed), len(gone))


def _note(place: PlainFolder, files: dict[str, str]) -> None:
    told = {"format": 1, "files": files}
    place.replace(SITE, json.dumps(told, sort_keys=True, indent=0).encode() + b"\n")


def _files_of(place: PlainFolder) -> dict[str, str]:
    data = place.read(SITE, _MAX_BYTES)
    if data is None:
        return {}
    where = str(place.path / SITE)
    table = parse_json(data, where, limit=_MAX_BYTES)
    files = table.get("files") if isinstance(table, dict) else None
    if not isinstance(files, dict) or not all(isinstance(v, str) for v in files.values()):
        raise InputError(f"{where}: `files` is not a table of hashes", hint="delete it")
    return files
