"""What does not merge in an update or an adoption, in the collection and in the project.

Nothing is refused where the first one is found: all are listed together, and a copy has them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from holdall import NamedTuple
from holdall.artifacts.paths import RelPath
from holdall.errors import ConflictError
from holdall.files.merge.trees import Decided, FileVersions


class Edits(StrEnum):
    """What to do with edits where a source has something else now."""

    KEEP = "keep"
    MERGE = "merge"
    OURS = "ours"
    THEIRS = "theirs"


class Where(StrEnum):
    """Whose file it is; its path is relative to that folder."""

    COLLECTION = "collection"
    PROJECT = "project"


class Conflict(NamedTuple):
    """A file that was edited and does not merge; `text` says what and where.

    `path` and `versions` are None for what cannot be decided file by file.
    """

    where: Where
    text: str
    path: RelPath | None = None
    versions: FileVersions | None = None


class UnsettledError(ConflictError):
    """Files that do not merge, which somebody has to decide about."""

    def __init__(self, message: str, *, hint: str, conflicts: Sequence[Conflict]) -> None:
        super().__init__(message, hint=hint)
        self.conflicts = conflicts


class Decisions(Protocol):
    """What was decided about files that do not merge."""

    def find(self, where: Where, path: RelPath, versions: FileVersions) -> Decided | None:
        """Return what a file is to be; None if that is open; raises ConflictError."""

    def keep(self, conflicts: list[Conflict]) -> str | None:
        """Keep what is open for the user to decide; return what to do, None for the usual."""


_HINT = (
    "--ours keeps yours, --theirs takes the new one and keeps yours as a backup, --copy FOLDER"
    " writes both there with conflict markers to edit; or edit yours"
)


class Conflicts:
    """How edits are treated, and the conflicts that were found `against` what is newer."""

    def __init__(
        self,
        edits: Edits = Edits.KEEP,
        decisions: Decisions | None = None,
        against: str = "source",
    ) -> None:
        self.edits, self._against = edits, against
        self._decisions = decisions
        self._open: list[Conflict] = []

    def decide(
        self, where: Where, path: RelPath, text: str, versions: FileVersions
    ) -> Decided | None:
        """Return how a file was decided; one that was not is kept as open."""
        found = None
        if self._decisions is not None:
            found = self._decisions.find(where, path, versions)
        if found is None:
            self._open.append(Conflict(where, text, path, versions))
        return found

    @property
    def are_open(self) -> bool:
        """Whether anything is not decided."""
        return bool(self._open)

    def refuse_later(self, where: Where, text: str) -> None:
        """Keep a conflict that only --ours or --theirs decide, if it is not kept already."""
        if all((one.where, one.text) != (where, text) for one in self._open):
            self._open.append(Conflict(where, text))

    def refuse(self, *, dry_run: bool) -> None:
        """Raise UnsettledError with all that is open; it is copied for the user if asked for."""
        if not self._open:
            return
        lines = [
            f"edited in the {where}, and changed in the {self._against}: " + "; ".join(found)
            for where in Where
            if (found := [one.text for one in self._open if one.where is where])
        ]
        hint = _HINT
        if self._decisions is not None and not dry_run:
            hint = self._decisions.keep(self._open) or _HINT
        raise UnsettledError("; ".join(lines), hint=hint, conflicts=tuple(self._open))
