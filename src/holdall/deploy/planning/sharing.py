"""What one agent would run or see twice: hooks and servers are placed once, rules are reported.

Some agents read the places of others, too: GitHub Copilot runs the hooks of Claude Code and follows
the rules in `.claude/rules`. Of skills and agents of one name they take the nearer one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from holdall.artifacts.ids import ArtifactId, ArtifactType
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


def rules_seen_twice(
    pairs: Sequence[Pair],
    kept: Iterable[Deployed],
    replaced: Iterable[Deployed],
    known: Mapping[str, Target],
) -> Iterator[Loss]:
    """Yield the rules that agents find in two folders from now on, and did not before.

    `kept` stays in the project, `replaced` is what was there of the same artifacts before.
    """
    before = {(entry.target, entry.id) for entry in replaced}
    placed = [(target, artifact.id) for target, artifact in pairs]
    new = {(target.name, found) for target, found in placed} - before
    staying = [(known[entry.target], entry.id) for entry in kept if entry.target in known]
    there: dict[ArtifactId, dict[str, Target]] = {}
    for target, found in (*staying, *placed):
        if found.type == ArtifactType.RULE and found.type in target.places:
            there.setdefault(found, {})[target.name] = target
    for found, targets in there.items():
        by_folder: dict[str, list[str]] = {}
        for target in targets.values():
            by_folder.setdefault(_folder_of(target, found), []).append(target.name)
        for reader in targets.values():
            own = _folder_of(reader, found)
            for folder in reader.reads.get(found.type, ()):
                others = by_folder.get(folder, []) if folder != own else []
                if new.isdisjoint((name, found) for name in (reader.name, *others)) or not others:
                    continue
                more = f" and {len(others) - 1} more" if len(others) > 1 else ""
                text = f"seen twice: {folder} is read, too, where it is for {others[0]}{more}"
                yield Loss(reader.name, found, text)


def _folder_of(target: Target, found: ArtifactId) -> str:
    """Return the folder in which an agent has the artifacts of a type."""
    return f"{target.root_of(found.type)}/{target.places[found.type].folder}"


def _reads(reader: Target, other: Target, type_name: str) -> bool:
    """Return whether an agent reads the settings into which another one's entries of a type go."""
    merge, own = other.merges.get(type_name), reader.merges.get(type_name)
    if merge is None or own is None or merge.path == own.path:
        return False
    return merge.path in reader.reads.get(type_name, ())
