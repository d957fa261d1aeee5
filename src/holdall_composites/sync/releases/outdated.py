"""Entries of a folder that are as they were before a release: old files, or somebody's decision?

A manifest says from which release it was written. Git, a backup or a hand may bring that line from
one release and the content from another one; read as edits, the content would take back what was
released since, and nobody would have decided it.

    base line   content   what it would do                     how it is known
    newer       older     takes back releases up to the base   equal to what one of them replaced
    older       newer     brings back what was undone since    equal to what a later one brought
"""

from __future__ import annotations

from collections.abc import Iterator

from holdall_composites.store.store import Store
from holdall_composites.sync.releases.conflict import Conflict, ConflictKind
from holdall_composites.values.states import Delta, State


def find_outdated(
    store: Store, collection_id: str, ours: Delta, base: int, newest: State
) -> Iterator[Conflict]:
    """Yield a conflict for each entry of a folder's edits that a release had already.

    `ours` is what the folder differs in from the release `base`, `newest` the state of the head.
    What the head says as well is no conflict, and neither is the first release: nothing was before.
    """
    for uuid, changes in store.collections.history_of(collection_id, ours).items():
        was, now = ours[uuid]
        head = newest.get(uuid)
        if now == head:
            continue
        for number, before, after in changes:
            is_older = 1 < number <= base and before == now
            is_newer = number > base and after == now
            if is_older or is_newer:
                yield Conflict(ConflictKind.OUTDATED, uuid, base=was, ours=now, theirs=head)
                break
