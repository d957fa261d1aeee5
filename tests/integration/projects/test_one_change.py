"""What a project's commands change in the collection and the project is one change of both."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from e2e.kit import Kit, tree, write
from holdall.testing import make_skill

pytestmark = pytest.mark.integration

HOOKS = '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "make"}]}]}}'


def make_sources(kit: Kit, *names: str) -> list[Path]:
    """Make folders in the project with a skill each, and add them."""
    folders = [kit.project / "vendor" / name for name in names]
    for folder in folders:
        make_skill(folder, folder.name)
        run(kit, "add", folder)
    return folders


def run(kit: Kit, *words: str | Path, status: int = 0) -> str:
    """Run a command of the project's; return all that it printed."""
    done = kit.command(*words, "--to", kit.project)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def both(kit: Kit) -> tuple[object, ...]:
    """Return the files of collection and project, and what the database has."""
    when = re.compile(rb"^deployed_at = .*\n", re.MULTILINE)
    project = {p: (when.sub(b"", data), x) for p, (data, x) in tree(kit.project).items()}
    return tree(kit.collection), project, kit.json("list"), kit.json("log")["operations"]


def guard(folder: Path) -> Path:
    """Let a source have a plugin whose hook runs something."""
    write(folder / "plugins/guard/.claude-plugin/plugin.json", '{"name": "guard"}')
    write(folder / "plugins/guard/hooks/hooks.json", HOOKS)
    return folder


def test_a_refused_add_leaves_nothing(kit: Kit) -> None:
    """Without consent neither project nor collection have anything of it; with it, both."""
    make_sources(kit, "one")
    before = both(kit)
    source = guard(kit.project.parent / "other")
    make_skill(source, "more")
    assert "an agent would run or send this" in run(kit, "add", source, status=3)
    assert both(kit) == before
    run(kit, "add", source, "--allow-commands")
    assert {"skill:more", "composite:guard"} < kit.uuids().keys()
    kit.run("undo")
    assert both(kit)[:2] == before[:2]
    assert kit.run("doctor").strip().endswith("agree")


def test_an_add_in_the_way_of_the_users_files(kit: Kit) -> None:
    """Files that are not Holdall's refuse it, and the collection stays as it is."""
    make_sources(kit, "one")
    source = make_skill(kit.project.parent / "other", "mine").parent.parent
    write(kit.project / ".claude/skills/mine/SKILL.md", "the user's own")
    before = both(kit)
    run(kit, "add", source, status=3)
    assert both(kit) == before


def test_several_sources_one_undo(kit: Kit) -> None:
    """An update of three sources is one step back, and one forward again."""
    folders = make_sources(kit, "one", "two", "three")
    before = both(kit)[:2]
    for folder in folders:
        make_skill(folder, folder.name, "changed")
    assert run(kit, "update").count("changed skill:") == 3
    after = both(kit)[:2]
    for folder in folders:
        place = Path("skills") / folder.name / "SKILL.md"
        assert (kit.collection / place).read_bytes() == (folder / place).read_bytes()
    assert kit.run("undo").count("undid") == 2
    for folder in folders:
        make_skill(folder, folder.name)
    assert both(kit)[:2] == before
    for folder in folders:
        make_skill(folder, folder.name, "changed")
    kit.run("redo")
    assert both(kit)[:2] == after
    assert kit.run("doctor").strip().endswith("agree")


def test_an_update_of_several_is_whole(kit: Kit) -> None:
    """Where one source conflicts with an edit, no other one is updated."""
    folders = make_sources(kit, "one", "two")
    for folder in folders:
        make_skill(folder, folder.name, "changed")
    make_skill(kit.collection, "two", "mine")
    before = both(kit)
    assert "skill:two: SKILL.md was changed on both sides" in run(kit, "update", status=3)
    assert both(kit) == before


def test_a_sync_of_several_is_whole(kit: Kit) -> None:
    """What holdall.toml asks for newly comes all at once, or not at all; one undo takes it back."""
    make_sources(kit, "one")
    for name in ("two", "three"):
        make_skill(kit.project / "vendor" / name, name)
    text = (kit.project / "holdall.toml").read_text()
    wanted = text.replace('"./vendor/one"', '"./vendor/two"'), text.replace("one", "three")
    lines = [t.splitlines() for t in (text, *wanted)]
    entry = next(line for line in lines[0] if "vendor/one" in line)
    new = [next(line for line in some if "vendor/" in line) for some in lines[1:]]
    (kit.project / "holdall.toml").write_text(text.replace(entry, "\n".join([entry, *new])))
    guard(kit.project / "vendor/three")
    before = both(kit)
    run(kit, "sync", status=3)
    assert both(kit) == before
    run(kit, "sync", "--allow-commands")
    assert {"skill:one", "skill:two", "skill:three", "composite:guard"} <= kit.uuids().keys()
    assert "agree" in run(kit, "sync", "--check")
    assert kit.run("undo").count("undid") == 2
    assert both(kit)[0] == before[0]
    assert kit.run("doctor").strip().endswith("agree")


def test_a_first_add_with_a_new_collection(kit: Kit) -> None:
    """A collection without anything, a UUID included, gets its first release with the project."""
    source = make_skill(kit.project.parent / "other", "one").parent.parent
    run(kit, "add", source)
    shutil.rmtree(source)
    assert kit.run("doctor").strip().endswith("agree")
    shown = kit.json("log")["operations"]
    assert [one["command"] for one in shown] == ["add", "collect"]
    kit.run("undo")
    assert kit.json("list")["artifacts"] == []
    assert not (kit.project / "holdall.lock").exists()
    kit.run("redo")
    assert "agree" in run(kit, "sync", "--check")
