"""What lies in a project: record and ledger, written by us, by SkillMeat, or by an enemy."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from holdall.collection.collection import Collection
from holdall.deploy.planning import records
from holdall.deploy.project.ledger import Ledger, parse_ledger, render_ledger
from holdall.deploy.project.project import read_project
from holdall.deploy.project.skillmeat_record import parse_record, render_record
from holdall.deploy.status import status_of
from holdall.deploy.targets import BUILTIN_TARGETS
from holdall.errors import (
    ConflictError,
    HoldallError,
    InputError,
    NotFoundError,
    TooLargeError,
    UsageError,
)
from holdall.files.root import Root
from holdall.files.tree import folder_tree
from host_factories import (
    deploy,
    make_collection,
    make_command,
    make_project,
    make_skill,
    opened,
    refresh,
    snapshot,
    undeploy,
)

pytestmark = pytest.mark.integration

RECORD = ".claude/.skillmeat-deployed.toml"
LEDGER = ".holdall/ledger.json"
SHARED = ".holdall/deployed.toml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A collection with the skills a and b and a command."""
    root = make_collection(tmp_path / "kit", "a", "b")
    make_command(root, "c")
    refresh(root)
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with files of its own."""
    return make_project(tmp_path / "project")


def entry_text(name: str, sha: str, /, **values: Any) -> str:
    """Return a record entry as SkillMeat 0.74 writes it; None leaves a key out."""
    table = {
        "artifact_name": name,
        "artifact_type": "skill",
        "from_collection": "default",
        "deployed_at": "2026-11-20T23:47:53.644170",
        "artifact_path": f"skills/{name}",
        "content_hash": sha,
        "collection_sha": sha,
        "local_modifications": False,
        "merge_base_snapshot": sha,
        "deployment_profile_id": "claude_code",
        "platform": "claude_code",
        "profile_root_dir": ".claude",
        **values,
    }
    lines = [f"{k} = {json.dumps(v)}\n" for k, v in table.items() if v is not None]
    return "[[deployed]]\n" + "".join(lines)


def deploy_like_skillmeat(root: Path, project: Path, name: str, **values: Any) -> Path:
    """Copy a skill and record it as SkillMeat would; return the skill's folder."""
    folder = project / ".claude/skills" / name
    shutil.copytree(root / "skills" / name, folder)
    with (project / RECORD).open("a") as file:
        file.write(entry_text(name, folder_tree(folder).skillmeat_hash, **values))
    return folder


def tables(project: Path) -> list[dict[str, Any]]:
    """Return the record's entries."""
    found: list[dict[str, Any]] = tomllib.loads((project / RECORD).read_text())["deployed"]
    return found


def states(project: Path, collection: Collection | None) -> dict[str, str]:
    """Return the state of everything deployed."""
    with Root(project) as root:
        read = read_project(root, BUILTIN_TARGETS.values(), BUILTIN_TARGETS, collection)
        return {str(s.id): s.state.value for s in status_of(read, collection)}


def test_the_record_is_what_skillmeat_reads(root: Path, project: Path) -> None:
    """Every key of its format, the hash of its algorithm; no UUID that nobody gave."""
    deploy(root, project, "skill:a", "command:c")
    first, second = tables(project)
    sha = folder_tree(root / "skills/a").skillmeat_hash
    assert first == {
        "artifact_name": "a",
        "artifact_type": "skill",
        "from_collection": "kit",
        "deployed_at": first["deployed_at"],
        "artifact_path": "skills/a",
        "content_hash": sha,
        "collection_sha": sha,
        "local_modifications": False,
        "merge_base_snapshot": sha,
        "deployment_profile_id": "claude_code",
        "platform": "claude_code",
        "profile_root_dir": ".claude",
    }
    assert second["artifact_path"] == "commands/c.md"


def test_a_lost_ledger_is_rebuilt_from_the_record(root: Path, project: Path) -> None:
    """Update and undeploy go on as if it had been there."""
    before = snapshot(project, times=False)
    deploy(root, project, "skill:a", "skill:b")
    (project / LEDGER).unlink()
    assert states(project, opened(root)) == {"skill:a": "synced", "skill:b": "synced"}
    deploy(root, project)
    (project / LEDGER).unlink()
    undeploy(root, project, "skill:a", "skill:b")
    assert snapshot(project, times=False) == before


