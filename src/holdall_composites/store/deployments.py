"""Rows of `deployments`: what lies in which project."""

from __future__ import annotations

from collections.abc import Iterable

from holdall_composites.store.query import Listing, Statements, as_json
from holdall_composites.values.pagination import DEFAULT_LIMIT, Page
from holdall_composites.values.records import DeploymentRecord
from holdall_composites.values.types import DeploymentState

_SELECT = (
    "SELECT collection_id, project, target_root, artifact_uuid, content_hash, transaction_id,"
    " state, deployed_at FROM deployments"
)
_UPSERT = (
    "INSERT INTO deployments (collection_id, project, target_root, artifact_uuid, content_hash,"
    " transaction_id, state)"
    " SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,"
    " value ->> 6 FROM ROWS(?) WHERE TRUE"
    " ON CONFLICT (collection_id, project, target_root, artifact_uuid) DO UPDATE SET"
    " content_hash = excluded.content_hash, transaction_id = excluded.transaction_id,"
    " state = excluded.state, deployed_at = UTC_NOW"
)
_BEGIN = f"{_UPSERT} WHERE deployments.state = 'pending'"
_DONE = (
    "SELECT target_root, artifact_uuid, content_hash FROM deployments"
    " WHERE collection_id = ? AND project = ? AND state = 'done'"
)
_DELETE = (
    "DELETE FROM deployments WHERE (collection_id, project, target_root, artifact_uuid) IN"
    " (SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM ROWS(?))"
)
_ABANDON = (
    "DELETE FROM deployments WHERE state = 'pending' AND"
    " (collection_id, project, target_root, artifact_uuid, transaction_id) IN"
    " (SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 5 FROM ROWS(?))"
)


def _listing(name: str, condition: str) -> Listing[DeploymentRecord]:
    return Listing(
        name=name,
        query=f"{_SELECT} WHERE collection_id = ?{condition}",
        key=("project", "target_root", "artifact_uuid"),
        shape=(str, str, str),
        record=DeploymentRecord,
        key_of=lambda record: (record.project, record.target_root, record.artifact_uuid),
    )


_ALL = _listing("deployments", "")
_OF_ARTIFACT = _listing("deployments of an artifact", " AND artifact_uuid = ?")
_IN_PROJECT = _listing("deployments in a project", " AND project = ?")
_OF_ARTIFACT_IN_PROJECT = _listing(
    "deployments of an artifact in a project", " AND artifact_uuid = ? AND project = ?"
)
_BY_GIVEN = {
    (False, False): _ALL,
    (True, False): _OF_ARTIFACT,
    (False, True): _IN_PROJECT,
    (True, True): _OF_ARTIFACT_IN_PROJECT,
}


def _row(record: DeploymentRecord) -> tuple[str, ...]:
    return (
        record.collection_id,
        record.project,
        record.target_root,
        record.artifact_uuid,
        record.content_hash,
        record.transaction_id,
        record.state,
    )


class DeploymentRows(Statements):
    """What can be done with deployments."""

    def finished_in(self, collection_id: str, project: str) -> set[tuple[str, str, str]]:
        """Return what is recorded as done in a project: target roots, UUIDs and content hashes."""
        rows = self._fetch(_DONE, collection_id, project)
        return {(target_root, uuid, content_hash) for target_root, uuid, content_hash in rows}

    def begin_deployments(self, records: Iterable[DeploymentRecord]) -> None:
        """Record deployments as pending, but for those that replace one that is done."""
        self._record(_BEGIN, records, DeploymentState.PENDING)

    def finish_deployments(self, records: Iterable[DeploymentRecord]) -> None:
        """Record deployments as done, whether begun or not. Safe to repeat."""
        self._record(_UPSERT, records, DeploymentState.DONE)

    def _record(
        self, statement: str, records: Iterable[DeploymentRecord], state: DeploymentState
    ) -> None:
        rows = {(row := _row(record._replace(state=state)))[:4]: row for record in records}
        if rows:
            self._run(statement, as_json(rows.values()))

    def abandon_deployments(self, records: Iterable[DeploymentRecord]) -> int:
        """Delete those of these deployments that their transactions began and did not finish.

        Returns how many there were. Safe to repeat.
        """
        rows = [_row(record) for record in records]
        return self._run(_ABANDON, as_json(rows)) if rows else 0

    def forget_deployments(self, records: Iterable[DeploymentRecord]) -> int:
        """Delete deployments by their keys; returns how many there were. Safe to repeat."""
        rows = [_row(record) for record in records]
        return self._run(_DELETE, as_json(rows)) if rows else 0

    def projects_of(self, artifact_uuids: Iterable[str]) -> dict[str, list[str]]:
        """Return the projects that these artifacts lie in, by UUID; none for one that lies nowhere.

        Of any collection.
        """
        rows = self._fetch(
            "SELECT DISTINCT artifact_uuid, project FROM deployments"
            " WHERE artifact_uuid IN MANY(?) ORDER BY artifact_uuid, project",
            as_json(artifact_uuids),
        )
        found: dict[str, list[str]] = {}
        for uuid, project in rows:
            found.setdefault(uuid, []).append(project)
        return found

    def list_deployments(
        self,
        collection_id: str,
        *,
        artifact_uuid: str | None = None,
        project: str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DeploymentRecord]:
        """Return deployments of a collection, an artifact, a project, in the order of projects."""
        listing = _BY_GIVEN[artifact_uuid is not None, project is not None]
        given = [value for value in (artifact_uuid, project) if value is not None]
        return self._page(listing, (collection_id, *given), cursor, limit)
