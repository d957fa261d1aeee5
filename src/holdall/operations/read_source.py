"""Read a source, with plugins' help for types that only they know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.artifacts.limits import DEFAULT_CAPS, Caps, Meter
from holdall.reporter import log_debug

if TYPE_CHECKING:
    from holdall.operations.session import Session
    from holdall.plugins.manager import Plugins
    from holdall.sources.values import FoundArtifact, GitState, Reading


@contextmanager
def open_source(
    plugins: Plugins, source: str, caps: Caps = DEFAULT_CAPS, skills: Sequence[str] = ()
) -> Iterator[Reading]:
    """Read what `source` names: a folder, an archive, or a git repository.

    Of a repository only what some `skills` need, if they are given and the tree says it; nothing
    else of it counts as gone then.

    The files of the reading are there until the context ends. Raises what
    `holdall.sources.fetch.origin.open_origin` and `read_source` raise.
    """
    from holdall.sources.fetch.origin import open_origin
    from holdall.sources.values import Part

    with open_origin(source, caps, skills) as origin:
        reading = read_source(plugins, origin.folder, caps, origin.git)
        found = len(reading.artifacts)
        log_debug(__name__, "read %s: %d artifacts", origin.name, found)
        if origin.part is not Part.ALL:
            reading = reading._replace(unread={**reading.unread, ".": "only a part was read"})
        reading = reading._replace(source=origin.name, revision=origin.revision)
        yield reading._replace(tag=origin.tag, part=origin.part)


class Readings:
    """Sources that one command reads, each once; they are there until `held` ends."""

    def __init__(self, session: Session, caps: Caps, held: ExitStack) -> None:
        self._session, self._caps, self._held = session, caps, held
        self._read: dict[tuple[str, tuple[str, ...]], Reading] = {}

    def read(self, address: str, name: str, skills: tuple[str, ...]) -> Reading:
        """Read a source, `name` for users; of some skills only what they need, if that is all."""
        from holdall.sources.values import Part

        for key in ((address, ()), (address, skills)):
            if key in self._read:
                return self._read[key]
        reading = self._open(address, skills)
        if reading.part is not Part.ALL and not has_skills(reading, skills):
            reading = self._open(address, ())
        if reading.part is Part.SOME_OF_ALL:
            text = f"{name}: its server sends no parts of a repository, all was fetched"
            self._session.reporter.note(text)
        self._read[address, () if reading.part is Part.ALL else skills] = reading
        return reading

    def _open(self, address: str, skills: tuple[str, ...]) -> Reading:
        opened = open_source(self._session.plugins, address, self._caps, skills)
        return self._held.enter_context(opened)


def has_skills(reading: Reading, names: Iterable[str]) -> bool:
    """Return whether a reading has skills of these names."""
    return {a.id.name for a in reading.artifacts if a.type == "skill"}.issuperset(names)


def read_source(
    plugins: Plugins, source: Path, caps: Caps = DEFAULT_CAPS, git: GitState | None = None
) -> Reading:
    """Read everything that a folder holds; raises NotFoundError if it is not there.

    A folder that is a collection, Holdall's or SkillMeat's, is read as its manifest says; what
    looks like such a manifest in an export of a plugin is one of the plugin's own files.
    """
    from holdall.collection.collect.listed.as_source import as_listed
    from holdall.collection.collect.listed.foreign_manifests import listing_of
    from holdall.sources.reader import read

    claim = _claimer(plugins) if plugins.implements("holdall_collect_file") else None
    plain = read(source, claim, caps) if git is None else read(source, claim, caps, git)
    is_export = any(found.path == "." and found.uuid is not None for found in plain.composites)
    listing = None if is_export else listing_of(plain.root)
    return (
        plain if listing is None else as_listed(plain, listing, plugins.types, Meter(caps, source))
    )


def _claimer(plugins: Plugins) -> Callable[[Path, Path], FoundArtifact | None]:
    from holdall.sources.values import FoundArtifact

    def claim(path: Path, source: Path) -> FoundArtifact | None:
        return plugins.first("holdall_collect_file", FoundArtifact, path=path, source=source)

    return claim
