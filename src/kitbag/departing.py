"""What becomes of an artifact that its source does not hold any more."""

from __future__ import annotations

import os
from collections.abc import Iterable

from kitbag.collection import Collection
from kitbag.manifest import ManifestArtifact, ManifestComposite
from kitbag.sources.values import Reading

__all__ = ["reason_to_keep"]


def reason_to_keep(
    entry: ManifestArtifact,
    collection: Collection,
    reading: Reading,
    composites: Iterable[ManifestComposite],
) -> str | None:
    """Return why an artifact that left its source stays in the collection; None if it goes, too.

    Its bytes stay in the history either way.
    """
    if not reading.artifacts or any(problem.level == "error" for problem in reading.diagnostics):
        return "the source could not be read wholly"
    holders = [str(c.id) for c in composites if any(m.id == entry.id for m in c.members)]
    if holders:
        return f"{', '.join(holders)} contains it"
    if not os.path.lexists(collection.location(entry)):
        return "its files are gone here, too"
    is_edited = collection.tree(entry).content_hash != entry.content_hash
    if is_edited or entry.source_hash is not None:
        return "it was edited here"
    return None
