"""Hooks of a collection's changes: UUIDs before it is written, rows once it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdall.plugins import Problem, Severity, hookimpl

if TYPE_CHECKING:
    from holdall.collection import ChangeSet, Collection


@hookimpl
def holdall_collect_modify(changes: ChangeSet, collection: Collection) -> None:
    """Give every entry of the manifest its UUID; refuse unknown members and cycles."""
    from holdall_composites.session import identify

    changes.after = identify(collection, changes.after, is_collect=changes.command == "collect")


@hookimpl
def holdall_collect_check(changes: ChangeSet, collection: Collection) -> list[Problem]:
    """Tell which composites and projects still want what leaves the collection."""
    from holdall_composites.service.removal import still_wanted

    return [Problem(text, Severity.WARNING) for text in still_wanted(collection, changes)]


@hookimpl
def holdall_collect_prepare(collection: Collection) -> None:
    """Refuse a change that the database could not record."""
    from holdall_composites.session import refuse_read_only

    refuse_read_only(collection)


@hookimpl
def holdall_collect_complete(
    changes: ChangeSet, collection: Collection, transaction_id: str
) -> None:
    """Make the database follow the manifest, keep what changed as new versions, and log it."""
    from holdall_composites.history.log import record_change
    from holdall_composites.session import opened

    with opened(collection, changes.command, changes.signature.author) as resolver:
        if collection.manifest.uuid is not None:
            record_change(resolver.store, collection.manifest.uuid, changes, transaction_id)
