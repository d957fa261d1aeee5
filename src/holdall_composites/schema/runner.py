"""The schema's history: which migrations a database has, and bringing it to another one.

Each migration runs in a transaction of its own, together with its row in the history. One
migrator at a time: SQLite's write lock, PostgreSQL's advisory lock (transaction-scoped, so that a
connection pooler cannot leak it). The history is read again inside the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from holdall.errors import RefusedError
from holdall_composites.console import sign_of_life
from holdall_composites.database.connect import HISTORY, translated_errors
from holdall_composites.database.peewee_import import Database, SqliteDatabase
from holdall_composites.errors import SchemaError
from holdall_composites.schema.history import (
    AppliedRevision,
    applied_revisions,
    dialect_of,
    forget,
    insertion,
    make_history,
    record,
    tables,
)
from holdall_composites.schema.revisions import PACKAGE, Revision, known_revisions

ADVISORY_LOCK = 0x6B69746261670001
MANY_ROWS = 10_000

Say = Callable[[str], None]


@dataclass
class _LiveOperations:
    """Runs a migration's statements on a connected database."""

    database: Database
    lose_data: bool = False

    @property
    def dialect(self) -> str:
        return dialect_of(self.database)

    def execute(self, sql: str) -> None:
        self.database.execute_sql(sql)

    def fetch(self, sql: str) -> Sequence[Sequence[Any]]:
        rows: Sequence[Sequence[Any]] = self.database.execute_sql(sql).fetchall()
        return rows


@dataclass
class _PrintedOperations:
    """Collects a migration's statements instead of running them."""

    dialect: str
    lose_data: bool = True
    collected: list[str] = field(default_factory=list)

    def execute(self, sql: str) -> None:
        self.collected.append(sql)

    def fetch(self, _sql: str) -> Sequence[Sequence[Any]]:
        return ()


def pending_revisions(database: Database, to: str | None = None) -> list[Revision]:
    """Return the migrations that the database lacks, up to revision `to` (default: all).

    Raises SchemaError for a history that does not fit this program: a newer schema, an edited
    script, a gap.
    """
    known = known_revisions()
    applied = applied_revisions(database)
    _refuse_misfits(known, applied)
    last = _number(to) if to is not None else known[-1].number
    return [revision for revision in known[len(applied) :] if revision.number <= last]


def _refuse_misfits(known: Sequence[Revision], applied: Sequence[AppliedRevision]) -> None:
    by_number = {revision.number: revision for revision in known}
    for row, expected in zip(applied, known, strict=False):
        if row.number != expected.number and row.number in by_number:
            raise SchemaError(
                f"the database lacks migration {expected.title} but has {row.number}_{row.name}",
                hint="restore a backup, or `holdall db stamp` if it has it after all",
            )
    for row in applied:
        revision = by_number.get(row.number)
        if revision is None:
            raise _unknown(row)
        if revision.checksum != row.checksum:
            raise SchemaError(
                f"migration {revision.title} is not the one that was applied to this database",
                hint="migrations are never edited: install Holdall again, or restore a backup",
            )


def _unknown(row: AppliedRevision) -> SchemaError:
    return SchemaError(
        f"the database has migration {row.number}_{row.name}, unknown to this Holdall",
        hint="use a Holdall at least as new as the one that wrote this database",
    )


def ensure_current(database: Database, *, embedded: bool, say: Say | None = None) -> None:
    """Bring an embedded database up to date; raise SchemaError for a shared one that is not.

    A file with somebody else's tables, which a wrong or forged setting named, is refused, too.
    """
    pending = pending_revisions(database)
    if not pending:
        return
    if embedded:
        _refuse_others_file(database)
        upgrade(database, say=say)
        return
    raise SchemaError(
        f"the database lacks {len(pending)} migrations, from {pending[0].title} on",
        hint="`holdall db upgrade` brings it up to date; a shared database wants to be told",
    )


