"""What a source holds, as values: artifacts, composites, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping
from dataclasses import field
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from holdall import NamedTuple, dataclass
from holdall.artifacts.ids import ArtifactId, CompositeType
from holdall.files.tree import Tree
from holdall.sources.naming import source_names

LFS_POINTER = "lfs-pointer"


class Diagnostic(NamedTuple):
    """Something about a source that its owner should know.

    `path` is relative to the source. `level` is `error` for what could not be taken, `warning` for
    what was taken although it is broken, `info` for what is only worth knowing. The table in
    `holdall.sources.checks.diagnostics` has the reason and remedy of each `code`.
    """

    path: str
    code: str
    message: str
    line: int | None = None
    level: str = "warning"

    @property
    def sentence(self) -> str:
        """The diagnostic as a line of text: level, place, what is wrong, code."""
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{self.level}: {place}: {self.message} [{self.code}]"

    def to_json(self) -> dict[str, str | int | None]:
        """Return the diagnostic as `--json` prints it."""
        return {
            "path": self.path,
            "line": self.line,
            "level": self.level,
            "code": self.code,
            "message": self.message,
        }


class GitState(NamedTuple):
    """What git knows of a source that its files do not show, by paths relative to it.

    `ignored` are files and folders that its own settings ignore, `lacking` files whose content is
    not in the repository, `submodules` folders that other repositories fill, `sparse` files that
    the user chose not to check out.
    """

    ignored: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    submodules: frozenset[str] = frozenset()
    sparse: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FoundArtifact:
    """An artifact at one place of a source.

    Artifacts of one type with the same content share their `id`: they are one artifact that is
    at several places. `name` is what the place itself says, `id.name` what it is called when this
    source is collected. `path` is relative to the source (`<file>#<server>` for an MCP server);
    `location` is the file or folder to copy from, or None where `data` is the content. `uuid`,
    `origin` and `extra` are what the source's own manifest says, where it has one. `hides_text`
    says that agents read more of it than users see.
    """

    id: ArtifactId
    type: str
    name: str
    path: str
    location: Path | None
    data: bytes | None
    tree: Tree
    description: str | None = None
    frontmatter_name: str | None = None
    uuid: str | None = None
    origin: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    hides_text: bool = False

    @property
    def content(self) -> Path | bytes:
        """What to copy: the file or folder, or the bytes themselves."""
        content = self.location if self.data is None else self.data
        assert content is not None, "a found artifact has a location or data"
        return content


@dataclass(frozen=True, slots=True)
class FoundMember:
    """A composite's member: the artifact's id and path, and its name there if the id differs.

    A member from a collection's manifest has its relationship and pin.
    """

    id: ArtifactId
    path: str
    alias: str | None = None
    relationship: str = "contains"
    pin: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Need(NamedTuple):
    """A plugin that another one needs: a name, a range of versions, and a marketplace's name.

    Without a range any version does; without a marketplace it is that of whoever needs it.
    """

    name: str
    range: str | None = None
    market: str | None = None

    @property
    def shown(self) -> str:
        """What is needed, for reading."""
        return " ".join(filter(None, (self.name, self.range)))


@dataclass(frozen=True, slots=True)
class FoundComposite:
    """A bundle of artifacts: a marketplace's entry, an unlisted plugin, or a likely folder.

    `kind` is `marketplace-entry`, `unlisted-plugin`, `heuristic`, or `collection` for one that a
    Holdall collection's manifest lists, with its UUID. Members are in their order, one per place;
    `distinct_members` has one per artifact. `files` are the plugin's own files, `metadata` what its
    manifest says other than name, description and components: version, author, license. Several
    composites may share a `path` (a marketplace whose entries all live at its root): name and path
    together distinguish them. `needs` are the plugins that it says it depends on.
    """

    id: ArtifactId
    name: str
    path: str
    members: tuple[FoundMember, ...]
    description: str | None
    version: str | None
    kind: str
    uuid: str | None = None
    display_name: str | None = None
    composite_type: str = CompositeType.PLUGIN.value
    files: ArtifactId | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    hides_text: bool = False
    needs: tuple[Need, ...] = ()

    @property
    def distinct_members(self) -> tuple[FoundMember, ...]:
        """The first member of each artifact: the same content twice in a plugin is one."""
        first: dict[ArtifactId, FoundMember] = {}
        for member in self.members:
            first.setdefault(member.id, member)
        return tuple(first.values())


class RemoteComposite(NamedTuple):
    """A marketplace's entry that lives elsewhere; listed, never followed.

    `source` is the entry's JSON, `shown` what of it says where the plugin is.
    """

    name: str
    source: str
    shown: str


class Tagged(NamedTuple):
    """The tag that a range of versions stands for, and the newest of all, maybe outside of it."""

    tag: str
    newest: str


class Part(Enum):
    """How much of a source is there: all, some, or some although all of it was fetched."""

    ALL = "all"
    SOME = "some"
    SOME_OF_ALL = "some of all"


class Reading(NamedTuple):
    """All that a source holds: artifacts by place, composites in the source's order.

    `source` is what to record as the place that it came from, the root if None; `revision` the
    commit or checksum of what was read, where there is one. `unread` says, by path, what is there
    or should be and could not be read, and why: what came from there is not gone. `left_out` says
    which paths are not collected, and why. `older` are versions that its composites pin, and that
    the artifacts of their ids are not any more. `tag` is what a range of versions stands for,
    `part` how much of it was read.
    """

    root: Path
    artifacts: tuple[FoundArtifact, ...]
    composites: tuple[FoundComposite, ...]
    remotes: tuple[RemoteComposite, ...]
    diagnostics: tuple[Diagnostic, ...]
    source: str | None = None
    revision: str | None = None
    unread: Mapping[str, str] = MappingProxyType({})
    left_out: Mapping[str, str] = MappingProxyType({})
    tag: Tagged | None = None
    part: Part = Part.ALL
    older: tuple[FoundArtifact, ...] = ()

    def why_unread(self, path: str) -> str | None:
        """Return why something at `path` may be there although it was not found."""
        if not self.artifacts:
            return "the source holds nothing; is it mounted, or checked out?"
        ends = [end for end, sign in enumerate(path) if sign in "/#"]
        places = (path, *(path[:end] for end in reversed(ends)), ".")
        found = next((place for place in places if place in self.unread), None)
        inside = next((place for place in self.unread if place.startswith(f"{path}/")), None)
        return self.unread.get(found or inside or "")

    def has_pointers(self, found: FoundArtifact) -> bool:
        """Return whether the content of one of an artifact's files is only a Git LFS pointer."""
        inside = f"{found.path}/"
        return any(
            d.code == LFS_POINTER and (d.path == found.path or d.path.startswith(inside))
            for d in self.diagnostics
        )

    def without(self, codes: Collection[str]) -> Reading:
        """Return the reading without the diagnostics of these codes."""
        if not codes:
            return self
        kept = tuple(d for d in self.diagnostics if d.code not in codes)
        return self._replace(diagnostics=kept)

    def only(self, ids: Container[ArtifactId]) -> Reading:
        """Return the reading with the artifacts and composites of these ids alone."""
        return self._replace(
            artifacts=tuple(found for found in self.artifacts if found.id in ids),
            composites=tuple(found for found in self.composites if found.id in ids),
            older=tuple(found for found in self.older if found.id in ids),
        )

    @property
    def needs_attention(self) -> bool:
        """Whether anything is worse than worth knowing."""
        return any(diagnostic.level != "info" for diagnostic in self.diagnostics)

    def around(self, found: FoundArtifact) -> Iterator[str]:
        """Yield what to put in front of a name that is taken: its plugins, then the repository."""
        for composite in self.composites:
            if found.id == composite.files or any(m.id == found.id for m in composite.members):
                yield composite.name
        yield from source_names(self.source or str(self.root))

    def distinct_artifacts(self) -> Iterator[FoundArtifact]:
        """Yield the first place of each artifact."""
        seen: set[ArtifactId] = set()
        for artifact in self.artifacts:
            if artifact.id not in seen:
                seen.add(artifact.id)
                yield artifact


Claim = Callable[[Path, Path], FoundArtifact | None]
"""Asked about each file that no reader claimed: its path, and the source's."""
