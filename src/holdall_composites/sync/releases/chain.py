"""The chain of a collection's releases: the next link, and where a folder stands in it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from holdall.collection import Manifest
from holdall.errors import OvertakenError
from holdall.transaction import Signature
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.hashing import hash_of_release, state_hash
from holdall_composites.sync.releases.manifest import state_of
from holdall_composites.values.records import ReleaseRecord
from holdall_composites.values.states import State, delta_between
from holdall_composites.values.uuids import new_uuid

Head = tuple[int, str | None]
"""The number and the hash of the newest release; 0 and None before the first."""


class Header(NamedTuple):
    """What a release says of itself. `change_id` is made before the change is tried."""

    change_id: str
    author: str | None
    host: str
    at: str
    command: str
    message: str | None = None

    @classmethod
    def of(
        cls,
        by: Signature,
        command: str,
        change_id: str | None = None,
        message: str | None = None,
    ) -> Header:
        """Return the header of a change that somebody makes, under an id of its own."""
        return cls(change_id or new_uuid(), by.author, by.host, by.at, command, message)


class Standing(StrEnum):
    """How what a folder's manifest was written from is related to the head."""

    HEAD = "at the head"
    BEHIND = "behind the head"
    UNKNOWN = "in another chain"


def plan_release(head: Head, state: State, header: Header) -> ReleaseRecord:
    """Return the release that would bring a collection from its head to a state."""
    number, parent = head[0] + 1, head[1]
    told = {**header._asdict(), "number": number}
    digest = state_hash(state)
    return ReleaseRecord(
        number,
        header.change_id,
        hash_of_release(parent or "", digest, told),
        parent,
        digest,
        *header[1:],
    )


def first_header(collection_id: str) -> Header:
    """Return the header of release 1 of a collection that is older than releases.

    Two copies of one collection give it the same hash: no name, no clock.
    """
    digest = hashlib.sha256(f"first release of {collection_id}".encode()).hexdigest()
    return Header(digest[:32], None, "", "", "first release")


def with_release(head: Head, manifest: Manifest, before: Manifest, header: Header) -> Manifest:
    """Return a manifest that says which release it will be, behind the head, once it is written.

    One that says what the manifest before it said makes none.
    """
    state = state_of(manifest)
    if before.uuid is not None and state == state_of(before):
        return replace(manifest, release=before.release, base=before.base)
    planned = plan_release(head, state, header)
    return replace(manifest, release=planned.number, base=planned.hash)


def append_release(store: Store, manifest: Manifest, header: Header) -> ReleaseRecord | None:
    """Append the release that brings the chain to the manifest's state; None if it is there.

    Safe to repeat: a change makes one release. Needs the collection's row; locks it.
    """
    collection_id = manifest.uuid or ""
    with store.transaction():
        head = store.collections.lock(collection_id)
        done = store.collections.release_of_change(collection_id, header.change_id)
        if done is not None:
            return done
        after = state_of(manifest)
        delta = delta_between(store.collections.state_at(collection_id, head[0]), after)
        if not delta:
            return None
        release = plan_release(head, after, header)
        store.collections.add_release(collection_id, release, delta)
        return release


def find_standing(store: Store, manifest: Manifest, head: Head) -> tuple[Standing, int]:
    """Return where a folder stands, and the number of the release that it was written from.

    The hash decides. Where the manifest lost it or has that of another chain, a release of the
    same state does.
    """
    collection_id = manifest.uuid or ""
    if head[1] is None or manifest.base == head[1]:
        return Standing.HEAD, head[0]
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
    releases would take back what it has not seen.
    """
    head = head_of(store, manifest.uuid or "")
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