def test_without_ledger_and_versions_an_old_content_is_not_replaced(
    root: Path, project: Path
) -> None:
    """Nothing proves then that it was Holdall's: by force it is replaced, and kept as a backup."""
    deploy(root, project, "skill:a")
    old = (project / ".claude/skills/a/SKILL.md").read_bytes()
    (project / LEDGER).unlink()
    make_skill(root, "a", "new")
    refresh(root)
    with pytest.raises(HoldallError, match="in no version that is known here"):
        deploy(root, project)
    forced = deploy(root, project, force=True)
    assert forced.outcome is not None
    ((path, backup),) = forced.outcome.backups
    assert path == ".claude/skills/a/SKILL.md"
    assert (project / backup).read_bytes() == old
    assert "new" in (project / ".claude/skills/a/SKILL.md").read_text()


def test_a_lost_ledger_does_not_hide_an_edit(root: Path, project: Path) -> None:
    """A file that is not what the record says is nobody's: never replaced, never deleted."""
    deploy(root, project, "skill:a")
    (project / LEDGER).unlink()
    (project / SHARED).unlink()
    edited = project / ".claude/skills/a/SKILL.md"
    edited.write_text("edited here")
    assert states(project, opened(root)) == {"skill:a": "unknown"}
    with pytest.raises(HoldallError):
        deploy(root, project, "skill:a")
    assert edited.read_text() == "edited here"
    result = undeploy(root, project, "skill:a")
    assert any("skill:a" in warning for warning in result.warnings)
    assert edited.read_text() == "edited here"
    assert not (project / RECORD).exists()


def test_a_lost_record_is_written_again(root: Path, project: Path) -> None:
    """The ledger knows what lies there."""
    deploy(root, project, "skill:a")
    (project / RECORD).unlink()
    deploy(root, project)
    assert [table["artifact_name"] for table in tables(project)] == ["a"]


def test_what_skillmeat_deployed_is_known(root: Path, project: Path) -> None:
    """Synced, updated and undeployed like our own, with only the required keys too."""
    optional = dict.fromkeys(
        ("collection_sha", "local_modifications", "merge_base_snapshot", "platform"), None
    )
    deploy_like_skillmeat(root, project, "a", **optional)
    deploy_like_skillmeat(root, project, "b", content_hash=None)
    assert states(project, opened(root)) == {"skill:a": "synced", "skill:b": "synced"}
    make_skill(root, "a", "new")
    refresh(root)
    assert states(project, opened(root))["skill:a"] == "outdated"
    deploy(root, project, "skill:a", force=True)
    assert "new" in (project / ".claude/skills/a/SKILL.md").read_text()
    undeploy(root, project, "skill:a", "skill:b")
    assert not (project / ".claude/skills/a").exists()
    assert (project / ".claude/skills/mine/SKILL.md").exists()


def test_other_peoples_keys_stay(root: Path, project: Path) -> None:
    """In entries that we deploy over, and wholly in those that we do not touch."""
    deploy_like_skillmeat(root, project, "a", branch_name="main", theirs=[1, 2])
    deploy_like_skillmeat(
        root, project, "b", local_modifications=True, merge_base_snapshot="5" * 64, theirs="x"
    )
    before = tables(project)
    deploy(root, project, "skill:a", "command:c")
    after = {table["artifact_name"]: table for table in tables(project)}
    assert after["b"] == before[1]
    assert after["a"]["theirs"] == [1, 2]
    assert after["a"]["branch_name"] == "main"
    undeploy(root, project, "skill:a", "command:c")
    assert tables(project) == [before[1]]


def test_an_entry_that_is_there_twice_is_one(root: Path, project: Path) -> None:
    """Neither an update nor an undeploy stumbles over it."""
    deploy_like_skillmeat(root, project, "a")
    with (project / RECORD).open("a") as file:
        file.write((project / RECORD).read_text())
    deploy(root, project, "skill:a")
    assert len(tables(project)) == 1
    with (project / RECORD).open("a") as file:
        file.write((project / RECORD).read_text())
    (project / LEDGER).unlink()
    undeploy(root, project, "skill:a")
    assert not (project / ".claude/skills/a").exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('artifact_path = "skills/a"', 'artifact_path = "../a"', "number 1: unsafe path '../a'"),
        ('artifact_path = "skills/a"', 'artifact_path = "/etc/x"', "number 1: unsafe path"),
        ('artifact_path = "skills/a"', "", "number 1 lacks the key 'artifact_path'"),
        ('artifact_type = "skill"', "", "number 1 lacks the key 'artifact_type'"),
        ('artifact_name = "a"', 'artifact_name = ".."', "number 1: unsafe path '..'"),
        ("[[deployed]]", "deployed = 3\n[[x]]", "deployed is not an array of tables"),
        ("[[deployed]]", "[[deployed", "not valid TOML"),
        ("[[deployed]]", "x = " + "[" * 100_000, "not valid TOML"),
    ],
)
def test_a_record_that_cannot_be_understood_stops_everything(
    root: Path, project: Path, old: str, new: str, told: str
) -> None:
    """The error names the file and the entry; nothing is written."""
    deploy_like_skillmeat(root, project, "a")
    text = (project / RECORD).read_text()
    assert old in text
    (project / RECORD).write_text(text.replace(old, new, 1))
    before = snapshot(project)
    for run in (deploy, undeploy):
        with pytest.raises(InputError) as caught:
            run(root, project, "skill:a")
        assert ".skillmeat-deployed.toml" in caught.value.message
        assert told in caught.value.message
        assert caught.value.hint
    assert snapshot(project) == before


