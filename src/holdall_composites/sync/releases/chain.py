"""The chain of a collection's releases: the next link, and where a folder stands in it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from holdall import NamedTuple
from holdall.collection import Manifest
from holdall.errors import OvertakenError
from holdall.transaction import Signature
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.hashing import (
    chunk_hashes,
    hash_of_chunks,
    hash_of_release,
    state_hash,
    width_of,
)
from holdall_composites.sync.releases.manifest import find_changed, size_of, state_of
from holdall_composites.values.records import ReleaseRecord
from holdall_composites.values.states import Delta, Entry, delta_between
from holdall_composites.values.uuids import new_uuid

Head = tuple[int, str | None]
"""The number and the hash of the newest release; 0 and None before the first."""


class Header(NamedTuple):
    """What a release says of itself. `change_id` is made before the change is tried.

    `purged` are the UUIDs of removed artifacts that are deleted for good with it, `older` pairs of
    a UUID and the content hash of a version that a source brought.
    """

    change_id: str
    author: str | None
    host: str
    at: str
    command: str
    message: str | None = None
    purged: tuple[str, ...] = ()
    older: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        by: Signature,
        command: str,
        change_id: str | None = None,
        message: str | None = None,
        purged: Sequence[str] = (),
        older: Sequence[Sequence[str]] = (),
    ) -> Header:
        """Return the header of a change that somebody makes, under an id of its own."""
        who = (by.author, by.host, by.at)
        pairs = tuple((uuid, content_hash) for uuid, content_hash in older)
        return cls(change_id or new_uuid(), *who, command, message, tuple(purged), pairs)

    @property
    def covered(self) -> dict[str, Any]:
        """What the release's hash covers, and its row has."""
        covered = self._asdict()
        del covered["purged"], covered["older"]
        return covered


class Standing(StrEnum):
    """How what a folder's manifest was written from is related to the head."""

    HEAD = "at the head"
    BEHIND = "behind the head"
    UNKNOWN = "in another chain"


class Planned(NamedTuple):
    """The release that would bring a collection from its head to what a manifest says.

    `delta` is empty where that is the head's state. `chunks` are the hashes of the state's chunks
    that differ from those that are stored, by their prefix; None for one without entries.
    """

    release: ReleaseRecord
    delta: Delta
    chunks: Mapping[str, str | None]


def plan_release(
    store: Store,
    head: Head,
    manifest: Manifest,
    header: Header,
    touched: Collection[str] | None = None,
) -> Planned:
    """Plan the release of what a manifest says.

    Nothing but the `touched` entries should differ from the head's; None: any may. Where chunks'
    hashes are stored, entries in other chunks cost nothing. Those in the same chunks are compared:
    where one differs all the same, it becomes part of the release.
    """
    collection_id = manifest.uuid or ""
    known: dict[str, str] = {}
    before: dict[str, Entry] = {}
    if touched is not None:
        with store.snapshot():
            store.collections.ask_entries(collection_id, touched)
        known = store.collections.chunks_of(collection_id)
        before = store.collections.last_entries(collection_id, touched, is_present=True)
    width = width_of(size_of(manifest))
    is_chunked = bool(known) and all(len(prefix) == width for prefix in known)
    if touched is not None and is_chunked:
        prefixes = {uuid[:width] for uuid in touched}
        state = state_of(manifest, lambda uuid: uuid[:width] in prefixes)
        now = {uuid: state[uuid] for uuid in state.keys() & touched}
        others = {uuid: state[uuid] for uuid in state.keys() - touched}
        was = chunk_hashes({**others, **before}, width)
        is_chunked = all(was.get(prefix) == known.get(prefix) for prefix in prefixes)
    if touched is not None and is_chunked:
        delta, found = delta_between(before, now), chunk_hashes(state, width)
    else:
        state = state_of(manifest)
        delta = delta_between(store.collections.state_at(collection_id, head[0]), state)
        known, found = known or store.collections.chunks_of(collection_id), chunk_hashes(state)
        prefixes = known.keys() | found.keys()
    chunks = {p: found.get(p) for p in prefixes if found.get(p) != known.get(p)}
    hashes = {p: h for p, h in {**known, **chunks}.items() if h is not None}
    delta = {**delta, **{uuid: (None, None) for uuid in header.purged if uuid not in delta}}
    return Planned(_release(head, hash_of_chunks(hashes), header), delta, chunks)


