"""What the pages for programs show is what happens, on both databases."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from e2e.kit import Kit, in_this_process, tree
from host_factories import make_command, make_skill

pytestmark = pytest.mark.integration

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def kit(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """The collection that the pages ask, in the current folder."""
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
    return kit


def run_page(name: str) -> int:
    """Run the examples of a page as they are shown; return how many there were."""
    page, options = str(DOCS / name), doctest.ELLIPSIS
    done = doctest.testfile(page, module_relative=False, optionflags=options)
    assert done.failed == 0
    return done.attempted


def test_the_page_on_the_database(kit: Kit) -> None:
    """Each query, run as shown, prints what is shown; the collection is whole afterwards."""
    assert run_page("database.md") > 8
    listed = kit.json("composite", "list")["composites"]
    assert [composite["id"] for composite in listed] == ["composite:writing", "composite:review"]
    listed = kit.json("composite", "list", "--limit", "9")["composites"]
    assert [composite["id"] for composite in listed] == ["composite:review", "composite:writing"]


def test_the_page_on_python(kit: Kit) -> None:
    """Each example does what is shown, and writes nothing."""
    before = tree(kit.collection)
    assert run_page("python.md") > 12
    assert tree(kit.collection) == before
