"""Merge the files of artifacts that two sides changed; what does not merge is named by its lines.

The base and theirs are versions that the database keeps; ours is in the collection's folder, or
kept as well. Merged files are known under the hash of the whole (`made`) until they are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from pathlib import Path

from holdall import dataclass
from holdall.artifacts import FileDigest, RelPath, Shape, TypeSpec
from holdall.collection import Collection, ManifestArtifact
from holdall.errors import LocalEditError, NotFoundError
from holdall.files import FileConflict, Tree, TreeSide, merge_trees
from holdall.transaction import content_of
from holdall_composites.history.versions import lay_out, version_tree
from holdall_composites.store.store import Store

Place = tuple[Tree, Path]
"""The files of an artifact, and where it is."""


@dataclass
class ContentMerger:
    """Merges files of one collection; `scratch` is an empty folder for the bytes of versions."""

    store: Store
    collection: Collection
    scratch: Path
    made: dict[str, Place] = field(default_factory=dict)
    conflicts: dict[str, tuple[FileConflict, ...]] = field(default_factory=dict)

    def merge_content(self, uuid: str, base: str | None, ours: str, theirs: str) -> str | None:
        """Merge two contents of an artifact (a `ContentMerge`), each known by its hash."""
        entry = next((e for e in self.collection.manifest.artifacts if e.uuid == uuid), None)
        if entry is None or base is None:
            return None
        place = self._in_folder(entry)
        if place is None or place[0].content_hash != ours:
            place = self._keep(entry, ours)
        return None if place is None else self._merge(entry, base, place, theirs)

    def merge_edit(self, entry: ManifestArtifact, edited: Tree, theirs: str) -> Place | None:
        """Merge files that were edited since they were collected with another content."""
        place = (edited, self.collection.location(entry))
        merged = self._merge(entry, entry.content_hash or "", place, theirs)
        return None if merged is None else self.made.get(merged) or self._keep(entry, merged)

    def _merge(self, entry: ManifestArtifact, base: str, ours: Place, theirs: str) -> str | None:
        spec = self.collection.spec_of(entry.id)
        other = self._keep(entry, theirs)
        if other is None or self.store.contents.unknown_trees([base]):
            return None
        before = version_tree(self.store, base)
        sides = (
            TreeSide(before.files, self._read),
            _side(ours, spec),
            TreeSide(other[0].files, self._read),
        )
        merge = merge_trees(*sides)
        if merge.conflicts:
            self.conflicts[entry.uuid or ""] = merge.conflicts
            return None
        merged = merge.content_hash
        if merged == theirs:
            return merged
        elsewhere: dict[RelPath, Path] = {}
        made: dict[RelPath, bytes] = {}
        here = {file.path: file for file in ours[0].files}
        there = {file.path: file for file in other[0].files}
        for file in merge.files:
            if _is_same(file, here.get(file.path)):
                continue
            if _is_same(file, there.get(file.path)):
                elsewhere[file.path] = _place_of(file, other[1], spec)
            else:
                made[file.path] = merge.read(file)
        self.made[merged] = (Tree(merge.files, merged, "", (), elsewhere, made), ours[1])
        return merged

    def refusal(self, entries: Sequence[ManifestArtifact]) -> LocalEditError:
        """Return the error for edited artifacts that others changed, each with file and line."""
        lines = []
        for entry in entries:
            by = tell_release(self.store, self.collection.manifest.uuid or "", [entry.uuid or ""])
            found = self.conflicts.get(entry.uuid or "", ())
            where = f": {tell_conflicts(found)}" if found else ""
            lines.append(
                f"{entry.id} was edited here since it was collected, and changed{by}{where}"
            )
        return LocalEditError(
            "; ".join(lines),
            hint="`holdall pull --ours` keeps yours, `holdall pull --theirs` takes theirs and keeps"
            " yours as a backup; or edit yours so that the changes do not meet",
        )

    def _in_folder(self, entry: ManifestArtifact) -> Place | None:
        try:
            return self.collection.tree(entry), self.collection.location(entry)
        except NotFoundError:
            return None

    def _keep(self, entry: ManifestArtifact, content_hash: str) -> Place | None:
        if self.store.contents.unknown_trees([content_hash]):
            return None
        folder = self.scratch / f"{entry.uuid}-{content_hash}"
        spec = self.collection.spec_of(entry.id)
        if folder.exists():
            tree = version_tree(self.store, content_hash)
            return tree, folder / spec.only_file if spec.shape is Shape.FILE else folder
        return lay_out(self.store, content_hash, folder, spec)

    def _read(self, file: FileDigest) -> bytes:
        return b"".join(self.store.contents.read_blob(file.sha256))


def tell_release(store: Store, collection_id: str, uuids: Iterable[str]) -> str:
    """Return who changed one of some entries last, as ` (release 7 by anna)`; '' if nobody did."""
    last = [store.collections.last_release_of(collection_id, uuid) for uuid in uuids]
    release = max(filter(None, last), default=None)
    return f" (release {release.number} by {release.author or 'somebody'})" if release else ""


def tell_conflicts(conflicts: Iterable[FileConflict]) -> str:
    """Return conflicts of files in one line."""
    return "; ".join(conflict.text for conflict in conflicts)


def _side(place: Place, spec: TypeSpec) -> TreeSide:
    tree, location = place

    def read(file: FileDigest) -> bytes:
        content = content_of(location, spec, tree, file)
        return content if isinstance(content, bytes) else content.read_bytes()

    return TreeSide(tree.files, read)


def _is_same(file: FileDigest, other: FileDigest | None) -> bool:
    return other is not None and (file.kind, file.sha256) == (other.kind, other.sha256)


def _place_of(file: FileDigest, location: Path, spec: TypeSpec) -> Path:
    return location if spec.shape is Shape.FILE else location / file.path
