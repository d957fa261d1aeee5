"""Fixtures of pytest for plugins. What they need is imported when a test asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from holdall.testing.kit import Kit

_URL = "holdall_database_url"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what uses a database on SQLite, and on PostgreSQL where HOLDALL_TEST_POSTGRES is set."""
    if _URL in metafunc.fixturenames:
        from holdall.testing.databases import dialects

        metafunc.parametrize(_URL, dialects(), indirect=True)


@pytest.fixture
def holdall_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own: nothing of yours is read or written."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    for name in ("HOLDALL_COLLECTION", "HOLDALL_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def holdall_database_url(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    holdall_home: Path,  # noqa: ARG001 - made before the command runs
) -> Iterator[str]:
    """The URL of a database with Holdall's schema and no rows, of each kind that there is."""
    import os

    from holdall.testing.databases import VARIABLE, postgres_database
    from holdall.testing.kit import in_this_process

    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'holdall.db'}"
        return
    with postgres_database(os.environ[VARIABLE]) as url:
        done = in_this_process("--database", url, "db", "upgrade")
        assert done.returncode == 0, done.stderr
        yield url


@pytest.fixture
def holdall_kit(tmp_path: Path, holdall_database_url: str) -> Kit:
    """An empty collection, a project, and the command in this process (`holdall.testing.Kit`)."""
    from holdall.testing.kit import Kit, in_this_process

    kit = Kit(in_this_process, tmp_path, holdall_database_url)
    kit.run("init", kit.collection)
    return kit


@pytest.fixture
def holdall_collection(holdall_kit: Kit) -> Path:
    """The folder of an empty collection."""
    return holdall_kit.collection


@pytest.fixture
def holdall_project(holdall_kit: Kit) -> Path:
    """The folder of an empty project."""
    return holdall_kit.project


@pytest.fixture
def holdall_deploy(holdall_kit: Kit) -> Callable[..., Any]:
    """A function that deploys ids into the project and returns what `deploy --json` prints."""
    return holdall_kit.deploy
