"""What a transaction is going to do, written down so that any interruption can be healed.

`.kitbag/tx/<id>/` is a transaction on its way: `new/N` holds what action N puts in place (and, once
exchanged, what was there before), `old/N` what was moved aside, `plan` the actions. It exists under
that name from the commit point on; before, it is `plan.tmp`. `.kitbag/outbox/<id>/` is one that is
in place, with somebody still to be told. `.kitbag/backups/<id>/` is kept for people.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import hmac
import json
import os
import re
import secrets
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias, assert_never

from kitbag import syscalls
from kitbag.artifacts import FileKind
from kitbag.errors import HostilePathError, InputError, RefusedError
from kitbag.files import FileState, Root
from kitbag.hashing import is_sha256
from kitbag.locking import STATE_FOLDER, open_state_folder
from kitbag.paths import RelPath
from kitbag.protected import refuse_protected
from kitbag.userstate import journal_key

__all__ = [
    "BACKUPS",
    "JSON",
    "OUTBOX",
    "TX",
    "Action",
    "Journal",
    "Plan",
    "Put",
    "Remove",
    "RemoveFolder",
    "new_transaction_id",
]

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

TX, OUTBOX, BACKUPS = "tx", "outbox", "backups"
PLAN, PLAN_TMP = "plan", "plan.tmp"

_NOT_A_FOLDER = (errno.ENOTDIR, errno.ELOOP)
_FORMAT = b"kitbag-plan 2 "
_MAX_PLAN = 1 << 30
_ID = re.compile(r"\d{8}T\d{12}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Put:
    """Put a file or link at `path`, where `expected` lies now (None: nothing may be there).

    `source` is the file to copy from, or the bytes themselves (for a link: its text). With
    `keep_backup` what is replaced is kept under `.kitbag/backups`. If `is_condition`, nothing of
    the transaction is done where something else has come to lie at `path` since it was planned.
    """

    path: RelPath
    state: FileState
    size: int
    source: Path | bytes
    expected: FileState | None = None
    keep_backup: bool = False
    is_condition: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the file or link at `path`, if it is what is `expected` there."""

    path: RelPath
    expected: FileState
    keep_backup: bool = False


@dataclass(frozen=True, slots=True)
class RemoveFolder:
    """Remove the folder at `path` if it is empty; it stays, without a word, if not."""

    path: RelPath


Action: TypeAlias = Put | Remove | RemoveFolder


@dataclass(frozen=True, slots=True)
class Plan:
    """A transaction as it is written down; its puts have lost their sources, they are staged."""

    kind: str
    payload: Mapping[str, JSON]
    actions: tuple[Action, ...]


def new_transaction_id() -> str:
    """Return an id that sorts by time and is never used twice."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(6)}"


def encode_plan(plan: Plan, transaction_id: str, key: bytes) -> bytes:
    """Return a plan as bytes: a line with the checksum and the user's seal, then JSON."""
    content = {
        "kind": plan.kind,
        "payload": plan.payload,
        "actions": [_encode_action(a) for a in plan.actions],
    }
    body = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
    return _head(body) + b" " + _seal(body, transaction_id, key) + b"\n" + body


def _head(body: bytes) -> bytes:
    return _FORMAT + hashlib.sha256(body).hexdigest().encode()


def _seal(body: bytes, transaction_id: str, key: bytes) -> bytes:
    sealed = transaction_id.encode() + b"\n" + body
    return hmac.digest(key, sealed, "sha256").hex().encode()


def is_sealed(data: bytes, transaction_id: str, key: bytes) -> bool:
    """Return whether the plan in `data` was written with this key, for this transaction."""
    head, _, body = data.partition(b"\n")
    return hmac.compare_digest(head.rpartition(b" ")[2], _seal(body, transaction_id, key))


def decode_plan(data: bytes) -> Plan | None:
    """Return the plan in `data`; None if it is torn or was not written by Kitbag.

    Raises InputError for a plan of a newer Kitbag, which must not be taken for a torn one.
    """
    head, _, body = data.partition(b"\n")
    if not re.fullmatch(re.escape(_head(body)) + rb" [0-9a-f]{64}", head):
        if re.match(rb"kitbag-plan \d+ [0-9a-f]{64}", head) and not head.startswith(_FORMAT):
            raise InputError(
                "an unfinished transaction was written by a newer Kitbag",
                hint="run that version here once, so that it can finish it",
            )
        return None
    try:
        content = json.loads(body)
        kind, payload = content["kind"], content["payload"]
        if not isinstance(kind, str) or not isinstance(payload, dict):
            return None
        return Plan(kind, payload, tuple(map(_decode_action, content["actions"])))
    except (ValueError, TypeError, KeyError, RecursionError, HostilePathError):
        return None


def _encode_action(action: Action) -> list[JSON]:
    match action:
        case Put(path, state, size, _, expected, keep_backup, is_condition):
            before, after = _encode_state(expected), _encode_state(state)
            return ["put", str(path), keep_backup, before, after, size, is_condition]
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
        case "put", [bool(keep), expected, str(state), int(size), bool(is_condition)]:
            before = None if expected is None else _decode_state(expected)
            return Put(path, _decode_state(state), size, b"", before, keep, is_condition)
        case "remove", [bool(keep), str(expected)]:
            return Remove(path, _decode_state(expected), keep)
        case "rmdir", []:
            return RemoveFolder(path)
    raise ValueError(f"unknown action {name!r}")


