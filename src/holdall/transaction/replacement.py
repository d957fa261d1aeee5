"""Putting a finished file, such as a database, in the place of another one, which is kept.

The other one gets a name of its own (`aside`) first, and so do the files beside it that belong to
it: they must never meet the new one. What the next run does, by what an interrupted one left:

    aside                         target            what happens
    none                          any               files from beside it go back, the new one goes
    the target's own file         -                 the same, and aside goes: it was a second name
    another file                  none              the same, aside goes back first
    another file                  another file      nothing: it was replaced; a second name that the
                                                    new one was left goes
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from holdall import NamedTuple
from holdall.errors import StorageError
from holdall.files import syscalls
from holdall.files.root import Root, storage_errors
from holdall.transaction.actions import JSON
from holdall.transaction.apply import move_back, move_new

REPLACEMENT = "replacement"
"""The kind of the note."""

_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class Replacement(NamedTuple):
    """A file that replaces another one in the same folder.

    `beside` are the ends of names of files that go with each of them.
    """

    target: Path
    new: str
    aside: str
    beside: tuple[str, ...]

    def to_payload(self) -> dict[str, JSON]:
        """Return what a note has of it."""
        return {**self._asdict(), "target": str(self.target)}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """Read what `to_payload` wrote."""
        beside = tuple(payload["beside"])
        return cls(Path(payload["target"]), payload["new"], payload["aside"], beside)

    def replace(self) -> Path | None:
        """Put the new file, which nobody has open, in place; return where the other one is now."""
        with Root(self.target.parent) as root, storage_errors(self.target):
            folder = root.folders.top
            self._make_durable(folder)
            is_there = _is_there(folder, self.target.name)
            for end in self.beside:  # they may be there without it, too
                self._move(folder, self.target.name + end, self.aside + end)
            if is_there:
                self._name_aside(folder)
            syscalls.sync(folder)
            syscalls.rename(folder, self.new, folder, self.target.name)
            syscalls.sync(folder)
        return self.target.with_name(self.aside) if is_there else None

    def end(self) -> str | None:
        """Put in order what an interrupted run left; return a sentence if that was something."""
        with Root(self.target.parent) as root, storage_errors(self.target):
            folder = root.folders.top
            is_left = _is_there(folder, self.new)
            if self._is_replaced(folder):
                # A power cut may keep both names of a rename.
                if is_left and _is_one_file(folder, self.new, self.target.name):
                    syscalls.remove_file(self.new, folder)
                return None
            for end in self.beside:
                self._move_back(folder, self.aside + end, self.target.name + end)
            self._move_back(folder, self.aside, self.target.name)
            for end in ("", *self.beside):
                if _is_there(folder, self.new + end):
                    syscalls.remove_file(self.new + end, folder)
            syscalls.sync(folder)
        return f"removed what an earlier run had prepared beside {self.target}" if is_left else None

    def _is_replaced(self, folder: int) -> bool:
        names = (self.aside, self.target.name)
        if not all(_is_there(folder, name) for name in names):
            return False
        return not _is_one_file(folder, *names)

    def _make_durable(self, folder: int) -> None:
        left = [end for end in self.beside if _is_there(folder, self.new + end)]
        if left:
            raise StorageError(
                f"{self.target.with_name(self.new)} is still in use", hint="nothing was changed"
            )
        file = syscalls.open_file(self.new, folder)
        try:
            syscalls.sync(file)
        finally:
            os.close(file)

    def _name_aside(self, folder: int) -> None:
        try:
            syscalls.link(folder, self.target.name, folder, self.aside)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            syscalls.rename(folder, self.target.name, folder, self.aside)

    def _move(self, folder: int, name: str, to: str) -> bool:
        """Rename to a free name; False if there is nothing to rename, or the name is taken."""
        return _is_there(folder, name) and move_new(folder, name, folder, to)

    def _move_back(self, folder: int, name: str, to: str) -> None:
        if _is_there(folder, name):
            move_back(folder, name, folder, to)


def _is_one_file(folder: int, *names: str) -> bool:
    one, other = (os.stat(name, dir_fd=folder, follow_symlinks=False) for name in names)
    return os.path.samestat(one, other)


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
