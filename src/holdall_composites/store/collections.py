"""Rows of `collections`."""

from __future__ import annotations

from holdall_composites.store.query import Listing, Statements
from holdall_composites.values.pagination import DEFAULT_LIMIT, Page
from holdall_composites.values.records import CollectionRecord

_SELECT = "SELECT id, name, manifest_hash FROM collections"
_LISTING = Listing(
    name="collections",
    query=f"{_SELECT} WHERE TRUE",
    key=("id",),
    shape=(str,),
    record=CollectionRecord,
    key_of=lambda record: (record.id,),
)


class CollectionRows(Statements):
    """What can be done with collections."""

    def ensure_collection(self, collection_id: str, name: str) -> CollectionRecord:
        """Return the collection's row, made if it is not there; its name is set on making only."""
        with self.transaction():
            self._run(
                "INSERT INTO collections (id, name) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
                collection_id,
                name,
            )
            return CollectionRecord(*self._fetch(f"{_SELECT} WHERE id = ?", collection_id)[0])

    def get_collection(self, collection_id: str) -> CollectionRecord | None:
        """Return the collection's row, None if there is none."""
        rows = self._fetch(f"{_SELECT} WHERE id = ?", collection_id)
        return CollectionRecord(*rows[0]) if rows else None

    def list_collections(
        self, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[CollectionRecord]:
        """Return collections in the order of their ids."""
        return self._page(_LISTING, (), cursor, limit)

    def lock_collection(self, collection_id: str) -> None:
        """Let no other writer of the collection in until the transaction ends."""
        if self._is_postgresql:  # on SQLite the transaction itself is the lock
            self._fetch("SELECT id FROM collections WHERE id = ? FOR UPDATE", collection_id)

    def update_collection(
        self, collection_id: str, *, name: str, manifest_hash: str | None
    ) -> bool:
        """Set name and manifest hash; returns whether there is such a collection."""
        changed = self._run(
            "UPDATE collections SET name = ?, manifest_hash = ? WHERE id = ?",
            name,
            manifest_hash,
            collection_id,
        )
        return changed > 0

    def delete_collection(self, collection_id: str) -> bool:
        """Delete a collection with all its rows; returns whether there was one."""
        return self._run("DELETE FROM collections WHERE id = ?", collection_id) > 0
