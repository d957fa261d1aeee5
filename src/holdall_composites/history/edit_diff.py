"""What people changed in a project, against what was deployed there."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

from holdall.artifacts import EMPTY_TREE_HASH, Shape
from holdall.collection import Collection, ManifestArtifact
from holdall.deploy import (
    Deployed,
    Project,
    Refused,
    Target,
    convert_file,
    name_entry,
    present_value,
    read_place,
    renamed_head,
)
from holdall.files import HEADS, Tree, bytes_tree, said_name, with_name
from holdall.formats import MISSING
from holdall_composites.history.compare import Side, difference, kept_side, lying_side, stored_side
from holdall_composites.store.store import Store

_NOTHING = Tree((), EMPTY_TREE_HASH, "")


def edit_lines(
    store: Store,
    collection: Collection,
    project: Project,
    target: Target,
    deployed: Deployed,
    entry: ManifestArtifact,
    version: str | None = None,
) -> Iterator[str]:
    """Yield the lines of a unified diff from what was deployed, or a version, to what is there.

    Raises StorageError if the database does not have what was deployed.
    """
    yield from _settings_lines(project, deployed)
    place = target.places.get(deployed.id.type)
    if place is None:
        return
    if version is not None:
        old = stored_side(store, collection, entry.id, version)
    else:
        old = kept_side(store, f"{deployed.id} as deployed", deployed.content_hash)
    if deployed.id.type in target.converts:
        old = _convert(old, target, deployed)
    elif renamed_head(target, deployed) is not None:
        old = _with_deployed_name(old, deployed)
    yield from difference(old, _project_side(project, target, deployed, collection))


def _convert(side: Side, target: Target, deployed: Deployed) -> Side:
    (file,) = side.tree.files
    form, name = target.converts[deployed.id.type], deployed.id.name
    found = convert_file(side.read(file), form, name)
    data = b"" if isinstance(found, Refused) else found.data
    return side._replace(tree=bytes_tree(data, file.path), read=lambda _: data)


def _with_deployed_name(side: Side, deployed: Deployed) -> Side:
    """Return an artifact's side with the name in its head that it is deployed under."""
    head = next(f for f in side.tree.files if f.path == HEADS[deployed.id.type])
    data = with_name(side.read(head), said_name(deployed.id))
    if data is None:
        return side
    new = head._replace(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    files = tuple(new if file is head else file for file in side.tree.files)
    return side._replace(
        tree=replace(side.tree, files=files),
        read=lambda file: data if file is new else side.read(file),
    )


def _project_side(
    project: Project, target: Target, deployed: Deployed, collection: Collection
) -> Side:
    spec = collection.spec_of(deployed.id)
    base = target.path_of(deployed.id)
    tree = read_place(project, target, deployed.id, collection) or _NOTHING
    side = lying_side(str(base), project.root.path / base, spec, tree)
    return side._replace(is_one_file=spec.shape is Shape.FILE)


def _settings_lines(project: Project, deployed: Deployed) -> Iterator[str]:
    for entry in deployed.merged:
        present = present_value(project.root, entry, project.ledger.deployed)
        if not entry.matches(present):
            title = name_entry(entry)
            yield from difflib.unified_diff(
                _text(entry.value) if entry.value is not None else [],
                _text(present),
                f"{title} as deployed",
                title if present is not MISSING else "/dev/null",
                lineterm="",
            )


def _text(value: object) -> list[str]:
    return [] if value is MISSING else json.dumps(value, indent=2, ensure_ascii=False).splitlines()
