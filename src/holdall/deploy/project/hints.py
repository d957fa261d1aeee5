"""What `deployed.toml` and SkillMeat's record say of a project, compared with what is there.

Both may come from a teammate, by git, or from somebody else: they say where to look. What is there
as they say is taken for deployed, without a seal: it is replaced or removed with proof only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId, Shape
from holdall.artifacts.paths import RelPath
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.deploy.ownership import is_own_entry, own_place
from holdall.deploy.project.ledger import Deployed, Ledger, Merged
from holdall.deploy.project.shared import SharedEntry, SharedRecord, hash_files
from holdall.deploy.project.skillmeat_record import RecordEntry
from holdall.deploy.targets import Target
from holdall.errors import HoldallError
from holdall.files.root import FileState, Root
from holdall.files.tree import Tree, file_tree, folder_tree
from holdall.transaction.placement import ancestors, place_files, state_of


class Joined(NamedTuple):
    """A ledger with what `deployed.toml` says more.

    `unclear` are entries whose files are not what it says, `unknown` those that no loaded plugin
    knows: they stay as they are.
    """

    ledger: Ledger
    unclear: tuple[SharedEntry, ...]
    unknown: tuple[SharedEntry, ...]


def join_shared(
    root: Root,
    ledger: Ledger,
    shared: SharedRecord,
    known: Mapping[str, Target],
    collection: Collection | None,
) -> Joined:
    """Bring a ledger in line with a `deployed.toml` that is not the one that it was written with.

    Of what the two say differently, that is true which the project's files agree with. What only
    the ledger has stays as long as anything of it is there: else a teammate removed it.
    """
    rest = {(entry.target, entry.id): entry for entry in ledger.deployed}
    found: list[Deployed] = []
    unclear: list[SharedEntry] = []
    unknown: list[SharedEntry] = []
    for same in _by_key(shared.deployed):
        before = rest.pop((same[0].target, same[0].id), None)
        target = known.get(same[0].target)
        possible = [entry for entry in same if target is not None and _is_possible(entry, target)]
        here: Deployed | None = before
        if target is None or not possible:
            unknown += same
        elif as_known := [e for e in possible if before is not None and e.describes(before)]:
            assert before is not None, "described above"
            here = _renew(before, as_known[0])
        else:
            places = (_find(root, target, entry, collection) for entry in possible)
            here = next((place for place in places if place is not None), before)
            unclear += possible[:1] if here is None else []
        found += [here] if here is not None else []
    found += [entry for entry in rest.values() if _is_there(root, entry)]
    wanted = {request for entry in found for request in entry.wanted_by}
    requests = {i: u for i, u in ledger.requests.items() if i in wanted} | dict(shared.requests)
    joined = replace(ledger, deployed=tuple(found), requests=requests)
    return Joined(joined, tuple(unclear), tuple(unknown))


def _by_key(entries: Iterable[SharedEntry]) -> Iterable[list[SharedEntry]]:
    """Return the entries of each artifact: several where two branches were merged."""
    found: dict[tuple[str, ArtifactId], list[SharedEntry]] = {}
    for entry in entries:
        found.setdefault((entry.target, entry.id), []).append(entry)
    return found.values()


def _is_possible(entry: SharedEntry, target: Target) -> bool:
    """Return whether a target has such files and entries of settings for an artifact."""
    if not target.knows(entry.id.type):
        return False
    has_place = own_place(target, entry.id) is not None
    merge = target.entries_of(entry.id.type)
    return (has_place or not entry.placed_hash) and all(
        merge is not None and is_own_entry(merged, entry.id, merge) for merged in entry.merged
    )


def _renew(before: Deployed, entry: SharedEntry) -> Deployed:
    return before._replace(
        uuid=entry.uuid,
        collection=entry.collection,
        content_hash=entry.content_hash,
        wanted_by=entry.wanted_by,
        is_pinned=entry.is_pinned,
    )


def _find(
    root: Root, target: Target, entry: SharedEntry, collection: Collection | None
) -> Deployed | None:
    """Return what is deployed by an entry; None if its files are not known."""
    files: Mapping[RelPath, FileState] | None = {}
    if entry.placed_hash:
        place = own_place(target, entry.id)
        assert place is not None, "asked before"
        files = files_in_place(root, target, entry.id.type, place)
        if files is None or hash_files(files) != entry.placed_hash:
            files = _as_collected(target, entry, collection)
    if files is None:
        return None
    return Deployed(
        entry.id,
        entry.target,
        entry.uuid,
        entry.collection,
        entry.content_hash,
        entry.wanted_by,
        files,
        entry.is_pinned,
        tuple(_with_value(root, merged) for merged in entry.merged),
    )


def _as_collected(
    target: Target, entry: SharedEntry, collection: Collection | None
) -> Mapping[RelPath, FileState] | None:
    """Return what was placed, if the collection has that content; None otherwise."""
    for tree, files in _find_placed(target, entry, collection):
        if tree.content_hash == entry.content_hash and hash_files(files) == entry.placed_hash:
            return files
    return None


def _find_placed(
    target: Target, entry: SharedEntry | RecordEntry, collection: Collection | None
) -> Iterator[tuple[Tree, Mapping[RelPath, FileState]]]:
    """Yield what the collection's content would place, as it is and with its deployed name."""
    from holdall.deploy.planning.deployed_names import name_head
    from holdall.deploy.planning.files import planned_files
    from holdall.deploy.planning.plan import PlannedArtifact

    if collection is None:
        return
    by_uuid = {known.uuid: known for known in collection.manifest.artifacts if known.uuid}
    found = by_uuid.get(entry.uuid or "") or collection.manifest.by_id.get(entry.id)
    if not isinstance(found, ManifestArtifact) or found.id.type != entry.id.type:
        return
    try:
        tree, location = collection.tree(found), collection.location(found)
        artifact = PlannedArtifact(entry.id, tree, location, ())
        named = name_head(entry.id, tree, location)
        for one in (artifact, artifact._replace(named=named))[: 1 if named is None else 2]:
            yield tree, {path: file.state for path, file in planned_files(target, one).items()}
    except HoldallError:
        return


