"""Merging the changes of two sides: what joins by itself, what is refused, what a side settles."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st

from holdall_composites.sync.releases.conflict import ConflictKind, Side
from holdall_composites.sync.releases.merge import Merge, find_cycle, merge
from holdall_composites.values.states import State, compose, delta_between, inverse, with_delta

A = {"type": "skill", "name": "a", "path": "skills/a", "origin": "local", "content_hash": "1"}
B = {"type": "skill", "name": "b", "path": "skills/b", "origin": "local", "content_hash": "2"}
C = {"type": "skill", "name": "c", "path": "skills/c", "origin": "local", "content_hash": "3"}


def kit(*members: str | Mapping[str, Any], name: str = "k", **more: Any) -> dict[str, Any]:
    """Return a composite of these members: UUIDs, or tables with other keys."""
    tables = [m if isinstance(m, Mapping) else {"uuid": m} for m in members]
    contains = [{"relationship": "contains", **table} for table in tables]
    return {"type": "composite", "name": name, "members": contains, **more}


BASE: State = {"ua": A, "ub": B, "uc": C, "uk": kit("ua", "ub")}


def but(**changes: Mapping[str, Any] | None) -> State:
    """Return the base state with these entries changed; None takes one out."""
    return {u: e for u, e in {**BASE, **changes}.items() if e is not None}


def named(entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an entry under another name."""
    return {**entry, "name": name, "path": f"skills/{name}"}


def merged(ours: State, theirs: State, side: Side | None = None, **how: Any) -> Merge:
    """Merge two states that came of the base."""
    return merge(delta_between(BASE, ours), delta_between(BASE, theirs), side, **how)


JOINED = {
    "a rename here, an edit there": (
        but(ua=named(A, "z")),
        but(ua={**A, "content_hash": "9"}),
        but(ua={**named(A, "z"), "content_hash": "9"}),
    ),
    "the same rename": (but(ua=named(A, "y")), but(ua=named(A, "y")), but(ua=named(A, "y"))),
    "a new one takes the name that a rename left": (
        but(ua=named(A, "y")),
        but(ua=named(A, "y"), ud=named(B, "d")),
        but(ua=named(A, "y"), ud=named(B, "d")),
    ),
    "two names swapped, one of the two edited": (
        but(ua=named(A, "b"), ub=named(B, "a")),
        but(ua={**A, "content_hash": "9"}),
        but(ua={**named(A, "b"), "content_hash": "9"}, ub=named(B, "a")),
    ),
    "removed on both sides": (but(uc=None), but(uc=None), but(uc=None)),
    "one member added at the same place on each side": (
        but(ud=named(C, "d"), uk=kit("ua", "ud", "ub")),
        but(uk=kit("ua", "uc", "ub")),
        but(ud=named(C, "d"), uk=kit("ua", "uc", "ud", "ub")),
    ),
    "one member added here at the front, another there at the end": (
        but(uk=kit("uc", "ua", "ub")),
        but(ud=named(C, "d"), uk=kit("ua", "ub", "ud")),
        but(ud=named(C, "d"), uk=kit("uc", "ua", "ub", "ud")),
    ),
    "the same member added on both sides": (
        but(uk=kit("ua", "ub", "uc")),
        but(uk=kit("uc", "ua", "ub")),
        but(uk=kit("uc", "ua", "ub")),
    ),
    "a pin here, another order there": (
        but(uk=kit({"uuid": "ua", "pin": "1"}, "ub")),
        but(uk=kit("ub", "ua")),
        but(uk=kit("ub", {"uuid": "ua", "pin": "1"})),
    ),
    "another order here, a member added there": (
        but(uk=kit("ub", "ua")),
        but(uk=kit("ua", "ub", "uc")),
        but(uk=kit("ub", "uc", "ua")),
    ),
    "a member taken out here, only moved there": (
        but(uk=kit("ub")),
        but(uk=kit("ub", "ua")),
        but(uk=kit("ub")),
    ),
    "edited here, the source's revision there": (
        but(ua={**A, "content_hash": "9"}),
        but(ua={**A, "source_revision": "abc"}),
        but(ua={**A, "content_hash": "9", "source_revision": "abc"}),
    ),
    "one content under two names": (
        but(ux=named(A, "x")),
        but(uy=named(A, "y")),
        but(ux=named(A, "x"), uy=named(A, "y")),
    ),
    "the same order on both sides": (
        but(uk=kit("ub", "ua")),
        but(uk=kit("ub", "ua")),
        but(uk=kit("ub", "ua")),
    ),
    "a key of others here, a rename there": (
        but(ua={**A, "extra": {"note": "x"}}),
        but(ua=named(A, "z")),
        but(ua={**named(A, "z"), "extra": {"note": "x"}}),
    ),
    "a member that both know is removed as an artifact here": (
        but(ua=None),
        but(uk=kit("ua", "ub", description="x")),
        but(ua=None, uk=kit("ua", "ub", description="x")),
    ),
}


