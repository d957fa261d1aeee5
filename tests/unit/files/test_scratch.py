"""A scratch folder is there while it is needed, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.files.scratch import Scratch

pytestmark = pytest.mark.unit


def test_it_is_made_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, empty, for its user alone; and deleted with what lies in it, after an error, too."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ZeroDivisionError), Scratch() as scratch:
        assert not list(tmp_path.iterdir())
        assert scratch.path == scratch.path
        assert scratch.path.stat().st_mode & 0o777 == 0o700
        (scratch.path / "file").write_text("x")
        assert [scratch.path] == list(tmp_path.iterdir())
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_without_need_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for a moment: a temporary folder that cannot be written to hinders nobody."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with Scratch():
        pass
