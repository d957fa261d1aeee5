"""Requirements of this machine's own collection: `id = "composite:starter"`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdall.artifacts.ids import ArtifactId, ArtifactType
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.deploy.locked.values import Lock, LockedArtifact, Requirement
from holdall.deploy.planning.plan import DeployRequest, StoredContent
from holdall.deploy.targets import Target
from holdall.errors import NotFoundError
from holdall.plugins.checks import ask_resolution

if TYPE_CHECKING:
    from holdall.operations.projects.sources.supply import Supply


def lock_own(
    supply: Supply, lock: Lock, requirement: Requirement, targets: Sequence[Target]
) -> Lock:
    """Return a lock with what an id of the collection brings, as the collection has it now.

    With a pin it is that version. Raises NotFoundError for an id that it has not.
    """
    wanted = requirement.id
    assert wanted is not None, "it has no source"
    collection, terms = supply.bring_forward(), supply.terms
    if wanted not in collection.manifest.by_id:
        raise NotFoundError(
            f"holdall.toml requires {wanted}, which the collection {collection.root} has not",
            hint="collect it here, or require the source that it comes from",
        )
    versions = {} if requirement.pin is None else {wanted: requirement.pin}
    request = DeployRequest(
        "sync",
        terms.project,
        collection,
        tuple(targets),
        (wanted,),
        versions=versions,
        scratch=supply.scratch,
    )
    resolution = ask_resolution(terms.session.plugins, request)
    members = resolution.members.get(wanted, (wanted,))
    if wanted.type in ArtifactType.composite_types() and wanted not in resolution.members:
        raise NotFoundError(
            f"{wanted} cannot be expanded: no loaded plugin knows composites",
            hint="`holdall plugins` shows what is loaded and what failed",
        )
    companions = {m: c for m in members if (c := resolution.companions.get(m)) is not None}
    users = {c: m.type for m, c in companions.items()}
    others = [one for one in lock.artifacts if one.source is not None]
    rows = {one.id: one for one in lock.artifacts if one.source is None}
    for one in (*members, *companions.values()):
        content = _content(supply, resolution.contents.get(one), one)
        supply.contents[one] = content
        needed = users.get(one, one.type)
        known = rows.get(one)
        by = () if known is None else known.wanted_by
        rows[one] = LockedArtifact(
            one,
            collection.manifest.by_id[one].uuid,
            content_hash=content.tree.content_hash,
            targets=tuple(sorted(t.name for t in targets if t.knows(needed) and t.knows(one.type))),
            wanted_by=tuple(dict.fromkeys((*by, wanted))),
            companion=companions.get(one),
        )
    if wanted.type in ArtifactType.composite_types():
        uuid = collection.manifest.by_id[wanted].uuid
        rows[wanted] = LockedArtifact(wanted, uuid, wanted_by=(wanted,))
    return lock._replace(artifacts=(*others, *rows.values())).sort()


def _content(supply: Supply, stored: StoredContent | None, one: ArtifactId) -> StoredContent:
    if stored is not None:
        return stored
    entry = supply.collection.entry(one)
    assert isinstance(entry, ManifestArtifact), "composites were expanded"
    tree, location = supply.collection.tree(entry), supply.collection.location(entry)
    return StoredContent(tree, location, is_pinned=False)
