"""Every error that Holdall raises on purpose.

HoldallError                 exit status, by branch
├── UsageError              2  the call's words are wrong
│   └── WrongDatabaseURL       a database URL that cannot be understood
├── InputError              2  a file that cannot be read as what it should be
├── RefusedError            3  going on could have lost or exposed something
│   ├── TooLargeError          one file or artifact is larger than the caps allow
│   ├── ConflictError          two things claim one place, or a place is taken
│   │   └── OvertakenError     somebody else was first; the same can be tried again
│   ├── LocalEditError         a file was changed by hand
│   ├── HostilePathError       a name or path that no artifact may have
│   └── VetoError              a plugin said no
├── NotFoundError           4  a name that nothing has
├── StorageError            5  the database or the file system failed
│   └── LockedError            another Holdall process has the lock
└── PluginError             5  a plugin failed where its answer is needed
"""

from __future__ import annotations

from typing import ClassVar


class HoldallError(Exception):
    """What went wrong, where (file, key or line), and what to do about it.

    `code` is stable and meant for programs; `hint` is one sentence for the user; `exit_status` is
    what the `holdall` command exits with.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 5

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(HoldallError):
    """The call's words are wrong."""

    code = "usage"
    exit_status = 2


class WrongDatabaseURL(UsageError):
    """A database URL that cannot be understood."""

    code = "database-url"


class InputError(HoldallError):
    """A file that cannot be read as what it should be."""

    code = "input"
    exit_status = 2


class RefusedError(HoldallError):
    """Going on could have lost or exposed something, so nothing was done."""

    code = "refused"
    exit_status = 3


class TooLargeError(RefusedError):
    """One file or artifact is larger than the caps allow."""

    code = "too-large"


class ConflictError(RefusedError):
    """Two things claim one place, or a place is taken."""

    code = "conflict"


class OvertakenError(ConflictError):
    """Somebody else changed the collection first: nothing was written, and a new try may do it."""

    code = "overtaken"


class LocalEditError(RefusedError):
    """A file that would be replaced or deleted was changed by hand."""

    code = "local-edit"


class HostilePathError(RefusedError):
    """A name or path that no artifact may have."""

    code = "hostile-path"


class VetoError(RefusedError):
    """A plugin refused."""

    code = "veto"


class NotFoundError(HoldallError):
    """A name that nothing has."""

    code = "not-found"
    exit_status = 4


class StorageError(HoldallError):
    """The database or the file system failed."""

    code = "storage"
    exit_status = 5


class LockedError(StorageError):
    """Another Holdall process has locked this collection or project."""

    code = "locked"


class PluginError(HoldallError):
    """A plugin failed where its answer is needed."""

    code = "plugin"
    exit_status = 5
