"""Find links that would lead nowhere: from one agent's folder to what another one loses.

`skills` puts the files of a skill into `.agents/skills/pdf`, and links `.claude/skills/pdf` to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from holdall.artifacts.ids import Shape
from holdall.artifacts.paths import RelPath
from holdall.deploy.project.ledger import Deployed
from holdall.deploy.targets import Target
from holdall.errors import HoldallError
from holdall.files.root import Root
from holdall.transaction.actions import Action, Remove


def find_links(
    root: Root, targets: Iterable[Target], obsolete: Iterable[Deployed], actions: Iterable[Action]
) -> Iterator[Remove]:
    """Yield the removal of each link to an artifact's folder of which these actions leave nothing.

    It is kept as a backup. A link stays where anything of what it leads to does.
    """
    gone = {action.path for action in actions if isinstance(action, Remove)}
    by_name = {target.name: target for target in targets}
    finder = _Finder(root, by_name.values())
    links: dict[RelPath, None] = {}
    for entry in obsolete:
        target = by_name.get(entry.target)
        if target is None or not entry.files or not gone.issuperset(entry.files):
            continue
        if _is_folder(target, entry.id.type):
            links.update(dict.fromkeys(finder.links_to(target.path_of(entry.id), entry)))
    for link in links:
        state = root.state_of(link)
        if state is not None and link not in gone:
            yield Remove(link, state, keep_backup=True)


def _is_folder(target: Target, type_name: str) -> bool:
    spec = target.places.get(type_name)
    return spec is not None and spec.shape is Shape.FOLDER


class _Finder:
    """Finds links in the folders of agents that are there, of a project's own folder."""

    def __init__(self, root: Root, targets: Iterable[Target]) -> None:
        self._root, self._targets = root, list(targets)
        self._top = Path(os.path.realpath(root.path))
        self._present: dict[str, list[Target]] = {}

    def links_to(self, place: RelPath, entry: Deployed) -> Iterator[RelPath]:
        """Yield where other agents have a link to an artifact's folder, all of which goes."""
        for target in self._find_present(entry.id.type):
            path = target.path_of(entry.id)
            shown, folder = self._top / path, self._top / place
            if path == place or not shown.is_symlink() or os.path.realpath(shown) != str(folder):
                continue
            try:
                self._root.state_of(path)
            except HoldallError:
                continue  # the way there leads through a link, which stays
            there = [p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir()]
            if {str(p.relative_to(self._top)) for p in there} <= entry.files.keys():
                yield path

    def _find_present(self, type_name: str) -> list[Target]:
        if type_name not in self._present:
            self._present[type_name] = [
                target
                for target in self._targets
                if _is_folder(target, type_name)
                and (self._top / target.root_of(type_name)).is_dir()
            ]
        return self._present[type_name]
