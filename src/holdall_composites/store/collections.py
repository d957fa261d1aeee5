"""Rows of `collections`."""

from __future__ import annotations

from typing import Any

from holdall_composites.database.models import Collection
from holdall_composites.store.prepared import Given, prepared
from holdall_composites.store.query import Repository
from holdall_composites.values.records import CollectionRecord


@prepared
def _get() -> Any:
    columns = (Collection.id, Collection.name, Collection.manifest_hash)
    return Collection.select(*columns).where(Collection.id == Given("id"))


@prepared
def _insert() -> Any:
    row = {Collection.id: Given("id"), Collection.name: Given("name")}
    return (
        Collection.insert(row).returning().on_conflict("NOTHING", conflict_target=[Collection.id])
    )


@prepared
def _update() -> Any:
    row = {Collection.name: Given("name"), Collection.manifest_hash: Given("manifest_hash")}
    return Collection.update(row).where(Collection.id == Given("id"))


@prepared
def _lock() -> Any:
    return Collection.select(Collection.id).where(Collection.id == Given("id")).for_update()


class Collections(Repository):
    """What can be done with collections."""

    def ensure(self, collection_id: str, name: str) -> CollectionRecord:
        """Return the collection's row, made if it is not there; its name is set on making only."""
        with self.transaction():
            self._run(_insert, id=collection_id, name=name)
            return CollectionRecord._make(self._fetch(_get, id=collection_id)[0])

    def get(self, collection_id: str) -> CollectionRecord | None:
        """Return the collection's row, None if there is none."""
        rows = self._fetch(_get, id=collection_id)
        return CollectionRecord._make(rows[0]) if rows else None

    def lock(self, collection_id: str) -> None:
        """Let no other writer of the collection in until the transaction ends."""
        if self.is_postgresql:  # on SQLite the transaction itself is the lock
            self._fetch(_lock, id=collection_id)

    def update(self, collection_id: str, *, name: str, manifest_hash: str | None) -> bool:
        """Set name and manifest hash; returns whether there is such a collection."""
        return self._run(_update, id=collection_id, name=name, manifest_hash=manifest_hash) > 0
