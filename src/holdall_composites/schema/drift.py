"""Where a live schema differs from what the models say.

The models' own schema is a twin in memory for SQLite. For PostgreSQL it is `postgresql.json` beside
this module, which `make schema` writes, so that a role that may only read, or a standby, can be
checked. Nothing is written to the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from holdall import NamedTuple
from holdall_composites.database.connect import HISTORY
from holdall_composites.database.failures import translate_errors
from holdall_composites.database.models import MODELS
from holdall_composites.database.peewee_import import Database, SqliteDatabase
from holdall_composites.schema.describe import Description, describe
from holdall_composites.schema.history import AUDIT

TABLES = tuple(model._meta.table_name for model in MODELS)
DESCRIPTION = Path(__file__).with_name("postgresql.json")

# Another index is somebody's own business, unless it refuses rows.
_MAY_BE_OTHERS = "index"


class Difference(NamedTuple):
    """Something that is otherwise than in the models; `live` or `wanted` is None if not there.

    `kind` is `table` or one of the kinds of a Description; `str()` makes a sentence of it.
    """

    table: str
    kind: str
    name: str = ""
    live: str | None = None
    wanted: str | None = None

    def __str__(self) -> str:
        what = f"the {self.kind} {self.name} of {self.table}"
        if self.kind == "table":
            what = f"table {self.table}"
        if self.live is None:
            return f"{what} is missing"
        return (
            f"{what} is unknown"
            if self.wanted is None
            else f"{what} is {self.live}, not {self.wanted}"
        )


def find_drift(database: Database) -> list[str]:
    """Return a sentence for each difference between a live schema and the models."""
    return [str(difference) for difference in find_differences(database)]


def find_differences(database: Database) -> list[Difference]:
    """Return every difference in tables, columns, keys, checks, indexes and triggers."""
    live, wanted = describe(database, TABLES), wanted_description(database)
    found = [*_compare(live, wanted)]
    if isinstance(database, SqliteDatabase):
        # In a server's schema others may live beside us; an SQLite file is ours alone.
        with translate_errors():
            others = set(database.get_tables()) - {HISTORY, AUDIT, *TABLES}
        found += [
            Difference(name, "table", live="")
            for name in sorted(others)
            if not name.startswith("sqlite_")
        ]
    return found


def wanted_description(database: Database) -> Description:
    """Return what the models' tables consist of on this kind of database."""
    if not isinstance(database, SqliteDatabase):
        description: Description = json.loads(DESCRIPTION.read_text())
        return description
    with closing(SqliteDatabase(":memory:")) as twin:
        with twin.bind_ctx(MODELS):
            twin.create_tables(MODELS)
        return describe(twin, TABLES)


def _compare(live: Description, wanted: Description) -> Iterator[Difference]:
    for table in TABLES:
        if table not in live:
            yield Difference(table, "table", wanted="")
            continue
        there, due = _facts(live[table]), _facts(wanted[table])
        for kind, name in sorted(there.keys() | due.keys()):
            found = Difference(table, kind, name, there.get((kind, name)), due.get((kind, name)))
            is_others = kind == _MAY_BE_OTHERS and found.wanted is None
            if found.live != found.wanted and not is_others:
                yield found


def _facts(kinds: dict[str, dict[str, str]]) -> dict[tuple[str, str], str]:
    return {(kind, name): text for kind, names in kinds.items() for name, text in names.items()}
