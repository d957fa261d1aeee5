"""Collections and their artifacts, known by `type:name`."""

from __future__ import annotations

from holdall_composites_migrations import DataWouldBeLost, Operations

NOW = {
    "sqlite": "(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
    "postgresql": """(to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))""",
}


def upgrade(op: Operations) -> None:
    """Make both tables."""
    now = NOW[op.dialect]
    op.execute(
        """CREATE TABLE collections (
    id VARCHAR(32) NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    manifest_hash VARCHAR(64)
)"""
    )
    op.execute(
        f"""CREATE TABLE artifacts (
    collection_id VARCHAR(32) NOT NULL
        REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT,
    origin TEXT NOT NULL DEFAULT 'local',
    content_hash VARCHAR(64),
    active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TEXT NOT NULL DEFAULT {now},
    updated_at TEXT NOT NULL DEFAULT {now},
    PRIMARY KEY (collection_id, id)
)"""
    )
    op.execute("CREATE INDEX artifacts_name ON artifacts (collection_id, name)")
    op.execute("CREATE INDEX artifacts_content_hash ON artifacts (content_hash)")


def downgrade(op: Operations) -> None:
    """Drop both tables; refused while they hold rows."""
    if not op.lose_data and op.fetch("SELECT 1 FROM collections LIMIT 1"):
        raise DataWouldBeLost("the collections and all their artifacts")
    op.execute("DROP TABLE artifacts")
    op.execute("DROP TABLE collections")
