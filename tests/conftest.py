"""What all tests share: a database of each kind, empty and isolated, and folders to work in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from postgres_server import execute, running_server, with_name

WITHOUT_POSTGRES = "HOLDALL_TESTS_WITHOUT_POSTGRES"

# The machine that runs them may have other things to do.
settings.register_profile("holdall", deadline=None)
settings.load_profile("holdall")

DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs PostgreSQL only where that was asked for."""
    if os.environ.get(WITHOUT_POSTGRES):
        skip = pytest.mark.skip(reason=f"{WITHOUT_POSTGRES} is set")
        for item in items:
            if item.get_closest_marker("postgresql"):
                item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def _own_user_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what Holdall remembers of its user out of the home folder of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running PostgreSQL server's maintenance database."""
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str) -> Iterator[str]:
    """The name of a PostgreSQL database with the present schema, to copy for each test."""
    from holdall_composites.database.connect import connected
    from holdall_composites.schema.runner import upgrade

    name = f"holdall_template_{uuid4().hex[:12]}"
    execute(postgres_server, f"CREATE DATABASE {name}")
    with connected(with_name(postgres_server, name)) as database:
        upgrade(database)
    yield name
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """The kind of database this test runs on."""
    return str(request.param)


@pytest.fixture
def empty_database_url(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The URL of a database without any table."""
    yield from _new_database(dialect, tmp_path, request, template="")


@pytest.fixture
def database_url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database with the present schema and no rows."""
    from holdall_composites.database.connect import connected
    from holdall_composites.schema.runner import upgrade

    if dialect == "postgresql":
        template = request.getfixturevalue("migrated_template")
        yield from _new_database(dialect, tmp_path, request, template=f"TEMPLATE {template}")
        return
    for url in _new_database(dialect, tmp_path, request, template=""):
        with connected(url) as database:
            upgrade(database)
        yield url


def _new_database(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest, *, template: str
) -> Iterator[str]:
    if dialect == "sqlite":
        path = tmp_path / "holdall.db"
        yield f"sqlite:///{path}"
        assert not _open_descriptors(path), "the test leaves a connection to its database open"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"holdall_{uuid4().hex[:16]}"
    execute(server, f"CREATE DATABASE {name} {template}")
    yield with_name(server, name)
    leaked = _sessions(server, name)
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")
    assert not leaked, f"the test leaves connections open, which last ran {leaked}"


def _open_descriptors(path: Path) -> list[str]:
    """Return this process's descriptors of a file; none where the system does not tell."""
    folder = Path("/proc/self/fd")
    if not folder.exists():
        return []
    opened = {entry.name: os.path.realpath(entry) for entry in folder.iterdir()}
    return [name for name, target in opened.items() if target == str(path.resolve())]


def _sessions(server: str, name: str) -> list[str]:
    """Return what the sessions in a database last ran, once those that are ending have ended."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        for _ in range(100):
            rows = connection.execute(
                "SELECT query FROM pg_stat_activity WHERE datname = %s", (name,)
            ).fetchall()
            if not rows:
                return []
            connection.execute("SELECT pg_sleep(0.02)")
    return [query for (query,) in rows]


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[object]:
    """A connected database without any table."""
    from holdall_composites.database.connect import connected

    with connected(empty_database_url) as database:
        yield database


@pytest.fixture
def database(database_url: str) -> Iterator[object]:
    """A connected database with the present schema and no rows."""
    from holdall_composites.database.connect import connected

    with connected(database_url) as database:
        yield database
