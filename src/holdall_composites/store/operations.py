"""Rows of `operations`: the log. Rows are added; the path of a project that moved is changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from peewee import Cast, Tuple, fn

from holdall_composites.database.models import Operation, OperationArtifact
from holdall_composites.store.prepared import Given, as_json, insert_rows_of, one_of, prepare
from holdall_composites.store.query import Repository
from holdall_composites.values.records import OperationRecord

O = Operation  # noqa: E741
_ENDLESS = (1 << 63) - 1
_GIVEN = (
    *(O.transaction_id, O.command, O.summary, O.project, O.author),
    *(O.host, O.at, O.undoes, O.release, O.details),
)
_IN_COLLECTION = O.collection == Given("collection")
_A = OperationArtifact
_insert_artifacts = insert_rows_of(
    *(O, (O.collection, O.number), (_A.collection_id, _A.operation)),
    *(_A.artifact_uuid, _A.content_hash),
    where=_IN_COLLECTION & (O.transaction_id == Given("transaction")),
    action="NOTHING",
)


@prepare
def _insert() -> Any:
    kinds = {O.release.name: "INTEGER"}
    values = [Cast(Given(field.name), kinds.get(field.name, "TEXT")) for field in _GIVEN]
    number = fn.COALESCE(fn.MAX(O.number), 0) + 1
    row = O.select(Cast(Given("collection"), "TEXT"), number, *values).where(_IN_COLLECTION)
    return (
        O.insert_from(row, [O.collection, O.number, *_GIVEN])
        .returning()
        .on_conflict("NOTHING", conflict_target=[O.collection, O.transaction_id])
    )


def _operations(*conditions: Any) -> Any:
    query = O.select(O.number, *_GIVEN[:-1]).where(_IN_COLLECTION, *conditions)
    return query.order_by(O.number.desc()).limit(Given("limit"))


_all = prepare(_operations)


@prepare
def _of_artifact() -> Any:
    changed = OperationArtifact.select(
        OperationArtifact.collection_id, OperationArtifact.operation
    ).where(OperationArtifact.artifact_uuid == Given("artifact"))
    return _operations(Tuple(O.collection, O.number).in_(changed))


@prepare
def _details() -> Any:
    wanted = one_of(O.number, "numbers", "INTEGER")
    return O.select(O.number, O.details).where(_IN_COLLECTION, wanted)


@prepare
def _move() -> Any:
    given, host = (Cast(Given(name), "TEXT") for name in ("new", "host"))
    return O.update({O.project: given}).where(
        _IN_COLLECTION, O.project == Given("old"), (O.host == host) | (host == "")
    )


def _record(row: tuple[Any, ...]) -> OperationRecord:
    *others, undoes, release = row
    numbers = tuple(json.loads(undoes)) if undoes else ()
    return OperationRecord._make([*others, numbers, release])


class Operations(Repository):
    """What can be done with operations."""

    def add(
        self,
        collection_id: str,
        operation: OperationRecord,
        details: object | None,
        artifacts: Mapping[str, str | None],
    ) -> None:
        """Append an operation under the next number, whatever number it bears.

        `artifacts` are the UUIDs of those it changed, with the content hash that it placed. Does
        nothing if its transaction is in the log. Needs the collection's lock.
        """
        texts = {
            "undoes": as_json(operation.undoes) if operation.undoes else None,
            "details": None if details is None else json.dumps(details, separators=(",", ":")),
        }
        with self.part():
            given = {**operation._asdict(), **texts, "collection": collection_id}
            self._send(_insert, **given)
            at = {"collection": collection_id, "transaction": operation.transaction_id}
            self._send_rows(_insert_artifacts, artifacts.items(), **at)

    def move(self, collection_id: str, host: str, old: str, new: str) -> None:
        """Let the operations of a machine, of all if `host` is empty, be in another project."""
        self._send(_move, collection=collection_id, host=host, old=old, new=new)

    def all_of(
        self, collection_id: str, *, artifact_uuid: str | None = None, limit: int | None = None
    ) -> list[OperationRecord]:
        """Return operations, newest first; of an artifact, those that changed it."""
        query = _all if artifact_uuid is None else _of_artifact
        given = {"collection": collection_id, "artifact": artifact_uuid}
        limit = _ENDLESS if limit is None else limit
        return list(map(_record, self._fetch(query, **given, limit=limit)))

    def details_of(self, collection_id: str, numbers: Iterable[int]) -> dict[int, Any]:
        """Return what it takes to undo these operations, by number; None where nothing can."""
        rows = self._fetch(_details, collection=collection_id, numbers=as_json(numbers))
        return {number: details and json.loads(details) for number, details in rows}
