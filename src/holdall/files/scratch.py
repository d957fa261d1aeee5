"""A temporary folder that is made when it is first used: most deploys need none."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self


class Scratch:
    """An empty folder of the user's alone, deleted with all in it at the end of the block."""

    def __init__(self) -> None:
        self._made = ExitStack()
        self._files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._made.close()

    @cached_property
    def path(self) -> Path:
        """Where it is; raises OSError if it cannot be made."""
        from tempfile import TemporaryDirectory

        return Path(self._made.enter_context(TemporaryDirectory("-holdall")))

    def file(self, data: bytes) -> Path:
        """Write bytes into a new file in the folder, and return it."""
        self._files += 1
        place = self.path / f"{self._files}.data"
        place.write_bytes(data)
        return place

    def folder(self) -> Path:
        """Return the path of a new folder in it, which is not made yet."""
        self._files += 1
        return self.path / f"{self._files}.folder"
