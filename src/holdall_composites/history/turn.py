"""Turning a collection's entries, and their files, from what they are into what they shall be."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from types import MappingProxyType

from holdall import dataclass
from holdall.artifacts import FileDigest, RelPath, TypeSpec
from holdall.collection import Change, ChangeKind, Collection, EntryEdit, ManifestArtifact
from holdall.errors import ConflictError, HoldallError, NotFoundError
from holdall.files import FileState, Root, Tree
from holdall.transaction import Action, exchange, place_contents, place_files
from holdall_composites.history.merging import ContentMerger, Place
from holdall_composites.history.versions import edited_error, lay_out
from holdall_composites.store.store import Store

_NOTHING: Mapping[str, Set[str]] = MappingProxyType({})


def plan_turn(
    store: Store,
    collection: Collection,
    edits: Iterable[EntryEdit],
    scratch: Path,
    *,
    force: bool,
    keep: bool = False,
    merger: ContentMerger | None = None,
    own: Set[str] = frozenset(),
    brought: Mapping[str, Set[str]] = _NOTHING,
) -> tuple[tuple[Change, ...], tuple[Action, ...]]:
    """Plan what turns entries and their files from what they are into what they shall be.

    `scratch` is an empty folder for the bytes of versions. With a merger, files that were edited
    since they were collected are merged where they can be. Other edited files are replaced if
    forced, or stay edited if they are to be kept. What replaces an edit leaves a backup of it, and
    so does what replaces a content of the folder's `own` entries, if no version has it. `brought`
    are the contents that an interrupted pull may have left of each entry: they count as no edit.
    Raises LocalEditError for edited files else, ConflictError for a place that somebody else took.
    """
    turn = _Turn(store, collection, scratch, merger, force or keep, keep, own, brought)
    changes = tuple(change for edit in edits for change in turn.add(edit))
    return changes, turn.actions()


@dataclass
class _Turn:
    """The files of the artifacts that change, as they are and as they will be."""

    store: Store
    collection: Collection
    scratch: Path
    merger: ContentMerger | None
    force: bool
    keep: bool
    own: Set[str]
    brought: Mapping[str, Set[str]]
    refused: list[ManifestArtifact] = field(default_factory=list)
    present: dict[RelPath, FileDigest] = field(default_factory=dict)
    wanted: dict[RelPath, tuple[FileDigest, Path | bytes]] = field(default_factory=dict)
    edited: set[RelPath] = field(default_factory=set)
    replaced: dict[str, list[RelPath]] = field(default_factory=dict)
    """Files that go and are no edit, by the hash of the whole: the database may not have it."""

    def add(self, edit: EntryEdit) -> Iterable[Change]:
        """Take in that an entry turns from `before` into `after`; yield what to tell of it."""
        now, then = edit.before, edit.after
        if isinstance(edit.entry, ManifestArtifact):
            assert not (now is None and then is None)
            self._turn(now, then)  # type: ignore[arg-type]
        if then is None:
            yield Change(ChangeKind.GONE, edit.entry.id)
        elif now is None:
            yield Change(ChangeKind.NEW, then.id)
        elif now.id != then.id:
            yield Change(ChangeKind.RENAMED, then.id, now.id)
        else:
            yield Change(ChangeKind.CHANGED, then.id)

    def _turn(self, now: ManifestArtifact | None, then: ManifestArtifact | None) -> None:
        if now and then and (now.path, now.content_hash) == (then.path, then.content_hash):
            return
        tree = self._present(now) if now else None
        there = then.content_hash if then else None
        merged, is_edited = None, False
        if now and tree:
            brought = self.brought.get(now.uuid or "", ())
            is_edited = tree.content_hash not in (now.content_hash, there, *brought)
            if is_edited and then is None and self.keep:
                return  # the files stay, as ones that are not collected
            files = place_files(now.path, self.collection.spec_of(now.id), tree)
            self.present.update(files)
            if is_edited:
                merged = self._merge_entry(now, tree, then)
                if merged is None and not self.force:
                    self.refused.append(now)
                if merged is not None or not self.keep:
                    self.edited.update(files)
            elif tree.content_hash in brought or (
                now.uuid in self.own and tree.content_hash != there
            ):
                self.replaced.setdefault(tree.content_hash, []).extend(files)
        if then is None or (is_edited and merged is None and not self.force):
            return
        spec = self.collection.spec_of(then.id)
        if now is None or now.path != then.path:
            self._take_leftover(then, spec)
        if merged is not None:
            content = merged
        elif now and tree and ((is_edited and self.keep) or tree.content_hash == there):
            content = tree, self.collection.location(now)
        else:
            content = self._keep_entry(then, spec)
        self.wanted.update(place_contents(then.path, spec, *content))

    def _present(self, entry: ManifestArtifact) -> Tree | None:
        try:
            return self.collection.tree(entry)
        except NotFoundError:
            return None

    def _take_leftover(self, then: ManifestArtifact, spec: TypeSpec) -> None:
        """Take what is at an entry's new place for ours, if an interrupted pull has left it."""
        brought = self.brought.get(then.uuid or "")
        if not brought:
            return
        with suppress(HoldallError):  # nothing is there, or nothing of ours
            tree = self.collection.tree(then)
            if tree.content_hash in brought:
                files = place_files(then.path, spec, tree)
                self.present.update(files)
                self.replaced.setdefault(tree.content_hash, []).extend(files)

    def _merge_entry(
        self, now: ManifestArtifact, edited: Tree, then: ManifestArtifact | None
    ) -> Place | None:
        if self.merger is None or then is None or then.content_hash is None:
            return None
        return self.merger.merge_edit(now, edited, then.content_hash)

    def _keep_entry(self, then: ManifestArtifact, spec: TypeSpec) -> Place:
        """Return what the entry shall be, as it was merged or as the database has it."""
        if self.merger and then.content_hash in self.merger.made:
            return self.merger.made[then.content_hash]
        folder = self.scratch / (then.uuid or str(len(self.wanted)))
        return lay_out(self.store, then.content_hash or "", folder, spec)

    def actions(self) -> tuple[Action, ...]:
        """Return the file actions; raises what stands against them."""
        if self.refused:
            first = self.refused[0]
            raise self.merger.refusal(self.refused) if self.merger else edited_error(first)
        if self.replaced:  # what git brought is kept nowhere else
            for content_hash in self.store.contents.unknown_trees(self.replaced):
                self.edited.update(self.replaced[content_hash])
        for path in self.wanted.keys() - self.present.keys():
            if os.path.lexists(self.collection.root / path):
                self._take_over(path)
        return tuple(exchange(self.present, self.wanted, self.edited))

    def _take_over(self, path: RelPath) -> None:
        """Take a file that is there, and was not collected, for one that is to be put there.

        A machine that was killed may have released it. Another file is replaced if forced, and kept
        as a backup; raises ConflictError else.
        """
        file = self.wanted[path][0]
        with Root(self.collection.root) as root:
            there = root.state_of(path)
        if there == FileState(file.kind, file.executable, file.sha256):
            self.present[path] = file
        elif there is not None and self.force and not self.keep:
            self.present[path] = FileDigest(path, there.kind, there.executable, there.sha256, 0)
            self.edited.add(path)
        else:
            raise ConflictError(
                f"{self.collection.root / path} is there already, and was not collected",
                hint="move it away, then try again",
            )
