"""What has to be written, found without a database."""

from __future__ import annotations

import pytest

from holdall_composites.errors import AlreadyExists, ArtifactNotFound
from holdall_composites.sync.difference import Difference, Rows, difference
from holdall_composites.values.records import (
    ArtifactRecord,
    CollectionState,
    CompositeRecord,
    MembershipRecord,
)

pytestmark = pytest.mark.unit

HERE = "c" * 32
NOW = "2026-11-21T00:00:00Z"
A, B, K = "a" * 32, "b" * 32, "1" * 32


def skill(uuid: str, name: str) -> ArtifactRecord:
    """Return a skill's state."""
    return ArtifactRecord(f"skill:{name}", uuid, "skill", name)


def composite(name: str, *children: str, pin: str | None = None) -> CompositeRecord:
    """Return a composite's state, all of whose members have the pin."""
    members = tuple(
        MembershipRecord(f"composite:{name}", uuid, position=n, pinned_version_hash=pin)
        for n, uuid in enumerate(children)
    )
    return CompositeRecord(K, f"composite:{name}", name, members=members)


def state(*entries: ArtifactRecord | CompositeRecord) -> CollectionState:
    """Return a collection's state."""
    return CollectionState(
        HERE,
        "default",
        None,
        tuple(e for e in entries if isinstance(e, ArtifactRecord)),
        tuple(e for e in entries if isinstance(e, CompositeRecord)),
    )


def rows(present: CollectionState, *, gone: frozenset[str] = frozenset()) -> Rows:
    """Return the rows that say what a state says, some of them inactive."""
    own = [ArtifactRecord(c.id, c.uuid, "composite", c.name) for c in present.composites]
    return Rows(
        {
            e.uuid: e._replace(active=e.uuid not in gone, created_at=NOW, updated_at=NOW)
            for e in (*present.artifacts, *own)
        },
        {c.uuid: c._replace(members=()) for c in present.composites},
        tuple(
            m._replace(created_at=NOW, updated_at=NOW)
            for c in present.composites
            for m in c.members
        ),
    )


def test_rows_that_are_right_need_nothing() -> None:
    """Nor do no rows for an empty state."""
    present = state(skill(A, "a"), composite("k", A))
    assert difference(rows(present), present).is_nothing
    assert difference(Rows(), state()) == Difference()


def test_a_renamed_composite_keeps_its_memberships() -> None:
    """They follow by cascade; only a changed one is written, under the new id."""
    before = state(skill(A, "a"), skill(B, "b"), composite("k", A, B))
    found = difference(rows(before), state(skill(A, "a"), skill(B, "b"), composite("box", A, B)))
    assert [entry.id for entry in found.changed_artifacts] == ["composite:box"]
    assert found == Difference(changed_artifacts=found.changed_artifacts)
    pinned = state(skill(A, "a"), skill(B, "b"), composite("box", A, pin="f" * 64))
    found = difference(rows(before), pinned)
    assert found.gone_memberships == (("composite:k", B),)
    assert found.changed_memberships == (
        MembershipRecord("composite:box", A, position=0, pinned_version_hash="f" * 64),
    )


def test_a_membership_that_only_moves_is_told_apart() -> None:
    """One that is pinned as well is changed; one that stays is neither."""
    before = state(skill(A, "a"), skill(B, "b"), composite("k", A, B))
    found = difference(rows(before), state(*before.artifacts, composite("k", B, A)))
    moved = (
        MembershipRecord("composite:k", B, position=0),
        MembershipRecord("composite:k", A, position=1),
    )
    assert found == Difference(moved_memberships=moved)
    pinned = composite("k", B, A, pin="f" * 64)
    found = difference(rows(before), state(*before.artifacts, pinned))
    assert found == Difference(changed_memberships=pinned.members)


def test_swapped_names_go_through_others() -> None:
    """Both rows move aside first; one that is renamed to a free name does not."""
    before = rows(state(skill(A, "a"), skill(B, "b")))
    swapped = difference(before, state(skill(A, "b"), skill(B, "a")))
    moved = [(row.uuid, row.id, row.name) for row in swapped.moved]
    assert moved == [(A, f"skill:~{A}", f"~{A}"), (B, f"skill:~{B}", f"~{B}")]
    assert swapped.displaced == ()
    assert difference(before, state(skill(A, "z"), skill(B, "b"))).moved == ()


def test_what_is_inactive_gives_its_name_away_and_comes_back() -> None:
    """It is not deactivated twice; back under its old id it has changed."""
    before = rows(state(skill(A, "a")), gone=frozenset({A}))
    taken = difference(before, state(skill(B, "a")))
    (moved,) = taken.moved
    assert (moved.uuid, moved.id, moved.name) == (A, "skill:a~aaaaaaaa", "a~aaaaaaaa")
    assert taken.displaced == (A,)
    assert (taken.gone_artifacts, taken.new_artifacts) == ((), (skill(B, "a"),))
    assert difference(before, state()).is_nothing
    assert difference(before, state(skill(A, "a"))).changed_artifacts == (skill(A, "a"),)


def test_a_state_that_contradicts_itself_is_refused() -> None:
    """Doubled UUIDs, ids and members, members that are not there."""
    for wrong in (
        state(skill(A, "a"), skill(A, "b")),
        state(skill(A, "a"), skill(B, "a")),
        state(skill(A, "a"), composite("k", A, A)),
    ):
        with pytest.raises(AlreadyExists):
            difference(Rows(), wrong)
    with pytest.raises(ArtifactNotFound, match=B):
        difference(Rows(), state(skill(A, "a"), composite("k", A, B)))
    with pytest.raises(ArtifactNotFound, match="skill:b"):
        difference(rows(state(skill(B, "b"))), state(composite("k", B)))
