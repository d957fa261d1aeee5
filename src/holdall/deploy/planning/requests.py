"""Earlier requests and deployed artifacts: which of them a plan replaces, removes and keeps."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from holdall.artifacts.ids import ArtifactId, ArtifactType, Shape
from holdall.artifacts.paths import RelPath
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.deploy.planning.files import Arrangement
from holdall.deploy.planning.plan import (
    DeployRequest,
    Placement,
    PlannedArtifact,
    Resolution,
    StoredContent,
)
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.project.project import Project
from holdall.deploy.targets import Target
from holdall.errors import ConflictError, NotFoundError, UsageError
from holdall.files.tree import Tree


class _Earlier:
    """What is deployed in a project for some targets, found by id or by UUID."""

    def __init__(self, deployed: Sequence[Deployed], targets: Container[str]) -> None:
        self._deployed = deployed
        self._places: dict[ArtifactId | str, list[int]] = {}
        for place, entry in enumerate(deployed):
            if entry.target in targets:
                self._places.setdefault(entry.id, []).append(place)
                if entry.uuid is not None:
                    self._places.setdefault(entry.uuid, []).append(place)

    def requests_for(self, artifact_id: ArtifactId, uuid: str | None) -> Iterable[ArtifactId]:
        """Yield the requests that kept an artifact so far, maybe under another name."""
        places = {*self._places.get(artifact_id, ()), *self._places.get(uuid or "", ())}
        for place in sorted(places):
            yield from self._deployed[place].wanted_by


def find_renewable(
    project: Project, collection: Collection, say: Callable[[str], None]
) -> tuple[ArtifactId, ...]:
    """Return the earlier requests that are still in the collection; the others are reported.

    Not so those for artifacts of other collections.
    """
    deployed = project.ledger.deployed
    known = {None, *(entry.uuid for entry in collection.manifest.by_id.values())}
    asked: dict[bool, set[ArtifactId]] = {True: set(), False: set()}
    for entry in deployed:
        is_ours = entry.collection == collection.name or entry.uuid in known
        asked[is_ours] |= {entry.id, *entry.wanted_by}
    others = asked[False] - asked[True]
    earlier = sorted(project.ledger.requests) or sorted(entry.id for entry in deployed)
    ours = [request for request in earlier if request not in others]
    for request in ours:
        if request not in collection.manifest.by_id:
            say(f"{request} is no longer in the collection; left as it is")
    return tuple(request for request in ours if request in collection.manifest.by_id)


def renamed_requests(project: Project, collection: Collection) -> Iterable[ArtifactId]:
    """Yield the requests for what was renamed since and has lost its old name to something else.

    Else that would be deployed over it.
    """
    by_id = collection.manifest.by_id
    names = {entry.uuid: entry.id for entry in by_id.values() if entry.uuid}
    for entry in project.ledger.deployed:
        if entry.id in by_id and names.get(entry.uuid or "", entry.id) != entry.id:
            yield from (request for request in entry.wanted_by if request in by_id)


def standing_requests(
    project: Project, collection: Collection, ids: Iterable[ArtifactId]
) -> Iterable[ArtifactId]:
    """Yield the earlier requests that are not among these ids and are still known."""
    asked = set(ids)
    for request in project.ledger.requests:
        if request not in asked and request in collection.manifest.by_id:
            yield request


def refuse_other_collections(
    project: Project, request: DeployRequest, artifacts: Iterable[PlannedArtifact]
) -> None:
    """Raise ConflictError where an artifact of another collection has the same id."""
    uuids = {artifact.id: artifact.uuid for artifact in artifacts}
    for entry in project.ledger.deployed:
        ours = uuids.get(entry.id)
        is_another = None not in (ours, entry.uuid) and ours != entry.uuid
        if is_another and entry.collection != request.collection.name:
            raise ConflictError(
                f"{entry.id} is deployed in {request.project} already, from the collection"
                f" {entry.collection!a}",
                hint="undeploy that one first, rename yours, or replace it with --force",
            )


def split_deployed(
    deployed: Sequence[Deployed], request: DeployRequest, artifacts: Sequence[PlannedArtifact]
) -> tuple[list[Deployed], list[Deployed]]:
    """Split what is deployed into what these artifacts replace or remove, and what stays."""
    targets = {target.name for target in request.targets}
    ids = {artifact.id for artifact in artifacts}
    uuids = {artifact.uuid for artifact in artifacts} - {None}
    asked = set(request.ids)
    obsolete, kept = [], []
    for entry in deployed:
        if entry.target not in targets:
            kept.append(entry)
            continue
        others = tuple(request for request in entry.wanted_by if request not in asked)
        if entry.id in ids or entry.uuid in uuids or (entry.wanted_by and not others):
            obsolete.append(entry)
        else:
            kept.append(entry._replace(wanted_by=others))
    return obsolete, kept


def split_requested(
    deployed: Sequence[Deployed], ids: set[ArtifactId], targets: set[str]
) -> tuple[list[Deployed], list[Deployed]]:
    """Split what is deployed into what only these requests need, and what stays."""
    obsolete, kept = [], []
    for entry in deployed:
        if entry.target not in targets:
            kept.append(entry)
            continue
        wanted_by = entry.wanted_by or (entry.id,)
        others = tuple(request for request in wanted_by if request not in ids)
        if others:
            kept.append(entry._replace(wanted_by=others if entry.wanted_by else ()))
        else:
            obsolete.append(entry)
    return obsolete, kept


def refuse_elsewhere(
    deployed: Sequence[Deployed], ids: Iterable[ArtifactId], targets: Container[str]
) -> None:
    """Raise NotFoundError for an id that is deployed for other targets only."""
    found: dict[ArtifactId, set[str]] = {}
    for entry in deployed:
        for one in (entry.id, *entry.wanted_by):
            found.setdefault(one, set()).add(entry.target)
    for asked in ids:
        names = found.get(asked, set())
        if names and not any(name in targets for name in names):
            raise NotFoundError(
                f"{asked} is deployed for {' and '.join(sorted(names))} only",
                hint=f"choose with --target {sorted(names)[0]}",
            )


def new_placements(
    arrangement: Arrangement, artifacts: Iterable[PlannedArtifact], targets: Iterable[Target]
) -> tuple[Placement, ...]:
    """Return the placements below the targets' roots after the deploy."""
    by_name = {target.name: target for target in targets}
    by_id = {artifact.id: artifact for artifact in artifacts}
    return tuple(
        Placement(i, by_id[i].uuid, by_id[i].tree.content_hash, by_name[target].root_of(i.type))
        for target, i in arrangement.files
    )


