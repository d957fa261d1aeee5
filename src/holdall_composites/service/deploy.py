"""What a deploy asks of the database: resolve before, record during and after."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from typing import TYPE_CHECKING

from holdall.artifacts import ArtifactId, ArtifactType, Shape
from holdall.collection import Collection as ArtifactCollection, ManifestArtifact
from holdall.deploy import (
    DeployPlan,
    DeployRequest,
    LedgerChange,
    Placement,
    Resolution,
    StoredContent,
)
from holdall.errors import ConflictError, NotFoundError
from holdall.transaction import Signature
from holdall_composites.console import reporter
from holdall_composites.database.connect import can_write
from holdall_composites.session import host_of, open_synced
from holdall_composites.store.deployments import Place
from holdall_composites.store.store import Store
from holdall_composites.values.records import DeploymentRecord
from holdall_composites.values.types import Expanded

if TYPE_CHECKING:
    from holdall.plugins import KnownDeployment


def resolve(request: DeployRequest) -> Resolution | None:
    """Return what the database knows of a request; None for a collection that has no rows yet.

    What is not in the database gets no UUID. Raises ConflictError where two requests, those that
    stand from earlier included, want different versions of one artifact and the user chose none;
    NotFoundError where a composite's member was removed, unless forced.
    """
    collection_id = request.collection.manifest.uuid
    if collection_id is None:
        return None
    with open_synced(request.collection, at_head=True) as resolver, resolver.store.snapshot():
        store = resolver.store
        if not request.is_forced:
            _refuse_removed_members(request, store, collection_id)
        asked = {str(found): found for found in (*request.ids, *request.standing)}
        expanded = {asked[text]: found for text, found in resolver.expand_each(list(asked)).items()}
        members = {
            composite: tuple(ArtifactId.parse(found.id) for found in expanded[composite])
            for composite in request.ids
            if composite.type in ArtifactType.composite_types() and composite in expanded
        }
        wanted = {*request.ids, *(member for some in members.values() for member in some)}
        uuids = _uuids_of(store, collection_id, wanted)
        wants = _Wants(
            (found, some) for found, some in expanded.items() if found not in request.versions
        )
        contents = {
            artifact_id: content
            for artifact_id in sorted(uuids)
            if (content := _content_of(request, store, artifact_id, uuids[artifact_id], wants))
        }
        companions = {}
        if any(found.type in (ArtifactType.HOOK, ArtifactType.MCP) for found in uuids):
            from holdall_composites.resolver.companions import find_companions

            companions = find_companions(request, contents, sorted(uuids))
            uuids |= _uuids_of(store, collection_id, set(companions.values()))
    return Resolution(members, uuids, contents, companions)


def _uuids_of(
    store: Store, collection_id: str, ids: Collection[ArtifactId]
) -> dict[ArtifactId, str]:
    if not ids:
        return {}
    found = store.artifacts.uuids_of(collection_id, sorted(map(str, ids)))
    return {ArtifactId.parse(known): uuid for known, uuid in found.items()}


def _refuse_removed_members(request: DeployRequest, store: Store, collection_id: str) -> None:
    composites = [str(i) for i in request.ids if i.type in ArtifactType.composite_types()]
    edges = store.memberships.edges_below(collection_id, composites) if composites else []
    for edge in edges:
        if not edge.is_active:
            raise NotFoundError(
                f"{edge.composite_id} contains {edge.id}, which was removed from the collection",
                hint="bring it back with `holdall undo` or by collecting it, take it out with"
                " `holdall composite remove`, or leave it out with --force",
            )


class _Wants:
    """Which requests want which pin of which artifact; None is the collection's present content."""

    def __init__(self, expanded: Iterable[tuple[ArtifactId, Iterable[Expanded]]]) -> None:
        self._requests: dict[ArtifactId, dict[str | None, ArtifactId]] = {}
        for request, some in expanded:
            for found in some:
                self.add(request, ArtifactId.parse(found.id), found.pin)

    def add(self, request: ArtifactId, artifact_id: ArtifactId, pin: str | None) -> None:
        self._requests.setdefault(artifact_id, {}).setdefault(pin, request)

    def pin_of(self, artifact_id: ArtifactId, present: str | None) -> str | None:
        """Return the pin that all agree on; a pin to the present content agrees with none."""
        pins = self._requests.get(artifact_id, {})
        if len({pin or present for pin in pins}) < 2:
            return next((pin for pin in pins if pin is not None), None)
        text = " and ".join(
            f"{request} {'at ' + pin[:12] if pin else 'as the collection has it'}"
            for pin, request in pins.items()
        )
        raise ConflictError(
            f"{artifact_id} is wanted in different versions: {text}",
            hint=f"choose one with --force and {artifact_id}@VERSION, or change the pins",
        )


def _content_of(
    request: DeployRequest, store: Store, artifact_id: ArtifactId, uuid: str, wants: _Wants
) -> StoredContent | None:
    """Lay out the version to deploy; None for what the collection's folder holds."""
    entry = request.collection.entry(artifact_id)
    if not isinstance(entry, ManifestArtifact):
        return None
    if (text := request.versions.get(artifact_id)) is not None:
        from holdall_composites.resolver.versions import find_version

        pin: str | None = find_version(store, request.collection, artifact_id, text).content_hash
        wants.add(artifact_id, artifact_id, pin)
    if text is None or not request.is_forced:
        pin = wants.pin_of(artifact_id, entry.content_hash)
    if pin is None:
        return None
    from holdall_composites.history.versions import materialize, version_tree
    from holdall_composites.resolver.versions import refuse_strange_pin

    assert request.scratch is not None, "a deploy has a folder for old versions"
    refuse_strange_pin(store, uuid, str(artifact_id), pin)
    tree = version_tree(store, pin)
    folder = request.scratch.path / uuid
    materialize(store, tree, folder)
    spec = request.collection.spec_of(artifact_id)
    location = folder / spec.only_file if spec.shape is Shape.FILE else folder
    return StoredContent(tree, location, is_pinned=True)


