"""Detect edits, renames and new artifacts in the collection's folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.hashing import tree_hash
from holdall.artifacts.ids import ArtifactId, FileKind, Shape, TypeSpec, sort_ids
from holdall.collection.changes import Change, ChangeKind, ChangeSet
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import Manifest, ManifestArtifact
from holdall.errors import HostilePathError
from holdall.files.folders import is_junk
from holdall.files.name_line import HEADS, is_renamed
from holdall.files.tree import Tree
from holdall.sources.checks.diagnostics import Code, Level, diagnose
from holdall.sources.checks.inspection import Inspection
from holdall.sources.values import Diagnostic
from holdall.transaction.placement import ancestors

LINE_ENDS = "only the ends of its lines differ, as where git has core.autocrlf"


class Refresh(NamedTuple):
    """What was found in the collection's folder: changes of the manifest, and problems."""

    changes: ChangeSet
    diagnostics: tuple[Diagnostic, ...]


def plan_refresh(collection: Collection, *, takes_hidden: bool = False) -> Refresh:
    """Compare the folder with the manifest. Reads every artifact, writes nothing.

    An artifact whose files are gone while a new one of the same type has its exact content was
    renamed, and keeps its entry. One whose files are gone for good leaves the manifest, unless a
    composite still contains it. New or edited artifacts with hidden text are
    not recorded, unless `takes_hidden`.
    """
    diagnostics: list[Diagnostic] = []
    present = dict(_present(collection, diagnostics))
    looks = {
        i: Inspection(entry.path, is_folder=_is_folder(collection, i))
        for i, entry in present.items()
    }
    trees = {i: collection.tree(entry, looks[i].peek) for i, entry in present.items()}
    known = {artifact.id: artifact for artifact in collection.manifest.artifacts}
    taken = {(a.id.type, a.content_hash) for a in known.values()}
    fresh = [i for i, tree in trees.items() if (i.type, tree.content_hash) not in taken]
    diagnostics.extend(diagnostic for i in fresh for diagnostic in looks[i].found)
    hidden = {i for i in fresh if looks[i].hides_text and not takes_hidden}
    for found in hidden - known.keys():
        del present[found], trees[found]
    renames = _renames(known, present, trees, collection)
    entries, changes = [], []
    for artifact in collection.manifest.artifacts:
        if artifact.id in hidden:
            entries.append(artifact)
            changes.append(
                Change(ChangeKind.IDENTICAL, artifact.id, note="has hidden text; not collected")
            )
            continue
        entry, change = _settle(artifact, renames.get(artifact.id), present, trees, collection)
        if entry is not None:
            entries.append(entry)
        if change.kind is ChangeKind.CONFLICT:
            diagnostics.append(diagnose(artifact.path, Code.MEMBER_GONE, change.note or ""))
        changes.append(change)
    for found in sort_ids(trees.keys() - {entry.id for entry in entries}):
        entries.append(replace(present[found], content_hash=trees[found].content_hash))
        changes.append(Change(ChangeKind.NEW, found))
    diagnostics.extend(_tree_problems(present, trees))
    for found in fresh:
        diagnostics.extend(_find_rest(collection, present.get(found)))
    after = replace(collection.manifest, artifacts=tuple(entries)).with_renamed(renames)
    return Refresh(
        ChangeSet("collect", collection.manifest, after, tuple(changes)), tuple(diagnostics)
    )


def _is_folder(collection: Collection, artifact_id: ArtifactId) -> bool:
    return collection.spec_of(artifact_id).shape is Shape.FOLDER


def _present(
    collection: Collection, diagnostics: list[Diagnostic]
) -> Iterator[tuple[ArtifactId, ManifestArtifact]]:
    here = {
        artifact.id: artifact
        for artifact in collection.manifest.artifacts
        if artifact.id.type in collection.types and collection.location(artifact).exists()
    }
    yield from here.items()
    known = {artifact.path for artifact in collection.manifest.artifacts}
    outer = ancestors(known)
    for spec in collection.types.values():
        for name in _names_in(collection.root / spec.folder, spec):
            try:
                found = ArtifactId.of(spec.name, name)
                path = found.path_in(spec)
            except HostilePathError as error:
                place = f"{spec.folder}/{name}"
                diagnostics.append(diagnose(place, Code.HOSTILE_PATH, error.message))
                continue
            if path in known or path in outer or not known.isdisjoint(ancestors([path])):
                continue
            if found in here:
                note = f"{found} is at {here[found].path}; rename one of them"
                diagnostics.append(diagnose(path, Code.NAME_TAKEN, note, level=Level.ERROR))
            else:
                yield found, ManifestArtifact(found, path)


def _names_in(folder: Path, spec: TypeSpec) -> Iterator[str]:
    match spec.shape:
        case Shape.MEMBERS:
            return
        case Shape.FOLDER:
            for entry in _entries(folder):
                if entry.is_dir(follow_symlinks=False) and _is_artifact(entry, spec):
                    yield entry.name
        case Shape.FILE:
            yield from _files_in(folder, spec.suffix, "")


def _is_artifact(entry: os.DirEntry[str], spec: TypeSpec) -> bool:
    return spec.name != "skill" or Path(entry.path, "SKILL.md").is_file()


def _files_in(folder: Path, suffix: str, prefix: str) -> Iterator[str]:
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _files_in(Path(entry.path), suffix, f"{prefix}{entry.name}:")
        elif entry.name.endswith(suffix) and entry.is_file(follow_symlinks=False):
            yield prefix + entry.name.removesuffix(suffix)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(
            (entry for entry in entries if not entry.name.startswith(".")), key=lambda e: e.name
        )


