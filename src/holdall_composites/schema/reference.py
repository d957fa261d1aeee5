"""What the models do not tell of a schema: CHECKs, defaults and triggers.

As they should be they are read from a schema that the migrations themselves make, out of sight:
in memory for SQLite, in temporary tables that are rolled back for PostgreSQL. Both sides are asked
in the same way, so nothing has to be made comparable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from holdall_composites.database.peewee_import import Database, SqliteDatabase
from holdall_composites.schema.history import dialect_of
from holdall_composites.schema.runner import statements


@dataclass(slots=True)
class Details:
    """CHECK conditions and triggers by table, defaults and exact types by table and column."""

    checks: dict[str, set[str]] = field(default_factory=dict)
    defaults: dict[tuple[str, str], str] = field(default_factory=dict)
    triggers: dict[str, set[str]] = field(default_factory=dict)
    types: dict[tuple[str, str], str] = field(default_factory=dict)


def live_details(database: Database, tables: Iterable[str]) -> Details:
    """Return the details of these tables as they are."""
    of = _of_sqlite if dialect_of(database) == "sqlite" else _of_postgresql
    return of(database, sorted(tables))


def wanted_details(database: Database, tables: Iterable[str]) -> Details:
    """Return the details of these tables as the migrations make them in this kind of database."""
    if dialect_of(database) == "sqlite":
        with closing(SqliteDatabase(":memory:")) as reference:
            reference.connect()
            for statement in statements("sqlite"):
                reference.execute_sql(statement)
            return live_details(reference, tables)
    with database.atomic() as transaction:
        database.execute_sql("SET LOCAL search_path TO pg_temp")
        for statement in statements("postgresql"):
            database.execute_sql(statement)
        found = live_details(database, tables)
        transaction.rollback()
    return found


def _of_sqlite(database: Database, tables: Iterable[str]) -> Details:
    found = Details()
    for table in tables:
        rows = database.execute_sql(
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ?", (table,)
        ).fetchall()
        for kind, name, sql in rows:
            if kind == "table":
                found.checks[table] = set(_conditions(sql))
            elif kind == "trigger":
                found.triggers.setdefault(table, set()).add(name)
        columns = database.execute_sql(
            "SELECT name, type, dflt_value FROM pragma_table_info(?)", (table,)
        ).fetchall()
        found.types.update({(table, name): kind for name, kind, _ in columns})
        found.defaults.update({(table, n): text for n, _, text in columns if text is not None})
    return found


def _conditions(sql: str) -> Iterator[str]:
    """Yield the conditions of the CHECKs in a table's definition, blanks evened out."""
    for match in re.finditer(r"(?i)\bCHECK\s*\(", sql):
        depth, quoted, end = 1, False, match.end()
        while depth and end < len(sql):
            letter = sql[end]
            quoted ^= letter == "'"
            if not quoted:
                depth += {"(": 1, ")": -1}.get(letter, 0)
            end += 1
        yield " ".join(sql[match.end() : end - 1].split())


_CHECKS = """
    SELECT relname, pg_get_constraintdef(con.oid) FROM pg_constraint con
    JOIN pg_class ON pg_class.oid = conrelid
    WHERE contype = 'c' AND convalidated AND conrelid = to_regclass(%s)"""
_DEFAULTS = """
    SELECT relname, attname, pg_get_expr(adbin, adrelid) FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    JOIN pg_class ON pg_class.oid = adrelid
    WHERE adrelid = to_regclass(%s)"""
_TYPES = """
    SELECT relname, attname, format_type(atttypid, atttypmod) FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    WHERE attnum > 0 AND NOT attisdropped AND attrelid = to_regclass(%s)"""
_TRIGGERS = """
    SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND tgrelid = to_regclass(%s)"""


def _of_postgresql(database: Database, tables: Iterable[str]) -> Details:
    found = Details()
    for table in tables:
        for name, condition in database.execute_sql(_CHECKS, (table,)).fetchall():
            found.checks.setdefault(name, set()).add(condition)
        for name, column, text in database.execute_sql(_DEFAULTS, (table,)).fetchall():
            found.defaults[name, column] = text
        for name, column, kind in database.execute_sql(_TYPES, (table,)).fetchall():
            found.types[name, column] = kind
        for name, trigger in database.execute_sql(_TRIGGERS, (table,)).fetchall():
            found.triggers.setdefault(name, set()).add(trigger)
    return found
