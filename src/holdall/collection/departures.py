"""Decide whether an artifact that left its source is kept."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable

from holdall.artifacts.ids import ArtifactId
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact, ManifestComposite
from holdall.sources.checks.diagnostics import Code
from holdall.sources.values import Reading


def reason_to_keep(
    entry: ManifestArtifact,
    collection: Collection,
    reading: Reading,
    composites: Iterable[ManifestComposite],
) -> str | None:
    """Return why an artifact that left its source is kept; None if it is removed, too.

    Its bytes stay in the history either way.
    """
    if not _is_whole(reading):
        return "the source could not be read completely"
    holders = [str(c.id) for c in composites if any(m.id == entry.id for m in c.members)]
    if holders:
        return f"{', '.join(holders)} contains it"
    if not os.path.lexists(collection.location(entry)):
        return "its files are gone here, too"
    is_edited = collection.tree(entry).content_hash != entry.content_hash
    if is_edited or entry.source_hash is not None:
        return "it was edited here"
    return None


def departed_composites(
    composites: Iterable[ManifestComposite],
    settled: Container[ArtifactId],
    source: str,
    reading: Reading,
) -> list[ArtifactId]:
    """Return the composites that left their source and that nobody changed or contains."""
    composites = list(composites)
    held = {member.id for composite in composites for member in composite.members}
    return [
        composite.id
        for composite in composites
        if composite.source == source
        and composite.id not in settled
        and composite.id not in held
        and tuple(member.id for member in composite.members) == composite.source_members
        and not any(member.pin for member in composite.members)
        and _is_whole(reading)
    ]


def _is_whole(reading: Reading) -> bool:
    """Return whether a source could be read; one that holds nothing may not be mounted."""
    missed = [p for p in reading.diagnostics if p.level == "error" and p.code != Code.HIDDEN_TEXT]
    return bool(reading.artifacts) and not missed
