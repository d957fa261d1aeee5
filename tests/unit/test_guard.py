"""What unit tests may not do fails."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unit.conftest import Guard

pytestmark = pytest.mark.unit


def connect_to_postgres() -> object:
    """Connect where no server is."""
    psycopg = pytest.importorskip("psycopg")
    return psycopg.connect("host=127.0.0.1 port=1 connect_timeout=1")


@pytest.mark.parametrize(
    "action",
    [
        lambda: subprocess.run(["true"]),
        lambda: os.system("true"),
        lambda: os.posix_spawn("/bin/true", ["true"], {}),
        lambda: os.execv("/bin/true", ["true"]),
        os.fork,
        lambda: sqlite3.connect(":memory:"),
        connect_to_postgres,
    ],
    ids=["run", "system", "spawn", "exec", "fork", "sqlite3", "psycopg"],
)
def test_processes_and_databases_are_refused(guard: Guard, action: Callable[[], object]) -> None:
    """Before they are there, and again at the end of the test if that was caught."""
    with pytest.raises(pytest.fail.Exception, match="move it to tests/integration"):
        action()
    assert len(guard.met) == 1
    guard.met.clear()
