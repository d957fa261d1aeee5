"""What Holdall replaces or removes is proven to be its own: by its user's seal, or by content."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, new_kit
from holdall.files.tree import folder_tree
from host_factories import make_skill, make_source, write

pytestmark = pytest.mark.integration

LEDGER = ".holdall/ledger.json"
SETTINGS = ".claude/settings.json"
MINE = ".claude/skills/mine/SKILL.md"
OWN_WORK = "---\nname: mine\ndescription: my own\n---\nmy own work\n"


@pytest.fixture
def kit(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with a skill, a command, a hook and a server, and a project with a skill."""
    del own_state
    kit = new_kit(tmp_path / "all")
    source = make_source(tmp_path / "source", "a", "b")
    write(source / "commands/c.md", "---\ndescription: c\n---\nversion 1\n")
    write(source / ".claude-plugin/plugin.json", '{"name": "plug", "version": "1.0.0"}')
    hook = {"hooks": [{"type": "command", "command": "echo one"}]}
    write(source / "hooks/hooks.json", json.dumps({"hooks": {"Stop": [hook]}}))
    write(source / ".mcp.json", json.dumps({"mcpServers": {"srv": {"command": "srv"}}}))
    kit.run("collect", source)
    write(kit.project / MINE, OWN_WORK)
    return kit


def name_of(kit: Kit, kind: str) -> str:
    """Return the id of the only artifact of a type."""
    (found,) = [i for i in kit.uuids() if i.startswith(f"{kind}:")]
    return found


def change(kit: Kit, text: str) -> None:
    """Collect another version of everything."""
    source = kit.collection.parent.parent / "source"
    for path in source.rglob("*.*"):
        if path.suffix in (".md", ".json") and path.name != "plugin.json":
            old = path.read_text().replace('"command": "srv"', f'"command": "{text}"')
            for word in ("version 1", "echo one", "the skill"):
                old = old.replace(word, text)
            path.write_text(old)
    kit.run("collect", source)


def files(kit: Kit) -> set[Path]:
    """Return the files of the project but for Holdall's state."""
    everything = kit.project.rglob("*")
    return {path for path in everything if path.is_file() and ".holdall" not in path.parts}


def forge(kit: Kit, **values: Any) -> None:
    """Let the ledger say that Holdall placed the user's own skill, wanted by the skill a."""
    document = json.loads((kit.project / LEDGER).read_text())
    state = ["f", "-", hashlib.sha256((kit.project / MINE).read_bytes()).hexdigest()]
    entry = {**document["deployed"][0], "id": "skill:mine", "wanted_by": ["skill:a"]}
    document["deployed"].append({**entry, "files": {MINE: state}, **values})
    (kit.project / LEDGER).write_text(json.dumps(document))


def forget(own_state: Path) -> None:
    """Be another user: with another key."""
    (own_state / "holdall/journal.key").unlink()


