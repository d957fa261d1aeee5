"""`.holdall/ledger.json` in a project: which files Holdall deployed, from what, for which requests.

It holds what SkillMeat's record has no place for (SkillMeat erases keys it does not know). When it
is lost, the record and the collection are enough to continue; see `deploy`. One line is one
artifact below one target's root (shortened; states of files are kind, executable or not, SHA-256):

    {"format": 1, "seal": "7d0c...", "shared": "5fe2...", "place": {"path": "/home/ada/web", ...},
     "requests": {"skill:a": "ec12..."}, "folders": [".claude/skills/a"],
     "documents": {".mcp.json": {"made": [["mcpServers"]], "blank": []}},
     "deployed": [
      {"id": "skill:a", "target": "claude", "uuid": "ec12...", "collection": "kit",
       "content_hash": "fea0...", "wanted_by": ["skill:a"], "is_pinned": false, "merged": [],
       "files": {".claude/skills/a/SKILL.md": ["f", "-", "bc28..."]}, "seal": "90ab..."}]}

An entry of a settings file is in `merged` as `[path, keys, key, value]`, or with the value's hash
and those of its neighbours in a list as the fifth and sixth. `adopted` is there where an edit of
what the project's lock has was adopted: the hashes of the collection's content and of the files.
Seals are in `seals`, `place` in `place`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Any

from holdall import NamedTuple, dataclass
from holdall.artifacts.ids import ArtifactId, FileKind
from holdall.artifacts.paths import RelPath
from holdall.deploy.project.place import ProjectPlace, is_same_place
from holdall.errors import HoldallError, InputError
from holdall.files.root import FileState
from holdall.formats.documents import canonical_json, parse_json
from holdall.formats.marks import MISSING, Marks

FORMAT = 1
MAX_LEDGER_BYTES = 256 << 20

_LOST = "delete it: the deployed record and the collection are enough to continue"
_FEW = 16
_KINDS = {kind.value: kind for kind in FileKind}


Place = tuple[RelPath, tuple[str, ...], str | None, str]
"""Where an entry stands: its file, the keys to its holder, its own key or, in a list, its hash."""


class Merged(NamedTuple):
    """An entry that Holdall put into a settings file: a member `key`, or an element of a list.

    `keys` lead to the object or list that holds it. Where only the hash of its value is known, that
    is `known_hash`, and `value` is None. `beside` are the hashes of what others had in the list.
    """

    path: RelPath
    keys: tuple[str, ...]
    key: str | None
    value: Any
    known_hash: str = ""
    beside: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """The hash of its value."""
        return self.known_hash or hash_value(self.value)

    def matches(self, value: Any) -> bool:
        """Return whether a value of a settings file, MISSING for none, is this entry's."""
        return value is not MISSING and hash_value(value) == self.hash

    @property
    def place(self) -> Place:
        """What distinguishes it from other entries."""
        return self.path, self.keys, self.key, self.hash if self.key is None else ""


