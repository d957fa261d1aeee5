"""Rows that follow any sequence of manifests."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from peewee import Database

from factories import make_artifact, make_composite
from holdall_composites.store.store import Store
from holdall_composites.sync.sync import make_equal, sync
from holdall_composites.values.records import (
    CollectionState,
    CompositeRecord,
    DeploymentRecord,
    MembershipRecord,
)
from runs import examples

pytestmark = [pytest.mark.integration, pytest.mark.slow]

COLLECTION = "d" * 32
UUIDS = [f"{number:032x}" for number in range(1, 8)]
NAMES = [*"abcdef", "a~00000000"]


@st.composite
def states(draw: st.DrawFn) -> CollectionState:
    """Draw a collection of few names and few UUIDs, so that they often meet again."""
    entries = draw(
        st.lists(
            st.tuples(st.sampled_from(UUIDS), st.sampled_from(NAMES), st.booleans()),
            unique_by=(lambda e: e[0], lambda e: (e[1], e[2])),
            max_size=len(UUIDS),
        )
    )
    present = [uuid for uuid, _, _ in entries]
    artifacts, composites = [], []
    for uuid, name, nested in entries:
        if nested:
            others = [one for one in present if one != uuid]
            members = (
                draw(st.lists(st.sampled_from(others), unique=True, max_size=3)) if others else []
            )
            composites.append(_composite(uuid, name, members, draw(st.booleans())))
        else:
            artifacts.append(
                make_artifact(f"skill:{name}", uuid=uuid, content_hash=draw(st.sampled_from("xy")))
            )
    return CollectionState(COLLECTION, "any", None, tuple(artifacts), tuple(composites))


def _composite(uuid: str, name: str, members: list[str], pinned: bool) -> CompositeRecord:
    pin = "f" * 64 if pinned else None
    found = [
        MembershipRecord("", m, pinned_version_hash=pin, position=n) for n, m in enumerate(members)
    ]
    return make_composite(f"composite:{name}", *found, uuid=uuid)


def stored(store: Store) -> CollectionState:
    """Return the state that the rows have, in the order of UUIDs."""
    rows = [row for row in store.artifacts.all_of(COLLECTION) if row.active]
    composites = []
    for row in sorted(store.composites.all_of(COLLECTION).items, key=lambda row: row.uuid):
        members = [
            MembershipRecord(*m[:6])
            for m in store.memberships.get_children_of(row.id, COLLECTION).items
        ]
        composites.append(make_composite(row.id, *members, uuid=row.uuid))
    artifacts = [
        r._replace(created_at="", updated_at="")
        for r in sorted(rows, key=lambda row: row.uuid)
        if r.type != "composite"
    ]
    return CollectionState(COLLECTION, "any", None, tuple(artifacts), tuple(composites))


def in_order(state: CollectionState) -> CollectionState:
    """Return the state in the order of UUIDs."""
    return CollectionState(
        state.uuid,
        state.name,
        state.manifest_hash,
        tuple(sorted(state.artifacts, key=lambda entry: entry.uuid)),
        tuple(sorted(state.composites, key=lambda entry: entry.uuid)),
    )


def everything(store: Store) -> list[list[object]]:
    """Return all records of the collection, inactive ones included."""
    return [
        [*store.artifacts.all_of(COLLECTION)],
        [*store.composites.all_of(COLLECTION).items],
        sorted(store.memberships.all_of(COLLECTION), key=repr),
    ]


def touched_between(before: CollectionState | None, after: CollectionState) -> set[str]:
    """Return the UUIDs of the entries that differ."""
    old, new = (
        {e.uuid: e for e in (*state.artifacts, *state.composites)} if state else {}
        for state in (before, after)
    )
    return {uuid for uuid in old.keys() | new.keys() if old.get(uuid) != new.get(uuid)}


@given(history=st.lists(states(), min_size=1, max_size=4), is_told=st.booleans())
@settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_rows_equal_the_last_state_and_forget_no_uuid(
    database: Database, history: list[CollectionState], is_told: bool
) -> None:
    """After each step the rows say what the state says, and the same step again does nothing.

    Also where only the rows of the entries that differ are looked at.
    """
    store = Store(database)
    database.execute_sql("DELETE FROM collections")
    seen: set[str] = set()
    for before_it, state in zip([None, *history], history, strict=False):
        if is_told:
            make_equal(store, state, touched_between(before_it, state))
        else:
            sync(store, state)
        # Of what is deployed, no row may go.
        store.deployments.finish(
            DeploymentRecord(COLLECTION, "/p", ".claude", entry.uuid, "f" * 64, "t" * 32)
            for entry in (*state.artifacts, *state.composites)
        )
        assert stored(store) == in_order(state)
        before = everything(store)
        assert not sync(store, state)
        assert everything(store) == before
        seen |= {entry.uuid for entry in (*state.artifacts, *state.composites)}
        assert {row.uuid for row in store.artifacts.all_of(COLLECTION)} == seen
