"""Rows of `composite_artifacts`, each with its row in `artifacts`."""

from __future__ import annotations

from collections.abc import Iterable

from holdall.artifacts import ArtifactType
from holdall_composites.store.query import Listing, Statements, as_json
from holdall_composites.values.pagination import DEFAULT_LIMIT, Page
from holdall_composites.values.records import CompositeRecord
from holdall_composites.values.types import CompositeState

_SELECT = (
    "SELECT c.collection_id, c.id, a.uuid, a.name, c.composite_type, c.display_name,"
    " c.description, c.metadata, c.created_at, c.updated_at FROM composite_artifacts AS c"
    " JOIN artifacts AS a ON a.collection_id = c.collection_id AND a.id = c.id"
)
_LISTING = Listing(
    name="composites",
    query=f"{_SELECT} WHERE c.collection_id = ?",
    key=("c.id",),
    shape=(str,),
    record=CompositeRecord,
    key_of=lambda record: (record.id,),
)


def _row(state: CompositeState) -> tuple[str | None, ...]:
    return (
        state.id,
        state.composite_type,
        state.display_name,
        state.description,
        state.metadata,
        state.uuid,
        state.name,
    )


class CompositeRows(Statements):
    """What can be done with composites."""

    def create_composite(self, collection_id: str, state: CompositeState) -> CompositeRecord:
        """Make a composite without members, in both tables.

        Raises AlreadyExists for an id or UUID that is taken, ConstraintViolated for an unknown
        collection.
        """
        with self.transaction():
            self.create_composites(collection_id, [state])
            rows = self._fetch(
                f"{_SELECT} WHERE c.collection_id = ? AND c.id = ?", collection_id, state.id
            )
            return CompositeRecord(*rows[0])

    def create_composites(self, collection_id: str, states: Iterable[CompositeState]) -> None:
        """Make composites without members, in both tables; all or none."""
        batch = list(states)
        if not batch:
            return
        with self.transaction():
            self._run(
                "INSERT INTO artifacts (collection_id, id, uuid, type, name)"
                " SELECT ?, value ->> 0, value ->> 5, ?, value ->> 6 FROM ROWS(?) WHERE TRUE",
                collection_id,
                ArtifactType.COMPOSITE.value,
                as_json(_row(state) for state in batch),
            )
            self.insert_composites(collection_id, batch)

    def insert_composites(self, collection_id: str, states: Iterable[CompositeState]) -> None:
        """Make composites of artifacts that exist."""
        rows = [_row(state) for state in states]
        if rows:
            self._run(
                "INSERT INTO composite_artifacts"
                " (collection_id, id, composite_type, display_name, description, metadata)"
                " SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4"
                " FROM ROWS(?) WHERE TRUE",
                collection_id,
                as_json(rows),
            )

    def get_composite(self, collection_id: str, composite_id: str) -> CompositeRecord | None:
        """Return a composite by its `type:name`."""
        rows = self._fetch(
            f"{_SELECT} WHERE c.collection_id = ? AND c.id = ?", collection_id, composite_id
        )
        return CompositeRecord(*rows[0]) if rows else None

    def get_composites(self, collection_id: str, ids: Iterable[str]) -> list[CompositeRecord]:
        """Return those of the composites that exist, in the order of their ids."""
        rows = self._fetch(
            f"{_SELECT} WHERE c.collection_id = ? AND c.id IN MANY(?) ORDER BY c.id",
            collection_id,
            as_json(ids),
        )
        return [CompositeRecord(*row) for row in rows]

    def list_composites(
        self, collection_id: str, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[CompositeRecord]:
        """Return composites in the order of their ids."""
        return self._page(_LISTING, (collection_id,), cursor, limit)

    def all_composites(self, collection_id: str) -> list[CompositeRecord]:
        """Return every composite of a collection in the order of their ids."""
        rows = self._fetch(f"{_SELECT} WHERE c.collection_id = ? ORDER BY c.id", collection_id)
        return [CompositeRecord(*row) for row in rows]

    def update_composite(self, collection_id: str, state: CompositeState) -> bool:
        """Set what a composite says about itself; returns whether there is one of that id."""
        return self.update_composites(collection_id, [state]) > 0

    def update_composites(self, collection_id: str, states: Iterable[CompositeState]) -> int:
        """Set what composites, known by their ids, say about themselves; returns how many."""
        rows = [(*_row(state), collection_id) for state in states]
        if not rows:
            return 0
        return self._run(
            "UPDATE composite_artifacts SET composite_type = value ->> 1,"
            " display_name = value ->> 2, description = value ->> 3, metadata = value ->> 4,"
            " updated_at = UTC_NOW FROM ROWS(?) AS given"
            " WHERE composite_artifacts.collection_id = given.value ->> 7"
            " AND composite_artifacts.id = given.value ->> 0",
            as_json(rows),
        )

    def delete_composite(self, collection_id: str, composite_id: str) -> bool:
        """Delete a composite from both tables; returns whether there was one. Its members stay."""
        changed = self._run(
            "DELETE FROM artifacts WHERE collection_id = ? AND id IN"
            " (SELECT id FROM composite_artifacts WHERE collection_id = ? AND id = ?)",
            collection_id,
            collection_id,
            composite_id,
        )
        return changed > 0

    def dissolve_composites(self, collection_id: str, ids: Iterable[str]) -> None:
        """Delete composites and their memberships, but keep their rows in `artifacts`."""
        gone = list(ids)
        if gone:
            self._run(
                "DELETE FROM composite_artifacts WHERE collection_id = ? AND id IN MANY(?)",
                collection_id,
                as_json(gone),
            )