def hash_value(value: Any) -> str:
    """Return the SHA-256 of a value of a settings file, whatever the order of its keys."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


class Adopted(NamedTuple):
    """An edit that the collection has: the hash of its content there, and of its files here."""

    content_hash: str
    placed_hash: str


class Deployed(NamedTuple):
    """An artifact as it was deployed below one target's root.

    `files` says what Holdall wrote at which path of the project; `wanted_by` names the requests
    that keep it there: itself, or composites. `is_pinned` says that one of them holds it at this
    content, whatever the collection has. `merged` are its entries of settings files. `seal` is the
    mark of who placed all this, "" if nobody did who is known; None before it is written. `adopted`
    is the edit of it that was adopted and is none for the project's lock.
    """

    id: ArtifactId
    target: str
    uuid: str | None
    collection: str
    content_hash: str
    wanted_by: tuple[ArtifactId, ...]
    files: Mapping[RelPath, FileState]
    is_pinned: bool = False
    merged: tuple[Merged, ...] = ()
    seal: str | None = ""
    adopted: Adopted | None = None

    @property
    def base_hash(self) -> str:
        """The content that an edit began with: what was adopted last, else what was deployed."""
        return self.adopted.content_hash if self.adopted else self.content_hash

    @property
    def unsealed(self) -> Deployed:
        """What is deployed, whoever placed it."""
        return self._replace(seal="")

    def lies_below(self, root: RelPath) -> bool:
        """Return whether its files are in a target's folder, which agents may share."""
        folder = f"{root}/"
        return any(path.startswith(folder) for path in self.files)


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that Holdall has in a project.

    `requests` are the ids that users asked for, with their UUIDs, so that a renamed one is known
    again; `folders` are those that Holdall made, removed when they become empty; `documents` is
    what has to be known to take entries out of settings files without a trace; `place` is where
    the project was. `seal` is the mark of who wrote down these three, `shared` the hash of
    `deployed.toml` as it was written with it.
    """

    deployed: tuple[Deployed, ...] = ()
    requests: Mapping[ArtifactId, str | None] = field(default_factory=dict)
    folders: frozenset[RelPath] = frozenset()
    documents: Mapping[RelPath, Marks] = field(default_factory=dict)
    seal: str = ""
    shared: str = ""
    place: ProjectPlace | None = None


def render_ledger(ledger: Ledger, earlier: Ledger | None = None, text: str = "") -> str:
    """Return the file's text, in a stable order.

    Given the ledger that was read from `text`, only what differs in it is rendered, if that is few
    entries.
    """
    spliced = None if earlier is None else _splice(text, earlier, ledger)
    if spliced is not None:
        return spliced
    head = {
        "format": FORMAT,
        "seal": ledger.seal,
        "shared": ledger.shared,
        "place": ledger.place and ledger.place.to_json(),
        "requests": {str(i): uuid for i, uuid in sorted(ledger.requests.items())},
        "folders": sorted(map(str, ledger.folders)),  # plain strings are sorted faster
        "documents": {path: marks.to_json() for path, marks in sorted(ledger.documents.items())},
    }
    lines = [f" {_json(key)}: {_json(value)}," for key, value in head.items()]
    entries = sorted(ledger.deployed, key=lambda e: (e.target, e.id))
    # One line for each: with `indent` Python would leave its fast encoder.
    deployed = ",\n".join(map(_line, entries))
    return "\n".join(["{", *lines, ' "deployed": [', deployed, " ]", "}", ""])


def _line(entry: Deployed) -> str:
    return f"  {_json(deployed_to_json(entry))}"


def _splice(text: str, before: Ledger, after: Ledger) -> str | None:
    """Return a ledger's text with other lines for a few entries; None if more has to change."""
    old, new = ({(e.target, e.id): e for e in ledger.deployed} for ledger in (before, after))
    if (
        (before.requests, before.folders) != (after.requests, after.folders)
        or not is_same_place(before.place, after.place)
        or old.keys() != new.keys()
        or not len(before.deployed) == len(after.deployed) == len(new)
        # Values of settings are compared as text: for Python, 1 and true are the same.
        or before.documents
        or any(entry.merged for entry in after.deployed)
    ):
        return None
    changed = [key for key, entry in new.items() if entry != old[key]]
    if len(changed) > _FEW:
        return None
    for key in changed:
        line = _line(old[key])
        if text.count(line) != 1:  # somebody wrote it in another way
            return None
        text = text.replace(line, _line(new[key]))
    for name, one, other in (
        ("seal", before.seal, after.seal),
        ("shared", before.shared, after.shared),
    ):
        line = f"\n {_json(name)}: {_json(one)},\n"
        if text.count(line) != 1:
            return None
        text = text.replace(line, f"\n {_json(name)}: {_json(other)},\n")
    return text


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def is_same(one: Ledger, other: Ledger) -> bool:
    """Return whether two ledgers are equal, in any order."""
    return (
        is_same_place(one.place, other.place)
        and one.requests == other.requests
        and one.folders == other.folders
        and _parts(one) == _parts(other)
    )


def _parts(ledger: Ledger) -> tuple[object, ...]:
    # Values of settings are compared as text: for Python, 1 and true are the same.
    marks = {path: _json(known.to_json()) for path, known in ledger.documents.items()}
    merged = [_json(deployed_to_json(entry)) for entry in ledger.deployed if entry.merged]
    return marks, sorted(merged), {(entry.target, entry.id): entry for entry in ledger.deployed}