def begin(plan: DeployPlan, transaction_id: str) -> None:
    """Record the plan's new placements as pending, and keep the bytes that no version has."""
    if plan.collection.manifest.uuid is not None and plan.placed:
        with open_synced(plan.collection) as resolver:
            if not can_write(resolver.store.database):
                return
            records = _records(plan, _find_unrecorded(plan, resolver.store), transaction_id)
            if plan.collection.ahead is not None:  # what the same change brings has no rows yet
                known = resolver.store.artifacts.owners_of({r.artifact_uuid for r in records})
                records = [record for record in records if record.artifact_uuid in known]
            hashes = {record.content_hash for record in records}
            if unknown := resolver.store.contents.unknown_trees(hashes):
                from holdall_composites.sync.save_versions import keep_deployed

                keep_deployed(resolver.store, plan, unknown)
            resolver.store.deployments.begin(records)


def abandon(plan: DeployPlan, transaction_id: str) -> None:
    """Forget what `begin` recorded for a deploy that was given up. Safe to repeat."""
    records = _records(plan, plan.placed, transaction_id)
    if records:
        with open_synced(plan.collection) as resolver:
            store = resolver.store
            if can_write(store.database) or _is_begun(plan, store, transaction_id):
                store.deployments.abandon(records)


def finish(plan: DeployPlan, transaction_id: str) -> None:
    """Record the placements as done, forget what was withdrawn, and log it. Safe to repeat.

    What is recorded for the places where the project was before is what is here now.

    Where the database can only be read, what it has not heard of is not recorded there.
    """
    collection_id = plan.collection.manifest.uuid
    if collection_id is None:
        return
    with open_synced(plan.collection) as resolver:
        store = resolver.store
        if not can_write(store.database) and not _is_begun(plan, store, transaction_id):
            reporter().note(
                "note: the collection's database can only be read: what was done is recorded in"
                f" {plan.project} only"
            )
            return
        _finish(plan, store, collection_id, transaction_id)


def _is_begun(plan: DeployPlan, store: Store, transaction_id: str) -> bool:
    """Return whether the database has the deploy as pending: it has to hear how it ended."""
    return store.deployments.is_pending(_place(plan), transaction_id)


def _finish(plan: DeployPlan, store: Store, collection_id: str, transaction_id: str) -> None:
    from holdall_composites.history.log import record_deploy

    withdrawn = _records(plan, plan.withdrawn, transaction_id)
    place = _place(plan)
    with store.transaction():
        for former in plan.moved_from:
            store.deployments.move(place._replace(project=former), place.project)
            store.operations.move(collection_id, place.host, former, place.project)
        records = _records(plan, _find_unrecorded(plan, store), transaction_id)
        store.deployments.finish(records)
        store.deployments.forget(withdrawn)
        if plan.change != LedgerChange():  # else there is nothing to undo
            record_deploy(store, collection_id, plan, transaction_id)


def forget_project(
    collection: ArtifactCollection, project: str, present: Container[str]
) -> list[ArtifactId]:
    """Forget what was deployed into a project, but for what is present; returns what that was."""
    collection_id = collection.manifest.uuid
    if collection_id is None:
        return []
    with open_synced(collection) as resolver, resolver.store.transaction():
        store = resolver.store
        host = host_of(collection)
        rows = store.deployments.in_project(Place(collection_id, host, project))
        gone = [row for row in rows if row.artifact_uuid not in present]
        store.deployments.forget(gone)
        owners = store.artifacts.owners_of({row.artifact_uuid for row in gone}) if gone else {}
    return sorted(ArtifactId.parse(name) for _, name in owners.values())


def known_deployments(collection: ArtifactCollection) -> list[KnownDeployment]:
    """Return what is deployed in every project, beside what the newest release has of it."""
    from holdall.plugins import KnownDeployment

    collection_id = collection.manifest.uuid
    if collection_id is None:
        return []
    here, shown = host_of(collection), Signature.now().host
    with open_synced(collection) as resolver:
        rows = resolver.store.deployments.beside_head(collection_id)
    return [KnownDeployment(one.host or shown, *one[1:], is_here=one.host == here) for one in rows]


def _find_unrecorded(plan: DeployPlan, store: Store) -> list[Placement]:
    """Return the plan's placements but for those that are recorded as done."""
    if not plan.placed:
        return []
    done = store.deployments.list_done(_place(plan))
    return [p for p in plan.placed if (p.target_root, p.uuid, p.content_hash) not in done]


def _place(plan: DeployPlan) -> Place:
    """Return what the database calls the project."""
    host = host_of(plan.collection, plan.signature)
    return Place(plan.collection.manifest.uuid or "", host, str(plan.project.resolve()))


def _records(
    plan: DeployPlan, placements: Iterable[Placement], transaction_id: str
) -> list[DeploymentRecord]:
    collection_id = plan.collection.manifest.uuid
    if collection_id is None:
        return []
    place = _place(plan)
    return [
        DeploymentRecord(
            collection_id=collection_id,
            host=place.host,
            project=place.project,
            target_root=str(placement.target_root),
            artifact_uuid=placement.uuid,
            content_hash=placement.content_hash,
            transaction_id=transaction_id,
        )
        for placement in placements
        if placement.uuid is not None
    ]
