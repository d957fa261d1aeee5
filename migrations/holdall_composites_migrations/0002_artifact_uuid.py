"""Every artifact gets a permanent UUID: 32 lowercase hex digits, RFC 4122 version 4.

PostgreSQL adds the column with a volatile default (one rewrite, distinct values) and drops the
default again. SQLite before 3.53 cannot add NOT NULL to a column, so the table is built anew; the
runner has switched foreign keys off, else dropping the old table would cascade.
"""

from __future__ import annotations

from holdall_composites_migrations import Operations, StandsAgainst

REWRITES = "artifacts"

SQLITE_UUID = (
    "lower(hex(randomblob(4)) || hex(randomblob(2)) || '4' || substr(hex(randomblob(2)), 2)"
    " || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)"
    " || hex(randomblob(6)))"
)

# Frozen: the table as revision 0001 made it.
SQLITE_COLUMNS = """collection_id VARCHAR(32) NOT NULL
        REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT,
    origin TEXT NOT NULL DEFAULT 'local',
    content_hash VARCHAR(64),
    active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))"""
SQLITE_NAMES = (
    "collection_id", "id", "type", "name", "path", "origin", "content_hash", "active",
    "created_at", "updated_at",
)  # fmt: skip
SQLITE_INDEXES = {
    "artifacts_name": "CREATE INDEX artifacts_name ON artifacts (collection_id, name)",
    "artifacts_content_hash": "CREATE INDEX artifacts_content_hash ON artifacts (content_hash)",
}
SQLITE_KEY = "PRIMARY KEY (collection_id, id)"
SQLITE_UUID_COLUMN = (
    "uuid VARCHAR(32) NOT NULL CHECK (length(uuid) = 32 AND uuid NOT GLOB '*[^0-9a-f]*')"
)


def upgrade(op: Operations) -> None:
    """Add the column, fill every row, forbid NULL, and index it."""
    if op.dialect == "sqlite":
        _rebuild(op)
    else:
        op.execute(
            "ALTER TABLE artifacts ADD COLUMN uuid VARCHAR(32) NOT NULL"
            " DEFAULT replace(gen_random_uuid()::text, '-', '')"
        )
        op.execute("ALTER TABLE artifacts ALTER COLUMN uuid DROP DEFAULT")
        op.execute(
            "ALTER TABLE artifacts ADD CONSTRAINT artifacts_uuid_check"
            " CHECK (uuid ~ '^[0-9a-f]{32}$')"
        )
    op.execute("CREATE UNIQUE INDEX artifacts_uuid ON artifacts (uuid)")


_DEPENDENTS = (
    "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    " AND (type IN ('trigger', 'view') OR (type = 'index' AND tbl_name = 'artifacts'))"
    " ORDER BY CASE type WHEN 'index' THEN 0 WHEN 'view' THEN 1 ELSE 2 END, rowid"
)


def _rebuild(op: Operations) -> None:
    dependents = [row for row in op.fetch(_DEPENDENTS) if row[1] not in SQLITE_INDEXES]
    for kind, name, _ in reversed(dependents):
        if kind != "index":
            op.execute(f"DROP {kind.upper()} {_quoted(name)}")
    names = ", ".join([*SQLITE_NAMES, *_columns_of_others(op)])
    op.execute(f"CREATE TABLE artifacts_new {_definition(op)}")
    op.execute(
        f"INSERT INTO artifacts_new ({names}, uuid)\n"
        f"    SELECT {names}, {SQLITE_UUID} FROM artifacts"
    )
    before = op.fetch("SELECT count(*) FROM artifacts")
    if before != op.fetch("SELECT count(*) FROM artifacts_new"):
        raise StandsAgainst("the new table does not hold as many rows as the old one")
    op.execute("DROP TABLE artifacts")
    op.execute("ALTER TABLE artifacts_new RENAME TO artifacts")
    for sql in [*SQLITE_INDEXES.values(), *(sql for _, _, sql in dependents)]:
        op.execute(sql)


def _definition(op: Operations) -> str:
    """Return what follows the table's name: frozen, with what others added to it kept verbatim."""
    rows = op.fetch("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'artifacts'")
    live = str(rows[0][0]) if rows else f"artifacts (\n    {SQLITE_COLUMNS},\n    {SQLITE_KEY}\n)"
    head, found, tail = live.partition(SQLITE_COLUMNS)
    if not found or SQLITE_KEY not in tail:
        raise StandsAgainst("the table artifacts is not the one that migration 0001 made")
    return f"{head[head.index('(') :]}{SQLITE_COLUMNS},\n    {SQLITE_UUID_COLUMN}{tail}"


def _columns_of_others(op: Operations) -> list[str]:
    """Return the columns that somebody added, without those that are computed."""
    names = op.fetch("SELECT name FROM pragma_table_info('artifacts')")
    return [_quoted(name) for (name,) in names if name not in SQLITE_NAMES]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def downgrade(op: Operations) -> None:
    """Drop the column; every row and everything else that others made stay as they are.

    Refused while something needs the column, above all another table's foreign key: dropping it
    would take that along.
    """
    needing = sorted(row[0] for row in op.fetch(_NEEDING_UUID[op.dialect]))
    if needing:
        raise StandsAgainst(f"artifacts.uuid is needed by {', '.join(needing)}")
    op.execute("DROP INDEX artifacts_uuid")
    op.execute("ALTER TABLE artifacts DROP COLUMN uuid")


# SQLite's answer for views and triggers is a guess by their text, which errs on the safe side.
_NEEDING_UUID = {
    "sqlite": """
        SELECT 'a foreign key of ' || tables.name
        FROM sqlite_master AS tables, pragma_foreign_key_list(tables.name) AS keys
        WHERE tables.type = 'table' AND lower(keys."table") = 'artifacts'
            AND lower(keys."to") = 'uuid'
        UNION
        SELECT 'index ' || name FROM sqlite_master
        WHERE type = 'index' AND tbl_name = 'artifacts' AND name <> 'artifacts_uuid'
            AND sql LIKE '%uuid%'
        UNION
        SELECT type || ' ' || name FROM sqlite_master
        WHERE type IN ('trigger', 'view') AND sql LIKE '%artifacts%' AND sql LIKE '%uuid%'""",
    "postgresql": """
        SELECT DISTINCT pg_describe_object(needs.classid, needs.objid, needs.objsubid)
        FROM pg_depend AS needs
        JOIN pg_attribute AS col ON col.attrelid = needs.refobjid AND col.attnum = needs.refobjsubid
        LEFT JOIN pg_constraint AS con
            ON needs.classid = 'pg_constraint'::regclass AND con.oid = needs.objid
        LEFT JOIN pg_class AS idx ON needs.classid = 'pg_class'::regclass AND idx.oid = needs.objid
        WHERE needs.refclassid = 'pg_class'::regclass
            AND needs.refobjid = 'artifacts'::regclass AND col.attname = 'uuid'
            AND con.conname IS DISTINCT FROM 'artifacts_uuid_check'
            AND con.contype IS DISTINCT FROM 'n'
            AND idx.relname IS DISTINCT FROM 'artifacts_uuid'""",
}
