"""Taking edits from a project back into the collection, on both databases."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import SAMPLE, Kit, tree
from holdall.deploy.targets import BUILTIN_TARGETS
from holdall.errors import StorageError
from holdall.operations.adopt import Adopter
from holdall.operations.deploy import Deployer
from holdall.operations.write_collection import edit_collection
from holdall.transaction.apply import Application
from host_factories import deploy, make_collection, make_project, session_of

pytestmark = [pytest.mark.integration, pytest.mark.with_sample("composite:writing")]

CHANGELOG = ".claude/skills/changelog"
MARKS = ("<<<<<<<", "=======", ">>>>>>>")


def adopt(kit: Kit, *words: str, status: int = 0) -> Any:
    """Adopt from the project."""
    return kit.json("adopt", *words, "--from", kit.project, status=status)


def refused(kit: Kit, *words: str, status: int = 3) -> str:
    """Adopt what is refused, and return what is said; nothing is written."""
    before = tree(kit.collection), tree(kit.project), ledger(kit)
    done = kit.command("adopt", *words, "--from", kit.project)
    assert done.returncode == status, done.stdout + done.stderr
    assert (tree(kit.collection), tree(kit.project), ledger(kit)) == before
    return done.stderr


def ledger(kit: Kit) -> str:
    """Return the project's ledger."""
    return (kit.project / ".holdall/ledger.json").read_text()


def states(kit: Kit) -> dict[str, str]:
    """Return the state of what is deployed, by id."""
    done = kit.command("status", "--to", kit.project, "--json")
    return {found["id"]: found["state"] for found in json.loads(done.stdout)["deployed"]}


def edit(kit: Kit) -> None:
    """Edit, add, delete and make executable by hand what lies in the project."""
    skill = kit.project / CHANGELOG
    (skill / "SKILL.md").write_text("---\nname: changelog\ndescription: better\n---\nmine\n")
    (skill / "notes/deep").mkdir(parents=True)
    (skill / "notes/deep/a.md").write_text("added\n")
    (skill / "scripts/since-last-tag.sh").unlink()
    (skill / "scripts/new.sh").write_text("#!/bin/sh\n")
    (skill / "scripts/new.sh").chmod(0o755)
    (skill / "notes/link").symlink_to("deep/a.md")


def test_an_edit_becomes_the_newest_version(kit: Kit) -> None:
    """Files, modes and links, added and deleted ones too; the project is unedited afterwards."""
    edit(kit)
    assert states(kit)["skill:changelog"] == "modified"
    there = tree(kit.project)
    would = adopt(kit, "skill:changelog", "--dry-run")
    assert would["transaction"] is None
    assert states(kit)["skill:changelog"] == "modified"
    done = adopt(kit, "skill:changelog")
    assert done["adopted"] == would["adopted"] != []
    assert tree(kit.collection / "skills/changelog") == tree(kit.project / CHANGELOG)
    assert (kit.collection / "skills/changelog/notes/link").is_symlink()
    changed = {p: b for p, b in tree(kit.project).items() if there[p] != b}
    assert set(changed) == {".claude/.skillmeat-deployed.toml"}
    assert states(kit)["skill:changelog"] == "synced"
    versions = kit.json("versions", "skill:changelog")["versions"]
    assert [v["number"] for v in versions] == [0, 1]
    assert versions[1]["content_hash"] == done["adopted"][0]["content_hash"]
    assert adopt(kit, "skill:changelog")["unchanged"] == ["skill:changelog"]
    assert kit.json("doctor", "--deep")["findings"] == []
    assert kit.deploy()["written"] == []


def test_an_undeploy_takes_what_was_adopted(kit: Kit) -> None:
    """Files and folders that people added are Holdall's once they are adopted."""
    edit(kit)
    adopt(kit, "skill:changelog")
    kit.run("undeploy", "writing", "--to", kit.project)
    assert not (kit.project / CHANGELOG).exists()


def test_an_undo_turns_both_halves_back(kit: Kit) -> None:
    """The collection has what it had, and the edit in the project is an edit again."""
    before, there, known = tree(kit.collection), tree(kit.project), ledger(kit)
    edit(kit)
    edited = tree(kit.project)
    adopt(kit, "skill:changelog")
    log = kit.json("log")["operations"]
    assert [o["command"] for o in log[:2]] == ["adopt", "adopt"]
    after = tree(kit.collection)
    kit.run("undo")
    assert tree(kit.collection) == before
    assert states(kit)["skill:changelog"] == "modified"
    assert json.loads(ledger(kit))["deployed"] == json.loads(known)["deployed"]
    assert {**tree(kit.project), **_record(there)} == {**edited, **_record(there)}
    kit.run("redo")
    assert tree(kit.collection) == after
    assert states(kit)["skill:changelog"] == "synced"
    assert kit.json("doctor", "--deep")["findings"] == []


