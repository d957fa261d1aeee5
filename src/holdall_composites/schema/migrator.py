"""playhouse's Runner with what it lacks: checksums, an audit, backups, refusals, progress.

Imported only when there is something to migrate: playhouse takes longer to import than most
commands take to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from holdall.errors import RefusedError
from holdall_composites.console import reporter, sign_of_life
from holdall_composites.database.connect import HISTORY
from holdall_composites.database.peewee_import import Database, SqliteDatabase, without_driver
from holdall_composites.schema.history import HISTORY_MODELS, AppliedMigration, add_audit
from holdall_composites.schema.revisions import PACKAGE, Revision, known_revisions, scripts_folder
from holdall_composites.schema.rewrites import count_rows, keep_dependents

with without_driver():
    from peewee import Table
    from playhouse.migrations import Runner

MANY_ROWS = 10_000


class Migrator:
    """Runs scripts inside the lock's transaction, each with its rows of history and audit.

    The first that needs a backup makes it: it holds what was there before all of them.
    """

    def __init__(self, database: Database, *, lose_data: bool = False) -> None:
        self._database = database
        self._loses_data, self._is_backed_up = lose_data, False
        self._runner: Any = Runner(database, str(scripts_folder()))
        self._runner.History = _history_of(database)
        self._runner.migrator.lose_data = lose_data
        with database.bind_ctx(HISTORY_MODELS):
            database.create_tables(HISTORY_MODELS)

    def apply(self, revision: Revision) -> None:
        """Run a script's `up`."""
        self._back_up(revision)
        with self._report_rewrite(revision), keep_dependents(self._database, revision.rewrites):
            self._run("up", revision)
        add_audit(self._database, "applied", revision)

    def revert(self, revision: Revision) -> None:
        """Run a script's `down`. Raises RefusedError where it would lose what it may not."""
        self._back_up(revision)
        self._run("down", revision)
        add_audit(self._database, "reverted", revision)

    def stamp(self, old: Iterable[Revision], new: Iterable[Revision]) -> None:
        """Replace the history, running nothing."""
        self._runner.History.delete().execute()
        for revision in old:
            add_audit(self._database, "unstamped", revision)
        for revision in new:
            self._runner.fake(revision.title)
            add_audit(self._database, "stamped", revision)

    def _run(self, direction: str, revision: Revision) -> None:
        frozen = import_module(f"{PACKAGE}.frozen")
        try:
            getattr(self._runner, direction)(revision.title)
        except frozen.DataWouldBeLost as error:
            text = f"downgrade of migration {revision.title} would delete {error}"
            hint = "`holdall db backup` first, then add --lose-data"
            raise RefusedError(text, hint=hint) from error
        except frozen.StandsAgainst as error:
            hint = "nothing was changed; remove what stands against it, then try again"
            raise RefusedError(f"migration {revision.title}: {error}", hint=hint) from error

    @contextmanager
    def _report_rewrite(self, revision: Revision) -> Iterator[None]:
        """Report that a migration builds a large table again, and show that it goes on."""
        if revision.rewrites is None:
            yield
            return
        rows = count_rows(self._database, revision.rewrites)
        if rows >= MANY_ROWS:
            what = f"{rows:,} {revision.rewrites}"
            reporter().note(f"migrating the database to {revision.title}: {what}")
        with sign_of_life(self._database.connection(), revision.title):
            yield

    def _back_up(self, revision: Revision) -> None:
        table = "collections" if self._loses_data else revision.rewrites
        if table is None or self._is_backed_up or not isinstance(self._database, SqliteDatabase):
            return
        if not Table(table).bind(self._database).select().exists():
            return
        from holdall_composites.database.backup import back_up

        copy = back_up(self._database, before=revision.number)
        self._is_backed_up = True
        reporter().note(f"backed the database up to {copy} before migration {revision.title}")


def _history_of(database: Database) -> type[AppliedMigration]:
    """Return the table that a Runner reads and writes, bound, with the scripts' checksums."""
    checksums = {revision.title: revision.checksum for revision in known_revisions()}
    bound = database

    class History(AppliedMigration):
        class Meta:
            database = bound
            table_name = HISTORY

        @classmethod
        def create(cls, **row: Any) -> Any:
            return super().create(checksum=checksums[row["name"]], **row)

    return History