def _refuse_others_file(database: Database) -> None:
    found = [name for name in database.get_tables() if not name.startswith(HISTORY)]
    # Looked for afterwards: tables of ours come in one transaction with their history.
    if found and not applied_revisions(database):
        raise SchemaError(
            f"{database.database} is another program's database: it holds {found[0]!a}",
            hint="name another file with --database or in .holdall/config.toml;"
            " `holdall db upgrade` uses this one all the same",
        )


def upgrade(database: Database, to: str | None = None, *, say: Say | None = None) -> list[Revision]:
    """Apply the pending migrations up to revision `to` (default: all); return those applied.

    An SQLite database with rows is backed up before a table is built anew, and `say` is told
    where. Raises SchemaError.
    """
    migrator = _Migrator(database, say=say)
    return [each for each in pending_revisions(database, to) if migrator.apply(each)]


def downgrade(
    database: Database,
    to: str,
    *,
    lose_data: bool = False,
    say: Say | None = None,
) -> list[Revision]:
    """Revert migrations down to revision `to` (which stays; `0` reverts all), or `-N` of them.

    Raises RefusedError where that would lose data, unless told, or where something stands against
    it; what was reverted before stays reverted. Backs up as `upgrade` does, and always before
    data is given up.
    """
    migrator = _Migrator(database, lose_data=lose_data, say=say)
    return [each for each in reversed(revisions_above(database, to)) if migrator.revert(each)]


