"""From what a driver or the system says to errors of ours, each with a hint that helps.

SQLite tells by its error's name and PostgreSQL by its SQLSTATE; a connection that is refused has
neither, only a sentence of the server's or the driver's.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from holdall import NamedTuple
from holdall.errors import HoldallError, LockedError, OvertakenError
from holdall_composites.database.peewee_import import PeeweeException
from holdall_composites.errors import (
    AlreadyExists,
    ConstraintViolated,
    DatabaseDamaged,
    DatabaseFailed,
    DatabaseReadOnly,
    DatabaseUnreachable,
)

DAMAGED = (
    "`holdall doctor` says what is wrong with it; restore a backup, or let `holdall rebuild` set"
    " it aside and make it again from the collection's folder"
)
_UNIQUE = "UNIQUE|PRIMARYKEY|ROWID"
_AGAIN = "run the command again"


class _Failure(NamedTuple):
    """What kind of error it is, how its message begins, and what to do."""

    kind: type[HoldallError]
    says: str
    hint: str


_IN_USE = _Failure(
    LockedError,
    "the database is in use",
    "another process has it locked: wait until that is done, or end it, then try again",
)
_FULL = _Failure(
    DatabaseFailed, "there is no space left for the database", "free some space, then try again"
)
_READ_ONLY = _Failure(
    DatabaseReadOnly,
    "the database can only be read",
    "name the primary server, a role that may write, or a collection of your own",
)
_GONE = _Failure(DatabaseUnreachable, "the database is gone", _AGAIN)
# The command is run again: each change is one transaction, and nothing of this one was kept.
_MET = _Failure(OvertakenError, "two writers met", _AGAIN)
_DAMAGED = _Failure(DatabaseDamaged, "the database is damaged", DAMAGED)
_DENIED = _Failure(
    DatabaseFailed, "the role may not do this", "ask the database's owner to GRANT it to the role"
)
_SLOW = _Failure(
    DatabaseFailed,
    "the server gave up a statement that took too long",
    "try again when it has less to do, or raise statement_timeout in the URL's `options`",
)
_OTHER = _Failure(DatabaseFailed, "the database failed", "`holdall db check` looks at it")

_BY_NAME = {
    "SQLITE_BUSY": _IN_USE,
    "SQLITE_LOCKED": _IN_USE,
    "SQLITE_PROTOCOL": _IN_USE,
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_FORMAT": _DAMAGED,
    "SQLITE_CANTOPEN": _Failure(
        DatabaseUnreachable,
        "the database cannot be opened",
        "check the file's and its folder's permissions",
    ),
    "SQLITE_PERM": _Failure(
        DatabaseUnreachable,
        "the database cannot be opened",
        "check the file's and its folder's permissions",
    ),
    "SQLITE_IOERR": _Failure(
        DatabaseUnreachable,
        "the file system fails to read or write the database",
        "check the disk and the space on it, then try again",
    ),
    "SQLITE_TOOBIG": _Failure(
        ConstraintViolated, "a value is too large for the database", "nothing was changed"
    ),
}
"""By the first two words of an SQLite error's name."""

_BY_STATE = {
    "25006": _READ_ONLY,
    "25P03": _GONE,
    "42501": _DENIED,
    "42P01": _Failure(
        DatabaseFailed, "a table is missing", "`holdall db check` names what else is"
    ),
    "53100": _FULL,
    "53300": _Failure(
        DatabaseUnreachable, "the server has no free connection", "wait a little, then try again"
    ),
    "54": _Failure(
        ConstraintViolated, "a name or value is too long for the database", "nothing was changed"
    ),
    "55P03": _IN_USE,
    "57014": _SLOW,
    "57P": _GONE,
    "08": _GONE,
    "40001": _MET,
    "40P01": _MET,
    "40": _Failure(DatabaseFailed, "the transaction was ended", _AGAIN),
    "XX001": _Failure(DatabaseDamaged, "the database is damaged", "restore it from a backup"),
    "XX002": _Failure(
        DatabaseDamaged, "the database is damaged", "REINDEX it, or restore a backup"
    ),
}
"""By the longest beginning of a SQLSTATE."""

