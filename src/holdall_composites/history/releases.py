"""What releases changed, as the log and `diff` show it, and undoing one by a merge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from holdall import NamedTuple
from holdall.collection import ChangeSet, Collection, EditPlan, edits_between
from holdall.errors import ConflictError, NotFoundError, RefusedError
from holdall.files import Tree
from holdall_composites.history.compare import Side, difference, kept_side
from holdall_composites.history.log import OWN_EXTRA, undoes_releases
from holdall_composites.history.merging import ContentMerger, tell_conflicts, tell_release
from holdall_composites.history.turn import plan_turn
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.conflict import Conflict
from holdall_composites.sync.releases.manifest import manifest_of, name_of, state_of
from holdall_composites.sync.releases.merge import find_cycle, merge
from holdall_composites.values.records import OperationRecord, ReleaseRecord
from holdall_composites.values.states import (
    Delta,
    Entry,
    State,
    canonical,
    compose,
    delta_between,
    inverse,
    with_delta,
)

_CONTENT = "content_hash"
_HINT = "`holdall log` shows them"


class EntryChange(NamedTuple):
    """What happened to one entry: `new`, `changed` or `gone`, and each field before and after."""

    id: str
    uuid: str
    kind: str
    fields: Mapping[str, tuple[Any, Any]]

    @classmethod
    def of(cls, uuid: str, before: Entry | None, after: Entry | None) -> EntryChange:
        """Compare two states of an entry."""
        old, new = before or {}, after or {}
        kind = "new" if before is None else "gone" if after is None else "changed"
        keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        fields = {key: (old.get(key), new.get(key)) for key in keys}
        return cls(name_of(uuid, after or before), uuid, kind, fields)

    def to_json(self) -> dict[str, object]:
        """Return the change as `holdall diff --release --json` prints it."""
        fields = {key: {"before": old, "after": new} for key, (old, new) in self.fields.items()}
        return {"id": self.id, "uuid": self.uuid, "kind": self.kind, "fields": fields}


def changes_of(delta: Delta) -> list[EntryChange]:
    """Return what a change did, by the names of the entries."""
    return sorted(EntryChange.of(uuid, *pair) for uuid, pair in delta.items())


def release_at(store: Store, collection_id: str, number: int) -> ReleaseRecord:
    """Return a release; raises NotFoundError for a number that there is not."""
    found = store.collections.release(collection_id, number)
    if found is None:
        raise NotFoundError(f"no release {number}", hint=_HINT)
    return found


def delta_of(store: Store, collection_id: str, old: int, new: int) -> Delta:
    """Return what leads from one release to another, earlier or later one; 0 is the empty start.

    Raises NotFoundError for a number that there is not.
    """
    for number in (old, new):
        if number:
            release_at(store, collection_id, number)
    low, high = sorted((old, new))
    between = compose(store.collections.changes_between(collection_id, low, high).values())
    return between if low == old else inverse(between)


def release_lines(store: Store, delta: Delta, old: int, new: int) -> Iterator[str]:
    """Yield what differs as lines: each entry, its fields, and a unified diff of its files."""
    for change in changes_of(delta):
        yield f"{change.kind} {change.id}"
        for key, (before, after) in change.fields.items():
            if change.kind == "changed" and key not in (_CONTENT, "source_hash"):
                yield f"    {key}: {_value(before)} -> {_value(after)}"
        contents = change.fields.get(_CONTENT, (None, None))
        known = {content for content in contents if content}
        if store.contents.unknown_trees(known):
            yield "    its files were not kept"
            continue
        sides = [
            kept_side(store, f"{change.id} in release {number}", content)
            if content
            else Side("/dev/null", Tree((), "", ""), lambda _: b"")
            for number, content in zip((old, new), contents, strict=True)
        ]
        yield from difference(*sides)


def _value(value: Any) -> str:
    return "-" if value is None else canonical(value)


def with_edits(
    operations: Iterable[OperationRecord], releases: Iterable[ReleaseRecord]
) -> Iterator[OperationRecord | ReleaseRecord]:
    """Yield both, newest first, a release only where no operation made it: somebody's own edits.

    Both come newest first.
    """
    done = list(operations)
    made = {operation.release for operation in done}
    alone = [release for release in releases if release.number not in made]
    for operation in done:
        while operation.release is not None and alone and alone[0].number > operation.release:
            yield alone.pop(0)
        yield operation
    yield from alone


def plan_undo(
    store: Store, collection: Collection, number: int, scratch: Path, *, force: bool
) -> EditPlan:
    """Plan the release that takes back another one, and keeps what later ones changed.

    Raises NotFoundError for a release that there is not, RefusedError for the first one and for
    bytes that were purged, ConflictError for what later releases changed further, LocalEditError
    for edited files, unless forced.
    """
    uuid = collection.manifest.uuid or ""
    release_at(store, uuid, number)
    if number == 1:
        raise RefusedError("release 1 cannot be undone: the collection began with it", hint=_HINT)
    undone = delta_of(store, uuid, number, number - 1)
    _refuse_purged(store, uuid, number, undone)
    base, now = store.collections.state_at(uuid, number), state_of(collection.manifest)
    merger = ContentMerger(store, collection, scratch)
    merged = merge(undone, delta_between(base, now), None, merger.merge_content)
    state = now if merged.conflicts else with_delta(now, merged.delta)
    cycle = find_cycle(state)
    if conflicts := [*merged.conflicts, *([cycle] if cycle else [])]:
        raise _later_changes(merger, number, conflicts, {**base, **now})
    after = manifest_of(state, collection.manifest)
    edits = edits_between(collection.manifest, after)
    given = (store, collection, edits, scratch)
    changes, actions = plan_turn(*given, force=force, merger=merger)
    made = [
        o.number for o in store.operations.all_of(uuid) if o.release == number and not o.project
    ]
    extra = {OWN_EXTRA: {"undoes": made, "message": undoes_releases([number])}}
    return EditPlan(ChangeSet("undo", collection.manifest, after, changes, extra), actions)


def _refuse_purged(store: Store, collection_id: str, number: int, undone: Delta) -> None:
    wanted = {
        after[_CONTENT]: name_of(uuid, after)
        for uuid, (before, after) in undone.items()
        if after and after.get(_CONTENT) and after[_CONTENT] != (before or {}).get(_CONTENT)
    }
    if gone := store.contents.unknown_trees(wanted):
        names = ", ".join(sorted(wanted[content_hash] for content_hash in gone))
        raise RefusedError(
            f"release {number} cannot be undone: the files that {names} had were purged"
            f"{tell_purge(store, collection_id, undone)}",
            hint="nothing was changed",
        )


def tell_purge(store: Store, collection_id: str, uuids: Iterable[str]) -> str:
    """Return which release purged one of these entries, and whose it is; nothing if none did."""
    for changes in store.collections.history_of(collection_id, uuids).values():
        for number, before, after in changes:
            if before is None and after is None:
                release = release_at(store, collection_id, number)
                return f" in release {number} by {release.author or '-'}@{release.host}"
    return ""


def _later_changes(
    merger: ContentMerger, number: int, conflicts: Iterable[Conflict], names: State
) -> ConflictError:
    collection_id = merger.collection.manifest.uuid or ""
    lines = []
    for conflict in conflicts:
        name = name_of(conflict.uuid, names.get(conflict.uuid))
        by = tell_release(merger.store, collection_id, conflict.uuids)
        files = merger.conflicts.get(conflict.uuid, ()) if conflict.field == _CONTENT else ()
        what = f": {tell_conflicts(files)}" if files else f", {conflict.field}"
        lines.append(f"{name} was changed since{by}{what if conflict.field else ''}")
    return ConflictError(
        f"release {number} cannot be undone: {'; '.join(lines)}",
        hint="nothing was changed; undo the later releases first, or edit the collection",
    )
