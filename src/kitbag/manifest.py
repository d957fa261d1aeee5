"""`manifest.toml`: what a collection holds, in the form that people read, edit and put in git."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import tomli_w

from kitbag.artifacts import ArtifactId, CompositeType
from kitbag.paths import RelPath
from kitbag.tomltext import Block, render_array, render_table, split_blocks

__all__ = [
    "FORMAT",
    "RELATIONSHIPS",
    "Manifest",
    "ManifestArtifact",
    "ManifestComposite",
    "ManifestMember",
    "render",
]

FORMAT = 1
RELATIONSHIPS = ("contains", "requires", "extends")


@dataclass(frozen=True, slots=True)
class ManifestArtifact:
    """An `[[artifacts]]` entry. `uuid` None reads as "not yet"; `extra` holds keys of others."""

    id: ArtifactId
    path: RelPath
    uuid: str | None = None
    origin: str = "local"
    content_hash: str | None = None
    source: str | None = None
    source_path: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_table(self) -> dict[str, Any]:
        """Return the entry's keys as they stand in the file."""
        return {
            "name": self.id.name,
            "type": self.id.type,
            **_present(uuid=self.uuid),
            "path": self.path,
            "origin": self.origin,
            **_present(
                source=self.source, source_path=self.source_path, content_hash=self.content_hash
            ),
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class ManifestMember:
    """A `[[composites.members]]` entry: the child by id for people, by UUID for Kitbag.

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
    """A `[[composites]]` entry with its members in their order."""

    id: ArtifactId
    uuid: str | None = None
    composite_type: str = CompositeType.PLUGIN.value
    display_name: str | None = None
    description: str | None = None
    source: str | None = None
    source_path: str | None = None
    members: tuple[ManifestMember, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_table(self) -> dict[str, Any]:
        """Return the entry's keys as they stand in the file."""
        return {
            "name": self.id.name,
            "composite_type": self.composite_type,
            **_present(
                uuid=self.uuid,
                display_name=self.display_name,
                description=self.description,
                source=self.source,
                source_path=self.source_path,
            ),
            **self.extra,
            **_present(members=[member.to_table() for member in self.members] or None),
        }


@dataclass(frozen=True)
class Manifest:
    """A whole manifest. `uuid` is the collection's own; `extra` holds keys of others."""

    name: str
    uuid: str | None = None
    artifacts: tuple[ManifestArtifact, ...] = ()
    composites: tuple[ManifestComposite, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> Mapping[ArtifactId, ManifestArtifact | ManifestComposite]:
        """Every entry by its id."""
        found: dict[ArtifactId, ManifestArtifact | ManifestComposite] = {}
        found.update((artifact.id, artifact) for artifact in self.artifacts)
        found.update((composite.id, composite) for composite in self.composites)
        return found

    def head_table(self) -> dict[str, Any]:
        """Return the keys of `[collection]`."""
        return {"name": self.name, "format": FORMAT, **_present(uuid=self.uuid), **self.extra}

    def with_renamed(self, renames: Mapping[ArtifactId, ArtifactId]) -> Manifest:
        """Return this manifest with the ids of members changed by `renames`."""
        composites = tuple(
            replace(
                composite,
                members=tuple(replace(m, id=renames.get(m.id, m.id)) for m in composite.members),
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
    UUID.
    """
    old = _blocks_by_key(previous, before) if before else {}
    parts = [_render_head(manifest, before, old.get(""))]
    for name, entries in (("artifacts", manifest.artifacts), ("composites", manifest.composites)):
        for entry in entries:
            block, was = old.get(str(entry.id)) or old.get(entry.uuid or "-") or (None, None)
            parts.append(
                block.text
                if block and entry == was
                else _render_changed(name, entry.to_table(), block)
            )
    return "\n".join(part.strip("\n") + "\n" for part in parts)


_Old = tuple[Block, Manifest | ManifestArtifact | ManifestComposite]


def _blocks_by_key(text: str, before: Manifest) -> dict[str, _Old]:
    blocks = split_blocks(text)
    artifacts = [block for block in blocks if block.name == "artifacts"]
    composites = [block for block in blocks if block.name == "composites"]
    if len(artifacts) != len(before.artifacts) or len(composites) != len(before.composites):
        return {}  # a header inside a multi-line string: everything is written anew
    found: dict[str, _Old] = {"": (blocks[0], before)}
    entries: list[tuple[Block, ManifestArtifact | ManifestComposite]] = [
        *zip(artifacts, before.artifacts, strict=True),
        *zip(composites, before.composites, strict=True),
    ]
    for block, entry in entries:
        found[str(entry.id)] = block, entry
        if entry.uuid:
            found[entry.uuid] = block, entry
    return found


def _render_head(manifest: Manifest, before: Manifest | None, old: _Old | None) -> str:
    head = manifest.head_table()
    if old is None or before is None or not old[0].text.strip():
        return "[collection]\n" + render_table("collection", head)
    if head == before.head_table():
        return old[0].text
    return _edited(old[0].text, "collection", head) or "[collection]\n" + render_table(
        "collection", head
    )


def _render_changed(name: str, table: Mapping[str, Any], old: Block | None) -> str:
    if old is None:
        return render_array(name, table)
    comment = old.text[: old.text.index("[[")] if old.text.lstrip().startswith("#") else ""
    return _edited(old.text, name, table) or comment + render_array(name, table)


def _edited(text: str, name: str, wanted: Mapping[str, Any]) -> str | None:
    """Return `text` with single strings changed or added so that it reads as `wanted`, or None."""
    found = _read_table(text, name)
    if found is None or not found.keys() <= wanted.keys():
        return None
    for key, value in wanted.items():
        if found.get(key) != value:
            line = tomli_w.dumps({key: value}).rstrip("\n")
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
        table: Any = tomllib.loads(text)[name]
    except (tomllib.TOMLDecodeError, KeyError):
        return None
    found: Mapping[str, Any] = table[0] if isinstance(table, list) else table
    return found
