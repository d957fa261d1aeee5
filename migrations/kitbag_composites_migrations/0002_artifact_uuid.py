"""Every artifact gets a permanent UUID: 32 lowercase hex digits, RFC 4122 version 4.

PostgreSQL adds the column with a volatile default (one rewrite, distinct values) and drops the
default again. SQLite before 3.53 cannot add NOT NULL to a column, so the table is built anew; the
runner has switched foreign keys off, else dropping the old table would cascade.
"""

from __future__ import annotations

from kitbag_composites_migrations import Operations

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
    extra = _columns_of_others(op)
    names = ", ".join([*SQLITE_NAMES, *(_quoted(name) for name, _ in extra)])
    columns = ",\n    ".join([SQLITE_COLUMNS, *(ddl for _, ddl in extra), SQLITE_UUID_COLUMN])
    op.execute(
        f"CREATE TABLE artifacts_new (\n    {columns},\n    PRIMARY KEY (collection_id, id)\n)"
    )
    op.execute(
        f"INSERT INTO artifacts_new ({names}, uuid)\n"  # noqa: S608 - names come from the schema
        f"    SELECT {names}, {SQLITE_UUID} FROM artifacts"
    )
    before = op.fetch("SELECT count(*) FROM artifacts")
    if before != op.fetch("SELECT count(*) FROM artifacts_new"):
        raise RuntimeError("artifacts_new does not hold as many rows as artifacts")
    op.execute("DROP TABLE artifacts")
    op.execute("ALTER TABLE artifacts_new RENAME TO artifacts")
    for sql in [*SQLITE_INDEXES.values(), *(sql for _, _, sql in dependents)]:
        op.execute(sql)


def _columns_of_others(op: Operations) -> list[tuple[str, str]]:
    """Return the columns that somebody added to the table, with what declares them."""
    found = []
    for _, name, type_name, not_null, default, _, hidden in op.fetch(
        "SELECT * FROM pragma_table_xinfo('artifacts')"
    ):
        if name in SQLITE_NAMES:
            continue
        if hidden:
            raise RuntimeError(f"artifacts has a generated column {name!r}: drop it first")
        ddl = f"{_quoted(name)} {type_name}"
        ddl += " NOT NULL" if not_null else ""
        ddl += f" DEFAULT ({default})" if default is not None else ""
        found.append((name, ddl))
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def downgrade(op: Operations) -> None:
    """Drop the column; every row and every other column stay as they are.

    Refused while another table's foreign key needs it: dropping it would take that key along.
    """
    needing = sorted(row[0] for row in op.fetch(_FOREIGN_KEYS[op.dialect]))
    if needing:
        raise RuntimeError(f"foreign keys of {', '.join(needing)} need artifacts.uuid")
    op.execute("DROP INDEX artifacts_uuid")
    op.execute("ALTER TABLE artifacts DROP COLUMN uuid")


_FOREIGN_KEYS = {
    "sqlite": (
        "SELECT DISTINCT m.name FROM sqlite_master m, pragma_foreign_key_list(m.name) f"
        " WHERE m.type = 'table' AND f.\"table\" = 'artifacts' AND f.\"to\" = 'uuid'"
    ),
    "postgresql": (
        "SELECT DISTINCT c.conrelid::regclass::text FROM pg_constraint c"
        " JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = ANY (c.confkey)"
        " WHERE c.contype = 'f' AND c.confrelid = 'artifacts'::regclass AND a.attname = 'uuid'"
    ),
}
