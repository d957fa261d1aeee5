"""What a command is about to change in a collection: the unit that hooks see and journals keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from holdall import NamedTuple, dataclass
from holdall.artifacts.ids import ArtifactId
from holdall.collection.manifest.diff import EntryEdit, edits_between
from holdall.collection.manifest.manifest import Manifest
from holdall.transaction.signature import Signature

if TYPE_CHECKING:
    from pathlib import Path

    from holdall.files.tree import Tree

PULL = "pull"
"""The command of a change set that only brings to a folder what is committed already."""

NEW_CHAIN = "init --new-chain"
"""The command of a change set that makes a folder the first release of its database."""


class ChangeKind(StrEnum):
    """What happens to one artifact or composite.

    KEPT is what its source does not hold, or not readably, and stays as it is.
    """

    NEW = "new"
    IDENTICAL = "identical"
    CHANGED = "changed"
    RENAMED = "renamed"
    CONFLICT = "conflict"
    GONE = "gone"
    KEPT = "kept"

    @property
    def is_change(self) -> bool:
        """Whether anything is different afterwards."""
        return self not in (ChangeKind.IDENTICAL, ChangeKind.KEPT)


class Change(NamedTuple):
    """One artifact's part of a change set. `old_id` is set for a rename, `note` says why."""

    kind: ChangeKind
    id: ArtifactId
    old_id: ArtifactId | None = None
    note: str | None = None

    def to_json(self) -> dict[str, str]:
        """Return the change as it stands in `--json` output and in the journal."""
        table = {"kind": self.kind.value, "id": str(self.id)}
        if self.old_id is not None:
            table["old_id"] = str(self.old_id)
        if self.note is not None:
            table["note"] = self.note
        return table

    @classmethod
    def from_json(cls, table: Mapping[str, str]) -> Change:
        """Read what `to_json` wrote."""
        old = table.get("old_id")
        return cls(
            ChangeKind(table["kind"]),
            ArtifactId.parse(table["id"]),
            ArtifactId.parse(old) if old else None,
            table.get("note"),
        )


class OlderVersion(NamedTuple):
    """A version of an artifact that a composite pins, and where its files are."""

    id: ArtifactId
    tree: Tree
    location: Path


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """All that one command changes: the manifest before and after, and each artifact's part.

    Plugins may return another `after` while nothing is written (`holdall_collect_modify`), and keep
    what they need later in `extra`, which holds JSON values under the plugin's own name and lives
    in the journal. Once it is applied, `edits` has each entry before and after; `is_edited_since`
    says whether the manifest is by now another one than it wrote. `older` are versions that a
    source brings, there until the change is prepared.
    """

    command: str
    before: Manifest
    after: Manifest
    changes: tuple[Change, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    signature: Signature = field(default_factory=Signature.now)
    edits: tuple[EntryEdit, ...] = ()
    older: tuple[OlderVersion, ...] = ()
    is_edited_since: bool = False

    def of_kind(self, *kinds: ChangeKind) -> list[Change]:
        """Return the changes of these kinds, in order."""
        return [change for change in self.changes if change.kind in kinds]

    def to_payload(self, manifest_hash: str) -> dict[str, Any]:
        """Return what the journal keeps; the manifest itself, of this hash, is one of the files."""
        shown = [change.to_json() for change in self.changes if change.kind.is_change]
        edits = [edit.to_json() for edit in edits_between(self.before, self.after)]
        return {
            "command": self.command,
            "changes": shown,
            "edits": edits,
            "extra": self.extra,
            "signature": self.signature.to_json(),
            "manifest": manifest_hash,
        }

    @classmethod
    def from_payload(
        cls, payload: Mapping[str, Any], manifest: Manifest, manifest_hash: str
    ) -> ChangeSet:
        """Rebuild a change set that was applied; `manifest` is the present one, of this hash."""
        return cls(
            payload["command"],
            manifest,
            manifest,
            tuple(Change.from_json(table) for table in payload["changes"]),
            dict(payload["extra"]),
            Signature.from_json(payload["signature"]),
            tuple(EntryEdit.from_json(table) for table in payload["edits"]),
            is_edited_since=payload["manifest"] != manifest_hash,
        )
