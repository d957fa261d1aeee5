"""Interrupting a command at one chosen step: a mutating call of the writer, or an SQL statement.

Everything here happens in a forked child, so nothing has to be put back.
"""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import peewee

from holdall.files import syscalls

__all__ = ["ERRORS", "Injection", "install"]

ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "EDQUOT": errno.EDQUOT}
_NEED_SPACE = {
    "create_file",
    "make_folder",
    "make_link",
    "link",
    "write",
    "sql INSERT",
    "sql COMMIT",
}
_READS = ("SELECT", "PRAGMA", "EXPLAIN", "WITH")


class Injection:
    """Count the steps of a run; at step `number` do what `mode` says.

    `kill` ends the process on the spot, `short` lets a write take half of its bytes, the names in
    ERRORS are what the step fails with. From that step on `full` lets everything fail that needs
    space, `dead` everything.
    """

    def __init__(self, mode: str = "count", number: int = 0) -> None:
        self.steps: list[str] = []
        self._mode = mode
        self._number = number

    def _fails_with(self, name: str) -> int | None:
        """Note a step; return the error it fails with. Does not return from a kill."""
        self.steps.append(name)
        if self._number and len(self.steps) > self._number and self._mode in ("full", "dead"):
            return self._lasting(name)
        if len(self.steps) != self._number:
            return None
        if self._mode == "kill":
            self.before_the_kill()
            os.kill(os.getpid(), signal.SIGKILL)
        return ERRORS.get(self._mode) or self._lasting(name)

    def _lasting(self, name: str) -> int | None:
        if self._mode == "full" and name in _NEED_SPACE:
            return errno.ENOSPC
        return errno.EIO if self._mode == "dead" else None

    def before_the_kill(self) -> None:
        """Do nothing; a power cut leaves images here."""

    def call(self, name: str, real: Callable[..., Any], *arguments: Any) -> Any:
        """Do a mutating call, or what happens instead."""
        code = self._fails_with(name)
        if code is not None:
            raise OSError(code, os.strerror(code))
        if self._mode == "short" and name == "write" and len(self.steps) == self._number:
            file, data = arguments
            return real(file, data[: (len(data) + 1) // 2])
        return self.sync(name, *arguments) if name.startswith("sync") else real(*arguments)

    def sync(self, name: str, descriptor: int) -> None:
        """Do nothing: a kill does not lose what is not synced, so nobody need wait for the disk."""

    def statement(self, sql: str, database: peewee.Database) -> None:
        """Note that a statement is about to be run, if it changes something."""
        if not sql.lstrip().upper().startswith(_READS):
            self.change(sql, database)

    def change(self, sql: str, _database: peewee.Database) -> None:
        """Fail as a database on a failing disk does, if this is the step for it."""
        code = self._fails_with(f"sql {sql.split(None, 1)[0].upper()}")
        if code is not None:
            text = "disk I/O error" if code == errno.EIO else "database or disk is full"
            raise peewee.OperationalError(text) from sqlite3.OperationalError(text)


class EveryStep(Injection):
    """Count reading statements, too."""

    def statement(self, sql: str, database: peewee.Database) -> None:
        """Note that a statement is about to be run."""
        self.change(sql, database)


def install(injection: Injection) -> None:
    """Send every mutating call and every statement through an injection."""
    for name in syscalls.MUTATING:
        setattr(syscalls, name, partial(injection.call, name, getattr(syscalls, name)))
    _wrap(injection, peewee.Database, "execute_sql", None)
    _wrap(injection, peewee.Database, "commit", "COMMIT")
    _wrap(injection, peewee.SqliteDatabase, "begin", "BEGIN")


def _wrap(injection: Injection, owner: type, name: str, sql: str | None) -> None:
    real = getattr(owner, name)

    def do(self: peewee.Database, *arguments: Any, **options: Any) -> Any:
        injection.statement(sql or arguments[0], self)
        return real(self, *arguments, **options)

    setattr(owner, name, do)
