"""Plan a deploy's file actions from what a project should contain, and find files in the way."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping, Sequence, Set
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from holdall import NamedTuple
from holdall.artifacts.hashing import FileDigest
from holdall.artifacts.ids import ArtifactId, Shape
from holdall.artifacts.paths import RelPath, refuse_collisions
from holdall.deploy.planning.plan import PlannedArtifact
from holdall.deploy.planning.twins import refuse_twins
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.targets import SETTINGS, Target
from holdall.errors import ConflictError, HostilePathError, LocalEditError
from holdall.files.root import FileState, Root
from holdall.files.tree import Tree, bytes_tree, hash_for_skillmeat
from holdall.formats.documents import read_bounded
from holdall.transaction.actions import Action, Put, Remove, RemoveFolder
from holdall.transaction.placement import ancestors, emptied_folders, place_contents, state_of

if TYPE_CHECKING:
    from holdall.deploy.proof import Proof

MAX_CONVERTED = 1 << 20

UNPROVEN = "in no version that is known here"
"""Why what a ledger says to be Holdall's is not taken for it."""


class EditedFile(NamedTuple):
    """A file in the way: one that a person changed, or one that Holdall did not put there."""

    path: RelPath
    is_ours: bool
    what: str | None = None

    @property
    def reason(self) -> str:
        """Why the file, or `what` is in it, must not simply be replaced."""
        return self.what or ("changed by hand" if self.is_ours else "not put there by Holdall")


Key = tuple[str, ArtifactId]
"""A target's name and an artifact."""


class Loss(NamedTuple):
    """What a target has no counterpart for in an artifact, or, with `is_whole`, why not for it."""

    target: str
    id: ArtifactId
    text: str
    is_whole: bool = False


class Arrangement(NamedTuple):
    """The file actions of a deploy, and the files in the way.

    `files` says for each planned artifact what goes where, `hashes` gives the SkillMeat hash of
    that, '' where it is there already and was not read. With force, files in the way are replaced
    too and kept as backups. `losses` are what conversions could not keep.
    """

    actions: tuple[Action, ...] = ()
    in_the_way: tuple[EditedFile, ...] = ()
    files: Mapping[Key, Mapping[RelPath, FileState]] = MappingProxyType({})
    hashes: Mapping[Key, str] = MappingProxyType({})
    losses: tuple[Loss, ...] = ()


class PlannedFile(NamedTuple):
    """What is to be at a path, where its bytes are, and which artifact it belongs to."""

    state: FileState
    size: int
    content: Path | bytes
    owner: ArtifactId
    uuid: str | None


def arrange(
    root: Root,
    kept: Sequence[Deployed],
    planned: Iterable[tuple[Target, PlannedArtifact]],
    obsolete: Sequence[Deployed],
    proof: Proof,
    *,
    force: bool,
) -> Arrangement:
    """Compare the project with what is planned for it.

    `obsolete` are the deployed artifacts that the planned ones replace, or that go, `kept` the
    others. Files in the way, those without `proof` among them, get no action without `force`.
    Raises ConflictError if two artifacts have one path or, without `force`, if a name that is there
    differs by case only.
    """
    arranger = _Arranger(root, proof, force, {path: d for d in kept for path in d.files})
    earlier = {(entry.target, entry.id): entry for entry in obsolete}
    # What is converted makes way for what has its place by its type, as a skill has.
    for target, artifact in sorted(planned, key=lambda pair: pair[1].id.type in pair[0].converts):
        arranger.plan(target, artifact, earlier.get((target.name, artifact.id)))
    wanted, settled = arranger.wanted, arranger.settled
    staying = {path for entry in kept for path in entry.files} | settled.keys() | wanted.keys()
    owned = {path: entry for entry in (*kept, *obsolete) for path in entry.files}
    gone = {path: None for entry in obsolete for path in entry.files if path not in staying}
    if not wanted.keys() <= owned.keys():
        refuse_collisions([*wanted, *(path for path in owned if path not in gone)])
    # Remove before writing: a folder may take the place of a file, and the other way round.
    held = _find_held(root, obsolete, gone)
    for path in gone:
        arranger.remove(path, owned[path], is_held=path in held)
    # Not needed where nothing comes in their place.
    emptied = emptied_folders(gone, [*wanted, *settled]) if gone and wanted else []
    actions = arranger.actions
    actions.extend(RemoveFolder(folder) for folder in emptied if is_below(folder, wanted))
    moving = _find_moving(obsolete, gone.keys())
    for path, file in wanted.items():
        present = _present(root, path, gone.keys(), emptied)
        moves = str(file.owner) in moving or file.uuid in moving
        is_condition = (
            moves and present is None and path not in emptied and not is_below(path, gone)
        )
        arranger.put(path, file, owned.get(path), present, is_condition=is_condition)
    if not force:
        refuse_twins(root, actions, gone.keys() | set(emptied))
    if gone:
        from holdall.deploy.links import find_links

        actions.extend(find_links(root, proof.targets.values(), obsolete, actions))
    planned_of, hashes, losses = arranger.files, arranger.hashes, tuple(arranger.losses)
    return Arrangement(tuple(actions), tuple(arranger.in_the_way), planned_of, hashes, losses)


