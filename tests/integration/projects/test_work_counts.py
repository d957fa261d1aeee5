"""How much the commands of a project's lock do, counted: processes of git and connections."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from machines import Machine, Upstream

pytestmark = pytest.mark.integration


class Counted:
    """How many processes were started, and how many databases connected to."""

    def __init__(self) -> None:
        self.processes: list[str] = []
        self.connections = 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Count from now on."""
    import holdall_composites.database.connect as connect
    import holdall_composites.session as session

    found = Counted()
    start: Callable[..., Any] = subprocess.Popen.__init__
    connected: Callable[..., AbstractContextManager[Any]] = connect.connect_database

    def starting(self: Any, words: Any, *given: Any, **more: Any) -> None:
        found.processes.append(" ".join(map(str, words)))
        start(self, words, *given, **more)

    @contextmanager
    def connecting(*given: Any, **more: Any) -> Iterator[Any]:
        found.connections += 1
        with connected(*given, **more) as database:
            yield database

    monkeypatch.setattr(subprocess.Popen, "__init__", starting)
    for module in (connect, session):
        monkeypatch.setattr(module, "connect_database", connecting)
    return found


def test_an_add_and_an_update(ada: Machine, upstream: Upstream, counted: Counted) -> None:
    """Each reads its repository with a few processes, however many files it has."""
    few = []
    for number in (1, 40):
        for other in range(number):
            (upstream.work / "skills/pdf" / f"{number}-{other}.md").write_text(f"{other}\n")
        upstream.release()
        counted.processes.clear()
        counted.connections = 0
        ada.run("add", "acme/kit", "--skill", "pdf")
        few.append(([p for p in counted.processes if "git" in p], counted.connections))
    (first, connections), (second, again) = few
    assert len(first) == len(second) <= 6, first
    assert max(connections, again) <= 9
    upstream.release()
    counted.processes.clear()
    ada.run("update")
    assert len(counted.processes) <= 6, counted.processes


def test_a_sync_with_nothing_to_do(ada: Machine, counted: Counted) -> None:
    """No process is started, no database opened."""
    ada.run("add", "acme/kit")
    counted.processes.clear()
    counted.connections = 0
    ada.run("sync")
    ada.run("sync", "--check")
    assert (counted.processes, counted.connections) == ([], 0)
