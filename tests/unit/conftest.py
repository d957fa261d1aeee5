"""Unit tests start no process, open no database and wait for no disk."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from holdall.files import syscalls

REFUSED = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "sqlite3.connect",
    "psycopg.connect",
}
"""Names of Python's audit events; psycopg, which has none, gets one here."""


class Guard:
    """An audit hook, which cannot be removed again, and whether it refuses anything now."""

    def __init__(self) -> None:
        self.is_active = False
        self.met: list[str] = []

    def __call__(self, event: str, _: object) -> None:
        """Fail the present test at an event that no unit test may cause."""
        if self.is_active and event in REFUSED:
            self.met.append(event)
            pytest.fail(f"a unit test came to {event}: move it to tests/integration")


GUARD = Guard()
sys.addaudithook(GUARD)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let psycopg's connections be audited, whichever way they are asked for."""
    try:
        import psycopg
    except ImportError:
        return
    real = psycopg.Connection.connect.__func__

    def connect(*arguments: object, **options: object) -> object:
        sys.audit("psycopg.connect")
        return real(*arguments, **options)

    psycopg.Connection.connect = classmethod(connect)  # type: ignore[assignment]
    psycopg.connect = psycopg.Connection.connect


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    """Refuse processes and databases; fail the test also where the refusal was caught."""
    GUARD.met.clear()
    GUARD.is_active = True
    yield GUARD
    GUARD.is_active = False
    assert not GUARD.met


@pytest.fixture(scope="package", autouse=True)
def _no_waiting() -> Iterator[None]:
    """Leave the disk its time: nobody cuts its power while unit tests run."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("sync", "sync_file_system"):
            patch.setattr(syscalls, name, lambda _: None)
        yield
