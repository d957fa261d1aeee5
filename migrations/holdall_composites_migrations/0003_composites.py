"""Composites and their memberships.

A membership points to its child's UUID. Its foreign key takes the collection along, so that the
database itself refuses a child of another collection.
"""

from __future__ import annotations

from holdall_composites_migrations import DataWouldBeLost, Operations

NOW = {
    "sqlite": "(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
    "postgresql": """(to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))""",
}

PIN = {
    "sqlite": "CHECK (length(pinned_version_hash) = 64"
    " AND pinned_version_hash NOT GLOB '*[^0-9a-f]*')",
    "postgresql": "CHECK (pinned_version_hash ~ '^[0-9a-f]{64}$')",
}


def upgrade(op: Operations) -> None:
    """Make both tables, and the key that the memberships refer to."""
    now, pin = NOW[op.dialect], PIN[op.dialect]
    op.execute("CREATE UNIQUE INDEX artifacts_collection_uuid ON artifacts (collection_id, uuid)")
    op.execute(
        f"""CREATE TABLE composite_artifacts (
    collection_id VARCHAR(32) NOT NULL,
    id TEXT NOT NULL,
    composite_type TEXT NOT NULL DEFAULT 'plugin' CHECK (composite_type IN ('plugin')),
    display_name TEXT,
    description TEXT,
    metadata TEXT,
    created_at TEXT NOT NULL DEFAULT {now},
    updated_at TEXT NOT NULL DEFAULT {now},
    PRIMARY KEY (collection_id, id),
    FOREIGN KEY (collection_id, id) REFERENCES artifacts (collection_id, id)
        ON DELETE CASCADE ON UPDATE CASCADE
)"""
    )
    op.execute(
        f"""CREATE TABLE composite_memberships (
    collection_id VARCHAR(32) NOT NULL,
    composite_id TEXT NOT NULL,
    child_artifact_uuid VARCHAR(32) NOT NULL,
    relationship_type TEXT NOT NULL DEFAULT 'contains'
        CHECK (relationship_type IN ('contains', 'requires', 'extends')),
    position INTEGER NOT NULL DEFAULT 0,
    pinned_version_hash VARCHAR(64) {pin},
    metadata TEXT,
    created_at TEXT NOT NULL DEFAULT {now},
    updated_at TEXT NOT NULL DEFAULT {now},
    PRIMARY KEY (collection_id, composite_id, child_artifact_uuid),
    FOREIGN KEY (collection_id, composite_id) REFERENCES composite_artifacts (collection_id, id)
        ON DELETE CASCADE ON UPDATE CASCADE,
    FOREIGN KEY (collection_id, child_artifact_uuid) REFERENCES artifacts (collection_id, uuid)
        ON DELETE CASCADE ON UPDATE CASCADE
)"""
    )
    op.execute(
        "CREATE INDEX composite_memberships_order"
        " ON composite_memberships (collection_id, composite_id, position)"
    )
    op.execute(
        "CREATE INDEX composite_memberships_child"
        " ON composite_memberships (child_artifact_uuid, collection_id, composite_id)"
    )


def downgrade(op: Operations) -> None:
    """Drop both tables, in reverse; refused while they hold rows."""
    if not op.lose_data and op.fetch("SELECT 1 FROM composite_artifacts LIMIT 1"):
        raise DataWouldBeLost("all composites and their memberships")
    op.execute("DROP TABLE composite_memberships")
    op.execute("DROP TABLE composite_artifacts")
    op.execute("DROP INDEX artifacts_collection_uuid")