@pytest.mark.parametrize("path", ["settings.json", "skills", "hooks/x.json", "skills/mine"])
def test_a_record_cannot_claim_what_no_artifact_is(root: Path, project: Path, path: str) -> None:
    """The agent's settings, a whole folder, another type's or skill's place are not a skill's."""
    (project / ".claude/hooks").mkdir()
    (project / ".claude/hooks/x.json").write_text("{}")
    location = project / ".claude" / path
    tree = folder_tree(location) if location.is_dir() else None
    sha = tree.skillmeat_hash if tree else _sha256(location)
    (project / RECORD).write_text(entry_text("a", sha, artifact_path=path))
    before = snapshot(project / ".claude", without=[".skillmeat-deployed.toml"], times=False)
    deploy(root, project, "skill:a")
    undeploy(root, project, "skill:a")
    after = snapshot(project / ".claude", without=[".skillmeat-deployed.toml"], times=False)
    assert after == before


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


LEDGERS = [
    "",
    "[]",
    "3",
    "null",
    "{",
    '{"format": 2}',
    '{"format": 1}',
    "[" * 100_000,
    '{"format": 1, "deployed": [], "requests": {"x": null}, "folders": []}',
    '{"format": 1, "deployed": [], "requests": {"skill:a": 3}, "folders": []}',
    '{"format": 1, "deployed": [], "requests": [], "folders": ["../x"]}',
    '{"format": 1, "deployed": [], "requests": {}, "folders": ["/etc"]}',
    '{"format": 1, "deployed": [3], "requests": {}, "folders": []}',
]


@pytest.mark.parametrize("text", LEDGERS)
def test_a_ledger_that_cannot_be_understood_stops_everything(
    root: Path, project: Path, text: str
) -> None:
    """The error names the file and says what to do; nothing is written."""
    deploy(root, project, "skill:a")
    (project / LEDGER).write_text(text)
    before = snapshot(project, without=["lock"])
    for run in (deploy, undeploy):
        with pytest.raises(InputError, match=r"ledger\.json") as caught:
            run(root, project, "skill:a")
        assert caught.value.hint
    assert snapshot(project, without=["lock"]) == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", "x"),
        ("id", "skill:../x"),
        ("target", []),
        ("uuid", 3),
        ("collection", None),
        ("content_hash", {}),
        ("wanted_by", ["x"]),
        ("wanted_by", 3),
        ("files", {"../../etc/passwd": ["f", "-", "0" * 64]}),
        ("files", {"/etc/passwd": ["f", "-", "0" * 64]}),
        ("files", {"x": ["d", "-", "0" * 64]}),
        ("files", {"x": ["f", "-", []]}),
        ("files", {"x": "f"}),
        ("files", ["x"]),
    ],
)
def test_hostile_entries_in_a_ledger_are_refused(
    root: Path, project: Path, key: str, value: object
) -> None:
    """No shape of value is a crash, no path leads out of the project."""
    deploy(root, project, "skill:a")
    document = json.loads((project / LEDGER).read_text())
    document["deployed"][0][key] = value
    (project / LEDGER).write_text(json.dumps(document))
    before = snapshot(project, without=["lock"])
    with pytest.raises(InputError, match=r"ledger\.json: not a Holdall ledger"):
        undeploy(root, project, "skill:a")
    assert snapshot(project, without=["lock"]) == before


@pytest.mark.parametrize("path", [".git/config", ".holdall/lock", "src/main.py"])
def test_a_ledger_cannot_claim_other_files(root: Path, project: Path, path: str) -> None:
    """A ledger that came with a repository must not make undeploy delete the project's files."""
    (project / ".git").mkdir()
    (project / ".git/config").write_text("[core]\n")
    deploy(root, project, "skill:a")
    document = json.loads((project / LEDGER).read_text())
    mode = "x" if path == "src/main.py" else "-"
    document["deployed"][0]["files"][path] = ["f", mode, _sha256(project / path)]
    (project / LEDGER).write_text(json.dumps(document))
    kept = (project / path).read_bytes()
    with pytest.raises(HoldallError):
        undeploy(root, project, "skill:a")
    assert (project / path).read_bytes() == kept


