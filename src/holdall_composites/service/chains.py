"""What a folder of a shared collection and its database have to do with each other.

    folder                                database          code
    at the head                           the head          nothing to say
    on an older release                   went on           folder-behind
    further than the database             an older backup   database-behind
    other releases since a common one     went on, too      chain-forked
    no release in common that is known    another chain     chain-unknown
    written from a release                no release        chain-missing

No remedy takes back what anybody released: a pull merges, and a new chain is begun in a database
that has none.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdall.collection import Collection
from holdall.formats import DatabaseURL
from holdall.operations import Finding
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.chain import Standing, find_standing, head_of
from holdall_composites.sync.releases.hashing import hash_of_release, state_hash
from holdall_composites.sync.releases.manifest import state_of
from holdall_composites.sync.releases.seen import find_common, read_seen
from holdall_composites.values.records import ReleaseRecord
from holdall_composites.values.states import State, with_delta


def examine_chain(store: Store, collection: Collection, *, deep: bool) -> Iterator[Finding]:
    """Yield what is wrong with the chain, then where the folder stands; `deep` looks at all of it.

    Of the collection's own database only the chain: its folder is right whatever it says.
    """
    uuid = collection.manifest.uuid or ""
    yield from _damage(store, uuid, deep=deep)
    if not collection.has_own_database and (found := find_break(store, collection)) is not None:
        yield found


def find_break(store: Store, collection: Collection) -> Finding | None:
    """Return what keeps a folder from its database's newest release; None at the head."""
    manifest = collection.manifest
    uuid, shown = manifest.uuid or "", DatabaseURL.parse(collection.database_url).shown
    head = head_of(store, uuid)
    standing, number = find_standing(store, manifest, head)
    place, at = str(collection.root), f"release {manifest.release or '?'}"
    if standing is Standing.HEAD:
        return None
    if standing is Standing.BEHIND:
        newest = store.collections.release(uuid, head[0])
        if newest and newest.state_hash == state_hash(state_of(manifest)):
            return None  # its own edits are released already
        by = f" by {newest.author or '-'}@{newest.host}" if newest else ""
        message = f"the folder is at release {number}, {shown} at {head[0]}{by}"
        return Finding("folder-behind", place, message, "`holdall pull` brings it forward")
    if head[1] is None:
        return Finding(
            "chain-missing",
            place,
            f"the folder was written from {at}, and {shown} has no release of this collection: it"
            " is another database, or lost all",
            "name the right database, or restore its backup; `holdall init --new-chain` makes the"
            " folder the first release there",
        )
    common = find_common(store, uuid, read_seen(collection.root))
    if common is None:
        return Finding(
            "chain-unknown",
            place,
            f"the folder was written from {at}, which {shown} does not have (its newest is"
            f" {head[0]}): it is another chain, was restored, or lost releases",
            "restore a newer backup of the database, or name the last release that both had:"
            " `holdall pull --from-common N` merges what each made since (0: none)",
        )
    way = f"`holdall pull --from-common {common}`"
    if common == head[0]:
        return Finding(
            "database-behind",
            place,
            f"the folder was written from {at}, and {shown} ends at {head[0]}: it was restored from"
            " an older backup, or lost its newest releases",
            f"restore a newer backup of the database, or {way} releases again what it lost",
        )
    return Finding(
        "chain-forked",
        place,
        f"the folder was written from {at}; since release {common} {shown} went on with others,"
        f" to {head[0]}: it was restored from a backup, or is a copy",
        f"{way} merges what both made since; where they do not merge, you choose",
    )


def _damage(store: Store, uuid: str, *, deep: bool) -> Iterator[Finding]:
    number, digest = head_of(store, uuid)
    if digest is None:
        return
    hint = "restore the database from a backup"
    if deep:
        releases = store.collections.releases_of(uuid)[::-1]
        state: State = {}
        changes = store.collections.changes_between(uuid, 0, number)
        for before, release in zip([None, *releases], releases, strict=False):
            parent = None if before is None else before.hash
            delta = changes.get(release.number, {})
            fits = all(state.get(entry) == old for entry, (old, _) in delta.items())
            state = with_delta(state, delta) if fits else state
            if not (fits and release.parent == parent and _is_whole(release, state)):
                message = "it is not what it was when it was released: rows were changed by hand"
                yield Finding("chain-damaged", f"release {release.number}", message, hint)
                return
    newest = store.collections.release(uuid, number)
    present = store.collections.state_at(uuid, number)
    if newest is None or newest.hash != digest or not _is_whole(newest, present):
        message = "the newest release is not what it was: rows were changed by hand, or are gone"
        yield Finding("chain-damaged", f"release {number}", message, hint)


def _is_whole(release: ReleaseRecord, state: State) -> bool:
    """Return whether a release has this state, and its hash says what it says of itself."""
    fields = release._asdict()
    parent, digest = fields.pop("parent"), fields.pop("hash")
    made = hash_of_release(parent or "", fields.pop("state_hash"), fields)
    return (digest, release.state_hash) == (made, state_hash(state))