_CONNECTING = (
    ("password|authentication|no pg_hba", "check the user and password in the URL or ~/.pgpass"),
    ('role ".*" does not exist', "check the user in the URL, or have the role created"),
    (
        'database ".*" does not exist',
        "check the name in the URL, or make it: `createdb --encoding=UTF8 --template=template0`",
    ),
    ("permission denied for database", "ask its owner to GRANT CONNECT to the role"),
    ("too many|remaining connection slots", "wait a little, then try again"),
    ("starting up|shutting down|recovery mode", "wait until the server has started"),
    (
        "read-only|standby|session is not",
        "name a server that takes writes, or leave target_session_attrs out",
    ),
    ("translate host name|resolve|not known", "check the host in the URL"),
    ("SSL|certificate|TLS", "check sslmode and the certificates in the URL"),
    ("timeout|timed out|no answer", "is the server running, and does a firewall let you through?"),
    ("refused|No such file", "is the server running, and are host and port right?"),
)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn a driver's error into ours.

    Peewee wraps what goes through it; a cursor's own `executemany` raises the driver's errors.
    """
    try:
        yield
    except PeeweeException as error:
        raise failure_of(original_of(error)) from error
    except _driver_errors() as error:
        raise failure_of(error) from error
    except UnicodeDecodeError as error:
        raise not_text(error) from error


def not_text(error: UnicodeDecodeError) -> HoldallError:
    """Return the error for a name or text in a damaged file, which the driver cannot read."""
    return DatabaseDamaged(f"the database is damaged: {error.reason} in a text", hint=DAMAGED)


def original_of(error: BaseException) -> BaseException:
    """Return the driver's own error, which Peewee wraps, twice where a pipeline fails."""
    while isinstance(error, PeeweeException):
        inner = getattr(error, "orig", None) or error.__cause__
        if inner is None:
            break
        error = inner
    return error


def failure_of(original: Any) -> HoldallError:
    """Return the error of ours for a driver's one."""
    name = getattr(original, "sqlite_errorname", "") or ""
    state = getattr(original, "sqlstate", "") or ""
    text = first_line(original)
    if state == "23505" or ("CONSTRAINT" in name and re.search(_UNIQUE, name)):
        return AlreadyExists(f"it exists already: {text}", hint="nothing was changed")
    if state.startswith(("23", "22")) or "CONSTRAINT" in name or _is_refused_value(original):
        return ConstraintViolated(
            f"the database refused it: {text}",
            hint="a parent, child or value that it names is not allowed or not there",
        )
    found = _by_name(name) or _by_state(state) or (_GONE if _is_loss(original) else _OTHER)
    return found.kind(f"{found.says}: {text}", hint=found.hint)


def _by_name(name: str) -> _Failure | None:
    return _BY_NAME.get("_".join(name.split("_")[:2]))


def _by_state(state: str) -> _Failure | None:
    lengths = range(len(state), 1, -1)
    return next((_BY_STATE[state[:n]] for n in lengths if state[:n] in _BY_STATE), None)


def _is_refused_value(original: Any) -> bool:
    """Return whether the driver refused a value itself, such as a NUL character in a text."""
    return type(original).__module__.startswith("psycopg") and (
        type(original).__name__ == "DataError"
    )


def _is_loss(original: Any) -> bool:
    return (
        not getattr(original, "sqlstate", "")
        and type(original).__module__.startswith(("psycopg", "holdall_composites"))
        and isinstance(original, _driver_errors())
        and type(original).__name__ != "ProgrammingError"
    )


def _driver_errors() -> tuple[type[Exception], ...]:
    # Only a driver that was imported can have raised.
    modules = (sys.modules.get(name) for name in ("sqlite3", "pysqlite3", "psycopg"))
    return tuple(module.Error for module in modules if module is not None)


def unreachable(shown: str, error: BaseException) -> HoldallError:
    """Return the error for a database that could not be opened. It has no password in it."""
    if isinstance(error, UnicodeDecodeError):
        return not_text(error)
    original: Any = original_of(error)
    if isinstance(error, OSError):
        hint = "check the file's and its folder's permissions"
        if error.errno == 28:
            hint = "free some space, then try again"
        return DatabaseUnreachable(
            f"cannot open the database {shown}: {error.strerror or error}", hint=hint
        )
    found = _by_name(getattr(original, "sqlite_errorname", "") or "")
    text = first_line(original)
    if found is not None:
        return found.kind(f"cannot open the database {shown}: {text}", hint=found.hint)
    hint = "is the server running, and are user and password right?"
    for pattern, better in _CONNECTING:
        if re.search(pattern, text, re.IGNORECASE):
            hint = better
            break
    return DatabaseUnreachable(f"cannot open the database {shown}: {text}", hint=hint)


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
