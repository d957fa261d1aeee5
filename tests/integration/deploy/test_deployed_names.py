"""The name in the head of what is deployed under another name than its source gave it."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, new_kit, tree
from holdall.files import name_line
from holdall.files.tree import folder_tree
from host_factories import write

pytestmark = pytest.mark.integration

SKILL = ".claude/skills/two-look"
AGENT = ".claude/agents/two-judge.md"
HEAD = "---\ndescription: d  # name: x\nname: {}\n---\n"
IDS = ("skill:two-look", "agent:two-judge")


def source(folder: Path, name: str, *, skill: str = "look", agent: str = "judge") -> Path:
    """Write a plugin with a skill and an agent that other plugins have, too."""
    root = folder / name
    write(root / ".claude-plugin/plugin.json", f'{{"name": "{name}"}}')
    write(root / "skills/look/SKILL.md", f"{HEAD.format(skill)}{name}\nname: look\n")
    write(root / "skills/look/a/run.sh", f"echo {name}\n", executable=True)
    write(root / "skills/look/Z.md", f"{name}\n")
    (root / "skills/look/link").unlink(missing_ok=True)
    (root / "skills/look/link").symlink_to("SKILL.md")
    write(root / "agents/judge.md", f"{HEAD.format(agent)}{name}\n")
    return root


def collect_both(kit: Kit, folder: Path) -> Kit:
    """Collect two such plugins."""
    for name in ("one", "two"):
        kit.run("collect", source(folder / "from", name))
    return kit


@pytest.fixture
def both(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with two such plugins."""
    del own_state
    return collect_both(new_kit(tmp_path / "all"), tmp_path)


@pytest.fixture
def both_stored(kit: Kit, tmp_path: Path) -> Kit:
    """The same on each kind of database."""
    return collect_both(kit, tmp_path)


def states(kit: Kit, project: Path | None = None) -> dict[str, str]:
    """Return the state of what is deployed, by id and target."""
    found = kit.json("status", "--to", project or kit.project, status=None)["deployed"]
    return {f"{one['id']} {one['target']}": one["state"] for one in found}


def unchanged(kit: Kit) -> bool:
    """Return whether a deploy of what is there finds nothing to write."""
    return "everything is in place already" in kit.run("deploy", "--to", kit.project)


def record(kit: Kit) -> dict[str, Any]:
    """Return what SkillMeat's record says, by name."""
    text = (kit.project / ".claude/.skillmeat-deployed.toml").read_text()
    return {entry["artifact_name"]: entry for entry in tomllib.loads(text)["deployed"]}


def test_the_head_says_the_deployed_name(both: Kit) -> None:
    """One line differs from the collection; SkillMeat's record has the hash of what is there."""
    both.deploy(*IDS, "skill:look", "agent:judge", "--target", "claude", "--target", "codex")
    placed, kept = tree(both.project / SKILL), tree(both.collection / "skills/two-look")
    text = f"{HEAD}two\nname: look\n"
    assert placed.pop("SKILL.md")[0] == text.format("two-look").encode()
    assert kept.pop("SKILL.md")[0] == text.format("look").encode()
    assert placed.keys() == kept.keys()
    assert placed["Z.md"] == kept["Z.md"]
    assert (both.project / AGENT).read_text() == f"{HEAD.format('two-judge')}two\n"
    assert tree(both.project / ".agents/skills/two-look") == tree(both.project / SKILL)
    assert "name: look\n" in (both.project / ".claude/skills/look/SKILL.md").read_text()
    for name in ("two-look", "look"):
        folder = both.project / ".claude/skills" / name
        assert record(both)[name]["content_hash"] == folder_tree(folder).skillmeat_hash
    assert set(states(both).values()) == {"synced"}
    assert both.json("adopt", *IDS, "--from", both.project)["adopted"] == []


