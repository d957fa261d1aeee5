"""Pages, and how many statements a call takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from peewee import Database

from factories import make_artifact, make_collection, make_composite, stored_composite
from holdall.errors import UsageError
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.store.deployments import Place
from holdall_composites.store.store import Store
from holdall_composites.values.pagination import MAX_LIMIT, Page
from holdall_composites.values.records import ArtifactRecord, DeploymentRecord, MembershipRecord
from holdall_composites.values.uuids import new_uuid

pytestmark = pytest.mark.integration

KIT = "composite:kit"
Listing = Callable[[Store, str], Callable[..., Page[Any]]]


@pytest.fixture
def store(database: Database) -> Store:
    """A store without any row."""
    return Store(database)


def fill(store: Store, size: int) -> tuple[str, list[str]]:
    """Store `size` skills in one composite, the first one in `size` more, each deployed."""
    collection_id = make_collection(store)
    artifacts = [make_artifact(f"skill:s{number}") for number in range(size)]
    uuids = [artifact.uuid for artifact in artifacts]
    kits = [make_composite(KIT), *(make_composite(f"composite:c{n}") for n in range(size))]
    of_kits = [ArtifactRecord(kit.id, kit.uuid, "composite", kit.name) for kit in kits]
    store.artifacts.insert(collection_id, [*artifacts, *of_kits])
    store.composites.insert(collection_id, kits)
    batch = [MembershipRecord(KIT, uuid, position=number) for number, uuid in enumerate(uuids)]
    batch += [MembershipRecord(kit.id, uuids[0]) for kit in kits[1:]]
    store.memberships.create_memberships(collection_id, batch)
    store.deployments.begin(
        DeploymentRecord(collection_id, "/p", ".claude", uuid, "f" * 64, "t" * 32) for uuid in uuids
    )
    return collection_id, uuids


def first_uuid(store: Store, collection_id: str) -> str:
    """Return the UUID of the skill that is in every composite."""
    return store.artifacts.uuids_of(collection_id, ["skill:s0"])["skill:s0"]


LISTINGS: dict[str, tuple[int, Listing]] = {
    "composites": (8, lambda s, c: partial(s.composites.all_of, c)),
    "children": (7, lambda s, c: partial(s.memberships.get_children_of, KIT, c)),
    "parents": (8, lambda s, c: partial(s.memberships.get_parents_of, first_uuid(s, c), c)),
    "associations": (
        8,
        lambda s, c: partial(s.memberships.get_associations, "skill:s0", first_uuid(s, c), c),
    ),
    "deployments": (7, lambda s, c: partial(s.deployments.all_of, c)),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_pages_hold_every_item_once(store: Store, name: str) -> None:
    """Whatever their size, the pages together are the list, in one order."""
    collection_id, _ = fill(store, 7)
    make_collection(store)
    make_collection(store)
    expected, listing = LISTINGS[name]
    pages = listing(store, collection_id)
    whole = pages()
    assert (len(whole.items), whole.next_cursor) == (expected, None)
    for limit in (1, 2, expected - 1, expected):
        found: list[Any] = []
        cursor = None
        for _ in range(expected):
            page = pages(limit=limit, cursor=cursor)
            assert 1 <= len(page.items) <= limit
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        assert tuple(found) == whole.items


def test_rows_that_come_and_go_do_not_shift_pages(store: Store) -> None:
    """What was there all the time is told once."""
    collection_id = make_collection(store)
    for name in "bdfh":
        stored_composite(store, collection_id, f"composite:{name}")
    page = store.composites.all_of(collection_id, limit=2)
    store.composites.dissolve(collection_id, ["composite:d"])
    for name in "ag":
        stored_composite(store, collection_id, f"composite:{name}")
    rest = store.composites.all_of(collection_id, limit=9, cursor=page.next_cursor)
    assert [c.id for c in rest.items] == ["composite:f", "composite:g", "composite:h"]


def test_wrong_limits_and_cursors_are_refused(store: Store) -> None:
    """None, too many, or a cursor of another list."""
    collection_id, _ = fill(store, 2)
    for limit in (0, -1, MAX_LIMIT + 1):
        with pytest.raises(UsageError, match=str(limit)):
            store.composites.all_of(collection_id, limit=limit)
    page = store.composites.all_of(collection_id, limit=1)
    with pytest.raises(UsageError, match="children"):
        store.memberships.get_children_of(KIT, collection_id, cursor=page.next_cursor)


CALLS: dict[str, Callable[[Store, str, list[str]], object]] = {
    "uuids_of": lambda s, c, u: s.artifacts.uuids_of(c, [f"skill:s{n}" for n in range(len(u))]),
    "owners": lambda s, c, u: s.artifacts.owners_of(u),
    "children": lambda s, c, u: s.memberships.get_children_of(KIT, c),
    "parents": lambda s, c, u: s.memberships.get_parents_of(u[0], c),
    "below": lambda s, c, u: s.memberships.edges_below(c, [KIT]),
    "associations": lambda s, c, u: Resolver(s, c).associations(KIT),
    "expand": lambda s, c, u: Resolver(s, c).expand([KIT, "composite:c1", "skill:s1"]),
    "rename": lambda s, c, u: s.artifacts.update(
        c, [make_artifact(f"skill:{one}", uuid=one) for one in u]
    ),
    "replace": lambda s, c, u: s.memberships.replace_memberships(
        c, [MembershipRecord(KIT, uuid, position=9) for uuid in u]
    ),
    "reorder": lambda s, c, u: s.memberships.reorder_memberships(
        c, [MembershipRecord(KIT, uuid, position=8) for uuid in u]
    ),
    "create": lambda s, c, u: s.memberships.create_memberships(
        c, [MembershipRecord("composite:c1", uuid) for uuid in u[1:]]
    ),
    "delete": lambda s, c, u: s.memberships.delete_memberships(c, [(KIT, uuid) for uuid in u]),
    "begin": lambda s, c, u: s.deployments.begin(
        [DeploymentRecord(c, "/q", ".claude", uuid, "f" * 64, new_uuid()) for uuid in u]
    ),
    "finished": lambda s, c, u: s.deployments.list_done(Place(c, "", "/q")),
    "finish": lambda s, c, u: s.deployments.finish(s.deployments.all_of(c, limit=9999).items),
    "forget": lambda s, c, u: s.deployments.forget(s.deployments.all_of(c, limit=9999).items),
}


def test_calls_take_as_many_statements_for_many_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand rows cost the statements that ten cost."""
    ran = []
    execute = store.database.execute_sql

    def counting(sql: str, params: Any = None) -> Any:
        ran.append(sql)
        return execute(sql, params)

    monkeypatch.setattr(store.database, "execute_sql", counting)
    counts: list[dict[str, int]] = []
    for size in (10, 1000):
        collection_id, uuids = fill(store, size)
        counts.append({})
        for name, call in CALLS.items():
            ran.clear()
            call(store, collection_id, uuids)
            counts[-1][name] = len(ran)
    assert counts[0] == counts[1]
    assert max(counts[0].values()) < 10
