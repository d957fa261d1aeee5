"""Earlier requests and deployed artifacts: which of them a plan replaces, removes and keeps."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence

from holdall.artifacts.ids import ArtifactId, ArtifactType, Shape
from holdall.collection.collection import Collection
from holdall.deploy.planning.files import Arrangement
from holdall.deploy.planning.plan import DeployPlan, Placement
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.project.project import Project
from holdall.deploy.targets import Target
from holdall.errors import ConflictError, UsageError


class Earlier:
    """What is deployed in a project for some targets, found by id or by UUID."""

    def __init__(self, deployed: Sequence[Deployed], targets: Container[str]) -> None:
        self._deployed = deployed
        self._places: dict[ArtifactId | str, list[int]] = {}
        for place, entry in enumerate(deployed):
            if entry.target in targets:
                self._places.setdefault(entry.id, []).append(place)
                if entry.uuid is not None:
                    self._places.setdefault(entry.uuid, []).append(place)

    def wanting(self, artifact_id: ArtifactId, uuid: str | None) -> Iterable[ArtifactId]:
        """Yield the requests that kept an artifact so far, maybe under another name."""
        places = {*self._places.get(artifact_id, ()), *self._places.get(uuid or "", ())}
        for place in sorted(places):
            yield from self._deployed[place].wanted_by


def renewable(
    project: Project, collection: Collection, say: Callable[[str], None]
) -> tuple[ArtifactId, ...]:
    """Return the earlier requests that are still in the collection; the others are reported."""
    earlier = sorted(project.ledger.requests) or sorted(d.id for d in project.ledger.deployed)
    for request in earlier:
        if request not in collection.manifest.by_id:
            say(f"{request} is no longer in the collection; left as it is")
    return tuple(request for request in earlier if request in collection.manifest.by_id)


def renamed_requests(project: Project, collection: Collection) -> Iterable[ArtifactId]:
    """Yield the requests for what was renamed since and has lost its old name to something else.

    Else that would be deployed over it.
    """
    by_id = collection.manifest.by_id
    names = {entry.uuid: entry.id for entry in by_id.values() if entry.uuid}
    for entry in project.ledger.deployed:
        if entry.id in by_id and names.get(entry.uuid or "", entry.id) != entry.id:
            yield from (request for request in entry.wanted_by if request in by_id)


def standing(project: Project, plan: DeployPlan) -> Iterable[ArtifactId]:
    """Yield the earlier requests that are not repeated now and are still known."""
    asked = set(plan.requests)
    for request in project.ledger.requests:
        if request not in asked and request in plan.collection.manifest.by_id:
            yield request


def refuse_other_collections(project: Project, plan: DeployPlan) -> None:
    """Raise ConflictError where an artifact of another collection has the same id."""
    uuids = {artifact.id: artifact.uuid for artifact in plan.artifacts}
    for entry in project.ledger.deployed:
        ours = uuids.get(entry.id)
        is_another = None not in (ours, entry.uuid) and ours != entry.uuid
        if is_another and entry.collection != plan.collection.name:
            raise ConflictError(
                f"{entry.id} is deployed in {plan.project} already, from the collection"
                f" {entry.collection!a}",
                hint="undeploy that one first, rename yours, or replace it with --force",
            )


def split_deployed(
    deployed: Sequence[Deployed], plan: DeployPlan
) -> tuple[list[Deployed], list[Deployed]]:
    """Split what is deployed into what this plan replaces or removes, and what stays."""
    targets = {target.name for target in plan.targets}
    ids = {artifact.id for artifact in plan.artifacts}
    uuids = {artifact.uuid for artifact in plan.artifacts} - {None}
    asked = set(plan.requests)
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


def withdrawn_by(
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


def still_wanted(kept: Sequence[Deployed], ids: Sequence[ArtifactId]) -> list[str]:
    """Return a sentence for each artifact that was to be removed and that other requests need."""
    asked = set(ids)
    return [
        f"{entry.id} stays: still needed by {', '.join(map(str, entry.wanted_by))}"
        for entry in kept
        if entry.id in asked
    ]


def placements(arrangement: Arrangement, plan: DeployPlan) -> Iterable[Placement]:
    """Yield the placements below the targets' roots after the deploy."""
    roots = {target.name: target.root for target in plan.targets}
    artifacts = {artifact.id: artifact for artifact in plan.artifacts}
    for target, artifact_id in arrangement.files:
        artifact = artifacts[artifact_id]
        yield Placement(artifact_id, artifact.uuid, artifact.tree.content_hash, roots[target])


def removed_placements(
    obsolete: Sequence[Deployed], plan: DeployPlan, targets: Sequence[Target]
) -> Iterable[Placement]:
    """Yield the placements that the deploy removes."""
    roots = {target.name: target.root for target in targets}
    placed = {(p.target_root, p.uuid or str(p.id)) for p in plan.placed}
    for entry in obsolete:
        root = roots[entry.target]
        if (root, entry.uuid or str(entry.id)) not in placed:
            yield Placement(entry.id, entry.uuid, entry.content_hash, root)


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
