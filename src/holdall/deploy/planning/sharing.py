"""Hooks and servers that one agent would run or see twice: they are placed once, or reported.

Some agents read the settings of others, too: GitHub Copilot runs the hooks of Claude Code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from holdall.artifacts.ids import ArtifactId
from holdall.deploy.planning.files import Loss
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.targets import Target

Pair = tuple[Target, PlannedArtifact]


def split_shared(
    pairs: Sequence[Pair], kept: Iterable[Deployed], known: Mapping[str, Target]
) -> tuple[list[Pair], tuple[Loss, ...]]:
    """Return what is to be placed, without what an agent reads in another one's settings.

    `kept` is what stays in the project for other targets, `known` are all targets by name.
    """
    there: dict[ArtifactId, list[Target]] = {}
    for target, artifact in pairs:
        if artifact.id.type in target.merges:
            there.setdefault(artifact.id, []).append(target)
    staying: dict[ArtifactId, list[Target]] = {}
    for entry in kept:
        if entry.merged and entry.target in known:
            staying.setdefault(entry.id, []).append(known[entry.target])
    placed, losses = [], []
    for target, artifact in pairs:
        others = [*there.get(artifact.id, ()), *staying.get(artifact.id, ())]
        source = next((o for o in others if _reads(target, o, artifact.id.type)), None)
        if source is not None and artifact.id.type in target.merges:
            path = source.merges[artifact.id.type].path
            text = f"placed once: it is read in {path}, where it is for {source.name}"
            losses.append(Loss(target.name, artifact.id, text))
            continue
        placed.append((target, artifact))
        for other in staying.get(artifact.id, ()):
            if _reads(other, target, artifact.id.type):
                path = target.merges[artifact.id.type].path
                text = f"there twice now, since {path} is read, too: undeploy one of the two"
                losses.append(Loss(other.name, artifact.id, text))
    users = {(target.name, a.companion) for target, a in pairs if a.companion is not None}
    users -= {(target.name, a.companion) for target, a in placed if a.companion is not None}
    return [pair for pair in placed if (pair[0].name, pair[1].id) not in users], tuple(losses)


def _reads(reader: Target, other: Target, type_name: str) -> bool:
    """Return whether an agent reads the settings into which another one's entries of a type go."""
    merge, own = other.merges.get(type_name), reader.merges.get(type_name)
    if merge is None or own is None or merge.path == own.path:
        return False
    return merge.path in reader.reads.get(type_name, ())
