"""The service on a real collection: one call changes manifest and rows, and all agree with it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from e2e.kit import Kit, in_this_process
from holdall.errors import HoldallError, NotFoundError, UsageError
from holdall_composites import Resolver, open_resolver
from holdall_composites.errors import (
    AlreadyExists,
    ArtifactNotFound,
    ConstraintViolated,
    CycleRefused,
)
from host_factories import make_command, make_skill

pytestmark = pytest.mark.integration


@pytest.fixture
def kit(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """A collection of the skills a to c and a command, and the empty composites x, y and z."""
    monkeypatch.setenv("HOLDALL_DATABASE_URL", database_url)
    kit = Kit(in_this_process, tmp_path, database_url)
    kit.run("init", kit.collection)
    for name in "abc":
        make_skill(kit.collection, name, f"the skill {name}")
    make_command(kit.collection, "run")
    kit.run("collect")
    for name in "xyz":
        kit.run("composite", "create", name)
    return kit


@pytest.fixture
def resolver(kit: Kit) -> Iterator[Resolver]:
    """The service on the collection."""
    with open_resolver(kit.collection) as resolver:
        yield resolver


def members(kit: Kit, name: str) -> list[dict[str, Any]]:
    """Return a composite's members as the manifest has them."""
    manifest = tomllib.loads((kit.collection / "manifest.toml").read_text())
    (found,) = [c for c in manifest["composites"] if c["name"] == name]
    return list(found.get("members", ()))


def rows(resolver: Resolver, name: str) -> list[tuple[str, str, str | None]]:
    """Return a composite's members as the database has them."""
    found = resolver.associations(f"composite:{name}").children
    return [(m.child_id, m.relationship_type, m.pinned_version_hash) for m in found]


def test_all_agree_with_what_the_service_did(kit: Kit, resolver: Resolver) -> None:
    """Tree, deploy and doctor; and nothing is lost at the next change of the manifest."""
    resolver.add_member("composite:x", "skill:a", pin="0")
    resolver.add_member("x", "composite:y")
    resolver.add_members("composite:y", ["command:run", "skill:b"], "requires")
    resolver.reorder_members("y", "skill:b")
    tree = kit.json("tree", "composite:x")
    assert [member["id"] for member in tree["members"]] == ["skill:a", "composite:y"]
    assert tree["members"][0]["pin"]["number"] == 0
    nested = [member["id"] for member in tree["members"][1]["members"]]
    assert nested == ["skill:b", "command:run"]
    kit.deploy("composite:x")
    assert set(kit.record()) == {"skill:a", "skill:b", "command:run"}
    assert kit.json("doctor")["findings"] == []
    kit.run("rename", "skill:b", "better")
    kit.run("rename", "composite:y", "inner")
    assert [found.id for found in resolver.expand(["composite:x"])] == [
        "skill:a",
        "skill:better",
        "command:run",
    ]
    assert [m["relationship"] for m in members(kit, "inner")] == ["requires", "requires"]
    assert kit.json("doctor")["findings"] == []


def test_manifest_and_rows_change_together(kit: Kit, resolver: Resolver) -> None:
    """Each call is one operation, which the log has and undo takes back."""
    resolver.add_member("composite:x", "a", relationship_type="extends")
    resolver.add_member("composite:x", "b", position=0)
    resolver.pin_member("composite:x", "skill:a")
    (b, a) = members(kit, "x")
    assert a["uuid"] == kit.uuids()["skill:a"]
    assert rows(resolver, "x") == [
        ("skill:b", "contains", None),
        ("skill:a", "extends", a["pin"]),
    ]
    resolver.unpin_member("composite:x", "skill:a")
    resolver.remove_member("composite:x", "skill:b")
    assert rows(resolver, "x") == [("skill:a", "extends", None)]
    commands = [o["command"] for o in kit.json("log", "--limit", "5")["operations"]]
    assert commands == [f"composite {c}" for c in ("remove", "unpin", "pin", "add", "add")]
    kit.run("undo")
    assert [m["id"] for m in members(kit, "x")] == ["skill:b", "skill:a"]
    assert rows(resolver, "x")[0] == (b["id"], "contains", None)


