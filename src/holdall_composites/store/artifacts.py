"""Rows of `artifacts`, those of composites included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from holdall_composites.database.fields import UTC_NOW
from holdall_composites.database.models import (
    Artifact,
    ArtifactAlias,
    ArtifactVersion,
    CompositeMembership,
    Deployment,
    OperationArtifact,
)
from holdall_composites.store.prepared import (
    Given,
    as_json,
    delete_rows,
    insert_rows,
    nowhere,
    one_of,
    prepare,
    update_rows,
)
from holdall_composites.store.query import Repository
from holdall_composites.values.records import Among, ArtifactRecord

A, N = Artifact, ArtifactAlias
_OWN = (A.id, A.uuid, A.type, A.name, A.path, A.origin, A.content_hash, A.active)
_IN_COLLECTION = A.collection == Given("collection")
_AMONG = one_of(A.uuid, "uuids")

_all = prepare(
    lambda: A.select(*_OWN, A.created_at, A.updated_at).where(_IN_COLLECTION).order_by(A.id)
)
_among = prepare(
    lambda: (
        A.select(*_OWN, A.created_at, A.updated_at).where(_IN_COLLECTION, _AMONG)
        | A.select(*_OWN, A.created_at, A.updated_at).where(_IN_COLLECTION, one_of(A.id, "ids"))
    )
)
_owners = prepare(lambda: A.select(A.uuid, A.collection, A.id).where(_AMONG))
_insert = insert_rows(A.collection, *_OWN)
_update = update_rows(A.collection, *_OWN, key=(A.collection, A.uuid), updated_at=UTC_NOW)


_ALIAS = (N.collection_id, N.other_uuid)
_insert_aliases = insert_rows(*_ALIAS, N.artifact)
_delete_aliases = delete_rows(*_ALIAS)
_NAMED = N.collection_id == Given("collection")
_aliases = prepare(lambda: N.select(N.other_uuid, N.artifact).where(_NAMED).order_by(N.other_uuid))
_aliases_among = prepare(
    lambda: N.select(N.other_uuid, N.artifact).where(_NAMED, one_of(N.artifact, "uuids"))
)
_by_alias = prepare(
    lambda: N.select(N.other_uuid, N.artifact).where(_NAMED, one_of(N.other_uuid, "uuids"))
)


def _uuids(*conditions: Any) -> Any:
    return A.select(A.id, A.uuid).where(_IN_COLLECTION, one_of(A.id, "ids"), *conditions)


_any_uuids = prepare(_uuids)
_active_uuids = prepare(lambda: _uuids(A.active))


@prepare
def _delete_traceless() -> Any:
    traces = (ArtifactVersion.artifact, Deployment.artifact, OperationArtifact.artifact_uuid)
    is_traceless = nowhere(A.uuid, *traces, CompositeMembership.child_artifact)
    return A.delete().where(_IN_COLLECTION, _AMONG, is_traceless)


class Artifacts(Repository):
    """What can be done with artifacts."""

    def owners_of(self, uuids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return whose these UUIDs are: the collection and the artifact's `type:name`, by UUID."""
        rows = self._fetch(_owners, uuids=as_json(uuids))
        return {uuid: (collection_id, id_) for uuid, collection_id, id_ in rows}

    def uuids_of(
        self, collection_id: str, ids: Iterable[str], *, only_active: bool = False
    ) -> dict[str, str]:
        """Return the UUIDs of those ids that exist, inactive ones included unless told."""
        query = _active_uuids if only_active else _any_uuids
        return dict(self._fetch(query, collection=collection_id, ids=as_json(ids)))

    def ask_all(self, collection_id: str, among: Among | None = None) -> None:
        """Ask for the rows and aliases of a collection, which are fetched next."""
        if among is None:
            self._ask(_all, collection=collection_id)
            self._ask(_aliases, collection=collection_id)
        else:
            self._ask(_among, collection=collection_id, **among._asdict())
            self._ask(_aliases_among, collection=collection_id, uuids=among.uuids)

    def all_of(self, collection_id: str, among: Among | None = None) -> list[ArtifactRecord]:
        """Return every artifact of a collection, inactive ones included; or those of some."""
        if among is None:
            rows = self._fetch(_all, collection=collection_id)
        else:
            rows = self._fetch(_among, collection=collection_id, **among._asdict())
        # SQLite's booleans are numbers.
        return [ArtifactRecord._make((*row[:7], bool(row[7]), *row[8:])) for row in rows]

    def aliases_of(self, collection_id: str, among: Among | None = None) -> dict[str, str]:
        """Return the UUID of each artifact that has aliases, by alias; or those of some."""
        if among is None:
            return dict(self._fetch(_aliases, collection=collection_id))
        return dict(self._fetch(_aliases_among, collection=collection_id, uuids=among.uuids))

    def resolve_aliases(self, collection_id: str, aliases: Iterable[str]) -> dict[str, str]:
        """Return the UUIDs of the artifacts that these are aliases of, by alias."""
        return dict(self._fetch(_by_alias, collection=collection_id, uuids=as_json(aliases)))

    def change_aliases(
        self, collection_id: str, gone: Iterable[str], new: Iterable[tuple[str, str]]
    ) -> None:
        """Delete aliases, then insert pairs: an alias, and the UUID of the artifact."""
        self._send_rows(_delete_aliases, ((collection_id, alias) for alias in gone))
        self._send_rows(_insert_aliases, ((collection_id, *pair) for pair in new))

    def insert(self, collection_id: str, records: Iterable[ArtifactRecord]) -> None:
        """Insert rows; raises AlreadyExists for an id or UUID that is taken."""
        self._send_rows(_insert, ((collection_id, *record[:8]) for record in records))

    def update(self, collection_id: str, records: Iterable[ArtifactRecord]) -> None:
        """Set everything of the rows with these UUIDs, ids included; relations follow by cascade.

        Raises AlreadyExists for an id that is taken, also by a row that is about to give it up:
        move those out of the way first.
        """
        self._send_rows(_update, ((collection_id, *record[:8]) for record in records))

    def delete_traceless(self, collection_id: str, uuids: Iterable[str]) -> None:
        """Delete those of these artifacts that no version, deployment, operation or member has."""
        if gone := list(uuids):
            self._send(_delete_traceless, collection=collection_id, uuids=as_json(gone))
