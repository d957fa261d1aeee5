"""Machines that work at the same time on one collection, in every order: nothing is taken back.

An interleaving is a command in whose middle others worked: a thousand in `make test`, a hundred
thousand in `make long`. A run that fails says its seed and what each machine did.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from databases import PostgresPool, sqlite_database
from integration.team.world import Ended, play
from pgbouncer import running_pgbouncer
from postgres_server import with_name

pytestmark = [pytest.mark.integration, pytest.mark.slow]

PARTS = 2
LENGTH, SESSIONS = 10, 20
SHORT = {"file": 600, "server": 300, "pooler": 100}


@contextmanager
def shared_sqlite(folder: Path) -> Iterator[str]:
    """Yield the URL of an SQLite file that no collection has for itself."""
    path = folder / "team.db"
    path.touch(0o600)
    with sqlite_database(path, migrated=True) as url:
        yield url


def played(
    seed: int, folder: Path, url: str, patch: pytest.MonkeyPatch, server: str | None = None
) -> Ended:
    """Play one run; fail with its whole story if anything is wrong."""
    ended = play(seed, folder, url, patch, length=LENGTH, server=server)
    assert not ended.problems, f"seed {seed}:\n{ended}"
    return ended


def wanted(where: str) -> int:
    """Return how many interleavings are tried there."""
    return SHORT[where] * max(1, int(os.environ.get("HOLDALL_LONG_TESTS", "0")) // 5)


def seeds(part: int) -> Iterator[int]:
    """Yield the seeds of a part."""
    number = part
    while True:
        yield number
        number += PARTS


@pytest.mark.parametrize("part", range(PARTS))
def test_machines_on_one_file(part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was accepted is in one chain, what was refused is not, and all folders end equal."""
    met, numbers = 0, seeds(part)
    while met < wanted("file") // PARTS:
        seed = next(numbers)
        folder = tmp_path / str(seed)
        folder.mkdir()
        with shared_sqlite(folder) as url:
            met += played(seed, folder, url, monkeypatch).met


@pytest.mark.postgresql
@pytest.mark.parametrize("part", range(PARTS))
def test_machines_on_one_server(
    part: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    migrated_postgres: PostgresPool,
) -> None:
    """The same with lost connections, lost answers and waits for another one's lock."""
    met, numbers = 0, seeds(part)
    while met < wanted("server") // PARTS:
        seed = next(numbers)
        folder = tmp_path / str(seed)
        folder.mkdir()
        with migrated_postgres.database() as url:
            met += played(seed, folder, url, monkeypatch, url).met


@pytest.mark.postgresql
def test_machines_behind_a_pooler(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    postgres_server: str,
    migrated_postgres: PostgresPool,
) -> None:
    """The same behind PgBouncer, where each transaction has another session."""
    met, seed = 0, 0
    with (
        migrated_postgres.database() as direct,
        # With a session for each machine: who waits for one cannot be asked of the server.
        running_pgbouncer(postgres_server, SESSIONS) as pooled,
    ):
        url = with_name(pooled, direct.partition("?")[0].rpartition("/")[2])
        while met < wanted("pooler"):
            folder = tmp_path / str(seed)
            folder.mkdir()
            met += played(seed, folder, url, monkeypatch, direct).met
            seed += 1
