"""A disk that forgets, at a power cut, what nobody made durable.

A model on top of the writer's own calls, in memory: what was synced is remembered, and at the cut
images of what may be found afterwards are written. SQLite's files count as durable as they are: it
syncs by itself.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from injection import Injection

__all__ = ["IMAGES", "Disk", "PowerCut"]

IMAGES = ("all names", "synced names", "strict")
"""What a cut leaves of the names: all (but no unsynced bytes, as with delayed allocation), those of
the last sync of anything (a metadata journal), or of each folder those of its own last sync."""

Names = dict[str, tuple[int, int, bytes]]  # inode, mode, a link's text


class Disk:
    """What is durable below a folder; everything that lies there at first is."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._bytes: dict[int, bytes] = {}
        self._folders: dict[int, Names] = {}
        self._journal: dict[int, Names] = {}
        self.sync_file_system()

    def sync(self, descriptor: int) -> None:
        """Remember a file's bytes or a folder's names."""
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            self._sync_folder(status.st_ino)
        else:
            self._bytes[status.st_ino] = Path(f"/proc/self/fd/{descriptor}").read_bytes()
        self._journal = self._all_folders()

    def _sync_folder(self, folder: int) -> None:
        """Remember a folder's names; a rename to or from it is durable as a whole."""
        now = self._all_folders()
        names = now.get(folder, {})
        gone = {entry[0] for entry in self._folders.get(folder, {}).values()}
        come = {entry[0] for entry in names.values()}
        self._folders[folder] = names
        for other in now.keys() - {folder}:
            known = self._folders.get(other, {})
            kept = {n: e for n, e in known.items() if n in now[other] or e[0] not in come}
            arrived = {n: e for n, e in now[other].items() if e[0] in gone - come}
            if kept != known or arrived:
                self._folders[other] = {**kept, **arrived}

    def sync_file_system(self) -> None:
        """Remember everything."""
        self._journal = self._all_folders()
        self._folders = dict(self._journal)
        for above, _, files in os.walk(self._top):
            for name in files:
                path = Path(above, name)
                if not path.is_symlink():
                    self._bytes[path.stat().st_ino] = path.read_bytes()

    def write_image(self, kind: str, target: Path) -> None:
        """Write what may be found after a cut that comes now."""
        folders = {
            "all names": self._all_folders(),
            "synced names": self._journal,
            "strict": self._folders,
        }[kind]
        self._write(self._top.stat().st_ino, target, folders)

    def _write(self, inode: int, target: Path, folders: dict[int, Names]) -> None:
        target.mkdir()
        for name, (inner, mode, text) in folders.get(inode, {}).items():
            path = target / name
            if stat.S_ISLNK(mode):
                os.symlink(text, path)
            elif stat.S_ISDIR(mode):
                self._write(inner, path, folders)
                path.chmod(stat.S_IMODE(mode))
            else:
                path.write_bytes(self._bytes.get(inner, b""))
                path.chmod(stat.S_IMODE(mode))
        if target.name == ".holdall":
            self._add_database(target, folders.get(inode, {}))

    def _add_database(self, target: Path, names: Names) -> None:
        here = self._top / target.relative_to(target.parents[1])
        for log in [*target.glob("holdall.db*-wal"), *target.glob("holdall.db*-shm")]:
            log.unlink()  # as it was at a barrier of Holdall's: SQLite had written it to its end
        written: dict[int, Path] = {}
        for path in here.glob("holdall.db*"):
            copy, inode = target / path.name, path.stat().st_ino
            copy.unlink(missing_ok=True)
            if inode in written:  # what is put aside has two names for a moment
                os.link(written[inode], copy)
                continue
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o600)
            written[inode] = copy
        for name, (inode, _, _) in names.items():  # the old name of what was just renamed
            if inode in written and not (here / name).exists():
                (target / name).unlink(missing_ok=True)
                os.link(written[inode], target / name)

    def _all_folders(self) -> dict[int, Names]:
        found = {}
        for above, _, _ in os.walk(self._top):
            found[os.stat(above).st_ino] = _names(above)
        return found


class PowerCut(Injection):
    """Cut the power at one step, or at the end, and leave an image of what may be found."""

    def __init__(self, number: int, kind: str, world: Path, image: Path) -> None:
        super().__init__("kill", number)
        self._disk = Disk(world)
        self._kind = kind
        self._image = image

    def sync(self, name: str, descriptor: int) -> None:
        """Remember what is durable from now on."""
        if name == "sync":
            self._disk.sync(descriptor)
        else:
            self._disk.sync_file_system()

    def before_the_kill(self) -> None:
        """Leave the image."""
        self._disk.write_image(self._kind, self._image)


def _names(folder: str) -> Names:
    found: Names = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            is_link = stat.S_ISLNK(status.st_mode)
            text = os.fsencode(os.readlink(entry.path)) if is_link else b""
            found[entry.name] = (status.st_ino, status.st_mode, text)
    return found