def _record(files: dict[str, tuple[bytes, bool]]) -> dict[str, tuple[bytes, bool]]:
    """Return the deployed record, whose times differ."""
    return {path: data for path, data in files.items() if path.endswith("deployed.toml")}


def test_a_collections_own_folder_is_a_project_too(kit: Kit) -> None:
    """Adopting from there and undoing that do not wait for themselves."""
    kit.project = kit.collection
    kit.deploy("composite:writing", status=1)
    edit(kit)
    edited = tree(kit.collection)
    adopt(kit, "skill:changelog")
    assert tree(kit.collection / "skills/changelog") == tree(kit.project / CHANGELOG)
    assert states(kit)["skill:changelog"] == "synced"
    kit.run("undo")
    assert {**tree(kit.collection), **_record(edited)} == edited
    assert states(kit)["skill:changelog"] == "modified"
    kit.run("redo")
    assert states(kit)["skill:changelog"] == "synced"
    assert kit.json("doctor", "--deep")["findings"] == []


def test_the_collection_half_brings_the_project_half(kit: Kit) -> None:
    """An undo that names one operation of an adoption turns the other one back, too."""
    edit(kit)
    adopt(kit, "skill:changelog")
    number = kit.json("log")["operations"][1]["number"]
    undone = kit.json("undo", "--operation", str(number))["undone"]
    assert [o["project"] is None for o in undone] == [False, True]
    assert states(kit)["skill:changelog"] == "modified"


def test_a_composite_brings_what_was_edited_of_it(kit: Kit) -> None:
    """Several artifacts in one transaction, single files among them; the others are named."""
    edit(kit)
    (kit.project / ".claude/agents/editor.md").write_text("---\nname: editor\n---\nmine\n")
    done = adopt(kit, "writing")
    assert {one["id"] for one in done["adopted"]} == {"skill:changelog", "agent:editor"}
    assert set(done["unchanged"]) == {"skill:plain-prose", "command:writing:shorten"}
    assert (kit.collection / "agents/editor.md").read_text().endswith("mine\n")
    assert set(states(kit).values()) == {"synced"}


def change(kit: Kit, old: str, new: str) -> None:
    """Change a line of the collection's own copy, as a new version."""
    ours = kit.collection / "skills/changelog/SKILL.md"
    assert old in ours.read_text()
    ours.write_text(ours.read_text().replace(old, new))
    kit.run("collect")


def change_there(kit: Kit, old: str, new: str) -> Path:
    """Change a line of what is deployed; return the file."""
    there = kit.project / CHANGELOG / "SKILL.md"
    assert old in there.read_text()
    there.write_text(there.read_text().replace(old, new))
    return there


@pytest.mark.parametrize("collects", [True, False])
def test_what_changed_in_the_collection_since_is_merged(kit: Kit, collects: bool) -> None:
    """By files and lines, in the collection and in the project, which one undo takes back."""
    there = change_there(kit, "Use when", "Use whenever")
    (kit.project / CHANGELOG / "mine.md").write_text("mine\n")
    ours = kit.collection / "skills/changelog"
    head = ours / "SKILL.md"
    head.write_text(head.read_text() + "Newer.\n")
    (ours / "newer.md").write_text("newer\n")
    if collects:
        kit.run("collect")
    before, known = (tree(kit.collection / "skills"), tree(kit.project)), states(kit)
    would = adopt(kit, "skill:changelog", "--dry-run")
    assert would["adopted"][0]["merged"]
    assert (tree(kit.collection / "skills"), tree(kit.project)) == before
    done = adopt(kit, "skill:changelog")
    assert done["written"] == would["written"] != []
    text = there.read_text()
    assert "Use whenever" in text and text.endswith("Newer.\n")
    assert tree(ours) == tree(kit.project / CHANGELOG)
    assert {"mine.md", "newer.md"} <= {path.name for path in ours.iterdir()}
    assert f"{CHANGELOG}/SKILL.md" in done["project_backups"]
    assert states(kit)["skill:changelog"] == "synced"
    assert kit.json("doctor", "--deep")["findings"] == []
    after = tree(ours), tree(kit.project / CHANGELOG)
    if not collects:  # no version has it
        assert (kit.collection / done["backups"]["skills/changelog/SKILL.md"]).exists()
        return
    for _ in range(2):
        kit.run("undo")
        found = tree(kit.project)
        assert tree(kit.collection / "skills") == before[0]
        assert {**found, **_record(before[1])} == before[1]
        assert states(kit) == known
        kit.run("redo")
        assert (tree(ours), tree(kit.project / CHANGELOG)) == after


