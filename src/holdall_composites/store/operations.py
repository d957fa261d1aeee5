"""Rows of `operations`: the log. Rows are added, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from holdall_composites.store.query import Statements, as_json
from holdall_composites.values.records import OperationRecord

_SELECT = (
    "SELECT number, transaction_id, command, summary, project, author, host, at, undoes"
    " FROM operations o WHERE o.collection_id = ?"
)
_OF_ARTIFACT = (
    " AND EXISTS (SELECT 1 FROM operation_artifacts a WHERE a.collection_id = o.collection_id"
    " AND a.number = o.number AND a.artifact_uuid = ?)"
)
_INSERT = (
    "INSERT INTO operations (collection_id, number, transaction_id, command, summary, project,"
    " author, host, at, undoes, details)"
    " SELECT CAST(? AS TEXT), coalesce(max(number), 0) + 1, CAST(? AS TEXT), CAST(? AS TEXT),"
    " CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT),"
    " CAST(? AS TEXT), CAST(? AS TEXT) FROM operations WHERE collection_id = ?"
    " ON CONFLICT (collection_id, transaction_id) DO NOTHING"
)


def _record(*row: Any) -> OperationRecord:
    *others, undoes = row
    values = [*others, tuple(json.loads(undoes)) if undoes else ()]
    return OperationRecord(*values)


class OperationRows(Statements):
    """What can be done with operations."""

    def add_operation(
        self,
        collection_id: str,
        operation: OperationRecord,
        details: object | None,
        artifacts: Mapping[str, str | None],
    ) -> bool:
        """Append an operation under the next number, whatever number it bears.

        `artifacts` are the UUIDs of those it changed, with the content hash that it placed. Does
        nothing if its transaction is in the log; returns whether it was added. Needs the
        collection's lock.
        """
        with self.transaction():
            added = self._run(
                _INSERT,
                collection_id,
                operation.transaction_id,
                operation.command,
                operation.summary,
                operation.project,
                operation.author,
                operation.host,
                operation.at,
                as_json(operation.undoes) if operation.undoes else None,
                None if details is None else json.dumps(details, separators=(",", ":")),
                collection_id,
            )
            if added:
                self._run(
                    "INSERT INTO operation_artifacts"
                    " (collection_id, number, artifact_uuid, content_hash)"
                    " SELECT o.collection_id, o.number, value ->> 0, value ->> 1"
                    " FROM operations o, ROWS(?) AS given"
                    " WHERE o.collection_id = ? AND o.transaction_id = ?",
                    as_json(artifacts.items()),
                    collection_id,
                    operation.transaction_id,
                )
        return bool(added)

    def list_operations(
        self, collection_id: str, *, artifact_uuid: str | None = None, limit: int | None = None
    ) -> list[OperationRecord]:
        """Return operations, newest first; of an artifact, those that changed it."""
        condition = "" if artifact_uuid is None else _OF_ARTIFACT
        given = [] if artifact_uuid is None else [artifact_uuid]
        most = "" if limit is None else " LIMIT ?"
        last = [] if limit is None else [limit]
        rows = self._fetch(
            f"{_SELECT}{condition} ORDER BY number DESC{most}", collection_id, *given, *last
        )
        return [_record(*row) for row in rows]

    def operation_details(self, collection_id: str, numbers: Iterable[int]) -> dict[int, Any]:
        """Return what it takes to turn these operations back, by number; None where nothing can."""
        rows = self._fetch(
            "SELECT number, details FROM operations o"
            " WHERE collection_id = ? AND CAST(number AS TEXT) IN MANY(?)",
            collection_id,
            as_json(str(number) for number in numbers),
        )
        return {number: details and json.loads(details) for number, details in rows}

    def undone_operations(self, collection_id: str) -> dict[int, int]:
        """Return which operation undid which: {undone: by}, the latest where there are several."""
        rows = self._fetch(
            "SELECT number, undoes FROM operations"
            " WHERE collection_id = ? AND undoes IS NOT NULL ORDER BY number",
            collection_id,
        )
        return {undone: number for number, undoes in rows for undone in json.loads(undoes)}
