"""Bring a folder to the newest release of its shared collection, with its own edits kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from holdall.collection import PULL, ChangeSet, Collection, EditPlan, edits_between
from holdall.errors import ConflictError, RefusedError, UsageError
from holdall.files import Scratch
from holdall_composites.history.log import OWN_EXTRA
from holdall_composites.history.merging import ContentMerger, tell_conflicts, tell_release
from holdall_composites.history.turn import plan_turn
from holdall_composites.service.chains import find_break
from holdall_composites.session import has_rows_of, open_synced
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.chain import Standing, find_standing, head_of
from holdall_composites.sync.releases.conflict import Conflict, Side
from holdall_composites.sync.releases.manifest import (
    manifest_of,
    name_of,
    state_of,
    unnamed_members,
)
from holdall_composites.sync.releases.merge import find_cycle, merge
from holdall_composites.sync.releases.outdated import find_outdated
from holdall_composites.sync.releases.seen import read_seen
from holdall_composites.sync.releases.sentence import tell_conflict
from holdall_composites.values.states import Delta, State, compose, delta_between, with_delta


def plan_pull(
    collection: Collection,
    scratch: Scratch,
    side: Side | None = None,
    common: int | None = None,
) -> EditPlan | None:
    """Plan what brings the folder to the head; None where it is there, or nobody else is.

    The folder's own edits of the manifest are merged, entry by entry and field by field; `side`
    settles what both changed, and what is here as it was before a release. A folder of another
    chain is merged from the release `common` (0: from nothing) that the database has as well; what
    only the folder has is its edit. Raises ConflictError for what does not merge, LocalEditError
    for edited files that somebody else changed, and RefusedError for a folder of another chain.
    """
    uuid = collection.manifest.uuid
    if uuid is None or collection.has_own_database:
        return None
    with open_synced(collection) as resolver, resolver.store.snapshot():
        store, known = resolver.store, resolver.store.known
        is_there = known is not None and collection.manifest.base == known.head_hash
        if is_there and common is None:
            return None
        head = head_of(store, uuid)
        standing, number = find_standing(store, collection.manifest, head)
        if common is not None:
            standing, number = Standing.BEHIND, _check_common(store, collection, common)
        elif standing is Standing.UNKNOWN:
            raise _another_chain(store, collection)
        is_current = standing is Standing.HEAD and collection.manifest.base == head[1]
        if is_current and has_rows_of(store, collection):
            return None
        base = store.collections.state_at(uuid, number)
        releases = store.collections.changes_between(uuid, number, head[0]).values()
        theirs = compose(releases)
        ours = delta_between(base, state_of(collection.manifest))
        own = ours.keys()
        outdated = list(find_outdated(store, uuid, ours, number, with_delta(base, theirs)))
        if is_current and (side is Side.OURS or not outdated):
            return None
        if side is Side.THEIRS:
            dropped = {conflict.uuid for conflict in outdated}
            ours = {entry: pair for entry, pair in ours.items() if entry not in dropped}
        merger = ContentMerger(store, collection, scratch.path)
        merged = merge(ours, theirs, side, merger.merge_content)
        newest = with_delta(base, theirs)
        result = with_delta(newest, merged.delta) if not merged.conflicts else newest
        cycle = find_cycle(result)
        conflicts = [*merged.conflicts, *([cycle] if cycle else [])]
        conflicts += outdated if side is None else ()
        if conflicts:
            here = {entry: after for entry, (_, after) in ours.items() if after is not None}
            raise _conflict_error(merger, conflicts, {**base, **here, **newest})
        before = collection.manifest
        gone = store.collections.last_entries(uuid, unnamed_members(result, before))
        after = replace(manifest_of(result, before, gone), release=head[0], base=head[1])
        edits = edits_between(before, after)
        changes, actions = plan_turn(
            *(store, collection, edits, scratch.path),
            force=side is Side.THEIRS,
            keep=side is Side.OURS,
            merger=merger,
            own=own,
            brought={} if side is Side.OURS or common is not None else _brought(releases),
        )
    done = ChangeSet(PULL, before, after, changes)
    if common is not None:
        message = f"what this folder had since release {common}"
        done.extra[OWN_EXTRA] = {"message": message}
    return EditPlan(done, actions)


def _brought(releases: Iterable[Delta]) -> dict[str, set[str]]:
    """Return the contents that releases gave each artifact.

    A pull of any of them may have been interrupted, and then have met an edit: its files are in
    the folder, and the manifest is as it was.
    """
    found: dict[str, set[str]] = {}
    for delta in releases:
        for uuid, (_, after) in delta.items():
            if after is not None and after.get("content_hash"):
                found.setdefault(uuid, set()).add(after["content_hash"])
    return found


def _another_chain(store: Store, collection: Collection) -> RefusedError:
    found = find_break(store, collection)
    assert found is not None, "it stands nowhere in the chain"
    return RefusedError(f"{found.message}; nothing was changed", hint=found.hint)


def _check_common(store: Store, collection: Collection, common: int) -> int:
    """Return the release to merge a folder of another chain from; raises what speaks against it."""
    uuid = collection.manifest.uuid or ""
    newest = head_of(store, uuid)[0]
    found = find_break(store, collection)
    if found is None or found.code == "folder-behind":
        raise UsageError(
            f"{collection.root} stands on a release that its database has",
            hint="`holdall pull` without --from-common brings it forward",
        )
    if newest == 0:
        raise RefusedError(found.message, hint=found.hint)
    if common > newest:
        raise UsageError(
            f"the database has no release {common}: its newest is {newest}",
            hint="name one that it and the folder had in common, or 0 for none",
        )
    seen = read_seen(collection.root)
    known = store.collections.hashes_between(uuid, common - 1, common)
    if common in seen and seen[common] != known.get(common):
        raise RefusedError(
            f"release {common} of the database is another one than the folder stood on",
            hint=found.hint,
        )
    return common


def _conflict_error(
    merger: ContentMerger, conflicts: Iterable[Conflict], names: State
) -> ConflictError:
    """Return the error that names each thing that both sides changed, and who did it there."""
    found = list(conflicts)
    text = "; ".join(_tell(merger, conflict, names) for conflict in found)
    hint = "`holdall pull --ours` takes yours, `holdall pull --theirs` theirs; or edit and pull"
    if any(conflict.wants_edit for conflict in found):
        hint = "rename or edit yours in manifest.toml, then `holdall pull` again"
    return ConflictError(text, hint=hint)


def _tell(merger: ContentMerger, conflict: Conflict, names: State) -> str:
    by = tell_release(merger.store, merger.collection.manifest.uuid or "", conflict.uuids)
    if conflict.field == "content_hash" and conflict.uuid in merger.conflicts:
        files = tell_conflicts(merger.conflicts[conflict.uuid])
        return f"{name_of(conflict.uuid, names.get(conflict.uuid))}: {files}{by}"
    return f"{tell_conflict(conflict, names)}{by}"
