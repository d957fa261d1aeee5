"""Questions about what can only be wrong if something went wrong, and deleting for good."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import JOIN, SQL, Case, fn

from holdall_composites.database.connect import raw, without_time_limit
from holdall_composites.database.failures import translate_errors
from holdall_composites.database.models import (
    Artifact,
    ArtifactVersion,
    Blob,
    CompositeMembership,
    Deployment,
    OperationArtifact,
    Tree,
    VersionFile,
)
from holdall_composites.store.prepared import Given, as_json, nowhere, one_of, prepare
from holdall_composites.store.query import Repository
from holdall_composites.values.records import Totals

A, M, V = Artifact, CompositeMembership, ArtifactVersion
_IN_COLLECTION = A.collection == Given("collection")


@prepare
def _select_misnumbered() -> Any:
    parent = V.alias("parent")
    is_parent = (parent.id == V.parent) & (parent.artifact == A.uuid)
    follows = (V.number == 0) | (parent.number == V.number - 1)
    return (
        A.select(A.id)
        .join(V, on=(V.artifact == A.uuid))
        .join(parent, JOIN.LEFT_OUTER, on=is_parent)
        .where(_IN_COLLECTION)
        .group_by(A.id)
        .having(
            (fn.COUNT(V.id) != fn.MAX(V.number) + 1)
            | (fn.MIN(V.number) != 0)
            | (fn.SUM(Case(None, [(follows, 0)], 1)) > 0)
        )
        .order_by(A.id)
    )


@prepare
def _unknown_pins() -> Any:
    known = V.select(SQL("1")).where(V.artifact == A.uuid, V.tree == M.pinned_version_hash)
    return (
        M.select(M.composite, A.id, M.pinned_version_hash)
        .join(A, on=M.child_artifact)
        .where(M.collection_id == Given("collection"))
        .where(M.pinned_version_hash.is_null(False), ~fn.EXISTS(known))
        .order_by(M.composite, A.id)
    )


@prepare
def _hashes() -> Any:
    return (
        V.select(A.id, V.number, V.tree)
        .join(A, on=V.artifact)
        .where(_IN_COLLECTION)
        .order_by(A.id, V.number)
    )


_IS_UNUSED_BLOB = nowhere(Blob.sha256, VersionFile.blob)
_IS_UNUSED_TREE = nowhere(
    Tree.content_hash, V.tree, Deployment.content_hash, OperationArtifact.content_hash
)
_delete_trees = prepare(lambda: Tree.delete().where(_IS_UNUSED_TREE))
_delete_blobs = prepare(lambda: Blob.delete().where(_IS_UNUSED_BLOB))


@prepare
def _unused_blobs() -> Any:
    size = fn.COALESCE(fn.SUM(Blob.size), 0)
    return Blob.select(fn.COUNT(Blob.sha256), size).where(_IS_UNUSED_BLOB)


_GOING = (_IN_COLLECTION, ~A.active, one_of(A.uuid, "uuids"))
_count_versions = prepare(lambda: V.select(fn.COUNT(V.id)))
_count_blobs = prepare(
    lambda: Blob.select(fn.COUNT(Blob.sha256), fn.COALESCE(fn.SUM(Blob.size), 0))
)
_purge = prepare(lambda: A.delete().where(*_GOING))


@prepare
def _forget_hashes() -> Any:
    changed = OperationArtifact
    return changed.update({changed.content_hash: None}).where(
        changed.collection_id == Given("collection"), one_of(changed.artifact_uuid, "uuids")
    )


class Integrity(Repository):
    """What `holdall doctor` and `holdall purge` ask the tables."""

    def broken_files(self) -> list[str]:
        """Return what SQLite has against its own file; nothing for PostgreSQL, which looks itself.

        Raises DatabaseFailed for a file that is not to be read at all.
        """
        if self.is_postgresql:
            return []
        why = "SQLite looks at its own file"
        with translate_errors():
            found = raw(self.database, "PRAGMA quick_check", why=why).fetchall()
            orphans = raw(self.database, "PRAGMA foreign_key_check", why=why).fetchall()
        return [str(f[0]) for f in found if f[0] != "ok"] + [
            f"rows of {table} have lost their parents" for table in sorted({o[0] for o in orphans})
        ]

    def misnumbered_artifacts(self, collection_id: str) -> list[str]:
        """Return the ids of artifacts whose versions are not 0, 1, ... each the next's parent."""
        rows = self._fetch(_select_misnumbered, collection=collection_id)
        return [artifact_id for (artifact_id,) in rows]

    def unknown_pins(self, collection_id: str) -> list[tuple[str, str, str]]:
        """Return memberships whose pin is no version of the child: (composite, child, pin)."""
        rows: list[Any] = self._fetch(_unknown_pins, collection=collection_id)
        return rows

    def version_hashes(self, collection_id: str) -> list[tuple[str, int, str]]:
        """Return every version of a collection's artifacts: (id, number, content hash)."""
        rows: list[Any] = self._fetch(_hashes, collection=collection_id)
        return rows

    def count_unused_blobs(self) -> int:
        """Return how many blobs no tree uses."""
        return int(self._fetch(_unused_blobs)[0][0])

    def totals(self) -> Totals:
        """Return how much is stored: versions, blobs, and the bytes of content in them."""
        ((versions,),) = self._fetch(_count_versions)
        ((blobs, size),) = self._fetch(_count_blobs)
        return Totals(versions, blobs, int(size))

    def purge(self, collection_id: str, uuids: Iterable[str]) -> None:
        """Delete inactive artifacts for good, and every tree and blob that nobody needs any more.

        Their versions, memberships and deployments go by the database's cascades.
        """
        wanted = {"collection": collection_id, "uuids": as_json(uuids)}
        with self.transaction(), without_time_limit(self.database):
            if self.is_postgresql:
                raw(
                    self.database,
                    "LOCK TABLE trees, version_files, blobs IN ACCESS EXCLUSIVE MODE",
                    why="whoever stores a tree relies on the blobs that it found there",
                )
            self._run(_purge, **wanted)
            self._run(_forget_hashes, **wanted)
            self._run(_delete_trees)
            self._run(_delete_blobs)
