"""What all tests share: a database of each kind, a collection, and folders to work in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import runs
import tallies
from databases import PostgresPool, empty_postgres, sqlite_database
from e2e.kit import SAMPLE, Kit, in_this_process
from holdall.plugins import entry_points
from postgres_server import running_server

# The machine that runs them may have other things to do. The short form tries the same examples
# each time, so that it fails by a change only; the long form looks for new ones.
settings.register_profile(
    "holdall", deadline=None, max_examples=runs.examples(30), derandomize=not runs.IS_LONG
)
settings.load_profile("holdall")

DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


def pytest_configure(config: pytest.Config) -> None:
    """Measure the coverage of the whole suite only; let workers share a server."""
    runs.work_in_memory()
    runs.keep_coverage_of_the_whole(config)
    runs.share_a_server(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the unit tests first; skip what needs PostgreSQL only where that was asked for."""
    runs.sort_by_folder(items)
    if os.environ.get(runs.WITHOUT_POSTGRES):
        skip = pytest.mark.skip(reason=f"{runs.WITHOUT_POSTGRES} is set")
        for item in items:
            parameters = getattr(getattr(item, "callspec", None), "params", {})
            if item.get_closest_marker("postgresql") or parameters.get("dialect") == "postgresql":
                item.add_marker(skip)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Measure coverage where a test finds lines that others do not."""
    runs.measure_coverage(item)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what a worker has counted to the process that tells it."""
    tallies.send(session)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker has counted."""
    tallies.receive(getattr(node, "workeroutput", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the fault and fuzz tests have tried."""
    tallies.report(terminalreporter)


@pytest.fixture(scope="session", autouse=True)
def _own_user_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what Holdall remembers of its user out of the home folder of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _installed_plugins() -> Iterator[None]:
    """Look once which distributions a folder has, until it changes, not for each command."""
    find = entry_points._infos

    @cache
    def find_again(places: tuple[tuple[str, int], ...]) -> list[str]:
        return list(find(place for place, _ in places))

    def find_infos(places: Iterable[str]) -> list[str]:
        there = [place or "." for place in places if os.path.isdir(place or ".")]
        return find_again(tuple((place, os.stat(place).st_mtime_ns) for place in there))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry_points, "_infos", find_infos)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running PostgreSQL server's maintenance database."""
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[PostgresPool]:
    """PostgreSQL databases with the present schema, one for each test."""
    pool = PostgresPool(postgres_server)
    yield pool
    pool.close()


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """The kind of database this test runs on."""
    return str(request.param)


@pytest.fixture
def empty_database_url(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The URL of a database without any table."""
    if dialect == "sqlite":
        made = sqlite_database(tmp_path / "holdall.db", migrated=False)
    else:
        made = empty_postgres(request.getfixturevalue("postgres_server"))
    with made as url:
        yield url


@pytest.fixture
def database_url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database with the present schema and no rows."""
    if dialect == "sqlite":
        made = sqlite_database(tmp_path / "holdall.db", migrated=True)
    else:
        made = request.getfixturevalue("migrated_postgres").database()
    with made as url:
        yield url


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[object]:
    """A connected database without any table."""
    from holdall_composites.database.connect import connect_database

    with connect_database(empty_database_url) as database:
        yield database


@pytest.fixture
def database(database_url: str) -> Iterator[object]:
    """A connected database with the present schema and no rows."""
    from holdall_composites.database.connect import connect_database

    with connect_database(database_url) as database:
        yield database


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own for what Holdall remembers of its user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def kit(tmp_path: Path, own_state: Path, database_url: str, request: pytest.FixtureRequest) -> Kit:
    """A collection on a database of each kind, and the command in this process.

    It is empty, or what the marker `with_sample` says.
    """
    kit = Kit(in_this_process, tmp_path, database_url)
    kit.run("init", kit.collection)
    if marker := request.node.get_closest_marker("with_sample"):
        kit.run("collect", SAMPLE)
        if marker.args:
            kit.deploy(*marker.args)
    return kit