@pytest.mark.parametrize(("ours", "theirs", "wanted"), JOINED.values(), ids=JOINED.keys())
def test_changes_that_fit_are_merged(ours: State, theirs: State, wanted: State) -> None:
    """Changes of different entries, fields and members join without asking."""
    found = merged(ours, theirs)
    assert found.conflicts == ()
    assert with_delta(theirs, found.delta) == wanted


REFUSED = {
    "renamed to two names": (but(ua=named(A, "y")), but(ua=named(A, "z")), ["name"]),
    "edited on both sides": (
        but(ua={**A, "content_hash": "8", "source_revision": "x"}),
        but(ua={**A, "content_hash": "9", "source_revision": "y"}),
        ["content_hash"],
    ),
    "two descriptions": (
        but(uk=kit("ua", "ub", description="x")),
        but(uk=kit("ua", "ub", description="y")),
        ["description"],
    ),
    "two pins": (
        but(uk=kit({"uuid": "ua", "pin": "1"}, "ub")),
        but(uk=kit({"uuid": "ua", "pin": "0"}, "ub")),
        ["members.ua.pin"],
    ),
    "a member added with two relationships": (
        but(uk=kit("ua", "ub", {"uuid": "uc", "relationship": "requires"})),
        but(uk=kit("ua", "ub", "uc")),
        ["members.uc.relationship"],
    ),
}


@pytest.mark.parametrize(("ours", "theirs", "fields"), REFUSED.values(), ids=REFUSED.keys())
def test_one_field_changed_twice_is_told_once(
    ours: State, theirs: State, fields: list[str]
) -> None:
    """Both values are named, and what belongs to them is not told as well."""
    found = merged(ours, theirs)
    assert [c.kind for c in found.conflicts] == [ConflictKind.CHANGED]
    assert [c.field for c in found.conflicts] == fields


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("ours", "theirs", "_"), REFUSED.values(), ids=REFUSED.keys())
def test_a_side_settles_what_both_changed(
    ours: State, theirs: State, _: object, side: Side
) -> None:
    """With `--ours` or `--theirs` that side's values stand, those that belong together as one."""
    found = merged(ours, theirs, side)
    assert found.conflicts == ()
    assert with_delta(theirs, found.delta) == (ours if side is Side.OURS else theirs)


REMOVED = {
    "removed here, edited there": (
        but(uc=None),
        but(uc={**C, "content_hash": "9"}),
        ConflictKind.REMOVED_HERE,
    ),
    "renamed here, removed there": (
        but(uc=named(C, "y")),
        but(uc=None),
        ConflictKind.REMOVED_THERE,
    ),
    "a composite removed here, given a member there": (
        but(uk=None),
        but(uk=kit("ua", "ub", "uc")),
        ConflictKind.REMOVED_HERE,
    ),
    "a member taken out here, pinned there": (
        but(uk=kit("ub")),
        but(uk=kit({"uuid": "ua", "pin": "1"}, "ub")),
        ConflictKind.MEMBER_REMOVED,
    ),
    "both in another order": (
        but(uk=kit("ub", "ua", "uc")),
        but(uk=kit("ua", "uc", "ub")),
        None,
    ),
}