def deployed_to_json(entry: Deployed) -> dict[str, Any]:
    """Return one artifact's entry as the ledger keeps it."""
    return {
        "id": str(entry.id),
        "target": entry.target,
        "uuid": entry.uuid,
        "collection": entry.collection,
        "content_hash": entry.content_hash,
        "wanted_by": [str(request) for request in entry.wanted_by],
        "is_pinned": entry.is_pinned,
        "merged": list(map(_merged_to_json, entry.merged)),
        "files": {path: state_to_json(state) for path, state in sorted(entry.files.items())},
        "seal": entry.seal or "",
        **({"adopted": list(entry.adopted)} if entry.adopted else {}),
    }


def _merged_to_json(entry: Merged) -> list[Any]:
    found = [entry.path, list(entry.keys), entry.key, entry.value]
    if entry.known_hash or entry.beside:
        found += [entry.known_hash, list(entry.beside)]
    return found


def _merged_from_json(values: Sequence[Any]) -> Merged:
    path, keys, key, value, *more = values
    known_hash, beside = more or ("", ())
    return Merged(
        RelPath.parse(path),
        tuple(map(_text, keys)),
        _optional(key),
        value,
        _text(known_hash),
        tuple(map(_text, beside)),
    )


def state_to_json(state: FileState) -> list[str]:
    """Return a file's state as the ledger keeps it."""
    return [state.kind.value, "x" if state.executable else "-", state.sha256]


def state_from_json(values: Sequence[str]) -> FileState:
    """Read what `state_to_json` wrote."""
    kind, mode, sha256 = values
    return FileState(_KINDS[kind], mode == "x", _text(sha256))


def _document(text: str, where: str) -> Any:
    try:
        return parse_json(text, where, limit=MAX_LEDGER_BYTES)
    except InputError as error:
        raise InputError(error.message, hint=_LOST) from error


@lru_cache(maxsize=1)  # asked for its targets first, then for all of it
def parse_ledger(text: str, where: str) -> Ledger:
    """Read a ledger; raises InputError that names the file and what is wrong with it."""
    document = _document(text, where)
    try:
        if document["format"] != FORMAT:
            raise InputError(
                f"{where}: format {document['format']!a:.80} is unknown", hint="use a newer Holdall"
            )
        return Ledger(
            deployed=tuple(deployed_from_json(entry) for entry in document["deployed"]),
            requests={ArtifactId.parse(i): _optional(u) for i, u in document["requests"].items()},
            folders=frozenset(RelPath.parse(folder) for folder in document["folders"]),
            documents={
                RelPath.parse(path): Marks.from_json(marks)
                for path, marks in document["documents"].items()
            },
            seal=_text(document.get("seal", "")),
            shared=_text(document.get("shared", "")),
            place=ProjectPlace.from_json(place) if (place := document.get("place")) else None,
        )
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, HoldallError) as error:
        raise InputError(f"{where}: not a Holdall ledger: {error}", hint=_LOST) from error


def deployed_from_json(entry: Mapping[str, Any]) -> Deployed:
    """Read what `deployed_to_json` wrote; raises whatever a wrong entry leads to."""
    files = {RelPath.parse(path): state_from_json(v) for path, v in entry["files"].items()}
    return Deployed(
        id=ArtifactId.parse(entry["id"]),
        target=_text(entry["target"]),
        uuid=_optional(entry["uuid"]),
        collection=_text(entry["collection"]),
        content_hash=_text(entry["content_hash"]),
        wanted_by=tuple(ArtifactId.parse(request) for request in entry["wanted_by"]),
        files=files,
        is_pinned=entry["is_pinned"] is True,
        merged=tuple(map(_merged_from_json, entry["merged"])),
        seal=_text(entry.get("seal", "")),
        adopted=Adopted(*map(_text, adopted)) if (adopted := entry.get("adopted")) else None,
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is not a string")


def _optional(value: object) -> str | None:
    return None if value is None else _text(value)
