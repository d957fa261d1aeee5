"""Whether some files are as they were, by their status alone: nothing is read but a list of these.

The list is in the user's cache folder, so that no project brings its own. It says nothing of files
that were changed within the clock's step of when it was made: then there is none.

    ["0.1.0", {"holdall.lock": [42, 99, 33188, 120, 1764300000000000000, 1764300000000000000]}]
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time

from holdall import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Stamps = dict[str, "list[int] | None"]
"""The status of files, by path."""

_MOMENT = 20_000_000
_COARSE = 1_000_000
_LONG_MOMENT = 3_000_000_000


def stamps_file(cache: Path, root: Path) -> Path:
    """Return the list for a folder, in the user's cache folder."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:32]
    return cache / f"stamps-{name}.json"


def are_as_stamped(file: Path, root: Path) -> bool:
    """Return whether all that the list names has the status that it had; False without a list."""
    try:
        version, stamps = json.loads(file.read_bytes())
        if version != __version__ or not stamps:
            return False
        top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return all(_status(path, top) == stamp for path, stamp in stamps.items())
        finally:
            os.close(top)
    except (OSError, ValueError, TypeError, AttributeError):
        return False


def read_stamps(root: Path, paths: Iterable[str]) -> Stamps | None:
    """Return the status of each of these paths, None for what is not there.

    Whoever compares the files after that knows whether they were changed meanwhile. What was just
    written is waited for, a clock's step at most; None where the clock has long steps.
    """
    try:
        top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        paths = list(paths)
        for _ in range(2):
            stamps = {path: _status(path, top) for path in paths}
            wait = max((_settles(s) for s in stamps.values() if s), default=0) - time.time_ns()
            if wait < 0:
                return stamps
            if wait > _MOMENT:
                return None
            time.sleep((wait + _MOMENT / 10) / 1e9)
        return None
    except OSError:
        return None
    finally:
        os.close(top)


def write_stamps(file: Path, stamps: Stamps) -> None:
    """Write the list; failures are ignored."""
    from tempfile import NamedTemporaryFile

    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile("w", dir=file.parent, delete=False) as temporary:
            temporary.write(json.dumps([__version__, stamps], separators=(",", ":")))
        os.replace(temporary.name, file)


def _status(path: str, top: int) -> list[int] | None:
    """Return the status of what is at a path, None for nothing."""
    try:
        found = os.stat(path, dir_fd=top, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    size = found.st_size
    return [found.st_dev, found.st_ino, found.st_mode, size, found.st_mtime_ns, found.st_ctime_ns]


def _settles(status: list[int]) -> int:
    """Return from when on a change must show in the status, in nanoseconds."""
    changed = max(status[4], status[5])
    return changed + (_LONG_MOMENT if status[5] % _COARSE == 0 else _MOMENT)
