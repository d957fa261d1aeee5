"""A composite as a plugin, each member as it is, or as it was at the version of its pin."""

from __future__ import annotations

from pathlib import Path

from holdall.artifacts import ArtifactId, Shape
from holdall.collection import Collection, ManifestArtifact, ManifestComposite
from holdall.operations import Export, ExportForm, MemberContent, collected_content, lay_out_plugin
from holdall_composites.history.versions import materialize, version_tree
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.resolver.versions import refuse_strange_pin
from holdall_composites.values.types import Expanded


def plan_export(
    resolver: Resolver,
    collection: Collection,
    composite: ManifestComposite,
    scratch: Path,
    form: ExportForm,
) -> Export:
    """Lay out a composite with all that it contains, nested composites' members included.

    Pinned members are taken as they are pinned, from the database, by way of the empty folder
    `scratch`. Raises LocalEditError for a member that was edited and not collected, ConflictError
    for two that want one path.
    """
    found = resolver.expand([str(composite.id)])
    members = [_content(resolver, collection, expanded, scratch) for expanded in found]
    return lay_out_plugin(collection, composite, members, form)


def _content(
    resolver: Resolver, collection: Collection, expanded: Expanded, scratch: Path
) -> MemberContent:
    entry = collection.entry(ArtifactId.parse(expanded.id))
    assert isinstance(entry, ManifestArtifact), "expanding leaves no composites"
    if expanded.pin is None or expanded.pin == entry.content_hash:
        return collected_content(collection, entry)
    spec, folder = collection.spec_of(entry.id), scratch / expanded.uuid
    refuse_strange_pin(resolver.store, expanded.uuid, expanded.id, expanded.pin)
    tree = version_tree(resolver.store, expanded.pin)
    materialize(resolver.store, tree, folder)
    location = folder / spec.only_file if spec.shape is Shape.FILE else folder
    return MemberContent(entry, tree, location)
