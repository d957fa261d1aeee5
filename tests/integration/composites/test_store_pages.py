"""Pages, and how many statements a call takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from peewee import Database

from factories import make_artifact, make_collection, make_composite, stored_artifacts
from holdall.errors import UsageError
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.store.store import Store
from holdall_composites.values.pagination import MAX_LIMIT, Page
from holdall_composites.values.records import DeploymentRecord
from holdall_composites.values.types import NewMembership
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
    store.insert_artifacts(collection_id, artifacts)
    uuids = [artifact.uuid for artifact in artifacts]
    kits = [make_composite(f"composite:c{number}") for number in range(size)]
    store.create_composites(collection_id, [make_composite(KIT), *kits])
    store.create_memberships(collection_id, [NewMembership(KIT, uuid) for uuid in uuids])
    store.create_memberships(collection_id, [NewMembership(kit.id, uuids[0]) for kit in kits])
    store.begin_deployments(
        DeploymentRecord(collection_id, "/p", ".claude", uuid, "f" * 64, "t" * 32) for uuid in uuids
    )
    return collection_id, uuids


def first_uuid(store: Store, collection_id: str) -> str:
    """Return the UUID of the skill that is in every composite."""
    return store.uuids_of(collection_id, ["skill:s0"])["skill:s0"]


LISTINGS: dict[str, tuple[int, Listing]] = {
    "artifacts": (15, lambda s, c: lambda **p: s.list_artifacts(c, **p)),
    "all": (15, lambda s, c: lambda **p: s.list_artifacts(c, inactive_too=True, **p)),
    "skills": (7, lambda s, c: lambda **p: s.list_artifacts(c, type_name="skill", **p)),
    "composites": (8, lambda s, c: lambda **p: s.list_composites(c, **p)),
    "children": (7, lambda s, c: lambda **p: s.list_children_of(KIT, c, **p)),
    "parents": (8, lambda s, c: lambda **p: s.list_parents_of(first_uuid(s, c), c, **p)),
    "deployments": (7, lambda s, c: lambda **p: s.list_deployments(c, **p)),
    "collections": (3, lambda s, c: lambda **p: s.list_collections(**p)),
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
        found, cursor = [], None
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
    stored_artifacts(store, collection_id, *(f"skill:{name}" for name in "bdfh"))
    page = store.list_artifacts(collection_id, limit=2)
    store.delete_artifact(collection_id, "skill:d")
    stored_artifacts(store, collection_id, "skill:a", "skill:g")
    rest = store.list_artifacts(collection_id, limit=9, cursor=page.next_cursor)
    assert [a.id for a in rest.items] == ["skill:f", "skill:g", "skill:h"]


def test_inactive_artifacts_are_listed_when_asked_for(store: Store) -> None:
    """Not otherwise."""
    collection_id, uuids = fill(store, 2)
    store.deactivate_artifacts(collection_id, uuids[:1])
    skills = store.list_artifacts(collection_id, type_name="skill")
    assert [a.uuid for a in skills.items] == uuids[1:]
    skills = store.list_artifacts(collection_id, type_name="skill", inactive_too=True)
    assert len(skills.items) == 2


def test_wrong_limits_and_cursors_are_refused(store: Store) -> None:
    """None, too many, or a cursor of another list."""
    collection_id, _ = fill(store, 2)
    for limit in (0, -1, MAX_LIMIT + 1):
        with pytest.raises(UsageError, match=str(limit)):
            store.list_artifacts(collection_id, limit=limit)
    page = store.list_artifacts(collection_id, limit=1)
    with pytest.raises(UsageError, match="composites"):
        store.list_composites(collection_id, cursor=page.next_cursor)


CALLS: dict[str, Callable[[Store, str, list[str]], object]] = {
    "uuids_of": lambda s, c, u: s.uuids_of(c, [f"skill:s{n}" for n in range(len(u))]),
    "by_uuid": lambda s, c, u: s.get_artifacts_by_uuid(u),
    "children": lambda s, c, u: s.get_children_of(KIT, c),
    "parents": lambda s, c, u: s.get_parents_of(u[0], c),
    "by_name": lambda s, c, u: s.find_by_name(c, "s0"),
    "reactivate": lambda s, c, u: s.reactivate_artifacts(c, u),
    "above": lambda s, c, u: s.edges_above(c, u),
    "below": lambda s, c, u: s.edges_below(c, [KIT]),
    "resolve": lambda s, c, u: Resolver(s).resolve_name(c, "s0"),
    "reorder": lambda s, c, u: s.reorder_memberships(c, KIT, u[::-1]),
    "in_project": lambda s, c, u: s.list_deployments(c, project="/p"),
    "associations": lambda s, c, u: Resolver(s).associations(c, KIT),
    "expand": lambda s, c, u: Resolver(s).expand(c, [KIT, "composite:c1", "skill:s1"]),
    "add": lambda s, c, u: Resolver(s).add_member(c, "composite:c0", "skill:s1", position=0),
    "update": lambda s, c, u: s.update_membership(c, KIT, u[0], position=99),
    "upsert": lambda s, c, u: s.upsert_artifacts(
        c, [make_artifact(f"skill:s{n}") for n in range(len(u))]
    ),
    "create": lambda s, c, u: s.create_memberships(
        c, [NewMembership("composite:c1", uuid) for uuid in u[1:]]
    ),
    "delete": lambda s, c, u: s.delete_memberships(c, [(KIT, uuid) for uuid in u]),
    "begin": lambda s, c, u: s.begin_deployments(
        [DeploymentRecord(c, "/q", ".claude", uuid, "f" * 64, new_uuid()) for uuid in u]
    ),
    "finished": lambda s, c, u: s.finished_in(c, "/q"),
    "finish": lambda s, c, u: s.finish_deployments(s.list_deployments(c, limit=9999).items),
    "forget": lambda s, c, u: s.forget_deployments(s.list_deployments(c, limit=9999).items),
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
