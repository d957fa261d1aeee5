"""Memberships followed all the way down or up, each direction in one query."""

from __future__ import annotations

from collections.abc import Iterable

from holdall_composites.store.query import Statements, as_json
from holdall_composites.values.records import Edge

# UNION, not UNION ALL: a cycle in the rows is walked once.
_BELOW = """
WITH RECURSIVE reached (collection_id, id) AS (
    SELECT collection_id, id FROM composite_artifacts WHERE collection_id = ? AND id IN MANY(?)
    UNION
    SELECT c.collection_id, c.id FROM reached
    JOIN composite_memberships AS m
        ON m.collection_id = reached.collection_id AND m.composite_id = reached.id
    JOIN artifacts AS a ON a.uuid = m.child_artifact_uuid
    JOIN composite_artifacts AS c ON c.collection_id = a.collection_id AND c.id = a.id
)
SELECT m.composite_id, a.id, a.uuid, m.pinned_version_hash, c.id IS NOT NULL, a.active
FROM reached
JOIN composite_memberships AS m
    ON m.collection_id = reached.collection_id AND m.composite_id = reached.id
JOIN artifacts AS a ON a.uuid = m.child_artifact_uuid
LEFT JOIN composite_artifacts AS c ON c.collection_id = a.collection_id AND c.id = a.id
ORDER BY m.composite_id, m.position, m.child_artifact_uuid
"""
_ABOVE = """
WITH RECURSIVE reached (collection_id, id, uuid, active) AS (
    SELECT collection_id, id, uuid, active FROM artifacts
    WHERE collection_id = ? AND uuid IN MANY(?)
    UNION
    SELECT p.collection_id, p.id, p.uuid, p.active FROM reached
    JOIN composite_memberships AS m
        ON m.child_artifact_uuid = reached.uuid AND m.collection_id = reached.collection_id
    JOIN artifacts AS p ON p.collection_id = m.collection_id AND p.id = m.composite_id
)
SELECT m.composite_id, reached.id, reached.uuid, m.pinned_version_hash, c.id IS NOT NULL,
    reached.active
FROM reached
JOIN composite_memberships AS m
    ON m.child_artifact_uuid = reached.uuid AND m.collection_id = reached.collection_id
LEFT JOIN composite_artifacts AS c
    ON c.collection_id = reached.collection_id AND c.id = reached.id
ORDER BY m.composite_id, m.position, m.child_artifact_uuid
"""


class ClosureRows(Statements):
    """What can be asked about nested composites."""

    def edges_below(self, collection_id: str, composite_ids: Iterable[str]) -> list[Edge]:
        """Return all memberships of these composites and of those nested in them, in order.

        One query, whatever the depth; a cycle in the rows is walked once.
        """
        return self._fetch(_BELOW, collection_id, as_json(composite_ids))

    def edges_above(self, collection_id: str, child_uuids: Iterable[str]) -> list[Edge]:
        """Return all memberships through which these artifacts belong to anything, in order.

        One query, whatever the depth; a cycle in the rows is walked once.
        """
        return self._fetch(_ABOVE, collection_id, as_json(child_uuids))
