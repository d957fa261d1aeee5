"""Names that are there already and differ from a new one by case, or by their form, only."""

from __future__ import annotations

import os
from collections.abc import Iterable, Set
from typing import TypeAlias

from holdall.artifacts.paths import RelPath
from holdall.errors import ConflictError
from holdall.files.root import Root
from holdall.transaction.actions import Action, Put


def refuse_twins(root: Root, actions: Iterable[Action], leaving: Set[RelPath]) -> None:
    """Raise ConflictError for names that are there and differ from a new one by case only.

    `leaving` is what will be gone. Here they are two; in a checkout on another system, one of them
    would be lost.
    """
    neighbours = _Neighbours(root, leaving)
    for action in actions:
        if isinstance(action, Put) and action.expected is None:
            neighbours.refuse_twin_of(action.path)


_Names: TypeAlias = "dict[str, list[str]]"
"""The names in a folder, by what they are where case does not count."""


class _Neighbours:
    """The names in the folders that something new is written into; each is listed once."""

    def __init__(self, root: Root, leaving: Set[RelPath]) -> None:
        self._root, self._leaving = root, leaving
        self._names: dict[RelPath | None, _Names | None] = {None: self._list_folder(None)}

    def refuse_twin_of(self, path: RelPath) -> None:
        """Raise ConflictError if something on the way to a new file is spelled otherwise there."""
        self._is_there(path, self._names_in(path.parent))

    def _names_in(self, folder: RelPath | None) -> _Names | None:
        """Return the names in a folder by how they fold; None for one that will be made."""
        if folder not in self._names:
            assert folder is not None
            is_there = self._is_there(folder, self._names_in(folder.parent))
            self._names[folder] = self._list_folder(folder) if is_there else None
        return self._names[folder]

    def _is_there(self, path: RelPath, names: _Names | None) -> bool:
        if names is None or path in self._leaving:
            return False
        twins = names.get(RelPath(path.name).fold_key, [])
        if path.name in twins:
            return True
        for twin in twins:
            place = RelPath(twin) if path.parent is None else RelPath(f"{path.parent}/{twin}")
            if place not in self._leaving:
                self._refuse(path, place)
                return True
        return False

    def _refuse(self, path: RelPath, twin: RelPath) -> None:
        # Where case does not count, they are one already, and whether it may be replaced is known.
        if self._root.stat_of(path) is None:
            raise ConflictError(
                f"{self._root.path / twin} exists already, and {path.name!a} would be the same"
                " file on a case-insensitive or normalising file system",
                hint="rename one of them; --force deploys it next to the other",
            )

    def _list_folder(self, folder: RelPath | None) -> _Names:
        opened = self._root.folders.find(folder)
        found: _Names = {}
        for name in os.listdir(opened) if opened is not None else ():
            found.setdefault(RelPath(name).fold_key, []).append(name)
        return found
