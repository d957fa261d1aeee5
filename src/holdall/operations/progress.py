"""Show a long change's progress on a terminal: files, bytes, and the time that is left.

Nothing is shown elsewhere, nor for what takes less than half a second.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from holdall.config import Config
from holdall.transaction.actions import Action, Put
from holdall.transaction.staging import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


_AFTER = 0.5
_EVERY = 0.1


@contextmanager
def show_progress(
    config: Config, what: str, actions: Sequence[Action]
) -> Iterator[Progress | None]:
    """Yield what a commit of these actions reports to; None where it would not be seen."""
    if config.quiet or config.json or not sys.stderr.isatty():
        yield None
        return
    sight = _Sight(what, [action.size if isinstance(action, Put) else 0 for action in actions])
    try:
        yield sight.report
    finally:
        sight.end()


class _Sight:
    """A progress bar that is shown once the work has taken a while."""

    def __init__(self, what: str, sizes: Sequence[int]) -> None:
        self._what, self._sizes = what, sizes
        self._bytes = 0
        self._next = time.monotonic() + _AFTER
        self._bar: Bar | None = None

    def report(self, done: int, total: int) -> None:
        """Report that `done` of all actions are staged, the last one just now."""
        self._bytes += self._sizes[done - 1] if done <= len(self._sizes) else 0
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        if self._bar is None:
            self._bar = _new_bar()
            self._bar.add_task(self._what, total=sum(self._sizes), files="")
            self._bar.start()
        task = self._bar.task_ids[0]
        self._bar.update(task, completed=self._bytes, files=f"{done:,} of {total:,} files")

    def end(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()


def _new_bar() -> Bar:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[files]}"),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
