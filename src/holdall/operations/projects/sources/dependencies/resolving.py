"""Choose a version of each plugin that others need, by resolvelib: the newest that fits all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from resolvelib import BaseReporter, ResolutionImpossible, Resolver
from resolvelib.providers import AbstractProvider

from holdall import NamedTuple, dataclass
from holdall.deploy.locked.values import Lock, LockedSource
from holdall.errors import ConflictError, NotFoundError
from holdall.operations.projects.sources.located import Located, locate_written
from holdall.operations.projects.sources.selection import Choice
from holdall.sources.fetch.address import GitAddress, parse
from holdall.sources.fetch.ranges import (
    Version,
    parse_range,
    parse_version,
    tags_of_plugin,
)
from holdall.sources.fetch.refs import Refs, read_refs
from holdall.sources.values import FoundComposite, Need, Reading

if TYPE_CHECKING:
    from holdall.operations.projects.sources.supply import Supply

_MOST_ROUNDS = 1000
_FEW = 5


class Asked(NamedTuple):
    """A plugin that is needed, and by whom, for reading."""

    need: Need
    by: str


@dataclass(frozen=True, eq=False)
class Copy:
    """A plugin as it can be had: in the source that is read, at a tag, or of another source.

    A copy at a tag has `located` and `reading`; it is read when it is tried. `version` is that of
    the tag, else of the manifest, None for none.
    """

    name: str
    version: Version | None
    shown: str
    found: FoundComposite | None = None
    is_here: bool = False
    located: Located | None = None
    reading: Reading | None = None

    @property
    def composite(self) -> FoundComposite:
        """What it has."""
        assert self.found is not None, "read when it was tried"
        return self.found


def resolve(
    supply: Supply, located: Located, reading: Reading, choice: Choice, before: Lock
) -> Mapping[str, Copy]:
    """Return a copy of each chosen composite and of all that these need, by name.

    Raises ConflictError that names who asks for what, where nothing fits all.
    """
    provider = _Provider(_Copies(supply, located, reading, choice, before))
    by_id = {one.id: one for one in reading.composites}
    chosen = [by_id[one].name for one in choice.composites]
    asked = [Asked(Need(name), "the project") for name in chosen]
    asked += _asked_before(before, located, {f"composite:{name}" for name in chosen})
    resolver: Resolver[Asked, Copy, str] = Resolver(provider, BaseReporter())
    try:
        result = resolver.resolve(asked, max_rounds=_MOST_ROUNDS)
    except ResolutionImpossible as error:
        raise _explanation(provider, [cause.requirement for cause in error.causes]) from None
    return {name: provider.copies.read_copy(copy) for name, copy in result.mapping.items()}


def _asked_before(lock: Lock, located: Located, chosen: set[str]) -> Iterator[Asked]:
    """Yield what plugins of other requirements need of this repository."""
    repository = located.locked.partition("#")[0]
    for source in lock.sources:
        if source.source.partition("#")[0] != repository:
            continue
        for text in source.needed_by:
            by, _, wanted = text.partition(" ")
            if by not in chosen and source.select and any(one.wanted_by for one in lock.artifacts):
                yield Asked(Need(source.select[0].name, wanted or None), by)


class _Copies:
    """The copies that there are of each plugin."""

    def __init__(
        self, supply: Supply, located: Located, reading: Reading, choice: Choice, lock: Lock
    ) -> None:
        self._supply, self._located, self._lock = supply, located, lock
        self._here: dict[str, FoundComposite] = {}
        for one in reading.composites:
            self._here.setdefault(one.name, one)
        chosen = set(choice.composites)
        self._chosen = {name for name, one in self._here.items() if one.id in chosen}
        self._tried: dict[tuple[str, str], Copy] = {}
        self.tagged = cache(self._read_tags)

    def of(self, need: Need, *, has_range: bool) -> list[Copy]:
        """Return the copies of a plugin, the best first: newest tags, then what is at hand."""
        here = self._here.get(need.name)
        if need.market is not None or here is None:
            return list(self._elsewhere(need.name))
        version = parse_version(here.version or "")
        shown = f"{here.version or 'without a version'} in {self._located.written}"
        copy = Copy(need.name, version, shown, here, is_here=True)
        if need.name in self._chosen or not has_range:
            return [copy]
        return [*self.tagged(need.name), copy]

    def _read_tags(self, name: str) -> tuple[Copy, ...]:
        if self._located.kind != "git":
            return ()
        versions = tags_of_plugin(self.refs.tags, name)
        # An address ends with the last `@`: other forms than Claude Code's are left out.
        plain = {v: tag for v, tag in versions.items() if "@" not in tag}
        return tuple(Copy(name, v, plain[v]) for v in sorted(plain, reverse=True))

    @property
    def refs(self) -> Refs:
        """The repository's names."""
        return self._read_refs(self._located.address(None))

    @cache  # noqa: B019 - as long as one command resolves
    def _read_refs(self, text: str) -> Refs:
        address = parse(text)
        assert isinstance(address, GitAddress), "a repository"
        return read_refs(address, self._supply.scratch.folder())

    def _elsewhere(self, name: str) -> Iterator[Copy]:
        """Yield the plugin of that name that another source of the project has."""
        for one in self._lock.artifacts:
            source = self._lock.source(one.source or "")
            if one.id.name == name and one.content_hash is None and source is not None:
                yield from self._of_source(name, source, one.path)

    def _of_source(self, name: str, source: LockedSource, path: str | None) -> Iterator[Copy]:
        project = self._supply.terms.project
        located = self._supply.places.get(source.source) or locate_written(source.source, project)
        for found in self._supply.read_locked(located, source, None).composites:
            if found.path == path:
                version = parse_version(found.version or "")
                shown = f"{found.version or 'without a version'} in {located.written}"
                yield Copy(name, version, shown, found)

    def read_copy(self, copy: Copy) -> Copy:
        """Return a copy with what it has: one at a tag is read now; raises what reading does."""
        if copy.found is not None:
            return copy
        key = copy.name, copy.shown
        if key not in self._tried:
            path = self._here[copy.name].path
            top, _, folder = self._located.written.partition("#")
            inner = "/".join(part for part in (folder, path) if part not in ("", "."))
            project = self._supply.terms.project
            located = locate_written(f"{top}#{inner}" if inner else top, project)
            reading = self._supply.read(located, copy.shown)
            found = next((one for one in reading.composites if one.path == "."), None)
            if found is None:
                raise NotFoundError(
                    f"{located.written} at {copy.shown} is no plugin",
                    hint="tell its authors; a narrower range leaves that version out",
                )
            version = copy.version
            self._tried[key] = Copy(
                *(copy.name, version, copy.shown, found), located=located, reading=reading
            )
        return self._tried[key]


