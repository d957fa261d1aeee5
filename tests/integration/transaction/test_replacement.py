"""A file that replaces another one, and what an interruption leaves of that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdall.transaction.replacement import Replacement

pytestmark = pytest.mark.integration


def test_a_second_name_that_a_power_cut_left_goes(tmp_path: Path) -> None:
    """The new file is in place and durable, the removal of its old name was not."""
    target = tmp_path / "kit.db"
    target.write_text("old")
    (tmp_path / "kit.db.new").write_text("new")
    replacement = Replacement(target, "kit.db.new", "kit.db.replaced", ())
    assert replacement.replace() == tmp_path / "kit.db.replaced"
    os.link(target, tmp_path / "kit.db.new")
    assert replacement.end() is None
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "kit.db": "new",
        "kit.db.replaced": "old",
    }


def test_another_file_under_that_name_stays(tmp_path: Path) -> None:
    """Nobody knows whose it is."""
    target = tmp_path / "kit.db"
    target.write_text("new")
    (tmp_path / "kit.db.replaced").write_text("old")
    (tmp_path / "kit.db.new").write_text("mine")
    assert Replacement(target, "kit.db.new", "kit.db.replaced", ()).end() is None
    assert (tmp_path / "kit.db.new").read_text() == "mine"
