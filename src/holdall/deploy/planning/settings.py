"""Add, compare and remove Holdall's entries in settings files that others edit, too.

Hooks and MCP servers are lines in files that users and other programs edit, too. Holdall owns the
entries that it put there, known by where they stand and what they say, and touches nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId, FileKind
from holdall.artifacts.paths import RelPath
from holdall.deploy.planning.entries import (
    Document,
    edited_element,
    elements_in,
    is_similar,
    open_document,
)
from holdall.deploy.planning.files import UNPROVEN, Arrangement, EditedFile, Key, Loss
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.project.ledger import Deployed, Merged, Place, hash_value
from holdall.deploy.targets import Form, Merge, Target
from holdall.errors import ConflictError, InputError
from holdall.files.root import FileState, Root
from holdall.formats.documents import read_bounded
from holdall.formats.marks import MAX_BYTES, MISSING, Marks
from holdall.transaction.actions import Action, Put, Remove
from holdall.transaction.placement import put_bytes

if TYPE_CHECKING:
    from holdall.deploy.proof import Proof


def looks_for_its_plugin(definition: bytes) -> bool:
    """Return whether a hook or server names its plugin's folder, as one of three agents does."""
    return b"PLUGIN_ROOT" in definition or b"extensionPath" in definition


class Entries(NamedTuple):
    """The settings entries that a deploy owns, and what it takes to have them there.

    `owned` are the entries that each planned artifact has there now, by target and id; `documents`
    what Holdall remembers of the files that still hold some; `notes` are warnings to print,
    `losses` what conversions could not keep.
    """

    actions: tuple[Action, ...]
    in_the_way: tuple[EditedFile, ...]
    owned: Mapping[Key, tuple[Merged, ...]]
    documents: Mapping[RelPath, Marks]
    notes: tuple[str, ...]
    losses: tuple[Loss, ...] = ()


class PlannedEntries(NamedTuple):
    """The entries that an artifact is to have in a settings file; with `refusal` none."""

    entries: tuple[Merged, ...] = ()
    losses: tuple[str, ...] = ()
    refusal: str | None = None


def planned_entries(
    artifact: PlannedArtifact, merge: Merge, target: Target, project: Path
) -> PlannedEntries:
    """Return the entries that an artifact has in a settings file for a target.

    Raises InputError for a hook or a server that is not understood, or a rule that is not for it.
    """
    if merge.form is Form.BLOCK:
        from holdall.deploy.rules import block_of

        try:
            text = block_of(read_bounded(artifact.location, MAX_BYTES))
        except ValueError as error:
            return PlannedEntries(refusal=str(error))
        return PlannedEntries((Merged(merge.path, (), artifact.id.name, text),))
    from holdall.deploy.agent_formats.values import Refused
    from holdall.deploy.consent.entries import converted_hooks, converted_server

    found: list[Merged] = [Merged(merge.path, (), k, value) for k, value in merge.head.items()]
    if merge.form.is_hooks:
        groups, losses = converted_hooks(artifact, merge, target, project)
        if not groups:
            return PlannedEntries(refusal="; ".join(losses) or "it has no hooks")
        found += [Merged(merge.path, (*merge.keys, event), None, group) for event, group in groups]
        return PlannedEntries(tuple(found), losses)
    server = converted_server(artifact, merge, target, project)
    if isinstance(server, Refused):
        return PlannedEntries(refusal=server.reason)
    found.append(Merged(merge.path, merge.keys, artifact.id.name, server.value))
    return PlannedEntries(tuple(found), server.losses)