class _Provider(AbstractProvider[Asked, Copy, str]):
    """Tells resolvelib what there is."""

    def __init__(self, copies: _Copies) -> None:
        self.copies = copies

    def identify(self, requirement_or_candidate: Asked | Copy) -> str:
        """Return the plugin's name."""
        one = requirement_or_candidate
        return one.need.name if isinstance(one, Asked) else one.name

    def get_preference(self, identifier: str, *_: Any, **__: Any) -> str:
        """Settle plugins by their names, so that the result is always the same."""
        return identifier

    def find_matches(
        self, identifier: str, requirements: Mapping[str, Iterator[Asked]], incompatibilities: Any
    ) -> Sequence[Copy]:
        """Return the copies that meet all that is asked, the best first."""
        asked = list(requirements[identifier])
        bad = {one.shown for one in incompatibilities[identifier]}
        found = self.every(asked)
        return [
            one
            for one in found
            if one.shown not in bad and all(self.is_satisfied_by(a, one) for a in asked)
        ]

    def every(self, asked: Sequence[Asked]) -> list[Copy]:
        """Return all copies of what is asked for."""
        need = next((a.need for a in asked if a.need.market is not None), asked[0].need)
        return self.copies.of(need, has_range=any(a.need.range for a in asked))

    def is_satisfied_by(self, requirement: Asked, candidate: Copy) -> bool:
        """Return whether a copy is in the range that is asked for."""
        text = requirement.need.range
        if text is None:
            return True
        return candidate.version is not None and parse_range(text).allows(candidate.version)

    def get_dependencies(self, candidate: Copy) -> list[Asked]:
        """Return what a copy needs."""
        composite = self.copies.read_copy(candidate).composite
        by = f"composite:{candidate.name}"
        return [Asked(need, by) for need in composite.needs]


def _explanation(provider: _Provider, asked: Sequence[Asked]) -> ConflictError:
    """Make the error that says who asks for what, and what there is."""
    needs = dict.fromkeys(f"{one.by} needs {one.need.shown}" for one in asked)
    names = dict.fromkeys(one.need.name for one in asked)
    there = []
    for name in names:
        copies = provider.every([one for one in asked if one.need.name == name])
        shown = ", ".join(copy.shown for copy in copies[:_FEW]) or "nothing of that name"
        there.append(f"of {name} there is {shown}")
    markets = sorted({one.need.market for one in asked if one.need.market})
    hint = f"{'; '.join(there)}; select less with --skill, or another version"
    if markets or any(text.endswith("nothing of that name") for text in there):
        where = f" of the marketplace {markets[0]}" if markets else ""
        skill = f"--skill {next(iter(names))}"
        hint = f"`holdall add` the source{where} that has it first, with {skill}"
    return ConflictError(f"nothing fits: {'; '.join(needs)}", hint=hint)
