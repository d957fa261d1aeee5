"""Versions, pins that bring back the exact bytes, and restoring, on both databases."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from e2e.kit import Command, Kit, in_this_process, snapshot, tree

pytestmark = pytest.mark.e2e


@pytest.fixture
def holdall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in this process: what it remembers is on the disk all the same."""
    monkeypatch.chdir(tmp_path)
    return in_this_process


def numbers(kit: Kit, artifact: str) -> list[int]:
    """Return the numbers of an artifact's versions."""
    return [v["number"] for v in kit.json("versions", artifact)["versions"]]


def edit(kit: Kit, count: int) -> None:
    """Edit the changelog skill and collect, several times."""
    for number in range(count):
        (kit.collection / "skills/changelog/SKILL.md").write_text(f"edit {number}\n")
        kit.run("collect")


def test_each_collected_change_is_a_version(kit: Kit, sample: Path) -> None:
    """Version 0 comes with the first collect, then one per change, none for no change."""
    kit.run("collect", sample)
    assert numbers(kit, "skill:changelog") == [0]
    edit(kit, 3)
    kit.run("collect")
    assert numbers(kit, "skill:changelog") == [0, 1, 2, 3]
    versions = kit.json("versions", "skill:changelog")["versions"]
    assert [v["parent"] for v in versions] == [None, 0, 1, 2]
    assert len({v["content_hash"] for v in versions}) == 4
    assert {v["message"] for v in versions} == {"collect"}


def test_a_pinned_version_deploys_byte_for_byte_after_edits_and_a_rename(
    kit: Kit, sample: Path
) -> None:
    """Modes and links too, but for the name in its head; tree and status show the pin."""
    skill = kit.collection / "skills/changelog"
    kit.run("collect", sample)
    os.symlink("SKILL.md", skill / "link.md")
    kit.run("collect")
    expected = tree(skill)
    assert expected["scripts/since-last-tag.sh"][1]
    kit.run("composite", "pin", "writing", "skill:changelog", "1")
    edit(kit, 10)
    (skill / "scripts/since-last-tag.sh").chmod(0o644)
    kit.run("collect")
    kit.run("rename", "skill:changelog", "news")
    kit.deploy("composite:writing")
    deployed = kit.project / ".claude/skills/news"
    line, renamed = b"\nname: changelog\n", b"\nname: news\n"
    assert expected["SKILL.md"][0].count(line) == 1
    assert tree(deployed) == {
        path: (content.replace(line, renamed), is_program)
        for path, (content, is_program) in expected.items()
    }
    assert os.readlink(deployed / "link.md") == "SKILL.md"
    states = {s["id"]: s for s in kit.json("status", "--to", kit.project)["deployed"]}
    assert states["skill:news"]["state"] == "synced"
    assert "pinned" in states["skill:news"]["note"]
    assert "skill:news @1 (11 behind)" in kit.run("tree", "writing")
    before = snapshot(kit.project)
    assert kit.deploy("composite:writing")["written"] == []
    assert snapshot(kit.project) == before
    kit.run("composite", "unpin", "writing", "skill:news")
    kit.deploy()
    assert tree(deployed) == tree(kit.collection / "skills/news")


def test_a_pin_to_nothing_is_refused(kit: Kit, sample: Path) -> None:
    """Neither a number nor a hash that no version has can be pinned."""
    kit.run("collect", sample)
    before = (kit.collection / "manifest.toml").read_bytes()
    for version in ("1", "f" * 64, "fffffff", "x"):
        kit.run("composite", "pin", "writing", "skill:changelog", version, status=4)
    kit.run("composite", "create", "mine", "--member", "skill:changelog@7", status=4)
    assert (kit.collection / "manifest.toml").read_bytes() == before


def test_two_composites_that_want_different_versions(kit: Kit, sample: Path) -> None:
    """The conflict names both and writes nothing, also when one was deployed earlier."""
    kit.run("collect", sample)
    first = tree(kit.collection / "skills/changelog")
    edit(kit, 1)
    kit.run("composite", "create", "old", "--member", "skill:changelog@0")
    kit.run("composite", "create", "new", "--member", "skill:changelog@1")
    words = ("deploy", "composite:old", "composite:new", "--to", kit.project)
    kit.run(*words, status=3)
    assert not (kit.project / ".claude").exists()
    kit.deploy("composite:old")
    before = snapshot(kit.project)
    kit.run("deploy", "composite:new", "--to", kit.project, status=3)
    kit.run("deploy", "skill:changelog", "--to", kit.project, status=3)
    assert snapshot(kit.project) == before
    kit.deploy("composite:new", "skill:changelog@0", "--force")
    assert tree(kit.project / ".claude/skills/changelog") == first


def test_restore_brings_back_the_exact_files_as_a_new_version(kit: Kit, sample: Path) -> None:
    """An old version returns with bytes and modes; history grows; edits are not lost."""
    kit.run("collect", sample)
    first = tree(kit.collection / "skills/changelog")
    edit(kit, 2)
    shutil.rmtree(kit.collection / "skills/changelog/scripts")
    kit.run("collect")
    kit.run("restore", "skill:changelog", "0", "--dry-run")
    kit.run("restore", "skill:changelog", "0")
    assert tree(kit.collection / "skills/changelog") == first
    assert numbers(kit, "skill:changelog") == [0, 1, 2, 3, 4]
    versions = kit.json("versions", "skill:changelog")["versions"]
    assert versions[4]["content_hash"] == versions[0]["content_hash"]
    assert versions[4]["message"] == "restore"
    kit.run("restore", "skill:changelog", "9", status=4)
    (kit.collection / "skills/changelog/SKILL.md").write_text("not collected")
    kit.run("restore", "skill:changelog", "1", status=3)
    assert (kit.collection / "skills/changelog/SKILL.md").read_text() == "not collected"
    kit.run("restore", "skill:changelog", "1", "--force")
    backups = list((kit.collection / ".holdall/backups").rglob("SKILL.md"))
    assert [backup.read_text() for backup in backups] == ["not collected"]


def test_diff_and_show_of_versions(kit: Kit, sample: Path) -> None:
    """A unified diff between versions and against the folder; binary files are only named."""
    kit.run("collect", sample)
    edit(kit, 2)
    (kit.collection / "skills/changelog/logo.png").write_bytes(b"\x89PNG\0\0")
    kit.run("collect")
    text = kit.run("diff", "skill:changelog@1", "skill:changelog@2", status=1)
    assert "-edit 0\n+edit 1\n" in text
    assert "binary or large files differ" in kit.run("diff", "changelog@2", status=1)
    kit.run("diff", "skill:changelog@3", status=0)
    shown = kit.json("show", "skill:changelog@1")
    assert shown["content_hash"] == kit.json("versions", "changelog")["versions"][1]["content_hash"]
    assert {file["path"] for file in shown["files"]} == {"SKILL.md", "scripts/since-last-tag.sh"}
    kit.run("show", "skill:changelog@8", status=4)


def test_history_survives_removal(kit: Kit, sample: Path) -> None:
    """A removed artifact that comes back has its versions."""
    kit.run("collect", sample)
    (kit.collection / "skills/meeting-notes/SKILL.md").write_text("edited\n")
    kit.run("collect")
    kit.run("remove", "skill:meeting-notes")
    kit.run("collect", sample)
    assert numbers(kit, "skill:meeting-notes") == [0, 1, 2]
