"""Read the first table of `manifest.toml` alone: which release a folder was written from.

    [collection]
    name = "kit"
    uuid = "798f..."
    release = 42
    base = "5d3a..."
    [[artifacts]]           # nothing is read from here on

Ten thousand entries below it take longer to read than a server takes to answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress

from holdall import NamedTuple
from holdall.errors import InputError
from holdall.formats.documents import parse_toml


class ManifestHead(NamedTuple):
    """What a manifest says of its release; `manifest_hash` is the SHA-256 of its whole text."""

    uuid: str
    release: int
    base: str
    manifest_hash: str


def parse_head(text: str) -> ManifestHead | None:
    """Return the head of a manifest; None where it has to be read whole.

    The rest is not looked at: it can be anything, unless `manifest_hash` is known.
    """
    with suppress(InputError):
        table = parse_toml(text.partition("\n[[")[0] + "\n", "").get("collection")
        if isinstance(table, Mapping):
            uuid, release, base = (table.get(key) for key in ("uuid", "release", "base"))
            if isinstance(uuid, str) and isinstance(release, int) and isinstance(base, str):
                digest = hashlib.sha256(text.encode()).hexdigest()
                return ManifestHead(uuid, release, base, digest)
    return None
