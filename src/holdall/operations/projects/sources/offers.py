"""What a source offers to choose from: what it is called, what it is, and what it can run."""

from __future__ import annotations

from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.deploy.consent.questions import effects_of
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.targets import BUILTIN_TARGETS
from holdall.files.scratch import Scratch
from holdall.operations.projects.sources.collecting import location_of
from holdall.operations.projects.sources.selection import all_roots, choose
from holdall.sources.values import FoundArtifact, Reading

_FEW = 3


class Offer(NamedTuple):
    """One line of a choice. `effects` are the first few things that it lets an agent run."""

    id: ArtifactId
    about: str
    effects: tuple[str, ...]


def offers_of(reading: Reading) -> list[Offer]:
    """Return what a source offers, with what Claude, which runs the most, would run of it."""
    composites = {composite.id: composite for composite in reading.composites}
    artifacts = {artifact.id: artifact for artifact in reading.distinct_artifacts()}
    offers = []
    with Scratch() as scratch:
        for root in all_roots(reading):
            brought = choose(reading, [root]).brought
            effects = [e for one in brought for e in _effects(artifacts[one], scratch)]
            more = [f"and {len(effects) - _FEW} more"] if len(effects) > _FEW else []
            known = composites.get(root) or artifacts[root]
            about = known.description or ""
            if root in composites:
                about = f"{len(brought)} artifacts. {about}"
            shown = (*effects[:_FEW], *more)
            offers.append(Offer(root, " ".join(about.split()), shown))
    return offers


def _effects(found: FoundArtifact, scratch: Scratch) -> list[str]:
    artifact = PlannedArtifact(found.id, found.tree, location_of(found, scratch), ())
    return effects_of(artifact, BUILTIN_TARGETS["claude"], Path())
