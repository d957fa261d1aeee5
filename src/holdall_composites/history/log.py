"""The log of operations: one row per change, with what it takes to turn it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from holdall_composites.store.store import Store
from holdall_composites.values.records import OperationRecord
from holdall_composites.values.uuids import new_uuid

if TYPE_CHECKING:
    from holdall.collection import Change, ChangeSet, Manifest
    from holdall.deploy import DeployPlan
    from holdall_composites.sync.releases.chain import Header


OWN_EXTRA = "composites"
"""The key of this plugin in the `extra` of change sets and plans."""

_SHOWN = 3


def header_of(changes: ChangeSet) -> Header:
    """Return what the release of a change says of itself, under an id that the journal keeps."""
    from holdall_composites.sync.releases.chain import Header

    own = changes.extra.setdefault(OWN_EXTRA, {})
    change_id: str = own.setdefault("change", new_uuid())
    values = (own.get("message"), own.get("purge", ()), own.get("older", ()))
    return Header.of(changes.signature, changes.command, change_id, *values)


def note_older(changes: ChangeSet, after: Manifest) -> None:
    """Keep in a change's journal which versions a source brings, by the UUIDs that it gives."""
    pairs = []
    for one in changes.older:
        entry = after.by_id.get(one.id)
        if entry is not None and entry.uuid is not None:
            pairs.append([entry.uuid, one.tree.content_hash])
    if pairs:
        changes.extra.setdefault(OWN_EXTRA, {})["older"] = pairs


def undoes_releases(numbers: Sequence[int]) -> str | None:
    """Return what the message of a release is that takes back others."""
    text = ", ".join(map(str, sorted(numbers)))
    return f"undoes release {text}" if text else None


def record_change(
    store: Store,
    collection_id: str,
    changes: ChangeSet,
    transaction_id: str,
    release: int | None = None,
) -> None:
    """Log a change of the collection, and the release that it made; looked up if it is not given.

    Safe to repeat.
    """
    header = header_of(changes)
    details = {"edits": [edit.to_json() for edit in changes.edits]}
    entries = [entry for edit in changes.edits for entry in (edit.before, edit.after)]
    artifacts = {entry.uuid: None for entry in entries if entry is not None and entry.uuid}
    artifacts |= dict.fromkeys(header.purged)
    if release is None:
        made = store.collections.release_of_change(collection_id, header.change_id)
        release = made and made.number
    values = (_summary(changes.changes), None, None if header.purged else details, artifacts)
    _add(store, collection_id, changes, transaction_id, *values, release)


def record_deploy(store: Store, collection_id: str, plan: DeployPlan, transaction_id: str) -> None:
    """Log what a deploy or undeploy did to a project. Safe to repeat."""
    changed = {artifact_id for _, artifact_id in plan.change.entries}
    arrived = [placement for placement in plan.placed if placement.id in changed]
    placed = [f"placed {_some([str(p.id) for p in arrived])}"] if arrived else []
    taken = [str(p.id) for p in plan.withdrawn]
    withdrawn = [f"took out {_some(taken)}"] if taken else []
    summary = "; ".join([*placed, *withdrawn]) or "renewed its files"
    artifacts: dict[str, str | None] = {p.uuid: None for p in plan.withdrawn if p.uuid}
    artifacts |= {p.uuid: p.content_hash for p in arrived if p.uuid}
    details = {"change": plan.change.to_json(), "adopted": plan.adopted}
    values = (summary, str(plan.project.resolve()), details, artifacts)
    _add(store, collection_id, plan, transaction_id, *values)


def _add(
    store: Store,
    collection_id: str,
    done: ChangeSet | DeployPlan,
    transaction_id: str,
    summary: str,
    project: str | None,
    details: object,
    artifacts: Mapping[str, str | None],
    release: int | None = None,
) -> None:
    by = done.signature
    own = done.extra.get(OWN_EXTRA)
    undoes = tuple(own.get("undoes", ())) if isinstance(own, dict) else ()
    who = (project, by.author, by.host, by.at, undoes, release)
    operation = OperationRecord(0, transaction_id, done.command, summary, *who)
    with store.part():
        store.collections.hold(collection_id)
        store.operations.add(collection_id, operation, details, artifacts)


def _summary(changes: Sequence[Change]) -> str:
    """Return in a few words what was changed and how, as in `new skill:a, skill:b and 7 more`."""
    from holdall.collection import ChangeKind

    left_out = (ChangeKind.IDENTICAL, ChangeKind.KEPT, ChangeKind.CONFLICT)
    shown = [change for change in changes if change.kind not in left_out]
    shown.sort(key=lambda change: list(ChangeKind).index(change.kind))
    parts = []
    for kind, group in groupby(shown, key=lambda change: change.kind):
        names = [f"{c.old_id} to {c.id}" if c.old_id else str(c.id) for c in group]
        parts.append(f"{kind.value} {_some(names)}")
    return "; ".join(parts) or "the manifest"


def _some(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
