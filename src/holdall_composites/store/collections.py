"""Rows of `collections`."""

from __future__ import annotations

from typing import Any

from holdall_composites.database.models import Collection
from holdall_composites.store.prepared import Given, insert_rows, prepared
from holdall_composites.store.query import Repository
from holdall_composites.values.records import CollectionRecord

C = Collection
_COLUMNS = (C.id, C.name, C.manifest_hash)
_put = insert_rows(*_COLUMNS, conflict_target=[C.id], preserve=[C.name, C.manifest_hash])


@prepared
def _get() -> Any:
    return C.select(*_COLUMNS).where(C.id == Given("id"))


@prepared
def _lock() -> Any:
    return C.select(C.id).where(C.id == Given("id")).for_update()


class Collections(Repository):
    """What can be done with collections."""

    def get(self, collection_id: str) -> CollectionRecord | None:
        """Return the collection's row, None if there is none."""
        rows = self._fetch(_get, id=collection_id)
        return CollectionRecord._make(rows[0]) if rows else None

    def put(self, record: CollectionRecord) -> None:
        """Make the collection's row be this, and lock it as `lock` does."""
        self._run_rows(_put, [record])

    def lock(self, collection_id: str) -> None:
        """Let no other writer of the collection in until the transaction ends."""
        if self.is_postgresql:  # on SQLite the transaction itself is the lock
            self._fetch(_lock, id=collection_id)
