"""Commit a change of a shared collection to its database, where everybody sees it.

One short transaction: the collection's row is locked, the head compared with the one that the
change started from, then rows, versions, release and log are written, and the head moves. The
bytes are sent before, in a transaction of their own. The folder follows; where it does not, it is
brought forward by the next change (`pull`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from holdall.artifacts import RelPath
from holdall.collection import NEW_CHAIN, ChangeSet, Collection, ManifestArtifact, edits_between
from holdall.errors import OvertakenError, StorageError
from holdall.files import Tree
from holdall.transaction import Action
from holdall_composites.database.connect import connect_database
from holdall_composites.history.log import header_of, record_change
from holdall_composites.schema.runner import ensure_current
from holdall_composites.store.store import Store
from holdall_composites.sync.difference import ask_touched
from holdall_composites.sync.releases.chain import plan_release
from holdall_composites.sync.releases.manifest import find_changed
from holdall_composites.sync.save_versions import keep_new
from holdall_composites.sync.state import state_of
from holdall_composites.sync.sync import make_equal


def publish(
    changes: ChangeSet,
    collection: Collection,
    transaction_id: str,
    actions: Sequence[Action],
    trees: Mapping[RelPath, Tree],
) -> bool:
    """Commit a change to a database that others write to; returns True.

    `collection` is as it will be. Raises OvertakenError, with nothing written, if the head moved.
    """
    uuid, header = collection.manifest.uuid or "", header_of(changes)
    is_new = changes.command == NEW_CHAIN  # of which the database has nothing
    known = {} if is_new else {e.uuid: e for e in changes.before.artifacts}
    touched = find_changed(changes.before, collection.manifest) if known else None
    changed = [entry for entry in collection.manifest.artifacts if entry != known.get(entry.uuid)]
    state = state_of(collection)
    with connect_database(collection.database_url) as database:
        ensure_current(database, embedded=False)
        store = Store(database)
        keep_new(store, collection, changed, actions, trees)
        with store.transaction():
            store.collections.ask_change(uuid, header.change_id, touched or ())
            if touched is not None:
                ask_touched(store, state, touched)
            head = store.collections.lock(uuid)
            if store.collections.release_of_change(uuid, header.change_id) is not None:
                return True
            planned = plan_release(store, head, collection.manifest, header, touched)
            if collection.manifest.base != (planned.release.hash if planned.delta else head[1]):
                raise _overtaken(collection)
            is_more = touched is None or planned.delta.keys() - touched - {*header.purged}
            make_equal(store, state, None if is_more else touched)
            ids = [str(entry.id) for entry in changed if entry.content_hash]
            store.versions.add_older(uuid, header.older, header.command, header.author)
            store.versions.add(uuid, ids, header.command, header.author)
            hashes = {entry.content_hash for entry in changed if entry.content_hash}
            store.contents.ask_trees(hashes)
            if planned.delta:
                store.collections.add_release(uuid, *planned)
            done = replace(changes, edits=edits_between(changes.before, changes.after))
            number = planned.release.number if planned.delta else None
            record_change(store, uuid, done, transaction_id, number)
            if header.purged:
                store.integrity.purge(uuid, header.purged)
            # What was sent is answered here, at once, and nothing of it is kept where it is wrong.
            _refuse_missing(changed, store.contents.unknown_trees(hashes))
            if planned.delta and not store.collections.has_moved(uuid, planned.release):
                raise _overtaken(collection)
    return True


def _overtaken(collection: Collection) -> OvertakenError:
    return OvertakenError(
        f"{collection.root}: somebody else changed the collection at the same time",
        hint="nothing was written; run the command again",
    )


def _refuse_missing(changed: Sequence[ManifestArtifact], missing: Set[str]) -> None:
    if missing:
        names = [str(entry.id) for entry in changed if entry.content_hash in missing]
        raise StorageError(
            f"the files of {', '.join(names)} are not there, or changed while they were read",
            hint="nothing was written; run the command again, with the files there",
        )
