"""`holdall lint --fix`: fixes the collection's files as one change."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.kit import Kit, tree, write
from holdall.testing import make_skill

pytestmark = pytest.mark.integration

BROKEN = "---\nname: other\ndescription: Use when: asked\nallowed-tools: [Read]\n---\nBody\n"
FIXED = '---\nname: one\ndescription: "Use when: asked"\nallowed-tools: Read\n---\nBody\n'


@pytest.fixture
def file(kit: Kit, tmp_path: Path) -> Path:
    """A skill with three findings in the collection."""
    write(tmp_path / "source/skills/one/SKILL.md", BROKEN)
    make_skill(tmp_path / "source", "two")
    kit.command("collect", tmp_path / "source")
    return kit.collection / "skills/one/SKILL.md"


def test_what_is_found_is_fixed_and_undone(kit: Kit, file: Path) -> None:
    """All findings of a file in one change: the file lints clean, and undo brings it back."""
    before = tree(kit.collection)
    wanted = kit.json("lint", kit.collection, "--fix", "--dry-run", status=0)
    assert [fix["path"] for fix in wanted["fixed"]] == ["skills/one/SKILL.md"]
    assert tree(kit.collection) == before
    done = kit.json("lint", kit.collection, "--fix")
    assert done["fixed"] == wanted["fixed"] and done["diagnostics"] == []
    assert file.read_text() == FIXED
    assert kit.json("versions", "one")["versions"][-1]["number"] == 1
    assert kit.json("lint", kit.collection, "--fix")["fixed"] == []
    kit.run("undo")
    assert file.read_text() == BROKEN


def test_the_diff_is_printed(kit: Kit, file: Path) -> None:
    """A person sees each line that differs, also in a dry run."""
    printed = kit.command("lint", kit.collection, "--fix", "--dry-run").stdout
    assert "-name: other\n" in printed and "+name: one\n" in printed
    assert "would fix 1 of 2 artifacts" in printed


def test_edits_that_were_not_collected_stay(kit: Kit, file: Path) -> None:
    """A file that was edited is left to its editor."""
    write(file, BROKEN + "Mine.\n")
    done = kit.command("lint", kit.collection, "--fix")
    assert "skill:one was edited since it was collected" in done.stderr
    assert file.read_text() == BROKEN + "Mine.\n"


def test_another_folder_is_refused(kit: Kit, file: Path, tmp_path: Path) -> None:
    """A source that is no collection is not written to: nothing keeps its versions."""
    before = tree(tmp_path / "source")
    done = kit.command("lint", tmp_path / "source", "--fix")
    assert done.returncode == 2 and "not the folder of the collection" in done.stderr
    assert kit.command("lint", kit.collection, "--dry-run").returncode == 2
    assert tree(tmp_path / "source") == before
