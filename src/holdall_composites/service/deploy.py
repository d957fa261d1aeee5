"""What a deploy asks of the database: resolve before, record during and after."""

from __future__ import annotations

from collections.abc import Iterable

from holdall.artifacts import ArtifactId, ArtifactType, Shape
from holdall.collection import ManifestArtifact
from holdall.deploy import DeployPlan, Placement, StoredContent
from holdall.errors import ConflictError, NotFoundError
from holdall_composites.resolver.companions import find_companions
from holdall_composites.session import opened
from holdall_composites.store.store import Store
from holdall_composites.values.records import DeploymentRecord
from holdall_composites.values.types import Expanded


def resolve(plan: DeployPlan) -> None:
    """Fill the plan's members and UUIDs from the database, and the contents of other versions.

    What is not in the database yet gets no UUID. Raises ConflictError where two requests, those
    that stand from earlier included, want different versions of one artifact and the user chose
    none; NotFoundError where a composite's member was removed, unless forced.
    """
    collection_id = plan.collection.manifest.uuid
    if collection_id is None:
        return
    with opened(plan.collection) as resolver, resolver.store.reading():
        if not plan.is_forced:
            _refuse_removed_members(plan, resolver.store, collection_id)
        wants = _Wants()
        asked = {str(request): request for request in (*plan.requests, *plan.standing)}
        standing = set(plan.standing)
        for text, expanded in resolver.expand_each(list(asked)).items():
            request = asked[text]
            if request not in plan.versions:
                wants.add(request, expanded)
            if request not in standing and request.type in ArtifactType.composite_types():
                plan.members[request] = tuple(ArtifactId.parse(found.id) for found in expanded)
        wanted = {str(request) for request in plan.requests}
        wanted |= {str(member) for members in plan.members.values() for member in members}
        uuids = resolver.store.artifacts.uuids_of(collection_id, sorted(wanted))
        plan.uuids.update({ArtifactId.parse(known): uuid for known, uuid in uuids.items()})
        for artifact_id in sorted(plan.uuids):
            _choose_version(plan, resolver.store, artifact_id, wants)
        plan.companions.update(find_companions(plan, sorted(plan.uuids)))
        files = sorted(map(str, set(plan.companions.values())))
        known = resolver.store.artifacts.uuids_of(collection_id, files) if files else {}
        plan.uuids.update({ArtifactId.parse(name): uuid for name, uuid in known.items()})


def _refuse_removed_members(plan: DeployPlan, store: Store, collection_id: str) -> None:
    composites = [str(r) for r in plan.requests if r.type in ArtifactType.composite_types()]
    edges = store.memberships.edges_below(collection_id, composites) if composites else []
    for composite_id, child_id, *_, child_is_active in edges:
        if not child_is_active:
            raise NotFoundError(
                f"{composite_id} contains {child_id}, which was removed from the collection",
                hint="bring it back with `holdall undo` or by collecting it, take it out with"
                " `holdall composite remove`, or leave it out with --force",
            )


class _Wants:
    """Which requests want which pin of which artifact; None is the collection's present content."""

    def __init__(self) -> None:
        self._requests: dict[ArtifactId, dict[str | None, ArtifactId]] = {}

    def add(self, request: ArtifactId, expanded: Iterable[Expanded]) -> None:
        for found in expanded:
            pins = self._requests.setdefault(ArtifactId.parse(found.id), {})
            pins.setdefault(found.pin, request)

    def pin_of(self, artifact_id: ArtifactId, present: str | None) -> str | None:
        """Return the pin that all agree on; a pin to the present content agrees with none."""
        pins = self._requests.get(artifact_id, {})
        if len({pin or present for pin in pins}) < 2:
            return next((pin for pin in pins if pin is not None), None)
        told = " and ".join(
            f"{request} {'at ' + pin[:12] if pin else 'as the collection has it'}"
            for pin, request in pins.items()
        )
        raise ConflictError(
            f"{artifact_id} is wanted in different versions: {told}",
            hint=f"choose one with --force and {artifact_id}@VERSION, or change the pins",
        )


