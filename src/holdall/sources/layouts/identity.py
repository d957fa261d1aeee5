"""What an export of Holdall says about identity: the key `holdall` of a plugin's manifest.

{"name": "starter", "holdall": {
  "format": 1, "uuid": "4107...", "composite_type": "plugin",
  "members": [{"id": "skill:a", "uuid": "ec12...", "path": "skills/a",
               "relationship": "contains", "pin": null}],
  "files": {"id": "plugin-files:starter", "uuid": "9d5e..."}}}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from holdall.artifacts.hashing import is_sha256
from holdall.artifacts.ids import RELATIONSHIPS, ArtifactId
from holdall.errors import HoldallError

IDENTITY_KEY = "holdall"
FORMAT = 1

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

    `files` are the plugin's own.
    """

    uuid: str | None = None
    composite_type: str | None = None
    members: Mapping[tuple[str, str], KnownMember] = field(default_factory=dict)
    files: KnownFiles | None = None


def read_identity(manifest: Mapping[str, Any]) -> KnownPlugin | None:
    """Return what a manifest says under `holdall`; None where that is nothing to rely on."""
    table = manifest.get(IDENTITY_KEY)
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
                _matching(entry["relationship"], entry["relationship"] in RELATIONSHIPS),
                None if entry["pin"] is None else _matching(entry["pin"], is_sha256(entry["pin"])),
            )
        own = table["files"]
        files = None if own is None else KnownFiles(ArtifactId.parse(own["id"]), _uuid(own))
        return KnownPlugin(_uuid(table), _text(table["composite_type"]), members, files)
    except (KeyError, TypeError, ValueError, AttributeError, HoldallError):
        return None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is not a string")


def _uuid(table: Mapping[str, Any]) -> str:
    return _matching(table["uuid"], bool(_UUID.fullmatch(str(table["uuid"]))))


def _matching(value: object, is_right: bool) -> str:
    if not is_right:
        raise ValueError(f"{value!r} cannot be")
    return _text(value)
