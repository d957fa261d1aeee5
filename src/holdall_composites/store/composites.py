"""Rows of `composite_artifacts`, each with its row in `artifacts`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import starmap
from typing import Any

from holdall_composites.database.fields import UTC_NOW
from holdall_composites.database.models import Artifact, CompositeArtifact
from holdall_composites.store.prepared import (
    Given,
    delete_rows,
    insert_rows,
    one_of,
    prepare,
    update_rows,
)
from holdall_composites.store.query import Listing, Repository
from holdall_composites.values.pagination import Page
from holdall_composites.values.records import Among, CompositeRecord

C = CompositeArtifact
_KEY = (C.collection_id, C.artifact)
_OWN = (C.composite_type, C.display_name, C.description, C.metadata_json)


def _composites() -> Any:
    return (
        C.select(Artifact.uuid, C.artifact, Artifact.name, *_OWN)
        .join(Artifact, on=C.artifact.on())
        .where(C.collection_id == Given("collection"))
    )


_RECORDS = partial(starmap, CompositeRecord)
_LISTING = Listing("composites", _composites, (C.artifact,), _RECORDS)
_among = prepare(lambda: _composites().where(one_of(Artifact.uuid, "uuids")))
_insert = insert_rows(*_KEY, *_OWN)
_update = update_rows(*_KEY, *_OWN, key=_KEY, updated_at=UTC_NOW)
_dissolve = delete_rows(*_KEY)


def _rows(collection_id: str, records: Iterable[CompositeRecord]) -> Iterable[tuple[object, ...]]:
    return ((collection_id, record.id, *record[3:7]) for record in records)


class Composites(Repository):
    """What can be done with composites."""

    def ask_all(self, collection_id: str, among: Among | None = None) -> None:
        """Ask for the rows of a collection, which are fetched next."""
        if among is None:
            self._ask(_LISTING.whole, collection=collection_id)
        else:
            self._ask(_among, collection=collection_id, uuids=among.uuids)

    def among(self, collection_id: str, among: Among) -> tuple[CompositeRecord, ...]:
        """Return those of some UUIDs."""
        return self._make(_RECORDS, _among, collection=collection_id, uuids=among.uuids)

    def all_of(
        self, collection_id: str, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[CompositeRecord]:
        """Return composites in the order of their ids: all, or a page of them."""
        return self._page(_LISTING, cursor, limit, collection=collection_id)

    def insert(self, collection_id: str, records: Iterable[CompositeRecord]) -> None:
        """Make composites, still without members, of artifacts that exist."""
        self._send_rows(_insert, _rows(collection_id, records))

    def update(self, collection_id: str, records: Iterable[CompositeRecord]) -> None:
        """Set what composites, known by their ids, say about themselves."""
        self._send_rows(_update, _rows(collection_id, records))

    def dissolve(self, collection_id: str, ids: Iterable[str]) -> None:
        """Delete composites and their memberships, but keep their rows in `artifacts`."""
        self._send_rows(_dissolve, ((collection_id, composite_id) for composite_id in ids))