def written_artifacts(arrangement: Arrangement) -> set[tuple[str, ArtifactId]]:
    """Return the artifacts of which any file is written, by target and id."""
    written = {action.path for action in arrangement.actions if isinstance(action, Put)}
    return {key for key, files in arrangement.files.items() if not written.isdisjoint(files)}


class _Arranger:
    """Gathers what a project should have, and what it takes to make it so.

    `wanted` are the files to compare one by one, `settled` those that are there as they should be,
    with their artifacts.
    """

    def __init__(
        self, root: Root, proof: Proof, force: bool, kept: Mapping[RelPath, Deployed]
    ) -> None:
        self._root, self._proof, self._force, self._kept = root, proof, force, kept
        self.losses: list[Loss] = []
        self.actions: list[Action] = []
        self.in_the_way: list[EditedFile] = []
        self.files: dict[Key, Mapping[RelPath, FileState]] = {}
        self.hashes: dict[Key, str] = {}
        self.wanted: dict[RelPath, PlannedFile] = {}
        self.settled: dict[RelPath, Deployed] = {}

    def plan(self, target: Target, artifact: PlannedArtifact, entry: Deployed | None) -> None:
        """Take in that an artifact is to be there; `entry` says how it was deployed earlier."""
        if target.place_of(artifact.id) is None:
            return
        if entry is not None and _is_as_planned(self._root, target, artifact, entry):
            hash_, files = (artifact.named or artifact.tree).skillmeat_hash, entry.files
            for path, state in files.items():
                self._refuse_another(path, artifact.id, state)
                self.settled[path] = entry
        else:
            found = _planned_tree(target, artifact)
            tree, planned = found.tree, found.files
            reason = found.refusal or self._find_taker(target, artifact.id, planned)
            if reason is not None:
                self.losses.append(Loss(target.name, artifact.id, reason, is_whole=True))
                return
            from holdall.deploy.planning.variables import read_lost_variables

            lost = read_lost_variables(artifact.id.type, artifact.location)
            self.losses += [Loss(target.name, artifact.id, text) for text in (*found.losses, *lost)]
            hash_ = tree.skillmeat_hash or hash_for_skillmeat(tree, artifact.location)
            files = {p: file.state for p, file in planned.items()}
            merges = target.merges.values()
            for path, file in planned.items():
                if path.lower() in SETTINGS or any(m.path == path for m in merges):
                    raise HostilePathError(
                        f"{artifact.id} would be {path}, which holds settings of an agent",
                        hint="rename it in the collection",
                    )
                self._refuse_another(path, artifact.id, file.state)
                self.wanted[path] = file
        key = target.name, artifact.id
        self.files[key], self.hashes[key] = files, hash_

    def _find_taker(
        self, target: Target, owner: ArtifactId, planned: Mapping[RelPath, PlannedFile]
    ) -> str | None:
        """Return why what is converted has no place: another artifact is there by its type."""
        for path in planned if owner.type in target.converts else ():
            there = self.wanted.get(path) or self.settled.get(path) or self._kept.get(path)
            other = there.owner if isinstance(there, PlannedFile) else there and there.id
            if other is not None and other != owner and other.type != owner.type:
                return f"{other} has its place, {path}"
        return None

    def _refuse_another(self, path: RelPath, owner: ArtifactId, state: FileState) -> None:
        """Raise ConflictError unless it is one file: two agents that read one folder share it."""
        other: tuple[ArtifactId, FileState] | None = None
        if (file := self.wanted.get(path)) is not None:
            other = file.owner, file.state
        elif (entry := self.settled.get(path)) is not None:
            other = entry.id, entry.files[path]
        elif (kept := self._kept.get(path)) is not None and kept.id.type != owner.type:
            other = kept.id, kept.files[path]
        if other is not None and other != (owner, state):
            raise ConflictError(
                f"{other[0]} and {owner} would both be written to {path}",
                hint="rename one of them in the collection",
            )

    def put(
        self,
        path: RelPath,
        file: PlannedFile,
        owner: Deployed | None,
        present: FileState | None,
        *,
        is_condition: bool,
    ) -> None:
        """Write a file, unless what is there is it, or in the way."""
        if present == file.state:
            return
        edit = None if present is None else self._edit(path, owner, present)
        if edit is None or self._force:
            what = (file.state, file.size, file.content, present)
            put = Put(path, *what, keep_backup=edit is not None, is_condition=is_condition)
            self.actions.append(put)

    def remove(self, path: RelPath, owner: Deployed, *, is_held: bool) -> None:
        """Remove a file, unless it is in the way; `is_held` says that it is as it was deployed."""
        present = owner.files[path] if is_held else self._root.state_of(path)
        if present is None:
            return
        edit = self._edit(path, owner, present)
        if edit is None or self._force:
            self.actions.append(Remove(path, present, keep_backup=edit is not None))

    def _edit(self, path: RelPath, owner: Deployed | None, present: FileState) -> EditedFile | None:
        """Record why a file must not simply be replaced or removed; None if it may be."""
        if owner is None:
            edit = EditedFile(path, is_ours=False)
        elif present != owner.files[path]:
            edit = EditedFile(path, is_ours=True)
        elif not self._proof.covers_file(owner, path):
            edit = EditedFile(path, is_ours=False, what=UNPROVEN)
        else:
            return None
        self.in_the_way.append(edit)
        return edit


