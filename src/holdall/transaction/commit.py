"""Change a project or a collection all at once: the only writer there (DESIGN section 9).

The caller holds the lock around `recover`, its own planning, and `commit`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from holdall import NamedTuple
from holdall.artifacts.paths import RelPath
from holdall.errors import ConflictError, HoldallError, StorageError
from holdall.files import syscalls
from holdall.files.root import Root, storage_errors, write_all
from holdall.files.user_state import journal_key
from holdall.reporter import log_debug
from holdall.transaction.actions import JSON, Action, Partner, Plan, encode_plan
from holdall.transaction.journal import (
    BACKUPS,
    OUTBOX,
    OUTSIDE,
    PLAN,
    PLAN_TMP,
    TX,
    Journal,
    new_transaction_id,
)

if TYPE_CHECKING:
    from holdall.transaction.apply import Application
    from holdall.transaction.staging import Progress

_LATER = "what is missing will be done by the next holdall command here; check the disk first"


class Outcome(NamedTuple):
    """What a commit did: `conflicts` were left alone, `backups` says where files were kept.

    A backup's place is relative to the root.
    """

    transaction_id: str
    conflicts: tuple[RelPath, ...]
    backups: tuple[tuple[RelPath, str], ...]


class Recovered(NamedTuple):
    """The end of an unfinished transaction: finished (`applied`) or undone completely."""

    transaction_id: str
    kind: str
    payload: Mapping[str, JSON]
    applied: bool
    conflicts: tuple[RelPath, ...]
    backups: tuple[tuple[RelPath, str], ...] = ()


class Message(NamedTuple):
    """A transaction, in place (`applied`) or given up, that is not yet reported to all plugins."""

    transaction_id: str
    kind: str
    payload: Mapping[str, JSON]
    applied: bool = True
    partner: Partner | None = None


class Half(NamedTuple):
    """A transaction to be done as one with another one; the fields are what `commit` takes."""

    transaction_id: str
    root: Root
    actions: Sequence[Action]
    kind: str
    payload: Mapping[str, JSON]
    prepare: Callable[[str], None]
    progress: Progress | None = None


class _Work(NamedTuple):
    """A transaction that is being staged."""

    half: Half
    journal: Journal
    plan: Plan
    encoded: bytes
    by_file: bool


class _Slots(NamedTuple):
    transaction: int
    new: int
    old: int


def commit(
    root: Root,
    actions: Sequence[Action],
    *,
    kind: str,
    payload: Mapping[str, JSON],
    prepare: Callable[[str], None],
    progress: Progress | None = None,
) -> Outcome:
    """Do all actions, in their order, or none, whatever happens in between.

    `prepare` is called with the transaction's id when everything is staged and nothing visible;
    if it raises, that is all that happened. Afterwards, and also when it failed once `prepare` was
    called, `kind` and `payload` are a message for `read_messages`; without a payload there is none.
    Raises ConflictError, with nothing changed, if a condition does not hold any more.
    """
    if not actions and not payload:
        return Outcome(new_transaction_id(), (), ())
    return commit_half(Half(new_transaction_id(), root, actions, kind, payload, prepare, progress))


def commit_half(half: Half) -> Outcome:
    """Do a transaction that has its id already, and turned out to need no other half."""
    with _begin(half, None) as work:
        _stage_all(work)
        return _finish_now(work)


def commit_pair(first: Half, second: Half) -> tuple[Outcome, Outcome]:
    """Do two transactions in two folders: both, or neither. Each has a payload.

    The first one decides. Raises what `commit` raises, with nothing changed in either folder; a
    StorageError after the commit point says that the next run does the rest.
    """
    to_second = Partner(str(second.root.path.absolute()), second.transaction_id, decides=False)
    to_first = Partner(str(first.root.path.absolute()), first.transaction_id, decides=True)
    with _begin(first, to_second) as one, _begin(second, to_first) as other:
        _stage_all(one, other)
        try:
            done = _finish_now(one)
        except ConflictError:  # called off
            other.journal.give_up(second.transaction_id, other.plan)
            raise
        with storage_errors(second.root.path, _LATER):
            other.journal.pass_commit_point(second.transaction_id)
            second.root.folders.forget()
            return done, _finish_now(other)


@contextmanager
def _begin(half: Half, partner: Partner | None) -> Iterator[_Work]:
    from holdall.transaction.staging import is_synced_by_file, refuse_unsafe

    plan = Plan(half.kind, half.payload, tuple(half.actions), partner)
    encoded = encode_plan(plan, half.transaction_id, journal_key())
    half.root.folders.forget()
    half.root.folders.made.clear()
    with Journal.make(half.root) as journal:
        _refuse_unfinished(journal)
        refuse_unsafe(half.root, journal.folder, half.actions)
        yield _Work(half, journal, plan, encoded, is_synced_by_file(half.actions))


def _stage_all(*works: _Work) -> None:
    """Stage and prepare transactions, and pass the commit point of the first one."""
    prepared: list[_Work] = []
    try:
        for work in works:
            _stage(work)
            _make_staged_durable(work)
        # Not before: what is prepared must not outlive, in a power cut, the plan of it. The first
        # one last: where others see its change, it is committed for them by that.
        for work in reversed(works):
            prepared.append(work)
            work.half.prepare(work.half.transaction_id)
        works[0].journal.pass_commit_point(works[0].half.transaction_id)
    except BaseException:
        # Where that is not possible now, `recover` does it. The second one never before the first.
        with contextlib.suppress(OSError, HoldallError):
            for work in works:
                plan = work.plan if work in prepared else None
                work.journal.give_up(work.half.transaction_id, plan)
        raise


def _finish_now(work: _Work) -> Outcome:
    root, transaction_id = work.half.root, work.half.transaction_id
    done = _finish(root, work.journal, transaction_id, work.plan, by_file=work.by_file)
    if done.is_called_off:
        raise ConflictError(
            f"{root.path / done.conflicts[0]} appeared while Holdall was running",
            hint="nothing was changed; see what it is, then run the command again",
        )
    values = (transaction_id, work.half.kind, len(work.half.actions))
    log_debug(__name__, "committed %s, %s: %d actions", *values)
    return Outcome(transaction_id, tuple(done.conflicts), tuple(done.backups))


def recover(root: Root) -> list[Recovered]:
    """Finish what an interrupted run had promised, and remove what it had only prepared.

    What waits for a partner elsewhere stays: `pair.decide` is for that.
    """
    journal = Journal.find(root)
    if journal is None:
        return []
    root.folders.forget()
    with journal, storage_errors(journal.path):
        recovered = [
            _recover(root, journal, i) for i in journal.ids(TX) if journal.waiting_plan(i) is None
        ]
        for transaction_id in journal.ids(OUTBOX):
            if _message(journal, transaction_id) is None:
                journal.clear_away(OUTBOX, transaction_id)
            else:
                journal.strip(transaction_id)
    return recovered


def read_messages(root: Root) -> list[Message]:
    """Return the messages that no `forget_message` has deleted, oldest first."""
    journal = Journal.find(root)
    if journal is None:
        return []
    with journal, storage_errors(journal.path):
        messages = [_message(journal, i) for i in journal.ids(OUTBOX)]
    return [message for message in messages if message is not None]


def _message(journal: Journal, transaction_id: str) -> Message | None:
    for name in (PLAN, PLAN_TMP):
        if (plan := journal.read_plan(OUTBOX, transaction_id, name)) is not None:
            return Message(transaction_id, plan.kind, plan.payload, name == PLAN, plan.partner)
    return None


def forget_message(root: Root, transaction_id: str) -> None:
    """Delete a transaction's message, which was delivered. Without a message, do nothing."""
    journal = Journal.find(root)
    if journal is None:
        return
    with journal, storage_errors(journal.path):
        if transaction_id in journal.ids(OUTBOX):
            journal.discard(OUTBOX, transaction_id)


