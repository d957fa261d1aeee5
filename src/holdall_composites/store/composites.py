"""Rows of `composite_artifacts`, each with its row in `artifacts`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from holdall_composites.database.fields import UTC_NOW
from holdall_composites.database.models import Artifact, CompositeArtifact
from holdall_composites.store.prepared import (
    Given,
    as_json,
    cell,
    cells,
    one_of,
    prepared,
    rows_of,
    select_rows,
)
from holdall_composites.store.query import Listing, Repository, records_of
from holdall_composites.values.pagination import Page
from holdall_composites.values.records import CompositeRecord
from holdall_composites.values.types import CompositeState

C = CompositeArtifact
_OWN = (C.composite_type, C.display_name, C.description, C.metadata_json)


def _composites() -> Any:
    return (
        C.select(
            *(C.collection_id, C.artifact, Artifact.uuid, Artifact.name),
            *(*_OWN, C.created_at, C.updated_at),
        )
        .join(Artifact, on=C.artifact.on())
        .where(C.collection_id == Given("collection"))
    )


_LISTING = Listing("composites", _composites, (C.artifact,), (str,))


@prepared
def _insert() -> Any:
    rows = select_rows([cell(5), *cells(5)])
    return C.insert_from(rows, [C.collection_id, C.artifact, *_OWN]).returning()


@prepared
def _update() -> Any:
    changed = {field: cell(number) for number, field in enumerate(_OWN, 1)}
    return (
        C.update({**changed, C.updated_at: UTC_NOW})
        .from_(rows_of("rows"))
        .where(C.collection_id == cell(5), C.artifact == cell(0))
    )


@prepared
def _dissolve() -> Any:
    return C.delete().where(C.collection_id == Given("collection"), one_of(C.artifact, "ids"))


class Composites(Repository):
    """What can be done with composites."""

    def all_of(
        self, collection_id: str, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[CompositeRecord]:
        """Return composites in the order of their ids: all, or a page of them."""
        return self._page(
            *(_LISTING, records_of(CompositeRecord), lambda record: (record.id,), cursor, limit),
            collection=collection_id,
        )

    def insert(self, collection_id: str, states: Iterable[CompositeState]) -> None:
        """Make composites, still without members, of artifacts that exist."""
        self._change(_insert, collection_id, states)

    def update(self, collection_id: str, states: Iterable[CompositeState]) -> None:
        """Set what composites, known by their ids, say about themselves."""
        self._change(_update, collection_id, states)

    def _change(self, query: Any, collection_id: str, states: Iterable[CompositeState]) -> None:
        rows = (
            (s.id, s.composite_type, s.display_name, s.description, s.metadata, collection_id)
            for s in states
        )
        self._run_rows(query, rows)

    def dissolve(self, collection_id: str, ids: Iterable[str]) -> None:
        """Delete composites and their memberships, but keep their rows in `artifacts`."""
        gone = list(ids)
        if gone:
            self._run(_dissolve, collection=collection_id, ids=as_json(gone))
