"""Queries of Peewee that are compiled once for each kind of database, and their parameters.

Peewee takes 0.2 to 0.6 ms to compile a query, often longer than the database takes to answer it:

    @prepare
    def _children() -> Any:
        return M.select(M.child_artifact).where(M.composite == Given("composite"))

    _children(database, composite="composite:kit").fetchall()

Many values are one parameter, a JSON text (`one_of`), so that neither the SQL nor the number of
statements depends on how many there are. Many rows to write (`insert_rows`, `update_rows`,
`delete_rows`) are one JSON text for PostgreSQL, and for SQLite, which takes twice as long to read
them out of it, the parameters of an `executemany`. An insert says what it returns, if nothing
`.returning()`: else Peewee adds the key where the models are bound to PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import and_, itemgetter
from typing import Any

from peewee import SQL, Cast, ColumnBase, Context, Database, Expression, Node, Select, Tuple, fn

from holdall_composites.database.connect import dialect_of, send, send_many

_KINDS = {"INT": "INTEGER", "BIGINT": "BIGINT", "BOOL": "BOOLEAN"}


class _Mark:
    """Stands among a compiled query's values for one that comes with the call, or with a row."""

    def __init__(self, name: str | int) -> None:
        self.name = name


class Given(ColumnBase):
    """A parameter that comes with the call: `Artifact.id == Given("id")`."""

    def __init__(self, name: str | int) -> None:
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

    def compile(self, database: Database) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL and its values, marks among them."""
        dialect = dialect_of(database)
        if dialect not in self._compiled:
            sql, values = database.get_sql_context().sql(self.build()).query()
            self._compiled[dialect] = sql, tuple(values)
        return self._compiled[dialect]

    def __call__(self, database: Database, **given: object) -> Any:
        """Run the query; returns the driver's cursor."""
        sql, values = self.compile(database)
        parameters = [given[str(v.name)] if type(v) is _Mark else v for v in values]
        return database.execute_sql(sql, parameters)

    def send(self, database: Database, **given: object) -> Any:
        """Run the query in a transaction; its answer need not be there yet (see `send`)."""
        sql, values = self.compile(database)
        return send(database, sql, [given[str(v.name)] if type(v) is _Mark else v for v in values])

    def send_many(
        self, database: Database, rows: Iterable[Sequence[object]], **given: object
    ) -> Any:
        """Run the query in a transaction, once for each row of parameters; as `send`.

        What is given by name is the same for each of them.
        """
        sql, values = self.compile(database)
        chosen = [value.name for value in values]
        if given:
            rows = ([given[n] if isinstance(n, str) else row[n] for n in chosen] for row in rows)
        elif chosen != list(range(len(chosen))):
            rows = map(itemgetter(*chosen), rows)
        return send_many(database, sql, rows)


def prepare(build: Callable[[], Any]) -> Prepared:
    """Make a function that builds a query into one that runs it."""
    return Prepared(build)


def as_json(values: Iterable[object]) -> str:
    """Return the parameter of `one_of`, or rows."""
    return json.dumps(list(values), separators=(",", ":"))


def one_of(column: Any, name: str, kind: str = "TEXT") -> Any:
    """Return the condition that a column is one of the values, of this kind, given as `name`."""
    given = Given(name)
    on_sqlite = Select((fn.json_each(given),), (SQL("value"),))
    # A list for ANY() is slower: psycopg adapts each of its values.
    elements = fn.json_array_elements_text(Cast(given, "json"))
    return column.in_(_Either(on_sqlite, Select((), (Cast(elements, kind),))))


def nowhere(value: Any, *columns: Any) -> Any:
    """Return the condition that no row has the value in one of these columns."""
    found = (fn.EXISTS(c.model.select(SQL("1")).where(c == value)) for c in columns)
    return reduce(and_, (~one for one in found))


def insert_each(*columns: Any, **conflict: Any) -> Any:
    """Return the query that inserts one row of these columns; see Peewee's `on_conflict`."""
    row = {column: Given(number) for number, column in enumerate(columns)}
    return _settle(columns[0].model.insert(row), conflict)


def insert_rows(*columns: Any, **conflict: Any) -> Prepared:
    """Return the query that inserts rows of these columns; see Peewee's `on_conflict`."""

    def build() -> Any:
        rows = columns[0].model.insert_from(_given_rows(columns), columns)
        return _Either(insert_each(*columns, **conflict), _settle(rows, conflict))

    return Prepared(build)


def insert_rows_of(
    source: Any,
    found: Sequence[Any],
    into: Sequence[Any],
    *columns: Any,
    where: Any,
    **conflict: Any,
) -> Prepared:
    """Return the query that inserts what a row of `source` has, with each of the rows given.

    `found` are the columns that are taken of it, and `into` where they go; `where` chooses it.
    """
    cells = [_cell(column, number) for number, column in enumerate(columns)]

    def build() -> Any:
        query, target = source.select(*found, *cells).where(where), [*into, *columns]
        each, rows = (
            _settle(columns[0].model.insert_from(one, target), conflict)
            for one in (query, query.from_(source, _GIVEN))
        )
        return _Either(each, rows)

    return Prepared(build)


def _settle(insert: Any, conflict: dict[str, Any]) -> Any:
    return (insert.on_conflict(**conflict) if conflict else insert).returning()


def update_rows(*columns: Any, key: Sequence[Any], **others: Any) -> Prepared:
    """Return the query that sets these columns, known by those of the key, and others as told."""
    cells = {column: _cell(column, number) for number, column in enumerate(columns)}
    names = {column.name for column in key}  # comparing columns makes expressions
    changed = {column: cell for column, cell in cells.items() if column.name not in names}

    def build() -> Any:
        update = columns[0].model.update(changed, **others)
        update = update.where(*(column == cells[column] for column in key))
        return _Either(update, update.from_(_GIVEN))

    return Prepared(build)


def delete_rows(*key: Any, where: tuple[Any, ...] = ()) -> Prepared:
    """Return the query that deletes the rows with these keys, if they meet the conditions."""
    found = reduce(and_, (column == Given(number) for number, column in enumerate(key)))
    among = Tuple(*key).in_(_given_rows(key))
    return Prepared(lambda: key[0].model.delete().where(_Either(found, among), *where))


def _given_rows(columns: Sequence[Any]) -> Any:
    return Select((_GIVEN,), [_cell(column, number) for number, column in enumerate(columns)])


def _cell(column: Any, number: int) -> Any:
    """Return what a row has for a column."""
    value = Expression(SQL("given.value"), "->>", SQL(str(number)), flat=True)
    kind = _KINDS.get(column.field_type)
    return _Cell(Given(number), Cast(value, kind) if kind else value)


class _Cell(_Either, ColumnBase):
    """A value of a row that is given."""


_GIVEN = fn.json_array_elements(Cast(Given("rows"), "json")).alias("given")