def _choose_version(plan: DeployPlan, store: Store, artifact_id: ArtifactId, wants: _Wants) -> None:
    """Lay out the version to deploy, where it is not simply what the collection's folder holds."""
    entry = plan.collection.entry(artifact_id)
    if not isinstance(entry, ManifestArtifact):
        return
    from holdall_composites.history.versions import materialize, version_tree
    from holdall_composites.resolver.versions import find_version, refuse_strange_pin

    if artifact_id in plan.versions:
        text = plan.versions[artifact_id]
        pin: str | None = find_version(store, plan.collection, artifact_id, text).content_hash
        wants.add(artifact_id, [Expanded(str(artifact_id), plan.uuids[artifact_id], pin)])
    if artifact_id not in plan.versions or not plan.is_forced:
        pin = wants.pin_of(artifact_id, entry.content_hash)
    if pin is None or plan.scratch is None:
        return
    refuse_strange_pin(store, plan.uuids[artifact_id], str(artifact_id), pin)
    tree = version_tree(store, pin)
    folder = plan.scratch.path / plan.uuids[artifact_id]
    materialize(store, tree, folder)
    spec = plan.collection.spec_of(artifact_id)
    location = folder / spec.only_file if spec.shape is Shape.FILE else folder
    plan.contents[artifact_id] = StoredContent(tree, location, is_pinned=True)


def begin(plan: DeployPlan, transaction_id: str) -> None:
    """Record the plan's new placements as pending, and keep the bytes that no version has."""
    from holdall_composites.sync.save_versions import keep_deployed

    if plan.collection.manifest.uuid is not None and plan.placed:
        with opened(plan.collection) as resolver:
            records = _records(plan, _unrecorded(plan, resolver.store), transaction_id)
            keep_deployed(resolver.store, plan, {record.content_hash for record in records})
            resolver.store.deployments.begin(records)


def abandon(plan: DeployPlan, transaction_id: str) -> None:
    """Forget what `begin` recorded for a deploy that was given up. Safe to repeat."""
    records = _records(plan, plan.placed, transaction_id)
    if records:
        with opened(plan.collection) as resolver:
            resolver.store.deployments.abandon(records)


def finish(plan: DeployPlan, transaction_id: str) -> None:
    """Record the placements as done, forget what was withdrawn, and log it. Safe to repeat."""
    from holdall_composites.history.log import record_deploy

    collection_id = plan.collection.manifest.uuid
    if collection_id is None:
        return
    withdrawn = _records(plan, plan.withdrawn, transaction_id)
    with opened(plan.collection) as resolver, resolver.store.transaction():
        records = _records(plan, _unrecorded(plan, resolver.store), transaction_id)
        resolver.store.deployments.finish(records)
        resolver.store.deployments.forget(withdrawn)
        record_deploy(resolver.store, collection_id, plan, transaction_id)


def _unrecorded(plan: DeployPlan, store: Store) -> list[Placement]:
    """Return the plan's placements but for those that are recorded as done."""
    if not plan.placed:
        return []
    done = store.deployments.finished_in(plan.collection.manifest.uuid or "", _place(plan))
    return [p for p in plan.placed if (p.target_root, p.uuid, p.content_hash) not in done]


def _place(plan: DeployPlan) -> str:
    """Return what the database calls the project."""
    return str(plan.project.resolve())


def _records(
    plan: DeployPlan, placements: Iterable[Placement], transaction_id: str
) -> list[DeploymentRecord]:
    collection_id = plan.collection.manifest.uuid
    if collection_id is None:
        return []
    project = _place(plan)
    return [
        DeploymentRecord(
            collection_id=collection_id,
            project=project,
            target_root=str(placement.target_root),
            artifact_uuid=placement.uuid,
            content_hash=placement.content_hash,
            transaction_id=transaction_id,
        )
        for placement in placements
        if placement.uuid is not None
    ]
