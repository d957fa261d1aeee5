"""The files that people and git see: `manifest.toml`, `holdall.toml`, `holdall.lock`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from holdall import NamedTuple


class CollectionTable(TypedDict):
    """The collection: `release` is the state that the file was written from, `base` its hash."""

    name: NotRequired[str]
    format: NotRequired[Literal[1]]
    uuid: NotRequired[str]
    release: NotRequired[int]
    base: NotRequired[str]


class ArtifactTable(TypedDict):
    """An artifact: its files are at `path`, `content_hash` is the hash of their tree."""

    name: str
    type: str
    path: str
    uuid: NotRequired[str]
    origin: NotRequired[str]
    content_hash: NotRequired[str]
    source: NotRequired[str]
    source_path: NotRequired[str]
    source_revision: NotRequired[str]
    source_hash: NotRequired[str]
    aliases: NotRequired[list[str]]


class MemberTable(TypedDict):
    """A member of a composite; without a `pin` it follows its current version."""

    id: str
    uuid: NotRequired[str]
    relationship: NotRequired[Literal["contains", "requires", "extends"]]
    pin: NotRequired[str]


class CompositeTable(TypedDict):
    """A composite; `files` is the id of the plugin's own files."""

    name: str
    uuid: NotRequired[str]
    composite_type: NotRequired[str]
    display_name: NotRequired[str]
    description: NotRequired[str]
    source: NotRequired[str]
    source_path: NotRequired[str]
    source_revision: NotRequired[str]
    source_members: NotRequired[list[str]]
    source_name: NotRequired[str]
    files: NotRequired[str]
    metadata: NotRequired[dict[str, Any]]
    members: NotRequired[list[MemberTable]]


class ManifestFile(TypedDict):
    """What a collection has. Unknown keys are kept."""

    collection: CollectionTable
    artifacts: NotRequired[list[ArtifactTable]]
    composites: NotRequired[list[CompositeTable]]


class ProjectTable(TypedDict):
    """The project: `targets` are its agents; without them, those that are found."""

    format: NotRequired[Literal[1]]
    targets: NotRequired[list[str]]


class RequirementTable(TypedDict):
    """A source that the project wants, or the `id` of an artifact of this machine's collection."""

    source: NotRequired[str]
    id: NotRequired[str]
    revision: NotRequired[str]
    select: NotRequired[list[str]]
    pin: NotRequired[str]
    targets: NotRequired[list[str]]


class ProjectFile(TypedDict):
    """What a project wants."""

    project: NotRequired[ProjectTable]
    require: NotRequired[list[RequirementTable]]


class SourceTable(TypedDict):
    """A source with the commit or the checksum (`digest`) that the project has of it."""

    source: str
    revision: NotRequired[str]
    commit: NotRequired[str]
    tag: NotRequired[str]
    needed_by: NotRequired[list[str]]
    digest: NotRequired[str]
    select: NotRequired[list[str]]


class LockedTable(TypedDict):
    """An artifact that the project has: its place in the source, its agents, what wants it."""

    id: str
    uuid: NotRequired[str]
    source: NotRequired[str]
    path: NotRequired[str]
    content_hash: NotRequired[str]
    targets: NotRequired[list[str]]
    wanted_by: NotRequired[list[str]]
    name: NotRequired[str]
    companion: NotRequired[str]


class LockFile(TypedDict):
    """What a project has exactly."""

    format: Literal[1]
    source: NotRequired[list[SourceTable]]
    artifact: NotRequired[list[LockedTable]]


class FileForm(NamedTuple):
    """A file's name, its TypedDict, and whether Holdall refuses keys that it does not know."""

    name: str
    form: type
    is_closed: bool


FILES = (
    FileForm("manifest.toml", ManifestFile, False),
    FileForm("holdall.toml", ProjectFile, True),
    FileForm("holdall.lock", LockFile, True),
)
