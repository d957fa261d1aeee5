"""What the site says, as plain values: the newest release with the files of each artifact."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from holdall import NamedTuple, dataclass
from holdall.artifacts import FileKind
from holdall.collection import Collection, Manifest, ManifestArtifact, ManifestComposite
from holdall.deploy import text_effects
from holdall.errors import HoldallError
from holdall.files import Tree
from holdall.formats import escape_text, one_line, parse_json, read_frontmatter
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.manifest import manifest_of
from holdall_composites.values.records import ReleaseRecord, VersionRecord

MAX_TEXT_BYTES = 64 << 10
"""Larger files are named, not shown."""

_DIFFS, _DIFF_LINES = 3, 200
_RUNNING = ("command", "args", "url", "headersHelper", "prompt")


class File(NamedTuple):
    """A file of an artifact; `text` is None where it is too large to show, or no text."""

    path: str
    size: int
    sha256: str
    is_executable: bool
    is_link: bool
    text: str | None


class Version(NamedTuple):
    """A version of an artifact, and what it changed as lines of a unified diff."""

    number: int
    at: str
    author: str
    message: str
    diff: tuple[str, ...]


class Link(NamedTuple):
    """Another entry of the site: its UUID, id, and what it has to do with this one."""

    uuid: str
    id: str
    note: str = ""


@dataclass
class Entry:
    """An artifact or a composite, as its page shows it. Texts of others are escaped for reading."""

    uuid: str
    id: str
    type: str
    name: str
    description: str = ""
    licence: str = ""
    source: str = ""
    source_path: str = ""
    revision: str = ""
    content_hash: str = ""
    files: list[File] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    members: list[Link] = field(default_factory=list)
    parents: list[Link] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)

    @property
    def is_composite(self) -> bool:
        """Whether it consists of others."""
        return self.type == "composite"

    @property
    def size(self) -> int:
        """How many bytes its files have."""
        return sum(file.size for file in self.files)

    @property
    def listing(self) -> int:
        """How many characters an agent's listing has of it: its name and its description."""
        return len(self.name) + len(self.description)


class Release(NamedTuple):
    """A release, and what it changed: the kind, the id, and the UUID where there is a page."""

    number: int
    at: str
    author: str
    command: str
    message: str
    changes: tuple[tuple[str, str, str], ...]


@dataclass
class Catalog:
    """All that the site shows."""

    name: str
    collection: str
    release: int
    at: str
    entries: list[Entry]
    releases: list[Release]

    def by_source(self) -> dict[str, list[Entry]]:
        """Return the entries of each source, sorted; those of none under an empty name."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.source, []).append(entry)
        return dict(sorted(found.items()))


def read_catalog(
    store: Store,
    collection: Collection,
    problems: Mapping[str, Sequence[str]],
    agents: Mapping[str, Sequence[str]],
) -> Catalog:
    """Return what the newest release of a collection is.

    `problems` are by the artifact's path in the collection, `agents` by its type.
    """
    uuid = collection.manifest.uuid or ""
    number = store.collections.head(uuid)[0]
    manifest = manifest_of(store.collections.state_at(uuid, number), Manifest(""))
    ids = {entry.uuid or "": str(entry.id) for entry in manifest.by_id.values()}
    entries = [_artifact(store, artifact, problems, agents) for artifact in manifest.artifacts]
    entries += [_composite(composite) for composite in manifest.composites]
    found = {entry.uuid: entry for entry in entries}
    for composite in manifest.composites:
        for member in composite.members:
            child = found.get(member.uuid or "")
            if child is None:
                continue
            note = "" if member.relationship == "contains" else member.relationship
            if member.pin:
                note = f"{note} pinned to {member.pin[:12]}".strip()
            found[composite.uuid or ""].members.append(Link(child.uuid, child.id, note))
            child.parents.append(Link(composite.uuid or "", str(composite.id), note))
    entries.sort(key=lambda entry: (entry.name.casefold(), entry.id))
    releases = list(_releases(store, uuid, number, ids))
    at = releases[0].at if releases else ""
    return Catalog(one_line(manifest.name), uuid, number, at, entries, releases)


def _artifact(
    store: Store,
    artifact: ManifestArtifact,
    problems: Mapping[str, Sequence[str]],
    agents: Mapping[str, Sequence[str]],
) -> Entry:
    tree = store.contents.get_tree(artifact.content_hash or "")
    files = [_file(store, file) for file in (tree.files if tree else ())]
    head = _head(files)
    entry = Entry(
        artifact.uuid or "",
        one_line(str(artifact.id)),
        artifact.id.type,
        one_line(artifact.id.name),
        one_line(str(head.get("description") or "")),
        one_line(str(head.get("license") or "")),
        *_origin(artifact),
        content_hash=artifact.content_hash or "",
        files=files,
        runs=_runs(artifact.id.type, files),
        problems=[escape_text(text) for text in problems.get(str(artifact.path), ())],
        agents=list(agents.get(artifact.id.type, ())),
    )
    entry.versions = list(_versions(store, artifact))
    return entry


def _composite(composite: ManifestComposite) -> Entry:
    metadata = composite.metadata
    return Entry(
        composite.uuid or "",
        one_line(str(composite.id)),
        "composite",
        one_line(composite.id.name),
        one_line(composite.description or ""),
        one_line(str(metadata.get("license") or "")),
        *_origin(composite),
    )


def _origin(entry: ManifestArtifact | ManifestComposite) -> tuple[str, str, str]:
    """Return where an entry came from, if that is an address that others can reach."""
    source = entry.source or ""
    if "://" not in source or source.startswith("file:"):
        return "", "", ""
    texts = (source, entry.source_path or "", entry.source_revision or "")
    source, path, revision = map(one_line, texts)
    return source, path, revision


def _file(store: Store, file: Any) -> File:
    text = None
    if file.size <= MAX_TEXT_BYTES:
        data = b"".join(store.contents.read_blob(file.sha256))
        if b"\0" not in data:
            try:
                text = data.decode()
            except UnicodeDecodeError:
                text = None
    is_link = file.kind is FileKind.LINK
    return File(str(file.path), file.size, file.sha256, file.executable, is_link, text)


def _head(files: Sequence[File]) -> Mapping[str, Any]:
    """Return the frontmatter of the file that an agent reads first."""
    texts = {file.path: file.text for file in files if file.text}
    name = "SKILL.md" if "SKILL.md" in texts else next(iter(texts), None)
    if (len(texts) > 1 and name != "SKILL.md") or name is None or not name.endswith(".md"):
        return {}
    return read_frontmatter(texts[name] or "").values


def _runs(type_name: str, files: Sequence[File]) -> list[str]:
    """Return what the files let an agent's machine run or send, as texts for reading."""
    found: list[str] = []
    for file in files:
        if file.is_executable:
            found.append(f"has an executable file: {file.path}")
        if file.text is None:
            continue
        if file.path.endswith(".md"):
            is_command = type_name != "agent"
            found += text_effects(file.text.encode(), is_command=is_command)
        elif type_name in ("hook", "mcp") and file.path.endswith(".json"):
            found += _commands(file.text)
    return [escape_text(text) for text in dict.fromkeys(found)]


