"""Which migrations a database lacks, and bringing it to another revision.

All scripts of one run are one transaction, together with their rows of the history, which is read
again inside the one migrator's lock: an interrupted run leaves what was there before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from holdall_composites.database.connect import HISTORY, connect_database
from holdall_composites.database.peewee_import import Database
from holdall_composites.errors import SchemaError
from holdall_composites.schema.history import AppliedRevision, applied_revisions
from holdall_composites.schema.lock import LOCK, lock_migrations, refuse_encoding
from holdall_composites.schema.revisions import Revision, known_revisions


def pending_revisions(database: Database, to: str | None = None) -> list[Revision]:
    """Return the migrations that the database lacks, up to revision `to` (default: all).

    Raises SchemaError for a history that does not fit this program: a newer schema, an edited
    script, a gap.
    """
    return _find_pending(applied_revisions(database), to)


def _find_pending(applied: Sequence[AppliedRevision], to: str | None = None) -> list[Revision]:
    known = known_revisions()
    _refuse_misfits(known, applied)
    last = number_of(to) if to is not None else known[-1].number
    return [revision for revision in known[len(applied) :] if revision.number <= last]


def _refuse_misfits(known: Sequence[Revision], applied: Sequence[AppliedRevision]) -> None:
    by_title = {revision.title: revision for revision in known}
    for number, row in enumerate(applied):
        revision = by_title.get(row.title)
        if revision is None:
            raise _unknown(row)
        if revision is not known[number]:
            raise SchemaError(
                f"the database lacks migration {known[number].title} but has {row.title}",
                hint="restore a backup, or `holdall db stamp` if it has it after all",
            )
        if revision.checksum != row.checksum:
            raise SchemaError(
                f"migration {revision.title} is not the one that was applied to this database",
                hint="migrations are never edited: install Holdall again, or restore a backup",
            )


def _unknown(row: AppliedRevision) -> SchemaError:
    return SchemaError(
        f"the database has migration {row.title}, unknown to this Holdall",
        hint="use a Holdall at least as new as the one that wrote this database",
    )


def ensure_current(
    database: Any, *, embedded: bool, applied: Sequence[AppliedRevision] | None = None
) -> None:
    """Bring an embedded database up to date; raise SchemaError for a shared one that is not.

    `applied` is its history, where it was read already. One that was current when it was connected
    to is not looked at again.

    A file with somebody else's tables, which a wrong or forged setting named, is refused, too.
    """
    if not embedded and database.is_current:
        return
    refuse_encoding(database)
    pending = pending_revisions(database) if applied is None else _find_pending(applied)
    if not pending:
        database.is_current = True
        return
    if embedded:
        _refuse_others_file(database)
        upgrade(database)
        return
    raise SchemaError(
        f"the database lacks {len(pending)} migrations, from {pending[0].title} on",
        hint="run `holdall db upgrade`: a shared database is upgraded on command only",
    )


def prepare_database(url: str, *, dry_run: bool) -> None:
    """Bring the database of a URL up to date; with `dry_run`, raise what stands against it."""
    with connect_database(url, read_only=dry_run) as database:
        refuse_encoding(database)
        if pending_revisions(database):
            _refuse_others_file(database)
            if not dry_run:
                upgrade(database)


def _refuse_others_file(database: Database) -> None:
    ours = (HISTORY, LOCK)
    found = [name for name in database.get_tables() if not name.startswith(ours)]
    # Looked for afterwards: tables of ours come in one transaction with their history.
    if found and not applied_revisions(database):
        raise SchemaError(
            f"{database.database} is another program's database: it holds {found[0]!a}",
            hint="name another file with --database or in .holdall/config.toml;"
            " `holdall db upgrade` uses this one all the same",
        )


def upgrade(database: Database, to: str | None = None) -> list[Revision]:
    """Apply the pending migrations up to revision `to` (default: all); return those applied.

    An SQLite database with rows is backed up before a table is built again, which is reported.
    Raises SchemaError, or RefusedError for what others made and a script would break.
    """
    if not pending_revisions(database, to):
        return []
    from holdall_composites.schema.fresh import make_fresh

    with lock_migrations(database):
        pending = pending_revisions(database, to)
        if not make_fresh(database, pending):
            _apply(database, pending)
    return pending


def _apply(database: Database, pending: Sequence[Revision]) -> None:
    from holdall_composites.schema.migrator import Migrator

    migrator = Migrator(database)
    for revision in pending:
        migrator.apply(revision)


def downgrade(
    database: Database,
    to: str,
    *,
    lose_data: bool = False,
) -> list[Revision]:
    """Revert migrations down to revision `to` (which stays; `0` reverts all), or `-N` of them.

    Raises RefusedError where that would lose data, unless told, or where something stands against
    it; nothing is reverted then. Backs up as `upgrade` does, and always before data is given up.
    """
    if not revisions_above(database, to):
        return []
    from holdall_composites.schema.migrator import Migrator

    with lock_migrations(database):
        migrator = Migrator(database, lose_data=lose_data)
        reverted = list(reversed(revisions_above(database, to)))
        for revision in reverted:
            migrator.revert(revision)
    return reverted


def revisions_above(database: Database, to: str) -> Sequence[Revision]:
    """Return the applied migrations above revision `to`, or the last N for `-N`, oldest first."""
    pending_revisions(database)
    applied = known_revisions()[: len(applied_revisions(database))]
    if to.startswith("-") and to[1:].isdigit():
        return applied[max(0, len(applied) - int(to[1:])) :]
    number = number_of(to)
    return [revision for revision in applied if revision.number > number]


def stamp(database: Database, to: str) -> None:
    """Write into the history that the database is at revision `to`, running nothing.

    Raises SchemaError if it has migrations that this program does not know.
    """
    from holdall_composites.schema.migrator import Migrator

    number = number_of(to)
    known = {revision.title: revision for revision in known_revisions()}
    with lock_migrations(database):
        applied = applied_revisions(database)
        for row in applied:
            if row.title not in known:
                raise _unknown(row)
        Migrator(database).stamp(
            old=[known[row.title] for row in reversed(applied)],
            new=[revision for revision in known.values() if revision.number <= number],
        )


def number_of(text: str) -> str:
    """Return the four digits of a revision that was named by number or title."""
    known = [revision.number for revision in known_revisions()]
    number = text.partition("_")[0].zfill(4) if text else ""
    if number != "0000" and number not in known:
        raise SchemaError(
            f"no migration {text!a}", hint=f"known: {', '.join(known)}, or 0 for none"
        )
    return number
