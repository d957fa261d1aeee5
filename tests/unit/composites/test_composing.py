"""Composites in the manifest: edits, identity, and the rows they stand for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import (
    Manifest,
    ManifestArtifact,
    ManifestComposite,
    ManifestMember,
)
from holdall.errors import ConflictError, HoldallError, NotFoundError, UsageError
from holdall_composites.errors import (
    AlreadyExists,
    ArtifactNotFound,
    ConstraintViolated,
    CycleRefused,
)
from holdall_composites.resolver.composition import (
    composite_in,
    with_composite,
    with_members,
    with_order,
    with_pin,
    without_composite,
    without_members,
)
from holdall_composites.sync.identity import fill_uuids
from holdall_composites.sync.state import state_of

pytestmark = pytest.mark.unit

UUID4 = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")
HASH = "1" * 64
UUID = "a" * 12 + "4" + "a" * 19
KIT = ArtifactId.of("composite", "kit")


def an_id(text: str) -> ArtifactId:
    """Return an id."""
    return ArtifactId.parse(text)


def members(*ids: str) -> tuple[ManifestMember, ...]:
    """Return members."""
    return tuple(ManifestMember(an_id(i)) for i in ids)


def make_manifest(*skills: str, kit: tuple[str, ...] = ()) -> Manifest:
    """Return a manifest with skills and the composite `kit` of these members."""
    artifacts = tuple(
        ManifestArtifact(an_id(f"skill:{name}"), RelPath.parse(f"skills/{name}"), content_hash=HASH)
        for name in skills
    )
    return Manifest(
        "kit", artifacts=artifacts, composites=(ManifestComposite(KIT, members=members(*kit)),)
    )


def names(manifest: Manifest, composite: str = "composite:kit") -> list[str]:
    """Return a composite's members."""
    return [str(member.id) for member in composite_in(manifest, an_id(composite)).members]


def test_members_come_in_order_and_at_a_position() -> None:
    """The end unless told otherwise; a position beyond the end is the end."""
    manifest = make_manifest("a", "b", "c", "d", kit=("skill:a",))
    manifest = with_members(manifest, KIT, members("skill:b"))
    manifest = with_members(manifest, KIT, members("skill:c"), 0)
    manifest = with_members(manifest, KIT, members("skill:d"), 99)
    assert names(manifest) == ["skill:c", "skill:a", "skill:b", "skill:d"]
    manifest = with_order(manifest, KIT, [an_id("skill:b"), an_id("skill:d")])
    assert names(manifest) == ["skill:b", "skill:d", "skill:c", "skill:a"]
    manifest = without_members(manifest, KIT, [an_id("skill:c"), an_id("skill:b")])
    assert names(manifest) == ["skill:d", "skill:a"]


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda m: with_members(m, KIT, members("skill:a")), AlreadyExists),
        (lambda m: with_members(m, KIT, members("skill:b", "skill:b")), AlreadyExists),
        (lambda m: with_members(m, KIT, members("skill:none")), ArtifactNotFound),
        (lambda m: with_members(m, KIT, members("skill:b"), -1), UsageError),
        (
            lambda m: with_members(
                m, KIT, [ManifestMember(an_id("skill:b"), relationship="likes")]
            ),
            UsageError,
        ),
        (lambda m: with_members(m, an_id("composite:none"), ()), ArtifactNotFound),
        (lambda m: with_members(m, an_id("skill:a"), ()), ArtifactNotFound),
        (lambda m: without_members(m, KIT, [an_id("skill:b")]), ArtifactNotFound),
        (lambda m: with_order(m, KIT, [an_id("skill:b")]), ArtifactNotFound),
        (lambda m: with_order(m, KIT, [an_id("skill:a")] * 2), UsageError),
        (lambda m: with_pin(m, KIT, an_id("skill:b"), HASH), ArtifactNotFound),
        (lambda m: with_composite(m, "kit"), AlreadyExists),
        (lambda m: with_composite(m, "../kit"), HoldallError),
        (lambda m: without_composite(m, an_id("composite:none")), ArtifactNotFound),
    ],
)
def test_edits_that_are_refused(
    edit: Callable[[Manifest], Manifest], error: type[HoldallError]
) -> None:
    """Each by its own error; the manifest is a value and stays as it was."""
    with pytest.raises(error):
        edit(make_manifest("a", "b", kit=("skill:a",)))


def test_errors_have_their_exit_status() -> None:
    """Not found is 4, a conflict 3, for the plugin's errors too."""
    assert ArtifactNotFound("skill:x").exit_status == NotFoundError.exit_status
    assert AlreadyExists("x").exit_status == ConflictError.exit_status


def test_a_pin_comes_and_goes() -> None:
    """The current version can be pinned, and let go again."""
    manifest = make_manifest("a", kit=("skill:a",))
    pinned = with_pin(manifest, KIT, an_id("skill:a"), HASH)
    assert composite_in(pinned, KIT).members[0].pin == HASH
    assert with_pin(pinned, KIT, an_id("skill:a"), None) == manifest


def test_a_composite_that_is_a_member_stays() -> None:
    """Deleting it would leave the other with a hole; its own members never go with it."""
    manifest = with_composite(make_manifest("a", kit=("skill:a",)), "outer")
    manifest = with_members(manifest, an_id("composite:outer"), members("composite:kit"))
    with pytest.raises(ConstraintViolated):
        without_composite(manifest, KIT)
    manifest = without_composite(manifest, an_id("composite:outer"))
    manifest = without_composite(manifest, KIT)
    assert [str(i) for i in manifest.by_id] == ["skill:a"]


