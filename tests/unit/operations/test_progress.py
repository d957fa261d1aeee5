"""The progress of a long change: on a terminal, when it takes long, and nowhere else."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.config import Config
from holdall.files.root import FileState
from holdall.operations import progress
from holdall.operations.progress import show_progress
from holdall.transaction.actions import Put, RemoveFolder

pytestmark = pytest.mark.unit

STATE = FileState(FileKind.FILE, False, "0" * 64)
ACTIONS: list[Any] = [
    *(Put(RelPath.parse(f"f{n}"), STATE, 1_000_000, b"") for n in range(3)),
    RemoveFolder(RelPath.parse("x")),
]


class Terminal(io.StringIO):
    """A standard error that people look at."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


def run(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, **settings: Any) -> str:
    """Report all actions and return what was shown."""
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    with show_progress(Config(**settings), "writing", ACTIONS) as report:
        if report is not None:
            for number in range(len(ACTIONS)):
                report(number + 1, len(ACTIONS))
    return stream.getvalue()


def test_long_work_shows_files_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as it is, and gone at the end."""
    monkeypatch.setattr(progress, "_AFTER", 0)
    monkeypatch.setattr(progress, "_EVERY", 0)
    text = run(monkeypatch, Terminal())
    assert "writing" in text
    assert "4 of 4 files" in text
    assert "3.0/3.0 MB" in text


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even on a terminal; what draws is not imported either."""
    monkeypatch.setattr(progress, "_new_bar", None)
    assert run(monkeypatch, Terminal()) == ""


@pytest.mark.parametrize("settings", [{"quiet": True}, {"json": True}, None])
def test_nothing_is_shown_where_nobody_looks(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, bool] | None
) -> None:
    """In a pipe, with --json or --quiet."""
    monkeypatch.setattr(progress, "_AFTER", 0)
    monkeypatch.setattr(progress, "_new_bar", None)
    stream = io.StringIO() if settings is None else Terminal()
    assert run(monkeypatch, stream, **(settings or {})) == ""


def test_the_bar_goes_when_the_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the terminal for itself."""
    stopped: list[bool] = []

    class Bar:
        task_ids = (0,)

        def __getattr__(self, name: str) -> Any:
            return (lambda: stopped.append(True)) if name == "stop" else lambda *_, **__: None

    monkeypatch.setattr(progress, "_AFTER", 0)
    monkeypatch.setattr(progress, "_new_bar", Bar)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with (
        pytest.raises(OSError, match="full"),
        show_progress(Config(), "writing", ACTIONS) as report,
    ):
        assert report is not None
        report(1, 4)
        raise OSError("full")
    assert stopped == [True]