def removed_placements(
    obsolete: Iterable[Deployed],
    kept: Iterable[Deployed],
    placed: Iterable[Placement],
    targets: Iterable[Target],
) -> tuple[Placement, ...]:
    """Return the placements of these artifacts, but for those that are `placed` again.

    Nor are those removed that are `kept` for another target with the same folder.
    """
    gone, there = placements_of(obsolete, targets), {_key(placement) for placement in placed}
    roots, ids = {p.target_root for p in gone}, {p.id for p in gone}
    for entry in kept:
        if entry.id in ids:
            name = entry.uuid or str(entry.id)
            there |= {(root, name) for root in roots if entry.lies_below(root)}
    return tuple(placement for placement in gone if _key(placement) not in there)


def _key(placement: Placement) -> tuple[RelPath, str]:
    return placement.target_root, placement.uuid or str(placement.id)


def placements_of(deployed: Iterable[Deployed], targets: Iterable[Target]) -> tuple[Placement, ...]:
    """Return where deployed artifacts are."""
    by_name = {target.name: target for target in targets}
    return tuple(
        Placement(d.id, d.uuid, d.content_hash, by_name[d.target].root_of(d.id.type))
        for d in deployed
    )


def as_collected(collection: Collection, placements: Iterable[Placement]) -> Iterable[Placement]:
    """Yield placements with the collection's own UUIDs, where a project has others.

    A project's lock gives each artifact the UUID of whoever added it.
    """
    known = collection.manifest.by_id
    placements = list(placements)
    other = {
        placement.uuid: entry.uuid
        for placement in placements
        if (entry := known.get(placement.id)) is not None
        and entry.uuid not in (None, placement.uuid)
    }
    if other:
        for entry in known.values():
            other.pop(entry.uuid, None)  # renamed here, and known by its UUID
    for placement in placements:
        yield placement._replace(uuid=other.get(placement.uuid, placement.uuid))


def refuse_undeployable(collection: Collection, requests: Iterable[ArtifactId]) -> None:
    """Raise UsageError for a type of members, brought by a plugin, that nothing can deploy."""
    for request in requests:
        spec = collection.types.get(request.type)
        has_members = spec is not None and spec.shape is Shape.MEMBERS
        if has_members and request.type not in ArtifactType.deployable_types():
            raise UsageError(
                f"{request} cannot be deployed: a {request.type} has no files of its own",
                hint="deploy its members instead",
            )