def test_the_same_lines_are_a_conflict(kit: Kit, tmp_path: Path) -> None:
    """It is told by file and line, and nothing is written; a side, or a copy, decides."""
    change_there(kit, "# Change log", "mine")
    change(kit, "# Change log", "theirs")
    said = refused(kit, "skill:changelog")
    assert f"edited in the project, and changed in the collection: {CHANGELOG}/SKILL.md" in said
    assert "(line 6 here, line 6 there)" in said and "--ours" in said
    refused(kit, "skill:changelog", "--copy", str(tmp_path / "copy"))
    marked = tmp_path / "copy/project" / CHANGELOG / "SKILL.md"
    refused(kit, "skill:changelog", "--copy", str(tmp_path / "copy"))
    lines = [line for line in marked.read_text().split("\n") if line[:7] not in MARKS]
    marked.write_text("\n".join(lines))
    adopt(kit, "skill:changelog", "--copy", str(tmp_path / "copy"))
    assert tree(kit.collection / "skills/changelog") == tree(kit.project / CHANGELOG)
    assert "mine" in (kit.project / CHANGELOG / "SKILL.md").read_text()
    kit.run("undo")
    assert states(kit)["skill:changelog"] == "modified"
    adopt(kit, "skill:changelog", "--theirs")
    assert "theirs" in (kit.project / CHANGELOG / "SKILL.md").read_text()
    assert states(kit)["skill:changelog"] == "synced"
    kit.run("undo")
    assert states(kit)["skill:changelog"] == "modified"
    done = adopt(kit, "skill:changelog", "--ours")
    assert (kit.collection / done["backups"]["skills/changelog/SKILL.md"]).exists()
    assert "mine" in (kit.collection / "skills/changelog/SKILL.md").read_text()
    kit.run("restore", "skill:changelog", "1")
    assert "theirs" in (kit.collection / "skills/changelog/SKILL.md").read_text()


def test_what_the_merged_files_run_is_asked_about(kit: Kit) -> None:
    """The collection's newer version does not come into the project without consent."""
    change_there(kit, "# Change log", "# The change log")
    change(kit, "name: changelog\n", "name: changelog\nallowed-tools: Bash(rm:*)\n")
    assert "an agent would run or send this" in refused(kit, "skill:changelog")
    adopt(kit, "skill:changelog", "--allow-commands")
    assert states(kit)["skill:changelog"] == "synced"


def test_the_same_edit_in_the_collection_is_no_conflict(kit: Kit) -> None:
    """Whoever copied the files there by hand gets the rest done: a version, and the record."""
    edit(kit)
    shutil.rmtree(kit.collection / "skills/changelog")
    shutil.copytree(kit.project / CHANGELOG, kit.collection / "skills/changelog", symlinks=True)
    assert len(adopt(kit, "skill:changelog")["changes"]) == 1
    assert states(kit)["skill:changelog"] == "synced"
    assert kit.json("doctor", "--deep")["findings"] == []


