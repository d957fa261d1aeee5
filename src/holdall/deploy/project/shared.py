"""`.holdall/deployed.toml`: what is deployed in a project, for git and whoever clones it.

All else in `.holdall` is left out of git. Entries are sorted, each has lines of its own, and of
settings it has hashes only, so that branches merge and no secret is written twice:

    format = 1
    [[requests]]
    id = "skill:a"
    uuid = "ec12..."
    [[deployed]]
    id = "hook:a"
    target = "claude"
    uuid = "4b7e..."
    collection = "kit"
    content_hash = "fea0..."
    placed_hash = ""
    wanted_by = ["composite:a"]
    [[deployed.entries]]
    file = ".claude/settings.json"
    keys = ["hooks", "Stop"]
    hash = "90ab..."
    [[settings]]
    file = ".claude/settings.json"
    [[settings.made]]
    keys = ["hooks"]

It is a hint where to look, never proof. `placed_hash` is over the files that were placed, `made`
are objects and lists that Holdall made. Keys that are not known are ignored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.deploy.project.ledger import Deployed, Ledger, Merged, state_to_json
from holdall.errors import HoldallError, InputError
from holdall.files.root import FileState
from holdall.formats.documents import parse_toml
from holdall.formats.json_editor import Keys
from holdall.formats.toml_reader import read_plain
from holdall.formats.toml_writer import render_array

FORMAT = 1
MAX_SHARED_BYTES = 8 << 20

_HEAD = f"""\
# What Holdall deployed here. Keep it in git: where the project is cloned, Holdall looks here.
format = {FORMAT}
"""
_HINT = "settle the conflict of two branches in it, or delete it: it is only a hint"


class SharedEntry(NamedTuple):
    """What the file says of an artifact below one target's root."""

    id: ArtifactId
    target: str
    uuid: str | None
    collection: str
    content_hash: str
    placed_hash: str
    wanted_by: tuple[ArtifactId, ...]
    is_pinned: bool
    merged: tuple[Merged, ...]

    def describes(self, entry: Deployed) -> bool:
        """Return whether an entry of the ledger says that the same was placed."""
        return self.placed_hash == hash_files(entry.files) and (
            {merged.place: merged.hash for merged in self.merged}
            == {merged.place: merged.hash for merged in entry.merged}
        )


class SharedRecord(NamedTuple):
    """The whole file; `made` are by settings file."""

    deployed: tuple[SharedEntry, ...] = ()
    requests: Mapping[ArtifactId, str | None] = {}
    made: Mapping[RelPath, frozenset[Keys]] = {}


def hash_files(files: Mapping[RelPath, FileState]) -> str:
    """Return the hash over what was placed at which path; '' for no files."""
    lines = [f"{' '.join(state_to_json(files[path]))} {path}\n" for path in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else ""


def hash_text(text: str | None) -> str:
    """Return the hash by which the ledger knows the file again; '' for none."""
    return hashlib.sha256(text.encode()).hexdigest() if text is not None else ""


def shared_entry(entry: Deployed) -> SharedEntry:
    """Return what the file says of what the ledger has."""
    return SharedEntry(
        entry.id,
        entry.target,
        entry.uuid,
        entry.collection,
        entry.content_hash,
        hash_files(entry.files),
        entry.wanted_by,
        entry.is_pinned,
        entry.merged,
    )


def render_shared(ledger: Ledger, others: Iterable[SharedEntry]) -> str:
    """Return the file's text for what the ledger has, and others that stay as they are."""
    known = {(entry.id, entry.target) for entry in ledger.deployed}
    entries = [*map(shared_entry, ledger.deployed)]
    entries += [entry for entry in others if (entry.id, entry.target) not in known]
    tables = [
        *(("requests", _with_uuid({"id": str(i)}, u)) for i, u in sorted(ledger.requests.items())),
        *(("deployed", _table(e)) for e in sorted(entries, key=lambda e: (e.id, e.target))),
        *(
            ("settings", {"file": path, "made": [{"keys": [*k]} for k in sorted(marks.made)]})
            for path, marks in sorted(ledger.documents.items())
            if marks.made
        ),
    ]
    return "\n".join([_HEAD, *(render_array(name, table) for name, table in tables)])


def _with_uuid(table: dict[str, Any], uuid: str | None) -> dict[str, Any]:
    return table if uuid is None else {**table, "uuid": uuid}


def _table(entry: SharedEntry) -> dict[str, Any]:
    table = _with_uuid({"id": str(entry.id), "target": entry.target}, entry.uuid)
    table["collection"] = entry.collection
    table["content_hash"] = entry.content_hash
    table["placed_hash"] = entry.placed_hash
    table["wanted_by"] = [str(request) for request in entry.wanted_by]
    if entry.is_pinned:
        table["is_pinned"] = True
    if entry.merged:
        table["entries"] = [_merged_table(merged) for merged in sorted(entry.merged, key=_place)]
    return table


def _place(merged: Merged) -> tuple[Any, ...]:
    return merged.path, merged.keys, merged.key or "", merged.hash


def _merged_table(merged: Merged) -> dict[str, Any]:
    key = {} if merged.key is None else {"key": merged.key}
    return {"file": merged.path, "keys": [*merged.keys], **key, "hash": merged.hash}


def parse_shared(text: str, where: str) -> SharedRecord:
    """Read the file; raises InputError that names it and what is wrong with it."""
    document = read_plain(text)
    if document is None:
        document = parse_toml(text, where, limit=MAX_SHARED_BYTES, hint=_HINT)
    try:
        if document["format"] != FORMAT:
            raise InputError(
                f"{where}: format {document['format']!a:.80} is unknown", hint="use a newer Holdall"
            )
        return SharedRecord(
            tuple(map(_entry, _tables(document, "deployed"))),
            {
                ArtifactId.parse(_text(table, "id")): _optional(table, "uuid")
                for table in _tables(document, "requests")
            },
            {
                RelPath.parse(_text(table, "file")): frozenset(
                    _texts(made, "keys") for made in _tables(table, "made")
                )
                for table in _tables(document, "settings")
            },
        )
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, HoldallError) as error:
        raise InputError(f"{where}: not what Holdall wrote: {error}", hint=_HINT) from error


def _entry(table: Mapping[str, Any]) -> SharedEntry:
    return SharedEntry(
        ArtifactId.parse(_text(table, "id")),
        _text(table, "target"),
        _optional(table, "uuid"),
        _text(table, "collection"),
        _text(table, "content_hash"),
        _text(table, "placed_hash"),
        tuple(map(ArtifactId.parse, _texts(table, "wanted_by"))),
        table.get("is_pinned") is True,
        tuple(map(_merged, _tables(table, "entries"))),
    )


def _merged(table: Mapping[str, Any]) -> Merged:
    path, keys = RelPath.parse(_text(table, "file")), _texts(table, "keys")
    return Merged(path, keys, _optional(table, "key"), None, _text(table, "hash"))


def _tables(table: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    for inner in table.get(key, ()):
        if not isinstance(inner, Mapping):
            raise TypeError(f"{key} is not an array of tables")
        yield inner


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is not a string")
    return value


def _optional(table: Mapping[str, Any], key: str) -> str | None:
    return _text(table, key) if key in table else None


def _texts(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values: Sequence[Any] = table[key]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"{key} is not a list of strings")
    return tuple(values)
