"""`.skillmeat-deployed.toml`: what is below a target's root, in SkillMeat 0.74's format.

Read leniently (any optional key may be missing, unknown ones are kept), written whole.

    [[deployed]]
    artifact_name = "plain-prose"
    artifact_type = "skill"
    from_collection = "kit"
    deployed_at = "2026-11-27T23:27:18.592842"
    artifact_path = "skills/plain-prose"
    content_hash = "2a34..."
    artifact_uuid = "ec12..."
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from holdall import dataclass
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.errors import HoldallError, InputError
from holdall.formats.documents import parse_toml
from holdall.formats.toml_reader import read_plain
from holdall.formats.toml_writer import render_array

RECORD_NAME = ".skillmeat-deployed.toml"
MAX_RECORD_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """One `[[deployed]]` table. `content_hash` is SkillMeat's hash, `path` relative to the root.

    `extra` holds every other key as it was read; `as_read` is the whole table, which is written
    again as it was unless somebody deploys the artifact, and `text` its lines, if they are plain.
    """

    id: ArtifactId
    path: RelPath
    collection: str
    content_hash: str
    deployed_at: str
    uuid: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    as_read: Mapping[str, Any] | None = field(default=None, compare=False)
    text: str | None = field(default=None, compare=False)

    def to_table(self) -> dict[str, Any]:
        """Return the keys in SkillMeat's order."""
        if self.as_read is not None:
            return dict(self.as_read)
        table: dict[str, Any] = {
            "artifact_name": self.id.name,
            "artifact_type": self.id.type,
            "from_collection": self.collection,
            "deployed_at": self.deployed_at,
            "artifact_path": str(self.path),
            "content_hash": self.content_hash,
            "collection_sha": self.content_hash,
        }
        if self.uuid is not None:
            table["artifact_uuid"] = self.uuid
        return {
            **table,
            "local_modifications": False,
            "merge_base_snapshot": self.content_hash,
            **{key: value for key, value in self.extra.items() if key not in table},
        }


def render_record(entries: Iterable[RecordEntry]) -> str:
    """Return the file's text, entries in their order."""
    blocks = [e.text or render_array("deployed", e.to_table()) for e in entries]
    return "\n".join(blocks) if blocks else "deployed = []\n"


def parse_record(text: str, where: str) -> list[RecordEntry]:
    """Read a record; `where` is the file's name for errors.

    Raises InputError that names the entry and key.
    """
    hint = "restore it from your version control"
    plain = read_plain(text)
    document = plain or parse_toml(text, where, limit=MAX_RECORD_BYTES, hint=hint)
    tables = document.get("deployed", [])
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise InputError(f"{where}: deployed is not an array of tables", hint="write [[deployed]]")
    texts = _texts(text) if plain else []
    if len(texts) != len(tables):
        texts = [None] * len(tables)
    return [
        _entry(dict(table), text, number, where)
        for number, (table, text) in enumerate(zip(tables, texts, strict=True), 1)
    ]


_HEADER = "[[deployed]]\n"


def _texts(text: str) -> list[str | None]:
    """Return the text of each table of a record in which no value is longer than its line."""
    _, *bodies = f"\n{text}".split(f"\n{_HEADER}")
    return [f"{_HEADER}{body}" if body.endswith("\n") else f"{_HEADER}{body}\n" for body in bodies]


_NOT_KEPT = ("collection_sha", "local_modifications", "merge_base_snapshot")


def _entry(table: dict[str, Any], lines: str | None, number: int, where: str) -> RecordEntry:
    def text(key: str, *others: str) -> str:
        for name in (key, *others):
            value = table.pop(name, None)
            if value:
                return str(value)
        raise InputError(
            f"{where}: [[deployed]] number {number} lacks the key {key!r}",
            hint="fix the entry, or delete it and deploy again",
        )

    as_read = dict(table)
    uuid = table.pop("artifact_uuid", None)
    try:
        return RecordEntry(
            id=ArtifactId.parse(f"{text('artifact_type')}:{text('artifact_name')}"),
            path=RelPath.parse(text("artifact_path").rstrip("/")),
            collection=text("from_collection"),
            content_hash=text("content_hash", "collection_sha"),
            deployed_at=text("deployed_at"),
            uuid=str(uuid) if uuid else None,
            # What is left of the table by now.
            extra={key: value for key, value in table.items() if key not in _NOT_KEPT},
            as_read=as_read,
            text=lines,
        )
    except InputError:
        raise
    except HoldallError as error:
        raise InputError(
            f"{where}: [[deployed]] number {number}: {error.message}",
            hint="fix the entry, or delete it and deploy again",
        ) from error
