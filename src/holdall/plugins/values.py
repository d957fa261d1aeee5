"""What hooks are called with and return, in one place for those who write plugins."""

from __future__ import annotations

from pathlib import Path

from holdall.artifacts.ids import ArtifactId, TypeSpec
from holdall.collection.changes import ChangeSet as ChangeSet
from holdall.deploy.planning.plan import DeployPlan as DeployPlan
from holdall.files.tree import file_tree
from holdall.sources.values import FoundArtifact as FoundArtifact, Reading as Reading


def found_file(path: Path, source: Path, spec: TypeSpec, name: str | None = None) -> FoundArtifact:
    """Return a file of a source as an artifact of a single-file type, for `holdall_collect_file`.

    Without a name it is called as the file is, without the type's suffix.
    """
    called = path.name.removesuffix(spec.suffix) if name is None else name
    return FoundArtifact(
        ArtifactId.of(spec.name, called),
        spec.name,
        called,
        path.relative_to(source).as_posix(),
        path,
        None,
        file_tree(path, spec.only_file),
    )
