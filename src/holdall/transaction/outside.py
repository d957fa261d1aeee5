"""Work outside of the folder, noted in its journal before it begins, so that the next run ends it.

A note is `.holdall/outside/<id>/plan`: what kind of work it is and what its end needs, sealed as a
transaction is. Half of a pair becomes one while the folder of the other half cannot be reached.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from holdall.errors import HoldallError
from holdall.files import syscalls
from holdall.files.root import Root, storage_errors, write_all
from holdall.files.user_state import journal_key
from holdall.transaction.actions import JSON, Plan, encode_plan
from holdall.transaction.commit import Message
from holdall.transaction.journal import (
    OUTBOX,
    OUTSIDE,
    PLAN,
    PLAN_TMP,
    Journal,
    new_transaction_id,
)


@contextmanager
def note_outside(
    root: Root, kind: str, payload: Mapping[str, JSON], end: Callable[[], object]
) -> Iterator[None]:
    """Note what the block does outside of the folder; forget it once that is done.

    If the block raises, `end` puts in order what it left, as the next run would. The caller holds
    the folder's lock.
    """
    transaction_id = _write(root, Plan(kind, payload, ()))
    try:
        yield
    except BaseException:
        with suppress(OSError, HoldallError):
            end()
            forget(root, transaction_id)
        raise
    forget(root, transaction_id)


def _write(root: Root, plan: Plan) -> str:
    transaction_id = new_transaction_id()
    encoded = encode_plan(plan, transaction_id, journal_key())
    with Journal.make(root) as journal, storage_errors(journal.path):
        folder = journal.open(OUTSIDE, transaction_id, make=True)
        try:
            file = syscalls.create_file(PLAN_TMP, folder, 0o600)
            try:
                write_all(file, encoded)
                syscalls.sync(file)
            finally:
                os.close(file)
            syscalls.rename(folder, PLAN_TMP, folder, PLAN)
            syscalls.sync(folder)
        except BaseException:
            with suppress(OSError):
                journal.discard(OUTSIDE, transaction_id)
            raise
        finally:
            os.close(folder)
        above = journal.open(OUTSIDE)
        try:
            for opened in (above, journal.folder, root.folders.top):
                syscalls.sync(opened)
        finally:
            os.close(above)
    return transaction_id


def notes(root: Root) -> list[Message]:
    """Return the notes of what may not be done, oldest first; what is no note is removed."""
    journal = Journal.find(root)
    if journal is None:
        return []
    found = []
    with journal, storage_errors(journal.path):
        for transaction_id in journal.ids(OUTSIDE):
            plan = journal.read_plan(OUTSIDE, transaction_id)
            if plan is None:  # the work had not begun
                journal.discard(OUTSIDE, transaction_id)
            else:
                found.append(Message(transaction_id, plan.kind, plan.payload, True, plan.partner))
    return found


def forget(root: Root, transaction_id: str) -> None:
    """Remove a note: what it was about is done."""
    with Journal.make(root) as journal, storage_errors(journal.path):
        journal.discard(OUTSIDE, transaction_id)


def keep_as_note(root: Root, transaction_id: str) -> None:
    """Turn a message that is delivered into a note: its partner is not done yet."""
    with Journal.make(root) as journal, storage_errors(journal.path):
        journal.move(transaction_id, OUTBOX, OUTSIDE)
