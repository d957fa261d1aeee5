"""Rows of `artifacts`, those of composites included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from peewee import JOIN

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
from holdall_composites.store.query import Repository
from holdall_composites.values.records import ArtifactRecord
from holdall_composites.values.types import ArtifactState

_STATE = (
    *(Artifact.id, Artifact.uuid, Artifact.type, Artifact.name),
    *(Artifact.path, Artifact.origin, Artifact.content_hash),
)


def _of_collection() -> Any:
    return Artifact.select(
        *(Artifact.collection, *_STATE, Artifact.active, Artifact.created_at, Artifact.updated_at)
    ).where(Artifact.collection == Given("collection"))


_get = prepared(lambda: _of_collection().where(Artifact.id == Given("id")))
_all = prepared(lambda: _of_collection().order_by(Artifact.id))
_removed = prepared(lambda: _of_collection().where(~Artifact.active).order_by(Artifact.id))


@prepared
def _by_uuid() -> Any:
    columns = (*_STATE, Artifact.active, Artifact.created_at, Artifact.updated_at)
    return Artifact.select(Artifact.collection, *columns).where(one_of(Artifact.uuid, "uuids"))


@prepared
def _uuids() -> Any:
    return Artifact.select(Artifact.id, Artifact.uuid).where(
        Artifact.collection == Given("collection"), one_of(Artifact.id, "ids")
    )


@prepared
def _active_uuids() -> Any:
    is_composite = CompositeArtifact.artifact.is_null(False)
    return (
        Artifact.select(Artifact.id, Artifact.uuid, is_composite)
        .join(CompositeArtifact, JOIN.LEFT_OUTER, on=CompositeArtifact.artifact.on())
        .where(
            Artifact.collection == Given("collection"), one_of(Artifact.id, "ids"), Artifact.active
        )
    )


@prepared
def _active_ids() -> Any:
    return Artifact.select(Artifact.id).where(
        Artifact.collection == Given("collection"), Artifact.active
    )


@prepared
def _insert() -> Any:
    rows = select_rows([cell(7), *cells(7)])
    return Artifact.insert_from(rows, [Artifact.collection, *_STATE]).returning()


@prepared
def _update() -> Any:
    changed = {field: cell(number) for number, field in enumerate(_STATE)}
    del changed[Artifact.uuid]
    return (
        Artifact.update({**changed, Artifact.active: True, Artifact.updated_at: UTC_NOW})
        .from_(rows_of("rows"))
        .where(Artifact.collection == cell(7), Artifact.uuid == cell(1))
    )


@prepared
def _move() -> Any:
    changed = {Artifact.id: cell(1), Artifact.name: cell(2), Artifact.updated_at: UTC_NOW}
    return (
        Artifact.update(changed)
        .from_(rows_of("rows"))
        .where(Artifact.collection == cell(3), Artifact.uuid == cell(0))
    )


@prepared
def _deactivate() -> Any:
    return Artifact.update({Artifact.active: False, Artifact.updated_at: UTC_NOW}).where(
        Artifact.collection == Given("collection"), one_of(Artifact.uuid, "uuids")
    )


def _records(rows: Iterable[tuple[Any, ...]]) -> list[ArtifactRecord]:
    """Make records of rows; SQLite's booleans are numbers."""
    return [ArtifactRecord._make((*row[:8], bool(row[8]), *row[9:])) for row in rows]


class Artifacts(Repository):
    """What can be done with artifacts."""

    def get(self, collection_id: str, artifact_id: str) -> ArtifactRecord | None:
        """Return an artifact by its `type:name`, whether active or not."""
        rows = self._fetch(_get, collection=collection_id, id=artifact_id)
        return _records(rows)[0] if rows else None

    def get_by_uuid(self, uuids: Iterable[str]) -> dict[str, ArtifactRecord]:
        """Return the artifacts that have one of these UUIDs, of any collection, by UUID."""
        rows = self._fetch(_by_uuid, uuids=as_json(uuids))
        return {record.uuid: record for record in _records(rows)}

    def uuids_of(self, collection_id: str, ids: Iterable[str]) -> dict[str, str]:
        """Return the UUIDs of those ids that exist, inactive ones included."""
        return dict(self._fetch(_uuids, collection=collection_id, ids=as_json(ids)))

    def active_uuids_of(
        self, collection_id: str, ids: Iterable[str]
    ) -> tuple[dict[str, str], set[str]]:
        """Return the UUIDs of those ids that are active, and which of them are composites."""
        rows = self._fetch(_active_uuids, collection=collection_id, ids=as_json(ids))
        uuids = {artifact_id: uuid for artifact_id, uuid, _ in rows}
        return uuids, {artifact_id for artifact_id, _, is_composite in rows if is_composite}

    def active_ids(self, collection_id: str) -> list[str]:
        """Return the `type:name` of every active artifact, in no particular order."""
        return [
            artifact_id for (artifact_id,) in self._fetch(_active_ids, collection=collection_id)
        ]

    def all_of(self, collection_id: str) -> list[ArtifactRecord]:
        """Return every artifact of a collection, inactive ones included."""
        return _records(self._fetch(_all, collection=collection_id))

    def removed_of(self, collection_id: str) -> list[ArtifactRecord]:
        """Return the inactive artifacts of a collection."""
        return _records(self._fetch(_removed, collection=collection_id))

    def insert(self, collection_id: str, states: Iterable[ArtifactState]) -> None:
        """Insert rows; raises AlreadyExists for an id or UUID that is taken."""
        self._run_rows(_insert, ((*state, collection_id) for state in states))

    def update(self, collection_id: str, states: Iterable[ArtifactState]) -> None:
        """Set everything of the rows with these UUIDs, ids included, and make them active.

        Raises AlreadyExists for an id that is taken, also by a row that is about to give it up:
        move those out of the way first.
        """
        self._run_rows(_update, ((*state, collection_id) for state in states))

    def move(self, collection_id: str, names: Mapping[str, tuple[str, str]]) -> None:
        """Give each of these UUIDs another id and name; memberships follow by cascade."""
        self._run_rows(_move, ((uuid, *new, collection_id) for uuid, new in names.items()))

    def deactivate(self, collection_id: str, uuids: Iterable[str]) -> None:
        """Mark artifacts as gone from the collection; their rows and UUIDs stay."""
        gone = list(uuids)
        if gone:
            self._run(_deactivate, collection=collection_id, uuids=as_json(gone))
