"""What a transaction does, as values and as the plan that is written down before it is done.

A plan is two lines; the second one is JSON without blanks (shown with them):

    holdall-plan 2 SHA-256-OF-THE-JSON SEAL
    {"kind": "deploy", "payload": {...}, "partner": null, "actions": [
      ["put", ".claude/agents/a.md", false, "f-2c26...", "f-9f86...", 120, false],
      ["remove", ".claude/agents/b.md", true, "f-fcde..."],
      ["rmdir", ".claude/skills/old"]]}

A put has its path, whether a backup is kept, the state before (null for none) and after, its size,
and whether it is a condition; one that needs all before it is "last". A state is kind (`f`, or `l`
for a link), `x` if executable or `-`, SHA-256. The seal is an HMAC of the transaction's id and the
JSON with the user's key. Of two transactions that are one, each has the other as its partner: its
folder, its id, and whether it is the one that decides for both.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, assert_never

from holdall import NamedTuple
from holdall.artifacts.hashing import is_sha256
from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.artifacts.protected import refuse_protected
from holdall.errors import HostilePathError, InputError
from holdall.files.root import FileState

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

_FORMAT = b"holdall-plan 2 "


class Put(NamedTuple):
    """Put a file or link at `path`, where `expected` is now (None: nothing may be there).

    `source` is the file to copy from, or the bytes themselves (for a link: its text). With
    `keep_backup` what is replaced is kept under `.holdall/backups`. If `is_condition`, nothing of
    the transaction is done where something else is at `path` since it was planned. If `needs_all`,
    it is not done itself where something was in the way of an action before it.
    """

    path: RelPath
    state: FileState
    size: int
    source: Path | bytes
    expected: FileState | None = None
    keep_backup: bool = False
    is_condition: bool = False
    needs_all: bool = False


class Remove(NamedTuple):
    """Remove the file or link at `path`, if it is what is `expected` there."""

    path: RelPath
    expected: FileState
    keep_backup: bool = False


class RemoveFolder(NamedTuple):
    """Remove the folder at `path` if it is empty; otherwise it silently stays."""

    path: RelPath


Action: TypeAlias = Put | Remove | RemoveFolder


class Partner(NamedTuple):
    """The other one of two transactions that are one; if it `decides`, this one waits for it."""

    root: str
    transaction_id: str
    decides: bool


class Plan(NamedTuple):
    """A transaction as it is written down; its puts have lost their sources, they are staged."""

    kind: str
    payload: Mapping[str, JSON]
    actions: tuple[Action, ...]
    partner: Partner | None = None

    @property
    def waits(self) -> bool:
        """Whether another transaction decides whether this one is done."""
        return self.partner is not None and self.partner.decides


def encode_plan(plan: Plan, transaction_id: str, key: bytes) -> bytes:
    """Return a plan as bytes: a line with the checksum and the user's seal, then JSON."""
    content = {
        "kind": plan.kind,
        "payload": plan.payload,
        "partner": plan.partner,
        "actions": [_encode_action(a) for a in plan.actions],
    }
    body = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
    return _head(body) + b" " + _seal(body, transaction_id, key) + b"\n" + body


def _head(body: bytes) -> bytes:
    return _FORMAT + hashlib.sha256(body).hexdigest().encode()


def _seal(body: bytes, transaction_id: str, key: bytes) -> bytes:
    import hmac

    sealed = transaction_id.encode() + b"\n" + body
    return hmac.digest(key, sealed, "sha256").hex().encode()


def is_sealed(data: bytes, transaction_id: str, key: bytes) -> bool:
    """Return whether the plan in `data` was written with this key, for this transaction."""
    import hmac

    head, _, body = data.partition(b"\n")
    return hmac.compare_digest(head.rpartition(b" ")[2], _seal(body, transaction_id, key))


def decode_plan(data: bytes, *, is_message: bool = False) -> Plan | None:
    """Return the plan in `data`; None if it is torn or was not written by Holdall.

    Of one that is only a message any more, the actions are left out.
    Raises InputError for a plan of a newer Holdall, which must not be taken for a torn one.
    """
    head, _, body = data.partition(b"\n")
    checked, _, seal = head.rpartition(b" ")
    if checked != _head(body) or not re.fullmatch(rb"[0-9a-f]{64}", seal):
        if re.match(rb"holdall-plan \d+ [0-9a-f]{64}", head) and not head.startswith(_FORMAT):
            raise InputError(
                "an unfinished transaction was written by a newer Holdall",
                hint="run that version here once, so that it can finish it",
            )
        return None
    try:
        content = json.loads(body)
        kind, payload = content["kind"], content["payload"]
        if not isinstance(kind, str) or not isinstance(payload, dict):
            return None
        actions = () if is_message else content["actions"]
        partner = _decode_partner(content["partner"])
        return Plan(kind, payload, tuple(map(_decode_action, actions)), partner)
    except (ValueError, TypeError, KeyError, RecursionError, HostilePathError):
        return None


def _decode_partner(fields: list[Any] | None) -> Partner | None:
    match fields:
        case None:
            return None
        case [str(root), str(transaction_id), bool(decides)]:
            return Partner(root, transaction_id, decides)
    raise ValueError(f"not a partner: {fields!r}")


def _encode_action(action: Action) -> list[JSON]:
    match action:
        case Put(path, state, size, _, expected, keep_backup, is_condition, needs_all):
            before, after = _encode_state(expected), _encode_state(state)
            name = "last" if needs_all else "put"
            return [name, str(path), keep_backup, before, after, size, is_condition]
        case Remove(path, expected, keep_backup):
            return ["remove", str(path), keep_backup, _encode_state(expected)]
        case RemoveFolder(path):
            return ["rmdir", str(path)]
        case _:
            assert_never(action)


def _encode_state(state: FileState | None) -> str | None:
    if state is None:
        return None
    return f"{state.kind}{'x' if state.executable else '-'}{state.sha256}"


def _decode_action(fields: list[Any]) -> Action:
    name, text, *rest = fields
    if not isinstance(text, str):
        raise ValueError(f"not a path: {text!r}")
    path = RelPath.parse(text)
    refuse_protected(path)
    match name, rest:
        case "put" | "last", [bool(keep), expected, str(state), int(size), bool(is_condition)]:
            before = None if expected is None else _decode_state(expected)
            how = (keep, is_condition, name == "last")
            return Put(path, _decode_state(state), size, b"", before, *how)
        case "remove", [bool(keep), str(expected)]:
            return Remove(path, _decode_state(expected), keep)
        case "rmdir", []:
            return RemoveFolder(path)
    raise ValueError(f"unknown action {name!r}")


def _decode_state(text: str) -> FileState:
    if text[1:2] not in ("x", "-") or not is_sha256(text[2:]):
        raise ValueError(f"not a file's state: {text!r}")
    return FileState(FileKind(text[0]), text[1] == "x", text[2:])
