"""What the newest release is, as plain values: read by a few queries, without any file's content.

What the files of an entry say is added by `parts`, for those entries that are not known yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from holdall import NamedTuple, dataclass
from holdall.collection import Manifest, ManifestArtifact, ManifestComposite
from holdall.formats import one_line
from holdall_composites.store.store import Store
from holdall_composites.sync.releases.manifest import manifest_of
from holdall_composites.values.records import ReleaseRecord, VersionRecord
from holdall_composites.values.states import State


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
    content_hash: str
    diff: tuple[str, ...] = ()


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
    """All that the site shows. `artifacts` and `composites` are by UUID, `state` is the release's.

    `entries` are sorted by name.
    """

    name: str
    collection: str
    release: int
    at: str
    entries: list[Entry]
    releases: list[Release]
    artifacts: Mapping[str, ManifestArtifact]
    composites: Mapping[str, ManifestComposite]
    state: State


def by_source(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Return the entries of each source, sorted; those of none under an empty name."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.source, []).append(entry)
    return dict(sorted(found.items()))


def read_catalog(store: Store, uuid: str, agents: Mapping[str, Sequence[str]]) -> Catalog:
    """Return what the newest release of a collection is; `agents` are by type."""
    number = store.collections.head(uuid)[0]
    state = store.collections.state_at(uuid, number)
    manifest = manifest_of(state, Manifest(""))
    versions = store.versions.of_all(uuid)
    artifacts = {artifact.uuid or "": artifact for artifact in manifest.artifacts}
    composites = {composite.uuid or "": composite for composite in manifest.composites}
    found = {
        one: _artifact(artifact, versions.get(one, ()), agents)
        for one, artifact in artifacts.items()
    }
    found |= {one: _composite(composite) for one, composite in composites.items()}
    _link(found, composites.values())
    entries = sorted(found.values(), key=lambda entry: (entry.name.casefold(), entry.id))
    releases = list(_releases(store, uuid, number, found.keys()))
    at = releases[0].at if releases else ""
    values = (one_line(manifest.name), uuid, number, at, entries, releases)
    return Catalog(*values, artifacts, composites, state)


def _link(found: Mapping[str, Entry], composites: Iterable[ManifestComposite]) -> None:
    for composite in composites:
        parent = found[composite.uuid or ""]
        for member in composite.members:
            child = found.get(member.uuid or "")
            if child is None:
                continue
            note = "" if member.relationship == "contains" else member.relationship
            if member.pin:
                note = f"{note} pinned to {member.pin[:12]}".strip()
            parent.members.append(Link(child.uuid, child.id, note))
            child.parents.append(Link(parent.uuid, parent.id, note))


def _artifact(
    artifact: ManifestArtifact,
    versions: Sequence[VersionRecord],
    agents: Mapping[str, Sequence[str]],
) -> Entry:
    return Entry(
        artifact.uuid or "",
        one_line(str(artifact.id)),
        artifact.id.type,
        one_line(artifact.id.name),
        "",
        "",
        *_origin(artifact),
        content_hash=artifact.content_hash or "",
        versions=[
            Version(
                record.number,
                str(record.created_at),
                one_line(record.author or ""),
                one_line(record.message or ""),
                record.content_hash,
            )
            for record in reversed(versions)
        ],
        agents=list(agents.get(artifact.id.type, ())),
    )


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


def _releases(
    store: Store, collection_id: str, head: int, known: Iterable[str]
) -> Iterator[Release]:
    changes = store.collections.changes_between(collection_id, 0, head)
    here = set(known)
    for record in store.collections.releases_of(collection_id):
        if record.number <= head:
            yield _release(record, changes.get(record.number, {}), here)


def _release(record: ReleaseRecord, delta: Mapping[str, Any], known: set[str]) -> Release:
    changes = []
    for uuid, (before, after) in delta.items():
        entry = after or before
        if entry["type"].startswith("["):
            continue
        kind = "added" if before is None else "removed" if after is None else "changed"
        if before and after and before["name"] != after["name"]:
            kind = f"renamed from {one_line(before['name'])}"
        here = uuid if uuid in known else ""
        changes.append((kind, one_line(f"{entry['type']}:{entry['name']}"), here))
    changes.sort(key=lambda change: (change[1], change[0]))
    who = one_line(record.author or "")
    texts = (one_line(record.command), one_line(record.message or ""))
    return Release(record.number, record.at, who, *texts, tuple(changes))
