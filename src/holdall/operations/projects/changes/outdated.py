"""What of a project's sources has changed since it was locked; nothing is fetched or written.

A repository is asked for its branches and tags only, a published collection for its channel; a
folder, an archive or an index is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from holdall import NamedTuple
from holdall.artifacts.paths import RelPath
from holdall.deploy.locked.values import LockedSource, Requirement
from holdall.operations.projects.files import ProjectFiles, read_both
from holdall.operations.projects.sources.located import Located, locate_written
from holdall.operations.projects.sources.supply import Supply
from holdall.operations.projects.terms import Terms
from holdall.sources.fetch.address import GitAddress, parse
from holdall.sources.fetch.published.channel import published_state
from holdall.sources.fetch.ranges import is_range
from holdall.sources.fetch.refs import Refs, read_refs, tag_of


class Outdated(NamedTuple):
    """A source: its state in the lock, and the one that it has now. `note` says more of it.

    With a range of versions `tag` is what it stands for now, `newest` the newest of all.
    """

    name: str
    revision: str | None
    locked: str | None
    now: str | None
    note: str = ""
    tag: str | None = None
    newest: str | None = None

    @property
    def is_outdated(self) -> bool:
        """Whether an update would bring something else."""
        return self.locked != self.now


def find_outdated(terms: Terms) -> list[Outdated]:
    """Return each source of the project with what it has now; raises what cannot be reached."""
    files = read_both(terms.project)
    with Supply(terms) as supply:
        return [*_look(supply, files), *_look_needed(supply, files)]


def _look(supply: Supply, files: ProjectFiles) -> Iterator[Outdated]:
    for requirement in files.wanted.requirements:
        if requirement.source is None:
            continue
        located = locate_written(requirement.source, supply.terms.project)
        locked = files.lock.source(located.locked)
        address = parse(located.address(None))
        if isinstance(address, GitAddress):
            refs = read_refs(address, supply.scratch.folder())
            if is_range(requirement.revision):
                yield _of_range(requirement, locked, refs, address)
            else:
                yield _of_repository(requirement, locked, refs)
        else:
            yield _of_files(supply, files, requirement, located, locked)


def _look_needed(supply: Supply, files: ProjectFiles) -> Iterator[Outdated]:
    """Yield the plugins that others need, which no requirement names."""
    for source in files.lock.sources:
        if source.needed_by and source.select:
            located = locate_written(source.source, supply.terms.project)
            address = parse(located.address(None))
            if isinstance(address, GitAddress):
                refs = read_refs(address, supply.scratch.folder())
                name = source.select[0].name
                address = replace(address, subfolder=RelPath(name))
                requirement = Requirement(source.source, source.revision)
                yield _of_range(requirement, source, refs, address)


def _of_range(
    requirement: Requirement, locked: LockedSource | None, refs: Refs, address: GitAddress
) -> Outdated:
    """Compare the newest version in a range with the locked one."""
    found = tag_of(replace(address, revision=requirement.revision), refs)
    known, now = locked.commit if locked is not None else None, refs.tags[found.tag]
    note = found.tag if locked is None or locked.tag is None else f"{locked.tag} -> {found.tag}"
    if locked is not None and locked.tag == found.tag:
        note = "the tag was moved" if known != now else ""
    return Outdated(requirement.name, requirement.revision, known, now, note, *found)


def _of_repository(requirement: Requirement, locked: LockedSource | None, refs: Refs) -> Outdated:
    known = locked.commit if locked is not None else None
    now = refs.commit_of(requirement.revision)
    note = ""
    if now is None and known is not None and known.startswith(requirement.revision or "-"):
        now = known  # a commit by its own name
    elif now is None:
        note = f"{requirement.revision} is not there any more"
    elif requirement.revision in refs.tags and known is not None and now != known:
        note = "the tag was moved"
    return Outdated(requirement.name, requirement.revision, known, now, note)


def _of_files(
    supply: Supply,
    files: ProjectFiles,
    requirement: Requirement,
    located: Located,
    locked: LockedSource | None,
) -> Outdated:
    if located.kind == "published":
        known = locked.digest if locked is not None else None
        return Outdated(requirement.name, None, known, published_state(located.address(None)))
    reading = supply.read(located, None, requirement.select)
    if located.kind not in ("folder", "index"):
        known = locked.digest if locked is not None else None
        return Outdated(requirement.name, None, known, reading.revision)
    now = {(found.type, found.path): found.tree.content_hash for found in reading.artifacts}
    rows = [a for a in files.lock.artifacts if a.source == located.locked and a.content_hash]
    changed = [a for a in rows if now.get((a.id.type, a.path or "")) != a.content_hash]
    note = f"{len(changed)} of {len(rows)} artifacts changed" if changed else ""
    state = located.locked
    return Outdated(requirement.name, None, state, f"{state} (changed)" if changed else state, note)
