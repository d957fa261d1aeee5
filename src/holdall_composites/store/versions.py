"""Rows of `artifact_versions`: every state of every artifact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import JOIN, Cast, fn

from holdall_composites.database.models import Artifact, ArtifactVersion, Tree
from holdall_composites.store.prepared import Given, as_json, one_of, prepare
from holdall_composites.store.query import Repository
from holdall_composites.values.records import VersionRecord

A, V = Artifact, ArtifactVersion


def _select_unversioned(*columns: Any) -> Any:
    """Return the query for active artifacts that are not what their newest version is."""
    other = V.alias("other")
    newest = other.select(fn.MAX(other.number)).where(other.artifact == A.uuid)
    return (
        A.select(*columns)
        .join(V, JOIN.LEFT_OUTER, on=(V.artifact == A.uuid) & (V.number == newest))
        .where(A.collection == Given("collection"), A.active, A.content_hash.is_null(False))
        .where(V.tree.is_null() | (V.tree != A.content_hash))
    )


@prepare
def _add() -> Any:
    number = fn.COALESCE(V.number + 1, 0)
    texts = [Cast(Given(name), "TEXT") for name in ("message", "author")]
    rows = (
        _select_unversioned(A.uuid, number, V.id, A.content_hash, *texts)
        .switch(A)
        .join(Tree, on=(Tree.content_hash == A.content_hash))
        .where(one_of(A.id, "ids"))
    )
    return V.insert_from(
        rows, [V.artifact, V.number, V.parent, V.tree, V.message, V.author]
    ).returning()


@prepare
def _add_older() -> Any:
    other, same = V.alias("other"), V.alias("same")
    newest = other.select(fn.MAX(other.number)).where(other.artifact == A.uuid)
    known = same.select(same.id).where(same.artifact == A.uuid, same.tree == Tree.content_hash)
    texts = [Cast(Given(name), "TEXT") for name in ("message", "author")]
    rows = (
        A.select(A.uuid, fn.COALESCE(V.number + 1, 0), V.id, Tree.content_hash, *texts)
        .join(V, JOIN.LEFT_OUTER, on=(V.artifact == A.uuid) & (V.number == newest))
        .switch(A)
        .join(Tree, on=(Tree.content_hash == Given("content_hash")))
        .where(A.collection == Given("collection"), A.uuid == Given("uuid"))
        .where(~fn.EXISTS(known))
    )
    return V.insert_from(
        rows, [V.artifact, V.number, V.parent, V.tree, V.message, V.author]
    ).returning()


_unversioned_ids = prepare(lambda: _select_unversioned(A.id).order_by(A.id))


@prepare
def _list() -> Any:
    parent = V.alias("parent")
    return (
        V.select(V.number, parent.number, V.tree, V.message, V.author, V.created_at)
        .join(parent, JOIN.LEFT_OUTER, on=(parent.id == V.parent))
        .where(V.artifact == Given("uuid"))
        .order_by(V.number)
    )


@prepare
def _list_all() -> Any:
    parent = V.alias("parent")
    columns = (V.number, parent.number, V.tree, V.message, V.author, V.created_at)
    return (
        V.select(V.artifact, *columns)
        .join(parent, JOIN.LEFT_OUTER, on=(parent.id == V.parent))
        .switch(V)
        .join(A, on=(A.uuid == V.artifact))
        .where(A.collection == Given("collection"), A.active)
        .order_by(V.artifact, V.number)
    )


@prepare
def _newest() -> Any:
    return (
        A.select(A.uuid, fn.MAX(V.number))
        .join(V, on=(V.artifact == A.uuid))
        .where(A.collection == Given("collection"), A.active)
        .group_by(A.uuid)
    )


class Versions(Repository):
    """What can be done with versions."""

    def list_unversioned(self, collection_id: str) -> list[str]:
        """Return the ids of active artifacts whose newest version is not what they are."""
        rows = self._fetch(_unversioned_ids, collection=collection_id)
        return [artifact_id for (artifact_id,) in rows]

    def add(
        self, collection_id: str, ids: Iterable[str], message: str | None, author: str | None
    ) -> None:
        """Number the present content of those artifacts that differ from their latest version.

        Needs the collection's lock, so that numbers follow each other.
        """
        fields = {"message": message, "author": author}
        self._send(_add, collection=collection_id, ids=as_json(ids), **fields)

    def add_older(
        self,
        collection_id: str,
        older: Iterable[tuple[str, str]],
        message: str | None,
        author: str | None,
    ) -> None:
        """Number versions that a source brought, by UUID and content hash; `add` follows.

        Those that an artifact has, and those without content here, are left out. Needs the
        collection's lock.
        """
        told = {"collection": collection_id, "message": message, "author": author}
        for uuid, content_hash in older:
            self._run(_add_older, uuid=uuid, content_hash=content_hash, **told)

    def newest(self, collection_id: str) -> dict[str, int]:
        """Return the number of the newest version of each active artifact, by UUID."""
        return dict(self._fetch(_newest, collection=collection_id))

    def all_of(self, artifact_uuid: str) -> list[VersionRecord]:
        """Return an artifact's versions, oldest first."""
        return list(map(VersionRecord._make, self._fetch(_list, uuid=artifact_uuid)))

    def of_all(self, collection_id: str) -> dict[str, list[VersionRecord]]:
        """Return the versions of each active artifact by UUID, oldest first."""
        found: dict[str, list[VersionRecord]] = {}
        for uuid, *row in self._fetch(_list_all, collection=collection_id):
            found.setdefault(uuid, []).append(VersionRecord._make(row))
        return found
