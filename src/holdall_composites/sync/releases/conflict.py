"""What two sides changed so that one of them, or neither, can stand."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from holdall import dataclass


class Side(StrEnum):
    """Whose change stands where both sides changed the same thing."""

    OURS = "ours"
    THEIRS = "theirs"


class ConflictKind(StrEnum):
    """How two changes do not fit; the value says it as a sentence does, after the entry's id.

    The last three come of the merge itself: no side can settle them, only an edit.
    """

    CHANGED = "was changed on both sides"
    REMOVED_HERE = "was removed here and changed there"
    REMOVED_THERE = "was changed here and removed there"
    MEMBER_REMOVED = "had a member removed on one side and changed on the other"
    REORDERED = "had its members reordered on both sides"
    OUTDATED = "is here as it was before a release"
    TAKEN = "has the name or path of another one"
    MISSING = "has a member that was removed on the other side"
    CYCLE = "would contain itself"


_BY_EDIT = (ConflictKind.TAKEN, ConflictKind.MISSING, ConflictKind.CYCLE)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that both sides changed: an entry, one of its fields, or one of its members.

    `field` is a key of the entry (`name`, `content_hash`), `members`, `members.UUID`,
    `members.UUID.pin`, or empty for the whole entry. `base`, `ours` and `theirs` are its three
    values, None where there is none. For TAKEN they are both UUIDs, for CYCLE the way around.
    """

    kind: ConflictKind
    uuid: str
    field: str = ""
    base: Any = None
    ours: Any = None
    theirs: Any = None

    @property
    def uuids(self) -> tuple[str, ...]:
        """The entries that the other side may have changed."""
        if self.kind is ConflictKind.TAKEN:
            return (self.theirs,)
        if self.kind is ConflictKind.MISSING:
            return self.uuid, self.child
        return self.ours if self.kind is ConflictKind.CYCLE else (self.uuid,)

    @property
    def child(self) -> str:
        """The UUID of the member that it is about; empty if it is about none."""
        return self.field.split(".")[1] if self.field.startswith("members.") else ""

    @property
    def wants_edit(self) -> bool:
        """Whether neither side can be taken, so that one of the two has to be edited."""
        return self.kind in _BY_EDIT
