"""What a deploy changed in a project: the ledger and the files, each part before and after.

As the journal keeps it; each pair is before and after, null for nothing:

    {"entries": [[null, {"id": "skill:a", "target": "claude", ...}]],
     "requests": {"skill:a": [null, ["ec12..."]]},
     "strays": {".mcp.json": [["f", "-", "9f86..."], ["f", "-", "2c26..."]]},
     "untouched": [], "documents": {".mcp.json": [null, {"made": [], "blank": []}]},
     "contents": {"9f86...": "e30K"}}

`strays` are files whose states the entries do not give, `untouched` files of the entries that did
not change, `contents` bytes in Base64 by their SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, TypeVar

from holdall import dataclass
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.deploy.project.ledger import (
    Deployed,
    Ledger,
    deployed_from_json,
    deployed_to_json,
    state_from_json,
    state_to_json,
)
from holdall.files.root import FileState
from holdall.formats.marks import Marks

Asked = tuple[str | None]
"""That something was asked for, with its UUID."""

FilePair = tuple[FileState | None, FileState | None]
Key = tuple[str, ArtifactId]
AnyKey = TypeVar("AnyKey")
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class LedgerChange:
    """Two states of a project, as far as they differ: pairs of before and after, None for nothing.

    `entries` are the ledger's, by target and id; `requests` what users asked for; `files` what
    was at which path. Where somebody's own file was in the way, that is not what the ledger says.
    `documents` is what the ledger remembers of settings files; `contents` are bytes, by their
    SHA-256, that were there before and that no collection has. `edited` are paths where, of several
    changes, a later one found another file than an earlier one had left.
    """

    entries: Mapping[Key, tuple[Deployed | None, Deployed | None]] = field(default_factory=dict)
    requests: Mapping[ArtifactId, tuple[Asked | None, Asked | None]] = field(default_factory=dict)
    files: Mapping[RelPath, FilePair] = field(default_factory=dict)
    documents: Mapping[RelPath, tuple[Marks | None, Marks | None]] = field(default_factory=dict)
    contents: Mapping[str, bytes] = field(default_factory=dict)
    edited: frozenset[RelPath] = frozenset()

    @property
    def settings(self) -> set[RelPath]:
        """The files in which artifacts that differ have entries."""
        entries = [entry for pair in self.entries.values() for entry in pair if entry is not None]
        return {merged.path for entry in entries for merged in entry.merged}

    def join(self, later: LedgerChange) -> LedgerChange:
        """Return both changes as one."""
        both = self.files.keys() & later.files.keys()
        edited = {path for path in both if self.files[path][1] != later.files[path][0]}
        return LedgerChange(
            _chain(self.entries, later.entries),
            _chain(self.requests, later.requests),
            _chain(self.files, later.files),
            _chain(self.documents, later.documents),
            {**self.contents, **later.contents},
            self.edited | later.edited | edited,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the change as the journal keeps it, without states that the entries give."""
        from binascii import b2a_base64

        known = self._files_of_entries()
        return {
            "entries": [
                [e and deployed_to_json(e) for e in pair] for pair in self.entries.values()
            ],
            "requests": {str(i): [a and list(a) for a in p] for i, p in self.requests.items()},
            "strays": {
                path: [state and state_to_json(state) for state in pair]
                for path, pair in self.files.items()
                if known.get(path) != pair
            },
            "untouched": [path for path in known if path not in self.files],
            "documents": {
                path: [marks and marks.to_json() for marks in pair]
                for path, pair in self.documents.items()
            },
            "contents": {
                sha256: b2a_base64(data, newline=False).decode()
                for sha256, data in self.contents.items()
            },
        }

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> LedgerChange:
        """Read what `to_json` wrote."""
        from binascii import a2b_base64

        entries = {}
        for before, after in table["entries"]:
            pair = (before and deployed_from_json(before), after and deployed_from_json(after))
            entry = pair[0] or pair[1]
            entries[entry.target, entry.id] = pair
        requests = {
            ArtifactId.parse(i): (before and (before[0],), after and (after[0],))
            for i, (before, after) in table["requests"].items()
        }
        strays = {
            RelPath.parse(path): (
                before and state_from_json(before),
                after and state_from_json(after),
            )
            for path, (before, after) in table["strays"].items()
        }
        known = cls(entries)._files_of_entries()
        untouched = set(table["untouched"])
        files = {path: pair for path, pair in known.items() if path not in untouched}
        documents = {
            RelPath.parse(path): (b and Marks.from_json(b), a and Marks.from_json(a))
            for path, (b, a) in table["documents"].items()
        }
        contents = {sha256: a2b_base64(text) for sha256, text in table["contents"].items()}
        return cls(entries, requests, {**files, **strays}, documents, contents)

    def _files_of_entries(self) -> dict[RelPath, FilePair]:
        """Return the files that differ by what the entries say."""
        before = {p: s for b, _ in self.entries.values() if b for p, s in b.files.items()}
        after = {p: s for _, a in self.entries.values() if a for p, s in a.files.items()}
        return _find_differing(before, after)


def ledger_change(
    before: Ledger,
    after: Ledger,
    files: Mapping[RelPath, FilePair],
) -> LedgerChange:
    """Return what differs between two ledgers; `files` are those that a transaction touches."""
    return LedgerChange(
        _find_differing(_entries(before), _entries(after)),
        _find_differing(_requests(before), _requests(after)),
        files,
        _find_differing(before.documents, after.documents),
    )


def _entries(ledger: Ledger) -> dict[Key, Deployed]:
    return {(entry.target, entry.id): entry for entry in ledger.deployed}


def _requests(ledger: Ledger) -> dict[ArtifactId, Asked]:
    return {artifact_id: (uuid,) for artifact_id, uuid in ledger.requests.items()}


def _find_differing(
    before: Mapping[AnyKey, Part], after: Mapping[AnyKey, Part]
) -> dict[AnyKey, tuple[Part | None, Part | None]]:
    return {
        key: (before.get(key), after.get(key))
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    }


def _chain(
    older: Mapping[AnyKey, tuple[Part, Part]], newer: Mapping[AnyKey, tuple[Part, Part]]
) -> dict[AnyKey, tuple[Part, Part]]:
    """Return pairs from before the older to after the newer change, without those that meet."""
    pairs = {
        key: (older.get(key, newer.get(key))[0], newer.get(key, older.get(key))[1])  # type: ignore[index]
        for key in {**older, **newer}
    }
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
