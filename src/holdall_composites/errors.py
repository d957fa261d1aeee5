"""The plugin's errors, as branches of Holdall's tree.

HoldallError                    exit status, by branch
├── RefusedError               3
│   ├── AlreadyExists             a row with this key is there already
│   ├── ConstraintViolated        the database refused the row
│   └── CycleRefused              a composite would contain itself
├── NotFoundError              4
│   └── ArtifactNotFound          no artifact of the collection has this `type:name`
└── StorageError               5
    ├── DatabaseDamaged           the file is not an SQLite database, or not a whole one
    ├── DatabaseReadOnly          it can only be read, and something was to be written
    ├── DatabaseUnreachable       the server does not answer, or the file cannot be opened
    ├── SchemaError               the database's schema is not what this program needs
    └── DatabaseFailed            the database failed in another way
"""

from __future__ import annotations

from holdall.errors import NotFoundError, RefusedError, StorageError


class AlreadyExists(RefusedError):
    """A row with this key is there already."""

    code = "already-exists"


class ConstraintViolated(RefusedError):
    """The database refused the row: an unknown parent or child, or a value out of range."""

    code = "constraint-violated"


class CycleRefused(RefusedError):
    """A composite would contain itself."""

    code = "cycle"


class ArtifactNotFound(NotFoundError):
    """No artifact of the collection has this `type:name`."""

    code = "artifact-not-found"

    def __init__(self, artifact_id: str, *, hint: str | None = None) -> None:
        super().__init__(
            f"no artifact {artifact_id!r} in this collection",
            hint=hint or "`holdall list` shows what there is",
        )
        self.artifact_id = artifact_id


class DatabaseUnreachable(StorageError):
    """The server does not answer, or the file cannot be opened."""

    code = "database-unreachable"


class SchemaError(StorageError):
    """The database's schema is not what this program needs."""

    code = "schema"


class DatabaseFailed(StorageError):
    """The database failed in a way that no other error describes."""

    code = "database"


class DatabaseDamaged(StorageError):
    """The file is not an SQLite database, or not a whole one."""

    code = "database-damaged"


class DatabaseReadOnly(StorageError):
    """Something was to be written to a database that can only be read."""

    code = "database-read-only"