@dataclass
class _Migrator:
    """Applies or reverts one migration in one transaction, with its row in the history.

    The first of a run that needs a backup makes it: it holds what was there before all of them.
    """

    database: Database
    lose_data: bool = False
    say: Say | None = None
    is_backed_up: bool = False

    def apply(self, revision: Revision) -> bool:
        """Upgrade; returns False where another migrator was faster."""
        with _migrating(self.database):
            make_history(self.database)
            pending = pending_revisions(self.database)
            if revision not in pending:
                return False
            _refuse_others_work(revision, pending[0])
            self._back_up(revision)
            with self._told(revision):
                _run(revision, "upgrade", _LiveOperations(self.database))
            record(self.database, revision)
        return True

    def revert(self, revision: Revision) -> bool:
        """Downgrade; returns False where another migrator was faster."""
        with _migrating(self.database):
            applied = revisions_above(self.database, "0")
            if revision not in applied:
                return False
            _refuse_others_work(revision, applied[-1])
            self._back_up(revision)
            _run(revision, "downgrade", _LiveOperations(self.database, self.lose_data))
            forget(self.database, revision)
        return True

    @contextmanager
    def _told(self, revision: Revision) -> Iterator[None]:
        """Say that a migration builds a large table anew, and show that it is at work."""
        if self.say is None or revision.rewrites is None:
            yield
            return
        sql = f"SELECT count(*) FROM {revision.rewrites}"  # noqa: S608
        (rows,) = self.database.execute_sql(sql).fetchone()
        if rows >= MANY_ROWS:
            self.say(f"migrating the database to {revision.title}: {rows:,} {revision.rewrites}")
        with sign_of_life(self.database.connection(), revision.title):
            yield

    def _back_up(self, revision: Revision) -> None:
        table = "collections" if self.lose_data else revision.rewrites
        if table is None or self.is_backed_up or not isinstance(self.database, SqliteDatabase):
            return
        if self.database.execute_sql(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None:  # noqa: S608
            return
        from holdall_composites.database.backup import back_up

        copy = back_up(self.database, before=revision.number)
        self.is_backed_up = True
        if self.say is not None:
            self.say(f"backed the database up to {copy} before migration {revision.title}")


def _refuse_others_work(revision: Revision, next_one: Revision) -> None:
    if revision != next_one:
        raise SchemaError(
            f"someone else changed the schema before migration {revision.title} had its turn",
            hint="look at `holdall db current`, then try again",
        )


def revisions_above(database: Database, to: str) -> Sequence[Revision]:
    """Return the applied migrations above revision `to`, or the last N for `-N`, oldest first."""
    pending_revisions(database)
    known = {revision.number: revision for revision in known_revisions()}
    applied = [known[row.number] for row in applied_revisions(database)]
    if to.startswith("-") and to[1:].isdigit():
        return applied[max(0, len(applied) - int(to[1:])) :]
    number = _number(to)
    return [revision for revision in applied if revision.number > number]


def stamp(database: Database, to: str) -> None:
    """Write into the history that the database is at revision `to`, running nothing.

    Raises SchemaError if it has migrations that this program does not know.
    """
    number = _number(to)
    known = {revision.number: revision for revision in known_revisions()}
    with _migrating(database):
        make_history(database)
        applied = applied_revisions(database)
        for row in applied:
            if row.number not in known:
                raise _unknown(row)
        for row in reversed(applied):
            forget(database, known[row.number], "unstamped")
        for revision in known_revisions():
            if revision.number <= number:
                record(database, revision, "stamped")


def statements(dialect: str, start: str = "0", to: str | None = None) -> Iterator[str]:
    """Yield what going from revision `start` to `to` runs; by default all, on an empty database.

    Needs no connection. Downwards it is what runs if data may be lost.
    """
    known = known_revisions()
    first, last = _number(start), _number(to) if to is not None else known[-1].number
    if first == "0000" and first < last:
        yield from tables(dialect)
    for revision in known:
        if first < revision.number <= last:
            yield from _printed(revision, "upgrade", dialect)
            yield from insertion(revision, "applied")
    for revision in reversed(known):
        if last < revision.number <= first:
            yield from _printed(revision, "downgrade", dialect)
            yield from insertion(revision, "reverted")


def _printed(revision: Revision, direction: str, dialect: str) -> list[str]:
    operations = _PrintedOperations(dialect)
    getattr(revision.script, direction)(operations)
    return operations.collected


def _number(text: str) -> str:
    known = [revision.number for revision in known_revisions()]
    number = text.partition("_")[0].zfill(4) if text else ""
    if number != "0000" and number not in known:
        raise SchemaError(
            f"no migration {text!a}", hint=f"known: {', '.join(known)}, or 0 for none"
        )
    return number


def _run(revision: Revision, direction: str, operations: _LiveOperations) -> None:
    package = import_module(PACKAGE)
    try:
        getattr(revision.script, direction)(operations)
    except package.DataWouldBeLost as error:
        raise RefusedError(
            f"{direction} of migration {revision.title} would delete {error}",
            hint="`holdall db backup` first, then add --lose-data",
        ) from error
    except package.StandsAgainst as error:
        raise RefusedError(
            f"{direction} of migration {revision.title}: {error}",
            hint="nothing of it was done; remove what stands against it, then try again",
        ) from error


@contextmanager
def _migrating(database: Database) -> Iterator[None]:
    """Hold the one migrator's lock and a transaction, on SQLite with foreign keys off."""
    if database.in_transaction():
        raise SchemaError("a migration cannot run inside a transaction", hint="commit first")
    with translated_errors():
        if isinstance(database, SqliteDatabase):
            with _foreign_keys_off(database), database.atomic("IMMEDIATE"):
                yield
                _refuse_broken_keys(database)
        else:
            with database.atomic():
                # Filling a column of a large table takes as long as it takes.
                database.execute_sql("SET LOCAL statement_timeout = 0")
                database.execute_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
                yield


@contextmanager
def _foreign_keys_off(database: SqliteDatabase) -> Iterator[None]:
    """Dropping a table with foreign keys on would fire ON DELETE CASCADE."""
    database.execute_sql("PRAGMA foreign_keys = 0")
    if database.execute_sql("PRAGMA foreign_keys").fetchone() != (0,):
        raise SchemaError("foreign keys cannot be switched off", hint="close other transactions")
    try:
        yield
    finally:
        database.execute_sql("PRAGMA foreign_keys = 1")


def _refuse_broken_keys(database: Database) -> None:
    broken = database.execute_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise SchemaError(f"rows of {tables} would lose their parents", hint="restore a backup")
