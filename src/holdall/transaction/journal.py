"""What a transaction is going to do, written down so that any interruption can be recovered.

`.holdall/tx/<id>/` is a transaction on its way: `new/N` holds what action N puts in place (and,
once exchanged, what was there before), `old/N` what was moved aside, `plan` the actions. It exists
under that name from the commit point on; before, it is `plan.tmp`. `.holdall/outbox/<id>/` is
one that is in place, or was given up (`plan.tmp`), and is still to be reported to plugins.
`.holdall/outside/<id>/` is a note of work outside of the folder that may not be done.
`.holdall/backups/<id>/` is kept for the user.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from holdall.errors import HostilePathError, RefusedError
from holdall.files import syscalls
from holdall.files.lock import STATE_FOLDER, open_state_folder
from holdall.files.root import Root, storage_errors
from holdall.files.user_state import journal_key
from holdall.transaction.actions import Plan, decode_plan, is_sealed

TX, OUTBOX, OUTSIDE, BACKUPS = "tx", "outbox", "outside", "backups"
PLAN, PLAN_TMP = "plan", "plan.tmp"

_NOT_A_FOLDER = (errno.ENOTDIR, errno.ELOOP)
_MAX_PLAN = 1 << 30
_ID = re.compile(r"\d{8}T\d{12}-[0-9a-f]{12}")


def new_transaction_id() -> str:
    """Return an id that sorts by time and is never used twice."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.urandom(6).hex()}"


class Journal:
    """The `.holdall` folder of a project or collection, opened by descriptor; a context manager."""

    def __init__(self, folder: int, path: Path) -> None:
        """Take over the descriptor of `.holdall`; `path` is what errors call it."""
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
        """Open a folder below `.holdall`, creating it if asked; the caller closes it."""
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

        Raises HostilePathError if that is not a real folder.
        """
        try:
            fd = self.open(where)
        except FileNotFoundError:
            return []
        except OSError as error:
            if error.errno not in _NOT_A_FOLDER:
                raise
            raise HostilePathError(
                f"{self.path / where} is not what Holdall creates there",
                hint="remove it, then try again",
            ) from error
        try:
            return sorted(name for name in os.listdir(fd) if _ID.fullmatch(name))
        finally:
            os.close(fd)

    def read_plan(self, where: str, transaction_id: str, name: str = PLAN) -> Plan | None:
        """Return a transaction's plan; None if it has none, or none that is whole.

        Its actions come with it from `tx` only: elsewhere they are done, or will never be.
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
        plan = decode_plan(data, is_message=where != TX)
        if plan is not None and not is_sealed(data, transaction_id, journal_key()):
            raise RefusedError(
                f"{self.path / where / transaction_id}: you did not begin this change here",
                hint="if you know who did, have them run holdall here once more, from where they"
                " did; if it came with somebody else's files, move it away",
            )
        return plan

    def waiting_plan(self, transaction_id: str) -> Plan | None:
        """Return the plan of a transaction that a partner decides on; None for every other one."""
        if self.has_plan(TX, transaction_id):
            return None
        plan = self.read_plan(TX, transaction_id, PLAN_TMP)
        return plan if plan is not None and plan.waits else None

    def pass_commit_point(self, transaction_id: str) -> None:
        """Give a staged transaction its plan, durably: from now on it is done to its end."""
        with storage_errors(self.path):
            folder = self.open(TX, transaction_id)
            try:
                syscalls.rename(folder, PLAN_TMP, folder, PLAN)
                syscalls.sync(folder)
            finally:
                os.close(folder)

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
            if self.has_plan(where, transaction_id):
                fd = syscalls.open_folder(transaction_id, outer)
                try:
                    syscalls.remove_file(PLAN, fd)
                finally:
                    os.close(fd)
            remove_tree(transaction_id, outer)
        finally:
            os.close(outer)

    def give_up(self, transaction_id: str, plan: Plan | None) -> None:
        """Leave of a transaction that is not done only the message to those who prepared for it.

        Without a plan there is nothing to report.
        """
        if plan is None or not plan.payload:
            self.discard(TX, transaction_id)
            return
        if self.has_plan(TX, transaction_id):
            fd = self.open(TX, transaction_id)
            try:
                syscalls.rename(fd, PLAN, fd, PLAN_TMP)
                # Whoever waits for this one is given up next.
                syscalls.sync(fd)
            finally:
                os.close(fd)
        self.move(transaction_id, TX, OUTBOX)
        self.strip(transaction_id)

    def clear_away(self, where: str, transaction_id: str) -> None:
        """Get rid of a transaction without a valid plan.

        One that never had a plan is removed. A damaged plan may have been begun, so that files of
        the user's may be in its slots: it is moved to the backups as it is.
        """
        if self.has_plan(where, transaction_id):
            self.move(transaction_id, where, BACKUPS)
        else:
            self.discard(where, transaction_id)

    def has_plan(self, where: str, transaction_id: str) -> bool:
        """Return whether a transaction has a plan, be it damaged: then it may have been begun."""
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
                if name not in (PLAN, PLAN_TMP):
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


def is_unsettled(path: Path) -> bool:
    """Return whether an earlier run left something to finish or to report; needs no lock."""
    if not path.is_dir():
        return False
    with Root(path) as root:
        try:
            journal = Journal.find(root)
        except RefusedError:  # another user's, who finishes it; whoever only reads goes on
            return False
        if journal is None:
            return False
        with journal, storage_errors(journal.path):
            return any(map(journal.ids, (TX, OUTBOX, OUTSIDE)))
