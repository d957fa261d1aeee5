"""Questions about what can only be wrong if something went wrong, and deleting for good."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from holdall_composites.store.query import Statements, as_json
from holdall_composites.values.records import Purged

_UNUSED_TREES = (
    "FROM trees WHERE NOT EXISTS"
    " (SELECT 1 FROM artifact_versions v WHERE v.content_hash = trees.content_hash)"
    " AND NOT EXISTS (SELECT 1 FROM deployments d WHERE d.content_hash = trees.content_hash)"
    " AND NOT EXISTS"
    " (SELECT 1 FROM operation_artifacts o WHERE o.content_hash = trees.content_hash)"
)
_UNUSED_BLOBS = (
    "FROM blobs WHERE NOT EXISTS (SELECT 1 FROM version_files f WHERE f.sha256 = blobs.sha256)"
)


class IntegrityRows(Statements):
    """What `holdall doctor` and `holdall purge` ask the tables."""

    def broken_files(self) -> list[str]:
        """Return what SQLite has against its own file; nothing for PostgreSQL, which looks itself.

        Raises DatabaseFailed for a file that is not to be read at all.
        """
        if self._is_postgresql:
            return []
        found = [str(row[0]) for row in self._fetch("PRAGMA quick_check")]
        orphans = {str(row[0]) for row in self._fetch("PRAGMA foreign_key_check")}
        return [f for f in found if f != "ok"] + [
            f"rows of {table} have lost their parents" for table in sorted(orphans)
        ]

    def unversioned_artifacts(self, collection_id: str) -> list[str]:
        """Return the ids of active artifacts whose newest version is not what they are."""
        rows = self._fetch(
            "SELECT a.id FROM artifacts a WHERE a.collection_id = ? AND a.active"
            " AND a.content_hash IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM artifact_versions v WHERE v.artifact_uuid = a.uuid"
            " AND v.content_hash = a.content_hash AND v.number ="
            " (SELECT max(number) FROM artifact_versions WHERE artifact_uuid = a.uuid))"
            " ORDER BY a.id",
            collection_id,
        )
        return [artifact_id for (artifact_id,) in rows]

    def misnumbered_artifacts(self, collection_id: str) -> list[str]:
        """Return the ids of artifacts whose versions are not 0, 1, ... each the next's parent."""
        rows = self._fetch(
            "SELECT a.id FROM artifacts a JOIN artifact_versions v ON v.artifact_uuid = a.uuid"
            " LEFT JOIN artifact_versions p ON p.id = v.parent_id AND p.artifact_uuid = a.uuid"
            " WHERE a.collection_id = ? GROUP BY a.id"
            " HAVING count(*) <> max(v.number) + 1 OR min(v.number) <> 0"
            " OR sum(CASE WHEN v.number = 0 OR p.number = v.number - 1 THEN 0 ELSE 1 END) > 0"
            " ORDER BY a.id",
            collection_id,
        )
        return [artifact_id for (artifact_id,) in rows]

    def unknown_pins(self, collection_id: str) -> list[tuple[str, str, str]]:
        """Return memberships whose pin is no version of the child: (composite, child, pin)."""
        rows: list[Any] = self._fetch(
            "SELECT m.composite_id, a.id, m.pinned_version_hash FROM composite_memberships m"
            " JOIN artifacts a ON a.uuid = m.child_artifact_uuid"
            " WHERE m.collection_id = ? AND m.pinned_version_hash IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM artifact_versions v WHERE v.artifact_uuid = a.uuid"
            " AND v.content_hash = m.pinned_version_hash) ORDER BY 1, 2",
            collection_id,
        )
        return rows

    def version_hashes(self, collection_id: str) -> list[tuple[str, int, str]]:
        """Return every version of a collection's artifacts: (id, number, content hash)."""
        rows: list[Any] = self._fetch(
            "SELECT a.id, v.number, v.content_hash FROM artifact_versions v"
            " JOIN artifacts a ON a.uuid = v.artifact_uuid WHERE a.collection_id = ?"
            " ORDER BY a.id, v.number",
            collection_id,
        )
        return rows

    def count_unused_blobs(self) -> int:
        """Return how many blobs no tree uses."""
        ((blobs,),) = self._fetch(f"SELECT count(*) {_UNUSED_BLOBS}")
        return int(blobs)

    def purge(self, collection_id: str, uuids: Iterable[str]) -> Purged:
        """Delete inactive artifacts for good, and every tree and blob that nobody needs any more.

        Their versions, memberships and deployments go by the database's cascades.
        """
        wanted = as_json(uuids)
        with self.transaction():
            if self._is_postgresql:
                # Whoever stores a tree relies on the blobs it found there.
                self._run("LOCK TABLE trees, version_files, blobs IN ACCESS EXCLUSIVE MODE")
            ((versions,),) = self._fetch(
                "SELECT count(*) FROM artifact_versions v JOIN artifacts a"
                " ON a.uuid = v.artifact_uuid"
                " WHERE a.collection_id = ? AND NOT a.active AND a.uuid IN MANY(?)",
                collection_id,
                wanted,
            )
            artifacts = self._run(
                "DELETE FROM artifacts WHERE collection_id = ? AND NOT active AND uuid IN MANY(?)",
                collection_id,
                wanted,
            )
            self._run(
                "UPDATE operation_artifacts SET content_hash = NULL"
                " WHERE collection_id = ? AND artifact_uuid IN MANY(?)",
                collection_id,
                wanted,
            )
            self._run(f"DELETE {_UNUSED_TREES}")
            ((size,),) = self._fetch(f"SELECT coalesce(sum(size), 0) {_UNUSED_BLOBS}")
            blobs = self._run(f"DELETE {_UNUSED_BLOBS}")
        return Purged(artifacts, versions, blobs, int(size))
