"""What hooks are called with and return, in one place for those who write plugins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from holdall import NamedTuple, dataclass
from holdall.artifacts.ids import ArtifactId, TypeSpec
from holdall.collection.changes import ChangeSet as ChangeSet
from holdall.collection.manifest.manifest import Manifest
from holdall.deploy.planning.plan import (
    DeployPlan as DeployPlan,
    DeployRequest as DeployRequest,
    Resolution as Resolution,
    StoredContent as StoredContent,
)
from holdall.files.tree import Tree, bytes_tree, file_tree
from holdall.files.user_state import user_folder as user_folder
from holdall.sources.values import FoundArtifact as FoundArtifact, Reading as Reading


class Deployment(NamedTuple):
    """A place where an artifact is deployed, and the hash of the content that is there."""

    project: str
    target_root: str
    content_hash: str


class KnownDeployment(NamedTuple):
    """What a deploy left of an artifact in a project, beside what the newest release has of it.

    `host` is the machine, and `is_here` says that it is this one. `current` is the content hash in
    the newest release, None for what was removed; `is_pinned` says that a composite pins what is
    deployed, `is_finished` that the deploy came to its end.
    """

    host: str
    project: str
    target_root: str
    uuid: str
    id: str
    content_hash: str
    current: str | None
    is_pinned: bool
    is_finished: bool
    is_here: bool


class Details(NamedTuple):
    """What is known of a collection's artifacts beyond its files, by UUID.

    `versions` are the numbers of the newest versions.
    """

    versions: Mapping[str, int]
    deployments: Mapping[str, Sequence[Deployment]]


@dataclass(frozen=True, slots=True)
class LintProblem:
    """What a plugin's lint check found in a source.

    `path` is relative to the source, `level` is `error`, `warning` or `info`. `code` is the
    plugin's own, words joined by hyphens; users see it after the plugin's name, as in
    `audit:no-owner`, and leave it out by `--allow`. `why` and `remedy` say what matters and helps.
    """

    path: str
    code: str
    message: str
    line: int | None = None
    level: str = "warning"
    why: str = ""
    remedy: str = ""


class ReleaseState(NamedTuple):
    """A collection as a release had it, and the files of those artifacts that were asked for."""

    manifest: Manifest
    trees: Mapping[ArtifactId, Tree]


def file_artifact(
    path: Path, source: Path, spec: TypeSpec, name: str | None = None
) -> FoundArtifact:
    """Return a file of a source as an artifact of a single-file type, for `holdall_collect_file`.

    Without a name it is called as the file is, without the type's suffix.
    """
    called = path.name.removesuffix(spec.suffix) if name is None else name
    place, tree = path.relative_to(source).as_posix(), file_tree(path, spec.only_file)
    return FoundArtifact(
        ArtifactId.of(spec.name, called), spec.name, called, place, path, None, tree
    )


def bytes_artifact(
    data: bytes, path: Path, source: Path, spec: TypeSpec, name: str | None = None
) -> FoundArtifact:
    """Return what a plugin makes of a file of a source, as `file_artifact` does the file itself.

    The collection keeps what was made, with its versions, and a deploy places it.
    """
    called = path.stem if name is None else name
    place, tree = path.relative_to(source).as_posix(), bytes_tree(data, spec.only_file)
    return FoundArtifact(
        ArtifactId.of(spec.name, called), spec.name, called, place, None, data, tree
    )
