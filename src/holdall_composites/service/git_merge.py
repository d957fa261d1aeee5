"""Merge the manifests of two branches by UUID, as releases are merged.

git has merged the other files by their lines already, or left its marks in them. A content that
both branches changed is therefore left as it was: what the folder then has counts as edited,
and `holdall collect` makes it a version.
"""

from __future__ import annotations

from dataclasses import replace

from holdall import NamedTuple
from holdall.collection import Manifest, parse as parse_manifest, render as render_manifest
from holdall.errors import HoldallError
from holdall_composites.sync.releases.manifest import manifest_of, state_of
from holdall_composites.sync.releases.merge import find_cycle, merge
from holdall_composites.sync.releases.sentence import tell_conflict
from holdall_composites.values.states import State, delta_between, with_delta


class ManifestMerge(NamedTuple):
    """The merged text, or what stands against it; then `text` is None."""

    text: str | None
    problems: tuple[str, ...] = ()


def merge_manifests(base: str, ours: str, theirs: str) -> ManifestMerge:
    """Merge three texts of a manifest; `base` may be empty, where both branches added the file."""
    try:
        sides = [
            parse_manifest(text, name)
            for text, name in ((ours, "the manifest here"), (theirs, "the other manifest"))
        ]
        before = parse_manifest(base, "the manifest before") if base.strip() else None
    except HoldallError as error:
        return ManifestMerge(None, (error.message,))
    mine, other = sides
    was: State = {} if before is None else state_of(before)
    if mine.uuid is None or mine.uuid != other.uuid or _lacks_uuids(mine) or _lacks_uuids(other):
        return ManifestMerge(None, ("the two are not one collection, or entries lack a uuid",))
    head, now = state_of(other), state_of(mine)
    merged = merge(
        delta_between(was, now), delta_between(was, head), None, lambda _, base, *__: base
    )
    state = head if merged.conflicts else with_delta(head, merged.delta)
    cycle = find_cycle(state)
    if conflicts := [*merged.conflicts, *([cycle] if cycle else [])]:
        names = {**was, **now, **head}
        return ManifestMerge(None, tuple(tell_conflict(one, names) for one in conflicts))
    after = _at_release(manifest_of(state, mine), state, (mine, now), (other, head))
    text = render_manifest(after, ours, mine)
    for attempt in (text, render_manifest(after)):
        try:
            if parse_manifest(attempt, "the merged manifest") == after:
                return ManifestMerge(attempt)
        except HoldallError as error:
            return ManifestMerge(None, (error.message,))
    return ManifestMerge(None, ("the merged manifest would not read as it should",))


def _at_release(
    merged: Manifest, state: State, mine: tuple[Manifest, State], other: tuple[Manifest, State]
) -> Manifest:
    """Return the manifest with the release that it was written from: the older one of a merge."""
    known = [side for side, of in (other, mine) if of == state]
    if not known:
        known = sorted((mine[0], other[0]), key=lambda side: side.release or 0)
    return replace(merged, release=known[0].release, base=known[0].base)


def _lacks_uuids(manifest: Manifest) -> bool:
    return any(entry.uuid is None for entry in manifest.by_id.values())
