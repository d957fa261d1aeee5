"""Which plugin is running, kept where the next command finds it if a plugin ends the process.

Nothing in a process can catch `os._exit` or a crash in C. So the name of the running plugin is
in a locked file in the user's state folder, `plugins-at-work/RANDOM`:

    holdall_deploy_complete
    audit (holdall-plugin-audit 1.0.0)

The file is empty between two calls and deleted at the end. One that is not empty and that no
process has locked names a plugin that was running when a command ended. The plugin is then not
called for that hook, once, which counts as its failure: the command can finish what was left
done.

Where the folder cannot be written to, nothing is kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from holdall import NamedTuple

_MAX_BYTES = 4096
_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC


class AtWork(NamedTuple):
    """A plugin, by its title, and the hook that it was called for."""

    plugin: str
    hook: str


class Watch:
    """Records which plugin is running here, and with which ones earlier commands ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None
        self._path: Path | None = None
        self._stack: list[AtWork] = []
        self._ended: dict[AtWork, list[Path]] = {}
        self._find_ended()

    @property
    def ended(self) -> tuple[AtWork, ...]:
        """The plugins with which earlier commands ended, and that were not passed over since."""
        return tuple(self._ended)

    def forget(self, found: AtWork) -> bool:
        """Forget that a command ended with this; return whether one did."""
        paths = self._ended.pop(found, [])
        for path in paths:
            with suppress(OSError):
                path.unlink()
        return bool(paths)

    @contextmanager
    def at_work(self, found: AtWork) -> Iterator[None]:
        """Record during the block that this plugin is running."""
        self._stack.append(found)
        self._write()
        try:
            yield
        finally:
            self._stack.pop()
            self._write()

    def close(self) -> None:
        """Delete the file of this process."""
        if self._file is None or self._path is None:
            return
        with suppress(OSError):
            self._path.unlink()
        os.close(self._file)
        self._file = self._path = None

    def _find_ended(self) -> None:
        with suppress(OSError):
            for name in sorted(os.listdir(self._folder)):
                self._look_at(self._folder / name)

    def _look_at(self, path: Path) -> None:
        with contextlib.ExitStack() as stack, suppress(OSError):
            file = os.open(path, _OPEN)
            stack.callback(os.close, file)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            text = os.pread(file, _MAX_BYTES, 0).decode("utf-8", "replace")
            hook, _, plugin = text.rstrip("\n").partition("\n")
            if plugin:
                self._ended.setdefault(AtWork(plugin, hook), []).append(path)
            else:
                path.unlink()

    def _write(self) -> None:
        if self._file is None and self._stack:
            self._open()
        if self._file is None:
            return
        text = f"{self._stack[-1].hook}\n{self._stack[-1].plugin}\n" if self._stack else ""
        with suppress(OSError):
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, text.encode("utf-8", "replace")[:_MAX_BYTES], 0)

    def _open(self) -> None:
        path = self._folder / os.urandom(8).hex()
        with suppress(OSError):
            self._folder.mkdir(0o700, parents=True, exist_ok=True)
            file = os.open(path, _OPEN | os.O_CREAT | os.O_EXCL, 0o600)
            self._file, self._path = file, path
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
