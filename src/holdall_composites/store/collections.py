"""Rows of `collections`, and of the releases that lead to what each is now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from peewee import Select, fn

from holdall_composites.database.models import (
    Channel,
    Collection,
    Release,
    ReleaseChange,
    StateChunk,
)
from holdall_composites.store.prepared import (
    Given,
    as_json,
    delete_rows,
    insert_rows,
    one_of,
    prepare,
)
from holdall_composites.store.query import Repository
from holdall_composites.values.records import ChannelRecord, CollectionRecord, ReleaseRecord
from holdall_composites.values.states import Delta, Entry, canonical

Change = tuple[int, Entry | None, Entry | None]
"""The number of a release, and an entry before and after it."""

C, R, X = Collection, Release, ReleaseChange
_COLUMNS = (C.id, C.name, C.manifest_hash)
_put = insert_rows(*_COLUMNS, conflict_target=[C.id], preserve=[C.name, C.manifest_hash])
_HEADER = (
    *(R.number, R.change_id, R.hash, R.parent, R.state_hash),
    *(R.author, R.host, R.at, R.command, R.message),
)
_insert_release = insert_rows(R.collection, *_HEADER)
_insert_changes = insert_rows(X.collection_id, X.release, X.uuid, X.before, X.after)
_CHANNEL = tuple(getattr(Channel, name) for name in ChannelRecord._fields)
_put_channel = insert_rows(
    *(Channel.collection, *_CHANNEL),
    conflict_target=[Channel.collection, Channel.name],
    preserve=list(_CHANNEL[1:]),
)
_ENDLESS = (1 << 63) - 1
_H = StateChunk
_put_chunks = insert_rows(
    *(_H.collection_id, _H.prefix, _H.hash),
    conflict_target=[_H.collection_id, _H.prefix],
    preserve=[_H.hash],
)
_forget_chunks = delete_rows(_H.collection_id, _H.prefix)
_chunks = prepare(lambda: _H.select(_H.prefix, _H.hash).where(_H.collection_id == Given("id")))
_IN_COLLECTION = R.collection == Given("collection")


@prepare
def _get() -> Any:
    return C.select(*_COLUMNS, C.head, C.head_hash).where(C.id == Given("id"))


@prepare
def _schema() -> Any:
    from holdall_composites.schema.history import AppliedMigration

    row = AppliedMigration
    return row.select(row.name, row.checksum, row.applied).order_by(row.name)


@prepare
def _may_write() -> Any:
    is_primary = fn.current_setting("transaction_read_only") == "off"
    return Select((), (is_primary & fn.has_table_privilege("deployments", "INSERT"),))


@prepare
def _collections() -> Any:
    return C.select(*_COLUMNS, C.head, C.head_hash).order_by(C.name, C.id)


@prepare
def _lock() -> Any:
    return C.select(C.head, C.head_hash).where(C.id == Given("id")).for_update()


@prepare
def _head() -> Any:
    return C.select(C.head, C.head_hash).where(C.id == Given("id"))


@prepare
def _move_head() -> Any:
    """Compare and set: only the head that was seen moves."""
    new = {C.head: Given("number"), C.head_hash: Given("hash")}
    moved = C.update(new).where(C.id == Given("id"), C.head == Given("seen"))
    return moved.returning(C.head)


_by_change = prepare(
    lambda: R.select(*_HEADER).where(_IN_COLLECTION, R.change_id == Given("change"))
)
_by_number = prepare(lambda: R.select(*_HEADER).where(_IN_COLLECTION, R.number == Given("number")))
_by_state = prepare(
    lambda: (
        R.select(*_HEADER)
        .where(_IN_COLLECTION, R.state_hash == Given("state"))
        .order_by(R.number.desc())
    )
)


@prepare
def _hashes() -> Any:
    between = (R.number > Given("low")) & (R.number <= Given("high"))
    return R.select(R.number, R.hash).where(_IN_COLLECTION, between)


@prepare
def _changes() -> Any:
    between = (X.release > Given("low")) & (X.release <= Given("high"))
    rows = X.select(X.release, X.uuid, X.before, X.after)
    return rows.where(X.collection_id == Given("collection"), between).order_by(X.release, X.uuid)


@prepare
def _state() -> Any:
    last = X.alias("last")
    newest = last.select(fn.MAX(last.release)).where(
        last.collection_id == X.collection_id,
        last.uuid == X.uuid,
        last.release <= Given("number"),
    )
    here = (X.collection_id == Given("collection")) & X.after.is_null(False)
    return X.select(X.uuid, X.after).where(here, X.release == newest)


@prepare
def _last_change() -> Any:
    touched = (X.collection_id == Given("collection")) & (X.uuid == Given("uuid"))
    last = X.select(fn.MAX(X.release)).where(touched)
    return R.select(*_HEADER).where(_IN_COLLECTION, R.number == last)


@prepare
def _history() -> Any:
    rows = X.select(X.uuid, X.release, X.before, X.after)
    here = (X.collection_id == Given("collection")) & one_of(X.uuid, "uuids")
    return rows.where(here).order_by(X.uuid, X.release)


@prepare
def _last_entries() -> Any:
    last = X.alias("last")
    is_kept = last.before.is_null(False) | last.after.is_null(False)  # else it was purged
    newest = last.select(fn.MAX(last.release)).where(
        last.collection_id == X.collection_id, last.uuid == X.uuid, is_kept
    )
    here = (X.collection_id == Given("collection")) & one_of(X.uuid, "uuids")
    return X.select(X.uuid, X.before, X.after).where(here, X.release == newest)


@prepare
def _channel() -> Any:
    here = (Channel.collection == Given("collection")) & (Channel.name == Given("name"))
    return Channel.select(*_CHANNEL).where(here)


def _headers(*conditions: Any) -> Any:
    query = R.select(*_HEADER).where(_IN_COLLECTION, *conditions)
    return query.order_by(R.number.desc()).limit(Given("limit"))


_all = prepare(_headers)


@prepare
def _of_entry() -> Any:
    touched = X.select(X.release).where(
        X.collection_id == Given("collection"), X.uuid == Given("uuid")
    )
    return _headers(R.number.in_(touched))


class Collections(Repository):
    """What can be done with collections and their releases."""

    def get(self, collection_id: str) -> CollectionRecord | None:
        """Return the collection's row, None if there is none."""
        rows = self._fetch(_get, id=collection_id)
        return CollectionRecord._make(rows[0]) if rows else None

    def all(self) -> list[CollectionRecord]:
        """Return every collection in the database, by name."""
        return [CollectionRecord._make(row) for row in self._fetch(_collections)]

    def put(self, record: CollectionRecord) -> None:
        """Make the collection's row have this name and manifest, and lock it as `lock` does."""
        self._send_rows(_put, [record[: len(_COLUMNS)]])

    def open(self, collection_id: str) -> tuple[list[tuple[str, str, str]], bool]:
        """Read what an opened database is looked at for first; `get` is fetched next.

        Returns the history of its schema, and whether rows may be written. Nothing of it need be
        there: then it raises DatabaseFailed.
        """
        with self.snapshot():
            self._ask(_schema)
            self._ask(_may_write)
            self._ask(_get, id=collection_id)
        ((may_write,),) = self._fetch(_may_write)
        return self._fetch(_schema), may_write

    def ask_change(self, collection_id: str, change_id: str, touched: Iterable[str]) -> None:
        """Lock as `lock` does, and ask for what the next release is made from.

        These are fetched next: `lock`, `release_of_change`, `chunks_of` and `last_entries`.
        """
        self._ask(_lock, id=collection_id)
        self._ask(_by_change, collection=collection_id, change=change_id)
        self.ask_entries(collection_id, touched)

    def ask_entries(self, collection_id: str, touched: Iterable[str]) -> None:
        """Ask for chunks and entries: `chunks_of` and `last_entries` are fetched next."""
        if wanted := list(touched):
            self._ask(_chunks, id=collection_id)
            self._ask(_last_entries, collection=collection_id, uuids=as_json(wanted))

    def hold(self, collection_id: str) -> None:
        """Lock as `lock` does, without looking at the head."""
        self._send(_lock if self.is_postgresql else _head, id=collection_id)

    def lock(self, collection_id: str) -> tuple[int, str | None]:
        """Let no other writer of the collection in until the transaction ends; return its head.

        The head is the number and the hash of the newest release: 0 and None before the first.
        """
        # On SQLite the transaction itself is the lock.
        rows = self._fetch(_lock if self.is_postgresql else _head, id=collection_id)
        return rows[0] if rows else (0, None)

    def head(self, collection_id: str) -> tuple[int, str | None]:
        """Return the number and the hash of the newest release: 0 and None before the first."""
        rows = self._fetch(_head, id=collection_id)
        return rows[0] if rows else (0, None)

    def chunks_of(self, collection_id: str) -> dict[str, str]:
        """Return the stored hashes of the chunks of the newest state, by their prefix."""
        return dict(self._fetch(_chunks, id=collection_id))

    def add_release(
        self,
        collection_id: str,
        release: ReleaseRecord,
        delta: Delta,
        chunks: Mapping[str, str | None],
    ) -> None:
        """Append a release after the one before it, and move the head.

        `chunks` are the hashes to store for the new state, None for those to forget. Needs the
        collection's lock and row, and that `has_moved` is asked in the same transaction.
        """
        with self.part():
            self._ask(_move_head, **_move(collection_id, release))
            self._send_rows(_insert_release, [(collection_id, *release)])
            rows = [
                (collection_id, release.number, uuid, _text(before), _text(after))
                for uuid, (before, after) in delta.items()
            ]
            self._send_rows(_insert_changes, rows)
            gone = [(collection_id, prefix) for prefix, made in chunks.items() if made is None]
            self._send_rows(_forget_chunks, gone)
            kept = [(collection_id, *chunk) for chunk in chunks.items() if chunk[1] is not None]
            self._send_rows(_put_chunks, kept)

    def has_moved(self, collection_id: str, release: ReleaseRecord) -> bool:
        """Return whether the head is a release that was added now; False if it was another one."""
        return bool(self._fetch(_move_head, **_move(collection_id, release)))

    def release_of_change(self, collection_id: str, change_id: str) -> ReleaseRecord | None:
        """Return the release that a change became, None if it did not."""
        return self._one(_by_change, collection=collection_id, change=change_id)

    def release(self, collection_id: str, number: int) -> ReleaseRecord | None:
        """Return the release of this number."""
        return self._one(_by_number, collection=collection_id, number=number)

    def hashes_between(self, collection_id: str, low: int, high: int) -> dict[int, str]:
        """Return the hash of each release behind `low`, up to `high`, by number."""
        return dict(self._fetch(_hashes, collection=collection_id, low=low, high=high))

    def release_of_state(self, collection_id: str, state_hash: str) -> ReleaseRecord | None:
        """Return the newest release of this state."""
        return self._one(_by_state, collection=collection_id, state=state_hash)

    def last_release_of(self, collection_id: str, uuid: str) -> ReleaseRecord | None:
        """Return the newest release that changed this entry."""
        return self._one(_last_change, collection=collection_id, uuid=uuid)

    def releases_of(
        self, collection_id: str, *, uuid: str | None = None, limit: int | None = None
    ) -> list[ReleaseRecord]:
        """Return releases, newest first; of an entry, those that changed it."""
        query = _all if uuid is None else _of_entry
        given = {"collection": collection_id, "uuid": uuid, "limit": limit or _ENDLESS}
        return [ReleaseRecord._make(row) for row in self._fetch(query, **given)]

    def changes_between(self, collection_id: str, low: int, high: int) -> dict[int, Delta]:
        """Return what each release behind `low` changed, up to `high`, by number."""
        found: dict[int, dict[str, tuple[Entry | None, Entry | None]]] = {}
        for number, uuid, *pair in self._fetch(
            _changes, collection=collection_id, low=low, high=high
        ):
            before, after = (text and json.loads(text) for text in pair)
            found.setdefault(number, {})[uuid] = (before, after)
        return dict(found)

    def state_at(self, collection_id: str, number: int) -> dict[str, Entry]:
        """Return the state of the collection as a release left it."""
        rows = self._fetch(_state, collection=collection_id, number=number)
        return {uuid: json.loads(after) for uuid, after in rows}

    def history_of(self, collection_id: str, uuids: Iterable[str]) -> dict[str, list[Change]]:
        """Return what each release made of these entries, by UUID, oldest first."""
        wanted = list(uuids)
        given = {"collection": collection_id, "uuids": as_json(wanted)}
        found: dict[str, list[Change]] = {}
        for uuid, number, *pair in self._fetch(_history, **given) if wanted else ():
            before, after = (text and json.loads(text) for text in pair)
            found.setdefault(uuid, []).append((number, before, after))
        return found

    def last_entries(
        self, collection_id: str, uuids: Iterable[str], *, is_present: bool = False
    ) -> dict[str, Entry]:
        """Return each of these entries as it is or, if it was removed, as it was last.

        Without those that were removed, if they have to be present.
        """
        wanted = list(uuids)
        given = {"collection": collection_id, "uuids": as_json(wanted)}
        rows = self._fetch(_last_entries, **given) if wanted else []
        return {
            uuid: json.loads(after or before)
            for uuid, before, after in rows
            if after is not None or not is_present
        }

    def channel(self, collection_id: str, name: str) -> ChannelRecord | None:
        """Return what a channel was last made to name, None if there is none."""
        rows = self._fetch(_channel, collection=collection_id, name=name)
        return ChannelRecord._make(rows[0]) if rows else None

    def put_channel(self, collection_id: str, record: ChannelRecord) -> None:
        """Make a channel name another release. Needs the collection's lock."""
        self._send_rows(_put_channel, [(collection_id, *record)])

    def _one(self, query: Any, **given: object) -> ReleaseRecord | None:
        rows = self._fetch(query, **given)
        return ReleaseRecord._make(rows[0]) if rows else None


def _move(collection_id: str, release: ReleaseRecord) -> dict[str, object]:
    seen = release.number - 1
    return {"id": collection_id, "number": release.number, "hash": release.hash, "seen": seen}


def _text(entry: Entry | None) -> str | None:
    return None if entry is None else canonical(entry)
