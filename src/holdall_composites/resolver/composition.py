"""Editing composites: pure functions from one manifest to the next.

The manifest is what people own; the database follows it (docs/adr/0001). The order of members is
judged here; UUIDs and cycles are judged for every change alike by `sync.identity`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdall.artifacts import ArtifactId, CompositeType
from holdall.collection import Manifest, ManifestComposite, ManifestMember
from holdall.errors import UsageError
from holdall_composites.errors import AlreadyExists, ArtifactNotFound, ConstraintViolated
from holdall_composites.values.types import RelationshipType


def composite_in(manifest: Manifest, composite_id: ArtifactId) -> ManifestComposite:
    """Return a composite; raises ArtifactNotFound if the manifest has none of that id."""
    entry = manifest.by_id.get(composite_id)
    if not isinstance(entry, ManifestComposite):
        raise ArtifactNotFound(str(composite_id), hint="`holdall composite list` shows them")
    return entry


def with_composite(
    manifest: Manifest,
    name: str,
    *,
    composite_type: CompositeType = CompositeType.PLUGIN,
    display_name: str | None = None,
    description: str | None = None,
) -> Manifest:
    """Add an empty composite; raises AlreadyExists if its id is taken."""
    composite_id = ArtifactId.of("composite", name)
    if composite_id in manifest.by_id:
        raise AlreadyExists(f"{composite_id} exists already", hint="choose another name")
    composite = ManifestComposite(
        composite_id,
        composite_type=composite_type.value,
        display_name=display_name,
        description=description,
    )
    return replace(manifest, composites=(*manifest.composites, composite))


def without_composite(manifest: Manifest, composite_id: ArtifactId) -> Manifest:
    """Drop a composite and its memberships; its members stay.

    Raises ConstraintViolated if another composite contains it.
    """
    composite_in(manifest, composite_id)
    holders = [
        str(c.id) for c in manifest.composites if any(m.id == composite_id for m in c.members)
    ]
    if holders:
        raise ConstraintViolated(
            f"{composite_id} is a member of {', '.join(holders)}",
            hint="take it out of them first, with `holdall composite remove`",
        )
    kept = tuple(c for c in manifest.composites if c.id != composite_id)
    return replace(manifest, composites=kept)


def with_members(
    manifest: Manifest,
    composite_id: ArtifactId,
    members: Sequence[ManifestMember],
    position: int | None = None,
) -> Manifest:
    """Add members at a position (default: the end).

    Raises AlreadyExists for one that is a member, ArtifactNotFound for one that is nothing here,
    UsageError for a relationship that there is not, or a position below 0.
    """
    composite = composite_in(manifest, composite_id)
    present = {member.id for member in composite.members}
    if position is not None and position < 0:
        raise UsageError(f"there is no position {position}", hint="the first one is 0")
    for member in members:
        if member.relationship not in list(RelationshipType):
            known = ", ".join(RelationshipType)
            raise UsageError(f"no relationship {member.relationship!a}", hint=f"known: {known}")
        if member.id not in manifest.by_id:
            raise ArtifactNotFound(str(member.id))
        if member.id in present:
            raise AlreadyExists(
                f"{member.id} is a member of {composite_id} already", hint="nothing to add"
            )
        present.add(member.id)
    place = len(composite.members) if position is None else position
    after = (*composite.members[:place], *members, *composite.members[place:])
    return _replace_composite(manifest, replace(composite, members=after))


def without_members(
    manifest: Manifest, composite_id: ArtifactId, member_ids: Sequence[ArtifactId]
) -> Manifest:
    """Take members out; raises ArtifactNotFound for one that is no member."""
    composite = composite_in(manifest, composite_id)
    for member_id in member_ids:
        _member(composite, member_id)
    kept = tuple(member for member in composite.members if member.id not in member_ids)
    return _replace_composite(manifest, replace(composite, members=kept))


def with_order(
    manifest: Manifest, composite_id: ArtifactId, member_ids: Sequence[ArtifactId]
) -> Manifest:
    """Put these members first, in this order; the others keep theirs behind them."""
    composite = composite_in(manifest, composite_id)
    if len(set(member_ids)) != len(member_ids):
        raise UsageError("a member is named twice", hint="name each member once")
    first = [_member(composite, member_id) for member_id in member_ids]
    others = [member for member in composite.members if member.id not in member_ids]
    return _replace_composite(manifest, replace(composite, members=(*first, *others)))


def with_pin(
    manifest: Manifest, composite_id: ArtifactId, member_id: ArtifactId, pin: str | None
) -> Manifest:
    """Pin a member to a version's content hash, or with None let it follow the current one."""
    composite = composite_in(manifest, composite_id)
    member = _member(composite, member_id)
    after = tuple(replace(m, pin=pin) if m is member else m for m in composite.members)
    return _replace_composite(manifest, replace(composite, members=after))


def _member(composite: ManifestComposite, member_id: ArtifactId) -> ManifestMember:
    for member in composite.members:
        if member.id == member_id:
            return member
    raise ArtifactNotFound(
        str(member_id), hint=f"it is no member of {composite.id}: `holdall composite show` it"
    )


def _replace_composite(manifest: Manifest, composite: ManifestComposite) -> Manifest:
    after = tuple(composite if c.id == composite.id else c for c in manifest.composites)
    return replace(manifest, composites=after)