def _decode_state(text: str) -> FileState:
    if text[1:2] not in ("x", "-") or not is_sha256(text[2:]):
        raise ValueError(f"not a file's state: {text!r}")
    return FileState(FileKind(text[0]), text[1] == "x", text[2:])


class Journal:
    """The `.kitbag` folder of a project or collection, opened by descriptor; a context manager."""

    def __init__(self, folder: int, path: Path) -> None:
        """Take over the descriptor of `.kitbag`; `path` is what errors call it."""
        self.folder = folder
        self.path = path

    @classmethod
    def make(cls, root: Root) -> Self:
        """Open the journal of `root`, creating its folders."""
        folder = open_state_folder(root, make=True)
        assert folder is not None, "made above"
        return cls(folder, root.path / STATE_FOLDER)

    @classmethod
    def find(cls, root: Root) -> Self | None:
        """Open the journal of `root`, if it has one."""
        folder = open_state_folder(root, make=False)
        return None if folder is None else cls(folder, root.path / STATE_FOLDER)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self.folder)

    def open(self, *names: str, make: bool = False) -> int:
        """Open a folder below `.kitbag`, creating it if asked; the caller closes it."""
        fd = os.dup(self.folder)
        for name in names:
            outer = fd
            try:
                if make:
                    with contextlib.suppress(FileExistsError):
                        syscalls.make_folder(name, outer, 0o700)
                fd = syscalls.open_folder(name, outer)
            finally:
                os.close(outer)
        return fd

    def ids(self, where: str) -> list[str]:
        """Return the ids of the transactions in `tx` or `outbox`, oldest first.

        Raises HostilePathError if that is no folder of its own.
        """
        try:
            fd = self.open(where)
        except FileNotFoundError:
            return []
        except OSError as error:
            if error.errno not in _NOT_A_FOLDER:
                raise
            raise HostilePathError(
                f"{self.path / where} is not what Kitbag makes there",
                hint="remove it, then try again",
            ) from error
        try:
            return sorted(name for name in os.listdir(fd) if _ID.fullmatch(name))
        finally:
            os.close(fd)

    def read_plan(self, where: str, transaction_id: str, name: str = PLAN) -> Plan | None:
        """Return a transaction's plan; None if it has none, or none that is whole.

        Raises RefusedError for one that this user did not write.
        """
        try:
            fd = self.open(where, transaction_id)
            try:
                data = _read_plan_in(fd, name)
            finally:
                os.close(fd)
        except OSError as error:
            if error.errno not in (errno.ENOENT, *_NOT_A_FOLDER):
                raise
            return None
        plan = decode_plan(data)
        if plan is not None and not is_sealed(data, transaction_id, journal_key()):
            raise RefusedError(
                f"{self.path / where / transaction_id}: you did not begin this change here",
                hint="if you know who did, let them run kitbag here once more, from where they did;"
                " if it came with a stranger's files, move it away",
            )
        return plan

    def move(self, transaction_id: str, source: str, target: str) -> None:
        """Move a transaction from one of the folders to another one, atomically and durably."""
        source_fd, target_fd = self.open(source), self.open(target, make=True)
        try:
            syscalls.rename(source_fd, transaction_id, target_fd, transaction_id)
            syscalls.sync(target_fd)
        finally:
            os.close(source_fd)
            os.close(target_fd)

    def discard(self, where: str, transaction_id: str) -> None:
        """Remove a transaction's folder, its plan first: from then on it never happened."""
        outer = self.open(where)
        try:
            if self._has_plan(where, transaction_id):
                fd = syscalls.open_folder(transaction_id, outer)
                try:
                    syscalls.remove_file(PLAN, fd)
                finally:
                    os.close(fd)
            remove_tree(transaction_id, outer)
        finally:
            os.close(outer)

    def clear_away(self, where: str, transaction_id: str) -> None:
        """Get rid of a transaction without a valid plan.

        One that never had a plan is removed. A damaged plan may have been begun, so that files of
        the user's may lie in its slots: it is moved to the backups as it is.
        """
        if self._has_plan(where, transaction_id):
            self.move(transaction_id, where, BACKUPS)
        else:
            self.discard(where, transaction_id)

    def _has_plan(self, where: str, transaction_id: str) -> bool:
        try:
            fd = self.open(where, transaction_id)
            try:
                os.stat(PLAN, dir_fd=fd, follow_symlinks=False)
            finally:
                os.close(fd)
        except OSError as error:
            if error.errno not in (errno.ENOENT, *_NOT_A_FOLDER):
                raise
            return False
        return True

    def strip(self, transaction_id: str) -> None:
        """Remove all but the plan of a transaction in the outbox."""
        fd = self.open(OUTBOX, transaction_id)
        try:
            for name in os.listdir(fd):
                if name != PLAN:
                    remove_tree(name, fd)
        finally:
            os.close(fd)


def _read_plan_in(folder: int, name: str) -> bytes:
    """Return a plan's bytes; what cannot be a plan is as good as an empty one."""
    with os.fdopen(syscalls.open_file(name, folder), "rb") as stream:
        status = os.fstat(stream.fileno())
        is_one = stat.S_ISREG(status.st_mode) and status.st_size <= _MAX_PLAN
        return stream.read() if is_one else b""


def remove_tree(name: str, folder: int) -> None:
    """Remove a file or a folder with all that is in it, following no link."""
    try:
        syscalls.remove_file(name, folder)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):  # the latter is what macOS says of a folder
        inner = syscalls.open_folder(name, folder)
        try:
            for entry in os.listdir(inner):
                remove_tree(entry, inner)
        finally:
            os.close(inner)
        syscalls.remove_folder(name, folder)
