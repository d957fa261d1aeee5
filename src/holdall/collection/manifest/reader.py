"""Read `manifest.toml`: every problem is reported with its line and key, nothing is guessed.

    [[artifacts]]           # line 6: errors name this line
    name = "plain-prose"    # needed, as are type and path
    type = "skill"
    path = "skills/plain-prose"
    note = "of the team"    # an unknown key is kept

`manifest.py` shows the whole format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from holdall.artifacts.hashing import is_sha256
from holdall.artifacts.ids import RELATIONSHIPS, ArtifactId, CompositeType
from holdall.artifacts.paths import RelPath, folders_of, refuse_collisions
from holdall.collection.manifest.manifest import (
    FORMAT,
    Manifest,
    ManifestArtifact,
    ManifestComposite,
    ManifestMember,
    has_marks,
)
from holdall.errors import HoldallError, InputError
from holdall.formats.documents import parse_toml
from holdall.formats.toml_writer import split_blocks

MAX_MANIFEST_BYTES = 64 << 20

_UUID = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")
_OWN_KEYS = ("collection", "artifacts", "composites")


@lru_cache(maxsize=2)  # a change reads the manifest before it, and the one after it again
def parse(text: str, where: str) -> Manifest:
    """Read a manifest; `where` is the file's name for errors.

    Raises InputError that names the line and key.
    """
    hint = "fix that line, or restore the file from your version control"
    if has_marks(text):
        from holdall.collection.manifest.conflict_marks import settle_marks

        text = settle_marks(text)
        if has_marks(text):
            hint = "settle what git marked; `holdall git-merge --install` merges entry by entry"
    document = parse_toml(text, where, limit=MAX_MANIFEST_BYTES, hint=hint)
    return manifest_of(document, where, text)


def manifest_of(document: Mapping[str, Any], where: str, text: str) -> Manifest:
    """Do what `parse` promises for a text that was read as TOML, which is used up."""
    return _Reader(document, where, text).manifest()


def read_entry(kind: str, table: Mapping[str, Any]) -> ManifestArtifact | ManifestComposite:
    """Read one entry of `artifacts` or `composites` from what its `to_table` gave."""
    reader = _Reader({}, f"an entry of {kind}", "")
    if kind == "artifacts":
        return reader.artifact(dict(table), 0)
    return reader.composite(dict(table), 0)


class _Reader:
    """Turns a parsed document into a manifest, knowing where each entry stands."""

    def __init__(self, document: Mapping[str, Any], where: str, text: str) -> None:
        self.document, self.where, self.text = document, where, text

    def manifest(self) -> Manifest:
        table = self.document.get("collection")
        if not isinstance(table, Mapping):
            raise self.error(
                "", 0, "has no [collection] table", hint="add [collection] with a name"
            )
        head = dict(table)
        self._check_format(head.pop("format", FORMAT))
        manifest = Manifest(
            name=self._text(head, "name", "collection", 0) or "default",
            uuid=self._uuid(head, "collection", 0),
            release=self._number(head, "release"),
            base=self._hash(head, "base", "collection", 0),
            artifacts=tuple(self._each("artifacts", self.artifact)),
            composites=tuple(self._each("composites", self.composite)),
            extra=head,
            others={k: v for k, v in self.document.items() if k not in _OWN_KEYS},
        )
        self._refuse_doubles(manifest)
        return manifest

    def _check_format(self, value: object) -> None:
        if value != FORMAT:
            raise self.error(
                "", 0, f"format {value!r} is unknown to this Holdall", hint="use a newer Holdall"
            )

    def error(self, kind: str, index: int, problem: str, *, hint: str) -> InputError:
        """Make an error that names the file and the line of the entry's header."""
        lines = [block.line for block in split_blocks(self.text) if block.name == kind]
        line = f", line {lines[index]}" if kind and index < len(lines) else ""
        entry = f"[[{kind}]] " if kind else ""
        return InputError(f"{self.where}{line}: {entry}{problem}", hint=hint)

    def _each(self, kind: str, read: Callable[[dict[str, Any], int], Any]) -> Iterable[Any]:
        entries = self.document.get(kind, [])
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            raise self.error("", 0, f"{kind} is not an array of tables", hint=f"write [[{kind}]]")
        entries.reverse()
        for index in range(len(entries)):
            try:
                yield read(entries.pop(), index)
            except InputError:
                raise
            except HoldallError as error:
                raise self.error(
                    kind, index, error.message, hint=error.hint or "fix the entry"
                ) from error

    def artifact(self, entry: dict[str, Any], index: int) -> ManifestArtifact:
        """Read one `[[artifacts]]` entry; `index` is its place in the file."""
        kind = "artifacts"
        artifact_type = self._require(entry, "type", kind, index)
        return ManifestArtifact(
            ArtifactId.parse(f"{artifact_type}:{self._require(entry, 'name', kind, index)}"),
            RelPath.parse(self._require(entry, "path", kind, index).rstrip("/")),
            self._uuid(entry, kind, index),
            self._aliases(entry, index) if "aliases" in entry else (),
            self._text(entry, "origin", kind, index) or "local",
            self._hash(entry, "content_hash", kind, index),
            self._text(entry, "source", kind, index),
            self._text(entry, "source_path", kind, index),
            self._text(entry, "source_revision", kind, index),
            self._hash(entry, "source_hash", kind, index),
            entry or {},  # what was emptied is five times as large as what is empty
        )

    def composite(self, entry: dict[str, Any], index: int) -> ManifestComposite:
        """Read one `[[composites]]` entry; `index` is its place in the file."""
        kind = "composites"
        members = entry.pop("members", [])
        if not isinstance(members, list) or not all(isinstance(m, dict) for m in members):
            raise self.error(
                kind,
                index,
                "members is not an array of tables",
                hint="write [[composites.members]]",
            )
        read = tuple(self._member(member, index) for member in members)
        if len({member.id for member in read}) != len(read):
            raise self.error(kind, index, "has a member twice", hint="delete one of the two")
        return ManifestComposite(
            id=ArtifactId.of("composite", self._require(entry, "name", kind, index)),
            uuid=self._uuid(entry, kind, index),
            composite_type=self._one_of(
                entry, "composite_type", [t.value for t in CompositeType], kind, index
            ),
            display_name=self._text(entry, "display_name", kind, index),
            description=self._text(entry, "description", kind, index),
            source=self._text(entry, "source", kind, index),
            source_path=self._text(entry, "source_path", kind, index),
            source_revision=self._text(entry, "source_revision", kind, index),
            source_members=self._ids(entry, "source_members", kind, index),
            files=self._files(entry, index),
            metadata=self._metadata(entry, index),
            members=read,
            extra=entry,
        )

    def _files(self, entry: dict[str, Any], index: int) -> ArtifactId | None:
        text = self._text(entry, "files", "composites", index)
        return ArtifactId.parse(text) if text else None

    def _metadata(self, entry: dict[str, Any], index: int) -> Mapping[str, Any]:
        value = entry.pop("metadata", {})
        if not isinstance(value, Mapping):
            raise self.error(
                "composites", index, "metadata is not a table", hint="write [composites.metadata]"
            )
        return value

    def _ids(
        self, entry: dict[str, Any], key: str, kind: str, index: int
    ) -> tuple[ArtifactId, ...] | None:
        values = entry.pop(key, None)
        if values is None:
            return None
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.error(
                kind, index, f"{key} is not an array of strings", hint=f"delete the key {key}"
            )
        return tuple(ArtifactId.parse(value) for value in values)

    def _member(self, entry: dict[str, Any], index: int) -> ManifestMember:
        kind = "composites"
        return ManifestMember(
            ArtifactId.parse(self._require(entry, "id", kind, index)),
            self._uuid(entry, kind, index),
            self._one_of(entry, "relationship", RELATIONSHIPS, kind, index),
            self._hash(entry, "pin", kind, index),
            entry or {},
        )

    def _number(self, head: dict[str, Any], key: str) -> int | None:
        value = head.pop(key, None)
        if value is None or (type(value) is int and value > 0):
            return value
        raise self.error(
            "collection", 0, f"{key} is not a number: {value!r}", hint=f"delete the key {key}"
        )

    def _text(self, entry: dict[str, Any], key: str, kind: str, index: int) -> str | None:
        value = entry.pop(key, None)
        if value is None or isinstance(value, str):
            return value
        raise self.error(kind, index, f"{key} is not a string: {value!r}", hint=f"quote {key}")

    def _require(self, entry: dict[str, Any], key: str, kind: str, index: int) -> str:
        value = self._text(entry, key, kind, index)
        if value:
            return value
        raise self.error(kind, index, f"lacks the key {key!r}", hint=f"add {key}")

    def _uuid(self, entry: dict[str, Any], kind: str, index: int) -> str | None:
        value = self._text(entry, "uuid", kind, index)
        if value and not _UUID.fullmatch(value):
            hint = "restore it from your version control, or delete the key to get a new one"
            raise self._no_uuid("uuid", value, kind, index, hint)
        return value or None

    def _aliases(self, entry: dict[str, Any], index: int) -> tuple[str, ...]:
        kind, values = "artifacts", entry.pop("aliases", [])
        hint = "restore it from your version control, or take it out"
        for value in values if isinstance(values, list) else [values]:
            if not isinstance(value, str) or not _UUID.fullmatch(value):
                raise self._no_uuid("aliases", value, kind, index, hint)
        return tuple(values)

    def _no_uuid(self, key: str, value: object, kind: str, index: int, hint: str) -> InputError:
        problem = f"{key} {value!r} is not 32 lowercase hex digits of a version 4 UUID"
        return self.error(kind, index, problem, hint=hint)

    def _hash(self, entry: dict[str, Any], key: str, kind: str, index: int) -> str | None:
        value = self._text(entry, key, kind, index)
        if value and not is_sha256(value):
            raise self.error(
                kind, index, f"{key} {value!r} is not a SHA-256", hint=f"delete the key {key}"
            )
        return value or None

    def _one_of(
        self, entry: dict[str, Any], key: str, known: Sequence[str], kind: str, index: int
    ) -> str:
        value = self._text(entry, key, kind, index) or known[0]
        if value not in known:
            raise self.error(
                kind, index, f"{key} {value!r} is unknown", hint=f"use one of {', '.join(known)}"
            )
        return value

    def _refuse_doubles(self, manifest: Manifest) -> None:
        keyed: list[tuple[str, int, ArtifactId, tuple[str | None, ...]]] = [
            *(
                ("artifacts", i, a.id, (a.uuid, *a.aliases))
                for i, a in enumerate(manifest.artifacts)
            ),
            *(("composites", i, c.id, (c.uuid,)) for i, c in enumerate(manifest.composites)),
        ]
        ids = {entry_id for _, _, entry_id, _ in keyed}
        uuids = [uuid for _, _, _, uuids in keyed for uuid in uuids if uuid]
        if len(ids) < len(keyed) or len(set(uuids)) < len(uuids):
            self._refuse_double(keyed)
        self._refuse_shared_paths(manifest)
        try:
            refuse_collisions(artifact.path for artifact in manifest.artifacts)
        except HoldallError as error:
            raise self.error("", 0, error.message, hint=error.hint or "") from error

    def _refuse_double(
        self, keyed: Iterable[tuple[str, int, ArtifactId, tuple[str | None, ...]]]
    ) -> None:
        """Name the first entry whose id or UUID an earlier one has."""
        seen: dict[str, str] = {}
        for kind, index, entry_id, uuids in keyed:
            for key in filter(None, (str(entry_id), *uuids)):
                if key in seen:
                    raise self.error(
                        kind,
                        index,
                        f"{key} is there twice (also as {seen[key]})",
                        hint="delete one of the two entries, or its uuid if it is a copy",
                    )
                seen[key] = str(entry_id)

    def _refuse_shared_paths(self, manifest: Manifest) -> None:
        owners = {artifact.path: artifact.id for artifact in reversed(manifest.artifacts)}
        if len(owners) == len(manifest.artifacts) and owners.keys().isdisjoint(folders_of(owners)):
            return
        for index, artifact in enumerate(manifest.artifacts):
            place: RelPath | None = artifact.path
            while place is not None:
                owner = owners.get(place, artifact.id)
                if owner != artifact.id:
                    raise self.error(
                        "artifacts",
                        index,
                        f"its path {str(artifact.path)!a} belongs to {owner} already",
                        hint="give each artifact a path of its own",
                    )
                place = place.parent
