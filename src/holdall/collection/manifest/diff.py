"""The entries of a manifest before and after a change: what is needed to undo the change.

One entry as the journal keeps it; null where it was not there, or no longer is:

    {"kind": "artifacts",
     "before": {"name": "plain-prose", "type": "skill", "path": "skills/plain-prose"},
     "after": {"name": "clear-prose", "type": "skill", "path": "skills/clear-prose"},
     "position": 2}

An entry with values that JSON does not have, such as dates, is a string of TOML.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from holdall import NamedTuple
from holdall.collection.manifest.manifest import Manifest, ManifestArtifact, ManifestComposite
from holdall.collection.manifest.reader import read_entry
from holdall.errors import ConflictError
from holdall.formats.documents import parse_toml
from holdall.formats.toml_writer import dump_toml

Entry = ManifestArtifact | ManifestComposite
AnyEntry = TypeVar("AnyEntry", ManifestArtifact, ManifestComposite)


class EntryEdit(NamedTuple):
    """One entry before and after a change; None where it was not there, or is not any more.

    `position` is where `before` stood among the manifest's artifacts or composites.
    """

    before: Entry | None
    after: Entry | None
    position: int = 0

    @property
    def entry(self) -> Entry:
        """The entry as it is after the change or, if it is gone, as it was."""
        entry = self.after or self.before
        assert entry is not None, "an edit has two sides, of which one is there"
        return entry

    def to_json(self) -> dict[str, Any]:
        """Return the edit as the journal keeps it."""
        kind = "artifacts" if isinstance(self.entry, ManifestArtifact) else "composites"
        return {
            "kind": kind,
            "before": _table(self.before),
            "after": _table(self.after),
            "position": self.position,
        }

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> EntryEdit:
        """Read what `to_json` wrote."""
        before, after = (_entry(table["kind"], table[side]) for side in ("before", "after"))
        return cls(before, after, table["position"])


def _table(entry: Entry | None) -> dict[str, Any] | str | None:
    """Return an entry as JSON or, where others' keys hold what JSON has not, as TOML."""
    if entry is None:
        return None
    table = entry.to_table()
    try:
        json.dumps(table, allow_nan=False)
    except (TypeError, ValueError):
        return dump_toml(table)
    return table


def _entry(kind: str, table: dict[str, Any] | str | None) -> Entry | None:
    if table is None:
        return None
    return read_entry(kind, parse_toml(table, kind) if isinstance(table, str) else table)


def edits_between(before: Manifest, after: Manifest) -> tuple[EntryEdit, ...]:
    """Return what differs between two states of a manifest, known by UUID, else by id."""
    return (
        *_edits(before.artifacts, after.artifacts),
        *_edits(before.composites, after.composites),
    )


def _edits(before: Sequence[Entry], after: Sequence[Entry]) -> Iterator[EntryEdit]:
    new = {_key(entry): entry for entry in after}
    uuids = {entry.id: _key(entry) for entry in after}
    for position, entry in enumerate(before):
        # An entry that had no UUID may just have got one.
        key = _key(entry) if entry.uuid else uuids.get(entry.id, "")
        now = new.pop(key, None)
        if now != entry:
            yield EntryEdit(entry, now, position)
    for entry in new.values():
        yield EntryEdit(None, entry)


def _key(entry: Entry) -> str:
    return entry.uuid or str(entry.id)


def revert_edits(manifest: Manifest, edits: Iterable[EntryEdit]) -> Manifest:
    """Return the manifest with these edits undone.

    Raises ConflictError if one of their entries is not as the change left it.
    """
    edits = list(edits)
    kinds = [e for e in edits if isinstance(e.entry, ManifestArtifact)]
    others = [e for e in edits if isinstance(e.entry, ManifestComposite)]
    return replace(
        manifest,
        artifacts=_revert(manifest.artifacts, kinds),
        composites=_revert(manifest.composites, others),
    )


def _revert(present: Sequence[AnyEntry], edits: Sequence[EntryEdit]) -> tuple[AnyEntry, ...]:
    entries: dict[str, Any] = {_key(entry): entry for entry in present}
    missing = []
    for edit in edits:
        key = _key(edit.entry)
        if entries.get(key) != edit.after:
            raise ConflictError(
                f"{(entries.get(key) or edit.entry).id} was changed after that operation",
                hint="undo the later changes first (`holdall log ID` lists them), or its release:"
                " `holdall undo --release N` keeps what they changed",
            )
        if edit.after is None:
            missing.append(edit)
        else:
            entries[key] = edit.before
    found = [entry for entry in entries.values() if entry is not None]
    for edit in sorted(missing, key=lambda e: e.position):
        found.insert(edit.position, edit.before)
    return tuple(found)