def test_what_is_refused_changes_nothing(kit: Kit, resolver: Resolver) -> None:
    """Unknown names and versions, members twice, cycles, wrong places and relationships."""
    resolver.add_members("composite:x", ["skill:a", "composite:y"])
    resolver.add_member("composite:y", "composite:z")
    before = (kit.collection / "manifest.toml").read_bytes()
    for call, error in [
        (lambda r: r.add_member("composite:x", "skill:aa"), ArtifactNotFound),
        (lambda r: r.add_member("composite:none", "skill:a"), ArtifactNotFound),
        (lambda r: r.add_member("composite:x", "skill:b", pin="7"), ArtifactNotFound),
        (lambda r: r.add_member("composite:x", "skill:b", pin="f" * 64), ArtifactNotFound),
        (lambda r: r.add_member("composite:x", "skill:a"), AlreadyExists),
        (lambda r: r.add_member("composite:x", "skill:b", position=-1), UsageError),
        (lambda r: r.add_member("composite:x", "skill:b", None, "likes"), UsageError),
        (lambda r: r.add_member("composite:z", "composite:x"), CycleRefused),
        (lambda r: r.add_member("composite:x", "composite:x"), CycleRefused),
        (lambda r: r.remove_member("composite:x", "skill:b"), ArtifactNotFound),
        (lambda r: r.reorder_members("composite:x", "skill:a", "skill:a"), UsageError),
        (lambda r: r.pin_member("composite:x", "skill:b"), ArtifactNotFound),
        (lambda r: r.pin_member("composite:x", "skill:a", "9"), ArtifactNotFound),
        (lambda r: r.create_composite("x"), AlreadyExists),
        (lambda r: r.delete_composite("composite:y"), ConstraintViolated),
    ]:
        with pytest.raises(error):
            call(resolver)
    with pytest.raises(CycleRefused, match="composite:x -> composite:y -> composite:z"):
        resolver.add_member("composite:z", "composite:x")
    with pytest.raises(ArtifactNotFound) as caught:
        resolver.add_member("composite:x", "skill:aa")
    assert "skill:a" in (caught.value.hint or "")
    resolver.add_members("composite:x", ["skill:b"], dry_run=True)
    assert (kit.collection / "manifest.toml").read_bytes() == before
    assert rows(resolver, "x") == [
        ("skill:a", "contains", None),
        ("composite:y", "contains", None),
    ]


def test_a_member_that_was_removed_can_be_taken_out(kit: Kit, resolver: Resolver) -> None:
    """Its membership stays until then; it cannot join another composite."""
    resolver.add_members("composite:x", ["skill:a", "skill:b"])
    kit.run("remove", "skill:a", status=None)
    assert [found.id for found in resolver.expand(["composite:x"])] == ["skill:b"]
    with pytest.raises(ArtifactNotFound):
        resolver.add_member("composite:y", "skill:a")
    resolver.remove_member("composite:x", "skill:a")
    assert [m["id"] for m in members(kit, "x")] == ["skill:b"]
    assert [row[0] for row in rows(resolver, "x")] == ["skill:b"]


def test_two_additions_at_once_make_no_cycle(kit: Kit) -> None:
    """Of x in y and y in x, added by two programs at the same time, one is refused."""
    start = Barrier(2)

    def add(names: str) -> str:
        with open_resolver(kit.collection) as resolver:
            start.wait(timeout=60)
            try:
                resolver.add_member(f"composite:{names[0]}", f"composite:{names[1]}")
            except HoldallError as error:
                return error.code
            return "added"

    with ThreadPoolExecutor(2) as threads:
        futures = [threads.submit(add, names) for names in ("xy", "yx")]
        codes = sorted(future.result() for future in futures)
    assert codes in (["added", "cycle"], ["added", "locked"])
    assert sorted(len(members(kit, name)) for name in "xy") == [0, 1]


def test_there_must_be_a_collection(tmp_path: Path) -> None:
    """Another folder is an error that says so."""
    with pytest.raises(NotFoundError), open_resolver(tmp_path):
        pass


def test_commands_list_in_pages(kit: Kit, resolver: Resolver) -> None:
    """`composite list` and `associations` go on where the page before ended."""
    resolver.add_members("composite:x", ["skill:a", "skill:b", "skill:c"])
    found: list[str] = []
    cursor: list[str] = []
    for _ in range(2):
        page = kit.json("composite", "list", "--limit", "2", *cursor)
        found += [composite["id"] for composite in page["composites"]]
        cursor = ["--cursor", str(page["next_cursor"])]
    assert found == ["composite:x", "composite:y", "composite:z"]
    assert page["next_cursor"] is None
    first = kit.json("associations", "composite:x", "--limit", "2")
    assert [child["id"] for child in first["children"]] == ["skill:a", "skill:b"]
    rest = kit.json("associations", "composite:x", "--cursor", first["next_cursor"])
    assert [child["id"] for child in rest["children"]] == ["skill:c"]
    assert "--cursor" in kit.run("composite", "list", "--limit", "1")
    kit.run("composite", "list", "--limit", "0", status=2)
    kit.run("composite", "list", "--cursor", "x", status=2)


def test_the_first_change_of_a_collection_gives_it_its_rows(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was empty when it was opened is asked for afterwards."""
    monkeypatch.setenv("HOLDALL_DATABASE_URL", database_url)
    kit = Kit(in_this_process, tmp_path, database_url)
    kit.run("init", kit.collection)
    with open_resolver(kit.collection) as resolver:
        resolver.create_composite("x")
        resolver.create_composite("y", ["composite:x"])
        assert rows(resolver, "y") == [("composite:x", "contains", None)]
        assert [row.id for row in resolver.composites().items] == ["composite:x", "composite:y"]
