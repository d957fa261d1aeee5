"""Whether a source may say which artifact of the collection something is.

UUIDs are no secret: each project's deployed record has them, and whoever read one can write it
into a source. So a UUID counts for what that source brought, for what has the same name or content
here, and for what another source brought that this one is a copy of: it has most of it unchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from holdall.artifacts.ids import ArtifactId
from holdall.collection.manifest.manifest import Manifest, ManifestArtifact
from holdall.sources.values import FoundArtifact, FoundComposite


class Claims:
    """What one source may speak of."""

    def __init__(
        self,
        manifest: Manifest,
        source: str,
        artifacts: Iterable[FoundArtifact],
        renames: Mapping[ArtifactId, ArtifactId],
    ) -> None:
        """Prepare for a source with these artifacts, which `renames` gives other ids."""
        self._renames = renames
        self._entries = manifest.by_uuid
        brought = Counter(entry.source for entry in manifest.artifacts)
        unchanged = Counter(
            entry.source
            for found in artifacts
            if isinstance(entry := self._entries.get(found.uuid or ""), ManifestArtifact)
            and found.tree.content_hash in (entry.content_hash, entry.source_hash)
        )
        copied = {
            other for other, count in unchanged.items() if other and 2 * count > brought[other]
        }
        self._own = {source} | copied

    def allow(self, found: FoundArtifact) -> bool:
        """Return whether an artifact may have its UUID; nobody else's is anybody's to take."""
        entry = self._entries.get(found.uuid or "")
        if not isinstance(entry, ManifestArtifact):
            return True
        is_same = entry.id in (found.id, self._renames.get(found.id))
        is_same |= found.tree.content_hash in (entry.content_hash, entry.source_hash)
        return is_same or entry.source in self._own

    def note_on(self, found: FoundArtifact) -> str:
        """Return why a new artifact does not get the UUID that its source gives it, or nothing."""
        if self.allow(found):
            return ""
        return f"has the UUID of {self._entries[found.uuid or ''].id}, which is another artifact"

    def allow_composite(
        self, found: FoundComposite, wanted: ArtifactId, ids: Mapping[ArtifactId, ArtifactId]
    ) -> bool:
        """Return whether a composite may have its UUID; `ids` are the source's ids as here."""
        entry = self._entries.get(found.uuid or "")
        if entry is None or isinstance(entry, ManifestArtifact):
            return True
        members = [ids.get(member.id, member.id) for member in found.distinct_members]
        is_same = entry.id == wanted or members == [member.id for member in entry.members]
        return is_same or entry.source in self._own
