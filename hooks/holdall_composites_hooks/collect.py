"""Hooks of a collection's changes: UUIDs before it is written, rows once it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdall.plugins import Problem, Severity, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from holdall.artifacts import RelPath, TypeSpec
    from holdall.collection import ChangeSet, Collection, EditPlan, Manifest
    from holdall.files import Scratch, Tree
    from holdall.transaction import Action


@hookimpl
def holdall_collection_folder(
    url: str, name: str | None, default: Collection | None, types: Mapping[str, TypeSpec]
) -> Path | None:
    """Clone the collection into the user's data folder, once."""
    from holdall_composites.service.clone import folder_of

    return folder_of(url, name, default, types)


@hookimpl
def holdall_collect_modify(changes: ChangeSet, collection: Collection) -> Manifest:
    """Give every entry of the manifest its UUID; refuse unknown members and cycles."""
    from holdall_composites.history.log import header_of, note_older
    from holdall_composites.session import identify

    is_collect = changes.command == "collect"
    after = identify(collection, changes.after, header_of(changes), is_collect=is_collect)
    note_older(changes, after)
    return after


@hookimpl
def holdall_collect_check(changes: ChangeSet, collection: Collection) -> list[Problem]:
    """Tell which composites and projects still want what leaves the collection."""
    from holdall_composites.service.removal import still_wanted

    return [Problem(text, Severity.WARNING) for text in still_wanted(collection, changes)]


@hookimpl
def holdall_collect_prepare(changes: ChangeSet, collection: Collection) -> None:
    """Refuse a change that the database could not record; keep the bytes of older versions."""
    from holdall_composites.session import refuse_read_only

    refuse_read_only(collection)
    if changes.older:
        from holdall_composites.sync.save_versions import keep_older

        keep_older(collection, changes.older)


@hookimpl
def holdall_collect_incoming(collection: Collection, scratch: Scratch) -> EditPlan | None:
    """Bring the others' releases of a shared collection into its folder."""
    if collection.has_own_database:
        return None
    from holdall_composites.service.pull import plan_pull

    return plan_pull(collection, scratch)


@hookimpl
def holdall_collect_commit(
    changes: ChangeSet,
    collection: Collection,
    transaction_id: str,
    actions: Sequence[Action],
    trees: Mapping[RelPath, Tree],
) -> bool | None:
    """Make the change the next release of a shared collection."""
    if collection.has_own_database:  # it follows its folder
        return None
    from holdall_composites.service.publish import publish

    return publish(changes, collection, transaction_id, actions, trees)


@hookimpl
def holdall_collect_complete(
    changes: ChangeSet, collection: Collection, transaction_id: str
) -> None:
    """Make the database follow the manifest, keep what changed as new versions, and log it."""
    from holdall.collection import PULL
    from holdall.files import Root
    from holdall_composites.history.log import header_of, record_change
    from holdall_composites.session import open_synced
    from holdall_composites.sync.releases.manifest import find_touched

    is_as_written = not changes.is_edited_since
    touched = find_touched(changes.edits, collection.manifest) if is_as_written else None
    # What differs from others' change, once that is here, is somebody's edit.
    header = header_of(changes) if is_as_written or changes.command != PULL else None
    with open_synced(collection, header, touched=touched) as resolver:
        # What was committed to a shared database is in its log since then.
        if collection.manifest.uuid is not None and collection.has_own_database:
            record_change(resolver.store, collection.manifest.uuid, changes, transaction_id)
        if not collection.has_own_database:
            from holdall_composites.sync.releases.seen import remember_release

            with Root(collection.root) as root:
                remember_release(resolver.store, root, collection.manifest)
