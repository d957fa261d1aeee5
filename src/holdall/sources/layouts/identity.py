"""What an export of Holdall says about identity, in a manifest or in a file of its own.

{"name": "starter", "holdall": {
  "format": 1, "uuid": "4107...", "composite_type": "plugin",
  "members": [{"id": "skill:a", "uuid": "ec12...", "path": "skills/a",
               "relationship": "contains", "pin": null}],
  "files": {"id": "plugin-files:starter", "uuid": "9d5e..."}}}

That is how a Claude plugin has it. An Agent Plugin has it in `extensions` under `dev.holdall`, the
others, whose manifests are closed, in `dev.holdall/plugin.json`. There it also has the name, the
description and the metadata, `copies` that stand for members in the agent's form, and all files
that were `made` and are no members or own files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from holdall import NamedTuple, dataclass
from holdall.artifacts.hashing import is_sha256
from holdall.artifacts.ids import RELATIONSHIPS, ArtifactId
from holdall.errors import HoldallError

IDENTITY_KEY = "holdall"
FORMAT = 1
NAMESPACE = "dev.holdall"
"""What is Holdall's own in a plugin: the key of an extension, and a folder."""
SIDECAR = f"{NAMESPACE}/plugin.json"

_UUID = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")


class KnownMember(NamedTuple):
    """What an export says about a member."""

    id: ArtifactId
    uuid: str
    relationship: str
    pin: str | None


class KnownFiles(NamedTuple):
    """What an export says about the plugin's own files."""

    id: ArtifactId
    uuid: str


@dataclass(frozen=True, slots=True)
class KnownPlugin:
    """What an export says about itself; `members` by type and path below the plugin's folder.

    `files` are the plugin's own. Where the manifest cannot say it, `said` has `name`, `description`
    and `metadata`. `copies` and `made` are paths below the folder, `#` and a name for an entry.
    """

    uuid: str | None = None
    composite_type: str | None = None
    members: Mapping[tuple[str, str], KnownMember] = field(default_factory=dict)
    files: KnownFiles | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    copies: frozenset[str] = frozenset()
    made: frozenset[str] = frozenset()


def identity_in(manifest: Mapping[str, Any]) -> Any:
    """Return what a manifest says of an export's identity, None for nothing."""
    extensions = manifest.get("extensions")
    extended = extensions.get(NAMESPACE) if isinstance(extensions, dict) else None
    return manifest.get(IDENTITY_KEY, extended)


def read_identity(table: Any) -> KnownPlugin | None:
    """Return what an export says of itself; None where that is nothing to rely on."""
    if table is None:
        return KnownPlugin()
    try:
        if table["format"] != FORMAT or not isinstance(table["members"], list):
            return None
        members = {}
        for entry in table["members"]:
            artifact_id = ArtifactId.parse(entry["id"])
            key = (artifact_id.type, _text(entry["path"]))
            members[key] = KnownMember(
                artifact_id,
                _uuid(entry),
                _value_if(entry["relationship"], entry["relationship"] in RELATIONSHIPS),
                None if entry["pin"] is None else _value_if(entry["pin"], is_sha256(entry["pin"])),
            )
        own = table["files"]
        files = None if own is None else KnownFiles(ArtifactId.parse(own["id"]), _uuid(own))
        return KnownPlugin(
            _uuid(table),
            _text(table["composite_type"]),
            members,
            files,
            _said(table),
            frozenset(map(_text, table.get("copies", ()))),
            frozenset(map(_text, table.get("made", ()))),
        )
    except (KeyError, TypeError, ValueError, AttributeError, HoldallError):
        return None


def _said(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what stands in place of a manifest's keys."""
    if "metadata" not in table:
        return {}
    if not isinstance(table["metadata"], dict):
        raise TypeError("the metadata are no object")
    description = table["description"]
    return {
        "name": _text(table["name"]),
        "description": None if description is None else _text(description),
        "metadata": table["metadata"],
    }


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is not a string")


def _uuid(table: Mapping[str, Any]) -> str:
    return _value_if(table["uuid"], bool(_UUID.fullmatch(str(table["uuid"]))))


def _value_if(value: object, is_right: bool) -> str:
    if not is_right:
        raise ValueError(f"{value!r} cannot be")
    return _text(value)
