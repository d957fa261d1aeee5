"""Put a planned transaction in place, by actions that can be repeated and lose no file.

Two slots belong to action N: `new/N` with the staged file, `old/N` for what is moved aside. At any
instant a slot may hold somebody's only copy of a file, so nothing is removed here: what turns out
to be foreign goes back to its place or, if that is taken, to `.holdall/backups`.

What happens, by what is found in the slots and at the path: E is what the plan expects there, S is
what a put writes, X anything else (also a folder), - nothing. A conflict is reported, and the other
actions are done; but if a condition (done first) has one, its puts are removed and nothing is done.

    action              new  old  path   what happens
    put where E is -    S    -    -      new is moved to the path, replacing nothing
                        S    -    S      done already
                        S    -    X      conflict, X stays
    put where E is      S    -    E      new and path are exchanged (1)
    a file              S    -    S      done
                        S    -    X      exchanged, checked, exchanged back (2); conflict
                        S    -    -      conflict, nothing is written
    put, after an       S    -    S      done already
    interruption        S    -    other  not begun: as above
                        -,E  -    S      done already
                        -,E  -    other  conflict, the path stays
                        X    -    S      exchanged back (2); conflict
                        X    -    other  X is moved to the path (2); conflict
                        S    E    -      new is moved to the path (3)
                        any  E    S      done already
                        any  E    other  conflict, the path stays
                        any  X    any    X is moved to the path (2); conflict
    remove                   -    E      path is moved to old, where it is E: done
                             -    X      moved to old, where it is X: moved back (2); conflict
                             -    -      done already
                             E    any    done already, before an interruption
                             X    any    X is moved to the path (2); conflict
    remove a folder                      removed if it is empty, else it stays without a conflict

(1) Without an exchange of names, path is moved to old, and new to the path if old is E (3), else
old is moved back (2). (2) If the path is taken by then, or E is -, X goes to the backups instead.
(3) If the path is taken by then, conflict, unless by S. Wherever E ends in a slot, it goes to the
backups if the action keeps one. A folder is not moved aside by a removal: conflict. A missing
folder above the path is made by a put where E is -, means done for a removal (conflict, and X to
the backups, if old is X), and is a conflict for other puts.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Mapping, Sequence
from typing import NoReturn, assert_never

from holdall.artifacts.paths import RelPath
from holdall.errors import HostilePathError
from holdall.files import syscalls
from holdall.files.lock import STATE_FOLDER
from holdall.files.root import FileState, Root, look_at
from holdall.transaction.actions import Action, Put, Remove, RemoveFolder
from holdall.transaction.journal import BACKUPS, Journal

# The one file or its folder is at fault, not the disk: the other actions can still be done.
_IN_THE_WAY = frozenset(
    {
        errno.EACCES,
        errno.EBUSY,
        errno.EEXIST,
        errno.EILSEQ,
        errno.EINVAL,
        errno.EISDIR,
        errno.ELOOP,
        errno.EMLINK,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.ENOTEMPTY,
        errno.EPERM,
        errno.ETXTBSY,
    }
)
# In `old/`: all conditions hold, from here on the other actions are done.
_DECIDED = "decided"
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class _Conflict(Exception):
    """An action cannot be done without harm; what it found was left or put back."""


class Application:
    """One run over the actions of a transaction, and its result."""

    def __init__(
        self, root: Root, journal: Journal, new: int, old: int, transaction_id: str
    ) -> None:
        """Work with the open slot folders `new` and `old`; the caller closes them."""
        self.is_called_off = False
        self.conflicts: list[RelPath] = []
        self.backups: list[tuple[RelPath, str]] = []
        self.touched: set[RelPath | None] = set()
        self._folders = root.folders
        self._journal = journal
        self._new = new
        self._old = old
        self._id = transaction_id

    def run(self, actions: Sequence[Action], *, again: bool) -> None:
        """Do all actions, conditions first; `again` after an interruption, when some may be done.

        If a condition does not hold, what was done is taken back: `is_called_off` then.
        """
        conditions = {
            str(number): action
            for number, action in enumerate(actions)
            if isinstance(action, Put) and action.is_condition
        }
        if again and look_at(self._old, _DECIDED) is not None:
            conditions = {}
        for slot, condition in conditions.items():
            self._attempt(slot, condition, again=again)
            if self.conflicts:
                self._call_off(conditions)
                return
        if conditions:
            os.close(syscalls.create_file(_DECIDED, self._old, 0o600))
        for number, action in enumerate(actions):
            is_left_out = isinstance(action, Put) and action.needs_all and self.conflicts
            if str(number) not in conditions and not is_left_out:
                self._attempt(str(number), action, again=again)

    def _call_off(self, conditions: Mapping[str, Put]) -> None:
        """Take back what was put in place."""
        self.is_called_off = True
        for slot, action in conditions.items():
            if self._was_put(slot, action):
                self._attempt(slot, Remove(action.path, action.state), again=True)
        for folder in reversed(self._folders.made):
            self._remove_folder(folder)

    def _was_put(self, slot: str, action: Put) -> bool:
        if look_at(self._new, slot) is None:
            return True
        # Linked into its place by an interrupted run, it still has its first name, too.
        with contextlib.suppress(HostilePathError, FileNotFoundError):
            folder = self._folders.find(action.path.parent)
            return folder is not None and _is_one_file(self._new, slot, folder, action.path.name)
        return False

    def _attempt(self, slot: str, action: Action, *, again: bool) -> None:
        try:
            self._do(slot, action, again=again)
        except (_Conflict, HostilePathError):
            self._settle(slot, action)
        except OSError as error:
            if error.errno not in _IN_THE_WAY:
                raise
            self._settle(slot, action)

    def _do(self, slot: str, action: Action, *, again: bool) -> None:
        match action:
            case Put():
                self._put(slot, action, again=again)
            case Remove():
                self._remove(slot, action, again=again)
            case RemoveFolder():
                self._remove_folder(action.path)
            case _:
                assert_never(action)

    def _settle(self, slot: str, action: Action) -> None:
        """Record a conflict, and save what is in the action's slots and is not known."""
        self.conflicts.append(action.path)
        if isinstance(action, RemoveFolder):
            return
        known = {None, action.expected}
        if isinstance(action, Put):
            known.add(action.state)
        for slots in (self._new, self._old):
            found = look_at(slots, slot)
            if found not in known or (found == action.expected and found and action.keep_backup):
                self._back_up(slots, slot, action.path)

    # -- putting

    def _put(self, slot: str, action: Put, *, again: bool) -> None:
        # What is to be replaced has a folder; if somebody deleted it, it is not made again.
        find = self._folders.make if action.expected is None else self._folders.find
        if (folder := find(action.path.parent)) is None:
            raise _Conflict
        self.touched.add(action.path.parent)
        if again and self._resume_put(slot, action, folder):
            return
        if action.expected is None:
            self._create(slot, action, folder)
        else:
            self._replace(slot, action, folder, action.expected)

    def _create(self, slot: str, action: Put, folder: int) -> None:
        name = action.path.name
        if not move_new(self._new, slot, folder, name) and look_at(folder, name) != action.state:
            raise _Conflict

    def _replace(self, slot: str, action: Put, folder: int, expected: FileState) -> None:
        name = action.path.name
        if not syscalls.rename_with(syscalls.EXCHANGE, self._new, slot, folder, name):
            self._replace_in_steps(slot, action, folder, expected)
            return
        displaced = look_at(self._new, slot)
        if displaced == expected:
            self._keep(self._new, slot, action)
        elif displaced != action.state:
            self._give_back(self._new, slot, action, folder)

    def _replace_in_steps(self, slot: str, action: Put, folder: int, expected: FileState) -> None:
        # Moving aside, not linking and renaming over: the latter could hit an edit made in between.
        if look_at(folder, action.path.name) == action.state:
            return
        syscalls.rename(folder, action.path.name, self._old, slot)
        if look_at(self._old, slot) != expected:
            self._give_back(self._old, slot, action, folder)
        self._create(slot, action, folder)
        self._keep(self._old, slot, action)

    def _resume_put(self, slot: str, action: Put, folder: int) -> bool:
        """Continue where an interrupted run was; False if it had not begun with this action."""
        staged, aside = look_at(self._new, slot), look_at(self._old, slot)
        there = look_at(folder, action.path.name)
        if aside is not None:
            if aside != action.expected:
                self._give_back(self._old, slot, action, folder)
            if there is None and staged == action.state:
                self._create(slot, action, folder)
                there = action.state
        elif staged == action.state:
            return there == action.state
        elif staged not in (None, action.expected):
            self._give_back(self._new, slot, action, folder)
        if there != action.state:
            raise _Conflict
        self._keep(self._new if aside is None else self._old, slot, action)
        return True

    # -- removing

    def _remove(self, slot: str, action: Remove, *, again: bool) -> None:
        parent = action.path.parent
        self.touched.add(parent)
        aside = look_at(self._old, slot) if again else None
        if aside == action.expected:
            self._keep(self._old, slot, action)
            return
        folder = self._folders.find(parent)
        if folder is None:
            if aside is not None:
                raise _Conflict
            self._find_backup(action, again=again)
            return
        if aside is None and not self._move_aside(slot, action, folder):
            self._find_backup(action, again=again)
            return
        if look_at(self._old, slot) != action.expected:
            self._give_back(self._old, slot, action, folder)
        self._keep(self._old, slot, action)

    def _move_aside(self, slot: str, action: Remove, folder: int) -> bool:
        name = action.path.name
        try:
            if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                raise _Conflict
            syscalls.rename(folder, name, self._old, slot)
        except FileNotFoundError:
            return False
        return True

    def _remove_folder(self, path: RelPath) -> None:
        self._folders.forget(path)
        with contextlib.suppress(HostilePathError):
            folder = self._folders.find(path.parent)
            if folder is not None:
                self.touched.add(path.parent)
                self._remove_if_empty(path.name, folder)

    def _remove_if_empty(self, name: str, folder: int) -> None:
        try:
            syscalls.remove_folder(name, folder)
        except OSError as error:
            if error.errno not in _IN_THE_WAY:
                raise

    # -- what was there before

    def _give_back(self, slots: int, slot: str, action: Put | Remove, folder: int) -> NoReturn:
        """Put what is not ours back in its place; `_settle` saves it if that cannot be."""
        name = action.path.name
        if isinstance(action, Put):
            if action.expected is None:
                raise _Conflict
            if slots == self._new and look_at(folder, name) == action.state:
                syscalls.rename_with(syscalls.EXCHANGE, slots, slot, folder, name)
                raise _Conflict
        move_new(slots, slot, folder, name)
        raise _Conflict

    def _keep(self, slots: int, slot: str, action: Put | Remove) -> None:
        if not action.keep_backup or action.expected is None:
            return
        if look_at(slots, slot) == action.expected:
            self._back_up(slots, slot, action.path)
        else:
            self._find_backup(action, again=True)

    def _find_backup(self, action: Put | Remove, *, again: bool) -> None:
        """Report the backup that an interrupted run had made already."""
        if not again or not action.keep_backup:
            return
        place = f"{BACKUPS}/{self._id}/{action.path}"
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            folder = self._journal.open(*place.split("/")[:-1])
            try:
                os.stat(action.path.name, dir_fd=folder, follow_symlinks=False)
                self.backups.append((action.path, f"{STATE_FOLDER}/{place}"))
            finally:
                os.close(folder)

    def _back_up(self, slots: int, slot: str, path: RelPath) -> None:
        names = [BACKUPS, self._id, *path.split("/")]
        try:
            place = self._move_to(slots, slot, names)
        except NotADirectoryError:
            place = None
        if place is None:
            place = self._move_to(slots, slot, [BACKUPS, self._id, f"{slot}~{path.name[-200:]}"])
        if place is not None:
            self.backups.append((path, place))

    def _move_to(self, slots: int, slot: str, names: list[str]) -> str | None:
        folder = self._journal.open(*names[:-1], make=True)
        try:
            moved = move_new(slots, slot, folder, names[-1])
        finally:
            os.close(folder)
        return "/".join([STATE_FOLDER, *names]) if moved else None


