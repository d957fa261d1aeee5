"""Which artifact lies in which project, as deploys recorded it."""

from __future__ import annotations

from holdall_composites_migrations import DataWouldBeLost, Operations

NOW = {
    "sqlite": "(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
    "postgresql": """(to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))""",
}


def upgrade(op: Operations) -> None:
    """Make the table."""
    op.execute(
        f"""CREATE TABLE deployments (
    collection_id VARCHAR(32) NOT NULL
        REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE,
    project TEXT NOT NULL,
    target_root TEXT NOT NULL,
    artifact_uuid VARCHAR(32) NOT NULL
        REFERENCES artifacts (uuid) ON DELETE CASCADE ON UPDATE CASCADE,
    content_hash VARCHAR(64) NOT NULL,
    transaction_id TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done')),
    deployed_at TEXT NOT NULL DEFAULT {NOW[op.dialect]},
    PRIMARY KEY (collection_id, project, target_root, artifact_uuid)
)"""
    )
    op.execute("CREATE INDEX deployments_artifact ON deployments (artifact_uuid)")


def downgrade(op: Operations) -> None:
    """Drop the table; refused while it holds rows."""
    if not op.lose_data and op.fetch("SELECT 1 FROM deployments LIMIT 1"):
        raise DataWouldBeLost("the record of what was deployed where")
    op.execute("DROP TABLE deployments")
