"""Collect what a source contains into a collection, without losing what is there."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from dataclasses import field, replace
from pathlib import Path

from holdall import dataclass
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath, refuse_collisions
from holdall.collection.changes import Change, ChangeKind, ChangeSet
from holdall.collection.collect.claims import Claims
from holdall.collection.collect.composites import HIDDEN, ONLY_POINTERS, Bundler, find_older
from holdall.collection.collect.conflicts import (
    Clash,
    ImportPlan,
    OnConflict,
    refuse_renames,
    refuse_uncollected,
    refuse_unrecordable,
)
from holdall.collection.collect.gone_from_source import Leaving
from holdall.collection.collect.origins import (
    Origins,
    former_name,
    is_as_brought,
    is_untouched,
    with_moved_source,
)
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.files.name_line import rename_tree
from holdall.files.tree import Tree
from holdall.sources.naming import Names, candidates
from holdall.sources.values import FoundArtifact, Reading
from holdall.transaction.actions import Action
from holdall.transaction.placement import as_conditions, puts, removals


def plan_import(
    collection: Collection,
    reading: Reading,
    *,
    on_conflict: OnConflict = OnConflict.FAIL,
    renames: Mapping[ArtifactId, ArtifactId] | None = None,
    takes_hidden: bool = False,
    only: Container[ArtifactId] | None = None,
) -> ImportPlan:
    """Sort what a source holds into new, identical, changed, renamed, conflict and gone.

    `renames` gives artifacts of the source other ids; with `only`, all but these ids of it stays as
    it is, also what it does not hold any more. Writes nothing. An artifact is known again by its
    UUID if the source has one, by the source and path it came from, else by its id; one that moved
    within its source, by its content. What has hidden text is refused, and stays as it is here,
    unless `takes_hidden`. Raises NotFoundError if a rename names nothing that the source holds.
    """
    refuse_unrecordable(reading.source or str(reading.root))
    wanted = reading if only is None else reading.only(only)
    how = (on_conflict, renames or {}, takes_hidden)
    importer = _Importer(collection, reading, wanted, *how)
    importer.artifacts()
    importer.composites()
    if only is None:
        importer.remove_gone()
    return importer.plan()


@dataclass
class _Importer:
    """The state of one import while it is planned."""

    collection: Collection
    reading: Reading
    wanted: Reading
    on_conflict: OnConflict
    renames: Mapping[ArtifactId, ArtifactId]
    takes_hidden: bool
    changes: list[Change] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    final: dict[ArtifactId, ArtifactId] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    refused: list[ArtifactId] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = self.reading.source or str(self.reading.root)
        manifest = with_moved_source(self.collection.manifest, self.source, self.reading)
        self.former = former_name(self.collection.manifest, manifest)
        self.entries = {artifact.id: artifact for artifact in manifest.artifacts}
        self.bundles = {composite.id: composite for composite in manifest.composites}
        self.origins = Origins(manifest, self.source, self.reading)
        self.by_origin = self.origins.by_place
        self.by_uuid = {uuid: entry.id for uuid, entry in manifest.by_uuid.items()}
        self.names = Names(self.collection.types, (a.path for a in manifest.artifacts))
        self.claims = Claims(manifest, self.source, self.reading.artifacts, self.renames)
        self.uuids_found = {
            (a.type, a.uuid) for a in self.reading.artifacts if a.uuid and self.claims.allow(a)
        }
        self.vacated: dict[RelPath, Tree] = {}
        self.settled: set[ArtifactId] = set()

    def artifacts(self) -> None:
        """Plan the import of each distinct artifact of the reading once."""
        refuse_renames(distinct := list(self.wanted.distinct_artifacts()), self.renames)
        for found in sorted(distinct, key=self._rank):
            if found.hides_text and not self.takes_hidden:
                self._refuse(found)
                continue
            self.final[found.id] = self._settle(found)
            self.settled.add(self.final[found.id])

    def _rank(self, found: FoundArtifact) -> int:
        """Return when an artifact's turn is: who is known for sure may free the names of others."""
        if self._of_uuid(found) is not None:
            return 0
        return 1 if self._at_its_places(found) is not None else 2

    def _at_its_places(self, found: FoundArtifact) -> ArtifactId | None:
        """Return the entry that came from one of the places where the source has this content."""
        there = (i for i in self.origins.find_at(found) if i not in self.settled)
        return next((i for i in there if self._may_be(i, found)), None)

    def _refuse(self, found: FoundArtifact) -> None:
        """Leave what the collection has of an artifact as it is, and take nothing new of it."""
        known = self._of_uuid(found) or self.by_origin.get((found.type, found.path))
        self.refused.append(found.id)
        if known is None or known in self.settled:
            return
        self.final[found.id] = known
        self.settled.add(known)
        same = self.entries[known].content_hash == found.tree.content_hash
        self._note(ChangeKind.IDENTICAL, known, None if same else HIDDEN)

    def _settle(self, found: FoundArtifact) -> ArtifactId:
        wanted = self.renames.get(found.id, found.id)
        same = self._of_uuid(found)
        if same is not None:
            return self._follow(self.entries[same], wanted, found)
        moved = self._find_moved(found, wanted)
        if moved is not None:
            return self._move(moved, wanted, found)
        known = self._find_known(found, wanted)
        if known is None or known in self.settled or self._is_another(self.entries[known], found):
            return self._add_beside(found, known or wanted)
        return self._compare(self.entries[known], found)

    def _of_uuid(self, found: FoundArtifact) -> ArtifactId | None:
        """Return the entry that a UUID names; moved ones are planned and not looked up again."""
        known = self.by_uuid.get(found.uuid or "")
        is_free = known is not None and known.type == found.type and known not in self.settled
        return known if is_free and self.claims.allow(found) else None

    def _follow(
        self, entry: ManifestArtifact, wanted: ArtifactId, found: FoundArtifact
    ) -> ArtifactId:
        """Plan the import of an artifact that is known by its UUID, under whatever name."""
        if entry.source != self.source or entry.source_path == found.path:
            return self._compare(entry, found)
        if entry.path != entry.source_path:  # it has a name of its own here, which stays
            self.entries[entry.id] = replace(entry, source_path=found.path)
            return self._compare(self.entries[entry.id], found)
        if wanted in self.entries:
            return self._compare(entry, found)
        present = self.collection.tree(entry)
        if is_as_brought(entry, found) or is_untouched(self.collection, entry, present, found):
            return self._move(entry, wanted, found)
        return self._compare(entry, found)

    def _compare(self, entry: ManifestArtifact, found: FoundArtifact) -> ArtifactId:
        known = entry.id
        from_here = entry.source == self.source
        if from_here and (known.type, entry.source_path) not in self.origins.places:
            self.entries[known] = entry = replace(entry, source_path=found.path)
        if entry.content_hash == found.tree.content_hash:
            if from_here:
                self.entries[known] = replace(entry, source_hash=None)
            self._note(ChangeKind.IDENTICAL, known)
            return known
        if entry.source_hash == found.tree.content_hash:
            self._note(ChangeKind.IDENTICAL, known, note="was edited here; kept")
            return known
        if from_here and self.reading.has_pointers(found):
            self._note(ChangeKind.KEPT, known, note=ONLY_POINTERS)
            return known
        present = self.collection.tree(entry)
        if from_here and is_untouched(self.collection, entry, present, found):
            self._replace(entry, found, present, keep_backup=False)
            return known
        edited = from_here or present.content_hash != entry.content_hash
        return self._conflict(entry, found, present, edited=edited)

    def _find_known(self, found: FoundArtifact, wanted: ArtifactId) -> ArtifactId | None:
        known = self._at_its_places(found)
        return known or (wanted if self._may_be(wanted, found) else None)

    def _may_be(self, known: ArtifactId, found: FoundArtifact) -> bool:
        """Return whether an entry is there and not, by its UUID, another artifact of the source."""
        entry = self.entries.get(known)
        return entry is not None and (
            entry.uuid == found.uuid or (known.type, entry.uuid) not in self.uuids_found
        )

    def _is_another(self, entry: ManifestArtifact, found: FoundArtifact) -> bool:
        """Return whether an entry of that name is something else, and not to give way or win."""
        if entry.source == self.source:
            return self.origins.is_of_another_place(entry, found)
        is_decided = self.on_conflict in (OnConflict.KEEP, OnConflict.TAKE)
        is_same = found.tree.content_hash in (entry.content_hash, entry.source_hash)
        return not is_decided and not is_same and found.id not in self.renames

    def _find_moved(self, found: FoundArtifact, wanted: ArtifactId) -> ManifestArtifact | None:
        """Return the entry whose path in the source vanished while its content is here."""
        if wanted in self.entries or (found.type, found.path) in self.by_origin:
            return None
        return self.origins.find_vanished(found, self.entries)

    def _entry_for(self, artifact_id: ArtifactId, found: FoundArtifact) -> ManifestArtifact:
        return ManifestArtifact(
            artifact_id,
            artifact_id.path_in(self.collection.spec_of(artifact_id)),
            uuid=None if found.uuid in self.by_uuid else found.uuid,
            origin=found.origin or "local",
            content_hash=found.tree.content_hash,
            source=self.source,
            source_path=found.path,
            source_revision=self.reading.revision,
            extra=found.extra,
        )

    def _add(self, found: FoundArtifact, artifact_id: ArtifactId, note: str = "") -> ArtifactId:
        entry = self._entry_for(artifact_id, found)
        if entry.path not in self.vacated:
            refuse_uncollected(self.collection, entry, found)
        arriving = self._newcomer(entry, found.tree, found.content)
        self.actions.extend(arriving)
        self.entries[artifact_id] = entry
        if entry.uuid:
            self.by_uuid[entry.uuid] = artifact_id
        self._note(ChangeKind.NEW, artifact_id, note=note or self.origins.note_on_twin(found))
        return artifact_id

    def _newcomer(self, entry: ManifestArtifact, tree: Tree, content: Path | bytes) -> list[Action]:
        """Return the actions for a new artifact's files, which may replace files that go."""
        spec = self.collection.spec_of(entry.id)
        old = self.vacated.pop(entry.path, None)
        if old is not None:
            going = removals(entry.path, spec, old)
            self.actions = [action for action in self.actions if action not in going]
        return puts(entry.path, spec, tree, content, old)

    def _replace(
        self, entry: ManifestArtifact, found: FoundArtifact, present: Tree, *, keep_backup: bool
    ) -> None:
        spec = self.collection.spec_of(entry.id)
        stays = entry.source == self.source and self.origins.is_at(found, entry.source_path)
        named = rename_tree(entry.id, found.tree, found.content) if entry.source_hash else None
        tree = named or found.tree
        self.actions.extend(
            puts(entry.path, spec, tree, found.content, present, keep_backup=keep_backup)
        )
        self.entries[entry.id] = replace(
            entry,
            content_hash=tree.content_hash,
            source=self.source,
            source_path=entry.source_path if stays else found.path,
            source_revision=self.reading.revision,
            source_hash=found.tree.content_hash if named else None,
        )
        self._note(ChangeKind.CHANGED, entry.id)

    def _move(
        self, entry: ManifestArtifact, wanted: ArtifactId, found: FoundArtifact
    ) -> ArtifactId:
        """Give an entry its source's new name and content; an edit made here stays, renamed."""
        spec, location = self.collection.spec_of(wanted), self.collection.location(entry)
        present = self.collection.tree(entry)
        tree, content = found.tree, found.content
        if not is_untouched(self.collection, entry, present, found):
            follows = found.frontmatter_name == wanted.name
            named = rename_tree(wanted, present, location) if follows else None
            tree, content = named or present, location
        is_edit = tree is not found.tree and entry.source_hash is not None
        here = (
            entry.content_hash if present.content_hash != entry.content_hash else tree.content_hash
        )
        new = replace(
            entry,
            id=wanted,
            path=wanted.path_in(spec),
            content_hash=here if is_edit else found.tree.content_hash,
            source_path=found.path,
            source_revision=self.reading.revision,
            source_hash=found.tree.content_hash if is_edit else None,
        )
        if new.path not in self.vacated:
            refuse_uncollected(self.collection, new, found)
        arriving = self._newcomer(new, tree, content)
        # Where the new place is taken meanwhile, the old one must not be left.
        self.actions.extend([*as_conditions(arriving), *removals(entry.path, spec, present)])
        self.vacated[entry.path] = present
        self.names.release(entry.path)
        self.names.reserve(new.path)
        self.entries = {
            (wanted if known == entry.id else known): (new if known == entry.id else value)
            for known, value in self.entries.items()
        }
        if entry.uuid:
            self.by_uuid[entry.uuid] = wanted
        self.changes.append(Change(ChangeKind.RENAMED, wanted, entry.id))
        return wanted

    def _conflict(
        self, entry: ManifestArtifact, found: FoundArtifact, present: Tree, *, edited: bool
    ) -> ArtifactId:
        why = "was edited here" if edited else "has other content here"
        base = entry.source_hash or entry.content_hash
        self.clashes += [Clash(entry.id, base, present, found.tree)] if edited else []
        match self.on_conflict:
            case OnConflict.TAKE:
                self._replace(entry, found, present, keep_backup=True)
            case OnConflict.BOTH:
                return self._add_beside(found, entry.id)
            case OnConflict.KEEP:
                self._note(ChangeKind.IDENTICAL, entry.id, note=f"{why}; kept")
            case OnConflict.FAIL:
                self._note(ChangeKind.CONFLICT, entry.id, note=f"{entry.id} {why}")
        return entry.id

    def _add_beside(self, found: FoundArtifact, wanted: ArtifactId) -> ArtifactId:
        """Add an artifact under its name or, where that is taken, with its plugin's in front."""
        content_hash = found.tree.content_hash
        for name in candidates(found.type, wanted.name, self.reading.around(found), content_hash):
            other = self.entries.get(ArtifactId(found.type, name))
            if other is not None and other.content_hash == content_hash:
                if other.id not in self.settled:
                    return self._compare(other, found)
            elif (free := self.names.take(found.type, name)) is not None:
                if free == wanted:
                    return self._add(found, free, self.claims.note_on(found))
                if not os.path.lexists(
                    self.collection.root / free.path_in(self.collection.spec_of(free))
                ):
                    return self._add(found, free, f"in addition to {wanted}")
        raise AssertionError("the candidates never end")

    def composites(self) -> None:
        """Plan the import of each composite of the reading."""
        bundler = Bundler(
            self.wanted,
            self.source,
            self.bundles,
            self.by_uuid,
            self.claims,
            self.final,
            keeps=self.on_conflict is OnConflict.KEEP,
            takes=self.on_conflict is OnConflict.TAKE,
            takes_hidden=self.takes_hidden,
            refused=self.refused,
            absent=self._absent(),
        )
        self.changes.extend(bundler.settle(self.renames))
        self.bundles = bundler.entries

    def _absent(self) -> set[ArtifactId]:
        """Return what the source should hold, and could not be read there."""
        return {
            known
            for (_, path), known in self.by_origin.items()
            if known not in self.settled and self.reading.why_unread(path or "") is not None
        }

    def remove_gone(self) -> None:
        """Take out what this source once brought and does not hold any more."""
        leaving = Leaving(self.collection, self.reading, self.source, self.entries, self.bundles)
        self.changes.extend(leaving.composites({change.id for change in self.changes}))
        self.changes.extend(leaving.artifacts(self.by_origin.values(), self.settled))
        self.actions.extend(leaving.actions)

    def _note(self, kind: ChangeKind, artifact_id: ArtifactId, note: str | None = None) -> None:
        self.changes.append(Change(kind, artifact_id, None, note or None))

    def plan(self) -> ImportPlan:
        """Return what was planned; raises ConflictError if two paths would be one file."""
        before = self.collection.manifest
        refuse_collisions(entry.path for entry in self.entries.values())
        artifacts, bundles = tuple(self.entries.values()), tuple(self.bundles.values())
        moved = {c.old_id: c.id for c in self.changes if c.old_id is not None}
        after = replace(before, artifacts=artifacts, composites=bundles).with_renamed(moved)
        older = find_older(self.wanted, self.final, takes_hidden=self.takes_hidden)
        changes = ChangeSet("collect", before, after, tuple(self.changes), older=older)
        found = (changes, tuple(self.actions), tuple(self.clashes), tuple(self.refused))
        return ImportPlan(*found, former=self.former, ids=self.final)
