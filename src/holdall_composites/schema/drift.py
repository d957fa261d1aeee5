"""Where a live schema differs from what the models say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from peewee import BlobField, BooleanField, CharField, Database, Field, IntegerField, Model

from holdall_composites.database.connect import HISTORY, translated_errors
from holdall_composites.database.models import MODELS
from holdall_composites.schema.history import AUDIT, dialect_of
from holdall_composites.schema.reference import Details, live_details, wanted_details


def find_drift(database: Database) -> list[str]:
    """Return a sentence for each difference in tables, columns, keys, indexes, checks, defaults.

    Triggers on our tables are named, too.
    """
    with translated_errors():
        tables = set(database.get_tables())
        found: list[str] = []
        for model in MODELS:
            name = model._meta.table_name
            if name not in tables:
                found.append(f"table {name} is missing")
                continue
            found.extend(_columns(database, model, name))
            found.extend(_primary_key(database, model, name))
            found.extend(_foreign_keys(database, model, name))
            found.extend(_indexes(database, model, name))
        here = tables & {model._meta.table_name for model in MODELS}
        found.extend(_details(live_details(database, here), wanted_details(database, here)))
        found.extend(_strangers(database, tables))
        return found


def _details(live: Details, wanted: Details) -> Iterator[str]:
    for table in sorted(live.checks.keys() | wanted.checks.keys()):
        there, due = live.checks.get(table, set()), wanted.checks.get(table, set())
        for condition in sorted(due - there):
            yield f"the check of {table} on {condition} is missing"
        for condition in sorted(there - due):
            yield f"the check of {table} on {condition} is unknown"
    for table, column in sorted(live.defaults.keys() | wanted.defaults.keys()):
        is_now, due_now = (d.defaults.get((table, column)) for d in (live, wanted))
        if is_now != due_now:
            yield f"the default of {table}.{column} is {is_now}, not {due_now}"
    for table, column in sorted(live.types.keys() & wanted.types.keys()):
        is_now, due_now = live.types[table, column], wanted.types[table, column]
        # Another kind of type is told by comparing with the models.
        if is_now != due_now and _kind_of_type(is_now) == _kind_of_type(due_now):
            yield f"column {table}.{column} is of type {is_now}, not {due_now}"
    for table, names in sorted(live.triggers.items()):
        for name in sorted(names - wanted.triggers.get(table, set())):
            yield f"the trigger {name} of {table} is unknown"


def _strangers(database: Database, tables: set[str]) -> Iterator[str]:
    # In a server's schema others may live beside us; an SQLite file is ours alone.
    if dialect_of(database) == "sqlite":
        known = {HISTORY, AUDIT, *(model._meta.table_name for model in MODELS)}
        for name in sorted(tables - known):
            if not name.startswith("sqlite_"):
                yield f"table {name} is unknown"


def _columns(database: Database, model: type[Model], table: str) -> Iterator[str]:
    live = {column.name: column for column in database.get_columns(table)}
    for field in model._meta.sorted_fields:
        column = live.pop(field.column_name, None)
        if column is None:
            yield f"column {table}.{field.column_name} is missing"
            continue
        if _kind_of_type(column.data_type) != _kind_of_field(field):
            yield f"column {table}.{column.name} is of type {column.data_type}"
        if column.null != field.null:
            allowed = "allows NULL" if column.null else "does not allow NULL"
            yield f"column {table}.{column.name} {allowed}"
    for name in sorted(live):
        yield f"column {table}.{name} is unknown"


def _kind_of_field(field: Field) -> str:
    match field:
        case BooleanField():
            return "boolean"
        case IntegerField():
            return "integer"
        case CharField():
            return "varchar"
        case BlobField():
            return "bytes"
        case _:
            return "text"


def _kind_of_type(data_type: str) -> str:
    lowered = data_type.lower()
    for kind, starts in (
        ("varchar", ("varchar", "character varying")),
        ("integer", ("int", "bigint")),
        ("bytes", ("blob", "bytea")),
        ("boolean", ("bool",)),
        ("text", ("text",)),
    ):
        if lowered.startswith(starts):
            return kind
    return lowered


def _primary_key(database: Database, model: type[Model], table: str) -> Iterator[str]:
    live = [name for (name,) in _rows(database, _PRIMARY_KEY, table)]
    key: Any = model._meta.primary_key
    expected = list(getattr(key, "field_names", None) or [key.name])
    if live != expected:
        yield f"the primary key of {table} is {', '.join(live) or 'missing'}"


def _foreign_keys(database: Database, model: type[Model], table: str) -> Iterator[str]:
    live = set(_live_keys(database, table))
    expected = {
        (to_table, frozenset(pairs), *(on_delete or ["CASCADE"]), "CASCADE")
        for to_table, pairs, *on_delete in getattr(model, "foreign_keys", ())
    }
    for key in sorted(expected - live, key=_shown_key):
        yield f"the foreign key {table} {_shown_key(key)} is not as it should be"
    for key in sorted(live - expected, key=_shown_key):
        yield f"the foreign key {table} {_shown_key(key)} is unknown"


_ForeignKey = tuple[str, frozenset[tuple[str, str]], str, str]


def _live_keys(database: Database, table: str) -> Iterator[_ForeignKey]:
    """Yield a table's keys whole: one of two columns is another thing than two of one each."""
    rows = sorted(_rows(database, _FOREIGN_KEYS, table))
    for _, columns in groupby(rows, key=itemgetter(0)):
        parts = list(columns)
        _, to_table, _, _, on_delete, on_update = parts[0]
        yield to_table, frozenset((part[2], part[3]) for part in parts), on_delete, on_update


