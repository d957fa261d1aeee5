"""Making a collection's rows equal to what its manifest says.

The manifest is the truth (docs/adr/0001). What it no longer names stays as an inactive row, so
that its UUID is never given again and comes back with it. When a new artifact takes the id of such
a row, the row gives way: its id and name get `~` and the first eight digits of its UUID. One that
nothing refers to, no version, deployment, operation or membership, is deleted instead.
"""

from __future__ import annotations

from collections.abc import Set

from holdall_composites.errors import AlreadyExists
from holdall_composites.store.store import Store
from holdall_composites.sync.difference import Difference, Rows, difference
from holdall_composites.values.records import CollectionRecord, CollectionState


def sync(store: Store, state: CollectionState) -> bool:
    """Make the rows of one collection equal to `state`, in one transaction.

    Returns whether there was anything to write.

    The number of statements does not depend on the number of rows. Rows that are right are not
    touched; when all are, nothing is locked or written. Raises AlreadyExists for a UUID or id that
    is there twice or belongs to another collection, ArtifactNotFound for a member that is not in
    the state.
    """
    wanted = CollectionRecord(state.uuid, state.name, state.manifest_hash)
    # Without a lock at first: rows of two moments can only look right if another sync is making
    # them right or wrong just now, which then counts as the later one.
    if (
        store.collections.get(state.uuid) == wanted
        and difference(Rows.read(store, state.uuid), state).is_nothing
    ):
        return False
    make_equal(store, state)
    return True


def make_equal(store: Store, state: CollectionState, touched: Set[str] | None = None) -> None:
    """Make the rows equal to `state`, as `sync` does, without looking first whether they are.

    Only those of the `touched` entries, where the others are known to be.
    """
    with store.part():
        store.collections.put(CollectionRecord(state.uuid, state.name, state.manifest_hash))
        if touched is None:
            rows = Rows.read(store, state.uuid)
        else:
            rows = Rows.read_touched(store, state, touched)
        found = difference(rows, state)
        _refuse_strangers(store, found)
        _write(store, state.uuid, found)


def _refuse_strangers(store: Store, found: Difference) -> None:
    """Raise AlreadyExists if a new artifact's UUID is one of another collection."""
    new = {entry.uuid: entry.id for entry in found.new_artifacts}
    if not new:
        return
    for uuid, (collection_id, owner) in store.artifacts.owners_of(new).items():
        raise AlreadyExists(
            f"{new[uuid]}: its uuid {uuid} belongs to {owner} of the collection {collection_id}",
            hint="take the uuid out of the copied manifest entry; it then gets its own",
        )


def _write(store: Store, collection_id: str, found: Difference) -> None:
    """Write in an order in which neither ids nor foreign keys get in each other's way."""
    store.memberships.delete_memberships(collection_id, found.gone_memberships)
    store.composites.dissolve(collection_id, found.gone_composites)
    store.artifacts.delete_traceless(collection_id, found.displaced)
    store.artifacts.update(collection_id, found.moved)
    store.artifacts.update(collection_id, (*found.gone_artifacts, *found.changed_artifacts))
    store.artifacts.insert(collection_id, found.new_artifacts)
    store.composites.insert(collection_id, found.new_composites)
    store.composites.update(collection_id, found.changed_composites)
    store.memberships.reorder_memberships(collection_id, found.moved_memberships)
    store.memberships.replace_memberships(collection_id, found.changed_memberships)
    store.memberships.create_memberships(collection_id, found.new_memberships)
    store.artifacts.change_aliases(collection_id, found.gone_aliases, found.new_aliases)