def _with_value(root: Root, merged: Merged) -> Merged:
    """Return an entry of settings with its value, if it is there as it was put in."""
    from holdall.deploy.planning.entries import present_value

    try:
        found = present_value(root, merged, ())
    except HoldallError:
        return merged
    return merged._replace(value=found, known_hash="") if merged.matches(found) else merged


def _is_there(root: Root, entry: Deployed) -> bool:
    """Return whether anything of what was deployed is in its place."""
    from holdall.deploy.planning.entries import present_value

    if any(root.state_of(path) is not None for path in entry.files):
        return True
    return any(e.matches(present_value(root, e, ())) for e in entry.merged)


def adopt_recorded(
    root: Root, target: Target, entry: RecordEntry, collection: Collection | None
) -> Deployed | None:
    """Return what is deployed by SkillMeat's record; None if its files are not what that says."""
    base = target.root.join_path(entry.path)
    # A record must not speak of the agent's settings, of a whole folder, or of another artifact.
    if base != own_place(target, entry.id):
        return None
    tree = _tree_at(root, base)
    if tree is None or tree.skillmeat_hash != entry.content_hash:
        return None
    files = files_in_place(root, target, entry.id.type, base, tree) or {}
    known = (t.content_hash for t, some in _find_placed(target, entry, collection) if some == files)
    return Deployed(
        id=entry.id,
        target=target.name,
        uuid=entry.uuid,
        collection=entry.collection,
        content_hash=next(known, tree.content_hash),
        wanted_by=(),
        files=files,
    )


def files_in_place(
    root: Root, target: Target, type_name: str, base: RelPath, tree: Tree | None = None
) -> dict[RelPath, FileState] | None:
    """Return the files in an artifact's place, None if nothing is there; `tree` if it is read."""
    tree = tree or _tree_at(root, base)
    if tree is None:
        return None
    shape = Shape.FOLDER if (root.path / base).is_dir() else Shape.FILE
    files = place_files(base, target.places[type_name]._replace(shape=shape), tree)
    return {path: state_of(digest) for path, digest in files.items()}


def _tree_at(root: Root, base: RelPath) -> Tree | None:
    location = root.path / base
    if location.is_symlink() or not location.exists():
        return None
    if location.is_dir():
        return folder_tree(location)
    return file_tree(location, RelPath.parse(base.name))


def own_folders(deployed: tuple[Deployed, ...]) -> Iterator[RelPath]:
    """Yield the folders of artifacts below their targets' folders for the types."""
    for entry in deployed:
        yield from (folder for folder in ancestors(entry.files) if folder.count("/") > 1)