@pytest.mark.parametrize(("ours", "theirs", "kind"), REMOVED.values(), ids=REMOVED.keys())
def test_what_one_side_removed_and_the_other_changed_wants_a_side(
    ours: State, theirs: State, kind: ConflictKind | None
) -> None:
    """It is refused, and each side can be taken; an order of other members is none of it."""
    found = merged(ours, theirs)
    assert [c.kind for c in found.conflicts] == ([kind] if kind else [])
    if kind is not None:
        for side, wanted in ((Side.OURS, ours), (Side.THEIRS, theirs)):
            settled = merged(ours, theirs, side)
            assert (settled.conflicts, with_delta(theirs, settled.delta)) == ((), wanted)


def test_two_orders_of_the_same_members_are_a_conflict() -> None:
    """Members that both sides moved, each in another way, are told as one conflict."""
    three = {**BASE, "uk": kit("ua", "ub", "uc")}
    ours, theirs = (
        {**BASE, "uk": kit(*order)} for order in (("ub", "ua", "uc"), ("ua", "uc", "ub"))
    )
    deltas = delta_between(three, ours), delta_between(three, theirs)
    assert [c.kind for c in merge(*deltas).conflicts] == [ConflictKind.REORDERED]
    assert with_delta(theirs, merge(*deltas, Side.OURS).delta) == ours
    assert merge(*deltas, Side.THEIRS).delta == {}


BY_EDIT = {
    "renamed to a name that is new there": (
        but(ua=named(A, "d")),
        but(ud=named(B, "d")),
        ConflictKind.TAKEN,
    ),
    "two new ones whose names differ by case": (
        but(ux=named(A, "n")),
        but(uy=named(B, "N")),
        ConflictKind.TAKEN,
    ),
    "two paths that are one file elsewhere": (
        but(ua={**A, "path": "Skills/x"}),
        but(ub={**B, "path": "skills/X"}),
        ConflictKind.TAKEN,
    ),
    "an artifact removed here, a member there": (
        but(uc=None),
        but(uk=kit("ua", "ub", "uc")),
        ConflictKind.MISSING,
    ),
    "a member here, removed as an artifact there": (
        but(uk=kit("ua", "ub", "uc")),
        but(uc=None),
        ConflictKind.MISSING,
    ),
}


@pytest.mark.parametrize("side", [None, *Side])
@pytest.mark.parametrize(("ours", "theirs", "kind"), BY_EDIT.values(), ids=BY_EDIT.keys())
def test_what_no_side_can_settle_stays_a_conflict(
    ours: State, theirs: State, kind: ConflictKind, side: Side | None
) -> None:
    """One name for two things and a member that is gone want an edit, whichever side is chosen."""
    conflicts = merged(ours, theirs, side).conflicts
    assert conflicts
    assert all(conflict.kind is kind and conflict.wants_edit for conflict in conflicts)


def test_a_cycle_that_only_both_make_is_found() -> None:
    """The way around is told; each side alone has none."""
    two = {**BASE, "ul": kit(name="l")}
    ours = {**two, "uk": kit("ua", "ub", "ul")}
    theirs = {**two, "ul": kit("uk", name="l")}
    assert find_cycle(ours) is None
    assert find_cycle(theirs) is None
    found = merge(delta_between(two, ours), delta_between(two, theirs))
    cycle = find_cycle(with_delta(theirs, found.delta))
    assert cycle is not None
    assert set(cycle.ours) == {"uk", "ul"}


def test_the_same_artifact_collected_on_both_sides_is_one() -> None:
    """Theirs stays, our UUID becomes its alias, and a composite of ours names theirs."""
    ours = but(ux=named(A, "n"), uk=kit("ua", "ub", "ux"))
    theirs = but(uy=named(A, "n"))
    found = merged(ours, theirs)
    assert found.conflicts == ()
    assert with_delta(theirs, found.delta) == but(
        uy={**named(A, "n"), "aliases": ["ux"]}, uk=kit("ua", "ub", "uy")
    )


