"""From a URL to a connected database, and from a driver's error to ours."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import peewee
from peewee import Database, PostgresqlDatabase, SqliteDatabase

from kitbag.errors import KitbagError
from kitbag_composites.errors import (
    AlreadyExists,
    ConstraintViolated,
    DatabaseFailed,
    DatabaseUnreachable,
    WrongDatabaseURL,
)

__all__ = ["DatabaseURL", "connected", "is_embedded", "make_database", "translated_errors"]

BUSY_SECONDS = 30
CONNECT_SECONDS = 10

_FORMS = "sqlite:///folder/file.db or postgresql://user@host:5432/name"
_SQLITE_PRAGMAS = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": "full"}
_UNIQUE = re.compile(r"UNIQUE|PRIMARYKEY|ROWID")


@dataclass(frozen=True, slots=True)
class DatabaseURL:
    """A parsed database URL. `text` may hold a password; `shown` never does."""

    text: str
    dialect: str

    @classmethod
    def parse(cls, text: str) -> DatabaseURL:
        """Read a URL or the path of an SQLite file; raises WrongDatabaseURL."""
        scheme, found, _ = text.partition("://")
        if not found:
            if not text.strip() or ":" in text.split("/")[0]:
                raise WrongDatabaseURL("not a database URL", hint=f"write {_FORMS}")
            return cls(f"sqlite:///{text}", "sqlite")
        dialect = {"sqlite": "sqlite", "postgresql": "postgresql", "postgres": "postgresql"}.get(
            scheme.lower()
        )
        if dialect is None:
            raise WrongDatabaseURL(
                f"no database of the kind {scheme!a} is supported", hint=f"write {_FORMS}"
            )
        url = cls(text, dialect)
        url.refuse_incomplete()
        return url

    def refuse_incomplete(self) -> None:
        """Raise WrongDatabaseURL if the URL names no file or no database."""
        try:
            parts = urlsplit(self.text)
            port_is_number = parts.port is None or parts.port > 0
        except ValueError:
            port_is_number = False
        if not port_is_number or len(self.path) < 1:
            raise WrongDatabaseURL(f"{self.shown}: incomplete or wrong", hint=f"write {_FORMS}")
        if self.dialect == "sqlite" and parts.netloc:
            raise WrongDatabaseURL(
                f"{self.shown}: an SQLite URL has three slashes", hint=f"write {_FORMS}"
            )

    @property
    def path(self) -> str:
        """The SQLite file, or the PostgreSQL database's name."""
        tail = self.text.partition("://")[2].partition("/")[2]
        return unquote(tail.partition("?")[0])

    @property
    def password(self) -> str | None:
        """The password in the URL, if it has one."""
        return urlsplit(self.text).password if self.dialect == "postgresql" else None

    @property
    def shown(self) -> str:
        """The URL without its password and parameters, for messages."""
        if self.dialect == "sqlite":
            return self.path
        host = self.text.partition("://")[2].partition("?")[0].rpartition("@")[2]
        return f"postgresql://{host}"


def is_embedded(text: str) -> bool:
    """Return whether the URL names a file of one collection rather than a shared server."""
    return DatabaseURL.parse(text).dialect == "sqlite"


def make_database(text: str) -> Database:
    """Return the unconnected Peewee database of a URL; raises WrongDatabaseURL."""
    url = DatabaseURL.parse(text)
    return _sqlite(url) if url.dialect == "sqlite" else _postgresql(url)


def _sqlite(url: DatabaseURL) -> Database:
    # A transaction that reads first and writes later fails busy, whatever the timeout.
    return SqliteDatabase(
        url.path, pragmas=_SQLITE_PRAGMAS, timeout=BUSY_SECONDS, lock_type="IMMEDIATE"
    )


def _postgresql(url: DatabaseURL) -> Database:
    try:
        import psycopg  # noqa: F401 - only to say what is missing
    except ImportError:
        raise DatabaseUnreachable(
            f"{url.shown}: the PostgreSQL driver is not installed",
            hint="pip install 'kitbag[postgres]'",
        ) from None
    return PostgresqlDatabase(
        url.text,
        prefer_psycopg3=True,
        connect_timeout=CONNECT_SECONDS,
        application_name="kitbag",
        options="-c timezone=UTC -c lock_timeout=30s -c idle_in_transaction_session_timeout=10min",
    )


@contextmanager
def connected(text: str) -> Iterator[Database]:
    """Connect for a block; raises DatabaseUnreachable, never with a password in it."""
    url = DatabaseURL.parse(text)
    database = make_database(text)
    if url.dialect == "sqlite":
        _prepare_file(Path(url.path))
    try:
        database.connect()
    except (peewee.PeeweeException, OSError) as error:
        told = _first_line(error).replace(url.password or "\n", "***")
        raise DatabaseUnreachable(
            f"cannot open the database {url.shown}: {told}", hint=_hint(url)
        ) from None
    with closing(database):
        yield database


def _hint(url: DatabaseURL) -> str:
    if url.dialect == "sqlite":
        return "check the file and its folder's permissions"
    return "is the server running, and are user and password right?"


def _prepare_file(path: Path) -> None:
    """Make the file, readable by its owner only, before SQLite would make it readable by all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DatabaseUnreachable(
            f"cannot open the database {path}: {error.strerror}",
            hint="check the file and its folder's permissions",
        ) from error


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn a driver's error into ours: by SQLite's error name or PostgreSQL's SQLSTATE."""
    try:
        yield
    except peewee.PeeweeException as error:
        raise _translated(error) from error


def _translated(error: peewee.PeeweeException) -> KitbagError:
    original: Any = getattr(error, "orig", None) or error.__cause__ or error
    sqlite_name = getattr(original, "sqlite_errorname", "") or ""
    sqlstate = getattr(original, "sqlstate", "") or ""
    told = _first_line(original)
    if sqlstate == "23505" or ("CONSTRAINT" in sqlite_name and _UNIQUE.search(sqlite_name)):
        return AlreadyExists(f"it exists already: {told}", hint="nothing was changed")
    if sqlstate.startswith(("23", "22")) or "CONSTRAINT" in sqlite_name:
        return ConstraintViolated(
            f"the database refused it: {told}",
            hint="a parent, child or value that it names is not allowed or not there",
        )
    if sqlstate.startswith(("08", "57P")) or _is_connection_loss(original, sqlstate):
        return DatabaseUnreachable(f"the database is gone: {told}", hint="run the command again")
    return DatabaseFailed(f"the database failed: {told}", hint="`kitbag db check` looks at it")


def _is_connection_loss(original: Any, sqlstate: str) -> bool:
    return (
        not sqlstate
        and type(original).__module__.startswith("psycopg")
        and (type(original).__name__ in ("OperationalError", "InterfaceError"))
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
