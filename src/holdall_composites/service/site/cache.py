"""What is known of the site from the run before, so that only what changed is drawn again.

    {"1b9e...key": {"files": {"a/9f2c.../index.html": "4d1a..."}, "facts": {...}, "listed": [...]}}

A key is a hash over all that a part is made from, so that one that is here is right. The file is in
the user's cache folder behind a checksum: what is torn, or of another Holdall, is drawn again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from holdall import __version__
from holdall.errors import StorageError
from holdall.files import read_cached, write_cached
from holdall_composites.service.site.clients import Listed
from holdall_composites.service.site.parts import Part

PACKAGE = "holdall_composites.service.site"
_encode = json.JSONEncoder(separators=(",", ":")).encode
_LIBRARIES = ("jinja2", "markdown-it-py", "nh3", "pygments")


def load_parts(folder: Path) -> dict[str, Part]:
    """Return the parts that the run before kept for a folder, by their keys."""
    data = read_cached("site", folder)
    head, _, body = data.partition(b"\n")
    if _checksum(body) != head:
        return {}
    found = {}
    for key, (paths, facts, (archive, plain, left_out)) in json.loads(body).items():
        found[key] = Part(key, paths, facts, Listed(archive, plain, tuple(left_out)))
    return found


def save_parts(folder: Path, parts: Iterable[Part]) -> None:
    """Keep parts for the next run into a folder; failures are ignored."""
    fields = {part.key: [part.files, part.facts, part.listed] for part in parts}
    body = json.dumps(fields, separators=(",", ":")).encode()
    data = _checksum(body) + b"\n" + body
    with contextlib.suppress(StorageError):
        write_cached("site", folder, data)


def fingerprint(plugins: Iterable[str]) -> str:
    """Return a hash over what makes pages: this Holdall, its libraries, and the plugins."""
    texts = [__version__, *plugins, *map(_version_of, _LIBRARIES)]
    for folder in ("templates", "static"):
        places = sorted(files(PACKAGE).joinpath(folder).iterdir(), key=lambda place: place.name)
        texts += [hashlib.sha256(place.read_bytes()).hexdigest() for place in places]
    return key_of(texts)


def key_of(value: Any) -> str:
    """Return a hash over a value that JSON can have."""
    return hashlib.sha256(_encode(value).encode()).hexdigest()


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(__version__.encode() + b"\n" + body).hexdigest().encode()


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
