"""What must hold of a chain of releases and of the folders that it was made in.

The chain is unbroken and its hashes are right; every change that a user was told is done is in it,
every one that was refused is not; each release changes only what its command is for, and replaces
no edit that its author had not seen; what no command says stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from holdall.collection import Collection
from holdall.errors import (
    ConflictError,
    HoldallError,
    InputError,
    LocalEditError,
    NotFoundError,
    UsageError,
)
from holdall.operations.session import Session
from holdall_composites.database.connect import connect_database
from holdall_composites.errors import AlreadyExists, CycleRefused
from holdall_composites.store.store import Store
from holdall_composites.sync.difference import Rows, difference
from holdall_composites.sync.releases.hashing import chunk_hashes, hash_of_release, state_hash
from holdall_composites.sync.releases.manifest import state_of as state_of_manifest
from holdall_composites.sync.state import state_of
from holdall_composites.values.records import ReleaseRecord
from holdall_composites.values.states import Delta, Entry, State, with_delta
from integration.team.machines import MARK, Machine, Quiet, Try

_TURNS = {"undo", "redo"}
_MAY = {
    "name": {"rename", "collect", "edit"} | _TURNS,
    "removed": {"remove", "collect", "composite delete"} | _TURNS,
    "added": {"collect", "composite create", "first release"} | _TURNS,
    "mark": {"collect"} | _TURNS,
    "members": {"composite add", "composite remove", "composite reorder"} | _TURNS,
    "pin": {"composite pin", "composite unpin"} | _TURNS,
    "description": {"edit", "pull"} | _TURNS,
}
_REFUSALS = (
    *(ConflictError, LocalEditError, NotFoundError, AlreadyExists, CycleRefused),
    *(UsageError, InputError),
)
_BY_THE_DATABASE = re.compile("it exists already: ")


class Chain:
    """The releases of a collection as the database has them; `problems` is what is wrong."""

    def __init__(self, store: Store, collection_id: str) -> None:
        self.store, self.id = store, collection_id
        self.problems: list[str] = []
        row = store.collections.get(collection_id)
        self.head, self.head_hash = (row.head, row.head_hash) if row else (0, None)
        deltas = store.collections.changes_between(collection_id, 0, self.head)
        self.releases: list[tuple[ReleaseRecord, Delta]] = []
        for number in range(1, self.head + 1):
            release = store.collections.release(collection_id, number)
            if release is None:
                self.problems.append(f"release {number} is missing")
            else:
                self.releases.append((release, deltas.get(number, {})))
        self._marks: dict[str, tuple[str, str] | None] = {}

    def mark_of(self, entry: Entry | None) -> tuple[str, str] | None:
        """Return the mark of an artifact's content, and on which one it was put."""
        content_hash = (entry or {}).get("content_hash")
        if content_hash is None:
            return None
        if content_hash not in self._marks:
            tree = self.store.contents.get_tree(content_hash)
            if tree is None:
                self.problems.append(f"the files of {entry} are not in the database")
            text = b"".join(
                chunk
                for file in (tree.files if tree else ())
                for chunk in self.store.contents.read_blob(file.sha256)
            )
            found = MARK.search(text.decode())
            self._marks[content_hash] = (found[1], found[2]) if found else None
        return self._marks[content_hash]

    def check(self, machines: Mapping[str, Machine]) -> State:
        """Go along the chain; return the state of its head."""
        state: State = {}
        before, known = None, set[str]()
        for release, delta in self.releases:
            try:
                state = with_delta(state, delta)
            except ValueError as error:
                self.problems.append(f"release {release.number}: {error}")
            told: dict[str, Any] = dict(zip(_HEADER, release[5:], strict=False))
            told |= {"change_id": release.change_id, "number": release.number}
            if release.parent != before:
                self.problems.append(f"release {release.number} does not follow the one before")
            if release.state_hash != state_hash(state):
                self.problems.append(f"release {release.number} has not the hash of its state")
            if release.hash != hash_of_release(before or "", release.state_hash, told):
                self.problems.append(f"release {release.number} has another hash")
            before = release.hash
            for uuid, pair in delta.items():
                if pair[0] is None and uuid in known and _is_kept(release, machines):
                    continue  # edited here, removed there
                for what in self._changed(release, *pair, machines):
                    self.problems.append(
                        f"release {release.number} ({release.command} by {release.author}): {what}"
                        f" in {uuid}: {pair[0]} -> {pair[1]}"
                    )
            known |= delta.keys()
        if self.store.collections.chunks_of(self.id) != chunk_hashes(state):
            self.problems.append("the stored hashes of chunks are not those of the head")
        if before != self.head_hash:
            self.problems.append("the head is not the last release")
        return state

    def _changed(
        self,
        release: ReleaseRecord,
        before: Entry | None,
        after: Entry | None,
        machines: Mapping[str, Machine],
    ) -> Iterator[str]:
        """Yield what a release did to an entry that its command is not for."""
        seen = _kinds(before, after)
        old, new = self.mark_of(before), self.mark_of(after)
        if before and after and old != new:
            seen.add("mark")
            if release.command == "collect" and new is not None and old is not None:
                author = machines[str(release.author)]
                own = old[0].startswith(f"{release.author}-") or new[0] in author.overruled
                if not own and new[1] != old[0]:
                    yield f"replaces the edit {old[0]}, which its author had not seen"
        for kind in sorted(seen):
            if release.command not in _MAY[kind]:
                yield f"{kind} changed"
        if before and after and release.command == "composite add":
            lost = _members(before).keys() - _members(after).keys()
            if lost:
                yield f"lost the members {lost}"


