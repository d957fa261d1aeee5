"""Queries of Peewee that are compiled once for each kind of database, and their parameters.

Peewee takes 0.2 to 0.6 ms to compile a query, often longer than the database takes to answer it:

    @prepared
    def _children() -> Any:
        return M.select(M.child_artifact).where(M.composite == Given("composite"))

    _children(database, composite="composite:kit").fetchall()

Many values are one parameter, a JSON text (`one_of`, `rows_of`), so that neither the SQL nor the
number of statements depends on how many there are. An update joins all of its key to the rows, the
collection too: else SQLite reads all rows for each of the table. An insert says what it returns,
if nothing `.returning()`: else Peewee adds the key where the models are bound to PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from peewee import SQL, Cast, ColumnBase, Context, Database, Expression, Node, Select, fn

from holdall_composites.database.connect import dialect_of


class _Mark:
    """Stands among a compiled query's values for one that comes with the call."""

    def __init__(self, name: str) -> None:
        self.name = name


class Given(ColumnBase):
    """A parameter that comes with the call: `Artifact.id == Given("id")`."""

    def __init__(self, name: str) -> None:
        self._mark = _Mark(name)

    def __sql__(self, ctx: Context) -> Context:
        marked: Context = ctx.value(self._mark, converter=False)  # no field may convert the mark
        return marked


class _Either(Node):
    """What SQLite and PostgreSQL want in different words; see `fields.ByDialect`."""

    def __init__(self, sqlite: Node, postgresql: Node) -> None:
        self._sqlite, self._postgresql = sqlite, postgresql

    def __sql__(self, ctx: Context) -> Context:
        chosen: Context = ctx.sql(self._postgresql if ctx.state.param == "%s" else self._sqlite)
        return chosen


class Prepared:
    """A query that is built and compiled when it is first run on a kind of database.

    `build` gets nothing, so that the SQL cannot depend on values.
    """

    def __init__(self, build: Callable[[], Any]) -> None:
        self.build = build
        self._compiled: dict[str, tuple[str, tuple[Any, ...]]] = {}

    def compiled(self, database: Database) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL and its values, marks among them."""
        dialect = dialect_of(database)
        if dialect not in self._compiled:
            sql, values = database.get_sql_context().sql(self.build()).query()
            self._compiled[dialect] = sql, tuple(values)
        return self._compiled[dialect]

    def __call__(self, database: Database, **given: object) -> Any:
        """Run the query; returns the driver's cursor."""
        sql, values = self.compiled(database)
        parameters = [given[v.name] if type(v) is _Mark else v for v in values]
        return database.execute_sql(sql, parameters)

    def run_many(self, database: Database, rows: Iterable[tuple[object, ...]]) -> None:
        """Run the query once for each row of parameters, in the order of the marks."""
        sql, values = self.compiled(database)

        def merged(row: Iterator[object]) -> list[object]:
            return [next(row) if type(value) is _Mark else value for value in values]

        if not all(type(value) is _Mark for value in values):
            rows = (tuple(merged(iter(row))) for row in rows)
        database.cursor().executemany(sql, rows)


def prepared(build: Callable[[], Any]) -> Prepared:
    """Make a function that builds a query into one that runs it."""
    return Prepared(build)


def as_json(values: Iterable[object]) -> str:
    """Return the parameter of `one_of` or `rows_of`."""
    return json.dumps(list(values), separators=(",", ":"))


def one_of(column: Any, name: str, kind: str = "TEXT") -> Any:
    """Return the condition that a column is one of the values, of this kind, given as `name`."""
    given = Given(name)
    on_sqlite = Select((fn.json_each(given),), (SQL("value"),))
    # A list for ANY() is slower: psycopg adapts each of its values.
    elements = fn.json_array_elements_text(Cast(given, "json"))
    return column.in_(_Either(on_sqlite, Select((), (Cast(elements, kind),))))


def rows_of(name: str) -> Any:
    """Return the rows given as `name` as a table, to select or update from; see `cell`."""
    given = Given(name)
    on_postgresql = fn.json_array_elements(Cast(given, "json")).alias("given")
    return _Either(fn.json_each(given).alias("given"), on_postgresql)


def select_rows(values: Iterable[Any]) -> Any:
    """Return the query for these values of each of the rows given as `rows`."""
    # Without a WHERE, SQLite takes the ON of a following ON CONFLICT for that of a join.
    return Select((rows_of("rows"),), list(values)).where(SQL("TRUE"))


def cell(number: int, kind: str = "") -> Any:
    """Return a value of a row of `rows_of`: text on PostgreSQL, unless cast to a kind."""
    value = Expression(SQL("given.value"), "->>", SQL(str(number)), flat=True)
    return Cast(value, kind) if kind else value


def cells(count: int) -> list[Any]:
    """Return the first values of a row of `rows_of`."""
    return [cell(number) for number in range(count)]