def merge_entries(
    root: Root,
    planned: Iterable[tuple[Target, PlannedArtifact]],
    obsolete: Sequence[Deployed],
    kept: Sequence[Deployed],
    known: Mapping[RelPath, Marks],
    proof: Proof,
    *,
    force: bool,
) -> Entries:
    """Return what has to change in settings files.

    `obsolete` are the deployed artifacts that the planned ones replace, or that go; `kept` the
    others; `known` what is remembered of the files. What has no `proof` is the user's. A hook or
    server that is not understood is left out, with a note. Raises ConflictError for two definitions
    of one name, InputError for a file that cannot be edited.
    """
    wanted: dict[Key, tuple[Merged, ...]] = {}
    notes, losses = [], []
    taken = {(entry.place, owner.id): entry for owner in kept for entry in owner.merged}
    for target, artifact in planned:
        if merge := target.entries_of(artifact.id.type):
            try:
                planned_ones = planned_entries(artifact, merge, target, root.path)
            except InputError as error:
                notes.append(f"left out {artifact.id}: {error.message}")
                continue
            key = target.name, artifact.id
            losses += [Loss(*key, text) for text in planned_ones.losses]
            if planned_ones.refusal is not None:
                losses.append(Loss(*key, planned_ones.refusal, is_whole=True))
                continue
            if merge.form.is_alone and (other := _member_beside(root, merge)) is not None:
                text = f"{merge.path} has {other!a} beside {merge.keys[0]!a}: both are not read"
                losses.append(Loss(*key, text, is_whole=True))
                continue
            found = planned_ones.entries
            shared = [
                e for e in found if e.key and taken.get((e.place, artifact.id), e).hash != e.hash
            ]
            if shared:
                text = f"placed once: {shared[0].path} has it in another agent's form"
                losses.append(Loss(*key, text))
                continue
            taken |= {(entry.place, artifact.id): entry for entry in found}
            wanted[key] = found
            from holdall.deploy.planning.variables import lost_variables

            for text in lost_variables(str([entry.value for entry in found])):
                if "PLUGIN_ROOT" not in text:
                    notes.append(f"{artifact.id}: {text}")
            is_known = artifact.companion is not None and target.place_of(artifact.companion)
            if not is_known and any(
                looks_for_its_plugin(str(e.value).encode(errors="replace")) for e in found
            ):
                notes.append(
                    f"{artifact.id} refers to its plugin's folder (${{CLAUDE_PLUGIN_ROOT}}), but"
                    " nothing is known of its files: what it looks for there will not be found"
                )
    new = {entry.place: entry for entries in wanted.values() for entry in entries}
    merger = _Merger(root, known, proof, force, kept, obsolete, new)
    staying = new.keys() | merger.held.keys()
    for entry in {e.place: e for d in obsolete for e in d.merged}.values():
        if entry.place not in staying:
            merger.take_out(entry)
    owned = {}
    for key, entries in wanted.items():
        put = [merger.put_in(entry, key[1]) for entry in entries]
        owned[key] = tuple(entry for entry in put if entry is not None)
    still = {e.path for d in kept for e in d.merged} | {
        e.path for own in owned.values() for e in own
    }
    documents = {path: merger.marks.get(path, Marks()) for path in still}
    actions = tuple(merger.plan_actions())
    in_the_way = tuple(merger.in_the_way)
    return Entries(actions, in_the_way, owned, documents, tuple(notes), tuple(losses))


def _member_beside(root: Root, merge: Merge) -> str | None:
    """Return a member of a settings file beside the one that leads to entries, if it has any."""
    data = root.read_bytes(merge.path, MAX_BYTES)
    if data is None:
        return None
    where = str(root.path / merge.path)
    members = open_document(data.decode(errors="replace"), merge.path, where).get(())
    names = members if isinstance(members, dict) else {}
    return next((name for name in names if name not in (*merge.keys[:1], *merge.head)), None)


def add_entries(arrangement: Arrangement, entries: Entries) -> Arrangement:
    """Return what has to change in files and in settings files, whose artifacts have no files."""
    return Arrangement(
        (*arrangement.actions, *entries.actions),
        (*arrangement.in_the_way, *entries.in_the_way),
        {**arrangement.files, **{key: {} for key in entries.owned}},
        arrangement.hashes,
        (*arrangement.losses, *entries.losses),
    )