def _commands(text: str) -> list[str]:
    try:
        table = parse_json(text, "")
    except HoldallError:
        return ["may run anything: its file cannot be read"]
    return list(_named(table))


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _RUNNING and not isinstance(inner, dict):
                shown = inner if isinstance(inner, str) else json.dumps(inner)
                yield f"{key}: {shown}"
            else:
                yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)


def _versions(store: Store, artifact: ManifestArtifact) -> Iterator[Version]:
    records = store.versions.all_of(artifact.uuid or "")
    newest = records[-_DIFFS:]
    for record in reversed(records):
        lines: tuple[str, ...] = ()
        if record in newest and record.number > 0:
            before = next((r for r in records if r.number == record.number - 1), None)
            lines = _diff(store, before, record) if before else ()
        at, author = str(record.created_at), one_line(record.author or "")
        yield Version(record.number, at, author, one_line(record.message or ""), lines)


def _diff(store: Store, old: VersionRecord, new: VersionRecord) -> tuple[str, ...]:
    sides = [_texts(store, store.contents.get_tree(record.content_hash)) for record in (old, new)]
    lines: list[str] = []
    for path in sorted({*sides[0], *sides[1]}):
        before, after = (side.get(path, "") for side in sides)
        if before != after:
            named = (before.splitlines(), after.splitlines(), path, path)
            lines += difflib.unified_diff(*named, lineterm="", n=2)
    if len(lines) > _DIFF_LINES:
        lines = [*lines[:_DIFF_LINES], f"... {len(lines) - _DIFF_LINES} lines more"]
    return tuple(escape_text(line) for line in lines)


def _texts(store: Store, tree: Tree | None) -> dict[str, str]:
    files = [_file(store, file) for file in (tree.files if tree else ())]
    return {file.path: file.text for file in files if file.text is not None}


def _releases(
    store: Store, collection_id: str, head: int, ids: Mapping[str, str]
) -> Iterator[Release]:
    changes = store.collections.changes_between(collection_id, 0, head)
    for number in range(head, 0, -1):
        record = store.collections.release(collection_id, number)
        if record is not None:
            yield _release(record, changes.get(number, {}), ids)


def _release(record: ReleaseRecord, delta: Mapping[str, Any], ids: Mapping[str, str]) -> Release:
    changes = []
    for uuid, (before, after) in delta.items():
        entry = after or before
        if entry["type"].startswith("["):
            continue
        kind = "added" if before is None else "removed" if after is None else "changed"
        if before and after and before["name"] != after["name"]:
            kind = f"renamed from {one_line(before['name'])}"
        here = uuid if uuid in ids else ""
        changes.append((kind, one_line(f"{entry['type']}:{entry['name']}"), here))
    changes.sort(key=lambda change: (change[1], change[0]))
    who = one_line(record.author or "")
    texts = (one_line(record.command), one_line(record.message or ""))
    return Release(record.number, record.at, who, *texts, tuple(changes))
