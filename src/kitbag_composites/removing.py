"""Artifacts that leave a collection: who still wants them, and deleting them for good."""

from __future__ import annotations

from collections.abc import Iterator

from kitbag.changes import ChangeSet
from kitbag.collection import Collection
from kitbag.refresh import holders_of
from kitbag_composites.service import opened

__all__ = ["still_wanted"]


def still_wanted(collection: Collection, changes: ChangeSet) -> Iterator[str]:
    """Yield a sentence for each artifact that leaves while composites or projects want it."""
    here = {entry.uuid for entry in changes.after.by_id.values()}
    before = changes.before.by_id.values()
    gone = [entry for entry in before if entry.uuid and entry.uuid not in here]
    if not gone or collection.manifest.uuid is None:
        return
    with opened(collection) as resolver:
        places = resolver.store.projects_of([entry.uuid for entry in gone if entry.uuid])
    for entry in gone:
        holders = [str(holder) for holder in holders_of(changes.after, entry.id)]
        if holders:
            yield f"{entry.id} is still a member of {', '.join(holders)}"
        if entry.uuid in places:
            yield f"{entry.id} still lies in {', '.join(places[entry.uuid])}"