def _refuse_unfinished(journal: Journal) -> None:
    with storage_errors(journal.path):
        unfinished = journal.ids(TX)
        for where in (OUTBOX, OUTSIDE, BACKUPS):
            journal.ids(where)  # they refuse what is not a folder
        waits = {i: journal.waiting_plan(i) for i in unfinished}
    for transaction_id, plan in waits.items():
        hint = "run holdall once more to finish it first"
        if plan is not None and plan.partner is not None:
            hint = f"it waits for {plan.partner.root}: any holdall command that reaches it ends it"
            hint += "; if that folder is gone for good, remove the folder of the transaction"
        raise StorageError(
            f"{journal.path / TX / transaction_id} is unfinished, so nothing else can be done here",
            hint=hint,
        )


@contextmanager
def _slots(journal: Journal, transaction_id: str) -> Iterator[_Slots]:
    with contextlib.ExitStack() as opened:
        fds = []
        for names in ((), ("new",), ("old",)):
            fds.append(journal.open(TX, transaction_id, *names, make=True))
            opened.callback(os.close, fds[-1])
        yield _Slots(*fds)


def _stage(work: _Work) -> None:
    from holdall.transaction.staging import stage

    half, journal = work.half, work.journal
    with storage_errors(journal.path):
        os.close(journal.open(OUTBOX, make=True))
        with _slots(journal, half.transaction_id) as slots:
            stage(slots.new, half.actions, half.progress, durable=work.by_file)
            file = syscalls.create_file(PLAN_TMP, slots.transaction, 0o600)
            try:
                write_all(file, work.encoded)
                if work.by_file:
                    syscalls.sync(file)
            finally:
                os.close(file)


