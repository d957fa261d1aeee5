"""Fix what `lint` finds in a collection, as one change that `undo` takes back."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import replace

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId, ArtifactType, FileKind
from holdall.collection.changes import Change, ChangeKind, ChangeSet
from holdall.collection.collect.from_folder import with_edit
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.files.name_line import MAX_HEAD_BYTES, said_name, with_file
from holdall.files.tree import Tree
from holdall.formats.documents import read_bounded
from holdall.sources.checks.fixes import fix_head
from holdall.transaction.actions import Action
from holdall.transaction.placement import puts

_FRONTED = (ArtifactType.SKILL, ArtifactType.COMMAND, ArtifactType.AGENT)


class Fix(NamedTuple):
    """A file that is fixed: whose it is, its path in the collection, and the lines of a diff."""

    id: ArtifactId
    path: str
    diff: tuple[str, ...]


class FixPlan(NamedTuple):
    """What is fixed, and the change that does it; `edited` are left, since they have edits."""

    fixes: tuple[Fix, ...]
    edited: tuple[ArtifactId, ...]
    changes: ChangeSet
    actions: tuple[Action, ...]


def plan_fixes(collection: Collection) -> FixPlan:
    """Plan to fix the heads of a collection's skills, commands and agents; write nothing."""
    fixes, edited, entries = [], [], []
    actions: list[Action] = []
    for entry in collection.manifest.artifacts:
        entries.append(entry)
        if entry.id.type not in _FRONTED or not collection.location(entry).exists():
            continue
        tree = collection.tree(entry)
        found = _fix(collection, entry, tree)
        if found is None:
            continue
        if tree.content_hash != entry.content_hash or tree.problems:
            edited.append(entry.id)
            continue
        fix, fixed = found
        spec, location = collection.spec_of(entry.id), collection.location(entry)
        fixes.append(fix)
        entries[-1] = with_edit(entry, fixed.content_hash)
        actions += puts(entry.path, spec, fixed, location, tree)
    after = replace(collection.manifest, artifacts=tuple(entries))
    changes = tuple(Change(ChangeKind.CHANGED, fix.id) for fix in fixes)
    changed = ChangeSet("lint", collection.manifest, after, changes)
    return FixPlan(tuple(fixes), tuple(edited), changed, tuple(actions))


def _fix(collection: Collection, entry: ManifestArtifact, tree: Tree) -> tuple[Fix, Tree] | None:
    """Return what is fixed of an artifact, and its files then; None if nothing is."""
    is_skill = entry.id.type == ArtifactType.SKILL
    digest = next((file for file in tree.files if not is_skill or file.path == "SKILL.md"), None)
    if digest is None or digest.kind is not FileKind.FILE or digest.size > MAX_HEAD_BYTES:
        return None
    location = collection.location(entry)
    path = location / digest.path if is_skill else location
    data = read_bounded(tree.elsewhere.get(digest.path, path), MAX_HEAD_BYTES)
    text = data.decode("utf-8", "surrogateescape")
    new = fix_head(entry.id.type, said_name(entry.id), text)
    fixed = with_file(entry.id, tree, digest, new.encode("utf-8", "surrogateescape"))
    if fixed is None:
        return None
    shown = path.relative_to(collection.root).as_posix()
    return Fix(entry.id, shown, tuple(_diff(shown, text, new))), fixed


def _diff(path: str, old: str, new: str) -> Iterator[str]:
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"a/{path}", f"b/{path}", n=1, lineterm=""
    )
    return (line.encode("utf-8", "backslashreplace").decode() for line in lines)
