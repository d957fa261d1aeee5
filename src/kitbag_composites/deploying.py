"""What a deploy asks of the database: resolve before, record during and after."""

from __future__ import annotations

from kitbag.artifacts import ArtifactId, ArtifactType
from kitbag.errors import ConflictError
from kitbag.manifest import ManifestArtifact
from kitbag.plan import DeployPlan, Placement
from kitbag_composites.resolver import Expanded
from kitbag_composites.service import opened
from kitbag_composites.store import DeploymentRecord

__all__ = ["begin", "finish", "resolve"]


def resolve(plan: DeployPlan) -> None:
    """Fill the plan's members and UUIDs from the database.

    What is not in the database yet gets no UUID. Raises ConflictError for a pin to a version that
    is not the collection's current one, or for two pins of one artifact.
    """
    collection_id = plan.collection.manifest.uuid
    if collection_id is None:
        return
    composites = [r for r in plan.requests if r.type in ArtifactType.composite_types()]
    with opened(plan.collection) as resolver:
        for request in composites:
            expanded = resolver.expand(collection_id, [str(request)])
            _refuse_old_pins(plan, request, expanded)
            plan.members[request] = tuple(ArtifactId.parse(found.id) for found in expanded)
        wanted = {str(request) for request in plan.requests}
        wanted |= {str(member) for members in plan.members.values() for member in members}
        uuids = resolver.store.uuids_of(collection_id, sorted(wanted))
    plan.uuids.update({ArtifactId.parse(known): uuid for known, uuid in uuids.items()})


def _refuse_old_pins(plan: DeployPlan, request: ArtifactId, expanded: list[Expanded]) -> None:
    for found in expanded:
        entry = plan.collection.entry(ArtifactId.parse(found.id))
        if found.pin is None or not isinstance(entry, ManifestArtifact):
            continue
        current = plan.collection.tree(entry).content_hash
        if current != found.pin:
            raise ConflictError(
                f"{request} pins {found.id} to {found.pin[:12]}, but the collection now holds"
                f" {current[:12]}",
                hint=f"restore that state, or `kitbag composite unpin {request.name} {found.id}`",
            )


def begin(plan: DeployPlan, transaction_id: str) -> None:
    """Record the plan's placements as pending."""
    records = _records(plan, plan.placed, transaction_id)
    if records:
        with opened(plan.collection) as resolver:
            resolver.store.begin_deployments(records)


def finish(plan: DeployPlan, transaction_id: str) -> None:
    """Record the placements as done and forget what was withdrawn. Safe to repeat."""
    records = _records(plan, plan.placed, transaction_id)
    withdrawn = _records(plan, plan.withdrawn, transaction_id)
    if records or withdrawn:
        with opened(plan.collection) as resolver, resolver.store.transaction():
            resolver.store.finish_deployments(records)
            resolver.store.forget_deployments(withdrawn)


def _records(
    plan: DeployPlan, placements: tuple[Placement, ...], transaction_id: str
) -> list[DeploymentRecord]:
    collection_id = plan.collection.manifest.uuid
    if collection_id is None:
        return []
    return [
        DeploymentRecord(
            collection_id=collection_id,
            project=str(plan.project.resolve()),
            target_root=str(placement.target_root),
            artifact_uuid=placement.uuid,
            content_hash=placement.content_hash,
            transaction_id=transaction_id,
        )
        for placement in placements
        if placement.uuid is not None
    ]
