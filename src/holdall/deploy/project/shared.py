"""`.holdall/deployed.toml`: what is deployed in a project, for git and whoever clones it.

Git leaves out all else in `.holdall`. Each entry is one line that needs no other, so that git
merges branches line by line; of settings it has hashes only, so that no secret is written twice.
Sorted, and shortened here:

    format = 1
    deployed."hook:a".claude = { uuid = "4b7e...", collection = "kit", content_hash = "fea0...",
        placed_hash = "", wanted_by = ["composite:a"], entries = [{ file = ".claude/settings.json",
        keys = ["hooks", "Stop"], hash = "90ab..." }] }
    requests."composite:a" = { uuid = "ec12..." }
    settings.".claude/settings.json" = { made = [["hooks"]] }

It is a hint where to look, never proof. `placed_hash` is over the files that were placed, `made`
are objects and lists that Holdall made. Keys that are not known, and marks of a conflict of two
branches, are ignored; what both sides say of one artifact is compared with what is there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from holdall import NamedTuple
from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.deploy.project.ledger import Deployed, Ledger, Merged, state_to_json
from holdall.errors import HoldallError, InputError
from holdall.files.root import FileState
from holdall.formats.documents import parse_toml
from holdall.formats.marks import Keys
from holdall.formats.toml_writer import render_inline, toml_key

FORMAT = 1
MAX_SHARED_BYTES = 64 << 20

_HEAD = f"""\
# What Holdall deployed here. Keep it in git: where the project is cloned, Holdall looks here.
format = {FORMAT}
"""
_HINT = "restore it from your version control, or delete it: it is only a hint"
_CONFLICT = r"(?m)^(?:<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>)(?: .*)?\r?\n"


class _NewerError(InputError):
    """The file is of a form that only a newer Holdall knows."""


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
    entries.sort(key=lambda entry: (entry.id, entry.target))
    lines = [(f"deployed.{toml_key(str(e.id))}.{toml_key(e.target)}", _table(e)) for e in entries]
    for artifact_id, uuid in sorted(ledger.requests.items()):
        lines.append((f"requests.{toml_key(str(artifact_id))}", _with_uuid(uuid)))
    for path, marks in sorted(ledger.documents.items()):
        if marks.made:
            made = [[*keys] for keys in sorted(marks.made)]
            lines.append((f"settings.{toml_key(path)}", {"made": made}))
    return _HEAD + "".join(f"{key} = {render_inline(table)}\n" for key, table in lines)


def _with_uuid(uuid: str | None) -> dict[str, Any]:
    return {} if uuid is None else {"uuid": uuid}


def _table(entry: SharedEntry) -> dict[str, Any]:
    table = _with_uuid(entry.uuid)
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
    if len(text) > MAX_SHARED_BYTES:
        raise InputError(f"{where}: larger than {MAX_SHARED_BYTES >> 20} MiB", hint=_HINT)
    deployed: list[SharedEntry] = []
    requests: dict[ArtifactId, str | None] = {}
    made: dict[RelPath, frozenset[Keys]] = {}
    for number, line in enumerate(re.sub(_CONFLICT, "\n", text).split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            document = parse_toml(line, where)
            if document.get("format", FORMAT) != FORMAT:
                raise _NewerError(f"{where}: its format is unknown", hint="use a newer Holdall")
            for id_, targets in document.get("deployed", {}).items():
                deployed += [_entry(id_, target, table) for target, table in targets.items()]
            for id_, table in document.get("requests", {}).items():
                requests[ArtifactId.parse(id_)] = _optional(table, "uuid")
            for name, table in document.get("settings", {}).items():
                path = RelPath.parse(name)
                made[path] = made.get(path, frozenset()) | frozenset(map(_keys, table["made"]))
        except _NewerError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, HoldallError) as error:
            message = f"{where}, line {number}: not what Holdall wrote: {error}"
            raise InputError(message, hint=_HINT) from error
    return SharedRecord(tuple(deployed), requests, made)


def _entry(id_: str, target: str, table: Mapping[str, Any]) -> SharedEntry:
    return SharedEntry(
        ArtifactId.parse(id_),
        target,
        _optional(table, "uuid"),
        _text(table, "collection"),
        _text(table, "content_hash"),
        _text(table, "placed_hash"),
        tuple(map(ArtifactId.parse, _keys(table["wanted_by"]))),
        table.get("is_pinned") is True,
        tuple(map(_merge, _tables(table, "entries"))),
    )


def _merge(table: Mapping[str, Any]) -> Merged:
    path, keys = RelPath.parse(_text(table, "file")), _keys(table["keys"])
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


def _keys(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"{values!a:.80} is not a list of strings")
    return tuple(values)