def test_files_that_merge_settle_a_content() -> None:
    """Contents of both sides go to whoever merges files; where these fit there is no conflict."""
    ours, theirs = but(ua={**A, "content_hash": "8"}), but(ua={**A, "content_hash": "9"})
    asked = []

    def merge_files(*hashes: str | None) -> str:
        asked.append(hashes)
        return "89"

    found = merged(ours, theirs, merge_content=merge_files)
    assert asked == [("ua", "1", "8", "9")]
    assert with_delta(theirs, found.delta) == but(ua={**A, "content_hash": "89"})
    assert merged(ours, theirs, merge_content=lambda *_: None).conflicts


def test_a_release_is_undone_under_what_came_after_it() -> None:
    """Undoing a rename keeps the edit that came later, and is refused after another rename."""
    renamed = but(ua=named(A, "z"))
    undo = inverse(delta_between(BASE, renamed))
    later = {**renamed, "ua": {**renamed["ua"], "content_hash": "9"}, "ud": named(B, "d")}
    found = merge(undo, delta_between(renamed, later))
    assert with_delta(later, found.delta) == {**later, "ua": {**A, "content_hash": "9"}}
    again = {**renamed, "ua": named(A, "q")}
    assert merge(undo, delta_between(renamed, again)).conflicts


# What holds for all changes.

_ENTRIES = st.one_of(
    st.none(),
    st.builds(
        lambda name, content: {**named(A, name), "content_hash": content},
        st.sampled_from("abcd"),
        st.sampled_from("123"),
    ),
)
_MEMBERS = st.lists(
    st.tuples(st.sampled_from(["ua", "ub", "uc"]), st.sampled_from(["", "1", "2"])),
    unique_by=lambda member: member[0],
).map(lambda ms: kit(*({"uuid": u, **({"pin": p} if p else {})} for u, p in ms)))
_STATES = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(("ua", "ub", "uc", "ud"), _ENTRIES), "uk": _MEMBERS}
).map(lambda state: {uuid: entry for uuid, entry in state.items() if entry is not None})


def _is_sound(state: State) -> bool:
    names = [entry["name"] for entry in state.values()]
    return len(set(names)) == len(names)


_SOUND = _STATES.filter(_is_sound)


def _facts(state: State) -> dict[tuple[str, str], object]:
    facts: dict[tuple[str, str], object] = {}
    for uuid, entry in state.items():
        for key, value in entry.items():
            if key == "members":
                facts |= {(uuid, m["uuid"]): m.get("pin", "") for m in value}
            else:
                facts[uuid, key] = value
    return facts


@given(_SOUND, _SOUND, _SOUND)
def test_no_change_of_either_side_is_lost(base: State, ours: State, theirs: State) -> None:
    """Every fact of a merged state is that of the side that changed it."""
    found = merge(delta_between(base, ours), delta_between(base, theirs))
    if found.conflicts or any("aliases" in (entry or {}) for _, entry in found.delta.values()):
        return
    result = _facts(with_delta(theirs, found.delta))
    old, mine, other = _facts(base), _facts(ours), _facts(theirs)
    for fact in old.keys() | mine.keys() | other.keys():
        values = {side.get(fact) for side in (mine, other)} - {old.get(fact)}
        assert result.get(fact) == (values.pop() if values else old.get(fact))


@given(_SOUND, _SOUND)
def test_a_change_alone_is_taken_as_it_is(base: State, ours: State) -> None:
    """On a head that did not move, a merge is the change itself; on ours it is nothing."""
    delta = delta_between(base, ours)
    assert with_delta(base, merge(delta, {}).delta) == ours
    assert merge(delta, delta).delta == {}
    assert with_delta(ours, inverse(delta)) == base


@given(st.lists(_STATES, min_size=1, max_size=5))
def test_changes_one_after_the_other_are_one_change(states: list[State]) -> None:
    """What several releases changed is what lies between the first state and the last."""
    deltas = [delta_between(a, b) for a, b in pairwise(states)]
    assert compose(deltas) == delta_between(states[0], states[-1])
