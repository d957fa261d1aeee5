"""The name by which agents know what is deployed: the line `name:` in its head says it.

A skill or agent that got another name than in its source, because that was taken, keeps its bytes
in the collection. In a project its head says the deployed name: that one line differs, as if the
file were in another format. A name that was only made safe for file systems counts as the same.
"""

from __future__ import annotations

from pathlib import Path

from holdall.artifacts.ids import ArtifactId
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.deploy.planning.plan import StoredContent
from holdall.errors import HoldallError
from holdall.files.name_line import name_in, read_head, rename_tree, said_name
from holdall.files.tree import Tree
from holdall.sources.naming import safe_name


def name_head(artifact_id: ArtifactId, tree: Tree, location: Path) -> Tree | None:
    """Return an artifact's files with its deployed name in the head; None if that says it."""
    if says_name(artifact_id, tree, location):
        return None
    return rename_tree(artifact_id, tree, location)


def says_name(artifact_id: ArtifactId, tree: Tree, location: Path) -> bool:
    """Return whether the head of an artifact has the name of an id."""
    found = read_head(artifact_id, tree, location)
    name = None if found is None else name_in(found[1])
    if name is None:
        return False
    names = (artifact_id.name, said_name(artifact_id))
    return name in names or safe_name(artifact_id.type, name) in names


def named_tree(
    artifact_id: ArtifactId, content: StoredContent, collection: Collection, *, is_other: bool
) -> Tree | None:
    """Return what is deployed of an artifact, if not exactly its content.

    `is_other` says that its source may have it under another name. An old version says its
    present name if the collection's present content does.
    """
    if not is_other:
        entry = collection.entry(artifact_id)
        assert isinstance(entry, ManifestArtifact), "composites have no head"
        try:
            present = collection.tree(entry)
        except HoldallError:
            return None
        if not says_name(artifact_id, present, collection.location(entry)):
            return None
    return name_head(artifact_id, content.tree, content.location)
