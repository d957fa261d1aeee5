"""The state of a collection: what its manifest says, by UUID, in a form that is equal everywhere.

An entry is what a block of the manifest says, but for its own UUID, with every default written out.
Members are known by their UUIDs, in order; `type:name` of a child is left out, so that a rename
changes one entry. The collection itself is an entry under its own UUID.

    {"a1b2...": {"type": "skill", "name": "pdf", "path": "skills/pdf", "origin": "local",
                 "content_hash": "fea0..."},
     "c3d4...": {"type": "composite", "name": "starter", "composite_type": "plugin",
                 "members": [{"uuid": "a1b2...", "relationship": "contains"}]},
     "e5f6...": {"type": "[collection]", "name": "kit"}}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Entry = Mapping[str, Any]
State = Mapping[str, Entry]
Delta = Mapping[str, tuple[Entry | None, Entry | None]]
"""What a release changed: each entry before and after it, by UUID; None where there is none.

One that is None both times was removed before, and purged by the release.
"""


def canonical(entry: object) -> str:
    """Return a value as JSON that is the same text wherever it is made."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def delta_between(before: State, after: State) -> Delta:
    """Return what differs between two states."""
    return {
        uuid: (before.get(uuid), after.get(uuid))
        for uuid in sorted(before.keys() | after.keys())
        if before.get(uuid) != after.get(uuid)
    }


def with_delta(state: State, delta: Delta) -> dict[str, Entry]:
    """Return a state after a change; raises ValueError if it is not the one that was changed."""
    new = dict(state)
    for uuid, (before, after) in delta.items():
        if new.get(uuid) != before:
            raise ValueError(f"the change does not fit the entry {uuid}")
        if after is None:
            new.pop(uuid, None)  # one that was purged is not there any more
        else:
            new[uuid] = after
    return new


def compose(deltas: Iterable[Delta]) -> Delta:
    """Return one change that does what several do one after the other."""
    result: dict[str, tuple[Entry | None, Entry | None]] = {}
    for delta in deltas:
        for uuid, (before, after) in delta.items():
            result[uuid] = (result.get(uuid, (before, None))[0], after)
    return {uuid: pair for uuid, pair in result.items() if pair[0] != pair[1]}


def inverse(delta: Delta) -> Delta:
    """Return the change that takes another one back."""
    return {uuid: (after, before) for uuid, (before, after) in delta.items()}
