"""A PostgreSQL server that goes away in the middle of a transaction, and comes back."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import peewee
import pytest
from injection import Injection
from invariants import Expected, violations
from tally import IS_LONG, count
from test_campaign_points import BY_NAME, Checker, steps_of
from world import temporary_world

from postgres_server import copy_database, drop_database, execute, own_server, with_name

pytestmark = [pytest.mark.integration, pytest.mark.postgresql, pytest.mark.slow]

psutil = pytest.importorskip("psutil")
psycopg = pytest.importorskip("psycopg")

FAULTS = 200 if IS_LONG else 12
MODES = ("session ended", "backend killed", "server down")
NAME = "holdall_faults"


class Databases:
    """The database of a world; a state is a copy of it."""

    def __init__(self, server: str) -> None:
        self.url = with_name(server, NAME)
        self._server = server
        execute(server, f"CREATE DATABASE {NAME}")

    def keep(self, name: str) -> None:
        """Keep the present state under a name."""
        self._copy(NAME, self._named(name))

    def bring(self, name: str) -> None:
        """Make a kept state the present one."""
        drop_database(self._server, NAME)
        self._copy(self._named(name), NAME)

    def _named(self, name: str) -> str:
        return f"{NAME}_{name.replace('-', '_')}"

    def _copy(self, source: str, target: str) -> None:
        ending = (
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'"
        )
        execute(self._server, ending)
        copy_database(self._server, source, target)


class Severed(Injection):
    """Take the server away at one step; at a COMMIT, so that nobody knows whether it was heard."""

    def __init__(self, number: int, mode: str, postmaster: int, delay: float) -> None:
        super().__init__("severed", number)
        self._how = mode
        self._postmaster = postmaster
        self._delay = delay
        self._timer: threading.Timer | None = None

    def change(self, sql: str, database: peewee.Database) -> None:
        """Note the step; the statement itself finds out what happened."""
        super().change(sql, database)
        if len(self.steps) != self._number:
            return
        backend = database.connection().info.backend_pid
        if sql == "COMMIT":
            self._timer = threading.Timer(self._delay, self._strike, [backend])
            self._timer.start()
        else:
            self._strike(backend)
            time.sleep(0.02)

    def before_the_kill(self) -> None:
        """Let no command end before the server went away, however late that is to come."""
        if self._timer is not None:
            self._timer.join()

    def _strike(self, backend: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # heard, and gone already
            match self._how:
                case "session ended":
                    os.kill(backend, signal.SIGTERM)
                case "backend killed":
                    os.kill(backend, signal.SIGKILL)
                case _:
                    os.kill(self._postmaster, signal.SIGQUIT)


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """A server of our own, which may be killed; what it says is committed survives that."""
    with own_server() as made:
        execute(made.get_uri(), "ALTER SYSTEM SET synchronous_commit = on")
        execute(made.get_uri(), "SELECT pg_reload_conf()")
        yield made


def wait_for(server: Any, postmaster: int, mode: str) -> None:
    """Start the server again if it is down, and wait until it answers and stays."""
    if mode == "server down":
        deadline = time.monotonic() + 60
        while psutil.pid_exists(postmaster):
            assert time.monotonic() < deadline, "nobody struck"
            time.sleep(0.02)
        server.ensure_postgres_running()
    for _ in range(600):
        try:
            with psycopg.connect(server.get_uri()) as connection:
                # It may not have noticed yet that one of its backends is gone.
                connection.execute(f"SELECT pg_sleep({0.5 if mode == 'backend killed' else 0})")
        except psycopg.Error:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the server does not come back")


def test_a_server_that_goes_away(server: Any) -> None:
    """Whether a commit was heard or not, in the end files, record and database agree."""
    chance = random.Random(11)
    checker = Checker()
    found: list[str] = []
    with temporary_world(Databases(server.get_uri())) as world:
        scenarios = [BY_NAME[name] for name in ("collect", "deploy", "upgrade", "undeploy")]
        places = {
            scenario.name: [
                number
                for number, name in enumerate(steps_of(world, scenario), 1)
                if name.startswith("sql")
            ]
            for scenario in scenarios
        }
        for number in range(FAULTS):
            scenario = scenarios[number % len(scenarios)]
            mode = MODES[number % len(MODES)]
            wanted: Expected = checker.wanted(world, scenario)
            step = chance.choice(places[scenario.name])
            postmaster = server.get_pid()
            cut = Severed(step, mode, postmaster, chance.uniform(0, 0.002))
            world.bring(scenario.start)
            done = world.run(scenario.words, injection=cut)
            wait_for(server, postmaster, mode)
            problems = violations(world, wanted, done)
            found += [f"{scenario.name}, {mode} at {step}: {problem}" for problem in problems]
    count(database_faults=FAULTS, violations=len(found))
    assert not found, "\n".join(found[:10])
