"""Which operations an undo or a redo takes, one step at a time.

An operation is active unless an active later one undid it. An undo takes the newest active one
that is neither an undo nor a redo, so that two in a row go back two steps; a redo takes the newest
active undo, while nothing else was done since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from holdall.errors import NotFoundError
from holdall_composites.store.store import Store
from holdall_composites.values.records import OperationRecord

Step = tuple[OperationRecord, ...]
"""What is undone as one: an operation, or the two halves of a change of two folders."""

UNDO, REDO = "undo", "redo"
_HINT = "`holdall log` shows them"


def undone_by(operations: Iterable[OperationRecord]) -> dict[int, int]:
    """Return for each operation that is undone now which one did it; they come newest first."""
    undone: dict[int, int] = {}
    for operation in operations:
        if operation.number not in undone:
            undone.update(dict.fromkeys(operation.undoes, operation.number))
    return undone


def steps_back(store: Store, collection_id: str) -> Iterator[Step]:
    """Yield what can be undone, the newest first."""
    return _steps(store, collection_id, lambda operation: operation.command not in (UNDO, REDO))


def steps_forward(store: Store, collection_id: str, count: int) -> list[Step]:
    """Return the last undos, the newest first; raises NotFoundError if there are not as many."""

    def is_undo(operation: OperationRecord) -> bool | None:
        return None if operation.command not in (UNDO, REDO) else operation.command == UNDO

    found = list(islice(_steps(store, collection_id, is_undo), count))
    if len(found) < count:
        only = f"only {len(found)} undone operations can be redone"
        raise NotFoundError(only if found else "there is nothing to redo", hint=_HINT)
    return found


def step_of(store: Store, collection_id: str, number: int) -> Step:
    """Return the step that an operation belongs to; raises NotFoundError for an unknown number."""
    operations = store.operations.all_of(collection_id)
    halves = _halves(store, collection_id, operations)
    undone = undone_by(operations)
    other = halves.get(number)
    numbers = {number} if other in undone else {number, other}
    found = tuple(operation for operation in operations if operation.number in numbers)
    if all(operation.number != number for operation in found):
        raise NotFoundError(f"no operation {number}", hint=_HINT)
    return found


def _steps(
    store: Store, collection_id: str, wanted: Callable[[OperationRecord], bool | None]
) -> Iterator[Step]:
    """Yield the active operations that are wanted, each with its other half, up to a None."""
    operations = store.operations.all_of(collection_id)
    halves = _halves(store, collection_id, operations)
    taken = set(undone_by(operations))
    by_number = {operation.number: operation for operation in operations}
    for operation in operations:
        answer = wanted(operation)
        if operation.number in taken or answer is False:
            continue
        if answer is None:
            return
        other = halves.get(operation.number)
        step = [n for n in (operation.number, other) if n is not None and n not in taken]
        taken.update(step)
        yield tuple(by_number[number] for number in sorted(step, reverse=True))


def _halves(
    store: Store, collection_id: str, operations: Sequence[OperationRecord]
) -> Mapping[int, int]:
    """Return for each half of a pair the number of the other half."""
    taken = {operation.transaction_id: operation.number for operation in operations}
    commands = {"add", "adopt", "sync", "update", UNDO, REDO}
    noted = [o.number for o in operations if o.project and o.command in commands]
    details = store.operations.details_of(collection_id, noted) if noted else {}
    halves = {}
    for number in noted:
        other = taken.get((details[number] or {}).get("adopted") or "")
        if other is not None:
            halves.update({number: other, other: number})
    return halves
