"""Sentences about what a deploy leaves out, keeps, or does in an unusual place."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path

from holdall.artifacts.ids import ArtifactId, ArtifactType
from holdall.config import is_collection
from holdall.deploy.planning.files import Loss
from holdall.deploy.planning.plan import DeployRequest, PlannedArtifact
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.targets import Target


def deploy_notes(
    request: DeployRequest, pairs: Iterable[tuple[Target, PlannedArtifact]]
) -> Iterator[str]:
    """Yield a sentence for each thing that the user has probably not meant."""
    yield from _place_notes(request.project)
    yield from _useless_notes(request, pairs)


def _place_notes(project: Path) -> Iterator[str]:
    """Yield a sentence for a project that is a collection's folder, or is in one."""
    place = project.resolve()
    for folder in (place, *place.parents):
        if is_collection(folder):
            yield f"{project} is in the collection {folder}: is that where you want it?"


def wanted_notes(
    kept: Sequence[Deployed], ids: Sequence[ArtifactId], targets: Container[str]
) -> list[str]:
    """Return a sentence for each artifact that was to be removed and that other requests need."""
    asked = set(ids)
    return [
        f"{entry.id} stays: still needed by {', '.join(map(str, entry.wanted_by))}"
        for entry in kept
        if entry.id in asked and entry.target in targets
    ]


def left_out_notes(
    pairs: Iterable[tuple[Target, PlannedArtifact]], losses: Iterable[Loss]
) -> Iterator[str]:
    """Yield a sentence for each type, and each part of artifacts, that a target does not have."""
    yield from _unsupported_notes(pairs)
    yield from _loss_notes(losses)


def _unsupported_notes(pairs: Iterable[tuple[Target, PlannedArtifact]]) -> Iterator[str]:
    """Yield a sentence for each target and type that it does not support."""
    unknown: dict[tuple[str, str], list[str]] = {}
    for target, artifact in pairs:
        if not target.knows(artifact.id.type):
            unknown.setdefault((target.name, artifact.id.type), []).append(str(artifact.id))
    for (name, type_name), ids in unknown.items():
        more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
        left_out = ", ".join(ids[:3]) + more
        yield f"{name} does not support the type {type_name}: {left_out} left out"


def _loss_notes(losses: Iterable[Loss]) -> Iterator[str]:
    """Yield a sentence for each thing that conversions for a target could not keep."""
    found: dict[tuple[str, str, bool], dict[str, None]] = {}
    for loss in losses:
        found.setdefault((loss.target, loss.text, loss.is_whole), {})[str(loss.id)] = None
    for (target, text, is_whole), ids in found.items():
        more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
        names = ", ".join([*ids][:3]) + more
        yield f"{target}: {names} left out: {text}" if is_whole else f"{target}: {names}: {text}"


def _useless_notes(
    request: DeployRequest, pairs: Iterable[tuple[Target, PlannedArtifact]]
) -> Iterator[str]:
    """Yield a sentence for each composite of which a target supports nothing."""
    useful: dict[tuple[str, ArtifactId], bool] = {}
    for target, artifact in pairs:
        for asked in artifact.wanted_by:
            key = target.name, asked
            useful[key] = useful.get(key, False) or target.knows(artifact.id.type)
    composites = {found for found in request.ids if found.type in ArtifactType.composite_types()}
    for (name, asked), is_useful in useful.items():
        if asked in composites and not is_useful:
            yield f"{name} supports nothing of {asked}: nothing of it is deployed there"
