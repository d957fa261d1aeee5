"""Merge an artifact of which two sides have other files than a version that both began with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.hashing import FileDigest
from holdall.artifacts.ids import ArtifactId, Shape, TypeSpec
from holdall.artifacts.paths import RelPath
from holdall.collection.collection import Collection
from holdall.deploy.project.ledger import Deployed
from holdall.files.merge.trees import Decide, FileConflict, TreeMerge, TreeSide, merge_trees
from holdall.files.tree import Tree
from holdall.operations.session import Session
from holdall.transaction.placement import content_of


class Place(NamedTuple):
    """The files of an artifact, and where their bytes are."""

    tree: Tree
    location: Path | bytes


def find_version(
    session: Session,
    collection: Collection,
    wanted: tuple[ArtifactId, str | None, str],
    folder: Path,
) -> Place | None:
    """Return the version of an artifact that an id, a UUID and a content hash name.

    It is laid out in an empty folder. None where no plugin knows it.
    """
    asked = Deployed(wanted[0], "", wanted[1], "", wanted[2], (), {})
    arguments = {"collection": collection, "wanted": [asked], "folder": folder}
    known = session.plugins.first("holdall_known_versions", list, **arguments)
    if not known or not isinstance(known[0], Tree):
        return None
    spec = collection.spec_of(wanted[0])
    place = folder / "0"
    return Place(known[0], place / spec.only_file if spec.shape is Shape.FILE else place)


def merge_places(
    sides: tuple[Place, Place, Place], spec: TypeSpec, decide: Decide
) -> tuple[Tree | None, tuple[FileConflict, ...]]:
    """Merge base, ours and theirs; `decide` is asked about each file that does not merge.

    The merged files are a tree at their place, with the bytes of what differs; None where
    conflicts stand against it.
    """
    base, ours, theirs = (_side(place, spec) for place in sides)
    merge = merge_trees(base, ours, theirs, decide=decide)
    if merge.conflicts:
        return None, merge.conflicts
    there = {file.path: file for file in sides[2].tree.files}
    return _tree(merge, there, sides[2].tree), ()


def _side(place: Place, spec: TypeSpec) -> TreeSide:
    def read(file: FileDigest) -> bytes:
        if isinstance(place.location, bytes):
            return place.tree.made.get(file.path, place.location)
        content = content_of(place.location, spec, place.tree, file)
        return content if isinstance(content, bytes) else content.read_bytes()

    return TreeSide(place.tree.files, read)


def _tree(merge: TreeMerge, there: Mapping[RelPath, FileDigest], theirs: Tree) -> Tree:
    """Return merged files as a tree beside the other side's, with the bytes of what differs."""
    made = dict(theirs.made)
    for file in merge.files:
        other = there.get(file.path)
        if other is None or (file.kind, file.sha256) != (other.kind, other.sha256):
            made[file.path] = merge.read(file)
    if merge.content_hash == theirs.content_hash:
        return theirs
    return Tree(merge.files, merge.content_hash, "", (), theirs.elsewhere, made)
