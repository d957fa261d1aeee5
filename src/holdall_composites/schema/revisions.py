"""The migration scripts as the program knows them: numbered, in order, each with its checksum."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

from peewee import Table

from holdall import NamedTuple
from holdall_composites.database.connect import HISTORY
from holdall_composites.database.failures import translate_errors
from holdall_composites.database.peewee_import import Database
from holdall_composites.errors import SchemaError

PACKAGE = "holdall_composites_migrations"

_SCRIPT = re.compile(r"(\d{4})_(\w+)\.py")


class Revision(NamedTuple):
    """One migration script. `checksum` is over its source with line endings normalised."""

    number: str
    name: str
    checksum: str

    @property
    def title(self) -> str:
        """The number with the name, for messages."""
        return f"{self.number}_{self.name}"

    @property
    def rewrites(self) -> str | None:
        """The table that the script builds again on SQLite, if it does."""
        table: str | None = getattr(self.script, "REWRITES", None)
        return table

    @property
    def script(self) -> Any:
        """The module with `up(migrator, db)` and `down(migrator, db)`."""
        return import_module(f"{PACKAGE}.{self.title}")


def known_revisions() -> Sequence[Revision]:
    """Return every script in order; raises SchemaError for two of one number."""
    found = sorted(_scripts(), key=lambda revision: revision.title)
    for first, second in pairwise(found):
        if first.number == second.number:
            raise SchemaError(
                f"two migrations have the number {first.number}: {first.name} and {second.name}",
                hint="the installation is broken: install Holdall again",
            )
    return found


def is_current(database: Database) -> bool:
    """Return whether a database has all scripts, each as it is here: nothing else is to be done."""
    history = Table(HISTORY)
    query = history.select(history.c.name, history.c.checksum).order_by(history.c.name)
    with translate_errors():
        is_there = database.table_exists(HISTORY)
        rows = database.execute(query).fetchall() if is_there else []
    return [tuple(row) for row in rows] == [(one.title, one.checksum) for one in known_revisions()]


def scripts_folder() -> Path:
    """Return where the scripts are."""
    return Path(import_module(PACKAGE).__path__[0])


def _scripts() -> Iterator[Revision]:
    for script in scripts_folder().iterdir():
        if match := _SCRIPT.fullmatch(script.name):
            source = script.read_bytes().replace(b"\r\n", b"\n")
            yield Revision(match[1], match[2], hashlib.sha256(source).hexdigest())
