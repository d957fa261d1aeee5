"""Which deployed artifacts were edited, and whether the collection can store the edits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId, Shape
from holdall.artifacts.limits import Meter
from holdall.artifacts.paths import RelPath
from holdall.collection.collect.origins import upstream_id
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.deploy.ownership import renamed_head
from holdall.deploy.planning.entries import changed_entries
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.project.project import Project
from holdall.deploy.status import find_locked
from holdall.deploy.targets import Target
from holdall.errors import ConflictError, NotFoundError, RefusedError, UsageError
from holdall.files.name_line import is_renamed, name_in, read_head, said_name, take_name
from holdall.files.root import FileState
from holdall.files.tree import Peek, Tree, file_tree, folder_tree
from holdall.sources.checks.diagnostics import Code
from holdall.sources.checks.inspection import Inspection
from holdall.sources.values import Diagnostic
from holdall.transaction.placement import place_files, state_of

_HIDDEN = Code.HIDDEN_TEXT.value


class Adoptable(NamedTuple):
    """An edited deployment: what was deployed, what is there now, what the collection has.

    `tree` is what is there, `taken` what the collection gets: that with the name which the
    collection gives it or, if it `is_merged`, something else, which the project gets, too.
    `location` is where the files of `taken` are. `diagnostics` are about the texts that are there.
    """

    deployed: Deployed
    tree: Tree
    taken: Tree
    location: Path
    entry: ManifestArtifact
    present: Tree
    collected: Path
    diagnostics: tuple[Diagnostic, ...] = ()
    is_merged: bool = False

    @property
    def has_conflict(self) -> bool:
        """Whether the collection's files are neither what was deployed nor what is there now."""
        known = (self.deployed.content_hash, self.deployed.base_hash)
        if self.present.content_hash in (*known, self.taken.content_hash):
            return False
        names = {self.deployed.id, upstream_id(self.entry)}
        return not any(is_renamed(i, self.present, self.collected, known) for i in names)

    @property
    def is_uncollected(self) -> bool:
        """Whether the collection's files were edited and no version has them."""
        return self.present.content_hash != self.entry.content_hash


def find_adoptable(
    project: Project,
    collection: Collection,
    targets: Iterable[Target],
    ids: Set[ArtifactId],
    *,
    takes_hidden: bool = False,
) -> tuple[list[Adoptable], list[ArtifactId]]:
    """Return which of these artifacts or composites were edited, and which are as deployed.

    Raises RefusedError that lists every edit which the collection cannot hold exactly or, unless
    `takes_hidden`, which has hidden text; NotFoundError for what it does not have,
    UsageError for an artifact that was edited in two ways.
    """
    by_name = {target.name: target for target in targets}
    edited: dict[ArtifactId, Adoptable] = {}
    unchanged, problems, locked = [], [], find_locked(project)
    for deployed in find_requested(project, collection, ids, by_name):
        target = by_name[deployed.target]
        entry = find_collected(collection, deployed)
        is_locked = (target.name, deployed.id, deployed.content_hash) in locked
        found = list(_problems(project, target, deployed, collection, is_locked=is_locked))
        problems += [f"{deployed.id}: {problem}" for problem in found]
        if found:
            continue
        one = _edit(project, collection, target, deployed, entry)
        if one is None:
            unchanged.append(deployed.id)
        elif _hides_text(one) and not takes_hidden:
            problems.append(f"{deployed.id}: has hidden text; --allow {_HIDDEN} allows it")
        elif edited.setdefault(entry.id, one).taken.content_hash != one.taken.content_hash:
            raise UsageError(
                f"{entry.id} was edited in different ways for {edited[entry.id].deployed.target}"
                f" and {deployed.target}",
                hint="choose one with --target",
            )
    if problems:
        listed = "".join(f"\n  {problem}" for problem in problems)
        raise RefusedError(
            f"what is deployed in {project.root.path} cannot be adopted exactly:{listed}",
            hint="edit the collection's own files and deploy them; nothing was changed",
        )
    adopted = {one.deployed.id for one in edited.values()}
    return list(edited.values()), [i for i in dict.fromkeys(unchanged) if i not in adopted]


def find_requested(
    project: Project,
    collection: Collection,
    ids: Set[ArtifactId],
    targets: Mapping[str, Target],
) -> Iterator[Deployed]:
    """Yield the requested deployments, with those of composites and those only in a record."""
    for entry in project.ledger.deployed:
        if entry.target in targets and (entry.id in ids or not ids.isdisjoint(entry.wanted_by)):
            yield entry
    for name, record in project.unclear:
        if name in targets and record.id in ids:
            deployed = Deployed(record.id, name, record.uuid, record.collection, "", (), {})
            present = collection.tree(find_collected(collection, deployed))
            is_known = present.skillmeat_hash == record.content_hash
            hash_ = present.content_hash if is_known else record.content_hash
            yield Deployed(record.id, name, record.uuid, record.collection, hash_, (), {})


