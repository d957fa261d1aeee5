"""What the fault tests share: their scenario, and the systems that it runs on."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdall.files import syscalls

if TYPE_CHECKING:
    from sharding import Workers
    from world import World

# The scenario is a module of its own; pytest's import mode puts no test folder on the path.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _others_write_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have few files made durable one by one, whatever else this machine does; many never are."""
    monkeypatch.setattr(syscalls, "others_write_much", lambda: True)


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """A world for many tests: each brings the state that it starts from."""
    # Not before there are tests: this imports all of Holdall.
    from world import temporary_world

    with temporary_world() as made:
        yield made


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Processes for many points, each with a world of its own."""
    from sharding import start_workers

    with start_workers() as made:
        yield made


def unsupported(*_: Any) -> bool:
    """Be a rename that the system does not have."""
    return False


def refused(*_: Any) -> None:
    """Be a file system without hard links."""
    raise OSError(errno.EPERM, "no links here")


@pytest.fixture(params=["renameat2", "link", "neither"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Stand for the systems there are: with atomic exchange, with hard links only, with nothing."""
    for name in syscalls.MUTATING:  # so that what the tests install is taken away again
        monkeypatch.setattr(syscalls, name, getattr(syscalls, name))
    if request.param != "renameat2":
        monkeypatch.setattr(syscalls, "rename_with", unsupported)
    if request.param == "neither":
        monkeypatch.setattr(syscalls, "link", refused)
    yield request.param
