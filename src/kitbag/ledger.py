"""`.kitbag/ledger.json` in a project: which files Kitbag put there, from what, and for whom.

It holds what SkillMeat's record has no place for (SkillMeat erases keys it does not know). When it
is lost, the record and the collection are enough to go on; see `deploy`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kitbag.artifacts import ArtifactId, FileKind
from kitbag.errors import InputError, KitbagError
from kitbag.files import FileState
from kitbag.paths import RelPath

__all__ = [
    "Deployed",
    "Ledger",
    "deployed_from_json",
    "deployed_to_json",
    "parse_ledger",
    "render_ledger",
    "state_from_json",
    "state_to_json",
]

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Deployed:
    """An artifact as it was deployed below one target's root.

    `files` says what Kitbag wrote at which path of the project; `wanted_by` names the requests
    that keep it there: itself, or composites. `is_pinned` says that one of them holds it at this
    content, whatever the collection has.
    """

    id: ArtifactId
    target: str
    uuid: str | None
    collection: str
    content_hash: str
    wanted_by: tuple[ArtifactId, ...]
    files: Mapping[RelPath, FileState]
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that Kitbag has in a project.

    `requests` are the ids that people asked for, with their UUIDs, so that a renamed one is known
    again; `folders` are those that Kitbag made, which go when they become empty.
    """

    deployed: tuple[Deployed, ...] = ()
    requests: Mapping[ArtifactId, str | None] = field(default_factory=dict)
    folders: frozenset[RelPath] = frozenset()


def render_ledger(ledger: Ledger) -> str:
    """Return the file's text, in a stable order."""
    document = {
        "format": FORMAT,
        "requests": {str(i): uuid for i, uuid in sorted(ledger.requests.items())},
        "folders": sorted(ledger.folders),
        "deployed": [
            deployed_to_json(entry)
            for entry in sorted(ledger.deployed, key=lambda e: (e.target, e.id))
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


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
        "files": {path: state_to_json(state) for path, state in sorted(entry.files.items())},
    }


def state_to_json(state: FileState) -> list[str]:
    """Return a file's state as the ledger keeps it."""
    return [state.kind.value, "x" if state.executable else "-", state.sha256]


def state_from_json(values: Sequence[str]) -> FileState:
    """Read what `state_to_json` wrote."""
    kind, mode, sha256 = values
    return FileState(FileKind(kind), mode == "x", _text(sha256))


def parse_ledger(text: str, where: str) -> Ledger:
    """Read a ledger; raises InputError that names the file and what is wrong with it."""
    try:
        document = json.loads(text)
        if document.get("format") != FORMAT:
            raise InputError(
                f"{where}: format {document.get('format')!r} is unknown", hint="use a newer Kitbag"
            )
        return Ledger(
            deployed=tuple(deployed_from_json(entry) for entry in document["deployed"]),
            requests={ArtifactId.parse(i): _uuid(u) for i, u in document["requests"].items()},
            folders=frozenset(RelPath.parse(folder) for folder in document["folders"]),
        )
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, KitbagError) as error:
        raise InputError(
            f"{where}: not a ledger of Kitbag: {error}",
            hint="delete it: the deployed record and the collection are enough to go on",
        ) from error


def deployed_from_json(entry: Mapping[str, Any]) -> Deployed:
    """Read what `deployed_to_json` wrote; raises whatever a wrong entry leads to."""
    files = {RelPath.parse(path): state_from_json(v) for path, v in entry["files"].items()}
    return Deployed(
        id=ArtifactId.parse(entry["id"]),
        target=_text(entry["target"]),
        uuid=_uuid(entry["uuid"]),
        collection=_text(entry["collection"]),
        content_hash=_text(entry["content_hash"]),
        wanted_by=tuple(ArtifactId.parse(request) for request in entry["wanted_by"]),
        files=files,
        is_pinned=entry.get("is_pinned") is True,
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is not a string")


def _uuid(value: object) -> str | None:
    return None if value is None else _text(value)
