"""From a URL to a connected database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from holdall.formats import DatabaseURL
from holdall.reporter import log_debug
from holdall_composites.console import kept_connections
from holdall_composites.database.failures import translate_errors, unreachable
from holdall_composites.database.peewee_import import (
    Database,
    PeeweeException,
    PostgresqlDatabase,
    SqliteDatabase,
)
from holdall_composites.database.sqlite_file import (
    FileDatabase,
    make_file,
    open_read_only,
    refuse_damage,
)
from holdall_composites.errors import DatabaseUnreachable

HISTORY = "holdall_migrations"
"""The table that every database of Holdall's has."""


def raw(database: Database, sql: str, params: Sequence[object] = (), *, why: str) -> Any:
    """Run SQL that Peewee has no words for; `why` is the reason, for whoever reads the call.

    Returns the driver's cursor. Queries on rows are built by the store.
    """
    assert why, "SQL by hand needs a reason"
    return database.execute_sql(sql, params or None)


def dialect_of(database: Database) -> str:
    """Return `sqlite` or `postgresql`."""
    return "postgresql" if isinstance(database, PostgresqlDatabase) else "sqlite"


def without_time_limit(database: Any) -> AbstractContextManager[None]:
    """Let statements of the present transaction take as long as the server works on them."""
    if isinstance(database, SqliteDatabase):
        return nullcontext()
    unlimited: AbstractContextManager[None] = database.without_time_limit()
    return unlimited


def send(database: Any, sql: str, params: Sequence[object]) -> Any:
    """Run a statement in a transaction; returns the driver's cursor.

    A server's answer is not waited for: see `ServerDatabase.send`.
    """
    is_server = isinstance(database, PostgresqlDatabase)
    return (database.send if is_server else database.execute_sql)(sql, params)


def send_many(database: Any, sql: str, rows: Iterable[Sequence[object]]) -> Any:
    """Run a statement in a transaction for each row of parameters; as `send`."""
    if isinstance(database, PostgresqlDatabase):
        made: Any = database
        return made.send_many(sql, rows)
    cursor = database.cursor()
    cursor.executemany(sql, rows)
    return cursor


def settle(database: Any) -> None:
    """Wait for the answers to what was sent; raises what one of them says."""
    if isinstance(database, PostgresqlDatabase):
        made: Any = database
        made.settle()


def can_write(database: Database) -> bool:
    """Return whether rows that last may be written through a connection to a current schema."""
    if isinstance(database, FileDatabase):
        return database.lasts
    known: bool | None = getattr(database, "may_write", None)
    if known is not None:
        return known
    why = "what the session and the role may do"
    query = (
        "SELECT current_setting('transaction_read_only') = 'off'"
        " AND has_table_privilege('deployments', 'INSERT')"
    )
    with translate_errors():
        return bool(raw(database, query, why=why).fetchone()[0])


def make_database(text: str, *, read_only: bool = False) -> Database:
    """Return the unconnected database of a URL; raises WrongDatabaseURL."""
    url = DatabaseURL.parse(text)
    return FileDatabase(url.path) if url.is_embedded else _server(url, read_only=read_only)


def _server(url: DatabaseURL, *, read_only: bool) -> Database:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise DatabaseUnreachable(
            f"{url.shown}: the PostgreSQL driver is not installed",
            hint="pip install 'holdall[postgres]'",
        ) from None
    from holdall_composites.database.server import make_server_database

    return make_server_database(url, read_only=read_only)


@contextmanager
def connect_database(text: str, *, read_only: bool = False) -> Iterator[Database]:
    """Connect for a block; raises DatabaseUnreachable, never with a password in it.

    `read_only` writes nothing, makes no file and wants no right to write. While a command runs,
    its connection that may write is the same for each block.
    """
    url = DatabaseURL.parse(text)
    kept = None if read_only else kept_connections()
    if kept is not None and (found := _keep(kept, text)) is not None:
        yield found
        return
    with ExitStack() as stack:
        try:
            database = stack.enter_context(_make_database(url, read_only=read_only))
            stack.enter_context(closing(database))
            database.connect()
            if kept is not None and text not in kept:
                kept[text] = database
                stack.pop_all()  # the command closes it
            if isinstance(database, SqliteDatabase) and not read_only:
                _log_ahead(database)
        except (PeeweeException, OSError, UnicodeDecodeError) as error:
            raise unreachable(url.shown, error) from None
        log_debug(__name__, "connected to %s", url.shown)
        yield database


def _keep(kept: dict[str, Any], text: str) -> Any:
    """Return the command's connection, unless it is lost or in the middle of a transaction."""
    database = kept.get(text)
    if database is None or database.in_transaction():
        return None
    if database.is_lost:
        database.close()
        del kept[text]
        return None
    return database


def _make_database(url: DatabaseURL, *, read_only: bool) -> AbstractContextManager[Database]:
    if not url.is_embedded:
        return nullcontext(_server(url, read_only=read_only))
    path = Path(url.path)
    refuse_damage(path)
    if read_only:
        return open_read_only(path)
    make_file(path)
    return nullcontext(FileDatabase(url.path, path))


def _log_ahead(database: SqliteDatabase) -> None:
    """Switch an SQLite file to write-ahead logging, but no file with somebody else's tables."""
    if database.journal_mode == "wal":
        return
    tables = database.get_tables()
    if not tables or HISTORY in tables:
        database.journal_mode = "wal"
