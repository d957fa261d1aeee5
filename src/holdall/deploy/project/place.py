"""Where a project is and was, as its ledger has it: one that moved is followed, a copy is not.

    "place": {"path": "/home/ada/web", "device": 64769, "inode": 1311,
              "former": {"/home/ada/old": ["kit"]}}

`former` has the paths where collections still believe the project to be. By folder and inode, a
project that was moved is distinguished from one that was copied:

    the folder is the one that was recorded                       moved
    it is another folder, of the same file system                 a copy
    of another file system, and the recorded path is gone there   moved
    of another one, and that path cannot be looked at             a copy
    whatever it is, and the recorded path has a project again     another project
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from holdall import NamedTuple
from holdall.artifacts.protected import LEDGER
from holdall.errors import HoldallError, HostilePathError, RefusedError
from holdall.files.root import Root
from holdall.formats.escape import is_utf8


class ProjectPlace(NamedTuple):
    """The full path of a project, links resolved, and its folder; `former` is as in the module."""

    path: str
    device: int
    inode: int
    former: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    @classmethod
    def of(cls, root: Root) -> ProjectPlace:
        """Return where a project is; raises HostilePathError for a path that cannot be recorded."""
        path, status = os.path.realpath(root.path), os.fstat(root.folders.top)
        if not is_utf8(path):
            raise HostilePathError(
                f"the path of the project, {path!a}, is not valid UTF-8 and cannot be recorded",
                hint="rename the folder, or the one above that has such a name",
            )
        return cls(path, status.st_dev, status.st_ino)

    def to_json(self) -> dict[str, Any]:
        """Return the place as the ledger keeps it."""
        former = {path: list(names) for path, names in sorted(self.former.items())}
        return {**self._asdict(), "former": former}

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> ProjectPlace:
        """Read what `to_json` wrote; raises ValueError, KeyError or TypeError for anything else."""
        path, former = table["path"], table["former"]
        names = [path, *former, *(name for some in former.values() for name in some)]
        if not all(isinstance(name, str) for name in names):
            raise TypeError("a path or name in `place` is not a string")
        return cls(
            path,
            int(table["device"]),
            int(table["inode"]),
            {known: tuple(some) for known, some in former.items()},
        )


def is_same_place(one: ProjectPlace | None, other: ProjectPlace | None) -> bool:
    """Return whether two places have one path; numbers of devices change when a system starts."""
    if one is None or other is None:
        return one is other
    return (one.path, one.former) == (other.path, other.former)


def follow_project(
    root: Root, known: ProjectPlace | None, collections: Iterable[str], name: str
) -> tuple[ProjectPlace, tuple[str, ...]]:
    """Return a project's place, and the paths where the collection `name` believed it to be.

    `known` is what the project's ledger says, `collections` are those that have artifacts here.
    """
    here = ProjectPlace.of(root)
    if known is None:
        return here, ()
    former = {path: names for path, names in known.former.items() if path != here.path}
    if _is_moved(known, here):
        former[known.path] = tuple(sorted({*former.get(known.path, ()), *collections}))
    paths = tuple(path for path, names in former.items() if name in names)
    left = {path: tuple(n for n in names if n != name) for path, names in former.items()}
    return here._replace(former={path: names for path, names in left.items() if names}), paths


def refuse_another_project(root: Root, known: ProjectPlace | None) -> None:
    """Raise RefusedError if the project here is one that was somewhere else so far."""
    here = os.path.realpath(root.path)
    if known is not None and known.path != here:
        raise RefusedError(
            f"the project in {root.path} was in {known.path} so far: it is another one, or moved",
            hint=f"if it shall be the one in {here}, `holdall deploy --to {here}` first",
        )


def is_project_at(path: Path) -> bool:
    """Return whether a project is at a path that says so itself, or one that cannot be read."""
    from holdall.deploy.project.ledger import parse_ledger

    file = path / LEDGER
    try:
        place = parse_ledger(file.read_text(encoding="utf-8"), str(file)).place
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError, HoldallError):
        return True
    return place is None or place.path == os.path.realpath(path)


def _is_moved(known: ProjectPlace, here: ProjectPlace) -> bool:
    if known.path == here.path or is_project_at(Path(known.path)):
        return False
    if known.device == here.device:
        return known.inode == here.inode
    try:
        # Else the file system is not there now, and with it maybe the project.
        return os.stat(os.path.dirname(known.path)).st_dev == known.device
    except OSError:
        return False
