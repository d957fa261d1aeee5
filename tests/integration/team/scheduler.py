"""Several machines in one process: one of them works at a time, and a seed decides which.

Each machine is a thread. Before a statement, a mutating call of the writer or a pause between two
tries it may have to wait while others work; it may be killed there, or lose its connection. One
that waits inside of the server, for another one's lock, is left alone until it comes back; the
server is asked whether it does, so that a busy machine plays a seed as an idle one does.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from functools import partial
from typing import Any

import peewee
import pytest

from holdall.files import syscalls

psycopg = pytest.importorskip("psycopg")
database_server = pytest.importorskip("holdall_composites.database.server")

_PATIENCE = 0.05
"""After so many seconds without a sign of a machine the server is asked whether it waits."""
_ASKED = 40
"""After so many times a machine is taken to wait for SQLite, which cannot be asked."""
_STUCK = 60.0
_LOCKED = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
_SEEN = ("SELECT", "PRAGMA", "EXPLAIN", "WITH")


class Killed(KeyboardInterrupt):
    """The machine's process ends; what it does on its way out does not reach disk or database."""


class Fault(StrEnum):
    """What happens to a machine at one of its steps."""

    KILL = "killed"
    DROP = "lost its connection"
    LOST_ANSWER = "lost the answer to its COMMIT"


