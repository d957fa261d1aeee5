"""Rows of `artifacts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from holdall_composites.store.query import Listing, Statements, as_json
from holdall_composites.values.pagination import DEFAULT_LIMIT, Page
from holdall_composites.values.records import ArtifactRecord
from holdall_composites.values.types import ArtifactState

_SELECT = (
    "SELECT collection_id, id, uuid, type, name, path, origin, content_hash, active,"
    " created_at, updated_at FROM artifacts"
)
_UUIDS = "SELECT id, uuid FROM artifacts WHERE collection_id = ? AND id IN MANY(?)"
_ACTIVE_UUIDS = (
    "SELECT id, uuid, EXISTS (SELECT 1 FROM composite_artifacts AS c"
    " WHERE c.collection_id = artifacts.collection_id AND c.id = artifacts.id)"
    " FROM artifacts WHERE collection_id = ? AND id IN MANY(?) AND active"
)
_INSERT = (
    "INSERT INTO artifacts (collection_id, id, uuid, type, name, path, origin, content_hash)"
    " SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,"
    " value ->> 6 FROM ROWS(?) WHERE TRUE"
)
_UPSERT = (
    f"{_INSERT} ON CONFLICT (collection_id, id) DO UPDATE SET"
    " path = excluded.path, origin = excluded.origin, content_hash = excluded.content_hash,"
    " active = TRUE, updated_at = UTC_NOW"
)
_UPDATE = (
    "UPDATE artifacts SET id = value ->> 0, type = value ->> 2, name = value ->> 3,"
    " path = value ->> 4, origin = value ->> 5, content_hash = value ->> 6,"
    " active = TRUE, updated_at = UTC_NOW"
    " FROM ROWS(?) AS given"
    " WHERE artifacts.collection_id = given.value ->> 7"
    " AND artifacts.uuid = given.value ->> 1"
)


def _record(*row: Any) -> ArtifactRecord:
    """Make a record of a row."""
    return _records([row])[0]


def _records(rows: Iterable[tuple[Any, ...]]) -> list[ArtifactRecord]:
    """Make records of rows; SQLite's booleans are numbers."""
    return [ArtifactRecord._make((*row[:8], bool(row[8]), *row[9:])) for row in rows]


def _listing(name: str, condition: str) -> Listing[ArtifactRecord]:
    return Listing(
        name=name,
        query=f"{_SELECT} WHERE collection_id = ?{condition}",
        key=("id",),
        shape=(str,),
        record=_record,
        key_of=lambda record: (record.id,),
    )


_ACTIVE = _listing("artifacts", " AND active")
_ALL = _listing("all artifacts", "")
_ACTIVE_OF_TYPE = _listing("artifacts of a type", " AND active AND type = ?")
_ALL_OF_TYPE = _listing("all artifacts of a type", " AND type = ?")


def _row(state: ArtifactState) -> tuple[str | None, ...]:
    return (
        state.id,
        state.uuid,
        state.type,
        state.name,
        state.path,
        state.origin,
        state.content_hash,
    )


