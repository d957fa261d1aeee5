"""Merge a change of one side into the state that the others made meanwhile.

Three values are compared for each field of each entry, by its UUID: what it was (`base`), what our
change made of it (`ours`), and what it is at the head (`theirs`).

    base  ours  theirs   merged
    a     b     a        b            only we changed it
    a     a     b        b            only they did
    a     b     b        b            both did the same
    a     b     c        conflict     unless a side is chosen

Neither time nor order nor size decides anything. Only entries that our change touches are looked
at, so that a merge costs what was changed and not what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from holdall import dataclass
from holdall.artifacts import RelPath
from holdall_composites.sync.releases.conflict import Conflict, ConflictKind, Side
from holdall_composites.sync.releases.members import UNDECIDED, MemberMerge, three_way, value_of
from holdall_composites.values.states import Delta, Entry, State

ContentMerge = Callable[[str, str | None, str, str], str | None]
"""Merges the files of an artifact (its UUID, then the content hashes of base, ours and theirs).

Returns the content hash of the result, or None if the files do not merge by themselves.
"""

_CONTENT, _ALIASES = "content_hash", "aliases"
# Who brought a content, and from where: taken together with it when both sides brought another one.
_ORIGIN = ("source", "source_path", "source_revision", "source_hash")


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge makes: the change of the head, or the conflicts that stand against it."""

    delta: Delta
    conflicts: tuple[Conflict, ...]


def merge(
    ours: Delta,
    theirs: Delta,
    side: Side | None = None,
    merge_content: ContentMerge | None = None,
) -> Merge:
    """Merge two changes of one state into the change that brings ours to theirs.

    `side` settles what both changed; conflicts that no side can settle stay. Each change alone is
    sound, so that only what both touch can be wrong. The delta is only good without conflicts.
    """
    merger = _Merger(side, merge_content)
    heads = {uuid: base for uuid, (base, _) in ours.items()}
    heads |= {uuid: after for uuid, (_, after) in theirs.items()}
    merged = {uuid: merger.entry(uuid, b, o, heads[uuid]) for uuid, (b, o) in ours.items()}
    merged = _with_aliases(merged, theirs, dict(_twins(ours, theirs)))
    delta = {u: (heads[u], entry) for u, entry in merged.items() if heads[u] != entry}
    conflicts = (*merger.conflicts, *_find_taken(delta, theirs), *_find_missing(ours, theirs))
    return Merge(delta, conflicts)


