"""Where the bytes of a lock come from: the collection, its versions, and sources that are read.

Sources stay open, and bytes where they are, until the supply is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from holdall.artifacts.ids import ArtifactId, Shape
from holdall.collection.changes import Change, ChangeKind, ChangeSet
from holdall.collection.collection import Collection
from holdall.deploy.locked.values import Lock, LockedArtifact, LockedSource, Requirement, place_of
from holdall.deploy.planning.plan import StoredContent
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.targets import Target
from holdall.errors import ConflictError, NotFoundError, UsageError
from holdall.files.scratch import Scratch
from holdall.files.tree import Tree
from holdall.operations.projects.merging.conflicts import Conflicts
from holdall.operations.projects.sources import identities
from holdall.operations.projects.sources.collecting import (
    collected_contents,
    contents_of,
    location_of,
    locked_artifacts,
    locked_source,
    own_collection,
    plan_choice,
)
from holdall.operations.projects.sources.dependencies.needs import Dependency, find_needs
from holdall.operations.projects.sources.located import Located, locate_written
from holdall.operations.projects.sources.pending import PendingChange
from holdall.operations.projects.sources.pins import take_pinned
from holdall.operations.projects.sources.selection import Choice, choose, skills_in
from holdall.operations.projects.terms import Terms
from holdall.operations.read_source import Readings
from holdall.operations.write_collection import FirstHalf, edit_collection, open_newest
from holdall.sources.fetch.ranges import is_range
from holdall.sources.values import Reading

Locks = Callable[[Lock, Sequence[Target]], Lock]
"""Return a lock with what was planned to be collected of a source, and what that needs.

