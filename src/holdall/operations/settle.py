"""Finish what earlier runs left: in a folder, in the partner of a pair, and in work outside.

Of two folders the collection is always locked before the project.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from holdall.errors import HoldallError, NotFoundError, StorageError
from holdall.files.lock import STATE_FOLDER, lock_folder
from holdall.files.root import Root
from holdall.operations.delivery import CHANGE, deliver, is_pending
from holdall.operations.session import Session
from holdall.transaction.actions import Partner
from holdall.transaction.commit import Message, Recovered, read_messages, recover
from holdall.transaction.outside import forget, notes
from holdall.transaction.pair import decide, find_waiting, is_committed

STEP = "step"
"""The key in the `extra` of a change or plan that says which one of several this is."""

_NAMES = {CHANGE: "change of the collection"}


@contextmanager
def lock_and_settle(path: Path, session: Session) -> Iterator[Root]:
    """Lock a project or collection for the block, and finish what earlier runs left there."""
    settle_waiting(path, session)
    with Root(path) as root, lock_folder(root):
        settle(root, session)
        yield root


def settle(root: Root, session: Session) -> None:
    """Finish what an earlier run left: its transaction, then the reports to plugins.

    The caller holds the root's lock. Says one sentence about each unfinished transaction.
    """
    _recover(root, session)
    with ExitStack() as held:
        others = list(_finish_partners(root, session, held))
        deliver(root, session)
        for other in others:
            deliver(other, session)
    for note in notes(root):
        _end(root, note, session)


def settle_waiting(path: Path, session: Session) -> None:
    """Finish or give up what waits in a project, as is decided in the collection that it waits for.

    Not for whoever holds the project's lock: the collection's comes first.
    """
    if not (path / STATE_FOLDER).is_dir():
        return
    with Root(path) as root:
        waits = find_waiting(root)
    for transaction_id, partner in waits:
        try:
            with _open_partner(partner) as first, lock_folder(first):
                settle(first, session)
                with Root(path) as root, lock_folder(root):
                    done = is_committed(first, partner.transaction_id)
                    decide(root, transaction_id, done=done)
                # The project may have moved since: the note has its old path.
                _forget_notes(first, transaction_id)
        except (NotFoundError, StorageError) as error:
            _tell_pending(path, partner, error, session)


def forget_project(root: Root, project: Path) -> bool:
    """Forget what is unfinished in a project that is gone; return whether that was something."""
    return not project.exists() and _forget_notes(root, str(project))


def _forget_notes(root: Root, wanted: str) -> bool:
    """Forget the notes about a folder, or about a transaction there."""
    found = [n.transaction_id for n in notes(root) if n.partner and wanted in n.partner]
    for transaction_id in found:
        forget(root, transaction_id)
    return bool(found)


@contextmanager
def _open_partner(partner: Partner) -> Iterator[Root]:
    """Open a partner's folder; raises NotFoundError for one in which Holdall has never been."""
    with Root(Path(partner.root)) as root:
        if not (root.path / STATE_FOLDER).is_dir():
            raise NotFoundError(f"{root.path} is another folder than it was")
        yield root


def _recover(root: Root, session: Session) -> None:
    note = session.reporter.note
    for recovered in recover(root):
        if recovered.applied:
            what = _NAMES.get(recovered.kind, recovered.kind) + _step_of(recovered)
            note(f"finished the {what} that an earlier run left unfinished in {root.path}")
        else:
            note(f"removed what an earlier run had prepared but not begun in {root.path}")
        for path in recovered.conflicts:
            note(f"kept your version of {path}, which changed meanwhile")


def _step_of(recovered: Recovered) -> str:
    extra = recovered.payload.get("extra")
    step = extra.get(STEP) if isinstance(extra, Mapping) else None
    return f" ({step})" if isinstance(step, str) else ""


def _finish_partners(root: Root, session: Session, held: ExitStack) -> Iterator[Root]:
    """Do, or give up, the second halves of what was decided here; yield their locked folders."""
    for message in (*read_messages(root), *notes(root)):
        partner = message.partner
        if partner is None or partner.decides or not is_pending(message):
            continue
        try:
            other = held.enter_context(Root(Path(partner.root)))
            held.enter_context(lock_folder(other))
            decide(other, partner.transaction_id, done=message.applied)
            _recover(other, session)
        except (NotFoundError, StorageError) as error:
            _tell_pending(root.path, partner, error, session)
        else:
            yield other


def _tell_pending(path: Path, partner: Partner, error: HoldallError, session: Session) -> None:
    session.reporter.note(
        f"a change of both {path} and {partner.root} is unfinished, and stays so until the latter"
        f" can be reached: {error.message}"
    )


def _end(root: Root, note: Message, session: Session) -> None:
    """Put in order what work outside left; what cannot be reached stays noted."""
    if note.partner is not None:
        if not is_pending(note):
            forget(root, note.transaction_id)
        return
    try:
        text = _end_outside(note)
    except (NotFoundError, StorageError) as error:
        text = f"the {note.kind} to {note.payload.get('target')} is unfinished, and stays so"
        session.reporter.note(f"{text}: {error.message}")
        return
    forget(root, note.transaction_id)
    if text:
        session.reporter.note(text)


def _end_outside(note: Message) -> str | None:
    from holdall.transaction.export import EXPORT, end_export
    from holdall.transaction.replacement import Replacement

    if note.kind == EXPORT:
        return end_export(note.payload)
    return Replacement.from_payload(note.payload).end()
