"""Hooks of a deploy: composites and versions resolved, deployments recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.plugins import hookimpl

if TYPE_CHECKING:
    from collections.abc import Container

    from holdall.artifacts import ArtifactId
    from holdall.collection import Collection
    from holdall.deploy import Deployed, DeployPlan, DeployRequest, Resolution
    from holdall.files import Tree
    from holdall.plugins import Details, KnownDeployment, ReleaseState


@hookimpl
def holdall_deploy_resolve(request: DeployRequest) -> Resolution | None:
    """Resolve `type:name` to UUIDs and composites to their members."""
    from holdall_composites.service.deploy import resolve

    return resolve(request)


@hookimpl
def holdall_deploy_prepare(plan: DeployPlan, transaction_id: str) -> None:
    """Record the deployment as pending, in a short transaction of its own."""
    from holdall_composites.service.deploy import begin

    begin(plan, transaction_id)


@hookimpl
def holdall_deploy_abandoned(plan: DeployPlan, transaction_id: str) -> None:
    """Forget the pending deployment; called again, it finds none."""
    from holdall_composites.service.deploy import abandon

    abandon(plan, transaction_id)


@hookimpl
def holdall_deploy_complete(plan: DeployPlan, transaction_id: str) -> None:
    """Record the deployment as done; called again, it finds it done."""
    from holdall_composites.service.deploy import finish

    finish(plan, transaction_id)


@hookimpl
def holdall_known_versions(
    collection: Collection, wanted: Sequence[Deployed], folder: Path | None
) -> list[Tree | None]:
    """Return the stored versions that a project's entries name."""
    from holdall_composites.history.versions import known_versions

    return known_versions(collection, wanted, folder)


@hookimpl
def holdall_collection_details(collection: Collection) -> Details:
    """Return the numbers of the newest versions, and the deployments."""
    from holdall_composites.history.versions import collection_details

    return collection_details(collection)


@hookimpl
def holdall_known_deployments(collection: Collection) -> list[KnownDeployment]:
    """Return all deployments beside the head."""
    from holdall_composites.service.deploy import known_deployments

    return known_deployments(collection)


@hookimpl
def holdall_deploy_forget(
    collection: Collection, project: str, present: Container[str]
) -> list[ArtifactId]:
    """Delete the deployments in a project that is gone."""
    from holdall_composites.service.deploy import forget_project

    return forget_project(collection, project, present)


@hookimpl
def holdall_version_tree(collection: Collection, artifact_id: ArtifactId, version: str) -> Tree:
    """Return the files of a stored version."""
    from holdall_composites.history.versions import version_tree
    from holdall_composites.resolver.versions import find_version
    from holdall_composites.session import open_synced

    with open_synced(collection) as resolver:
        found = find_version(resolver.store, collection, artifact_id, version)
        return version_tree(resolver.store, found.content_hash)


@hookimpl
def holdall_release_state(
    collection: Collection, release: int, ids: Sequence[ArtifactId]
) -> ReleaseState:
    """Return the manifest that a release stands for, and stored files."""
    from holdall_composites.history.past import release_state

    return release_state(collection, release, ids)
