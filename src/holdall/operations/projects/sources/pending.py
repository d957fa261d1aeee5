"""What the sources of a project bring to the collection: planned in parts, written as one.

The project's own change is the other half of it: both are done, or neither is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from holdall.artifacts.paths import RelPath
from holdall.collection.changes import Change, ChangeSet
from holdall.collection.collection import Collection
from holdall.errors import ConflictError
from holdall.files.tree import Tree
from holdall.operations.write_collection import Editor, FirstHalf
from holdall.transaction.actions import Action, RemoveFolder

Brought = Mapping[RelPath, tuple[Tree, Path]]
"""The artifacts that a part brings, by their paths: their files, and where these are now."""


class PendingChange:
    """A change of a locked collection that is not written yet."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        before = editor.collection.manifest
        self._changes = ChangeSet("collect", before, before)
        self._actions: list[Action] = []
        self._brought: dict[RelPath, tuple[Tree, Path]] = {}
        self._is_proposed = True
        self._half: FirstHalf | None = None

    @property
    def collection(self) -> Collection:
        """The collection as it will be, as far as it is planned."""
        return replace(self._editor.collection, manifest=self._changes.after, ahead=self._brought)

    @property
    def changed(self) -> list[Change]:
        """What will have changed."""
        return [change for change in self._changes.changes if change.kind.is_change]

    def add(self, part: ChangeSet, actions: Sequence[Action], bring: Brought) -> None:
        """Add a part, which was planned from `collection` as it is here.

        Raises ConflictError where an earlier part changes the same files.
        """
        taken = {action.path for action in self._actions if not isinstance(action, RemoveFolder)}
        for action in actions:
            if action.path in taken and not isinstance(action, RemoveFolder):
                raise ConflictError(
                    f"two sources of the project have {action.path} with different content",
                    hint="require less of one of them: `select` in holdall.toml names what",
                )
        every = (*self._changes.changes, *part.changes)
        older = (*self._changes.older, *part.older)
        self._changes = replace(self._changes, after=part.after, changes=every, older=older)
        self._actions += actions
        self._brought |= bring
        self._is_proposed = False

    def propose(self) -> None:
        """Let the plugins complete and check all that was added, if they have not seen it."""
        if not self._is_proposed:
            self._changes = self._editor.propose(self._changes)
            self._is_proposed = True

    def half(self) -> FirstHalf | None:
        """Return it as the half of a transaction that decides; None where nothing changes."""
        self.propose()
        if self._changes.after == self._changes.before and not self._actions:
            return None
        trees = {path: tree for path, (tree, _) in self._brought.items()}
        self._half = FirstHalf(self._editor, self._changes, self._actions, trees)
        return self._half

    def backups(self) -> list[tuple[RelPath, str]]:
        """Return what was kept of the collection's files, once it is written."""
        outcome = self._half.outcome if self._half is not None else None
        return [] if outcome is None else list(outcome.backups)
