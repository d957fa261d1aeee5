"""Merge the members of a composite that two sides changed: each by its UUID, then their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from holdall_composites.sync.releases.conflict import Conflict, ConflictKind, Side

Member = Mapping[str, Any]
Members = Sequence[Member]


class MemberMerge:
    """The members of one composite on three sides; `conflicts` grow while they are merged."""

    def __init__(
        self, uuid: str, base: Members, ours: Members, theirs: Members, side: Side | None
    ) -> None:
        self.uuid, self.side = uuid, side
        self.base, self.ours, self.theirs = (
            {member["uuid"]: member for member in members} for members in (base, ours, theirs)
        )
        self.conflicts: list[Conflict] = []

    def merge(self) -> list[Member]:
        """Return the merged members in their order."""
        known = dict.fromkeys([*self.theirs, *self.ours, *self.base])
        kept = {child: member for child in known if (member := self._member(child)) is not None}
        return [kept[child] for child in self._order(kept)]

    def _member(self, child: str) -> Member | None:
        base, ours, theirs = self.base.get(child), self.ours.get(child), self.theirs.get(child)
        if ours in (base, theirs):
            return theirs
        if theirs == base:
            return ours
        if ours is None or theirs is None:
            where = (f"members.{child}", base, ours, theirs)
            settled: Member | None = self._settle(ConflictKind.MEMBER_REMOVED, *where)
            return settled
        return dict(self._fields(child, base, ours, theirs))

    def _fields(
        self, child: str, base: Member | None, ours: Member, theirs: Member
    ) -> Iterator[tuple[str, Any]]:
        for key in sorted(ours.keys() | theirs.keys()):
            value = three_way(value_of(base, key), ours.get(key), theirs.get(key))
            if value is UNDECIDED:
                three = (base or {}).get(key), ours.get(key), theirs.get(key)
                value = self._settle(ConflictKind.CHANGED, f"members.{child}.{key}", *three)
            if value is not None:
                yield key, value

    def _settle(self, kind: ConflictKind, field: str, base: Any, ours: Any, theirs: Any) -> Any:
        if self.side is None:
            self.conflicts.append(Conflict(kind, self.uuid, field, base, ours, theirs))
        return ours if self.side is Side.OURS else theirs

    def _order(self, kept: Mapping[str, Member]) -> list[str]:
        """Return the order of that side that changed it, the other's additions behind neighbours.

        Of what both added at one place, theirs comes first.
        """
        common = self.base.keys() & self.ours.keys() & self.theirs.keys() & kept.keys()
        base, ours, theirs = (
            [child for child in side if child in common]
            for side in (self.base, self.ours, self.theirs)
        )
        order = three_way(base, ours, theirs)
        if order is UNDECIDED:
            order = self._settle(ConflictKind.REORDERED, "members", base, ours, theirs)
        is_ours = order == ours and order != theirs
        first, second = (self.ours, self.theirs) if is_ours else (self.theirs, self.ours)
        result = [child for child in first if child in kept]
        place = 0
        for child in second:
            if child in result:
                place = result.index(child) + 1
            elif child in kept:
                while not is_ours and place < len(result) and result[place] not in common:
                    place += 1
                result.insert(place, child)
                place += 1
        return result


UNDECIDED = object()
"""What `three_way` returns when both sides changed a value, each to another one."""


_NEW = object()


def value_of(base: Mapping[str, Any] | None, key: str) -> Any:
    """Return what a key was; of what both sides added, a value that neither side can have.

    A key that is left out there is a value as well: two sides that differ in it are a conflict.
    """
    return _NEW if base is None else base.get(key)


def three_way(base: Any, ours: Any, theirs: Any) -> Any:
    """Return the value of the side that changed it, or UNDECIDED."""
    if ours in (base, theirs):
        return theirs
    return ours if theirs == base else UNDECIDED
