"""Where a live schema differs from what the models say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from peewee import BooleanField, CharField, Database, Field, IntegerField, Model

from kitbag_composites.database import translated_errors
from kitbag_composites.models import MODELS
from kitbag_composites.schema import dialect_of

__all__ = ["find_drift"]


def find_drift(database: Database) -> list[str]:
    """Return a sentence for each difference in tables, columns, keys and indexes."""
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
        return found


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
        case _:
            return "text"


def _kind_of_type(data_type: str) -> str:
    lowered = data_type.lower()
    for kind, starts in (
        ("varchar", ("varchar", "character varying")),
        ("integer", ("int",)),
        ("boolean", ("bool",)),
        ("text", ("text",)),
    ):
        if lowered.startswith(starts):
            return kind
    return lowered


def _primary_key(database: Database, model: type[Model], table: str) -> Iterator[str]:
    live = sorted(database.get_primary_keys(table))
    key: Any = model._meta.primary_key
    expected = sorted(getattr(key, "field_names", None) or [key.name])
    if live != expected:
        yield f"the primary key of {table} is {', '.join(live) or 'missing'}"


def _foreign_keys(database: Database, model: type[Model], table: str) -> Iterator[str]:
    live = set(_rows(database, _FOREIGN_KEYS, table))
    expected = {
        (column, to_table, to_column, "CASCADE", "CASCADE")
        for to_table, pairs in getattr(model, "foreign_keys", ())
        for column, to_column in pairs
    }
    for column, to_table, to_column, *_ in sorted(expected - live):
        yield f"no cascading foreign key {table}.{column} -> {to_table}.{to_column}"
    for column, to_table, to_column, *_ in sorted(live - expected):
        yield f"the foreign key {table}.{column} -> {to_table}.{to_column} is unknown"


def _indexes(database: Database, model: type[Model], table: str) -> Iterator[str]:
    live = {(columns, bool(is_unique)) for columns, is_unique in _rows(database, _INDEXES, table)}
    for columns, is_unique in model._meta.indexes:
        if (",".join(columns), is_unique) not in live:
            kind = "unique index" if is_unique else "index"
            yield f"the {kind} of {table} on {', '.join(columns)} is missing"


def _rows(database: Database, queries: Mapping[str, str], table: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in database.execute_sql(queries[dialect_of(database)], (table,))]


_FOREIGN_KEYS = {
    "sqlite": 'SELECT "from", "table", "to", on_delete, on_update FROM pragma_foreign_key_list(?)',
    "postgresql": """
        SELECT own.attname, constr.confrelid::regclass::text, other.attname,
               CASE confdeltype WHEN 'c' THEN 'CASCADE' ELSE confdeltype::text END,
               CASE confupdtype WHEN 'c' THEN 'CASCADE' ELSE confupdtype::text END
        FROM pg_constraint constr
        CROSS JOIN LATERAL unnest(conkey, confkey) AS pair (own_number, other_number)
        JOIN pg_attribute own ON own.attrelid = conrelid AND own.attnum = own_number
        JOIN pg_attribute other ON other.attrelid = confrelid AND other.attnum = other_number
        WHERE contype = 'f' AND conrelid = %s::regclass""",
}

_INDEXES = {
    "sqlite": """
        SELECT (SELECT group_concat(name) FROM
                   (SELECT name FROM pragma_index_info(list.name) ORDER BY seqno)),
               list."unique"
        FROM pragma_index_list(?) AS list WHERE list.partial = 0""",
    "postgresql": """
        SELECT (SELECT string_agg(attname, ',' ORDER BY place)
                FROM unnest(indkey) WITH ORDINALITY AS key (number, place)
                JOIN pg_attribute ON attrelid = indrelid AND attnum = number),
               indisunique
        FROM pg_index WHERE indrelid = %s::regclass AND indpred IS NULL""",
}
