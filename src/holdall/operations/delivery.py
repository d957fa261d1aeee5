"""Report to plugins what a transaction has done: at once, or in the next run until it works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from holdall.deploy.planning.plan import DeployPlan
from holdall.deploy.targets import targets_for
from holdall.errors import HoldallError, InputError, NotFoundError, PluginError, StorageError
from holdall.files.lock import STATE_FOLDER
from holdall.files.root import Root
from holdall.operations.session import Session
from holdall.transaction.commit import Message, forget_message, read_messages
from holdall.transaction.journal import OUTBOX
from holdall.transaction.outside import keep_as_note
from holdall.transaction.pair import is_unfinished

CHANGE = "collection-change"
DEPLOY = "deploy"


def to_journal_json(payload: dict[str, Any]) -> dict[str, Any]:
    """Return `extra` as the journal gives it back; PluginError if it cannot be stored."""
    try:
        kept: dict[str, Any] = json.loads(json.dumps(payload, allow_nan=False))
        if not isinstance(kept["extra"], dict):
            raise TypeError("it is not a dict any more")
    except (TypeError, ValueError, RecursionError) as error:
        raise PluginError(
            f"a plugin put into `extra` what is no JSON: {error}",
            hint="run with --no-plugins to do without it, or report this to its authors",
        ) from error
    return kept


@contextmanager
def deliver_at_end(root: Root, session: Session) -> Iterator[None]:
    """Deliver what a commit leaves, whichever way it ends."""
    try:
        yield
    except HoldallError:
        with suppress(HoldallError):
            deliver(root, session)
        raise
    deliver(root, session)


@contextmanager
def report_errors(session: Session, hook: str, **arguments: Any) -> Iterator[None]:
    """Let plugins observe by this hook with what exception the block ends; it stays the one."""
    try:
        yield
    except Exception as error:
        report_error(session, hook, error=error, **arguments)
        raise


def report_error(session: Session, hook: str, **arguments: Any) -> None:
    """Call a hook that observes an error; what fails in it is reported."""
    for _, _, problem in session.plugins.call_each(hook, **arguments):
        if problem is not None:
            session.reporter.warn(problem.message)


def deliver(root: Root, session: Session) -> bool:
    """Call the hooks for every transaction that is done or given up; return whether all succeeded.

    What a plugin failed to process stays in the outbox for the next run, with later messages for
    the same collection: an older message must not be delivered after a newer one. So does what is
    of another collection than the one that the run's database was given for.
    """
    stuck = set()
    for message in read_messages(root):
        collection = message.payload.get("collection")
        owner = root.path if message.kind == CHANGE else Path(str(collection))
        if collection in stuck or not session.knows_database_of(owner):
            continue
        failures = _failures(message, root.path, session)
        state = "the files are in place" if message.applied else "nothing was changed"
        for error in failures:
            again = "the next run reports it to the plugins again"
            session.reporter.warn(f"{error.message}; {state}, and {again}")
        if failures:
            stuck.add(collection)
        elif message.applied and is_pending(message):
            keep_as_note(root, message.transaction_id)
        else:
            forget_message(root, message.transaction_id)
    return not stuck


def is_pending(message: Message) -> bool:
    """Return whether the second half of a pair, whose first half this is, is not done yet."""
    partner = message.partner
    if partner is None or partner.decides:
        return False
    try:
        with Root(Path(partner.root)) as other:
            return is_unfinished(other, partner.transaction_id)
    except (NotFoundError, StorageError):
        return True


def _failures(message: Message, path: Path, session: Session) -> list[HoldallError]:
    is_abandoned_change = message.kind == CHANGE and not message.applied
    if is_abandoned_change and not session.plugins.implements("holdall_collect_abandoned"):
        return []
    try:
        hook, arguments = _call_of(message, path, session)
    except HoldallError as error:
        return [error]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [_not_ours(message, path, error)]
    arguments["transaction_id"] = message.transaction_id
    return [error for _, _, error in session.plugins.call_each(hook, **arguments) if error]


def _not_ours(message: Message, path: Path, error: Exception) -> InputError:
    folder = path / STATE_FOLDER / OUTBOX / message.transaction_id
    return InputError(
        f"{folder}: not a Holdall message: {error!r}",
        hint="delete that folder; the files that it reports are in place",
    )


def _call_of(message: Message, path: Path, session: Session) -> tuple[str, dict[str, Any]]:
    if message.kind == CHANGE:
        from holdall.collection.changes import ChangeSet

        collection = session.open_collection(path)
        present = collection.manifest, collection.manifest_hash
        changes = ChangeSet.from_payload(message.payload, *present)
        hook = "holdall_collect_complete" if message.applied else "holdall_collect_abandoned"
        return hook, {"changes": changes, "collection": collection}
    collection = session.open_collection(Path(str(message.payload["collection"])))
    known = targets_for(session.plugins.targets, path)
    plan = DeployPlan.from_payload(message.payload, path, collection, known)
    hook = "holdall_deploy_complete" if message.applied else "holdall_deploy_abandoned"
    return hook, {"plan": plan}