It is locked for these targets.
"""

Select = Sequence[ArtifactId] | None
"""What is selected of a source, None for all."""


class Supply:
    """What one command reads, and what it changes in the collection for it.

    That is planned only, under the collection's lock: `half` is to be written with the project.
    `places` are sources by the names that a lock has for them, `conflicts` says what to do with
    edits in the collection.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.places: dict[str, Located] = {}
        self.conflicts = Conflicts()
        self.contents: dict[ArtifactId, StoredContent] = {}
        self._held = ExitStack()
        self._pending: PendingChange | None = None
        self._locked = ExitStack()
        self._readings = Readings(terms.session, terms.caps, self._held)
        self._collection: Collection | None = None

    def __enter__(self) -> Self:
        self.scratch = self._held.enter_context(Scratch())
        self._held.push(self._locked)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._held.__exit__(kind, error, traceback)

    def begin(self, terms: Terms) -> None:
        """Forget what was planned, but for the sources that are read, and work by `terms`."""
        self.terms, self.contents = terms, {}
        self._collection = None
        self.__dict__.pop("root", None)

    def release(self) -> None:
        """Give the collection's lock back; nothing that was planned is written."""
        self._locked.close()
        self._pending = None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is changed in the collection."""
        return () if self._pending is None else tuple(self._pending.changed)

    def half(self) -> FirstHalf | None:
        """Return the collection's half of the change; None where the collection stays as it is."""
        return None if self._pending is None else self._pending.half()

    def propose(self) -> None:
        """Let the plugins complete and check what is planned: all has its UUID then."""
        if self._pending is not None:
            self._pending.propose()

    def conclude(self) -> None:
        """Say what was kept, and remember the collection's files, once all is written."""
        for path, backup in self._pending.backups() if self._pending is not None else ():
            text = f"kept the collection's version of {path} as {backup}"
            self.terms.session.reporter.note(text)
        self.collection.remember()

    def _change(self) -> PendingChange:
        """Return the collection's change, under its lock from now on."""
        if self._pending is None:
            terms = self.terms
            opened = edit_collection(self.root, terms.session, dry_run=terms.dry_run)
            self._pending = PendingChange(self._locked.enter_context(opened))
        return self._pending

    def find_known(self, wanted: Sequence[LockedArtifact]) -> dict[ArtifactId, StoredContent]:
        """Return the bytes of what is locked, as far as the collection has them."""
        found = collected_contents(self.collection, wanted)
        return found | self._versions([one for one in wanted if one.id not in found])

    @cached_property
    def root(self) -> Path:
        """The collection's folder; the user's default one is made if there is none."""
        terms = self.terms
        return own_collection(terms.session, self.scratch, dry_run=terms.dry_run)

    @property
    def collection(self) -> Collection:
        """The collection, as it is after what is planned."""
        if self._pending is not None:
            return self._pending.collection
        if self._collection is None:
            self._collection = self.terms.session.open_collection(self.root)
        return self._collection

    def bring_forward(self) -> Collection:
        """Return the collection, once what others released is in its folder."""
        if self._pending is None and not self.collection.has_own_database:
            terms = self.terms
            self._collection = open_newest(self.root, terms.session, dry_run=terms.dry_run)
        return self.collection

    def read(self, located: Located, revision: str | None, select: Select = None) -> Reading:
        """Read a source at a revision or the newest of a range; raises what `open_source` does.

        Of skills that are selected only what they need is read, where the tree says it.
        """
        if located.kind != "git" and is_range(revision):
            raise UsageError(
                f"{located.written}: {revision} is a range of versions, which a repository has",
                hint="leave the revision out",
            )
        return self._readings.read(located.address(revision), located.written, skills_in(select))

    def collect(
        self, requirement: Requirement, located: Located, reading: Reading, before: Lock
    ) -> Locks:
        """Plan to collect what is required of a source. `before` is the lock that there was.

        What is returned is for when all is planned: the plugins see all of it at once then.
        """
        if identities.has_renamed(self.collection.manifest, located, reading):
            reading = self.read(located, requirement.revision)
        choice = choose(reading, requirement.select)
        needs = find_needs(self, located, reading, choice, before)
        choice = choose(reading, requirement.select, needs.here)
        pinned = take_pinned(reading, choice, takes_hidden=self.terms.takes_hidden)
        ids = self.collect_choice(located, reading, choice, before)
        others = [self._collect_needed(one, ids, before) for one in needs.others]

        def lock(lock: Lock, targets: Sequence[Target]) -> Lock:
            self.propose()
            artifacts = self._rows(located, pinned, choice, ids, before, targets)
            state = locked_source(requirement, located, reading)
            roots = {r for a in lock.artifacts if a.source == state.source for r in a.wanted_by}
            lock = lock.with_source(state, artifacts).without_unneeded(roots)
            for other in others:
                lock = other(lock, targets)
            return lock

        return lock

    def _collect_needed(
        self, one: Dependency, ids: Mapping[ArtifactId, ArtifactId], before: Lock
    ) -> Locks:
        """Plan to collect a plugin that others need, from a tag of its own."""
        choice = choose(one.reading, [one.composite.id])
        pinned = take_pinned(one.reading, choice, takes_hidden=self.terms.takes_hidden)
        own = self.collect_choice(one.located, one.reading, choice, before)
        roots = tuple(ids[root] for root in one.roots)
        asked = Requirement(one.located.written, " ".join(one.ranges), (one.composite.id,))

        def lock(lock: Lock, targets: Sequence[Target]) -> Lock:
            state = locked_source(asked, one.located, one.reading)
            state = state._replace(tag=one.tag, needed_by=one.needed_by)
            rows = self._rows(one.located, pinned, choice, own, before, targets)
            known = {a.id: a.wanted_by for a in lock.artifacts if a.source == state.source}
            wanted = [tuple(dict.fromkeys((*known.get(r.id, ()), *roots))) for r in rows]
            rows = tuple(r._replace(wanted_by=w) for r, w in zip(rows, wanted, strict=True))
            return lock.with_source(state, rows)

        return lock

    def _rows(
        self,
        located: Located,
        reading: Reading,
        choice: Choice,
        ids: Mapping[ArtifactId, ArtifactId],
        before: Lock,
        targets: Sequence[Target],
    ) -> tuple[LockedArtifact, ...]:
        """Return what is locked of a choice; its bytes are among the contents then."""
        known = (ids, self.collection.manifest, before, targets)
        artifacts = tuple(locked_artifacts(reading, choice, located, *known))
        wanted = {one.id for one in artifacts}
        self.contents |= contents_of(reading, ids, wanted, self.scratch)
        self.contents |= collected_contents(self.collection, artifacts)
        return artifacts

    def collect_choice(
        self, located: Located, reading: Reading, choice: Choice, locked: Lock
    ) -> Mapping[ArtifactId, ArtifactId]:
        """Plan to collect a choice of a reading; return what its ids are called here.

        What the lock has keeps its name and UUID.
        """
        terms = self.terms
        return plan_choice(
            terms.session,
            self._change(),
            reading,
            choice,
            located=located,
            locked=locked,
            scratch=self.scratch,
            conflicts=self.conflicts,
            takes_hidden=terms.takes_hidden,
        )

    def join(self, lock: Lock) -> None:
        """Let the collection have the lock's UUIDs, as aliases, of what it knew under its own.

        The same place of the same source is the same artifact. Raises ConflictError for a UUID of
        another one.
        """
        self.propose()
        manifest = self.collection.manifest
        new = identities.find_aliases(manifest, lock, self.places)
        if not new:
            return
        pending = self._change()
        before = pending.collection.manifest
        artifacts = tuple(
            replace(a, aliases=(*a.aliases, new[a.id])) if a.id in new else a
            for a in before.artifacts
        )
        note = "has the UUID of a project's lock as an alias"
        changes = [Change(ChangeKind.CHANGED, one, None, note) for one in new]
        after = replace(before, artifacts=artifacts)
        pending.add(ChangeSet("collect", before, after, tuple(changes)), (), {})

    def find(self, lock: Lock, missing: Iterable[ArtifactId]) -> None:
        """Find the bytes of what a lock lists, in `contents` afterwards.

        Raises ConflictError where a source has something else than the lock says.
        """
        by_id = {one.id: one for one in lock.artifacts}
        wanted = [by_id[one] for one in missing if one not in self.contents]
        if not wanted:
            return
        self.contents |= self.find_known(wanted)
        rest: dict[str, list[LockedArtifact]] = {}
        for one in wanted:
            if one.id in self.contents:
                continue
            if one.source is None:
                raise NotFoundError(
                    f"{one.id} is of the collection of whoever added it, and not in this one",
                    hint="require its source instead, or collect it here",
                )
            rest.setdefault(one.source, []).append(one)
        for name, some in rest.items():
            self._fetch(lock, name, some)

    def _versions(self, wanted: Sequence[LockedArtifact]) -> dict[ArtifactId, StoredContent]:
        """Return the bytes of what the collection has as an older version."""
        if not wanted:
            return {}
        folder = self.scratch.folder()
        asked = [
            Deployed(one.id, "", one.uuid, "", one.content_hash or "", (), {}) for one in wanted
        ]
        arguments = {"collection": self.collection, "wanted": asked, "folder": folder}
        found = self.terms.session.plugins.first("holdall_known_versions", list, **arguments) or []
        contents = {}
        for number, (one, tree) in enumerate(zip(wanted, found, strict=False)):
            if isinstance(tree, Tree) and tree.content_hash == one.content_hash:
                spec = self.collection.spec_of(one.id)
                place = folder / str(number)
                location = place / spec.only_file if spec.shape is Shape.FILE else place
                contents[one.id] = StoredContent(tree, location, is_pinned=True)
        return contents

    def _fetch(self, lock: Lock, name: str, wanted: Sequence[LockedArtifact]) -> None:
        """Read a source as it was locked, and take from it what is wanted.

        What the collection does not know yet is collected, under the lock's names and UUIDs; of a
        source that it does not know at all, everything that is locked.
        """
        locked = lock.source(name)
        if locked is None:
            raise ConflictError(
                f"holdall.lock: {name}, the source of {wanted[0].id}, is not among its sources",
                hint="restore the lock from your version control, or delete it and `holdall sync`",
            )
        located = self.places.get(name) or locate_written(name, self.terms.project)
        reading = self.read_locked(located, locked, locked.select)
        identities.refuse_other_uuids(reading, wanted, name)
        pinned = reading
        if reading.older:
            choice = choose(reading, locked.select, lock.needs_in(name))
            pinned = take_pinned(reading, choice, takes_hidden=self.terms.takes_hidden)
        places = {(found.type, found.path): found for found in pinned.artifacts}
        pairs = []
        for one in wanted:
            found = places.get((one.id.type, one.path or ""))
            if found is None or found.tree.content_hash != one.content_hash:
                what = "is not there" if found is None else "has other content there"
                raise ConflictError(
                    f"holdall.lock: {one.id}, {one.path} in {name}, {what}: {locked.why_other}",
                    hint=f"restore it from your version control, or `holdall update {one.id}`",
                )
            pairs.append((found.id, one))
        entries = [e for e in self.collection.manifest.artifacts if e.source is not None]
        known = {place_of(e.id.type, str(e.source), e.source_path) for e in entries}
        repository = located.recorded.partition("#")[0]
        new = [
            source_id
            for source_id, one in pairs
            if place_of(one.id.type, located.recorded, one.path) not in known
        ]
        if not any(place[1] == repository for place in known):
            choice = choose(reading, locked.select, lock.needs_in(name))
            self.collect_choice(located, reading, choice, lock)
        elif new:
            brought = {one: (one,) for one in new}
            self.collect_choice(located, reading, Choice(tuple(new), brought, (), {}), lock)
        ids = {source_id: one.id for source_id, one in pairs}
        self.contents |= contents_of(pinned, ids, set(ids.values()), self.scratch)
        self.contents |= collected_contents(self.collection, wanted)

    def locked_content(self, lock: Lock, one: LockedArtifact) -> StoredContent | None:
        """Return an artifact's bytes from its source as a lock has it; nothing is collected."""
        locked = lock.source(one.source or "")
        if locked is None or locked.commit is None:
            return None
        located = self.places.get(locked.source) or locate_written(
            locked.source, self.terms.project
        )
        for found in self.read_locked(located, locked, locked.select).artifacts:
            if (found.type, found.path) == (one.id.type, one.path):
                return StoredContent(found.tree, location_of(found, self.scratch), is_pinned=True)
        return None

    def read_locked(self, located: Located, locked: LockedSource, select: Select) -> Reading:
        """Read a source in the state that a lock names; raises ConflictError if it is gone."""
        try:
            reading = self.read(located, locked.commit or locked.revision, select)
        except NotFoundError as error:
            if locked.commit is None or "no branch, tag or commit" not in error.message:
                raise
            asked = locked.revision or "the default branch"
            raise ConflictError(
                f"{locked.source}: the commit {locked.commit[:12]}, which holdall.lock has for"
                f" {asked}, is not there any more: a tag was moved or a branch rewritten",
                hint=f"look at what is there now, then `holdall update {located.written}`",
            ) from error
        if locked.digest is not None and reading.revision != locked.digest:
            raise ConflictError(
                f"{locked.source}: its digest is {reading.revision}, and holdall.lock has"
                f" {locked.digest}",
                hint=f"look at what changed, then `holdall update {located.written}`",
            )
        return reading
