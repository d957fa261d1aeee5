"""The releases that a folder of a shared collection stood on, in its `.holdall/releases`.

    41 5d3a...
    42 9f86...

By it, a folder whose database was restored or replaced finds the last release that both have. It
may be lost at any time: then it has to be named by hand.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path

from holdall.collection import Manifest
from holdall.errors import HoldallError
from holdall.files import STATE_FOLDER, Root, write_state
from holdall.formats import read_bounded
from holdall_composites.store.store import Store

_NAME = "releases"
_MOST = 1000
_MOST_BYTES = 1 << 20
_LINE = re.compile(r"([1-9]\d{0,17}) ([0-9a-f]{64})")


def read_seen(folder: Path) -> dict[int, str]:
    """Return the hash of each release that a folder stood on, by number; what is no such line is
    left out.
    """
    with contextlib.suppress(OSError, HoldallError):
        text = read_bounded(folder / STATE_FOLDER / _NAME, _MOST_BYTES).decode("ascii", "replace")
        found = map(_LINE.fullmatch, text.splitlines())
        return {int(line[1]): line[2] for line in found if line is not None}
    return {}


def remember_release(store: Store, root: Root, manifest: Manifest) -> None:
    """Add the release that a folder stands on, and those before it which it has not seen."""
    number, digest = manifest.release, manifest.base
    seen = read_seen(root.path)
    newest = max(seen, default=0)
    if number is None or digest is None or seen.get(number) == digest == seen.get(newest):
        return
    if newest == number - 1:
        seen[number] = digest
    else:
        seen = store.collections.hashes_between(manifest.uuid or "", number - _MOST, number)
    lines = [f"{n} {seen[n]}\n" for n in sorted(seen)[-_MOST:]]
    write_state(root, _NAME, "".join(lines).encode())


def find_common(store: Store, collection_id: str, seen: Mapping[int, str]) -> int | None:
    """Return the newest release that a folder stood on and that the database has."""
    if not seen:
        return None
    known = store.collections.hashes_between(collection_id, min(seen) - 1, max(seen))
    return max((n for n, digest in known.items() if seen.get(n) == digest), default=None)