def known_uuids(project: Project, collection: Collection) -> dict[ArtifactId, str | None]:
    """Return the UUIDs that this collection's artifacts were deployed with."""
    known: dict[ArtifactId, str | None] = {}
    for entry in project.ledger.deployed:
        if entry.collection == collection.name:
            known.setdefault(entry.id, entry.uuid)
    return known


def choose_artifacts(
    project: Project,
    request: DeployRequest,
    resolution: Resolution,
    known: Mapping[ArtifactId, str | None],
) -> tuple[PlannedArtifact, ...]:
    """Return everything that a request brings, in order, once each.

    `known` are UUIDs where the resolution has none. Raises NotFoundError for a composite that no
    plugin expanded.
    """
    wanted: dict[ArtifactId, list[ArtifactId]] = {}
    for asked in request.ids:
        for member in _members(resolution, asked):
            companion = resolution.companions.get(member)
            for artifact_id in (member, companion) if companion else (member,):
                wanted.setdefault(artifact_id, []).append(asked)
    earlier = _Earlier(project.ledger.deployed, {target.name for target in request.targets})
    own, found = set(request.ids), []
    for artifact_id, bringing in wanted.items():
        uuid = resolution.uuids.get(artifact_id) or known.get(artifact_id)
        others = [r for r in earlier.requests_for(artifact_id, uuid) if r not in own]
        content = _content_of(request.collection, resolution, artifact_id)
        found.append(
            PlannedArtifact(
                artifact_id,
                content.tree,
                content.location,
                tuple(dict.fromkeys([*bringing, *others])),
                uuid,
                is_pinned=content.is_pinned,
                companion=resolution.companions.get(artifact_id),
                named=_named_tree(request.collection, artifact_id, content),
            )
        )
    return tuple(found)


def _members(resolution: Resolution, asked: ArtifactId) -> tuple[ArtifactId, ...]:
    if asked in resolution.members:
        return resolution.members[asked]
    if asked.type in ArtifactType.composite_types():
        raise NotFoundError(
            f"{asked} cannot be expanded: no loaded plugin knows composites",
            hint="`holdall plugins` shows what is loaded and what failed",
        )
    return (asked,)


def _content_of(
    collection: Collection, resolution: Resolution, artifact_id: ArtifactId
) -> StoredContent:
    if (stored := resolution.contents.get(artifact_id)) is not None:
        return stored
    entry = collection.entry(artifact_id)
    assert isinstance(entry, ManifestArtifact), "composites were expanded"
    return StoredContent(collection.tree(entry), collection.location(entry), is_pinned=False)


def _named_tree(
    collection: Collection, artifact_id: ArtifactId, content: StoredContent
) -> Tree | None:
    """Return an artifact's files with its deployed name in the head, where that must be written.

    Heads are read only where the name is not plainly the source's.
    """
    if artifact_id.type not in (ArtifactType.SKILL, ArtifactType.AGENT):
        return None
    is_other = _is_other_name(collection, artifact_id)
    if not is_other and not content.is_pinned:
        return None
    from holdall.deploy.planning.deployed_names import named_tree

    return named_tree(artifact_id, content, collection, is_other=is_other)


def _is_other_name(collection: Collection, artifact_id: ArtifactId) -> bool:
    """Return whether something may have another name in its source, which was taken.

    The path does not always show it: agents are named by their heads, and another collection, as a
    source, has names of its own. Then what took the name is here.
    """
    type_name, name = artifact_id
    own = (collection.entry(artifact_id).source_path or "").rpartition("/")[2]
    if type_name == ArtifactType.AGENT:
        own = own.removesuffix(".md")
    if own not in ("", name):
        return True
    parts = name.split("-")
    shorter = ["-".join(parts[start:]) for start in range(1, len(parts))]
    shorter += ["-".join(parts[:-1])]  # `x-1a2b3c4d`
    return any(ArtifactId(type_name, known) in collection.manifest.by_id for known in shorter)


def pair_with_targets(
    request: DeployRequest, resolution: Resolution, artifacts: Iterable[PlannedArtifact]
) -> list[tuple[Target, PlannedArtifact]]:
    """Return which artifacts are for which targets.

    A plugin's own files go where something goes that refers to them, or where they were asked for.
    """
    artifacts = list(artifacts)
    asked = {*request.ids, *(i for members in resolution.members.values() for i in members)}
    users: dict[ArtifactId, set[str]] = {}
    for artifact in artifacts:
        if artifact.companion is not None:
            users.setdefault(artifact.companion, set()).add(artifact.id.type)
    return [
        (target, artifact)
        for target in request.targets
        for artifact in artifacts
        if artifact.id in asked or any(map(target.knows, users.get(artifact.id, ())))
    ]
