"""What a schema consists of, as the database describes it: a text for each thing that can differ.

    {"composite_memberships": {
        "column": {"position": "INTEGER NOT NULL DEFAULT 0", ...},
        "primary key": {"(collection_id, composite_id, child_artifact_uuid)": ""},
        "foreign key": {"(child_artifact_uuid, collection_id) -> ... ON DELETE CASCADE": ""},
        "check": {...}, "unique index": {...}, "index": {...}, "trigger": {...}}}

Two schemas are compared by asking both in the same way. It only reads, and only the catalogue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from holdall_composites.database.connect import raw
from holdall_composites.database.failures import translate_errors
from holdall_composites.database.peewee_import import Database, SqliteDatabase

Description = dict[str, dict[str, dict[str, str]]]

# Names for an integer are one here, since only the affinity counts. The checks are in the text of
# the table only, which comes as a `definition`.
_SQLITE = """
WITH ours AS (
    SELECT name, sql FROM sqlite_master
    WHERE type = 'table' AND name IN (SELECT value FROM json_each(?))),
columns AS (
    SELECT ours.name AS own, c.* FROM ours JOIN pragma_table_xinfo(ours.name) AS c
    ORDER BY own, c.pk),
keys AS (
    SELECT ours.name AS own, k.* FROM ours JOIN pragma_foreign_key_list(ours.name) AS k
    ORDER BY own, k.id, k."from"),
parts AS (
    SELECT ours.name AS own, i.name AS called, i."unique", i.partial, i.origin, p.seqno,
        coalesce(p.name, 'expression') || CASE p.coll WHEN 'BINARY' THEN '' ELSE ' ' || p.coll END
        || CASE WHEN p."desc" THEN ' DESC' ELSE '' END AS part
    FROM ours JOIN pragma_index_list(ours.name) AS i JOIN pragma_index_xinfo(i.name) AS p
    WHERE p.key AND i.origin <> 'pk' ORDER BY own, called, p.seqno)
SELECT name, 'definition', name, sql FROM ours
UNION ALL
SELECT own, 'column', name,
    CASE WHEN upper(type) IN ('BOOLEAN', 'BIGINT') THEN 'INTEGER' ELSE type END
    || CASE WHEN "notnull" THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || dflt_value, '')
    || CASE WHEN hidden THEN ' GENERATED' ELSE '' END
FROM columns
UNION ALL
SELECT own, 'primary key', '(' || group_concat(name, ', ') || ')', ''
FROM columns WHERE pk GROUP BY own
UNION ALL
SELECT own, 'foreign key', '(' || group_concat("from", ', ') || ') -> ' || "table"
    || ' (' || group_concat("to", ', ') || ') ON DELETE ' || on_delete
    || ' ON UPDATE ' || on_update, ''
FROM keys GROUP BY own, id
UNION ALL
SELECT own, CASE WHEN "unique" THEN 'unique index' ELSE 'index' END, called,
    '(' || group_concat(part, ', ') || ')' || CASE WHEN partial THEN (
        SELECT substr(sql, instr(upper(replace(sql, char(10), ' ')), ' WHERE '))
        FROM sqlite_master WHERE type = 'index' AND name = called) ELSE '' END
FROM parts GROUP BY own, called
UNION ALL
SELECT tbl_name, 'trigger', name, sql FROM sqlite_master
WHERE type = 'trigger' AND tbl_name IN (SELECT name FROM ours)"""

# The last argument, true, leaves out the name of a schema that is searched anyway.
_POSTGRESQL = """
WITH ours AS (
    SELECT oid, relname FROM pg_class
    WHERE relname IN (SELECT json_array_elements_text(%s::json))
    AND relkind IN ('r', 'p') AND pg_table_is_visible(oid))
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


def describe(database: Database, tables: Iterable[str]) -> Description:
    """Return what those of the tables that are there consist of."""
    query = _SQLITE if isinstance(database, SqliteDatabase) else _POSTGRESQL
    names, why = json.dumps(sorted(tables)), "the catalogue, which each database has its own of"
    with translate_errors():
        rows = raw(database, query, (names,), why=why).fetchall()
    found: Description = {}
    for table, kind, name, text in rows:
        facts = found.setdefault(table, {})
        if kind == "definition":
            facts |= {"check": dict.fromkeys(_conditions(text), "")}
        else:
            facts.setdefault(kind, {})[_plain(name)] = _plain(text)
    return found


def _plain(text: str) -> str:
    """Return a text without what changes nothing: quotes around names, line breaks."""
    return " ".join(text.replace('"', "").split())


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