def _find_moving(obsolete: Iterable[Deployed], gone: Set[RelPath]) -> set[str]:
    """Return what loses files: where its new ones cannot come, the old ones must not go."""
    losing = [entry for entry in obsolete if not gone.isdisjoint(entry.files)]
    return {name for entry in losing for name in (str(entry.id), entry.uuid) if name}


def is_below(path: RelPath, above: Container[RelPath]) -> bool:
    """Return whether a path is one of others, or below one."""
    return path in above or any(folder in above for folder in ancestors([path]))


def _present(
    root: Root, path: RelPath, gone: Set[RelPath], emptied: Container[RelPath]
) -> FileState | None:
    """Return what is at `path` once everything obsolete is removed."""
    if gone and not gone.isdisjoint(ancestors([path])):
        return None
    try:
        return root.state_of(path)
    except ConflictError:
        below = (root.path / path).rglob("*")
        names = {str(p.relative_to(root.path)) for p in below if p.is_symlink() or not p.is_dir()}
        if path in emptied and names <= gone:
            return None
        raise


def _is_as_planned(root: Root, target: Target, artifact: PlannedArtifact, entry: Deployed) -> bool:
    """Return whether an artifact's files are known, unread, to be there as they should be.

    What the project's ledger says of them must be what they are in the collection, too.
    """
    place = target.place_of(artifact.id)
    if artifact.id.type in target.converts:
        return False
    tree: Tree = artifact.named or artifact.tree
    files, base = entry.files, f"{target.root_of(artifact.id.type)}/{place}"
    is_single = target.places[artifact.id.type].shape is Shape.FILE
    return (
        len(files) == len(tree.files)
        and all(
            _is_as(files.get(base if is_single else f"{base}/{d.path}"), d)  # type: ignore[call-overload]
            for d in tree.files
        )
        and root.holds(files)
    )


