"""Report to plugins what a transaction has done: at once, or in the next run until it works."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from holdall.collection.collection import Collection, open_collection
from holdall.config import Config, cache_folder, database_url_of
from holdall.deploy.planning.plan import DeployPlan
from holdall.deploy.targets import targets_for
from holdall.errors import HoldallError, InputError, PluginError
from holdall.files.lock import STATE_FOLDER
from holdall.files.root import Root
from holdall.plugins.manager import Plugins
from holdall.transaction.commit import Message, delivered, recover, undelivered
from holdall.transaction.journal import OUTBOX

CHANGE = "collection-change"
DEPLOY = "deploy"

_NAMES = {CHANGE: "change of the collection"}


def settle(root: Root, plugins: Plugins, config: Config, say: Callable[[str], None]) -> None:
    """Finish what an earlier run left: its transaction, then the reports to plugins.

    The caller holds the root's lock. Says one sentence about each unfinished transaction.
    """
    for recovered in recover(root):
        if recovered.applied:
            what = _NAMES.get(recovered.kind, recovered.kind)
            say(f"finished the {what} that an earlier run left unfinished in {root.path}")
        else:
            say(f"removed what an earlier run had prepared but not begun in {root.path}")
        for path in recovered.conflicts:
            say(f"kept your version of {path}, which changed meanwhile")
    deliver(root, plugins, config, say)


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
def delivering(
    root: Root, plugins: Plugins, config: Config, say: Callable[[str], None]
) -> Iterator[None]:
    """Deliver what a commit leaves, whichever way it ends."""
    try:
        yield
    except HoldallError:
        with suppress(HoldallError):
            deliver(root, plugins, config, say)
        raise
    deliver(root, plugins, config, say)


@contextmanager
def report_errors(
    plugins: Plugins, say: Callable[[str], None], hook: str, **arguments: Any
) -> Iterator[None]:
    """Let plugins observe by this hook with what exception the block ends; it stays the one."""
    try:
        yield
    except Exception as error:
        report_error(plugins, say, hook, error=error, **arguments)
        raise


def report_error(plugins: Plugins, say: Callable[[str], None], hook: str, **arguments: Any) -> None:
    """Call a hook that observes an error; what fails in it is said."""
    for _, _, problem in plugins.call_each(hook, **arguments):
        if problem is not None:
            say(f"warning: {problem.message}")


def deliver(root: Root, plugins: Plugins, config: Config, say: Callable[[str], None]) -> bool:
    """Call the hooks for every transaction that is done or given up; return whether all succeeded.

    What a plugin failed to process stays in the outbox for the next run, with later messages for
    the same collection: an older message must not be delivered after a newer one.
    """
    stuck = set()
    for message in undelivered(root):
        collection = message.payload.get("collection")
        if collection in stuck:
            continue
        failures = _failures(message, root.path, plugins, config)
        state = "the files are in place" if message.applied else "nothing was changed"
        for error in failures:
            again = "the next run reports it to the plugins again"
            say(f"warning: {error.message}; {state}, and {again}")
        if failures:
            stuck.add(collection)
        else:
            delivered(root, message.transaction_id)
    return not stuck


def _failures(message: Message, path: Path, plugins: Plugins, config: Config) -> list[HoldallError]:
    is_abandoned_change = message.kind == CHANGE and not message.applied
    if is_abandoned_change and not plugins.implements("holdall_collect_abandoned"):
        return []
    try:
        hook, arguments = _call_of(message, path, plugins, config)
    except HoldallError as error:
        return [error]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [_not_ours(message, path, error)]
    arguments["transaction_id"] = message.transaction_id
    return [error for _, _, error in plugins.call_each(hook, **arguments) if error]


def _not_ours(message: Message, path: Path, error: Exception) -> InputError:
    folder = path / STATE_FOLDER / OUTBOX / message.transaction_id
    return InputError(
        f"{folder}: not a Holdall message: {error!r}",
        hint="delete that folder; the files that it reports are in place",
    )


def _call_of(
    message: Message, path: Path, plugins: Plugins, config: Config
) -> tuple[str, dict[str, Any]]:
    if message.kind == CHANGE:
        from holdall.collection.changes import ChangeSet

        collection = _collection_at(path, plugins, config)
        changes = ChangeSet.from_payload(message.payload, collection.manifest)
        hook = "holdall_collect_complete" if message.applied else "holdall_collect_abandoned"
        return hook, {"changes": changes, "collection": collection}
    collection = _collection_at(Path(str(message.payload["collection"])), plugins, config)
    plan = DeployPlan.from_payload(message.payload, path, collection)
    known = targets_for(plugins.targets, path)
    payload: Mapping[str, Any] = message.payload
    plan.targets = tuple(known[name] for name in payload.get("targets", ()) if name in known)
    hook = "holdall_deploy_complete" if message.applied else "holdall_deploy_abandoned"
    return hook, {"plan": plan}


def _collection_at(path: Path, plugins: Plugins, config: Config) -> Collection:
    url, cache = database_url_of(config, path), cache_folder(config)
    return open_collection(path, url, plugins.types, cache=cache)