def test_everything_gets_a_uuid_once() -> None:
    """Distinct version 4 ones, members their child's; a second time nothing changes."""
    first = fill_uuids(make_manifest("a", "b", kit=("skill:a",)), {})
    uuids = [first.uuid, *(entry.uuid for entry in first.by_id.values())]
    assert all(UUID4.fullmatch(uuid or "") for uuid in uuids)
    assert len(set(uuids)) == 4
    assert first.composites[0].members[0].uuid == first.artifacts[0].uuid
    assert fill_uuids(first, {}) == first


def test_a_lost_uuid_is_known_again() -> None:
    """The database remembers what a manifest forgot; one that is there wins."""
    known = {"skill:a": UUID}
    manifest = fill_uuids(make_manifest("a", "b"), known)
    assert manifest.artifacts[0].uuid == UUID
    kept = replace(manifest, artifacts=(replace(manifest.artifacts[0], uuid="b" + UUID[1:]),))
    assert fill_uuids(kept, known).artifacts[0].uuid == "b" + UUID[1:]


def test_a_member_follows_its_uuid() -> None:
    """A renamed child is found by UUID, whatever name the member line still has."""
    manifest = fill_uuids(make_manifest("a", "b", kit=("skill:a",)), {})
    renamed = replace(manifest.artifacts[0], id=an_id("skill:z"))
    manifest = replace(manifest, artifacts=(renamed, manifest.artifacts[1]))
    assert names(fill_uuids(manifest, {})) == ["skill:z"]


def test_a_member_with_a_stale_uuid_is_found_by_name() -> None:
    """And gets the right UUID; one that is nothing at all is an error that names it."""
    manifest = make_manifest("a", kit=("skill:a",))
    stale = replace(manifest.composites[0].members[0], uuid=UUID)
    manifest = replace(manifest, composites=(replace(manifest.composites[0], members=(stale,)),))
    done = fill_uuids(manifest, {})
    assert done.composites[0].members[0].uuid == done.artifacts[0].uuid
    with pytest.raises(ArtifactNotFound, match="skill:none"):
        fill_uuids(make_manifest("a", kit=("skill:none",)), {})


def test_cycles_are_refused() -> None:
    """A composite in itself, directly or through others; the path is told."""
    with pytest.raises(CycleRefused, match="composite:kit -> composite:kit"):
        fill_uuids(make_manifest(kit=("composite:kit",)), {})
    manifest = with_composite(make_manifest(), "outer")
    manifest = with_members(manifest, KIT, members("composite:outer"))
    manifest = with_members(manifest, an_id("composite:outer"), members("composite:kit"))
    with pytest.raises(CycleRefused):
        fill_uuids(manifest, {})


def chain(count: int, *, last: str = "") -> Manifest:
    """Return composites, each the only member of the one before; the last one contains `last`."""
    ids = [f"composite:c{number}" for number in range(count)]
    composites = tuple(
        ManifestComposite(an_id(one), members=members(below) if below else ())
        for one, below in zip(ids, [*ids[1:], last], strict=True)
    )
    return replace(make_manifest(), composites=composites)


def test_a_cycle_is_shown_from_composite_to_member() -> None:
    """Closed, and without what only leads to it."""
    with pytest.raises(CycleRefused) as caught:
        fill_uuids(chain(4, last="composite:c1"), {})
    path = str(caught.value).partition(": ")[2].split(" -> ")
    assert path[0] == path[-1]
    assert set(path) == {"composite:c1", "composite:c2", "composite:c3"}
    steps = [("composite:c1", "composite:c2"), ("composite:c2", "composite:c3")]
    assert set(pairwise(path)) == {*steps, ("composite:c3", "composite:c1")}


@pytest.mark.slow
def test_a_long_chain_of_composites_needs_no_stack() -> None:
    """Five thousand, the last of which may close the circle."""
    assert len(fill_uuids(chain(5_000), {}).composites) == 5_000
    with pytest.raises(CycleRefused):
        fill_uuids(chain(5_000, last="composite:c0"), {})


def test_the_rows_of_a_manifest() -> None:
    """Positions count from 0, unknown keys are JSON, what has no UUID has no row."""
    manifest = fill_uuids(make_manifest("a", "b", kit=("skill:b", "skill:a")), {})
    kit = manifest.composites[0]
    noted = replace(kit.members[0], extra={"note": "x"}, pin=HASH, relationship="requires")
    kit = replace(kit, members=(noted, kit.members[1]), description="d", extra={"z": [1]})
    newcomer = ManifestArtifact(an_id("skill:n"), RelPath.parse("skills/n"))
    manifest = replace(manifest, composites=(kit,), artifacts=(*manifest.artifacts, newcomer))
    state = state_of(Collection(Path("/kit"), manifest, "text", "sqlite:///x"))
    assert state.uuid == manifest.uuid
    assert [a.id for a in state.artifacts] == ["skill:a", "skill:b"]
    (row,) = state.composites
    assert row.description == "d"
    assert json.loads(row.metadata or "") == {"z": [1]}
    first, second = row.members
    assert (first.child_artifact_uuid, first.position) == (manifest.artifacts[1].uuid, 0)
    assert (first.relationship_type, first.pinned_version_hash) == ("requires", HASH)
    assert json.loads(first.metadata or "") == {"note": "x"}
    assert (second.position, second.metadata) == (1, None)
