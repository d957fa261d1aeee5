"""A composite as a Claude plugin: a folder or archive that anybody can use.

The form is that of Claude Code's plugins; the key `holdall` of its manifest says who is who, so
that collecting it elsewhere restores UUIDs, content hashes, order and pins.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdall.artifacts import ArtifactId, FileDigest, FileKind, RelPath, Shape, refuse_collisions
from holdall.collection import Collection, ManifestArtifact, ManifestComposite
from holdall.errors import (
    ConflictError,
    InputError,
    LocalEditError,
    NotFoundError,
    StorageError,
)
from holdall.files import Tree
from holdall.formats import MAX_JSON_BYTES, parse_json, read_bounded
from holdall.sources import IDENTITY_KEY
from holdall.transaction import ExportFile, content_of, placed
from holdall_composites.history.versions import materialize, version_tree
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.values.types import Expanded

MANIFEST = RelPath.parse(".claude-plugin/plugin.json")
SERVERS = RelPath.parse(".mcp.json")
HOOKS = RelPath.parse("hooks/hooks.json")
MAX_SERVER_BYTES = 1 << 20


@dataclass
class Export:
    """The files of an export by path; `members` is what the manifest says about each member.

    `own` is what it says about the plugin's own files.
    """

    composite: ManifestComposite
    own: dict[str, str] | None = None
    files: dict[RelPath, ExportFile] = field(default_factory=dict)
    members: list[dict[str, Any]] = field(default_factory=list)


def plan_export(
    resolver: Resolver, collection: Collection, composite: ManifestComposite, scratch: Path
) -> Export:
    """Lay out a composite with all that it contains, nested composites' members included.

    Pinned members are taken as they are pinned, from the database, by way of the empty folder
    `scratch`. Raises LocalEditError for a member that was edited and not collected, ConflictError
    for two that want one path.
    """
    assert collection.manifest.uuid is not None, "what has a composite has a UUID"
    export = Export(composite)
    found = resolver.expand([str(composite.id)])
    direct = {member.uuid: member for member in composite.members}
    hooks = [e for e in found if ArtifactId.parse(e.id).type == "hook"]
    servers: dict[str, Any] = {}
    for expanded in found:
        artifact_id = ArtifactId.parse(expanded.id)
        entry = collection.entry(artifact_id)
        assert isinstance(entry, ManifestArtifact), "expanding leaves no composites"
        tree, location = _content(resolver, collection, entry, expanded, scratch)
        if artifact_id.type == "mcp":
            servers[artifact_id.name] = _server(location)
            path = f"{SERVERS}#{artifact_id.name}"
        else:
            base = HOOKS if len(hooks) == 1 and artifact_id.type == "hook" else None
            path = _add(export, collection, artifact_id, tree, location, base)
        member = direct.get(expanded.uuid)
        export.members.append(
            {
                "id": expanded.id,
                "uuid": expanded.uuid,
                "path": path,
                "content_hash": tree.content_hash,
                "relationship": member.relationship if member else "contains",
                "pin": member.pin if member else None,
            }
        )
    if composite.files is not None:
        _add_own_files(export, collection, composite.files)
    if servers:
        export.files[SERVERS] = _json({"mcpServers": servers})
    export.files[MANIFEST] = _json(_manifest(export, len(hooks)))
    refuse_collisions(export.files)
    return export


def is_export(folder: Path) -> bool:
    """Return whether a folder is an earlier export."""
    try:
        value = parse_json(read_bounded(folder / MANIFEST, MAX_JSON_BYTES), MANIFEST)
    except StorageError:
        return False
    return isinstance(value, dict) and IDENTITY_KEY in value


def _add_own_files(export: Export, collection: Collection, files: ArtifactId) -> None:
    entry = collection.manifest.by_id.get(files)
    if not isinstance(entry, ManifestArtifact) or entry.uuid is None:
        raise NotFoundError(
            f"{export.composite.id}: its own files, {files}, are not in the collection",
            hint="`holdall undo` brings them back, or delete the key files in manifest.toml",
        )
    tree, location = _current(collection, entry)
    spec = collection.spec_of(files)
    for digest in tree.files:
        _add_file(export, digest.path, content_of(location, spec, tree, digest), digest)
    export.own = {"id": str(files), "uuid": entry.uuid, "content_hash": tree.content_hash}


def _content(
    resolver: Resolver,
    collection: Collection,
    entry: ManifestArtifact,
    expanded: Expanded,
    scratch: Path,
) -> tuple[Tree, Path]:
    spec = collection.spec_of(entry.id)
    if expanded.pin is None or expanded.pin == entry.content_hash:
        return _current(collection, entry)
    tree = version_tree(resolver.store, expanded.pin)
    folder = scratch / expanded.uuid
    materialize(resolver.store, tree, folder)
    return tree, folder / spec.only_file if spec.shape is Shape.FILE else folder


def _current(collection: Collection, entry: ManifestArtifact) -> tuple[Tree, Path]:
    tree = collection.tree(entry)
    if tree.content_hash != entry.content_hash:
        raise LocalEditError(
            f"{entry.id} was edited since it was collected", hint="`holdall collect` first"
        )
    return tree, collection.location(entry)


def _add(
    export: Export,
    collection: Collection,
    artifact_id: ArtifactId,
    tree: Tree,
    location: Path,
    base: RelPath | None,
) -> str:
    """Add a member's files; returns its path."""
    spec = collection.spec_of(artifact_id)
    base = base or artifact_id.path_in(spec)
    for path, digest in placed(base, spec, tree).items():
        _add_file(export, path, content_of(location, spec, tree, digest), digest)
    return str(base)


def _add_file(export: Export, path: RelPath, content: Path | bytes, digest: FileDigest) -> None:
    if path in export.files:
        raise ConflictError(f"two members want {path} in the export", hint="rename one of them")
    export.files[path] = ExportFile(content, digest.executable, digest.kind is FileKind.LINK)


def _server(location: Path) -> Any:
    value = parse_json(read_bounded(location, MAX_SERVER_BYTES), str(location))
    if isinstance(value, dict):
        return value
    raise InputError(f"{location}: not a JSON object", hint="mend it, then collect it")


def _json(value: Any) -> ExportFile:
    return ExportFile((json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def _manifest(export: Export, hooks: int) -> dict[str, Any]:
    composite = export.composite
    manifest: dict[str, Any] = {"name": composite.id.name, **composite.metadata}
    if composite.description:
        manifest["description"] = composite.description
    if hooks > 1:
        manifest["hooks"] = [
            f"./{m['path']}" for m in export.members if m["id"].startswith("hook:")
        ]
    manifest[IDENTITY_KEY] = {
        "format": 1,
        "uuid": composite.uuid,
        "composite_type": composite.composite_type,
        "files": export.own,
        "members": export.members,
    }
    return manifest
