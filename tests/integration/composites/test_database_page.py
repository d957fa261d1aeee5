"""What docs/database.md shows is what happens, on both databases."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from e2e.kit import Kit, in_this_process
from host_factories import make_command, make_skill

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[3] / "docs" / "database.md"


def test_the_page_is_true(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each query, run as shown, prints what is shown; the collection is whole afterwards."""
    monkeypatch.setenv("HOLDALL_DATABASE_URL", database_url)
    monkeypatch.chdir(tmp_path)
    kit = Kit(in_this_process, tmp_path, database_url)
    kit.run("init", kit.collection)
    make_skill(kit.collection, "changelog")
    make_skill(kit.collection, "proofread")
    make_command(kit.collection, "publish")
    kit.run("collect")
    members = ("proofread", "changelog@0", "publish")
    kit.run("composite", "create", "writing", *(w for m in members for w in ("--member", m)))
    done = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert done.failed == 0
    assert done.attempted > 8
    listed = kit.json("composite", "list")["composites"]
    assert [composite["id"] for composite in listed] == ["composite:writing", "composite:review"]
    listed = kit.json("composite", "list", "--limit", "9")["composites"]
    assert [composite["id"] for composite in listed] == ["composite:review", "composite:writing"]