def test_an_adoption_that_fails_in_the_project_changes_nothing(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collection is as it was, and the same command does it."""

    def stopped(*_: object) -> None:
        raise StorageError("stopped")

    edit(kit)
    before = tree(kit.collection)
    with monkeypatch.context() as patched:
        patched.setattr(Deployer, "finish", stopped)
        kit.run("adopt", "skill:changelog", "--from", kit.project, status=5)
    assert states(kit)["skill:changelog"] == "modified"
    assert tree(kit.collection) == before
    assert len(adopt(kit, "skill:changelog")["changes"]) == 1
    assert states(kit)["skill:changelog"] == "synced"


def test_every_agent_that_holds_the_edit_takes_note(kit: Kit) -> None:
    """Two agents that share a folder both know; one with a copy of its own is outdated."""
    kit.deploy("skill:changelog", "--target", "codex", "--target", "agents", "--target", "claude")
    edited = kit.project / ".agents/skills/changelog/SKILL.md"
    edited.write_text("---\nname: changelog\ndescription: x\n---\nmine\n")
    assert len(adopt(kit, "skill:changelog")["adopted"]) == 1
    done = kit.command("status", "--to", kit.project, "--json")
    found = {
        (f["target"], f["id"]): f["state"]
        for f in json.loads(done.stdout)["deployed"]
        if f["id"] == "skill:changelog"
    }
    assert {target: state for (target, _), state in found.items()} == {
        "codex": "synced",
        "agents": "synced",
        "claude": "outdated",
    }


def test_edits_in_two_ways_want_a_target(kit: Kit) -> None:
    """Which of them is meant cannot be told."""
    kit.deploy("skill:changelog", "--target", "cursor")
    for folder in (".claude", ".cursor"):
        path = kit.project / folder / "skills/changelog/SKILL.md"
        path.write_text(f"---\nname: changelog\ndescription: x\n---\n{folder}\n")
    assert "--target" in refused(kit, "skill:changelog", status=2)
    adopt(kit, "skill:changelog", "--target", "cursor")
    assert (kit.collection / "skills/changelog/SKILL.md").read_text().endswith(".cursor\n")


def test_what_the_collection_cannot_hold_is_refused_with_a_list(kit: Kit) -> None:
    """Links that lead out, a skill without its file, entries of settings, other forms, pins."""
    kit.run("deploy", "git-care", "--to", kit.project, "--allow-commands")
    kit.deploy("command:writing:shorten", "--target", "gemini")
    (kit.project / CHANGELOG / "out").symlink_to("/etc/passwd")
    (kit.project / ".claude/skills/plain-prose/SKILL.md").unlink()
    (kit.project / ".claude/skills/plain-prose/x.md").write_text("x")
    (kit.project / ".gemini/commands/writing/shorten.toml").write_text('prompt = "mine"\n')
    settings = kit.project / ".claude/settings.json"
    settings.write_text(settings.read_text().replace("command", "comand"))
    said = refused(kit, "writing", "git-care", "command:writing:shorten")
    assert "changelog/out: links outside the artifact" in said
    assert "SKILL.md is gone" in said
    assert "gemini has it in another form" in said
    assert "entries of settings files cannot be adopted" in said


def test_pinned_deployments_are_refused(kit: Kit) -> None:
    """The pin would not follow, so that the next deploy would take the edit away."""
    kit.run("composite", "pin", "writing", "skill:changelog")
    kit.deploy()
    edit(kit)
    assert "unpin it" in refused(kit, "skill:changelog")


def test_what_is_gone_or_unknown_is_refused(kit: Kit, tmp_path: Path) -> None:
    """Nothing lies there, nothing was deployed, or the collection does not have it."""
    (kit.project / ".claude/agents/editor.md").unlink()
    assert "is gone" in refused(kit, "agent:editor")
    assert "is not deployed" in refused(kit, "skill:nothing", status=4)
    kit.run("remove", "skill:changelog", "--force", status=1)
    edit(kit)
    assert "is not in the collection" in refused(kit, "skill:changelog", status=4)


def test_a_way_through_a_link_is_refused(kit: Kit, tmp_path: Path) -> None:
    """Files elsewhere are no edit of what was deployed."""
    elsewhere = tmp_path / "elsewhere"
    (kit.project / ".claude/skills").rename(elsewhere)
    (kit.project / ".claude/skills").symlink_to(elsewhere)
    (elsewhere / "changelog/SKILL.md").write_text("other\n")
    assert "symlink" in refused(kit, "skill:changelog")


def test_a_renamed_artifact_takes_the_edit_of_its_old_name(kit: Kit) -> None:
    """Its UUID says which one it is."""
    edit(kit)
    kit.run("rename", "skill:changelog", "news")
    assert adopt(kit, "changelog")["adopted"][0]["id"] == "skill:news"
    taken, there = tree(kit.collection / "skills/news"), tree(kit.project / CHANGELOG)
    head, is_executable = there.pop("SKILL.md")
    renamed = head.replace(b"name: changelog\n", b"name: news\n"), is_executable
    assert (taken.pop("SKILL.md"), taken) == (renamed, there)
    kit.deploy()
    assert tree(kit.project / ".claude/skills/news") == tree(kit.collection / "skills/news")
    assert not (kit.project / CHANGELOG).exists()


def test_what_only_the_record_names_is_adopted(kit: Kit) -> None:
    """SkillMeat deployed it, or the ledger was lost: the record says what was deployed."""
    (kit.project / ".holdall/ledger.json").unlink()
    (kit.project / ".holdall/deployed.toml").unlink()
    edit(kit)
    assert states(kit)["skill:changelog"] == "unknown"
    adopt(kit, "skill:changelog")
    assert states(kit)["skill:changelog"] == "synced"
    (kit.project / ".holdall/ledger.json").unlink()
    assert states(kit)["skill:changelog"] == "synced"


def test_the_source_is_not_forgotten(kit: Kit) -> None:
    """Collecting the source again keeps what was adopted, as any edit of the collection."""
    edit(kit)
    adopt(kit, "skill:changelog")
    done = kit.run("collect", SAMPLE)
    assert "conflict" not in done
    assert tree(kit.collection / "skills/changelog") == tree(kit.project / CHANGELOG)


def diff(kit: Kit, *words: str) -> list[str]:
    """Return the lines of the diff between what was deployed and what lies there."""
    done = kit.command("diff", *words, "--to", kit.project, "--json")
    lines: list[str] = json.loads(done.stdout)["diff"]
    assert done.returncode == (1 if lines else 0), done.stderr
    return lines


def test_a_diff_of_an_id_is_with_the_project_here(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing more has to be named in a project."""
    edit(kit)
    monkeypatch.chdir(kit.project)
    done = kit.command("diff", "changelog")
    assert done.returncode == 1 and "+mine" in done.stdout


def test_a_diff_shows_what_was_edited(kit: Kit) -> None:
    """Edited, added and deleted files, against what was deployed, whatever the collection has."""
    assert diff(kit, "skill:changelog") == []
    edit(kit)
    (kit.collection / "skills/changelog/SKILL.md").write_text("something else\n")
    kit.run("collect")
    lines = diff(kit, "skill:changelog")
    assert "--- skill:changelog as deployed/SKILL.md" in lines
    assert f"+++ {CHANGELOG}/SKILL.md" in lines
    assert "+mine" in lines
    assert f"+++ {CHANGELOG}/notes/deep/a.md" in lines
    assert "--- skill:changelog as deployed/scripts/since-last-tag.sh" in lines
    assert not any("something else" in line for line in lines)
    assert "-something else" in diff(kit, "skill:changelog@1")
    assert {line for line in lines if "shorten" in line} == set()
    assert diff(kit, "writing") == lines


def test_a_diff_of_single_and_converted_files_and_of_entries(kit: Kit) -> None:
    """A file has its own name, a converted one is compared in its form, entries as JSON."""
    kit.run("deploy", "git-care", "--to", kit.project, "--allow-commands")
    kit.deploy("command:writing:shorten", "--target", "gemini")
    assert diff(kit, "git-care") == diff(kit, "command:writing:shorten") == []
    with (kit.project / ".claude/agents/reviewer.md").open("a") as file:
        file.write("mine\n")
    with (kit.project / ".gemini/commands/writing/shorten.toml").open("a") as file:
        file.write("# mine\n")
    settings = kit.project / ".claude/settings.json"
    settings.write_text(settings.read_text().replace('"command"', '"comand"'))
    lines = diff(kit, "git-care")
    assert "+++ .claude/agents/reviewer.md" in lines
    assert any(line.startswith("--- .claude/settings.json: hooks.") for line in lines)
    found = diff(kit, "command:writing:shorten")
    assert [line for line in found if line.startswith("+")] == [
        "+++ .gemini/commands/writing/shorten.toml",
        "+# mine",
    ]


def test_a_diff_with_a_project_takes_one_id(kit: Kit) -> None:
    """Two versions and a project, or an artifact that is not there, are errors."""
    words = ("diff", "skill:changelog@0", "skill:changelog@0", "--to", kit.project)
    assert kit.command(*words).returncode == 2
    assert kit.command("diff", "skill:nothing", "--to", kit.project).returncode == 4


def test_an_edit_that_hides_text_is_refused(kit: Kit) -> None:
    """As by collect: an agent may have written it. Allowed, it is taken; a secret is told."""
    skill = kit.project / CHANGELOG / "SKILL.md"
    text = skill.read_text()
    skill.write_text(f"{text}\U000e0049\U000e0067\U000e006e\U000e006f\U000e0072\U000e0065\n")
    assert "has hidden text; --allow hidden-text" in refused(kit, "skill:changelog")
    assert "no diagnostic has the code" in refused(kit, "x", "--allow", "hidden", status=2)
    done = adopt(kit, "skill:changelog", "--allow", "hidden-text")
    assert (len(done["adopted"]), done["diagnostics"]) == (1, [])
    skill.write_text(f"{text}AKIA{'ABCD' * 4}\n")
    (told,) = adopt(kit, "skill:changelog", status=1)["diagnostics"]
    assert (told["code"], told["path"]) == ("likely-secret", f"{CHANGELOG}/SKILL.md")


def test_an_edit_of_the_collection_meanwhile_survives(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays, is reported, and counts as an edit of the collection."""
    edit(kit)
    ours = kit.collection / "skills/changelog/SKILL.md"
    real = Application.run

    def run(self: Application, actions: Any, *, again: bool) -> None:
        if any(action.path == "skills/changelog/SKILL.md" for action in actions):
            ours.write_text("in the last moment\n")
        real(self, actions, again=again)

    with monkeypatch.context() as patched:
        patched.setattr(Application, "run", run)
        done = kit.command("adopt", "skill:changelog", "--from", kit.project)
    assert done.returncode == 1
    assert "skills/changelog/SKILL.md changed meanwhile; your version was kept" in done.stderr
    assert ours.read_text() == "in the last moment\n"
    assert states(kit)["skill:changelog"] == "outdated"
    findings = kit.json("doctor", "--deep", status=1)["findings"]
    assert ("edited", "skill:changelog") in {(f["code"], f["subject"]) for f in findings}
    kit.run("collect")
    assert kit.json("doctor", "--deep")["findings"] == []


def test_nothing_is_called_deployed_that_is_not_kept(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as the database cannot take the bytes, the edit stays an edit."""
    edit(kit)
    before = tree(kit.collection)

    def deaf(*_: object, **__: object) -> None:
        raise StorageError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("holdall_composites.sync.save_versions.keep_deployed", deaf)
        kit.run("adopt", "skill:changelog", "--from", kit.project, status=5)
    assert tree(kit.collection) == before
    assert "modified" in kit.command("status", "--to", kit.project).stdout
    adopt(kit, "skill:changelog")
    assert states(kit)["skill:changelog"] == "synced"
    assert kit.json("doctor", "--deep")["findings"] == []


def test_without_versions_there_is_a_backup(tmp_path: Path) -> None:
    """Plugins are what keeps versions; without them what goes is kept all the same."""
    root, project = make_collection(tmp_path / "kit", "a"), make_project(tmp_path / "project")
    deploy(root, project, "skill:a")
    before = (root / "skills/a/SKILL.md").read_bytes()
    (project / ".claude/skills/a/SKILL.md").write_text("mine\n")
    with edit_collection(root, session_of()) as editor:
        adopter = Adopter(project, [BUILTIN_TARGETS["claude"]], session_of())
        ((path, backup),) = adopter.adopt(editor, ["skill:a"]).backups
    assert path == "skills/a/SKILL.md"
    assert (root / backup).read_bytes() == before


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("adopt", "skill:changelog", "--from"), 4),
        (("undeploy", "skill:changelog", "--to"), 4),
        (("deploy", "skill:changelog", "--dry-run", "--to"), 0),
        (("deploy", "--to"), 2),
    ],
)
def test_what_writes_nothing_leaves_nothing(
    kit: Kit, tmp_path: Path, words: tuple[str, ...], status: int
) -> None:
    """A project that was never used holds no trace of it."""
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    assert kit.command(*words, fresh).returncode == status
    assert list(fresh.iterdir()) == []


def test_what_only_others_may_run_is_not_executable(kit: Kit) -> None:
    """Status and adopt agree on a file that its owner may not run: as git says, no edit."""
    for mode in (0o654, 0o611, 0o645):
        (kit.project / CHANGELOG / "SKILL.md").chmod(mode)
        assert states(kit)["skill:changelog"] == "synced"
        assert adopt(kit, "skill:changelog")["unchanged"] == ["skill:changelog"]
    (kit.project / CHANGELOG / "SKILL.md").chmod(0o744)
    assert states(kit)["skill:changelog"] == "modified"
    assert adopt(kit, "skill:changelog")["adopted"]