@pytest.mark.parametrize("name", [RECORD, LEDGER])
def test_a_record_that_is_no_file_is_refused(root: Path, project: Path, name: str) -> None:
    """A link, a folder, or bytes that are no text."""
    deploy(root, project, "skill:a")
    path = project / name
    good = path.read_bytes()
    path.write_bytes(b"\xff")
    with pytest.raises(InputError, match="not valid UTF-8"):
        deploy(root, project, "skill:a")
    (project / "elsewhere").write_bytes(good)
    path.unlink()
    path.symlink_to(project / "elsewhere")
    with pytest.raises(HoldallError):
        deploy(root, project, "skill:b")
    path.unlink()
    path.mkdir()
    with pytest.raises(ConflictError):
        deploy(root, project, "skill:b")
    assert (project / "elsewhere").read_bytes() == good


def test_a_ledger_is_read_back(root: Path, project: Path) -> None:
    """And written in a stable order."""
    deploy(root, project, "skill:b", "skill:a")
    text = (project / LEDGER).read_text()
    assert render_ledger(parse_ledger(text, "x")) == text
    assert parse_ledger(render_ledger(Ledger()), "x") == Ledger()


def test_a_record_is_read_back() -> None:
    """An empty one too, in the form that SkillMeat writes."""
    text = entry_text("a", "1" * 64, theirs={"x": 1}.get("y", "z"), uuid="u")
    (entry,) = parse_record(text, "x")
    assert parse_record(render_record([entry]), "x") == [entry]
    assert render_record([]) == "deployed = []\n"
    assert parse_record("deployed = []\n", "x") == parse_record("", "x") == []


def test_the_states_of_a_project(root: Path, project: Path) -> None:
    """Edited, missing, outdated, removed, renamed: each has its word."""
    deploy(root, project, "skill:a", "skill:b", "command:c")
    assert set(states(project, opened(root)).values()) == {"synced"}
    assert set(states(project, None).values()) == {"synced"}
    make_skill(root, "a", "new")
    shutil.rmtree(root / "skills/b")
    refresh(root)
    assert states(project, opened(root)) == {
        "skill:a": "outdated",
        "skill:b": "removed",
        "command:c": "synced",
    }
    (project / ".claude/skills/a/SKILL.md").write_text("edited")
    (project / ".claude/commands/c.md").unlink()
    with Root(project) as opened_root:
        read = read_project(opened_root, BUILTIN_TARGETS.values(), BUILTIN_TARGETS, opened(root))
        found = {str(s.id): s for s in status_of(read, opened(root))}
    assert found["skill:a"].state == found["command:c"].state == "modified"
    assert found["skill:a"].files[0].change == "edited"
    assert found["command:c"].to_json()["files"] == [
        {"path": ".claude/commands/c.md", "change": "missing"}
    ]


def test_names_in_a_project(root: Path, project: Path) -> None:
    """Resolved against what lies there, whatever the collection has."""
    make_command(root, "a")
    refresh(root)
    deploy(root, project, "skill:a", "command:a")
    with pytest.raises(UsageError, match="command:a, skill:a"):
        undeploy(root, project, "a")
    with pytest.raises(NotFoundError):
        undeploy(root, project, "b")


@pytest.mark.parametrize("limit", ["MAX_LEDGER_BYTES", "MAX_RECORD_BYTES", "MAX_SHARED_BYTES"])
def test_what_could_not_be_read_again_is_not_written(
    root: Path, project: Path, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deploy that would make a file of its own too large is refused before anything changes."""
    before = snapshot(project)
    monkeypatch.setattr(records, limit, 100)
    with pytest.raises(TooLargeError, match="would be larger"):
        deploy(root, project, "skill:a")
    assert snapshot(project) == before


def test_a_ledger_may_be_of_half_a_million_files(root: Path, project: Path) -> None:
    """It may be larger than 64 MB: that of 500,000 files has 112."""
    deploy(root, project, "skill:a")
    ledger = project / LEDGER
    with ledger.open("a") as file:
        file.write(" " * (65 << 20))
    read = read_project(Root(project), [], BUILTIN_TARGETS, None)
    assert len(read.ledger.deployed) == 1
