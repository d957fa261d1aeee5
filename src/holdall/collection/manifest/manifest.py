"""`manifest.toml`: what a collection contains, as a file that users read, edit and put in git.

[collection]
name = "kit"
format = 1
uuid = "798f..."
release = 42                  # the number of the state that this file was written from
base = "5d3a..."              # and its hash, which decides

[[artifacts]]
name = "plain-prose"
type = "skill"
uuid = "ec12..."
path = "skills/plain-prose"
source = "https://example.org/team/kit.git"
content_hash = "fea0..."

[[composites]]
name = "starter"
composite_type = "plugin"
uuid = "4107..."
[[composites.members]]
id = "skill:plain-prose"
uuid = "ec12..."
relationship = "contains"
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from functools import cached_property
from typing import Any

from holdall import dataclass
from holdall.artifacts.ids import ArtifactId, CompositeType
from holdall.artifacts.paths import RelPath
from holdall.errors import InputError
from holdall.formats.documents import parse_toml
from holdall.formats.toml_writer import (
    dump_toml,
    render_array,
    render_table,
    split_blocks,
    split_tables,
)

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ManifestArtifact:
    """An `[[artifacts]]` entry. `uuid` None reads as "not yet"; `extra` holds keys of others.

    `source_revision` is the commit or checksum of the source that brought this content.
    `source_hash` is the content that the source last brought, where it was edited here since;
    None means that it was not edited. `aliases` are other UUIDs of the same artifact: what two
    collections took from one place of a source got two, which name one artifact since they met.
    """

    id: ArtifactId
    path: RelPath
    uuid: str | None = None
    aliases: tuple[str, ...] = ()
    origin: str = "local"
    content_hash: str | None = None
    source: str | None = None
    source_path: str | None = None
    source_revision: str | None = None
    source_hash: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_table(self) -> dict[str, Any]:
        """Return the entry's keys as they stand in the file."""
        return {
            "name": self.id.name,
            "type": self.id.type,
            **_present(uuid=self.uuid, aliases=list(self.aliases) or None),
            "path": self.path,
            "origin": self.origin,
            **_present(
                source=self.source,
                source_path=self.source_path,
                source_revision=self.source_revision,
                source_hash=self.source_hash,
                content_hash=self.content_hash,
            ),
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class ManifestMember:
    """A `[[composites.members]]` entry: the child's id for the reader, its UUID for Holdall.

    `pin` is the content hash of a version; None follows the current one.
    """

    id: ArtifactId
    uuid: str | None = None
    relationship: str = "contains"
    pin: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_table(self) -> dict[str, Any]:
        """Return the entry's keys as they stand in the file."""
        return {
            "id": str(self.id),
            **_present(uuid=self.uuid),
            "relationship": self.relationship,
            **_present(pin=self.pin),
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class ManifestComposite:
    """A `[[composites]]` entry with its members in their order.

    `source_members` are those that its source had when it was last collected, in the source's
    order: what differs from them was changed by hand. `files` are the
    plugin's own files, `metadata` the rest of its manifest: version, author, license.
    """

    id: ArtifactId
    uuid: str | None = None
    composite_type: str = CompositeType.PLUGIN.value
    display_name: str | None = None
    description: str | None = None
    source: str | None = None
    source_path: str | None = None
    source_revision: str | None = None
    source_members: tuple[ArtifactId, ...] | None = None
    files: ArtifactId | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    members: tuple[ManifestMember, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_table(self) -> dict[str, Any]:
        """Return the entry's keys as they stand in the file."""
        brought = None if self.source_members is None else [str(i) for i in self.source_members]
        return {
            "name": self.id.name,
            "composite_type": self.composite_type,
            **_present(
                uuid=self.uuid,
                display_name=self.display_name,
                description=self.description,
                source=self.source,
                source_path=self.source_path,
                source_revision=self.source_revision,
                source_members=brought,
                files=str(self.files) if self.files else None,
            ),
            **self.extra,
            **_present(metadata=dict(self.metadata) or None),
            **_present(members=[member.to_table() for member in self.members] or None),
        }


@dataclass(frozen=True)
class Manifest:
    """A whole manifest. `uuid` is the collection's own; `extra` holds keys of others.

    `release` and `base` are the number and the hash of the release that it was written from.
    `others` are top-level keys and tables that Holdall does not know.
    """

    name: str
    uuid: str | None = None
    artifacts: tuple[ManifestArtifact, ...] = ()
    composites: tuple[ManifestComposite, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)
    release: int | None = None
    base: str | None = None

    @cached_property
    def by_id(self) -> Mapping[ArtifactId, ManifestArtifact | ManifestComposite]:
        """Every entry by its id."""
        found: dict[ArtifactId, ManifestArtifact | ManifestComposite] = {}
        found.update((artifact.id, artifact) for artifact in self.artifacts)
        found.update((composite.id, composite) for composite in self.composites)
        return found

    @cached_property
    def by_uuid(self) -> Mapping[str, ManifestArtifact | ManifestComposite]:
        """Every entry by its UUID, artifacts by their aliases as well."""
        found = {alias: entry for entry in self.artifacts for alias in entry.aliases}
        own = {entry.uuid: entry for entry in self.by_id.values() if entry.uuid}
        return {**found, **own}

    def head_table(self) -> dict[str, Any]:
        """Return the keys of `[collection]`."""
        own = _present(uuid=self.uuid, release=self.release, base=self.base)
        return {"name": self.name, "format": FORMAT, **own, **self.extra}

    def with_renamed(self, renames: Mapping[ArtifactId, ArtifactId]) -> Manifest:
        """Return this manifest with the ids of members changed by `renames`."""
        composites = tuple(
            replace(
                composite,
                members=tuple(replace(m, id=renames.get(m.id, m.id)) for m in composite.members),
                source_members=composite.source_members
                and tuple(renames.get(i, i) for i in composite.source_members),
                files=composite.files and renames.get(composite.files, composite.files),
            )
            for composite in self.composites
        )
        return replace(self, composites=composites)


def _present(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def render(manifest: Manifest, previous: str = "", before: Manifest | None = None) -> str:
    """Return the text of `manifest`; `previous` is the text that `before` was read from.

    Unchanged entries stay verbatim with their comments; changed ones keep the comment above them
    and, where only strings changed or came, their other lines. A renamed entry is known by its
    UUID. Whoever writes the text has to compare what it reads as: headers inside of multi-line
    values can fool it, and then it is rendered without `previous`.
    """
    if before is not None and manifest == before:
        return previous
    old = _pieces(previous, before) if before else None
    if before is None or old is None:
        return _render_all(manifest)
    head = old.pop("")
    parts = [_render_head(manifest, before, head.text), head.tail]
    used: set[_Piece] = set()
    for name, entries in (("artifacts", manifest.artifacts), ("composites", manifest.composites)):
        for entry in entries:
            piece = old.get(entry.uuid or "-") or old.get(str(entry.id))
            if piece is None or piece in used:
                parts.append(render_array(name, entry.to_table()))
                continue
            used.add(piece)
            same = entry == piece.entry
            text = piece.text if same else _render_changed(name, entry.to_table(), piece.text)
            parts.extend((text, piece.tail))
    parts.extend(piece.tail for piece in dict.fromkeys(old.values()) if piece not in used)
    return _join(parts)


def render_head(manifest: Manifest) -> str:
    """Return the text of a manifest before its entries."""
    return _render_all(replace(manifest, artifacts=(), composites=()))


def render_entry(entry: ManifestArtifact | ManifestComposite) -> str:
    """Return the text of one entry of a manifest."""
    name = "artifacts" if isinstance(entry, ManifestArtifact) else "composites"
    return render_array(name, entry.to_table())


def _join(parts: Iterable[str]) -> str:
    return "\n".join(part.strip("\n") + "\n" for part in parts if part.strip())


def _render_all(manifest: Manifest) -> str:
    plain, tables = split_tables(manifest.others)
    return _join(
        [
            dump_toml(plain),
            "[collection]\n" + render_table("collection", manifest.head_table()),
            *(render_array("artifacts", entry.to_table()) for entry in manifest.artifacts),
            *(render_array("composites", entry.to_table()) for entry in manifest.composites),
            render_table("", tables),
        ]
    )


@dataclass(slots=True, eq=False)
class _Piece:
    """The text that an entry was read from, and the tables of others that follow it."""

    text: str
    entry: ManifestArtifact | ManifestComposite | None = None
    tail: str = ""


def _pieces(text: str, before: Manifest) -> dict[str, _Piece] | None:
    """Return the pieces of a manifest's text by id and UUID, its head by ''.

    None if a header inside a multi-line value was taken for one.
    """
    entries: dict[str, Iterator[ManifestArtifact | ManifestComposite]] = {
        "artifacts": iter(before.artifacts),
        "composites": iter(before.composites),
    }
    head = last = _Piece("")
    found = {"": head}
    for block in split_blocks(text):
        if block.name in entries:
            entry = next(entries[block.name], None)
            if entry is None:
                return None
            last = _Piece(block.text, entry)
            found[str(entry.id)] = last
            found[entry.uuid or str(entry.id)] = last
        elif block.name in ("", "collection"):
            head.text += block.text
            last = head
        else:
            last.tail += block.text
    return found if all(next(rest, None) is None for rest in entries.values()) else None


def has_marks(text: str) -> bool:
    """Return whether there is a line that could be a mark of git around a conflict."""
    return text.startswith("<<<<<<<") or "\n<<<<<<<" in text


def _render_head(manifest: Manifest, before: Manifest, old: str) -> str:
    head = manifest.head_table()
    if head == before.head_table() and not has_marks(old):
        return old
    return _edit_strings(old, "collection", head) or (
        _comment_above(old) + "[collection]\n" + render_table("collection", head)
    )


def _render_changed(name: str, table: Mapping[str, Any], old: str) -> str:
    return _edit_strings(old, name, table) or _comment_above(old) + render_array(name, table)


def _comment_above(text: str) -> str:
    above = itertools.takewhile(
        lambda line: not line.lstrip().startswith("["), text.splitlines(keepends=True)
    )
    return "".join(above)


def _edit_strings(text: str, name: str, wanted: Mapping[str, Any]) -> str | None:
    """Return `text` with single strings changed or added so that it reads as `wanted`, or None."""
    found = _read_table(text, name)
    if found is None or not found.keys() <= wanted.keys():
        return None
    for key, value in wanted.items():
        if found.get(key) != value:
            line = render_table("", {key: value}).rstrip("\n")
            if not isinstance(value, str) or "\n" in line:
                return None
            text = _with_line(text, key, line, is_new=key not in found)
    return text if _read_table(text, name) == wanted else None


def _with_line(text: str, key: str, line: str, *, is_new: bool) -> str:
    if is_new:
        plain = re.compile(r"(?m)^[A-Za-z0-9_-]+\s*=.*$")
        own_end = next((m.start() for m in list(re.finditer(r"(?m)^\s*\[", text))[1:]), len(text))
        last = max((m.end() for m in plain.finditer(text, 0, own_end)), default=own_end)
        return f"{text[:last]}\n{line}{text[last:]}"
    old_value = rf'(?m)^{re.escape(key)}\s*=\s*"[^"\\\n]*"'
    return re.sub(old_value, lambda _: line, text, count=1)


def _read_table(text: str, name: str) -> Mapping[str, Any] | None:
    try:
        table: Any = parse_toml(text, name)[name]
    except (InputError, KeyError):
        return None
    found: Mapping[str, Any] = table[0] if isinstance(table, list) else table
    path = found.get("path")
    return {**found, "path": path.rstrip("/")} if isinstance(path, str) else found