class _Merger:
    """Edits each file once, in memory.

    `owned` are Holdall's entries by their places, `claims` the deployed artifacts that have them,
    `held` the ids of those that keep them.
    """

    def __init__(
        self,
        root: Root,
        known: Mapping[RelPath, Marks],
        proof: Proof,
        force: bool,
        kept: Sequence[Deployed],
        obsolete: Sequence[Deployed],
        new: Mapping[Place, Merged],
    ) -> None:
        self.root, self.proof, self.force = root, proof, force
        self.marks = {p: Marks(set(m.made), dict(m.blank)) for p, m in known.items()}
        self.claims = {e.place: d for d in (*kept, *obsolete) for e in d.merged}
        self.owned = {e.place: e for d in (*kept, *obsolete) for e in d.merged}
        self.held = {e.place: d.id for d in kept for e in d.merged}
        self.hashes = {e.hash for e in (*self.owned.values(), *new.values())}
        self.documents: dict[RelPath, Document] = {}
        self.before: dict[RelPath, tuple[str | None, FileState | None]] = {}
        self.forced: set[RelPath] = set()
        self.in_the_way: list[EditedFile] = []

    def _document(self, path: RelPath) -> tuple[Document, Marks]:
        marks = self.marks.setdefault(path, Marks())
        if path not in self.documents:
            state, where = self.root.state_of(path), str(self.root.path / path)
            if state is not None and state.kind is FileKind.LINK:
                led = os.readlink(where)
                raise ConflictError(
                    f"{where} is a symbolic link to {led!a}; Holdall does not write through links",
                    hint="put the file itself in its place (`cp --remove-destination`) or, to keep"
                    " the link, leave what belongs there out and write it there by hand",
                )
            data = self.root.read_bytes(path, MAX_BYTES)
            try:
                text = None if data is None else data.decode()
            except UnicodeDecodeError as error:
                raise InputError(f"{where}: not valid UTF-8", hint="save it as UTF-8") from error
            if text is None:
                marks.made.add(())
            self.documents[path] = open_document(text, path, where)
            self.before[path] = text, state
        return self.documents[path], marks

    def put_in(self, entry: Merged, owner: ArtifactId) -> Merged | None:
        """Add an entry; return what is Holdall's of it, None if it was there already."""
        document, marks = self._document(entry.path)
        known = self.owned.get(entry.place)
        if entry.key is None:
            present = elements_in(document, entry)
            if any(entry.matches(element) for element in present):
                return known and known._replace(value=entry.value, known_hash="")
            if known is not None and not self._may_lose(known, entry.value):
                return None
            beside = [hash_value(element) for element in elements_in(document, entry)]
            entry = entry._replace(beside=tuple(h for h in beside if h not in self.hashes))
            document.append(entry.keys, entry.value, marks)
        else:
            keys = (*entry.keys, entry.key)
            present = document.get(keys)
            if entry.matches(present):
                if known is not None:
                    self._own(entry, owner)
                return None if known is None else entry
            if present is not MISSING and not self._may_replace(entry, present, known, owner):
                return None
            document.put(keys, entry.value, marks)
        self._own(entry, owner)
        return entry

    def _may_lose(self, known: Merged, value: Any = None) -> bool:
        """Return whether the way is free where an element of a list is not as it was put in.

        If it was edited, the edited one is removed by force.
        """
        document, marks = self._document(known.path)
        known = known._replace(value=known.value or value)
        edited = edited_element(known, elements_in(document, known), self.hashes)
        if edited is MISSING:
            return True
        is_forced = self._in_the_way(known, "changed by hand")
        if is_forced and is_similar(known.value, edited):
            document.remove_element(known.keys, edited, marks)
        return is_forced

    def _own(self, entry: Merged, owner: ArtifactId) -> None:
        self.held[entry.place] = owner
        self.owned[entry.place] = entry

    def _may_replace(
        self, entry: Merged, present: Any, known: Merged | None, owner: ArtifactId
    ) -> bool:
        holder = self.held.get(entry.place)
        if holder is not None and holder != owner:
            raise ConflictError(
                f"{holder} and {owner} define {entry.key!a} in {entry.path} in different ways",
                hint="rename one of them in the collection",
            )
        if known is None:
            return self._in_the_way(entry, "not put there by Holdall")
        return self._is_own(known, present)

    def _is_own(self, known: Merged, present: Any) -> bool:
        """Return whether what is there may be replaced or removed as Holdall's own entry."""
        if not known.matches(present):
            return self._in_the_way(known, "changed by hand")
        owner = self.claims.get(known.place)
        if owner is not None and not self.proof.covers_entry(owner, known):
            return self._in_the_way(known, UNPROVEN)
        return True

    def _in_the_way(self, entry: Merged, why: str) -> bool:
        """Record why an entry must not simply be changed; return whether it is by force."""
        what = f"{entry.key or 'a hook'!a} in it, {why}"
        is_ours = entry.place in self.owned and why != UNPROVEN
        self.in_the_way.append(EditedFile(entry.path, is_ours=is_ours, what=what))
        self.forced.add(entry.path)
        return self.force

    def take_out(self, entry: Merged) -> None:
        """Remove an entry, unless it was changed by hand."""
        if self.root.state_of(entry.path) is None:
            return
        document, marks = self._document(entry.path)
        if entry.key is None:
            same = [e for e in elements_in(document, entry) if entry.matches(e)]
            if not same:
                self._may_lose(entry)
            elif self._is_own(entry, same[-1]):
                document.remove_element(entry.keys, same[-1], marks)
            return
        keys = (*entry.keys, entry.key)
        present = document.get(keys)
        if present is not MISSING and self._is_own(entry, present):
            document.remove(keys, marks)

    def plan_actions(self) -> Iterator[Action]:
        """Yield the actions for the files that changed."""
        for path, document in self.documents.items():
            text, state = self.before[path]
            keep = path in self.forced
            if document.is_empty and () in self.marks[path].made:
                if state is not None:
                    yield Remove(path, state, keep_backup=keep)
            elif document.text != text:
                put = put_bytes(path, document.text.encode(), state)
                is_executable = state is not None and state.executable
                new = FileState(put.state.kind, is_executable, put.state.sha256)
                yield Put(path, new, put.size, put.source, state, keep_backup=keep)