class ArtifactRows(Statements):
    """What can be done with artifacts, composites' rows of this table included."""

    def get_artifact(self, collection_id: str, artifact_id: str) -> ArtifactRecord | None:
        """Return an artifact by its `type:name`, whether active or not."""
        rows = self._fetch(
            f"{_SELECT} WHERE collection_id = ? AND id = ?", collection_id, artifact_id
        )
        return _record(*rows[0]) if rows else None

    def get_artifact_by_uuid(self, uuid: str) -> ArtifactRecord | None:
        """Return an artifact by its UUID, whether active or not."""
        rows = self._fetch(f"{_SELECT} WHERE uuid = ?", uuid)
        return _record(*rows[0]) if rows else None

    def get_artifacts_by_uuid(self, uuids: Iterable[str]) -> dict[str, ArtifactRecord]:
        """Return the artifacts that have one of these UUIDs, of any collection, by UUID."""
        rows = self._fetch(f"{_SELECT} WHERE uuid IN MANY(?)", as_json(uuids))
        return {record.uuid: record for record in _records(rows)}

    def find_by_name(self, collection_id: str, name: str) -> list[ArtifactRecord]:
        """Return the active artifacts of this name, of any type, in the order of their ids."""
        rows = self._fetch(
            f"{_SELECT} WHERE collection_id = ? AND name = ? AND active ORDER BY id",
            collection_id,
            name,
        )
        return _records(rows)

    def uuids_of(self, collection_id: str, ids: Iterable[str]) -> dict[str, str]:
        """Return the UUIDs of those ids that exist, inactive ones included."""
        return dict(self._fetch(_UUIDS, collection_id, as_json(ids)))

    def active_uuids_of(
        self, collection_id: str, ids: Iterable[str]
    ) -> tuple[dict[str, str], set[str]]:
        """Return the UUIDs of those ids that are active, and which of them are composites."""
        rows = self._fetch(_ACTIVE_UUIDS, collection_id, as_json(ids))
        uuids = {artifact_id: uuid for artifact_id, uuid, _ in rows}
        return uuids, {artifact_id for artifact_id, _, is_composite in rows if is_composite}

    def active_ids(self, collection_id: str) -> list[str]:
        """Return the `type:name` of every active artifact, in no particular order."""
        rows = self._fetch(
            "SELECT id FROM artifacts WHERE collection_id = ? AND active", collection_id
        )
        return [artifact_id for (artifact_id,) in rows]

    def all_artifacts(self, collection_id: str) -> list[ArtifactRecord]:
        """Return every artifact of a collection, inactive ones included."""
        rows = self._fetch(f"{_SELECT} WHERE collection_id = ? ORDER BY id", collection_id)
        return _records(rows)

    def removed_artifacts(self, collection_id: str) -> list[ArtifactRecord]:
        """Return the inactive artifacts of a collection."""
        rows = self._fetch(
            f"{_SELECT} WHERE collection_id = ? AND NOT active ORDER BY id", collection_id
        )
        return _records(rows)

    def list_artifacts(
        self,
        collection_id: str,
        *,
        type_name: str | None = None,
        inactive_too: bool = False,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[ArtifactRecord]:
        """Return artifacts in the order of their ids."""
        if type_name is None:
            return self._page(_ALL if inactive_too else _ACTIVE, (collection_id,), cursor, limit)
        listing = _ALL_OF_TYPE if inactive_too else _ACTIVE_OF_TYPE
        return self._page(listing, (collection_id, type_name), cursor, limit)

    def insert_artifacts(self, collection_id: str, states: Iterable[ArtifactState]) -> None:
        """Insert rows; raises AlreadyExists for an id or UUID that is taken."""
        rows = [_row(state) for state in states]
        if rows:
            self._run(_INSERT, collection_id, as_json(rows))

    def upsert_artifacts(self, collection_id: str, states: Iterable[ArtifactState]) -> None:
        """Insert rows or, where the id is there, refresh them; those keep their UUIDs."""
        rows = [_row(state) for state in states]
        if rows:
            self._run(_UPSERT, collection_id, as_json(rows))

    def update_artifacts(self, collection_id: str, states: Iterable[ArtifactState]) -> None:
        """Set everything of the rows with these UUIDs, ids included, and make them active.

        Raises AlreadyExists for an id that is taken, also by a row that is about to give it up:
        move those out of the way first.
        """
        rows = [(*_row(state), collection_id) for state in states]
        if rows:
            self._run(_UPDATE, as_json(rows))

    def move_artifacts(self, collection_id: str, names: Mapping[str, tuple[str, str]]) -> None:
        """Give each of these UUIDs another id and name; memberships follow by cascade."""
        rows = [(collection_id, uuid, *moved) for uuid, moved in names.items()]
        if rows:
            self._run(
                "UPDATE artifacts SET id = value ->> 2, name = value ->> 3, updated_at = UTC_NOW"
                " FROM ROWS(?) AS given WHERE artifacts.collection_id = given.value ->> 0"
                " AND artifacts.uuid = given.value ->> 1",
                as_json(rows),
            )

    def deactivate_artifacts(self, collection_id: str, uuids: Iterable[str]) -> None:
        """Mark artifacts as gone from the collection; their rows and UUIDs stay."""
        self._set_active(collection_id, uuids, False)

    def reactivate_artifacts(self, collection_id: str, uuids: Iterable[str]) -> None:
        """Mark artifacts as being there again, under the ids that their rows have."""
        self._set_active(collection_id, uuids, True)

    def _set_active(self, collection_id: str, uuids: Iterable[str], active: bool) -> None:
        changed = list(uuids)
        if changed:
            self._run(
                "UPDATE artifacts SET active = ?, updated_at = UTC_NOW"
                " WHERE collection_id = ? AND uuid IN MANY(?)",
                active,
                collection_id,
                as_json(changed),
            )

    def delete_artifact(self, collection_id: str, artifact_id: str) -> bool:
        """Delete a row with its memberships and deployments; returns whether there was one."""
        changed = self._run(
            "DELETE FROM artifacts WHERE collection_id = ? AND id = ?", collection_id, artifact_id
        )
        return changed > 0