class Task(threading.Thread):
    """One machine at work. `faults` are what happened to the present command, `steps` its steps."""

    def __init__(self, scheduler: Scheduler, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self.scheduler, self.work = scheduler, work
        self.turn = threading.Event()
        self.is_done = self.is_waiting = self.is_killed = self.is_left = False
        self.may_fail = self.is_alone = False
        self.faults: list[Fault] = []
        self.steps = self.meetings = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        """Work, when it is this one's turn for the first time."""
        self.turn.wait()
        self.turn.clear()
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
            self.error = error
        self.scheduler.leave(self, done=True)

    def step(self, chance: float = 0.2) -> None:
        """Let others work here, or end, as the seed decides."""
        if self.is_killed:
            raise Killed
        self.steps += 1
        rng = self.scheduler.rng
        if not self.is_alone and rng.random() < chance:
            self.scheduler.leave(self)
        if self.may_fail and rng.random() < self.scheduler.kills:
            self.is_killed = True
            self.faults.append(Fault.KILL)
            raise Killed

    def come_back(self) -> None:
        """Wait for a turn, if others went on while this one waited in the server."""
        if self.is_left:
            self.is_left = False
            self.scheduler.leave(self)

    def wait_to_write(self) -> None:
        """Let others work until none of them holds the lock that this one is about to ask for."""
        while self.scheduler.writer not in (None, self):
            self.scheduler.leave(self)
        self.scheduler.writer = self


class Scheduler:
    """Lets machines work in turns; `kills` and `drops` are the chances of each at a step.

    `server` is the URL of the database, without a pooler; None for SQLite, where none waits.
    """

    def __init__(
        self,
        rng: random.Random,
        server: str | None,
        *,
        kills: float = 0.0,
        drops: float = 0.0,
    ) -> None:
        self.rng, self.kills, self.drops = rng, kills, drops
        self._server, self._held = server, ExitStack()
        self.tasks: list[Task] = []
        self.writer: Task | None = None
        self.turns = 0
        self._came_back = threading.Condition()

    def add(self, work: Callable[[], None]) -> Task:
        """Add a machine."""
        task = Task(self, work)
        task.start()
        self.tasks.append(task)
        return task

    def run(self) -> None:
        """Let all work until they are done; raise what one of them raised."""
        before = sys.stdout
        for task in self.tasks:
            task.is_waiting = True
        while True:
            with self._came_back:
                ready = [t for t in self.tasks if t.is_waiting and not t.is_done]
                if not ready:
                    if all(t.is_done for t in self.tasks):
                        break
                    assert self._came_back.wait(_STUCK), "a machine waits for ever"
                    continue
                chosen = self.rng.choice(ready)
                chosen.is_waiting = False
                self.turns += 1
                chosen.turn.set()
                self._wait_for(chosen)
        self._held.close()
        for task in self.tasks:
            task.join()
        sys.stdout = before  # the fence redirects it, and the machines leave the fence in any order
        for task in self.tasks:
            if task.error is not None:
                raise task.error

    def _wait_for(self, chosen: Task) -> None:
        """Wait until a machine gives its turn back, or waits in the server for another one."""
        others = len(self._find_left())
        for asked in range(int(_STUCK / _PATIENCE)):
            if self._came_back.wait_for(lambda: chosen.is_waiting or chosen.is_done, _PATIENCE):
                break
            locked = others + (asked > _ASKED) if self._server is None else self._count_locked()
            if locked > others:
                chosen.is_left = True
                break
        # Whoever waits no more comes back before anybody goes on.
        while self._server and (left := self._find_left()) and self._count_locked() < len(left):
            self._came_back.wait(_PATIENCE)

    def _find_left(self) -> list[Task]:
        return [t for t in self.tasks if t.is_left and not t.is_waiting and not t.is_done]

    def _count_locked(self) -> int:
        """Return how many sessions wait for a lock."""
        if not hasattr(self, "_observer"):
            made = psycopg.connect(self._server or "", autocommit=True)
            self._observer = self._held.enter_context(made)
        row = self._observer.execute(_LOCKED).fetchone()
        return int(row[0]) if row else 0

    def leave(self, task: Task, *, done: bool = False) -> None:
        """Give the turn back, and wait for the next one."""
        turns = self.turns
        with self._came_back:
            task.is_done, task.is_waiting = done, not done
            self._came_back.notify_all()
        if not done:
            task.turn.wait()
            task.turn.clear()
            task.meetings += self.turns > turns + 1


def current() -> Task | None:
    """Return the machine that this thread is, None in the test itself."""
    task = threading.current_thread()
    return task if isinstance(task, Task) else None


@contextmanager
def interleaved(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make a step of each statement, of each mutating call, and of each pause of the command."""
    with patch.context() as within:
        for name in syscalls.MUTATING:
            within.setattr(syscalls, name, partial(_call, name, getattr(syscalls, name)))
        within.setattr(peewee.Database, "execute_sql", _statement(peewee.Database.execute_sql))
        within.setattr(peewee.SqliteDatabase, "begin", _begin(peewee.SqliteDatabase.begin))
        for kind in (peewee.SqliteDatabase, database_server.ServerDatabase):
            within.setattr(kind, "commit", _end(_commit(kind.commit)))
            within.setattr(kind, "rollback", _end(kind.rollback))
        within.setattr(peewee.Database, "close", _end(peewee.Database.close))
        within.setattr(database_server.Connection, "wait", _wait(database_server.Connection.wait))
        within.setattr("time.sleep", _sleep)
        yield


def _call(name: str, real: Callable[..., Any], *arguments: Any) -> Any:
    task = current()
    if task is not None:
        task.step(0.02)
        if name.startswith("sync"):  # a kill does not lose what is not synced
            return None
    return real(*arguments)


def _sleep(seconds: float) -> None:
    task = current()
    if task is None:
        threading.Event().wait(seconds)
    else:
        task.step(1.0)


def _statement(real: Callable[..., Any]) -> Callable[..., Any]:
    def execute_sql(self: Any, sql: str, *arguments: Any) -> Any:
        task = current()
        if task is not None:
            task.step()
            _drop(self, task)
            if sql.endswith("FOR UPDATE") or sql.startswith('INSERT INTO "collections"'):
                if _is_server(self):
                    self.settle()  # its transaction has begun, whatever session a pooler gave it
                task.wait_to_write()
        try:
            return real(self, sql, *arguments)
        finally:
            if task is not None:
                task.come_back()

    return execute_sql


def _wait(real: Callable[..., Any]) -> Callable[..., Any]:
    def wait(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return real(self, *arguments, **named)
        finally:
            task = current()
            if task is not None:
                task.come_back()

    return wait


def _begin(real: Callable[..., Any]) -> Callable[..., Any]:
    def begin(self: Any, *arguments: Any) -> Any:
        task = current()
        if task is None or not arguments or arguments[0] != "IMMEDIATE":
            return real(self, *arguments)
        task.step()
        task.wait_to_write()
        return real(self, *arguments)

    return begin


def _end(real: Callable[..., Any]) -> Callable[..., Any]:
    def end(self: Any) -> Any:
        try:
            return real(self)
        finally:
            task = current()
            if task is not None and task.scheduler.writer is task:
                task.scheduler.writer = None

    return end


def _commit(real: Callable[..., Any]) -> Callable[..., Any]:
    def commit(self: Any) -> Any:
        task = current()
        if task is None:
            return real(self)
        task.step()
        _drop(self, task)
        done = real(self)
        if _is_server(self) and task.may_fail and _happens(task):
            task.faults.append(Fault.LOST_ANSWER)
            self.connection().close()
            _raise_loss()
        task.step()
        return done

    return commit


def _drop(database: Any, task: Task) -> None:
    """Close the connection to the server under the machine's hands, now and then."""
    if _is_server(database) and task.may_fail and _happens(task):
        task.faults.append(Fault.DROP)
        database.connection().close()


def _happens(task: Task) -> bool:
    return task.scheduler.rng.random() < task.scheduler.drops


def _is_server(database: Any) -> bool:
    return isinstance(database, peewee.PostgresqlDatabase)


def _raise_loss() -> None:
    import psycopg

    text = "server closed the connection unexpectedly"
    raise peewee.OperationalError(text) from psycopg.OperationalError(text)
