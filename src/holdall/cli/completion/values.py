"""Ids and versions for completion, from the user's cache; a shell waits for them.

`holdall completion --values KIND [WORD]` prints them, one a line. What the cache has of a
collection is right as long as its manifest is the file that it was; else the collection is read.

    {"root": "/home/ada/kit", "manifest": [1764300000123456789, 4096],
     "newest": {"skill:pdf": 3, "composite:starter": null}}
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from holdall.config import MANIFEST, Config, cache_folder, find_collection
from holdall.errors import HoldallError

KINDS = ("ids", "composites", "refs")
"""Ids, those of composites, and ids that become versions once there is an `@` in the word."""

_MOST_BYTES = 8 << 20


def print_values(words: Sequence[str]) -> int:
    """Print what completes a word; nothing where there is no collection or something is wrong."""
    kind, word = [*words, "", ""][:2]
    try:
        config = Config.from_environment(os.environ, collection=_folder_of(words[2:]))
        for value in _find_values(kind, word, newest_versions(config)):
            sys.stdout.write(f"{value}\n")
    except (HoldallError, OSError, ValueError):
        return 1
    return 0


def _folder_of(words: Sequence[str]) -> str | None:
    """Return the folder that `--collection` names on the line that is being written."""
    line = list(words)
    if "--collection" in line[:-1]:
        return os.path.expanduser(line[line.index("--collection") + 1])
    return None


def _find_values(kind: str, word: str, newest: Mapping[str, int | None]) -> Iterator[str]:
    name, at, _ = word.partition("@")
    if kind == "refs" and at:
        last = newest.get(name)
        yield from (f"{name}@{number}" for number in range(-1 if last is None else last, -1, -1))
        return
    for artifact_id in newest:
        is_composite = artifact_id.startswith("composite:")
        if kind != "composites" or is_composite:
            # A name without its type is what most people type.
            short = artifact_id.partition(":")[2]
            if artifact_id.startswith(word):
                yield artifact_id
            elif word and short.startswith(word):
                yield short


def newest_versions(config: Config) -> Mapping[str, int | None]:
    """Return the number of the newest version of each entry by id; None where it is not known."""
    root = find_collection(config, Path.cwd()).absolute()
    stat = os.stat(root / MANIFEST)
    state = [stat.st_mtime_ns, stat.st_size]
    cache = cache_folder(config)
    file = None if cache is None else cache / "completion" / f"{_name_of(root)}.json"
    known = _read(file) if file is not None else {}
    if known.get("root") == str(root) and known.get("manifest") == state:
        newest = known.get("newest")
        if isinstance(newest, dict):
            return newest
    found = _look(root)
    if file is not None:
        from holdall.files.user_state import keep_document

        with suppress(HoldallError):
            keep_document(file, {"root": str(root), "manifest": state, "newest": found})
    return found


def _name_of(root: Path) -> str:
    from zlib import crc32

    return f"{crc32(os.fsencode(root)):08x}"


def _read(file: Path) -> dict[str, object]:
    """Return what the cache has; nothing where it has none."""
    import json

    try:
        with file.open("rb") as opened:
            found = json.loads(opened.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _look(root: Path) -> dict[str, int | None]:
    """Read the collection, and its database for the versions."""
    from holdall.cli.context import Context
    from holdall.plugins.values import Details

    context = Context.of(root)
    context.out.quiet = True
    collection = context.collection_as_it_is()
    try:
        details = context.plugins.first(
            "holdall_collection_details", Details, collection=collection
        )
    except HoldallError:
        details = None
    versions = details.versions if details else {}
    return {
        str(artifact_id): versions.get(entry.uuid or "")
        for artifact_id, entry in collection.manifest.by_id.items()
    }
