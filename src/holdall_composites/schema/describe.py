"""What a schema consists of, as the database tells it: a text for each thing that can differ.

    {"composite_memberships": {
        "column": {"position": "INTEGER NOT NULL DEFAULT 0", ...},
        "primary key": {"(collection_id, composite_id, child_artifact_uuid)": ""},
        "foreign key": {"(child_artifact_uuid, collection_id) -> ... ON DELETE CASCADE": ""},
        "check": {...}, "unique index": {...}, "index": {...}, "trigger": {...}}}

Two schemas are compared by asking both in the same way. It only reads, and only the catalogue.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from holdall_composites.database.connect import translated_errors
from holdall_composites.database.peewee_import import Database, SqliteDatabase

Description = dict[str, dict[str, dict[str, str]]]
Fact = tuple[str, str, str]

# Peewee's name for them; the affinity, which is all that counts, is an integer's anyway.
_SQLITE_SYNONYMS = {"BOOLEAN": "INTEGER", "BIGINT": "INTEGER"}


def describe(database: Database, tables: Iterable[str]) -> Description:
    """Return what those of the tables that are there consist of."""
    of = _sqlite_facts if isinstance(database, SqliteDatabase) else _postgresql_facts
    found: Description = {}
    with translated_errors():
        for table, (kind, name, text) in of(database, sorted(tables)):
            found.setdefault(table, defaultdict(dict))[kind][_plain(name)] = _plain(text)
    return found


def _plain(text: str) -> str:
    """Return a text without what changes nothing: quotes around names, line breaks."""
    return " ".join(text.replace('"', "").split())


def _sqlite_facts(database: Database, tables: Iterable[str]) -> Iterator[tuple[str, Fact]]:
    for table in tables:
        rows = _rows(
            database, "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ?", table
        )
        definitions = {(kind, name): str(sql or "") for kind, name, sql in rows}
        if ("table", table) not in definitions:
            continue
        for condition in _conditions(definitions["table", table]):
            yield table, ("check", condition, "")
        for (kind, name), sql in definitions.items():
            if kind == "trigger":
                yield table, ("trigger", name, sql)
        for facts in (_sqlite_columns, _sqlite_keys):
            yield from ((table, fact) for fact in facts(database, table))
        for fact in _sqlite_indexes(database, table, definitions):
            yield table, fact


def _sqlite_columns(database: Database, table: str) -> Iterator[Fact]:
    key = {}
    columns = 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)'
    for name, kind, is_not_null, default, place, hidden in _rows(database, columns, table):
        parts = [_SQLITE_SYNONYMS.get(kind.upper(), kind)]
        parts += ["NOT NULL"] if is_not_null else []
        parts += [f"DEFAULT {default}"] if default is not None else []
        yield "column", name, " ".join([*parts, *(["GENERATED"] if hidden else [])])
        if place:
            key[place] = name
    yield "primary key", _listed(key[place] for place in sorted(key)), ""


def _sqlite_keys(database: Database, table: str) -> Iterator[Fact]:
    query = 'SELECT id, "table", on_delete, on_update, "from", "to" FROM pragma_foreign_key_list(?)'
    for _, group in groupby(sorted(_rows(database, query, table), key=str), key=itemgetter(0)):
        columns = list(group)
        _, to_table, on_delete, on_update, _, _ = columns[0]
        pairs = sorted((str(own), str(to)) for *_, own, to in columns)
        yield (
            "foreign key",
            f"{_listed(own for own, _ in pairs)} -> {to_table} {_listed(to for _, to in pairs)}"
            f" ON DELETE {on_delete} ON UPDATE {on_update}",
            "",
        )


def _sqlite_indexes(
    database: Database, table: str, definitions: dict[tuple[str, str], str]
) -> Iterator[Fact]:
    indexes = "SELECT name, \"unique\" FROM pragma_index_list(?) WHERE origin <> 'pk'"
    parts = 'SELECT name, coll, "desc" FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno'
    for index, is_unique in _rows(database, indexes, table):
        columns = [
            f"{name or 'expression'}{'' if coll == 'BINARY' else f' {coll}'}{' DESC' * desc}"
            for name, coll, desc in _rows(database, parts, index)
        ]
        some = re.search(r"(?is)\bWHERE\b.*", definitions.get(("index", index), ""))
        text = _listed(columns) + (f" {some[0]}" if some else "")
        yield ("unique index" if is_unique else "index"), index, text


def _listed(names: Iterable[str]) -> str:
    return f"({', '.join(names)})"


def _rows(database: Database, query: str, name: str) -> list[Any]:
    return list(database.execute_sql(query, (name,)).fetchall())


def _conditions(sql: str) -> Iterator[str]:
    """Yield the conditions of the CHECKs in a table's definition."""
    for match in re.finditer(r"(?i)\bCHECK\s*\(", sql):
        depth, quoted, end = 1, False, match.end()
        while depth and end < len(sql):
            letter = sql[end]
            quoted ^= letter == "'"
            if not quoted:
                depth += {"(": 1, ")": -1}.get(letter, 0)
            end += 1
        yield _plain(sql[match.end() : end - 1])


# The last argument, true, leaves out the name of a schema that is searched anyway.
_POSTGRESQL = """
WITH ours AS (
    SELECT oid, relname FROM pg_class
    WHERE relname = ANY (%s) AND relkind IN ('r', 'p') AND pg_table_is_visible(oid))
SELECT relname::text, 'column', attname::text, format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
    || coalesce(CASE WHEN attgenerated = '' THEN ' DEFAULT ' ELSE ' GENERATED ' END
                || pg_get_expr(adbin, adrelid, true), '')
    || CASE WHEN attidentity = '' THEN '' ELSE ' IDENTITY' END
FROM ours JOIN pg_attribute ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL
SELECT relname,
    CASE contype WHEN 'p' THEN 'primary key' WHEN 'f' THEN 'foreign key' ELSE 'check' END,
    regexp_replace(pg_get_constraintdef(con.oid, true), '^(PRIMARY KEY|FOREIGN KEY|CHECK) ', ''), ''
FROM ours JOIN pg_constraint con ON conrelid = ours.oid AND contype IN ('p', 'f', 'c')
UNION ALL
SELECT ours.relname, CASE WHEN indisunique THEN 'unique index' ELSE 'index' END, own.relname,
    substring(pg_get_indexdef(indexrelid, 0, true) from ' USING .*')
    || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END
FROM ours JOIN pg_index ON indrelid = ours.oid AND NOT indisprimary
JOIN pg_class own ON own.oid = indexrelid
UNION ALL
SELECT relname, 'trigger', tgname, pg_get_triggerdef(trg.oid, true)
    || CASE tgenabled WHEN 'O' THEN ' ' ELSE ' NOT ENABLED ' END || prosrc
FROM ours JOIN pg_trigger trg ON tgrelid = ours.oid AND NOT tgisinternal
JOIN pg_proc ON pg_proc.oid = tgfoid"""


def _postgresql_facts(database: Database, tables: Iterable[str]) -> Iterator[tuple[str, Fact]]:
    for table, *fact in database.execute_sql(_POSTGRESQL, (list(tables),)).fetchall():
        yield table, tuple(fact)
