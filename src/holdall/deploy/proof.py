"""Proof that something in a project is Holdall's: it is what a version would place there.

What a ledger, a record or `deployed.toml` says may have come with the project: it is a hint where
to look. Bytes, or an entry of a settings file, are proven by this user's seal, or by being equal to
what the artifact's content in the collection, or a version of it in the database, would place
there. What is not proven is the user's. Asked only where something will be replaced or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path

from holdall import NamedTuple, dataclass
from holdall.artifacts.ids import ArtifactId, ArtifactType, Shape
from holdall.artifacts.paths import RelPath
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.deploy.ownership import renamed_head
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.project.ledger import Deployed, Merged
from holdall.deploy.project.seals import is_sealed
from holdall.deploy.targets import Target
from holdall.errors import HoldallError
from holdall.files.root import FileState
from holdall.files.scratch import Scratch
from holdall.files.tree import Tree

FindVersions = Callable[[Sequence[Deployed], Path | None], Sequence[Tree | None]]
"""Return the trees of the versions that entries name, None for what is no version of theirs.

With a folder, the files of number N are laid out in it, in the folder `N`.
"""

_Key = tuple[str, ArtifactId]


class _Placed(NamedTuple):
    """What the known contents of an artifact would place."""

    files: set[tuple[RelPath, FileState]]
    entries: set[tuple[object, ...]]

    def covers(self, entry: Deployed) -> bool:
        return self.files >= set(entry.files.items()) and self.entries >= set(
            map(_claim, entry.merged)
        )


def _claim(merged: Merged) -> tuple[object, ...]:
    return merged.path, merged.keys, merged.key, merged.hash


@dataclass
class Proof:
    """Decides for one project; `targets` are all that it may have, by name.

    `entries` are all that it may be asked for: versions are looked for at once. `find` asks the
    plugins for them.
    """

    project: Path
    targets: Mapping[str, Target]
    scratch: Scratch
    collection: Collection | None = None
    find: FindVersions | None = None
    entries: Sequence[Deployed] = ()
    _seals: dict[_Key, bool] = field(default_factory=dict)
    _placed: dict[_Key, _Placed] = field(default_factory=dict)
    _stored: dict[_Key, PlannedArtifact] | None = None

    def covers_file(self, entry: Deployed, path: RelPath) -> bool:
        """Return whether the file that an entry says to have placed at `path` is proven."""
        return self._has_seal(entry) or (path, entry.files[path]) in self._find_known(entry).files

    def covers_entry(self, entry: Deployed, merged: Merged) -> bool:
        """Return whether one of an entry's parts of settings files is proven."""
        return self._has_seal(entry) or _claim(merged) in self._find_known(entry).entries

    def _has_seal(self, entry: Deployed) -> bool:
        key = entry.target, entry.id
        if key not in self._seals:
            self._seals[key] = is_sealed(entry)
        return self._seals[key]

    def _find_known(self, entry: Deployed) -> _Placed:
        key = entry.target, entry.id
        if key not in self._placed:
            placed = _Placed(set(), set())
            for artifact in self._contents(entry):
                self._add(placed, entry, artifact)
                if placed.covers(entry):
                    break
            self._placed[key] = placed
        return self._placed[key]

    def _contents(self, entry: Deployed) -> Iterator[PlannedArtifact]:
        """Yield the contents of an artifact that are known: the present one, then a version."""
        present = self._present(entry)
        if present is not None:
            yield present
        if self._stored is None:
            self._stored = self._find_stored()
        if (stored := self._stored.get((entry.target, entry.id))) is not None:
            yield stored

    def _present(self, entry: Deployed) -> PlannedArtifact | None:
        """Return an artifact's content in the collection, under its deployed id."""
        if self.collection is None:
            return None
        found = self._by_uuid.get(entry.uuid or "") or self.collection.manifest.by_id.get(entry.id)
        if not isinstance(found, ManifestArtifact) or found.id.type != entry.id.type:
            return None
        try:
            tree = self.collection.tree(found)
        except HoldallError:
            return None
        return PlannedArtifact(entry.id, tree, self.collection.location(found), ())

    @cached_property
    def _by_uuid(self) -> Mapping[str, ManifestArtifact]:
        artifacts = self.collection.manifest.artifacts if self.collection else ()
        return {artifact.uuid: artifact for artifact in artifacts if artifact.uuid}

    def _find_stored(self) -> dict[_Key, PlannedArtifact]:
        if self.find is None:
            return {}
        wanted = [e for e in self.entries if e.target in self.targets and not self._has_seal(e)]
        found: dict[_Key, PlannedArtifact] = {}
        for some, folder in (
            ([e for e in wanted if not self._needs_bytes(e)], None),
            ([e for e in wanted if self._needs_bytes(e)], self.scratch),
        ):
            if some:
                place = None if folder is None else folder.path / "proof"
                for number, tree in enumerate(self.find(some, place)):
                    entry = some[number]
                    if tree is not None and self._fits(entry, tree):
                        location = self._location(entry, place, number)
                        found[entry.target, entry.id] = PlannedArtifact(
                            entry.id, tree, location, ()
                        )
        return found

    def _fits(self, entry: Deployed, tree: Tree) -> bool:
        """Return whether an artifact of the entry's type can have these files."""
        spec = self.targets[entry.target].places.get(entry.id.type)
        return spec is None or spec.shape is not Shape.FILE or len(tree.files) == 1

    def _needs_bytes(self, entry: Deployed) -> bool:
        target = self.targets[entry.target]
        return (
            target.entries_of(entry.id.type) is not None
            or entry.id.type in target.converts
            or renamed_head(target, entry) is not None
        )

    def _location(self, entry: Deployed, place: Path | None, number: int) -> Path:
        if place is None or self.collection is None:
            return Path()
        spec = self.collection.types.get(entry.id.type)
        folder = place / str(number)
        return folder / spec.only_file if spec and spec.shape is Shape.FILE else folder

    def _add(self, placed: _Placed, entry: Deployed, artifact: PlannedArtifact) -> None:
        """Add what one content of an artifact would place for an entry's target."""
        from holdall.deploy.planning.files import planned_files

        target = self.targets.get(entry.target)
        if target is None:
            return
        try:
            for one in self._spell(target, entry, artifact):
                files = planned_files(target, one)
                placed.files.update((path, file.state) for path, file in files.items())
            if entry.merged:
                placed.entries.update(map(_claim, self._merge(target, artifact)))
        except HoldallError:
            return  # it would not be placed

    def _spell(
        self, target: Target, entry: Deployed, artifact: PlannedArtifact
    ) -> Iterator[PlannedArtifact]:
        """Yield an artifact as it is and, if its head was placed so, with its deployed name."""
        if entry.files:
            yield artifact
        if renamed_head(target, entry) is not None:
            from holdall.deploy.planning.deployed_names import name_head

            named = name_head(entry.id, artifact.tree, artifact.location)
            if named is not None:
                yield artifact._replace(named=named)

    def _merge(self, target: Target, artifact: PlannedArtifact) -> Iterator[Merged]:
        from holdall.deploy.planning.settings import planned_entries

        merge = target.entries_of(artifact.id.type)
        if merge is not None:
            for companion in self._companions():
                planned = artifact._replace(companion=companion)
                yield from planned_entries(planned, merge, target, self.project).entries

    def _companions(self) -> Iterable[ArtifactId | None]:
        """Return what an entry may name as its plugin's files: all that there are, or none."""
        known = [entry.id for entry in self.entries]
        known += self.collection.manifest.by_id if self.collection else ()
        files = [i for i in known if i.type == ArtifactType.PLUGIN_FILES]
        return None, *dict.fromkeys(files)
