"""How SQLite answers the queries of the store: by their keys, never by reading all rows."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

import holdall_composites.store
from factories import make_artifact, make_collection, make_composite
from holdall_composites.database.connect import make_database
from holdall_composites.database.models import MODELS
from holdall_composites.store.prepared import Given, Prepared
from holdall_composites.store.query import Listing
from holdall_composites.store.store import Store
from holdall_composites.values.records import ArtifactRecord, MembershipRecord

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("dialect", ["sqlite"], indirect=True),
]

MANY = 10_000
# The whole of a collection is what they are asked for.
OF_A_COLLECTION = {
    *("artifacts._all", "artifacts._aliases", "composites._LISTING.whole"),
    *("composites._LISTING.first", "deployments._ALL.whole", "deployments._ALL.first"),
    "deployments._beside_head",
    *(
        "memberships._ALL.whole",
        "memberships._ALL.first",
        "versions._add",
        "versions._unversioned_ids",
        "versions._newest",
        "versions._list_all",
    ),
    *("integrity._select_misnumbered", "integrity._unknown_pins", "integrity._hashes"),
    *("operations._insert", "operations._all", "operations._move"),
    *("collections._all", "collections._chunks"),
    "collections._state",
}
# What no table points to any more is looked for in the whole table.
OF_ALL = {
    "collections._collections",
    "integrity._delete_trees",
    "integrity._delete_blobs",
    "integrity._unused_blobs",
    "collections._schema",
    "integrity._count_versions",
    "integrity._count_blobs",
}
# `FOR UPDATE`, which SQLite does not know.
OF_POSTGRESQL = {"collections._lock", "collections._may_write"}


def queries() -> Iterator[tuple[str, Prepared]]:
    """Yield every prepared query of the store by its name."""
    for path in sorted(Path(holdall_composites.store.__path__[0]).glob("*.py")):
        if path.stem.startswith("__"):
            continue
        module = importlib.import_module(f"holdall_composites.store.{path.stem}")
        for name, value in vars(module).items():
            if isinstance(value, tuple) and value and isinstance(value[0], Prepared):
                yield from ((f"{path.stem}.{name}.{n}", query) for n, query in enumerate(value))
            elif isinstance(value, Prepared):
                yield f"{path.stem}.{name}", value
            elif isinstance(value, Listing):
                for part in ("whole", "first", "later"):
                    yield f"{path.stem}.{name}.{part}", getattr(value, part)


def fill(store: Store, count: int) -> tuple[str, str]:
    """Store as many skills in one composite, and one of them in another; return that one's UUID."""
    here = make_collection(store)
    skills = [make_artifact(f"skill:s{number}") for number in range(count)]
    kits = [make_composite("composite:large"), make_composite("composite:small")]
    store.artifacts.insert(here, skills)
    store.artifacts.insert(here, [ArtifactRecord(k.id, k.uuid, "composite", k.name) for k in kits])
    store.composites.insert(here, kits)
    members = [MembershipRecord(kits[0].id, s.uuid, position=n) for n, s in enumerate(skills)]
    store.memberships.create_memberships(
        here, [*members, MembershipRecord(kits[1].id, skills[5].uuid)]
    )
    return here, skills[5].uuid


def test_every_query_has_a_good_plan(database: Database) -> None:
    """No table is read whole, and no index is used by its collection alone."""
    fill(Store(database), 50)
    seen = set()
    for name, query in queries():
        seen.add(name)
        if name in OF_POSTGRESQL:
            continue
        sql, values = query.compile(database)
        given = [value if isinstance(value, str | int | None) else "[]" for value in values]
        plan = [row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
        for step in plan:
            if name not in OF_ALL:
                is_given = re.match(r"SCAN (given|json_each|reached|CONSTANT)", step)
                assert is_given or not step.startswith("SCAN"), (name, plan)
            if name not in OF_A_COLLECTION:
                assert "(collection_id=?)" not in step, (name, plan)
            assert "AUTOMATIC" not in step, (name, plan)
    assert {*OF_A_COLLECTION, *OF_ALL, *OF_POSTGRESQL} <= seen
    assert len(seen) > 50


def test_nothing_is_returned_that_nobody_asks_for(database: Database) -> None:
    """Also where the models are bound to a server, and inserts return keys by themselves."""
    pytest.importorskip("psycopg")
    with make_database("postgresql://user@host/name").bind_ctx(MODELS):
        found = {
            name
            for name, query in queries()
            if name not in OF_POSTGRESQL
            and "RETURNING" in Prepared(query.build).compile(database)[0]
        }
    assert found == {"collections._move_head", "memberships._insert_one"}


def test_a_query_is_compiled_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run asks Peewee for nothing."""
    store = Store(database)
    here, child = fill(store, 9)
    store.memberships.get_parents_of(child, here)
    monkeypatch.delattr(Given, "__sql__")
    monkeypatch.delattr("peewee.Context.sql")
    assert len(store.memberships.get_parents_of(child, here).items) == 2
