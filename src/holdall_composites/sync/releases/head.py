"""The newest release of a collection as a manifest, from the database alone."""

from __future__ import annotations

from dataclasses import replace

from holdall.collection import Manifest
from holdall.errors import NotFoundError, UsageError
from holdall_composites.errors import DatabaseDamaged
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.hashing import state_hash
from holdall_composites.sync.releases.manifest import manifest_of, unnamed_members
from holdall_composites.values.records import CollectionRecord


def choose_collection(store: Store, chosen: str | None, shown: str) -> CollectionRecord:
    """Return the collection of this name or UUID, or the only one there is; `shown` is the URL.

    Raises NotFoundError with the names that there are, UsageError where several are meant.
    """
    known = store.collections.all()
    found = [c for c in known if chosen is None or chosen in (c.name, c.id)]
    if len(found) == 1:
        return found[0]
    if not known:
        hint = (
            "one is in it with its first release: `holdall collect SOURCE` in the folder that"
            " `holdall init --database URL` made; or name another database"
        )
        raise NotFoundError(f"the database {shown} holds no collection yet", hint=hint)
    if not found:
        names = ", ".join(repr(c.name) for c in known)
        raise NotFoundError(
            f"no collection {chosen!a} in the database {shown}", hint=f"it holds {names}"
        )
    names = ", ".join(f"{c.name!r} ({c.id})" for c in found)
    raise UsageError(
        f"the database {shown} holds {len(found)} collections"
        + (f" of the name {chosen!a}" if chosen else ""),
        hint=f"choose one, by its {'UUID' if chosen else 'name or UUID'}: {names}",
    )


def read_head(store: Store, record: CollectionRecord) -> Manifest:
    """Return the manifest of a collection's newest release; read in one transaction.

    Raises NotFoundError before its first release, DatabaseDamaged where the changes that are
    stored do not make the state that the release has.
    """
    release = store.collections.release(record.id, record.head)
    if release is None or release.hash != record.head_hash:
        raise NotFoundError(
            f"the collection {record.name!r} has no release yet",
            hint="run any command in its folder, as `holdall list`, which makes the first one",
        )
    state = store.collections.state_at(record.id, record.head)
    if state_hash(state) != release.state_hash:
        raise DatabaseDamaged(
            f"release {record.head} of {record.name!r} is not what it was: rows changed by hand",
            hint="nothing was written; restore the database from a backup",
        )
    before = Manifest(record.name)
    gone = store.collections.last_entries(record.id, unnamed_members(state, before))
    return replace(manifest_of(state, before, gone), release=record.head, base=record.head_hash)