def _make_staged_durable(work: _Work) -> None:
    journal = work.journal
    with storage_errors(journal.path), _slots(journal, work.half.transaction_id) as slots:
        if not work.by_file:
            syscalls.sync_file_system(journal.folder)
            return
        outer = journal.open(TX)
        try:
            above = (outer, journal.folder, work.half.root.folders.top)
            for folder in (slots.new, slots.transaction, *above):
                syscalls.sync(folder)
        finally:
            os.close(outer)


def _finish(
    root: Root,
    journal: Journal,
    transaction_id: str,
    plan: Plan,
    *,
    by_file: bool = False,
    again: bool = False,
) -> Application:
    from holdall.transaction.apply import Application

    with storage_errors(root.path, _LATER):
        with _slots(journal, transaction_id) as slots:
            application = Application(root, journal, slots.new, slots.old, transaction_id)
            application.run(plan.actions, again=again)
        if application.is_called_off:
            syscalls.sync_file_system(root.folders.top)
            journal.give_up(transaction_id, plan)
            return application
        if plan.actions:
            _make_durable(root, application, by_file=by_file and not application.backups)
        if plan.payload:
            journal.move(transaction_id, TX, OUTBOX)
            journal.strip(transaction_id)
        else:
            journal.discard(TX, transaction_id)
    return application


def _make_durable(root: Root, application: Application, *, by_file: bool) -> None:
    if not by_file:
        syscalls.sync_file_system(root.folders.top)
        return
    touched = application.touched | {path.parent for path in root.folders.made}
    # From the top down, so that nothing is durable in a folder that cannot be reached yet.
    for path in sorted(touched, key=lambda path: path or ""):
        # A folder that is gone, or not ours any more, has nothing of ours to keep.
        with contextlib.suppress(HoldallError):
            if (folder := root.folders.find(path)) is not None:
                syscalls.sync(folder)


def _recover(root: Root, journal: Journal, transaction_id: str) -> Recovered:
    plan = journal.read_plan(TX, transaction_id)
    if plan is None:
        staged = journal.read_plan(TX, transaction_id, PLAN_TMP)
        if journal.has_plan(TX, transaction_id):
            journal.clear_away(TX, transaction_id)
        else:
            journal.give_up(transaction_id, staged)
        plan = staged or Plan("", {}, ())
        return Recovered(transaction_id, plan.kind, plan.payload, False, ())
    done = _finish(root, journal, transaction_id, plan, again=True)
    conflicts, backups = tuple(done.conflicts), tuple(done.backups)
    applied = not done.is_called_off
    return Recovered(transaction_id, plan.kind, plan.payload, applied, conflicts, backups)
