"""Identity in a manifest: every entry gets its permanent UUID, every member its child's."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from holdall.artifacts import ArtifactId
from holdall.collection import Manifest, ManifestArtifact, ManifestComposite, ManifestMember
from holdall_composites.errors import ArtifactNotFound, CycleRefused
from holdall_composites.values.uuids import new_uuid


def fill_uuids(
    manifest: Manifest, known: Mapping[str, str], removed: Container[str] = ()
) -> Manifest:
    """Return the manifest with all UUIDs in place.

    Entries keep theirs; one without gets the one that is known for its id (a manifest that lost
    it), else a fresh one. A member is known by its UUID first, so that it follows a rename, else by
    its id. One of the `removed` UUIDs stays, for when its artifact comes back. Raises
    ArtifactNotFound for a member that is nothing in the collection, CycleRefused for a composite
    that would contain itself.
    """

    def uuid_of(entry: ManifestArtifact | ManifestComposite) -> str:
        return known.get(str(entry.id)) or new_uuid()

    manifest = replace(
        manifest,
        uuid=manifest.uuid or new_uuid(),
        artifacts=tuple(a if a.uuid else replace(a, uuid=uuid_of(a)) for a in manifest.artifacts),
        composites=tuple(c if c.uuid else replace(c, uuid=uuid_of(c)) for c in manifest.composites),
    )
    uuids = {entry.id: entry.uuid for entry in manifest.by_id.values() if entry.uuid}
    names = {uuid: artifact_id for artifact_id, uuid in uuids.items()}

    def member_of(composite: ManifestComposite, member: ManifestMember) -> ManifestMember:
        if member.uuid is not None and member.uuid in names:
            return replace(member, id=names[member.uuid])
        if member.uuid is not None and member.uuid in removed:
            return member
        if member.id in uuids:
            return replace(member, uuid=uuids[member.id])
        raise ArtifactNotFound(
            str(member.id), hint=f"{composite.id} names it as a member: collect it or take it out"
        )

    composites = tuple(
        replace(c, members=tuple(member_of(c, member) for member in c.members))
        for c in manifest.composites
    )
    _refuse_cycles(composites, names)
    return replace(manifest, composites=composites)


def _refuse_cycles(
    composites: tuple[ManifestComposite, ...], names: Mapping[str, ArtifactId]
) -> None:
    if not composites:
        return
    from graphlib import CycleError, TopologicalSorter

    edges = {
        c.uuid: [m.uuid for m in c.members if m.uuid and m.uuid in names]
        for c in composites
        if c.uuid
    }
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        path = " -> ".join(str(names[uuid]) for uuid in reversed(error.args[1]))
        raise CycleRefused(
            f"a composite would contain itself: {path}", hint="take one of these members out"
        ) from None