def move_new(folder: int, name: str, to_folder: int, to_name: str) -> bool:
    """Rename to a name that must be free, atomically; False if it is taken."""
    try:
        if syscalls.rename_with(syscalls.NO_REPLACE, folder, name, to_folder, to_name):
            return True
    except FileExistsError:
        return False
    return _move_by_link(folder, name, to_folder, to_name)


def move_back(folder: int, name: str, to_folder: int, to_name: str) -> bool:
    """Move to a name that is free, or is a second name of the same file since an interruption."""
    with contextlib.suppress(FileNotFoundError):
        if _is_one_file(folder, name, to_folder, to_name):
            syscalls.remove_file(name, folder)
            return True
    return move_new(folder, name, to_folder, to_name)


def _move_by_link(folder: int, name: str, to_folder: int, to_name: str) -> bool:
    try:
        syscalls.link(folder, name, to_folder, to_name)
    except FileExistsError:
        # One file under both names: an interrupted run had come this far.
        if not _is_one_file(folder, name, to_folder, to_name):
            return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _move_unless_seen(folder, name, to_folder, to_name)
    syscalls.remove_file(name, folder)
    return True


def _is_one_file(folder: int, name: str, to_folder: int, to_name: str) -> bool:
    there = os.stat(to_name, dir_fd=to_folder, follow_symlinks=False)
    return os.path.samestat(os.stat(name, dir_fd=folder, follow_symlinks=False), there)


def _move_unless_seen(folder: int, name: str, to_folder: int, to_name: str) -> bool:
    # The last resort where the file system has neither links nor a rename that does not replace.
    if look_at(to_folder, to_name) is not None:
        return False
    syscalls.rename(folder, name, to_folder, to_name)
    return True