def _find_held(root: Root, obsolete: Iterable[Deployed], gone: Container[RelPath]) -> set[RelPath]:
    """Return the files of artifacts that are removed whole and known to be there as deployed."""
    going = (entry.files for entry in obsolete if all(path in gone for path in entry.files))
    return {path for files in going if root.holds(files) for path in files}


def _is_as(state: FileState | None, digest: FileDigest) -> bool:
    return (
        state is not None
        and state.sha256 == digest.sha256
        and state.executable == digest.executable
        and state.kind is digest.kind
    )


def planned_files(target: Target, artifact: PlannedArtifact) -> Mapping[RelPath, PlannedFile]:
    """Return the files that an artifact has in a project for a target."""
    return {} if target.place_of(artifact.id) is None else _planned_tree(target, artifact).files


class _PlannedTree(NamedTuple):
    """What is to be in a project of an artifact; with `refusal` nothing."""

    tree: Tree
    files: Mapping[RelPath, PlannedFile] = MappingProxyType({})
    losses: tuple[str, ...] = ()
    refusal: str | None = None


def _planned_tree(target: Target, artifact: PlannedArtifact) -> _PlannedTree:
    spec, place = target.places[artifact.id.type], target.place_of(artifact.id)
    assert place is not None, "asked before"
    tree: Tree = artifact.named or artifact.tree
    source: Path | bytes = artifact.location
    form = target.converts.get(artifact.id.type)
    losses: tuple[str, ...] = ()
    if form is not None:
        from holdall.deploy.agent_formats import Refused, convert_file

        data = read_bounded(artifact.location, MAX_CONVERTED)
        found = convert_file(data, form, artifact.id.name)
        if isinstance(found, Refused):
            return _PlannedTree(tree, refusal=found.reason)
        source, losses = found
        tree = bytes_tree(found.data, spec.only_file)
    files = place_contents(target.root_of(artifact.id.type).join_path(place), spec, tree, source)
    planned = {
        path: PlannedFile(state_of(digest), digest.size, content, artifact.id, artifact.uuid)
        for path, (digest, content) in files.items()
    }
    return _PlannedTree(tree, planned, losses)


def refuse_edits(arrangement: Arrangement, root: Path) -> None:
    """Raise LocalEditError that lists every file in the way; nothing was written."""
    if not arrangement.in_the_way:
        return
    listed = "".join(f"\n  {file.path}: {file.reason}" for file in arrangement.in_the_way)
    raise LocalEditError(
        f"these files in {root} would be overwritten or deleted:{listed}",
        hint="--force replaces them and keeps each one under .holdall/backups/",
    )


def refuse_one_folder(
    root: Root, targets: Iterable[Target], kept: Iterable[Deployed], known: Mapping[str, Target]
) -> None:
    """Raise ConflictError if the folders of two agents, of what is kept, too, are one by a link.

    A file that is removed for one agent would be gone for the other.
    """
    targets = [*targets, *(known[e.target] for e in kept if e.target in known)]
    folders = {folder for target in targets for folder in (target.root, *target.roots.values())}
    seen: dict[tuple[int, int], RelPath] = {}
    for folder in sorted(folders):
        try:
            opened = root.folders.find(folder)
        except HostilePathError:
            continue  # nothing will be done there
        if opened is None:
            continue
        status = os.fstat(opened)
        other = seen.setdefault((status.st_dev, status.st_ino), folder)
        if other != folder:
            raise ConflictError(
                f"{other} and {folder} in {root.path} are one folder, by a link",
                hint="deploy for one of the two agents with --target, both will find it there",
            )