def _shown_key(key: _ForeignKey) -> str:
    pairs = sorted(key[1], key=str)
    columns, to_columns = ", ".join(a for a, _ in pairs), ", ".join(str(b) for _, b in pairs)
    return f"({columns}) -> {key[0]} ({to_columns})"


def _indexes(database: Database, model: type[Model], table: str) -> Iterator[str]:
    live = {(columns, bool(is_unique)) for columns, is_unique in _rows(database, _INDEXES, table)}
    expected = {(",".join(columns), is_unique) for columns, is_unique in model._meta.indexes}
    for columns, is_unique in sorted(expected - live):
        kind = "unique index" if is_unique else "index"
        yield f"the {kind} of {table} on {columns.replace(',', ', ')} is missing"
    # Any other index is somebody's own business, unless it refuses rows.
    for columns, is_unique in sorted(live - expected, key=str):
        if is_unique:
            yield f"the unique index of {table} on {str(columns).replace(',', ', ')} is unknown"


def _rows(database: Database, queries: Mapping[str, str], table: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in database.execute_sql(queries[dialect_of(database)], (table,))]


_PRIMARY_KEY = {
    "sqlite": "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk",
    "postgresql": """
        SELECT attname FROM pg_index, unnest(indkey) WITH ORDINALITY AS key (number, place)
        JOIN pg_attribute ON attnum = number
        WHERE indrelid = %s::regclass AND attrelid = indrelid AND indisprimary ORDER BY place""",
}

_FOREIGN_KEYS = {
    "sqlite": """
        SELECT id, "table", "from", "to", on_delete, on_update
        FROM pragma_foreign_key_list(?)""",
    "postgresql": """
        SELECT conname, constr.confrelid::regclass::text, own.attname, other.attname,
               CASE confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'a' THEN 'NO ACTION'
                    WHEN 'n' THEN 'SET NULL' ELSE confdeltype::text END,
               CASE confupdtype WHEN 'c' THEN 'CASCADE' ELSE confupdtype::text END
        FROM pg_constraint constr
        CROSS JOIN LATERAL unnest(conkey, confkey) AS pair (own_number, other_number)
        JOIN pg_attribute own ON own.attrelid = conrelid AND own.attnum = own_number
        JOIN pg_attribute other ON other.attrelid = confrelid AND other.attnum = other_number
        WHERE contype = 'f' AND convalidated AND conrelid = %s::regclass""",
}

# Neither primary keys, which are compared for themselves, nor indexes of some rows only.
_INDEXES = {
    "sqlite": """
        SELECT (SELECT group_concat(name) FROM
                   (SELECT name FROM pragma_index_info(list.name) ORDER BY seqno)),
               list."unique"
        FROM pragma_index_list(?) AS list WHERE list.partial = 0 AND list.origin <> 'pk'""",
    "postgresql": """
        SELECT (SELECT string_agg(attname, ',' ORDER BY place)
                FROM unnest(indkey) WITH ORDINALITY AS key (number, place)
                JOIN pg_attribute ON attrelid = indrelid AND attnum = number),
               indisunique
        FROM pg_index
        WHERE indrelid = %s::regclass AND indpred IS NULL AND indisvalid AND NOT indisprimary""",
}
