"""PgBouncer in transaction mode, in front of the tests' PostgreSQL server.

Each transaction gets whichever of its server sessions is free, and start-up options are refused.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from postgres_server import with_name

__all__ = ["find_pgbouncer", "running_pgbouncer"]

_SETTINGS = """\
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 1000
server_round_robin = 1
logfile = {folder}/log
pidfile = {folder}/pid
"""


def find_pgbouncer() -> str | None:
    """Return the place of the program; None where it is not installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def running_pgbouncer(server: str, size: int = 2) -> Iterator[str]:
    """Yield the URL of a maintenance database, through PgBouncer; skips where it is missing.

    It has so many sessions with the server for each database.
    """
    binary = find_pgbouncer()
    if binary is None:
        pytest.skip("the pgbouncer command is not installed")
    folder = Path(tempfile.mkdtemp(prefix="holdall-pgbouncer-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = folder / "pgbouncer.ini"
    told = {"server": _target(server), "port": port, "folder": folder, "size": size}
    settings.write_text(_SETTINGS.format(**told))
    settings.chmod(0o644)
    folder.chmod(0o755)
    user = _user(server)
    if user is not None:  # it refuses to run as root
        shutil.chown(folder, user)
    as_user = ["-u", user] if user is not None else []
    process = subprocess.Popen([binary, "-q", *as_user, str(settings)])
    try:
        _wait_for(port, process, folder)
        yield with_name(f"postgresql://postgres@127.0.0.1:{port}/x", "postgres")
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _target(server: str) -> str:
    """Return what leads to the server, as PgBouncer's settings name it."""
    from psycopg.conninfo import conninfo_to_dict

    given = conninfo_to_dict(server)
    names = ("host", "port", "user", "password")
    return " ".join(f"{n}={given[n]}" for n in names if given.get(n) not in (None, ""))


def _user(server: str) -> str | None:
    """Return whom to run as: None for the present user, else who may use the server's socket."""
    from psycopg.conninfo import conninfo_to_dict

    if os.geteuid() != 0:
        return None
    host = Path(str(conninfo_to_dict(server).get("host") or ""))
    return pwd.getpwuid(host.stat().st_uid).pw_name if host.is_absolute() else "nobody"


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, (folder / "log").read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("PgBouncer does not listen")
