"""What left its source: removed here, too, unless there is a reason to keep it."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator
from dataclasses import field

from holdall import dataclass
from holdall.artifacts.ids import ArtifactId
from holdall.collection.changes import Change, ChangeKind
from holdall.collection.collect.origins import upstream_id
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact, ManifestComposite
from holdall.files.name_line import is_renamed
from holdall.sources.values import Reading
from holdall.transaction.actions import Action
from holdall.transaction.placement import removals


@dataclass
class Leaving:
    """Takes out of `entries` and `bundles` what `source` does not hold any more.

    Kept, and reported, is what was edited here, what composites from elsewhere contain, and
    what the source may hold where it could not be read. Bytes stay in the history either way.
    """

    collection: Collection
    reading: Reading
    source: str
    entries: dict[ArtifactId, ManifestArtifact]
    bundles: dict[ArtifactId, ManifestComposite]
    actions: list[Action] = field(default_factory=list)

    def composites(self, settled: Container[ArtifactId]) -> Iterator[Change]:
        """Yield what happens to each composite that is not settled."""
        bundles = list(self.bundles.values())
        held = {member.id for composite in bundles for member in composite.members}
        for composite in bundles:
            if composite.source != self.source or composite.id in settled:
                continue
            why = _reason_to_keep_composite(composite, held, self.reading)
            if why is None:
                del self.bundles[composite.id]
                note = f"no longer in the source{self._elsewhere(composite)}"
                yield Change(ChangeKind.GONE, composite.id, note=note)
            else:
                yield Change(ChangeKind.KEPT, composite.id, note=f"not in the source: {why}")

    def _elsewhere(self, composite: ManifestComposite) -> str:
        """Return where a marketplace has a plugin now that it had itself; nothing if it has not."""
        name = composite.extra.get("source_name")
        found = next((remote for remote in self.reading.remotes if remote.name == name), None)
        return "" if found is None else f"; its marketplace has it elsewhere now: {found.shown}"

    def artifacts(
        self, known: Iterable[ArtifactId], settled: Container[ArtifactId]
    ) -> Iterator[Change]:
        """Yield what happens to each artifact of the source that is not settled."""
        for artifact_id in known:
            entry = self.entries.get(artifact_id)
            if entry is None or artifact_id in settled:
                continue
            where = f"in the source at {entry.source_path}"
            why = _reason_to_keep(entry, self.collection, self.reading, self.bundles.values())
            if why is not None:
                yield Change(ChangeKind.KEPT, artifact_id, note=f"not {where}: {why}")
                continue
            present = self.collection.tree(entry)
            spec = self.collection.spec_of(artifact_id)
            self.actions.extend(removals(entry.path, spec, present))
            del self.entries[artifact_id]
            yield Change(ChangeKind.GONE, artifact_id, note=f"no longer {where}")


def _reason_to_keep(
    entry: ManifestArtifact,
    collection: Collection,
    reading: Reading,
    composites: Iterable[ManifestComposite],
) -> str | None:
    unread = reading.why_unread(entry.source_path or "")
    if unread is not None:
        return unread
    holders = [str(c.id) for c in composites if any(m.id == entry.id for m in c.members)]
    if holders:
        return f"{', '.join(holders)} contains it"
    if not os.path.lexists(collection.location(entry)):
        return "its files are gone here, too"
    tree = collection.tree(entry)
    if tree.content_hash != entry.content_hash:
        return "it was edited here"
    was = upstream_id(entry), tree, collection.location(entry)
    if entry.source_hash is not None and not is_renamed(*was, {entry.source_hash}):
        return "it was edited here"
    return None


def _reason_to_keep_composite(
    composite: ManifestComposite, held: Container[ArtifactId], reading: Reading
) -> str | None:
    unread = reading.why_unread(composite.source_path or "")
    if unread is not None:
        return unread
    if composite.id in held:
        return "another composite contains it"
    if tuple(member.id for member in composite.members) != composite.source_members:
        return "its members were changed here"
    if any(member.pin for member in composite.members):
        return "a member is pinned"
    return None
