"""What a collect would do, and conflicts between edits here and changes in a source."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.collection.changes import Change, ChangeKind, ChangeSet
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.errors import ConflictError, NotFoundError, UsageError
from holdall.files.tree import Tree
from holdall.sources.values import FoundArtifact, Reading
from holdall.transaction.actions import Action


class OnConflict(StrEnum):
    """What to do when the collection has other content under a name that a source brings."""

    FAIL = "fail"
    KEEP = "keep"
    TAKE = "take"
    BOTH = "both"


class Clash(NamedTuple):
    """An artifact that was edited here and changed in its source.

    `base` is the content hash that both began with, where that is known.
    """

    id: ArtifactId
    base: str | None
    here: Tree
    there: Tree


class ImportPlan(NamedTuple):
    """What a collect would do: the change set and the file actions that go with it.

    `refused` are the ids in the source of what has hidden text. `former` is the name under which
    the source is known, if that is another. `ids` are what the source's ids are called here.
    """

    changes: ChangeSet
    actions: tuple[Action, ...]
    clashes: tuple[Clash, ...] = ()
    refused: tuple[ArtifactId, ...] = ()
    former: str | None = None
    ids: Mapping[ArtifactId, ArtifactId] = MappingProxyType({})

    @property
    def conflicts(self) -> list[Change]:
        """The changes that wait for a decision."""
        return self.changes.of_kind(ChangeKind.CONFLICT)


def refuse_conflicts(plan: ImportPlan) -> None:
    """Raise ConflictError that lists every conflict of the plan; nothing was written."""
    if not plan.conflicts:
        return
    listed = "; ".join(change.note or str(change.id) for change in plan.conflicts)
    raise ConflictError(
        listed,
        hint="--on-conflict keep|take|both decides, --rename OLD=NEW renames the new one",
    )


def refuse_unrecordable(source: str) -> None:
    """Raise UsageError for a source whose path the manifest cannot hold."""
    if source != source.encode("utf-8", "replace").decode():
        raise UsageError(
            f"{source!a}: its path is not valid UTF-8, and cannot be recorded",
            hint="rename that folder, or copy it to another place",
        )


def refuse_uncollected(
    collection: Collection, entry: ManifestArtifact, found: FoundArtifact
) -> None:
    """Raise ConflictError if other files, which nobody collected, are in an entry's place."""
    location = collection.location(entry)
    if not os.path.lexists(location):
        return
    if collection.tree(entry).content_hash != found.tree.content_hash:
        raise ConflictError(
            f"{location} is there already, and was not collected",
            hint="run `holdall collect` to record it; then collect the source again",
        )


def refuse_renames(
    found: Sequence[FoundArtifact], renames: Mapping[ArtifactId, ArtifactId]
) -> None:
    """Raise NotFoundError for a rename of nothing, ConflictError for two artifacts of one name."""
    unknown = renames.keys() - {artifact.id for artifact in found}
    if unknown:
        raise NotFoundError(
            f"--rename: the source has no {min(map(str, unknown))}",
            hint="`holdall scan SOURCE` shows its ids",
        )
    owners: dict[ArtifactId, ArtifactId] = {}
    for artifact in found:
        wanted = renames.get(artifact.id, artifact.id)
        if (owner := owners.setdefault(wanted, artifact.id)) != artifact.id:
            raise ConflictError(
                f"--rename: {owner} and {artifact.id} would both be {wanted}",
                hint="give one of them another name",
            )


def three_way(clash: Clash, base: Tree | None) -> Iterator[str]:
    """Yield a line for each file that differs: who changed it since both were the same.

    Without `base`, only that it differs.
    """
    before, here, there = (
        {file.path: file for file in tree.files} if tree is not None else {}
        for tree in (base, clash.here, clash.there)
    )
    for path in sorted({**here, **there}, key=os.fsencode):
        old, ours, theirs = (found.get(path) for found in (before, here, there))
        if ours == theirs:
            continue
        if base is None:
            yield f"{path}: differs"
        elif ours == old:
            yield f"{path}: changed in the source"
        elif theirs == old:
            yield f"{path}: edited here"
        else:
            yield f"{path}: edited here and changed in the source"


def trees_put(changes: ChangeSet, reading: Reading) -> dict[RelPath, Tree]:
    """Return the trees of the artifacts that are new or changed, by their paths."""
    put = {c.id for c in changes.changes if c.kind in (ChangeKind.NEW, ChangeKind.CHANGED)}
    trees = {found.tree.content_hash: found.tree for found in reading.artifacts}
    return {
        entry.path: trees[entry.content_hash]
        for entry in changes.after.artifacts
        if entry.id in put and entry.content_hash in trees
    }
