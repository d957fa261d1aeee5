"""Rows of `deployments`: what is in which project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import Tuple

from holdall_composites.database.fields import UTC_NOW
from holdall_composites.database.models import Deployment
from holdall_composites.store.prepared import (
    Given,
    Prepared,
    as_json,
    cells,
    one_of,
    prepared,
    select_rows,
)
from holdall_composites.store.query import Listing, Repository, records_of
from holdall_composites.values.pagination import DEFAULT_LIMIT, Page
from holdall_composites.values.records import DeploymentRecord
from holdall_composites.values.types import DeploymentState

D = Deployment
_KEY = (D.collection, D.project, D.target_root, D.artifact)
_COLUMNS = (*_KEY, D.content_hash, D.transaction_id, D.state)


def _upserted(insert: Any, where: Any = None) -> Any:
    return insert.on_conflict(
        conflict_target=_KEY,
        preserve=[D.content_hash, D.transaction_id, D.state],
        update={D.deployed_at: UTC_NOW},
        where=where,
    )


def _rows() -> Any:
    return D.insert_from(select_rows(cells(len(_COLUMNS))), _COLUMNS).returning()


def _row() -> Any:
    return D.insert_many([[Given(column.name) for column in _COLUMNS]], _COLUMNS).returning()


_IS_PENDING = D.state == DeploymentState.PENDING.value
# SQLite takes twice as long to read ten thousand rows out of JSON, PostgreSQL six times to get
# them one by one.
_FINISH = prepared(lambda: _upserted(_row())), prepared(lambda: _upserted(_rows()))
_BEGIN = (
    prepared(lambda: _upserted(_row(), _IS_PENDING)),
    prepared(lambda: _upserted(_rows(), _IS_PENDING)),
)


@prepared
def _done() -> Any:
    return D.select(D.target_root, D.artifact, D.content_hash).where(
        D.collection == Given("collection"),
        D.project == Given("project"),
        D.state == DeploymentState.DONE.value,
    )


@prepared
def _forget() -> Any:
    return D.delete().where(Tuple(*_KEY).in_(select_rows(cells(len(_KEY)))))


@prepared
def _abandon() -> Any:
    wanted = select_rows([*cells(len(_KEY)), cells(len(_COLUMNS))[5]])
    return D.delete().where(_IS_PENDING, Tuple(*_KEY, D.transaction_id).in_(wanted))


@prepared
def _projects() -> Any:
    return (
        D.select(D.artifact, D.project)
        .where(one_of(D.artifact, "uuids"))
        .distinct()
        .order_by(D.artifact, D.project)
    )


_ALL = Listing(
    "deployments",
    lambda: D.select(*_COLUMNS, D.deployed_at).where(D.collection == Given("collection")),
    (D.project, D.target_root, D.artifact),
    (str, str, str),
)


class Deployments(Repository):
    """What can be done with deployments."""

    def finished_in(self, collection_id: str, project: str) -> set[tuple[str, str, str]]:
        """Return what is recorded as done in a project: target roots, UUIDs and content hashes."""
        rows = self._fetch(_done, collection=collection_id, project=project)
        return {(target_root, uuid, content_hash) for target_root, uuid, content_hash in rows}

    def begin(self, records: Iterable[DeploymentRecord]) -> None:
        """Record deployments as pending, but for those that replace one that is done."""
        self._put(_BEGIN, records, DeploymentState.PENDING)

    def finish(self, records: Iterable[DeploymentRecord]) -> None:
        """Record deployments as done, whether begun or not. Safe to repeat."""
        self._put(_FINISH, records, DeploymentState.DONE)

    def abandon(self, records: Iterable[DeploymentRecord]) -> int:
        """Delete those of these deployments that their transactions began and did not finish.

        Returns how many there were. Safe to repeat.
        """
        return self._run_rows(_abandon, (record[:7] for record in records))

    def forget(self, records: Iterable[DeploymentRecord]) -> int:
        """Delete deployments by their keys; returns how many there were. Safe to repeat."""
        return self._run_rows(_forget, (record[:7] for record in records))

    def _put(
        self,
        queries: tuple[Prepared, ...],
        records: Iterable[DeploymentRecord],
        state: DeploymentState,
    ) -> None:
        rows = {record[:4]: (*record[:6], state.value) for record in records}
        for_a_row, for_all = queries
        if self.is_postgresql:
            self._run_rows(for_all, rows.values())
        elif rows:
            self._run_many(for_a_row, rows.values())

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
        return self._page(
            _ALL,
            records_of(DeploymentRecord),
            lambda record: (record.project, record.target_root, record.artifact_uuid),
            *(cursor, limit),
            collection=collection_id,
        )