RUNS: dict[str, Callable[[Kit], object]] = {
    "deploy": lambda kit: kit.run("deploy", "skill:a", "--to", kit.project, status=None),
    "update": lambda kit: kit.run("deploy", "--to", kit.project, status=None),
    "undeploy": lambda kit: kit.run("undeploy", "skill:a", "--to", kit.project, status=None),
    "undo": lambda kit: kit.run("undo", status=None),
    "adopt": lambda kit: kit.run("adopt", "skill:a", "--from", kit.project, status=None),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("seal", ["", "another's", "none"])
def test_what_only_a_ledger_claims_stays(kit: Kit, run: Callable[[Kit], object], seal: str) -> None:
    """A claim on a known place, with the right hash, is no proof: with the seal of another entry
    neither."""
    kit.deploy("skill:a")
    forge(kit, **({} if seal == "another's" else {"seal": ""}))
    change(kit, "changed")
    run(kit)
    run(kit)
    assert (kit.project / MINE).read_text() == OWN_WORK


def test_by_force_it_is_kept_as_a_backup(kit: Kit) -> None:
    """Nothing that is not proven goes without a copy."""
    kit.deploy("skill:a")
    forge(kit)
    done = kit.json("undeploy", "skill:a", "--to", kit.project, "--force")
    assert (kit.project / done["backups"][MINE]).read_text() == OWN_WORK


def test_a_record_is_no_proof(kit: Kit) -> None:
    """SkillMeat's record with the right hash of the user's own skill removes nothing."""
    kit.deploy("skill:a")
    record = kit.project / ".claude/.skillmeat-deployed.toml"
    tree = folder_tree((kit.project / MINE).parent)
    entry = record.read_text().replace('"a"', '"mine"').replace("skills/a", "skills/mine")
    lines = [
        f'{line.split(" = ")[0]} = "{tree.skillmeat_hash}"'
        if line.startswith(("content_hash", "collection_sha"))
        else line
        for line in entry.splitlines()
        if not line.startswith("artifact_uuid")
    ]
    record.write_text(record.read_text() + "\n".join(["", *lines, ""]))
    told = kit.json("undeploy", "skill:mine", "--to", kit.project, status=1)
    assert "in no version that is known here" in told["warnings"][0]
    assert (kit.project / MINE).read_text() == OWN_WORK


def test_a_project_with_only_records_is_left_by_every_agent(kit: Kit) -> None:
    """Without Holdall's own files in the project, undeploy finds the other agents' places, too."""
    kit.deploy("skill:a", "--target", "claude", "--target", "codex")
    shutil.rmtree(kit.project / ".holdall")
    kit.run("undeploy", "skill:a", "--to", kit.project)
    assert not (kit.project / ".claude/skills/a").exists()
    assert not (kit.project / ".agents/skills/a/SKILL.md").exists()


@pytest.mark.parametrize("what", ["skill:a", "command:plug:c", "mcp:srv", "hook"])
@pytest.mark.parametrize("target", ["claude", "gemini"])
@pytest.mark.parametrize("content", ["present", "older"])
def test_what_another_user_placed_is_proven_by_content(
    kit: Kit, own_state: Path, what: str, target: str, content: str
) -> None:
    """What the collection has, or a stored version, is removed: converted for an agent, too."""
    name = name_of(kit, "hook") if what == "hook" else what
    before = files(kit)
    words = ("--to", kit.project, "--target", target)
    kit.run("deploy", name, *words, "--allow-commands", status=None)
    forget(own_state)
    if content == "older":
        change(kit, "newer")
    kit.run("undeploy", name, *words)
    for path in files(kit) - before:  # the user's settings, for all that is known
        assert path.suffix in (".json", ".toml")
        assert "command" not in path.read_text()


def test_what_was_purged_is_proven_by_the_seal_alone(kit: Kit, own_state: Path) -> None:
    """Whoever placed it removes it; for others it stays, since no version has it any more."""
    kit.deploy("skill:a", "skill:b")
    kit.run("remove", "skill:a", "skill:b", status=None)
    kit.run("purge", status=None)
    kit.run("undeploy", "skill:a", "--to", kit.project)
    assert not (kit.project / ".claude/skills/a").exists()
    forget(own_state)
    kit.run("undeploy", "skill:b", "--to", kit.project, status=1)
    assert (kit.project / ".claude/skills/b/SKILL.md").exists()


def test_a_copy_of_a_project_goes_on(kit: Kit) -> None:
    """Seals say what was placed, not where: a copied or moved project needs no other proof."""
    kit.deploy("skill:a", "command:plug:c")
    copy = kit.project.with_name("copy")
    shutil.copytree(kit.project, copy)
    kit.run("--no-plugins", "undeploy", "skill:a", "command:plug:c", "--to", copy)
    assert not list(copy.rglob("c.md"))
    assert (kit.project / ".claude/commands/plug/c.md").exists()


@pytest.mark.parametrize(
    ("path", "keys", "key", "kind"),
    [(SETTINGS, ["hooks", "Stop"], None, "hook"), (".mcp.json", ["mcpServers"], "srv", "mcp")],
)
def test_an_entry_that_only_a_ledger_claims_stays(
    kit: Kit, path: str, keys: list[str], key: str | None, kind: str
) -> None:
    """The user's own hook or server, claimed for one of the collection's, is not taken out."""
    value = {"hooks": [{"type": "command", "command": "mine"}]} if key is None else {"command": "m"}
    mine: Any = [value] if key is None else {key: value}
    for name in reversed(keys):
        mine = {name: mine}
    write(kit.project / path, json.dumps(mine, indent=2))
    kit.deploy("skill:a")
    name = name_of(kit, kind)
    forge(kit, id=name, files={}, merged=[[path, keys, key, value]], uuid=kit.uuids()[name])
    kit.run("undeploy", "skill:a", "--to", kit.project, status=1)
    assert json.loads((kit.project / path).read_text()) == mine
    kit.run("deploy", name, "--to", kit.project, "--allow-commands", status=None)
    there = json.loads((kit.project / path).read_text())
    for name in keys:
        there = there[name]
    assert value in (there if key is None else there.values())


@pytest.mark.parametrize("what", ["skill:a", "command:plug:c", "mcp:srv"])
@pytest.mark.parametrize("claim", ["command:own", "agent:own"])
def test_content_of_another_type_proves_nothing(kit: Kit, what: str, claim: str) -> None:
    """A claim with the UUID and hash of another artifact is no crash, and removes nothing."""
    kit.deploy("composite:plug", "--allow-commands")
    place = f".claude/{claim.replace(':', 's/')}.md"
    write(kit.project / place, (kit.project / ".claude/commands/plug/c.md").read_text())
    document = json.loads((kit.project / LEDGER).read_text())
    (entry,) = [e for e in document["deployed"] if e["id"] == what]
    state = ["f", "-", hashlib.sha256((kit.project / place).read_bytes()).hexdigest()]
    entry = {**entry, "id": claim, "files": {place: state}, "merged": []}
    document["deployed"].append(entry)
    (kit.project / LEDGER).write_text(json.dumps(document))
    for words in (
        ("status", "--to", kit.project),
        ("diff", claim, "--to", kit.project),
        ("adopt", claim, "--from", kit.project),
        ("undeploy", "composite:plug", "--to", kit.project),
    ):
        kit.run(*words, status=None)
    assert (kit.project / place).exists() or (what, claim) == ("command:plug:c", "command:own")


def test_an_undo_does_not_seal_what_a_ledger_claimed(kit: Kit) -> None:
    """A claim that went through the log and back is still no proof."""
    kit.deploy("skill:a")
    forge(kit)
    kit.run("deploy", "skill:a", "--to", kit.project, "--force")
    kit.run("undo")
    kit.run("undeploy", "skill:a", "--to", kit.project, status=None)
    assert (kit.project / MINE).read_text() == OWN_WORK


def test_an_unchanged_deploy_asks_for_no_proof(
    kit: Kit, own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written on behalf of another key, and no version is looked for."""
    kit.deploy("composite:plug", "--allow-commands")
    forget(own_state)
    monkeypatch.setattr("holdall.deploy.proof.Proof._find_known", None)
    text = (kit.project / LEDGER).read_text()
    assert kit.deploy("composite:plug", "--allow-commands")["written"] == []
    assert (kit.project / LEDGER).read_text() == text
    make_skill(kit.collection, "other")