def _release(head: Head, digest: str, header: Header) -> ReleaseRecord:
    number, parent = head[0] + 1, head[1]
    covered = header.covered
    made = hash_of_release(parent or "", digest, {**covered, "number": number})
    return ReleaseRecord(**covered, number=number, hash=made, parent=parent, state_hash=digest)


def first_header(collection_id: str) -> Header:
    """Return the header of release 1 of a collection that is older than releases.

    Two copies of one collection give it the same hash: no name, no clock.
    """
    digest = hashlib.sha256(f"first release of {collection_id}".encode()).hexdigest()
    return Header(digest[:32], None, "", "", "first release")


def with_release(
    store: Store, head: Head, manifest: Manifest, before: Manifest, header: Header
) -> Manifest:
    """Return a manifest that says which release it will be, behind the head, once it is written.

    One that says what the manifest before it said makes none.
    """
    is_first = before.uuid is None or head[1] is None
    touched = None if is_first else find_changed(before, manifest)
    if touched is not None and not touched and not header.purged:
        return replace(manifest, release=before.release, base=before.base)
    release = plan_release(store, head, manifest, header, touched).release
    return replace(manifest, release=release.number, base=release.hash)


def append_release(
    store: Store, manifest: Manifest, header: Header, touched: Collection[str] | None = None
) -> ReleaseRecord | None:
    """Append the release that brings the chain to the manifest's state; None if it is there.

    Only the `touched` entries are looked at, if the release is then the one that the manifest says
    that it is. A change makes one release: not for one that has it. Needs the collection's row;
    locks it.
    """
    collection_id = manifest.uuid or ""
    with store.transaction():
        head = store.collections.lock(collection_id)
        planned = plan_release(store, head, manifest, header, touched)
        if touched is not None and planned.release.hash != manifest.base:
            planned = plan_release(store, head, manifest, header)
        if not planned.delta:
            return None
        store.collections.add_release(collection_id, *planned)
        if header.purged:
            store.integrity.purge(collection_id, header.purged)
        if not store.collections.has_moved(collection_id, planned.release):
            raise OvertakenError(
                f"somebody else released {planned.release.number} at the same time",
                hint="nothing was written; run the command again",
            )
        return planned.release


def find_standing(store: Store, manifest: Manifest, head: Head) -> tuple[Standing, int]:
    """Return where a folder stands, and the number of the release that it was written from.

    The hash decides. Where the manifest lost it or has that of another chain, a release of the
    same state does.
    """
    collection_id = manifest.uuid or ""
    if manifest.base == head[1]:
        return Standing.HEAD, head[0]
    if head[1] is None:
        return Standing.UNKNOWN, 0
    known = store.collections.release(collection_id, manifest.release or 0)
    if known is not None and known.hash == manifest.base:
        return Standing.BEHIND, known.number
    same = store.collections.release_of_state(collection_id, state_hash(state_of(manifest)))
    if same is None:
        return Standing.UNKNOWN, 0
    return (Standing.HEAD if same.number == head[0] else Standing.BEHIND), same.number


def head_below(store: Store, manifest: Manifest) -> Head:
    """Return the head, which a folder's next release follows.

    Raises OvertakenError if the folder does not stand there: others were first, and what it
    releases would take back what it has not seen. That a database lost its chain is refused before.
    """
    known = store.known or store.collections.get(manifest.uuid or "")
    head = (known.head, known.head_hash) if known else (0, None)
    if head[1] in (None, manifest.base):
        return head
    newest = store.collections.release(manifest.uuid or "", head[0])
    if newest is None or newest.state_hash != state_hash(state_of(manifest)):
        raise OvertakenError(
            f"somebody else released {head[0]} at the same time",
            hint="nothing was written; run the command again",
        )
    return head


def head_of(store: Store, collection_id: str) -> Head:
    """Return the head as it is now; the next moment it may be another one."""
    row = store.collections.get(collection_id)
    return (row.head, row.head_hash) if row else (0, None)
