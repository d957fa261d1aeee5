"""A composite as a Claude plugin: a folder or archive that anybody can use.

The form is that of Claude Code's plugins; the key `holdall` of its manifest says who is who, so
that collecting it elsewhere restores UUIDs, content hashes, order and pins.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

from holdall.artifacts import ArtifactId, FileKind, Shape
from holdall.collection import Collection
from holdall.documents import MAX_JSON_BYTES, parse_json, read_bounded
from holdall.errors import ConflictError, InputError, LocalEditError, NotFoundError, StorageError
from holdall.hashing import FileDigest
from holdall.layout import content_of, placed
from holdall.manifest import ManifestArtifact, ManifestComposite
from holdall.paths import RelPath, refuse_collisions
from holdall.sources.identity import IDENTITY_KEY
from holdall.trees import Tree
from holdall_composites.resolver import Expanded, Resolver
from holdall_composites.versions import materialize, version_tree

__all__ = ["Export", "plan_export", "write_export"]

MANIFEST = RelPath.parse(".claude-plugin/plugin.json")
SERVERS = RelPath.parse(".mcp.json")
HOOKS = RelPath.parse("hooks/hooks.json")
MAX_SERVER_BYTES = 1 << 20

_EPOCH = (1980, 1, 1, 0, 0, 0)


class _File(NamedTuple):
    """A file of the export: its bytes or where they are, whether it runs, whether it is a link."""

    content: Path | bytes
    executable: bool = False
    is_link: bool = False


@dataclass
class Export:
    """The files of an export by path; `members` is what the manifest says about each member.

    `own` is what it says about the plugin's own files.
    """

    composite: ManifestComposite
    own: dict[str, str] | None = None
    files: dict[RelPath, _File] = field(default_factory=dict)
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
    found = resolver.expand(collection.manifest.uuid, [str(composite.id)])
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
    export.files[path] = _File(content, digest.executable, digest.kind is FileKind.LINK)


def _server(location: Path) -> Any:
    value = parse_json(read_bounded(location, MAX_SERVER_BYTES), str(location))
    if isinstance(value, dict):
        return value
    raise InputError(f"{location}: not a JSON object", hint="mend it, then collect it")


def _json(value: Any) -> _File:
    return _File((json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


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


def write_export(export: Export, target: Path, *, force: bool) -> None:
    """Write a folder or, by the name's end, a `.zip` or `.tar.gz`; whole or not at all.

    Raises ConflictError for what is there already. With `force` a file, or a folder that is an
    earlier export, is replaced.
    """
    is_folder = not target.name.endswith((".zip", ".tar.gz", ".tgz"))
    _refuse_taken(target, is_folder=is_folder, force=force)
    beside: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        made = beside / "new"
        if is_folder:
            _write_folder(export, made)
        else:
            made.write_bytes(_zipped(export) if target.name.endswith(".zip") else _tarred(export))
        if is_folder and target.is_dir():
            os.rename(target, beside / "old")
        os.rename(made, target)
    except OSError as error:
        raise StorageError(
            f"cannot write {target}: {error.strerror}", hint="nothing was left there"
        ) from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def _refuse_taken(target: Path, *, is_folder: bool, force: bool) -> None:
    if not os.path.lexists(target):
        return
    is_plain = not target.is_symlink()
    is_export = is_folder and is_plain and target.is_dir() and _is_export(target)
    is_file = not is_folder and is_plain and target.is_file()
    is_blank = is_folder and is_plain and target.is_dir() and not any(target.iterdir())
    if not is_blank and not (force and (is_export or is_file)):
        raise ConflictError(
            f"{target} is there already",
            hint="choose another name" + ("; --force replaces it" if is_export or is_file else ""),
        )


def _is_export(folder: Path) -> bool:
    try:
        value = parse_json(read_bounded(folder / MANIFEST, MAX_JSON_BYTES), MANIFEST)
    except StorageError:
        return False
    return isinstance(value, dict) and IDENTITY_KEY in value


def _sorted(files: Mapping[RelPath, _File]) -> Iterator[tuple[RelPath, _File, bytes]]:
    for path in sorted(files, key=lambda p: p.encode()):
        file = files[path]
        data = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
        yield path, file, data


def _write_folder(export: Export, folder: Path) -> None:
    for path, file, data in _sorted(export.files):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.is_link:
            os.symlink(os.fsdecode(data), place)
        else:
            place.write_bytes(data)
            place.chmod(0o755 if file.executable else 0o644)


def _mode(file: _File) -> int:
    return 0o755 if file.executable else 0o644


# Not compressed: what a compressor makes of the same bytes differs from one zlib to the next.


def _zipped(export: Export) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for path, file, data in _sorted(export.files):
            info = zipfile.ZipInfo(path, _EPOCH)
            info.create_system = 3
            info.external_attr = (0o120777 if file.is_link else 0o100000 | _mode(file)) << 16
            archive.writestr(info, data)
    return whole.getvalue()


def _tarred(export: Export) -> bytes:
    whole = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", compresslevel=0, fileobj=whole, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, file, data in _sorted(export.files):
            info = tarfile.TarInfo(path)
            info.mode = _mode(file)
            if file.is_link:
                info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.fsdecode(data), 0o777
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return whole.getvalue()
