"""`holdall new`: a skeleton of each type, in the collection, that nothing is wrong with."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.kit import Kit, in_this_process, tree
from holdall.artifacts.skeletons import TYPES

pytestmark = pytest.mark.integration


@pytest.fixture
def shelf(tmp_path: Path, own_state: Path) -> Kit:
    """An empty collection, its database in it."""
    kit = Kit(in_this_process, tmp_path)
    kit.run("init", kit.collection)
    return kit


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("about", [None, 'Says: that # it\'s "so"', "42"])
def test_a_skeleton_lints_clean(shelf: Kit, type_name: str, about: str | None) -> None:
    """Not even a hint; it is version 0, can be edited and collected, and undone."""
    empty = tree(shelf.collection)
    words = () if about is None else ("--description", about)
    shelf.run("new", type_name, "first-try", *words, "--dry-run")
    assert tree(shelf.collection) == empty
    made = shelf.json("new", type_name, "first-try", *words)
    assert Path(made["path"]).exists()
    assert shelf.json("lint", shelf.collection)["diagnostics"] == []
    (entry,) = shelf.json("list", "--long")["artifacts"]
    assert (entry["id"], entry["version"]) == (f"{type_name}:first-try", 0)
    assert about is None or type_name in ("hook", "mcp") or entry["description"] == about
    assert "1 identical" in shelf.run("collect")
    done = shelf.command("new", type_name, "first-try")
    assert (done.returncode, "is there already" in done.stderr) == (3, True)
    shelf.run("undo")
    assert set(tree(shelf.collection)) == set(empty)


def test_a_name_is_one(shelf: Kit) -> None:
    """A hostile one is refused; a command may be in a folder."""
    shelf.run("new", "skill", "../x", status=2)
    for type_name in ("skill", "agent"):
        done = shelf.command("new", type_name, "Bad Name!")
        assert (done.returncode, "agents would refuse" in done.stderr) == (2, True)
    shelf.run("new", "command", "../x", status=3)
    shelf.run("new", "composite", "x", status=2)
    shelf.run("new", "command", "git:tidy")
    assert (shelf.collection / "commands/git/tidy.md").exists()
