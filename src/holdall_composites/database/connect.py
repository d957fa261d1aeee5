"""From a URL to a connected database, and from a driver's error to ours."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from holdall.errors import HoldallError, LockedError
from holdall.reporter import log_debug
from holdall_composites.database.peewee_import import (
    Database,
    PeeweeException,
    PostgresqlDatabase,
    SqliteDatabase,
)
from holdall_composites.errors import (
    AlreadyExists,
    ConstraintViolated,
    DatabaseFailed,
    DatabaseUnreachable,
    WrongDatabaseURL,
)
from holdall_composites.values.uuids import new_uuid

HISTORY = "holdall_migrations"
"""The table that every database of Holdall's has."""

BUSY_SECONDS = 30
CONNECT_SECONDS = 10

_FORMS = "sqlite:///folder/file.db or postgresql://user@host:5432/name"
_SQLITE_PRAGMAS = {"foreign_keys": 1, "synchronous": "full"}
_UNIQUE = "UNIQUE|PRIMARYKEY|ROWID"
_HOST = r"(?:\[[^][/?#@]*\]|[^][:/?#@,]*)(?::\d{1,5})?"
_OPTION = r"(?:-c\s*|--)(\w+)="
_SERVER = rf"(?:[^@/?#]*@)?(?P<hosts>{_HOST}(?:,{_HOST})*)/(?P<name>[^/?#@]+)(?:\?[^#]*)?"
_LIMITS = {
    "timezone": "UTC",
    "lock_timeout": "30s",
    "statement_timeout": "10min",
    "idle_in_transaction_session_timeout": "10min",
}


class DatabaseURL(NamedTuple):
    """A parsed database URL. `text` may hold a password; `shown` never does.

    `path` is the SQLite file, taken as it is written, or the PostgreSQL database's name.
    """

    text: str
    dialect: str
    path: str
    shown: str

    @classmethod
    def parse(cls, text: str) -> DatabaseURL:
        """Read a URL or the path of an SQLite file; raises WrongDatabaseURL."""
        scheme, found, rest = text.partition("://")
        if not found:
            if not text.strip() or ":" in text.split("/")[0]:
                raise WrongDatabaseURL("not a database URL", hint=f"write {_FORMS}")
            return cls._of_file(text)
        match scheme.lower():
            case "sqlite":
                return cls._of_file(_path_after_slashes(rest))
            case "postgresql" | "postgres":
                return cls._of_server(rest)
        raise WrongDatabaseURL(
            f"no database of the kind {scheme!a} is supported", hint=f"write {_FORMS}"
        )

    @classmethod
    def _of_file(cls, path: str) -> DatabaseURL:
        if path.startswith((":memory:", "file:")) or "\0" in path:
            raise WrongDatabaseURL(f"{path!a} is no file that lasts", hint=f"write {_FORMS}")
        return cls(f"sqlite:///{path}", "sqlite", path, path)

    @classmethod
    def _of_server(cls, rest: str) -> DatabaseURL:
        # What does not match is not shown: who knows where in it the password is.
        place = re.fullmatch(_SERVER, rest)
        if place is None:
            raise WrongDatabaseURL(
                "the PostgreSQL URL is incomplete or wrong",
                hint=f"write {_FORMS}; %-encode what is special in user and password",
            )
        shown = f"postgresql://{place['hosts']}/{place['name']}"
        return cls(f"postgresql://{rest}", "postgresql", unquote(place["name"]), shown)


def _path_after_slashes(rest: str) -> str:
    if not rest.startswith("/") or rest == "/":
        raise WrongDatabaseURL(
            "an SQLite URL has three slashes, then the file's path", hint=f"write {_FORMS}"
        )
    return rest[1:]


def is_embedded(text: str) -> bool:
    """Return whether the URL names a file of one collection rather than a shared server."""
    return DatabaseURL.parse(text).dialect == "sqlite"


