"""What plugins need of each other, resolved: other plugins of the source, and versions of them.

A plugin without a range is that of the same marketplace, at the same commit. With one it is the
newest tag `NAME--v1.2.3` that all who need it allow, else the marketplace's own copy. A plugin of
another marketplace is never fetched: the project has to require it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.deploy.locked.values import Lock
from holdall.operations.projects.sources.located import Located
from holdall.operations.projects.sources.selection import Choice
from holdall.sources.values import FoundComposite, Reading

if TYPE_CHECKING:
    from holdall.operations.projects.sources.dependencies.resolving import Copy
    from holdall.operations.projects.sources.supply import Supply


class Dependency(NamedTuple):
    """A plugin at a tag of its own: its source, what that has, and who needs it.

    `ranges` are what is asked of it, `roots` what was chosen and brings it, by ids of the first
    source; `needed_by` names each plugin that needs it, with its range.
    """

    located: Located
    reading: Reading
    tag: str
    composite: FoundComposite
    ranges: tuple[str, ...]
    roots: tuple[ArtifactId, ...]
    needed_by: tuple[str, ...]


class Needs(NamedTuple):
    """What a choice needs: composites of the same reading, by the roots that do, and others."""

    here: Mapping[ArtifactId, tuple[ArtifactId, ...]] = MappingProxyType({})
    others: tuple[Dependency, ...] = ()


def find_needs(
    supply: Supply, located: Located, reading: Reading, choice: Choice, before: Lock
) -> Needs:
    """Resolve what the composites of a choice need; raises ConflictError that says who asks what.

    `before` is the lock, of which others may need the same.
    """
    composites = {one.id: one for one in reading.composites}
    if not any(composites[one].needs for one in choice.composites):
        return Needs()
    from holdall.operations.projects.sources.dependencies.resolving import resolve

    found = resolve(supply, located, reading, choice, before)
    below = {
        root: set(_names_below(composites[root], composites, found))
        for root in choice.roots
        if root in composites
    }
    wanted = {need.name for copy in found.values() for need in copy.composite.needs}
    here = {
        root: tuple(
            found[name].composite.id
            for name in sorted(names & wanted)
            if found[name].is_here and found[name].composite.id != root
        )
        for root, names in below.items()
    }
    others = []
    for name, copy in sorted(found.items()):
        if copy.located is not None and copy.reading is not None:
            asked = [
                (one.composite.name, need)
                for one in found.values()
                for need in one.composite.needs
                if need.name == name
            ]
            shown = (f"composite:{by} {need.range or ''}".rstrip() for by, need in asked)
            others.append(
                Dependency(
                    copy.located,
                    copy.reading,
                    copy.shown,
                    copy.composite,
                    tuple(dict.fromkeys(need.range for _, need in asked if need.range)),
                    tuple(root for root, names in below.items() if name in names),
                    tuple(dict.fromkeys(shown)),
                )
            )
    return Needs(here, tuple(others))


def _names_below(
    root: FoundComposite,
    composites: Mapping[ArtifactId, FoundComposite],
    found: Mapping[str, Copy],
) -> Iterator[str]:
    """Yield the names of all plugins that a composite brings, by members and needs."""
    ahead, seen = [root], set[str]()
    while ahead:
        one = ahead.pop()
        if one.name in seen:
            continue
        seen.add(one.name)
        yield one.name
        ahead += [composites[m.id] for m in one.distinct_members if m.id in composites]
        ahead += [found[need.name].composite for need in one.needs if need.name in found]
