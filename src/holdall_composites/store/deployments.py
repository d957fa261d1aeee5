"""Rows of `deployments`: what is in which project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import SQL, Cast, fn

from holdall_composites.database.fields import UTC_NOW
from holdall_composites.database.models import Deployment
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
from holdall_composites.values.records import DeploymentRecord
from holdall_composites.values.types import DeploymentState

D = Deployment
_KEY = (D.collection, D.project, D.target_root, D.artifact)
_SET = (D.content_hash, D.transaction_id, D.state)
_UPSERT = {"conflict_target": _KEY, "preserve": _SET, "update": {D.deployed_at: UTC_NOW}}
_IS_PENDING = D.state == SQL(f"'{DeploymentState.PENDING}'")
_IS_DONE = D.state == DeploymentState.DONE.value

_finish = insert_rows(*_KEY, *_SET, **_UPSERT)
_begin = insert_rows(*_KEY, *_SET, **_UPSERT, where=_IS_PENDING)
_forget = delete_rows(*_KEY)
_abandon = delete_rows(*_KEY, D.transaction_id, where=(_IS_PENDING,))


@prepare
def _done() -> Any:
    return D.select(D.target_root, D.artifact, D.content_hash).where(
        D.collection == Given("collection"), D.project == Given("project"), _IS_DONE
    )


@prepare
def _select_pending() -> Any:
    return D.select(SQL("1")).where(
        D.collection == Given("collection"),
        D.project == Given("project"),
        D.transaction_id == Given("transaction"),
        _IS_PENDING,
    )


@prepare
def _projects() -> Any:
    return (
        D.select(D.artifact, D.project)
        .where(one_of(D.artifact, "uuids"))
        .distinct()
        .order_by(D.artifact, D.project)
    )


# Those that have a place at the new path already are deleted first.
@prepare
def _stay_behind() -> Any:
    there = D.alias("there")
    same = (there.collection == D.collection) & (there.target_root == D.target_root)
    found = there.select(SQL("1")).where(
        same, there.artifact == D.artifact, there.project == Given("new")
    )
    return D.delete().where(
        D.collection == Given("collection"), D.project == Given("old"), fn.EXISTS(found)
    )


@prepare
def _move() -> Any:
    given = Cast(Given("new"), "TEXT")
    return D.update({D.project: given}).where(
        D.collection == Given("collection"), D.project == Given("old")
    )


@prepare
def _in_project() -> Any:
    return D.select(*_KEY, *_SET, D.deployed_at).where(
        D.collection == Given("collection"), D.project == Given("project")
    )


_ALL = Listing(
    "deployments",
    lambda: D.select(*_KEY, *_SET, D.deployed_at).where(D.collection == Given("collection")),
    (D.project, D.target_root, D.artifact),
    records_of(DeploymentRecord),
)


class Deployments(Repository):
    """What can be done with deployments."""

    def list_done(self, collection_id: str, project: str) -> set[tuple[str, str, str]]:
        """Return what is recorded as done in a project: target roots, UUIDs and content hashes."""
        rows = self._fetch(_done, collection=collection_id, project=project)
        return {(target_root, uuid, content_hash) for target_root, uuid, content_hash in rows}

    def is_pending(self, collection_id: str, project: str, transaction_id: str) -> bool:
        """Return whether a deploy into a project was begun and not finished."""
        given = {"collection": collection_id, "project": project, "transaction": transaction_id}
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
            _abandon, ((*record[:4], record.transaction_id) for record in records)
        )

    def forget(self, records: Iterable[DeploymentRecord]) -> int:
        """Delete deployments by their keys; returns how many there were. Safe to repeat."""
        return self._run_rows(_forget, (record[:4] for record in records))

    def move(self, collection_id: str, old: str, new: str) -> None:
        """Let the deployments in one project be in another one; needs a transaction."""
        given = {"collection": collection_id, "old": old, "new": new}
        self._send(_stay_behind, **given)
        self._send(_move, **given)

    def in_project(self, collection_id: str, project: str) -> list[DeploymentRecord]:
        """Return the deployments in a project."""
        rows = self._fetch(_in_project, collection=collection_id, project=project)
        return list(records_of(DeploymentRecord)(rows))

    def _put(
        self, query: Prepared, records: Iterable[DeploymentRecord], state: DeploymentState
    ) -> None:
        rows = {record[:4]: (*record[:6], state.value) for record in records}
        self._send_rows(query, rows.values())

    def projects_of(self, artifact_uuids: Iterable[str]) -> dict[str, list[str]]:
        """Return the projects that have these artifacts, by UUID, of any collection."""
        found: dict[str, list[str]] = {}
        for uuid, project in self._fetch(_projects, uuids=as_json(artifact_uuids)):
            found.setdefault(uuid, []).append(project)
        return found

    def all_of(
        self, collection_id: str, *, cursor: str | None = None, limit: int | None = DEFAULT_LIMIT
    ) -> Page[DeploymentRecord]:
        """Return a page of the deployments of a collection, in the order of projects."""
        return self._page(_ALL, cursor, limit, collection=collection_id)
