"""The log of operations: who changed what, when, on which host, and how to turn it back.

`operation_artifacts` holds plain UUIDs: the log outlives what it tells of. Its content hash is what
a deploy placed, so that a later undo finds those bytes.
"""

from __future__ import annotations

from holdall_composites_migrations import DataWouldBeLost, Operations


def upgrade(op: Operations) -> None:
    """Make both tables."""
    op.execute(
        """CREATE TABLE operations (
    collection_id VARCHAR(32) NOT NULL
        REFERENCES collections (id) ON DELETE CASCADE ON UPDATE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0),
    transaction_id TEXT NOT NULL,
    command TEXT NOT NULL,
    summary TEXT NOT NULL,
    project TEXT,
    author TEXT,
    host TEXT NOT NULL,
    at TEXT NOT NULL,
    undoes TEXT,
    details TEXT,
    PRIMARY KEY (collection_id, number)
)"""
    )
    op.execute(
        "CREATE UNIQUE INDEX operations_transaction ON operations (collection_id, transaction_id)"
    )
    op.execute(
        """CREATE TABLE operation_artifacts (
    collection_id VARCHAR(32) NOT NULL,
    number INTEGER NOT NULL,
    artifact_uuid VARCHAR(32) NOT NULL,
    content_hash VARCHAR(64),
    PRIMARY KEY (collection_id, number, artifact_uuid),
    FOREIGN KEY (collection_id, number) REFERENCES operations (collection_id, number)
        ON DELETE CASCADE ON UPDATE CASCADE
)"""
    )
    op.execute(
        "CREATE INDEX operation_artifacts_artifact"
        " ON operation_artifacts (artifact_uuid, collection_id)"
    )


def downgrade(op: Operations) -> None:
    """Drop both tables; refused while they hold rows."""
    if not op.lose_data and op.fetch("SELECT 1 FROM operations LIMIT 1"):
        raise DataWouldBeLost("the log of operations, and with it what `holdall undo` needs")
    op.execute("DROP TABLE operation_artifacts")
    op.execute("DROP TABLE operations")
