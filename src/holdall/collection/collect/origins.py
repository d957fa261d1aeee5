"""Which entry of a collection came from which place of a source, and under which name of that.

A source is known again where it moved: a repository under another address, a folder in another
place. The rules, for a source of which the collection has nothing yet:

1. The address is the same but for its scheme, its user and `.git`.
2. At least half of what another source brought is unchanged in the same places of this one, and is
   at least a quarter of this one. A folder that is still there is no other folder, unless
   this one is a clone whose history has the commit that was collected.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from holdall.artifacts.ids import ArtifactId
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import Manifest, ManifestArtifact
from holdall.files.name_line import is_renamed
from holdall.files.tree import Tree
from holdall.sources.values import FoundArtifact, Reading

_ADDRESS = re.compile(r"(?:[a-z+]+://)?(?:[^/@#]*@)?([^/:#]+)(?::\d+)?[:/](.*)", re.IGNORECASE)
_OF_HISTORY = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Origins:
    """The places of a source, and the entries that came from them."""

    def __init__(self, manifest: Manifest, source: str, reading: Reading) -> None:
        self._source = source
        self._composites = [c for c in manifest.composites if c.source == source]
        self.by_place = {
            (a.id.type, a.source_path): a.id for a in manifest.artifacts if a.source == source
        }
        self.places = {(a.type, a.path) for a in reading.artifacts}
        self._paths: dict[ArtifactId, list[str]] = {}
        for artifact in reading.artifacts:
            self._paths.setdefault(artifact.id, []).append(artifact.path)

    def find_at(self, found: FoundArtifact) -> Iterator[ArtifactId]:
        """Yield the entries that came from the places where the source has this content."""
        for path in (found.path, *self._paths[found.id]):
            known = self.by_place.get((found.type, path))
            if known is not None:
                yield known

    def find_vanished(
        self, found: FoundArtifact, entries: Mapping[ArtifactId, ManifestArtifact]
    ) -> ManifestArtifact | None:
        """Return an entry with this content whose place is not in the source any more.

        The line in which a skill or an agent says its name may differ.
        """
        for place, known in self.by_place.items():
            entry = entries.get(known)
            if entry is None or place in self.places or known.type != found.type:
                continue
            if is_as_brought(entry, found):
                return entry
        return None

    def is_of_another_place(self, entry: ManifestArtifact, found: FoundArtifact) -> bool:
        """Return whether an entry came from another place of the source, which is still there."""
        return (
            entry.source == self._source
            and not self.is_at(found, entry.source_path)
            and (entry.id.type, entry.source_path or "") in self.places
            and entry.content_hash != found.tree.content_hash
        )

    def note_on_twin(self, found: FoundArtifact) -> str:
        """Return which artifact a new one was, as long as a plugin's and another's were alike."""
        for composite in self._composites:
            for member in composite.members:
                name = member.extra.get("alias", member.id.name)
                is_inside = found.path.startswith(f"{composite.source_path}/")
                if is_inside and (member.id.type, name) == (found.type, found.name):
                    return f"was one with {member.id} until now, which has its history"
        return ""

    def is_at(self, found: FoundArtifact, path: str | None) -> bool:
        """Return whether the source has this content at `path`, maybe among other places."""
        return path in self._paths[found.id]


def upstream_id(entry: ManifestArtifact) -> ArtifactId:
    """Return what an artifact is called by its place in its source."""
    name = (entry.source_path or "").rpartition("/")[2].removesuffix(".md")
    return ArtifactId(entry.id.type, name or entry.id.name)


def is_as_brought(entry: ManifestArtifact, found: FoundArtifact) -> bool:
    """Return whether a source still has what it brought, but for the line that says its name."""
    brought = entry.source_hash or entry.content_hash
    if found.tree.content_hash == brought:
        return True
    return is_renamed(upstream_id(entry), found.tree, found.content, {brought})


def is_untouched(
    collection: Collection, entry: ManifestArtifact, present: Tree, found: FoundArtifact
) -> bool:
    """Return whether nobody edited an artifact here, but for the line that says its name."""
    if present.content_hash != entry.content_hash:
        return False
    if entry.source_hash is None:
        return True
    names = [ArtifactId(found.type, found.frontmatter_name or found.name)]
    known = collection.manifest.by_id.get(entry.id)
    if isinstance(known, ManifestArtifact):
        names.append(upstream_id(known))
    location = collection.location(entry)
    return any(is_renamed(name, present, location, {entry.source_hash}) for name in names)


def with_moved_source(manifest: Manifest, source: str, reading: Reading) -> Manifest:
    """Return the manifest with this source's present name for what it brought under another."""
    former = _former_name(manifest, source, reading)
    if former is None:
        return manifest
    return replace(
        manifest,
        artifacts=tuple(
            replace(a, source=source) if a.source == former else a for a in manifest.artifacts
        ),
        composites=tuple(
            replace(c, source=source) if c.source == former else c for c in manifest.composites
        ),
    )


def former_name(before: Manifest, after: Manifest) -> str | None:
    """Return the name that a source had before `with_moved_source`; None if it had no other."""
    old, new = ({e.id: e.source for e in m.by_id.values()} for m in (before, after))
    return next((old[i] for i in old if i in new and old[i] != new[i]), None)


def _former_name(manifest: Manifest, source: str, reading: Reading) -> str | None:
    brought: dict[str, list[ManifestArtifact]] = {}
    for entry in manifest.artifacts:
        if entry.source is not None:
            brought.setdefault(entry.source, []).append(entry)
    if source in brought or any(c.source == source for c in manifest.composites):
        return None
    for other in brought:
        if _address(other) == _address(source):
            return other
    found = {(a.type, a.path): a for a in reading.artifacts}
    unchanged = {
        other: sum(_is_unchanged(entry, found) for entry in entries)
        for other, entries in brought.items()
    }
    distinct = len({artifact.id for artifact in reading.artifacts})
    for other in sorted(unchanged, key=lambda name: -unchanged[name]):
        same, entries = unchanged[other], brought[other]
        is_most = 2 * same >= len(entries) and 4 * same >= distinct
        if same and is_most and _may_have_moved(other, entries, reading):
            return other
    return None


def _is_unchanged(entry: ManifestArtifact, found: dict[tuple[str, str], FoundArtifact]) -> bool:
    there = found.get((entry.id.type, entry.source_path or ""))
    return there is not None and there.tree.content_hash in (entry.content_hash, entry.source_hash)


def _may_have_moved(other: str, entries: list[ManifestArtifact], reading: Reading) -> bool:
    """Return whether a source is not known to be still where it was."""
    if not other.startswith("/") or not os.path.lexists(other.partition("#")[0]):
        return True
    from holdall.sources.fetch.git import descends

    revisions = {entry.source_revision for entry in entries if entry.source_revision}
    commits = [revision for revision in revisions if _OF_HISTORY.fullmatch(revision)]
    return bool(commits) and all(descends(reading.root, commit) for commit in commits)


def _address(source: str) -> str:
    """Return what two addresses of one repository have in common."""
    place, mark, folder = source.partition("#")
    if place.startswith(("/", "file:///")):
        text = place.removeprefix("file://")
    else:
        match = _ADDRESS.fullmatch(place)
        text = f"{match[1].lower()}/{match[2].strip('/')}" if match else place
    return text.rstrip("/").removesuffix(".git") + mark + folder