def _renames(
    known: dict[ArtifactId, ManifestArtifact],
    present: dict[ArtifactId, ManifestArtifact],
    trees: dict[ArtifactId, Tree],
    collection: Collection,
) -> dict[ArtifactId, ArtifactId]:
    """Pair vanished artifacts with new ones of the same type and content, one to one.

    The line in which a skill or an agent says its name may differ.
    """
    arrived: dict[tuple[str, str], list[ArtifactId]] = {}
    for found in sort_ids(present.keys() - known.keys()):
        arrived.setdefault((found.type, trees[found].content_hash), []).append(found)
    renames = {}
    for gone in sort_ids(known.keys() - present.keys()):
        candidates = arrived.get((gone.type, known[gone].content_hash or ""))
        if candidates:
            renames[gone] = candidates.pop(0)
    left = [found for some in arrived.values() for found in some if found.type in HEADS]
    for gone in sort_ids(known.keys() - present.keys() - renames.keys()) if left else ():
        for found in left:
            location = collection.location(present[found])
            was = ArtifactId(found.type, gone.name), trees[found], location
            if gone.type == found.type and is_renamed(*was, {known[gone].content_hash}):
                renames[gone] = found
                left.remove(found)
                break
    return renames


def _settle(
    artifact: ManifestArtifact,
    new_id: ArtifactId | None,
    present: dict[ArtifactId, ManifestArtifact],
    trees: dict[ArtifactId, Tree],
    collection: Collection,
) -> tuple[ManifestArtifact | None, Change]:
    if new_id is not None:
        moved = with_edit(artifact, trees[new_id].content_hash)
        entry = replace(moved, id=new_id, path=present[new_id].path)
        return entry, Change(ChangeKind.RENAMED, new_id, artifact.id)
    if artifact.id in trees:
        new_hash = trees[artifact.id].content_hash
        same = new_hash == artifact.content_hash
        if not same and _differs_by_line_ends(artifact, trees[artifact.id], collection):
            return artifact, Change(ChangeKind.KEPT, artifact.id, note=LINE_ENDS)
        kind = ChangeKind.IDENTICAL if same else ChangeKind.CHANGED
        entry = with_edit(artifact, new_hash) if not same else artifact
        return replace(entry, path=present[artifact.id].path), Change(kind, artifact.id)
    if artifact.id.type not in collection.types:
        note = f"the type {artifact.id.type!r} is unknown; left as it is"
        return artifact, Change(ChangeKind.IDENTICAL, artifact.id, note=note)
    holders = holders_of(collection.manifest, artifact.id)
    if holders:
        note = (
            f"{artifact.id}: its files are gone, but {', '.join(map(str, holders))} contains it;"
            " restore them, or `holdall remove` it"
        )
        return artifact, Change(ChangeKind.CONFLICT, artifact.id, note=note)
    return None, Change(ChangeKind.GONE, artifact.id)


def _find_rest(collection: Collection, artifact: ManifestArtifact | None) -> Iterator[Diagnostic]:
    """Yield a diagnostic if an artifact's folder has files that are never collected."""
    if artifact is None:
        return
    names = []
    for top, folders, files in os.walk(collection.location(artifact)):
        names += [os.path.join(top, name) for name in (*folders, *files) if is_junk(name)]
        folders[:] = [name for name in folders if not is_junk(name)]
    if names:
        few = ", ".join(sorted(os.path.relpath(name, collection.root) for name in names)[:3])
        message = f"{len(names)} files and folders are never collected: {few}"
        yield diagnose(artifact.path, Code.LEFT_OUT, message)


def _differs_by_line_ends(artifact: ManifestArtifact, tree: Tree, collection: Collection) -> bool:
    """Return whether text files have Windows' line ends and are else what was collected."""
    location = collection.location(artifact)
    files, changed = [], False
    for file in tree.files:
        path = location / file.path if location.is_dir() else location
        data = _with_plain_ends(path) if file.kind is FileKind.FILE else None
        if data is not None:
            changed = True
            digest = hashlib.sha256(data).hexdigest()
            file = file._replace(sha256=digest, size=len(data))
        files.append(file)
    return changed and tree_hash(files) == artifact.content_hash


def _with_plain_ends(path: Path) -> bytes | None:
    """Return a text file's bytes with Unix' line ends; None if it is as git keeps it anyway."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data.replace(b"\r\n", b"\n") if b"\r\n" in data and b"\0" not in data else None


def with_edit(artifact: ManifestArtifact, new_hash: str) -> ManifestArtifact:
    """Return the entry with other content, not forgetting what its source had brought."""
    taken = artifact.source_hash or artifact.content_hash
    is_own = artifact.source is not None and taken != new_hash
    return replace(artifact, content_hash=new_hash, source_hash=taken if is_own else None)


def holders_of(manifest: Manifest, member: ArtifactId) -> list[ArtifactId]:
    """Return the composites that contain an artifact directly."""
    return [
        composite.id
        for composite in manifest.composites
        if any(known.id == member for known in composite.members)
    ]


def _tree_problems(
    present: dict[ArtifactId, ManifestArtifact], trees: dict[ArtifactId, Tree]
) -> Iterator[Diagnostic]:
    for found, tree in trees.items():
        for problem in tree.problems:
            place = f"{present[found].path}/{problem.path}"
            yield diagnose(place, Code(problem.code), problem.message, level=Level.ERROR)
