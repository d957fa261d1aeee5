"""A conflict as a part of a sentence: the entry, the field, and what it was, is here and is there.

skill:prose was changed on both sides, name: 'prose' before, 'text' here, 'writing' there
composite:kit has a member that was removed on the other side, skill:brief
composite:a would contain itself: composite:a > composite:b > composite:a
"""

from __future__ import annotations

from holdall_composites.sync.releases.conflict import Conflict, ConflictKind
from holdall_composites.sync.releases.manifest import name_of
from holdall_composites.values.states import State


def tell_conflict(conflict: Conflict, names: State) -> str:
    """Return what a conflict is about; `names` has the entries of both sides."""
    return f"{name_of(conflict.uuid, names.get(conflict.uuid))} {conflict.kind.value}" + (
        _values(conflict, names)
    )


def _values(conflict: Conflict, names: State) -> str:
    if conflict.kind is ConflictKind.CYCLE:
        return ": " + " > ".join(name_of(uuid, names.get(uuid)) for uuid in conflict.ours)
    if conflict.kind is ConflictKind.TAKEN:
        return f", {name_of(conflict.theirs, names.get(conflict.theirs))}"
    child = name_of(conflict.child, names.get(conflict.child)) if conflict.child else ""
    if conflict.kind is not ConflictKind.CHANGED:
        return f", {child or conflict.field}" if conflict.field else ""
    field = conflict.field.replace(conflict.child, child) if child else conflict.field
    before = "" if conflict.base is None else f"{conflict.base!r} before, "
    return f", {field}: {before}{conflict.ours!r} here, {conflict.theirs!r} there"
