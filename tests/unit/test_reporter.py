"""Notes, warnings, and what is logged."""

from __future__ import annotations

import logging
import sys

import pytest

from holdall.reporter import Reporter, log_debug

pytestmark = pytest.mark.unit


def test_only_a_warning_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """A note that begins like a warning is none; a warning has its prefix in one place."""
    reporter = Reporter()
    reporter.note("warning: a note")
    assert reporter.warnings == []
    reporter.warn("one file\nstays")
    assert reporter.warnings == ["one file\nstays"]
    assert capsys.readouterr().err == "warning: a note\nwarning: one file\\nstays\n"


def test_a_quiet_run_still_warned(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed, and the exit status can say so."""
    reporter = Reporter(quiet=True)
    reporter.warn("careful")
    assert reporter.warnings == ["careful"]
    assert capsys.readouterr().err == ""


def test_nothing_imports_logging_for_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Details go to `logging` where a program has imported it, and nowhere else."""
    with caplog.at_level(logging.DEBUG, "holdall"):
        log_debug("holdall.files", "read %s", "x")
        monkeypatch.delitem(sys.modules, "logging")
        log_debug("holdall.files", "read %s", "y")
    assert caplog.messages == ["read x"]
