"""A composite laid out as a Claude plugin: the files of a folder or archive that anybody can use.

The form is that of Claude Code's plugins; the key `holdall` of its manifest has the identities, so
that collecting it elsewhere restores UUIDs, content hashes, order and pins.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from holdall.artifacts.hashing import FileDigest
from holdall.artifacts.ids import ArtifactId, FileKind
from holdall.artifacts.paths import RelPath, refuse_collisions
from holdall.collection.collection import Collection
from holdall.collection.manifest.manifest import ManifestArtifact, ManifestComposite
from holdall.errors import ConflictError, InputError, LocalEditError, NotFoundError, StorageError
from holdall.files.tree import Tree
from holdall.formats.documents import MAX_JSON_BYTES, parse_json, read_bounded
from holdall.sources.layouts.identity import IDENTITY_KEY
from holdall.transaction.export import ExportFile
from holdall.transaction.placement import content_of, place_files

MANIFEST = RelPath.parse(".claude-plugin/plugin.json")
SERVERS = RelPath.parse(".mcp.json")
HOOKS = RelPath.parse("hooks/hooks.json")
MAX_SERVER_BYTES = 1 << 20


class MemberContent(NamedTuple):
    """A member with the files that the export has of it, and where they are."""

    entry: ManifestArtifact
    tree: Tree
    location: Path


@dataclass
class Export:
    """The files of an export by path; `members` is what the manifest says about each member.

    `own` is what it says about the plugin's own files.
    """

    composite: ManifestComposite
    own: dict[str, str] | None = None
    files: dict[RelPath, ExportFile] = field(default_factory=dict)
    members: list[dict[str, Any]] = field(default_factory=list)


def lay_out_plugin(
    collection: Collection, composite: ManifestComposite, members: Sequence[MemberContent]
) -> Export:
    """Return the files of a plugin with these members, in this order.

    Raises ConflictError for two members that want one path.
    """
    export = Export(composite)
    direct = {member.uuid: member for member in composite.members}
    hooks = [content for content in members if content.entry.id.type == "hook"]
    servers: dict[str, Any] = {}
    for content in members:
        entry = content.entry
        if entry.id.type == "mcp":
            servers[entry.id.name] = _server(content.location)
            path = f"{SERVERS}#{entry.id.name}"
        else:
            base = HOOKS if len(hooks) == 1 and entry.id.type == "hook" else None
            path = _add(export, collection, content, base)
        member = direct.get(entry.uuid)
        export.members.append(
            {
                "id": str(entry.id),
                "uuid": entry.uuid,
                "path": path,
                "content_hash": content.tree.content_hash,
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


def collected_content(collection: Collection, entry: ManifestArtifact) -> MemberContent:
    """Return an artifact as the collection has it; raises LocalEditError if it was edited."""
    tree = collection.tree(entry)
    if tree.content_hash != entry.content_hash:
        raise LocalEditError(
            f"{entry.id} was edited since it was collected", hint="`holdall collect` first"
        )
    return MemberContent(entry, tree, collection.location(entry))


def is_export(folder: Path) -> bool:
    """Return whether a folder is an earlier export."""
    try:
        value = parse_json(read_bounded(folder / MANIFEST, MAX_JSON_BYTES), MANIFEST)
    except (InputError, StorageError):
        return False
    return isinstance(value, dict) and IDENTITY_KEY in value


def _add_own_files(export: Export, collection: Collection, files: ArtifactId) -> None:
    entry = collection.manifest.by_id.get(files)
    if not isinstance(entry, ManifestArtifact) or entry.uuid is None:
        raise NotFoundError(
            f"{export.composite.id}: its own files, {files}, are not in the collection",
            hint="`holdall undo` brings them back, or delete the key files in manifest.toml",
        )
    _, tree, location = collected_content(collection, entry)
    spec = collection.spec_of(files)
    for digest in tree.files:
        _add_file(export, digest.path, content_of(location, spec, tree, digest), digest)
    export.own = {"id": str(files), "uuid": entry.uuid, "content_hash": tree.content_hash}


def _add(
    export: Export, collection: Collection, content: MemberContent, base: RelPath | None
) -> str:
    """Add a member's files; returns its path."""
    entry, tree, location = content
    spec = collection.spec_of(entry.id)
    base = base or entry.id.path_in(spec)
    for path, digest in place_files(base, spec, tree).items():
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
    raise InputError(f"{location}: not a JSON object", hint="fix it, then collect it")


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
