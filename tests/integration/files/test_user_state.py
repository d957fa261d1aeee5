"""A kill while a decision of the user is written down."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdall.files.user_state import read_words, remember

pytestmark = pytest.mark.integration


def test_a_kill_while_remembering_leaves_nothing_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided before is still known, and the next decision clears up."""
    file = tmp_path / "state/decided.json"
    remember(file, ["one"], "hint")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_, **__: os._exit(9))
        child = os.fork()
        if child == 0:
            remember(file, ["two"], "hint")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert read_words(file) == {"one"}
    remember(file, ["three"], "hint")
    assert read_words(file) == {"one", "three"}
    assert list(file.parent.iterdir()) == [file]
