"""Find the manifest of a collection in a source: Holdall's own, or SkillMeat's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.collection.collect.listed.as_source import Listing
from holdall.collection.manifest.manifest import ManifestArtifact
from holdall.collection.manifest.reader import manifest_of
from holdall.config import MANIFEST
from holdall.errors import HoldallError, InputError
from holdall.formats.documents import MAX_PLAIN_TOML_BYTES, parse_toml, read_bounded
from holdall.sources.checks.diagnostics import Code, diagnose
from holdall.sources.values import Diagnostic

SKILLMEAT_MANIFEST = "collection.toml"

_TABLE = re.compile(rb"(?m)^\s*\[\s*collection\s*\]")
_UUID4 = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")
_KEPT = ("upstream", "version_spec", "resolved_sha", "resolved_version", "tags")


def listing_of(folder: Path) -> Listing | None:
    """Return what a collection's manifest lists; None if the folder is no collection.

    Raises InputError for a Holdall manifest that cannot be understood: read as a plain folder, its
    artifacts would lose their UUIDs.
    """
    return _holdall(folder / MANIFEST) or _skillmeat(folder / SKILLMEAT_MANIFEST)


def _holdall(path: Path) -> Listing | None:
    data = _file(path)
    if data is None or not _TABLE.search(data):
        return None
    document = parse_toml(data, str(path))
    if not isinstance(document.get("collection"), dict):
        return None
    manifest = manifest_of(document, str(path), data.decode("utf-8-sig"))
    return Listing(manifest.artifacts, manifest.composites)


def _file(path: Path) -> bytes | None:
    is_there = path.is_file() and not path.is_symlink()
    return read_bounded(path, MAX_PLAIN_TOML_BYTES) if is_there else None


def _skillmeat(path: Path) -> Listing | None:
    """Read SkillMeat's manifest leniently: entries that cannot be used are reported, left out."""
    try:
        document = parse_toml(_file(path) or b"", path.name)
    except InputError:
        return None
    if not isinstance(document.get("collection"), dict):
        return None
    entries: dict[ArtifactId, ManifestArtifact] = {}
    problems: list[Diagnostic] = []
    tables = document.get("artifacts", [])
    for number, table in enumerate(tables if isinstance(tables, list) else [], 1):
        try:
            entry = _entry(table)
        except HoldallError as error:
            problems.append(_problem(f"entry {number}: {error.message}"))
            continue
        if entry.id in entries:
            problems.append(_problem(f"entry {number}: {entry.id} is there already"))
            continue
        entries[entry.id] = entry
    return Listing(tuple(entries.values()), (), (*problems, *_shared_uuids(entries)))


def _problem(message: str) -> Diagnostic:
    return diagnose(SKILLMEAT_MANIFEST, Code.COLLECTION_ENTRY, message)


def _entry(table: object) -> ManifestArtifact:
    if not isinstance(table, dict):
        raise InputError("not a table", hint="write [[artifacts]]")
    name, kind, path = (_text(table, key) for key in ("name", "type", "path"))
    return ManifestArtifact(
        ArtifactId.parse(f"{kind}:{name}"),
        RelPath.parse(path.replace("\\", "/").rstrip("/")),
        uuid=_uuid(table.get("uuid")),
        origin=table["origin"] if isinstance(table.get("origin"), str) else "local",
        extra={key: table[key] for key in _KEPT if _is_plain(table.get(key))},
    )


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise InputError(f"{key} is not a text", hint=f"write {key}")
    return value


def _is_plain(value: object) -> bool:
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(isinstance(item, str) for item in values)


def _uuid(value: object) -> str | None:
    """Return a UUID of version 4 as 32 hex digits; SkillMeat writes dashes or none."""
    text = value.replace("-", "").lower() if isinstance(value, str) else ""
    return text if _UUID4.fullmatch(text) else None


def _shared_uuids(entries: Mapping[ArtifactId, ManifestArtifact]) -> Iterator[Diagnostic]:
    owners: dict[str, ArtifactId] = {}
    for entry in entries.values():
        if entry.uuid and (owner := owners.setdefault(entry.uuid, entry.id)) != entry.id:
            yield _problem(f"{entry.id} has the uuid of {owner}; it gets another one")