def find_collected(collection: Collection, deployed: Deployed) -> ManifestArtifact:
    """Return what a deployed artifact is in the collection, under whatever name.

    Raises NotFoundError if it is not there, ConflictError if another one has its name.
    """
    manifest = collection.manifest
    entry = manifest.by_uuid.get(deployed.uuid or "")
    if entry is None or entry.id.type != deployed.id.type:
        entry = manifest.by_id.get(deployed.id)
    if not isinstance(entry, ManifestArtifact):
        raise NotFoundError(
            f"{deployed.id} is not in the collection {collection.root}",
            hint="`holdall collect SOURCE` collects it from where it comes (`holdall why` says it)"
            " or from its folder; run `holdall sync` then, if the project has a holdall.lock",
        )
    if None not in (entry.uuid, deployed.uuid) and deployed.uuid not in (
        entry.uuid,
        *entry.aliases,
    ):
        raise ConflictError(
            f"{deployed.id} was deployed from the collection {deployed.collection!a}; the one of"
            f" that name in {collection.root} is another one",
            hint="name the right collection with --collection; if the project has a holdall.lock,"
            " `holdall sync` says whether it is the same",
        )
    return entry


def _problems(
    project: Project,
    target: Target,
    deployed: Deployed,
    collection: Collection,
    *,
    is_locked: bool,
) -> Iterator[str]:
    """Yield why an edit, if there is one, cannot become the collection's content."""
    place = target.places.get(deployed.id.type)
    if place is None:
        everything = project.ledger.deployed
        for what, change in changed_entries(project.root, deployed, everything):
            yield f"{what} is {change}, but entries of settings files cannot be adopted"
        return
    shape = collection.spec_of(deployed.id).shape
    if deployed.id.type in target.converts or place.shape is not shape:
        if any(project.root.state_of(path) != state for path, state in deployed.files.items()):
            yield f"{target.name} has it in another format, which cannot be adopted"
        return
    tree = read_place(project, target, deployed.id, collection)
    base = target.path_of(deployed.id)
    if tree is None:
        yield f"{base} is gone; `holdall deploy` puts it back"
        return
    yield from (f"{base}/{problem.path}: {problem.message}" for problem in tree.problems)
    if files_at(target, deployed.id, tree) == deployed.files:
        return
    if deployed.id.type == "skill" and not any(file.path == "SKILL.md" for file in tree.files):
        yield f"{base}/SKILL.md is gone, and a skill needs one"
    if deployed.is_pinned and not is_locked:
        yield (
            f"it is held at version {deployed.content_hash[:12]}, and a newer one would not be"
            " deployed here: unpin it, or deploy it without a version, then adopt"
        )


def _edit(
    project: Project,
    collection: Collection,
    target: Target,
    deployed: Deployed,
    entry: ManifestArtifact,
) -> Adoptable | None:
    place = target.places.get(deployed.id.type)
    if place is None or deployed.id.type in target.converts:
        return None
    base = target.path_of(deployed.id)
    look = Inspection(base, is_folder=place.shape is Shape.FOLDER)
    tree = read_place(project, target, deployed.id, collection, look.peek)
    if tree is None or files_at(target, deployed.id, tree) == deployed.files:
        return None
    location, present = project.root.path / base, collection.tree(entry)
    taken = None
    is_named = renamed_head(target, deployed) is not None
    if deployed.id != entry.id or (is_named and _says_name(deployed.id, tree, location)):
        taken = take_name(entry.id, (tree, location), (present, collection.location(entry)))
    if deployed.adopted and (taken or tree).content_hash == present.content_hash:
        return None
    return Adoptable(
        *(deployed, tree, taken or tree, location, entry, present, collection.location(entry)),
        diagnostics=tuple(look.found),
    )


def _says_name(artifact_id: ArtifactId, tree: Tree, location: Path) -> bool:
    """Return whether the line that says the name is as Holdall may have written it."""
    head = read_head(artifact_id, tree, location)
    return head is not None and name_in(head[1]) == said_name(artifact_id)


def _hides_text(one: Adoptable) -> bool:
    return any(diagnostic.code == _HIDDEN for diagnostic in one.diagnostics)


def read_place(
    project: Project,
    target: Target,
    artifact_id: ArtifactId,
    collection: Collection,
    peek: Peek | None = None,
) -> Tree | None:
    """Read what is in an artifact's place, as the collection would; None if nothing is.

    Raises HostilePathError where the way there leads through a link, ConflictError for a folder in
    the place of a file, RefusedError for more than the collection's caps allow.
    """
    spec = collection.spec_of(artifact_id)
    meter = Meter(collection.caps, project.root.path)
    base = target.path_of(artifact_id)
    if spec.shape is Shape.FILE:
        there = project.root.state_of(base)
        if there is None:
            return None
        return file_tree(project.root.path / base, spec.only_file, peek, meter=meter)
    if project.root.folders.find(base) is None:
        return None
    return folder_tree(project.root.path / base, peek, meter=meter)


def files_at(target: Target, artifact_id: ArtifactId, tree: Tree) -> dict[RelPath, FileState]:
    """Return the ledger's entry for an artifact with this tree."""
    spec = target.places[artifact_id.type]
    files = place_files(target.path_of(artifact_id), spec, tree)
    return {path: state_of(digest) for path, digest in files.items()}