class ServerDatabase(PostgresqlDatabase):
    """A PostgreSQL database whose every statement has its limits, whatever stands in between.

    They are set in each transaction: a pooler such as PgBouncer refuses them as start-up options,
    and gives each transaction another session. What is run alone gets a transaction of its own.
    """

    def __init__(self, text: str, limits: Mapping[str, str], **parameters: Any) -> None:
        super().__init__(text, **parameters)
        local = (f"SET LOCAL {name} = '{value}'" for name, value in limits.items())
        self._limits = "; ".join(local)

    def begin(self, isolation_level: str | None = None) -> None:
        """Begin a transaction and set its limits, in one message."""
        level = f" ISOLATION LEVEL {isolation_level}" if isolation_level else ""
        PostgresqlDatabase.execute_sql(self, f"BEGIN{level}; {self._limits}")

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run a statement in the present transaction, or in one of its own."""
        with nullcontext() if self.in_transaction() else self.atomic():
            return PostgresqlDatabase.execute_sql(self, sql, params)


def raw(database: Database, sql: str, params: Sequence[object] = (), *, why: str) -> Any:
    """Run SQL that Peewee has no words for; `why` is the reason, for whoever reads the call.

    Returns the driver's cursor. Queries on rows are built by the store.
    """
    assert why, "SQL by hand needs a reason"
    return database.execute_sql(sql, params or None)


def dialect_of(database: Database) -> str:
    """Return `sqlite` or `postgresql`."""
    return "postgresql" if isinstance(database, PostgresqlDatabase) else "sqlite"


def make_database(text: str, *, read_only: bool = False) -> Database:
    """Return the unconnected Peewee database of a URL; raises WrongDatabaseURL."""
    url = DatabaseURL.parse(text)
    return (_sqlite if url.dialect == "sqlite" else _postgresql)(url, read_only)


def _sqlite(url: DatabaseURL, read_only: bool) -> Database:
    pragmas = _SQLITE_PRAGMAS | ({"query_only": 1} if read_only else {})
    # A transaction that reads first and writes later fails busy, whatever the timeout.
    database = SqliteDatabase(
        _as_it_is(Path(url.path)) if read_only else url.path,
        pragmas=pragmas,
        timeout=BUSY_SECONDS,
        lock_type="IMMEDIATE",
        uri=read_only,
    )
    database.register_function(new_uuid, "new_uuid", 0)
    return database


def _as_it_is(path: Path) -> str:
    """Return the URI of a file that is only read; one that is not there is an empty database."""
    if not path.exists():
        return ":memory:"
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return f"{path.absolute().as_uri()}?mode=rw"
    # Write-ahead logging wants files beside it, unless nobody has one there.
    is_unused = not Path(f"{path}-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_unused else ''}"


def _postgresql(url: DatabaseURL, read_only: bool) -> Database:
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise DatabaseUnreachable(
            f"{url.shown}: the PostgreSQL driver is not installed",
            hint="pip install 'holdall[postgres]'",
        ) from None
    try:
        given = conninfo_to_dict(url.text)
    except ProgrammingError as error:
        raise WrongDatabaseURL(
            f"{url.shown}: {_without_quotes(error)}", hint=f"write {_FORMS}"
        ) from None
    # What the URL says goes before what we would say.
    options = str(given.get("options") or os.environ.get("PGOPTIONS", ""))
    named = {name.lower() for name in re.findall(_OPTION, options)}
    limits = {name: value for name, value in _LIMITS.items() if name not in named}
    if read_only:
        limits["transaction_read_only"] = "on"
    ours: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "application_name": "holdall"}
    missing = {key: value for key, value in ours.items() if key not in given}
    # A prepared statement is unknown to the next server connection behind a transaction pooler.
    return ServerDatabase(url.text, limits, prefer_psycopg3=True, prepare_threshold=None, **missing)


def _without_quotes(error: BaseException) -> str:
    """Return the first line of a message without what it quotes, which may be a password."""
    return re.sub(r'"[^"]*"?', "...", _first_line(error))


@contextmanager
def connected(text: str, *, read_only: bool = False) -> Iterator[Database]:
    """Connect for a block; raises DatabaseUnreachable, never with a password in it.

    `read_only` writes nothing, makes no file and wants no right to write.
    """
    url = DatabaseURL.parse(text)
    database = make_database(text, read_only=read_only)
    try:
        if url.dialect == "sqlite" and not read_only:
            _prepare_file(Path(url.path))
        database.connect()
        if isinstance(database, SqliteDatabase) and not read_only:
            _log_ahead(database)
    except (PeeweeException, OSError) as error:
        told = getattr(error, "strerror", None) or _first_line(error)
        hint = "is the server running, and are user and password right?"
        if url.dialect == "sqlite":
            hint = "check the file and its folder's permissions"
        raise DatabaseUnreachable(
            f"cannot open the database {url.shown}: {told}", hint=hint
        ) from None
    log_debug(__name__, "connected to %s", url.shown)
    with closing(database):
        yield database


def _log_ahead(database: SqliteDatabase) -> None:
    """Switch an SQLite file to write-ahead logging, but no file with somebody else's tables."""
    if database.journal_mode == "wal":
        return
    tables = database.get_tables()
    if not tables or HISTORY in tables:
        database.journal_mode = "wal"


def _prepare_file(path: Path) -> None:
    """Make the file, readable by its owner only, before SQLite would make it readable by all."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn a driver's error into ours: by SQLite's error name or PostgreSQL's SQLSTATE.

    Peewee wraps what goes through it; a cursor's own `executemany` raises the driver's errors.
    """
    try:
        yield
    except PeeweeException as error:
        raise _translated(getattr(error, "orig", None) or error.__cause__ or error) from error
    except _driver_errors() as error:
        raise _translated(error) from error


def _driver_errors() -> tuple[type[Exception], ...]:
    # Only a driver that was imported can have raised.
    modules = (sys.modules.get(name) for name in ("sqlite3", "pysqlite3", "psycopg"))
    return tuple(module.Error for module in modules if module is not None)


def _translated(original: Any) -> HoldallError:
    name = getattr(original, "sqlite_errorname", "") or ""
    state = getattr(original, "sqlstate", "") or ""
    told = _first_line(original)
    if state == "23505" or ("CONSTRAINT" in name and re.search(_UNIQUE, name)):
        return AlreadyExists(f"it exists already: {told}", hint="nothing was changed")
    if state.startswith(("23", "22")) or "CONSTRAINT" in name:
        return ConstraintViolated(
            f"the database refused it: {told}",
            hint="a parent, child or value that it names is not allowed or not there",
        )
    if state == "55P03" or name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return LockedError(
            f"the database is in use: {told}", hint="wait for the other Holdall, then try again"
        )
    if state.startswith(("08", "57P", "53300")) or _is_connection_loss(original, name, state):
        return DatabaseUnreachable(f"the database is gone: {told}", hint="run the command again")
    if state.startswith("40"):
        return DatabaseFailed(f"two writers met: {told}", hint="run the command again")
    return DatabaseFailed(f"the database failed: {told}", hint="`holdall db check` looks at it")


def _is_connection_loss(original: Any, name: str, state: str) -> bool:
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_NOTADB", "SQLITE_IOERR")):
        return True
    return (
        not state
        and type(original).__module__.startswith("psycopg")
        and (type(original).__name__ in ("OperationalError", "InterfaceError"))
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
