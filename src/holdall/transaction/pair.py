"""Two transactions in two folders that are done as one, as the next run finds them.

Both halves are staged and sealed, each naming the other,
and the commit point of the first one decides for both. A is the first half, B the second one:

    A           B              the next run
    plan.tmp    - or plan.tmp  gives up A, then B
    plan        plan.tmp       does A to its end, then gives B its plan
    plan        plan           does both to their ends
    given up    plan.tmp       gives up B
    missing     plan.tmp       gives up B: A is kept until B has its plan

While A's folder cannot be reached, B waits; while B's folder cannot, A is kept as a note.
"""

from __future__ import annotations

from holdall.files.root import Root, storage_errors
from holdall.transaction.actions import Partner
from holdall.transaction.journal import OUTBOX, OUTSIDE, TX, Journal


def find_waiting(root: Root) -> list[tuple[str, Partner]]:
    """Return the transactions here that a partner elsewhere decides on, with that partner."""
    journal = Journal.find(root)
    if journal is None:
        return []
    with journal, storage_errors(journal.path):
        plans = {i: journal.waiting_plan(i) for i in journal.ids(TX)}
    return [(i, plan.partner) for i, plan in plans.items() if plan is not None and plan.partner]


def is_committed(root: Root, transaction_id: str) -> bool:
    """Return whether a transaction here has passed its commit point, and is not forgotten yet."""
    journal = Journal.find(root)
    if journal is None:
        return False
    with journal, storage_errors(journal.path):
        places = (TX, OUTBOX, OUTSIDE)
        return any(journal.read_plan(place, transaction_id) is not None for place in places)


def is_unfinished(root: Root, transaction_id: str) -> bool:
    """Return whether a transaction here is not done to its end, and not given up."""
    journal = Journal.find(root)
    if journal is None:
        return False
    with journal, storage_errors(journal.path):
        return transaction_id in journal.ids(TX)


def decide(root: Root, transaction_id: str, *, done: bool) -> None:
    """Let a transaction that still waits be done by `recover`, or give it up.

    The caller holds the locks of both folders.
    """
    journal = Journal.find(root)
    if journal is None:
        return
    with journal, storage_errors(journal.path):
        plan = journal.waiting_plan(transaction_id)
        if plan is not None and done:
            journal.pass_commit_point(transaction_id)
        elif plan is not None:
            journal.give_up(transaction_id, plan)