def _is_kept(release: ReleaseRecord, machines: Mapping[str, Machine]) -> bool:
    """Return whether its author let edits stand, so that it may bring back what others removed."""
    tries = machines[str(release.author)].tries if release.author in machines else ()
    return release.command == "pull" and any(one.words == ("pull", "--ours") for one in tries)


_HEADER = ("author", "host", "at", "command", "message")


def _kinds(before: Entry | None, after: Entry | None) -> set[str]:
    if before is None:
        return {"added"}
    if after is None:
        return {"removed"}
    seen = {key for key in ("name", "description") if before.get(key) != after.get(key)}
    if list(_members(before)) != list(_members(after)):
        seen.add("members")
    both = _members(before).keys() & _members(after).keys()
    if any(_members(before)[uuid] != _members(after)[uuid] for uuid in both):
        seen.add("pin")
    return seen


def _members(entry: Entry) -> dict[str, Any]:
    return {member["uuid"]: member for member in entry.get("members", ())}


def problems_of_tries(chain: Chain, machines: Mapping[str, Machine]) -> Iterator[str]:
    """Yield what was said to be done and is not in the chain, and what was refused and is."""
    hashes = {release.number: release.hash for release, _ in chain.releases}
    brought = _brought(chain)
    for machine in machines.values():
        said: dict[str, Try] = {}
        for done in machine.tries:
            yield from done.problems
            told = f"{machine.name}: {' '.join(done.words)}"
            if done.status is not None and done.base and hashes.get(done.release or 0) != done.base:
                yield f"{told}: left the folder at a release that is not in the chain"
            if done.is_done:
                for mark in set(done.marks) - brought:
                    yield f"{told}: was done, and {mark} is not in the chain"
            if done.error is not None and not done.faults and not _is_refusal(done.error):
                yield f"{told}: ended with {type(done.error).__name__}: {done.error}"
            if done.error is not None and not done.error.hint:
                yield f"{told}: no hint: {done.error}"
            said |= {mark: done for mark in done.marks if done.is_done or done.is_open}
        for done in machine.tries:
            for mark in set(done.marks) & brought - said.keys():
                yield f"{machine.name}: {' '.join(done.words)} was refused, and {mark} is there"


def _brought(chain: Chain) -> set[str]:
    """Return all names and marks that any release brought."""
    found: set[str] = set()
    for _, delta in chain.releases:
        for _, after in delta.values():
            if after is not None:
                found.add(str(after["name"]))
                mark = chain.mark_of(after)
                found |= {mark[0]} if mark else set()
    return found


def _is_refusal(error: HoldallError) -> bool:
    """Return whether an error refuses what others' changes made impossible, and is no failure."""
    return isinstance(error, _REFUSALS) and not _BY_THE_DATABASE.match(error.message)


def problems_of_folder(chain: Chain, machine: Machine, state: State) -> Iterator[str]:
    """Yield in what a folder that was brought to the head differs from it, and so do the rows."""
    session = Session(machine.config, machine.plugins, Quiet())
    collection: Collection = session.open_collection(machine.folder)
    manifest = collection.manifest
    told = f"{machine.name}'s folder"
    if manifest.base != chain.head_hash:
        yield f"{told} is at {manifest.release}, not at {chain.head}"
    if state_of_manifest(manifest) != state:
        yield f"{told} does not say what the head says"
    members = {member.uuid for c in manifest.composites for member in c.members}
    for entry in manifest.artifacts:
        # What was deleted by hand and is a member stays in the manifest; `collect` says so.
        if entry.uuid in members and not collection.location(entry).exists():
            continue
        try:
            found = collection.tree(entry).content_hash
        except HoldallError as error:
            found = str(error)
        if found != entry.content_hash:
            yield f"{told}: the files of {entry.id} are not those of the head: {found}"
    extra = {str(p.relative_to(machine.folder)) for p in machine.files()}
    extra -= {str(entry.path) for entry in manifest.artifacts}
    if extra:
        yield f"{told}: {sorted(extra)} are in no release"
    rows = difference(Rows.read(chain.store, chain.id), state_of(collection))
    if not rows.is_nothing:
        yield f"the rows are not what {told} says: {rows}"


def check_all(url: str, machines: Mapping[str, Machine]) -> tuple[list[str], int]:
    """Bring every machine to the head; return all that is wrong, and the number of releases."""
    problems: list[str] = []
    for machine in machines.values():
        problems += _settle(machine)
    for machine in machines.values():
        done = machine.run("pull")
        if not done.is_done:
            problems.append(f"{machine.name} cannot pull: {done.error}")
    first = next(iter(machines.values()))
    for finding in _findings(first):
        problems.append(f"doctor: {finding}")
    with connect_database(url) as database:
        chain = Chain(Store(database), first.manifest().uuid or "")
        state = chain.check(machines)
        problems += chain.problems
        problems += problems_of_tries(chain, machines)
        for machine in machines.values():
            problems += problems_of_folder(chain, machine, state)
    return problems, chain.head


def _settle(machine: Machine) -> Iterator[str]:
    """Collect what a machine still has to say, or take the others' side."""
    done = machine.run("collect", marks=machine.marks())
    if not done.is_done:
        first = done.error
        machine.run("pull", "--theirs")
        done = machine.run("collect", marks=machine.marks())
    if not done.is_done:
        yield f"{machine.name} cannot collect: {done.error}, and before: {first}"


def _findings(machine: Machine) -> Iterator[str]:
    """Yield what `holdall doctor` finds."""
    from holdall_composites.service.doctor import examine

    session = Session(machine.config, machine.plugins, Quiet())
    for finding in examine(session.open_collection(machine.folder), deep=True):
        if finding.code == "files-missing":
            continue  # what was deleted by hand and is a member: `problems_of_folder` looks at it
        yield f"{finding.code} {finding.subject}: {finding.message}"