def find_cycle(state: State) -> Conflict | None:
    """Return the cycle that composites of a merged state make only together, if there is one."""
    graph = {
        uuid: [member["uuid"] for member in entry["members"]]
        for uuid, entry in state.items()
        if "members" in entry
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        way = tuple(reversed(error.args[1]))
        return Conflict(ConflictKind.CYCLE, way[0], "members", ours=way)
    return None


class _Merger:
    def __init__(self, side: Side | None, merge_content: ContentMerge | None) -> None:
        self.side, self.merge_content = side, merge_content
        self.conflicts: list[Conflict] = []

    def entry(
        self, uuid: str, base: Entry | None, ours: Entry | None, theirs: Entry | None
    ) -> Entry | None:
        """Return the merged entry, or None if it is removed."""
        whole = three_way(base, ours, theirs)
        if whole is not UNDECIDED:
            found: Entry | None = whole
            return found
        if ours is None or theirs is None:
            is_here = ours is None
            kind = ConflictKind.REMOVED_HERE if is_here else ConflictKind.REMOVED_THERE
            settled: Entry | None = self._settle(Conflict(kind, uuid, "", base, ours, theirs))
            return settled
        return self._fields(uuid, base, ours, theirs)

    def _fields(self, uuid: str, was: Entry | None, ours: Entry, theirs: Entry) -> Entry:
        base = was or {}
        values = {
            key: three_way(value_of(was, key), ours.get(key), theirs.get(key))
            for key in sorted(ours.keys() | theirs.keys())
            if key != "members"
        }
        if values.get(_ALIASES) is UNDECIDED:
            values[_ALIASES] = _union(*(side.get(_ALIASES, ()) for side in (base, ours, theirs)))
        if values.get(_CONTENT) is UNDECIDED:
            values[_CONTENT] = self._content(uuid, base, ours, theirs)
            if values[_CONTENT] is UNDECIDED:
                values |= dict.fromkeys(_ORIGIN & values.keys(), UNDECIDED)
        if values.get("name") is UNDECIDED and "path" in values:
            values["path"] = UNDECIDED
        with_another = {"path": "name", **dict.fromkeys(_ORIGIN, _CONTENT)}
        undecided = {key for key, value in values.items() if value is UNDECIDED}
        for key in undecided:
            conflict = Conflict(
                ConflictKind.CHANGED, uuid, key, base.get(key), ours.get(key), theirs.get(key)
            )
            is_told = with_another.get(key) in undecided
            values[key] = self._settle(conflict, is_told=is_told)
        entry = {key: value for key, value in values.items() if value is not None}
        if "members" in ours or "members" in theirs:
            entry["members"] = self._members(uuid, base, ours, theirs)
        return entry

    def _content(self, uuid: str, base: Entry, ours: Entry, theirs: Entry) -> Any:
        mine, other = ours.get(_CONTENT), theirs.get(_CONTENT)
        if self.merge_content and mine and other:
            return self.merge_content(uuid, base.get(_CONTENT), mine, other) or UNDECIDED
        return UNDECIDED

    def _members(self, uuid: str, base: Entry, ours: Entry, theirs: Entry) -> list[Any]:
        sides = (base.get("members", ()), ours.get("members", ()), theirs.get("members", ()))
        whole = three_way(*sides)
        if whole is not UNDECIDED:
            return list(whole)
        members = MemberMerge(uuid, *sides, self.side)
        merged = members.merge()
        self.conflicts += members.conflicts
        return merged

    def _settle(self, conflict: Conflict, *, is_told: bool = False) -> Any:
        if self.side is None and not is_told:
            self.conflicts.append(conflict)
        return conflict.ours if self.side is Side.OURS else conflict.theirs


def _twins(ours: Delta, theirs: Delta) -> Iterator[tuple[str, str]]:
    """Yield (our UUID, theirs) of what both added: one `type:name`, one content, one source."""
    new = {_identity(entry): uuid for uuid, entry in _find_added(ours) if entry.get(_CONTENT)}
    for uuid, entry in _find_added(theirs):
        own = new.get(_identity(entry), uuid)
        if own != uuid:
            yield own, uuid


def _union(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """Return aliases with what either side added, without what either took out."""
    kept = {alias for alias in base if alias in ours and alias in theirs}
    return sorted(kept | {*ours, *theirs} - {*base}) or None


def _find_added(delta: Delta) -> Iterator[tuple[str, Entry]]:
    for uuid, (before, after) in delta.items():
        if before is None and after is not None:
            yield uuid, after


def _identity(entry: Entry) -> tuple[Any, ...]:
    return tuple(map(entry.get, ("type", "name", _CONTENT, "source", "source_path")))


def _with_aliases(
    merged: Mapping[str, Entry | None], theirs: Delta, twins: Mapping[str, str]
) -> dict[str, Entry | None]:
    """Let theirs stand for each twin of ours, in members, too, and keep our UUID as an alias."""
    result = {uuid: entry for uuid, entry in merged.items() if uuid not in twins}
    for own, other in twins.items():
        entry = dict(result.get(other) or theirs[other][1] or {})
        also = (merged[own] or {}).get(_ALIASES, ())
        result[other] = {**entry, _ALIASES: sorted({*entry.get(_ALIASES, ()), own, *also})}
    for uuid, old in result.items():
        if twins and old is not None and "members" in old:
            by_child = {twins.get(m["uuid"], m["uuid"]): m for m in old["members"]}
            result[uuid] = {**old, "members": [{**m, "uuid": u} for u, m in by_child.items()]}
    return result


def _find_taken(delta: Delta, theirs: Delta) -> Iterator[Conflict]:
    """Yield each entry of the result that wants a name or path which the others gave to another."""
    places = {
        key: uuid
        for uuid, (_, entry) in theirs.items()
        if entry is not None and uuid not in delta
        for key in _places(entry)
    }
    for uuid, (_, entry) in delta.items():
        for key in _places(entry) if entry is not None else ():
            other = places.setdefault(key, uuid)
            if other != uuid:
                yield Conflict(ConflictKind.TAKEN, uuid, key[0], ours=uuid, theirs=other)


def _places(entry: Entry) -> Iterator[tuple[str, ...]]:
    """Yield what no other entry may have: its id and its path, as a file system compares them."""
    yield "name", entry["type"], RelPath(entry["name"]).fold_key
    if "path" in entry:
        yield "path", RelPath(entry["path"]).fold_key


def _find_missing(ours: Delta, theirs: Delta) -> Iterator[Conflict]:
    """Yield each member that one side added while the other removed its artifact."""
    for removing, adding in ((ours, theirs), (theirs, ours)):
        gone = {uuid for uuid, (_, after) in removing.items() if after is None}
        for uuid, (before, after) in adding.items():
            for child in sorted((_children(after) - _children(before)) & gone):
                yield Conflict(ConflictKind.MISSING, uuid, f"members.{child}")


def _children(entry: Entry | None) -> set[str]:
    return {member["uuid"] for member in (entry or {}).get("members", ())}
