"""Rows of `deployments`: what is in which project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, Case, Cast, fn

from holdall import NamedTuple
from holdall_composites.database.fields import UTC_NOW
from holdall_composites.database.models import Artifact, CompositeMembership, Deployment
from holdall_composites.store.prepared import (
    Given,
    Prepared,
    as_json,
    delete_rows,
    insert_rows,
    one_of,
    prepare,
)
from holdall_composites.store.query import Listing, Repository, records_of
from holdall_composites.values.pagination import DEFAULT_LIMIT, Page
from holdall_composites.values.records import DeployedRecord, DeploymentRecord
from holdall_composites.values.types import DeploymentState

A, D, M = Artifact, Deployment, CompositeMembership
_KEY = (D.collection, D.host, D.project, D.target_root, D.artifact)
_ROW = (D.collection, D.project, D.target_root, D.artifact)
_SET = (D.content_hash, D.transaction_id, D.state)
_UPSERT = {"conflict_target": _KEY, "preserve": _SET, "update": {D.deployed_at: UTC_NOW}}
_IS_PENDING = D.state == SQL(f"'{DeploymentState.PENDING}'")
_IS_DONE = D.state == DeploymentState.DONE.value
_IN_PROJECT = (
    D.collection == Given("collection"),
    D.host == Given("host"),
    D.project == Given("project"),
)

_finish = insert_rows(*_KEY, *_SET, **_UPSERT)
_begin = insert_rows(*_KEY, *_SET, **_UPSERT, where=_IS_PENDING)
_forget = delete_rows(*_KEY)
_abandon = delete_rows(*_KEY, D.transaction_id, where=(_IS_PENDING,))


@prepare
def _done() -> Any:
    return D.select(D.target_root, D.artifact, D.content_hash).where(*_IN_PROJECT, _IS_DONE)


@prepare
def _select_pending() -> Any:
    is_of_it = D.transaction_id == Given("transaction")
    return D.select(SQL("1")).where(*_IN_PROJECT, is_of_it, _IS_PENDING)


@prepare
def _projects() -> Any:
    return (
        D.select(D.artifact, D.host, D.project)
        .where(one_of(D.artifact, "uuids"))
        .distinct()
        .order_by(D.artifact, D.host, D.project)
    )


# Those that have a place at the new path already are deleted first.
@prepare
def _stay_behind() -> Any:
    there = D.alias("there")
    same = (getattr(there, c.name) == c for c in (D.collection, D.host, D.target_root, D.artifact))
    found = there.select(SQL("1")).where(*same, there.project == Given("new"))
    return D.delete().where(*_IN_PROJECT, fn.EXISTS(found))


@prepare
def _move() -> Any:
    given = Cast(Given("new"), "TEXT")
    return D.update({D.project: given}).where(*_IN_PROJECT)


@prepare
def _in_project() -> Any:
    return D.select(*_ROW, *_SET, D.deployed_at, D.host).where(*_IN_PROJECT)


_ALL = Listing(
    "deployments",
    lambda: D.select(*_ROW, *_SET, D.deployed_at, D.host).where(
        D.collection == Given("collection")
    ),
    (D.host, D.project, D.target_root, D.artifact),
    records_of(DeploymentRecord),
)


@prepare
def _beside_head() -> Any:
    pins = M.select(SQL("1")).where(
        M.child_artifact == A.uuid, M.pinned_version_hash == D.content_hash
    )
    current = Case(None, ((A.active, A.content_hash),), None)
    return (
        D.select(D.host, D.project, D.target_root, A.uuid, A.id, D.content_hash)
        .select_extend(current, fn.EXISTS(pins), _IS_DONE)
        .join(A, on=(A.uuid == D.artifact))
        .where(D.collection == Given("collection"))
    )


class Place(NamedTuple):
    """A project on a machine, as a collection's deployments name it."""

    collection: str
    host: str
    project: str


class Deployments(Repository):
    """What can be done with deployments."""

    def list_done(self, place: Place) -> set[tuple[str, str, str]]:
        """Return what is recorded as done in a project: target roots, UUIDs and content hashes."""
        rows = self._fetch(_done, **place._asdict())
        return {(target_root, uuid, content_hash) for target_root, uuid, content_hash in rows}

    def is_pending(self, place: Place, transaction_id: str) -> bool:
        """Return whether a deploy into a project was begun and not finished."""
        given = {**place._asdict(), "transaction": transaction_id}
        return bool(self._fetch(_select_pending, **given))

    def begin(self, records: Iterable[DeploymentRecord]) -> None:
        """Record deployments as pending, but for those that replace one that is done."""
        self._put(_begin, records, DeploymentState.PENDING)

    def finish(self, records: Iterable[DeploymentRecord]) -> None:
        """Record deployments as done, whether begun or not. Safe to repeat."""
        self._put(_finish, records, DeploymentState.DONE)

    def abandon(self, records: Iterable[DeploymentRecord]) -> int:
        """Delete those of these deployments that their transactions began and did not finish.

        Returns how many there were. Safe to repeat.
        """
        return self._run_rows(
            _abandon, ((*record.key, record.transaction_id) for record in records)
        )

    def forget(self, records: Iterable[DeploymentRecord]) -> int:
        """Delete deployments by their keys; returns how many there were. Safe to repeat."""
        return self._run_rows(_forget, (record.key for record in records))

    def move(self, place: Place, new: str) -> None:
        """Let the deployments in one project be in another one; needs a transaction."""
        given = {**place._asdict(), "new": new}
        self._send(_stay_behind, **given)
        self._send(_move, **given)

    def in_project(self, place: Place) -> list[DeploymentRecord]:
        """Return the deployments in a project."""
        return list(records_of(DeploymentRecord)(self._fetch(_in_project, **place._asdict())))

    def beside_head(self, collection_id: str) -> list[DeployedRecord]:
        """Return all deployments beside the head, in no order."""
        rows = self._fetch(_beside_head, collection=collection_id)
        return [DeployedRecord(*row[:7], *map(bool, row[7:])) for row in rows]

    def _put(
        self, query: Prepared, records: Iterable[DeploymentRecord], state: DeploymentState
    ) -> None:
        rows = {one.key: (*one.key, *one[4:6], state.value) for one in records}
        self._send_rows(query, rows.values())

    def projects_of(self, artifact_uuids: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
        """Return the hosts and projects that have these artifacts, by UUID, of any collection."""
        found: dict[str, list[tuple[str, str]]] = {}
        for uuid, host, project in self._fetch(_projects, uuids=as_json(artifact_uuids)):
            found.setdefault(uuid, []).append((host, project))
        return found

    def all_of(
        self, collection_id: str, *, cursor: str | None = None, limit: int | None = DEFAULT_LIMIT
    ) -> Page[DeploymentRecord]:
        """Return a page of the deployments of a collection, in the order of projects."""
        return self._page(_ALL, cursor, limit, collection=collection_id)