def test_an_unchanged_deploy_reads_no_head_but_theirs(
    both: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written, and only what got another name is looked into."""
    both.deploy(*IDS, "skill:look", "agent:judge")
    before, looked = tree(both.project), []
    read = name_line.read_bounded

    def counting(path: Path, limit: int) -> bytes:
        looked.append(path.relative_to(both.collection).as_posix())
        return read(path, limit)

    monkeypatch.setattr(name_line, "read_bounded", counting)
    assert unchanged(both)
    assert tree(both.project) == before
    assert set(looked) == {"skills/two-look/SKILL.md", "agents/two-judge.md"}


def test_an_edit_is_adopted_without_the_deployed_name(both_stored: Kit) -> None:
    """The collection keeps its line `name:` and gets the rest; the project stays as it is."""
    both_stored.deploy(*IDS, "--target", "claude", "--target", "agents")
    for target in (SKILL, ".agents/skills/two-look"):
        write(both_stored.project / target / "SKILL.md", f"{HEAD.format('two-look')}better\n")
    write(both_stored.project / AGENT, f"{HEAD.format('two-judge')}better\n")
    shown = both_stored.run("diff", "skill:two-look", "--to", both_stored.project, status=1)
    assert "+name: two-look" not in shown
    assert "+better" in shown
    before = tree(both_stored.project)
    assert len(both_stored.json("adopt", *IDS, "--from", both_stored.project)["adopted"]) == 2
    assert (both_stored.collection / "skills/two-look/SKILL.md").read_text() == (
        f"{HEAD.format('look')}better\n"
    )
    assert (both_stored.collection / "agents/two-judge.md").read_text() == (
        f"{HEAD.format('judge')}better\n"
    )
    assert set(states(both_stored).values()) == {"synced"}
    assert unchanged(both_stored)
    after = tree(both_stored.project)
    assert after.keys() == before.keys()
    assert after[f"{SKILL}/SKILL.md"] == before[f"{SKILL}/SKILL.md"]
    both_stored.run("undo")
    assert "two\n" in (both_stored.collection / "skills/two-look/SKILL.md").read_text()


def test_a_name_that_was_edited_is_an_edit(both: Kit) -> None:
    """What somebody wrote as the name arrives in the collection."""
    both.deploy("skill:two-look")
    write(both.project / SKILL / "SKILL.md", f"{HEAD.format('mine')}two\nname: look\n")
    both.run("adopt", "skill:two-look", "--from", both.project)
    assert "name: mine\n" in (both.collection / "skills/two-look/SKILL.md").read_text()


def test_an_undeploy_leaves_nothing_and_is_undone_to_the_byte(both_stored: Kit) -> None:
    """Also where the database has no such bytes as a version."""
    both_stored.deploy(*IDS)
    before, hashes = tree(both_stored.project / ".claude"), record(both_stored)
    both_stored.run("undeploy", *IDS, "--to", both_stored.project)
    assert not (both_stored.project / ".claude").exists()
    both_stored.run("undo")
    after = tree(both_stored.project / ".claude")
    assert {k: v for k, v in after.items() if "skillmeat" not in k} == {
        k: v for k, v in before.items() if "skillmeat" not in k
    }
    assert {n: e["content_hash"] for n, e in record(both_stored).items()} == {
        n: e["content_hash"] for n, e in hashes.items()
    }
    assert set(states(both_stored).values()) == {"synced"}


def test_what_a_source_changes_is_deployed_under_the_name(both: Kit, tmp_path: Path) -> None:
    """Also one file of many; the record follows, and an undo brings back what there was."""
    both.deploy(*IDS)
    before = record(both)["two-look"]["content_hash"]
    write(tmp_path / "from/two/skills/look/Z.md", "new\n")
    both.run("collect", tmp_path / "from/two")
    assert set(states(both).values()) == {"synced", "outdated"}
    assert both.deploy()["written"] == [f"{SKILL}/Z.md"]
    now = record(both)["two-look"]["content_hash"]
    assert now == folder_tree(both.project / SKILL).skillmeat_hash != before
    both.run("undo")
    assert record(both)["two-look"]["content_hash"] == before
    assert (both.project / SKILL / "Z.md").read_text() == "two\n"


@pytest.mark.parametrize("lost", [(), ("deployed.toml",)])
def test_a_clone_proves_it_by_content(
    both: Kit, own_state: Path, tmp_path: Path, lost: tuple[str, ...]
) -> None:
    """By `deployed.toml`, or by SkillMeat's record and the collection alone."""
    both.deploy(*IDS)
    there = tmp_path / "clone"
    names = ("ledger.json", "lock", "outbox", "tx", ".git*", *lost)
    shutil.copytree(both.project, there, symlinks=True, ignore=shutil.ignore_patterns(*names))
    (own_state / "holdall/journal.key").unlink()
    assert set(states(both, there).values()) == {"synced"}
    if not lost:
        write(tmp_path / "from/two/skills/look/SKILL.md", f"{HEAD.format('look')}new\n")
        both.run("collect", tmp_path / "from/two")
        both.run("deploy", "--to", there)
        assert (there / SKILL / "SKILL.md").read_text() == f"{HEAD.format('two-look')}new\n"
    both.run("undeploy", *IDS, "--to", there)
    assert not (there / SKILL).exists()
    assert not (there / AGENT).exists()


def test_a_name_of_its_own_stays(tmp_path: Path, own_state: Path) -> None:
    """What nobody else has, keeps what its source says, however it is spelled."""
    del own_state
    kit = new_kit(tmp_path / "all")
    root = source(tmp_path, "one", skill="Another Look", agent="The Judge")
    kit.run("collect", root, status=None)
    kit.deploy("composite:one")
    assert "name: Another Look\n" in (kit.project / ".claude/skills/look/SKILL.md").read_text()
    assert "name: The Judge\n" in (kit.project / ".claude/agents/The-Judge.md").read_text()


def test_an_old_version_has_the_present_name(both: Kit, tmp_path: Path) -> None:
    """Of what was renamed by a source or by hand."""
    write(tmp_path / "from/two/skills/look/Z.md", "new\n")
    both.run("collect", tmp_path / "from/two")
    both.run("rename", "skill:look", "gaze")
    both.deploy("skill:two-look@1", "skill:gaze@1")
    for name in ("two-look", "gaze"):
        assert f"\nname: {name}\n" in (
            (both.project / ".claude/skills" / name / "SKILL.md").read_text()
        )
    assert set(states(both).values()) == {"synced"}
    assert unchanged(both)


def test_an_edit_of_what_was_renamed_since(both: Kit) -> None:
    """It is adopted under the new name, without a conflict."""
    both.deploy("skill:two-look")
    both.run("rename", "skill:two-look", "gaze")
    write(both.project / SKILL / "SKILL.md", f"{HEAD.format('two-look')}better\n")
    both.run("adopt", "skill:two-look", "--from", both.project)
    assert (
        both.collection / "skills/gaze/SKILL.md"
    ).read_text() == f"{HEAD.format('gaze')}better\n"
    both.deploy()
    assert not (both.project / SKILL).exists()


def test_an_agent_whose_file_has_the_deployed_name(tmp_path: Path, own_state: Path) -> None:
    """Its head says it as well, although its file looks as if nothing had changed."""
    del own_state
    kit = new_kit(tmp_path / "all")
    for name in ("one", "two"):
        root = source(tmp_path, name)
        (root / "agents/judge.md").rename(root / f"agents/{name}-judge.md")
        kit.run("collect", root)
    kit.deploy("composite:one", "composite:two")
    assert "\nname: two-judge\n" in (kit.project / AGENT).read_text()
    assert "\nname: judge\n" in (kit.project / ".claude/agents/judge.md").read_text()


def test_another_collection_as_the_source(both: Kit, tmp_path: Path) -> None:
    """What got its name there has it here, too, in its place and its head."""
    second = new_kit(tmp_path / "second")
    second.run("collect", both.collection, status=None)
    second.deploy("skill:look", *IDS)
    heads = {
        name: (second.project / path).read_text().splitlines()[2]
        for name, path in (("look", ".claude/skills/look/SKILL.md"), ("two-judge", AGENT))
    }
    assert heads == {"look": "name: look", "two-judge": "name: two-judge"}
    assert "\nname: two-look\n" in (second.project / SKILL / "SKILL.md").read_text()


def test_a_command_in_a_folder_for_agents_without_folders(tmp_path: Path, own_state: Path) -> None:
    """It is found there under one name, adopted, and removed without a trace."""
    del own_state
    kit = new_kit(tmp_path / "all")
    for name in ("one", "two"):
        root = tmp_path / name
        write(root / ".claude-plugin/plugin.json", f'{{"name": "{name}"}}')
        write(root / "commands/help.md", f"---\ndescription: {name}\n---\n{name}\n")
        kit.run("collect", root)
    targets = ("claude", "cursor", "copilot", "windsurf", "opencode", "gemini")
    kit.deploy("command:one:help", "command:two:help", *(f"--target={name}" for name in targets))
    places = {path for path in tree(kit.project) if "help" in path}
    assert places == {
        *(".claude/commands/one/help.md", ".claude/commands/two/help.md"),
        *(".cursor/commands/one-help.md", ".cursor/commands/two-help.md"),
        *(".github/skills/one-help/SKILL.md", ".github/skills/two-help/SKILL.md"),
        *(".windsurf/workflows/one-help.md", ".windsurf/workflows/two-help.md"),
        *(".opencode/commands/one/help.md", ".opencode/commands/two/help.md"),
        *(".gemini/commands/one/help.toml", ".gemini/commands/two/help.toml"),
    }
    assert set(states(kit).values()) == {"synced"}
    write(kit.project / ".cursor/commands/two-help.md", "better\n")
    kit.run("adopt", "command:two:help", "--from", kit.project, "--target", "cursor")
    assert (kit.collection / "commands/two/help.md").read_text() == "better\n"
    kit.deploy()
    assert (kit.project / ".windsurf/workflows/two-help.md").read_text() == "better\n"
    kit.run("undeploy", "command:one:help", "command:two:help", "--to", kit.project)
    assert not any((kit.project / name).exists() for name in (".cursor", ".github", ".windsurf"))
