"""One migrator at a time, in one transaction that leaves no row without its parent.

The lock is what holds on every engine and behind every connection pooler: SQLite's write lock, or a
row of PostgreSQL's table `holdall_lock`, taken FOR UPDATE. Both end with the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from peewee import IntegerField, Model, PeeweeException

from holdall_composites.database.connect import raw, without_time_limit
from holdall_composites.database.failures import translate_errors
from holdall_composites.database.peewee_import import Database, SqliteDatabase
from holdall_composites.errors import SchemaError

LOCK = "holdall_lock"
_TRIES = 5


class Lock(Model):
    """The one row that a migrator holds."""

    id = IntegerField(primary_key=True)

    class Meta:
        table_name = LOCK


@contextmanager
def lock_migrations(database: Database) -> Iterator[None]:
    """Hold the one migrator's lock and a transaction; on SQLite with foreign keys off.

    What is begun inside becomes a savepoint. Raises SchemaError, also for rows that would lose
    their parents.
    """
    if database.in_transaction():
        raise SchemaError("a migration cannot run inside a transaction", hint="commit first")
    with translate_errors():
        refuse_encoding(database)
        if isinstance(database, SqliteDatabase):
            with _foreign_keys_off(database), database.atomic("IMMEDIATE"):
                yield
                _refuse_broken_keys(database)
        else:
            _make_lock(database)
            # Filling a column of a large table takes as long as it takes.
            with database.atomic(), without_time_limit(database):
                database.execute(Lock.select().where(Lock.id == 1).for_update())
                yield


def refuse_encoding(database: Database) -> None:
    """Raise SchemaError for a PostgreSQL database that is not in UTF-8.

    The server told its encoding when it was connected to, so that nothing is asked.
    """
    if isinstance(database, SqliteDatabase):
        return
    encoding = database.connection().info.parameter_status("server_encoding")
    if encoding not in ("UTF8", None):
        raise SchemaError(
            f"the encoding of the database is {encoding}, not UTF8",
            hint="CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0 makes one that fits",
        )


def _make_lock(database: Database) -> None:
    """Make the lock's table with its row where it is not; who meets another creator tries again."""
    for attempt in range(_TRIES):
        try:
            with database.atomic():
                if not database.table_exists(LOCK):
                    with database.bind_ctx((Lock,)):
                        Lock.create_table(safe=False)
                    database.execute(Lock.insert(id=1))
            return
        except PeeweeException:
            if attempt == _TRIES - 1:
                raise


@contextmanager
def _foreign_keys_off(database: SqliteDatabase) -> Iterator[None]:
    """Dropping a table with foreign keys on would fire ON DELETE CASCADE."""
    database.pragma("foreign_keys", 0)
    if database.pragma("foreign_keys") != 0:
        raise SchemaError("foreign keys cannot be switched off", hint="close other transactions")
    try:
        yield
    finally:
        database.pragma("foreign_keys", 1)


def _refuse_broken_keys(database: Database) -> None:
    why = "SQLite looks at its own rows"
    broken = raw(database, "PRAGMA foreign_key_check", why=why).fetchall()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise SchemaError(f"rows of {tables} would lose their parents", hint="restore a backup")
