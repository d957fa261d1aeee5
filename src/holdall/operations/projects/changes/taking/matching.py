"""Match what another program's lock lists with what its source has, by hash, else by content."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId, ArtifactType, FileKind
from holdall.deploy.locked.others.hashes import HashedFile, hash_files
from holdall.deploy.locked.others.values import Listed
from holdall.errors import NotFoundError
from holdall.files.tree import Tree, folder_tree
from holdall.operations.projects.changes.taking.places import Holders, find_holders
from holdall.operations.projects.sources.located import Located, locate_written
from holdall.operations.projects.sources.selection import all_roots, choose
from holdall.operations.projects.sources.supply import Supply
from holdall.sources.values import FoundArtifact, Reading

_UNKNOWN = "no branch, tag or commit"


class Match(NamedTuple):
    """What a lock lists, and where it comes from.

    `ids` are the source's own; `state` is the revision that it was read at. `located` is the
    project's folder itself for what has no source that Holdall reads. `note` says what the user
    should know.
    """

    listed: Listed
    located: Located
    reading: Reading
    state: str | None
    ids: tuple[ArtifactId, ...]
    holders: Holders
    is_own: bool = False
    note: str | None = None


def match(supply: Supply, listed: Listed, agents: Sequence[str]) -> Match:
    """Find one thing of a lock; raises NotFoundError for what is neither there nor in place.

    Raises what reading its source raises.
    """
    found: Match | None = None
    if listed.source is not None:
        located = locate_written(listed.source, supply.terms.project)
        for one, is_same in _states(supply, listed, located, agents):
            if is_same:
                return one
            found = found or one
    if found is not None:
        note = f"{listed.name}: {found.located.written} has other content than is locked"
        return found._replace(note=f"{note}; what is in place stays as an edit")
    return _of_project(supply, listed, agents)


def _states(
    supply: Supply, listed: Listed, located: Located, agents: Sequence[str]
) -> Iterator[tuple[Match, bool]]:
    """Yield what each state of a source has, and whether that is what was locked."""
    for state in listed.states if located.kind == "git" else (None,):
        try:
            reading = supply.read(located, state)
        except NotFoundError as error:
            if _UNKNOWN not in error.message:
                raise
            continue
        ids = _ids(reading, listed)
        if not ids:
            continue
        brought = choose(reading, ids).brought
        holders = find_holders(supply.terms.project, supply.terms.known_targets, brought, agents)
        note = None
        if (first := listed.states[0]) != state:
            place = state or "the default branch"
            note = f"{listed.name}: {located.written} has {first} no more; locked as {place} has it"
        one = Match(listed, located, reading, state, ids, holders, note=note)
        found = next((a for a in reading.artifacts if ids == (a.id,)), None)
        yield one, found is None or _is_as_locked(found, listed, holders)


def _ids(reading: Reading, listed: Listed) -> tuple[ArtifactId, ...]:
    """Return what a lock means of a source: by its path there, else by its name."""
    skills = [a for a in reading.artifacts if a.id.type == ArtifactType.SKILL]
    places = [
        *((one.path, one.id) for one in skills),
        *((one.path, one.id) for one in reading.composites),
        *((one.path, one.id) for one in reading.artifacts),
    ]
    if listed.path is not None:
        at = [own for path, own in places if path == listed.path]
        return tuple(at[:1]) if at or listed.path != "." else all_roots(reading)
    named = [a for a in skills if listed.name in (a.id.name, a.name, a.frontmatter_name)]
    exact = [a.id for a in named if listed.digest and _digest(a, listed) == listed.digest]
    whole = [own for path, own in places if path == "."]
    return tuple((exact or [a.id for a in named] or whole)[:1])


def _digest(found: FoundArtifact, listed: Listed) -> str | None:
    if listed.rule is None or not isinstance(found.location, Path):
        return None
    return hash_files(listed.rule, files_of(found.tree, found.location))


def files_of(tree: Tree, folder: Path) -> dict[str, HashedFile]:
    """Return the bytes of a folder artifact's files by their paths in it."""
    files = {}
    for file in tree.files:
        place = tree.elsewhere.get(file.path, folder / file.path)
        is_link = file.kind is FileKind.LINK
        data = tree.made.get(file.path)
        if data is None:
            data = os.fsencode(os.readlink(place)) if is_link else place.read_bytes()
        files[str(file.path)] = HashedFile(data, file.executable, is_link)
    return files


def _is_as_locked(found: FoundArtifact, listed: Listed, holders: Holders) -> bool:
    """Return whether a source has what was locked: by hash, else as it is in the project."""
    if listed.digest is not None and _digest(found, listed) == listed.digest:
        return True
    folders = [place for place in holders.places.values() if place.is_dir()]
    if not folders:
        return listed.digest is None or listed.rule is None
    here = {file.path: file.sha256 for file in folder_tree(folders[0]).files}
    return all(here.get(file.path) == file.sha256 for file in found.tree.files)


def _of_project(supply: Supply, listed: Listed, agents: Sequence[str]) -> Match:
    """Take what is in place as the collection's own: its source is none that Holdall reads."""
    project = supply.terms.project
    own = ArtifactId.of(ArtifactType.SKILL, listed.name)
    holders = find_holders(project, supply.terms.known_targets, [own], agents)
    if not holders.places:
        raise NotFoundError(
            f"{listed.name} is not in {project}, and its source is none that Holdall reads",
            hint="let the program that locked it install it, then try again",
        )
    folder = next(iter(holders.places.values()))
    located = locate_written(f"./{folder.relative_to(project)}", project)
    reading = supply.read(located, None)
    ids = tuple(a.id for a in reading.artifacts if a.path == ".")
    if len(ids) != 1:
        raise NotFoundError(f"{folder} is not a skill", hint="it should have a SKILL.md")
    why = (
        "its source is none that Holdall reads"
        if listed.source is None
        else "its source has it not"
    )
    note = f"{listed.name}: {why}; it is your collection's own from now"
    return Match(listed, located, reading, None, ids, holders, is_own=True, note=note)
