"""The whole main job by the installed command, on both databases."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from e2e.kit import Kit, snapshot, tree

pytestmark = pytest.mark.e2e

UUID4 = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}")


def test_collect_gives_identity_and_a_second_one_writes_nothing(kit: Kit, sample: Path) -> None:
    """Every entry gets a distinct version 4 UUID; collecting again changes no file."""
    kit.run("collect", sample)
    uuids = kit.uuids()
    assert len(uuids) == 14
    assert len(set(uuids.values())) == 14
    assert all(UUID4.fullmatch(uuid) for uuid in uuids.values())
    before = snapshot(kit.collection)
    again = kit.json("collect", sample)
    assert {c["kind"] for c in again["sources"][0]["changes"]} == {"identical"}
    assert snapshot(kit.collection) == before


def test_a_composite_brings_exactly_its_members(kit: Kit, sample: Path) -> None:
    """Deploying a collected plugin puts its members' bytes and modes in place, with their UUIDs."""
    kit.run("collect", sample)
    kit.deploy("composite:writing")
    plugin = sample / "plugins" / "writing"
    expected = {
        name.replace("commands/", "commands/writing/"): content
        for name, content in tree(plugin).items()
        if name.split("/")[0] in ("skills", "agents", "commands")
    }
    found = tree(kit.project / ".claude")
    assert found.pop(".skillmeat-deployed.toml")
    assert found == expected
    uuids = kit.uuids()
    assert {i: e["artifact_uuid"] for i, e in kit.record().items()} == {
        i: uuids[i]
        for i in ("skill:plain-prose", "skill:changelog", "agent:editor", "command:writing:shorten")
    }


def test_an_unchanged_deploy_touches_nothing(kit: Kit, sample: Path) -> None:
    """The second deploy writes no file, not even the record."""
    kit.run("collect", sample)
    kit.deploy("composite:writing", "skill:meeting-notes")
    before = snapshot(kit.project)
    assert kit.deploy("composite:writing", "skill:meeting-notes")["written"] == []
    assert snapshot(kit.project) == before
    assert kit.json("status", "--to", kit.project)["deployed"][0]["state"] == "synced"


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_rename_keeps_identity_and_every_reference(kit: Kit, sample: Path, by_hand: bool) -> None:
    """By command or by hand: the UUID stays, composites follow, the project is moved along."""
    kit.run("collect", sample)
    kit.deploy("composite:writing")
    before = kit.uuids()
    if by_hand:
        shutil.move(kit.collection / "skills/plain-prose", kit.collection / "skills/clear-prose")
        kit.run("collect")
    else:
        kit.run("rename", "skill:plain-prose", "skill:clear-prose")
    after = kit.uuids()
    assert after.pop("skill:clear-prose") == before.pop("skill:plain-prose")
    assert after == before
    parents = kit.json("associations", "skill:clear-prose")["parents"]
    assert [parent["id"] for parent in parents] == ["composite:writing"]
    kit.deploy("composite:writing")
    assert "skill:clear-prose" in kit.record()
    assert "skill:plain-prose" not in kit.record()
    assert not (kit.project / ".claude/skills/plain-prose").exists()
    assert (kit.project / ".claude/skills/clear-prose/references/fillers.md").exists()


def test_a_renamed_composite_is_known_in_the_project(kit: Kit, sample: Path) -> None:
    """After a composite's rename, a plain redeploy and an undeploy find what it brought."""
    kit.run("collect", sample)
    kit.deploy("composite:writing")
    kit.run("rename", "composite:writing", "prose")
    assert kit.deploy()["written"] == []
    kit.run("undeploy", "composite:prose", "--to", kit.project)
    assert not (kit.project / ".claude").exists()


def test_composites_by_hand(kit: Kit, sample: Path) -> None:
    """Create, nest, add, reorder, remove, pin, unpin and delete, each seen in manifest and tree."""
    kit.run("collect", sample)
    kit.run("composite", "create", "team", "--member", "composite:writing", "--member", "reviewer")
    kit.run("composite", "add", "team", "skill:meeting-notes", "--position", "0")
    shown = kit.json("tree", "team")
    assert [m["id"] for m in shown["members"]] == [
        "skill:meeting-notes",
        "composite:writing",
        "agent:reviewer",
    ]
    assert len(shown["members"][1]["members"]) == 4
    kit.run("composite", "reorder", "team", "agent:reviewer")
    kit.run("composite", "remove", "team", "skill:meeting-notes")
    kit.run("composite", "pin", "team", "agent:reviewer")
    members = kit.json("composite", "show", "team")["members"]
    assert [m["id"] for m in members] == ["agent:reviewer", "composite:writing"]
    assert members[0]["pin"] == kit.json("show", "agent:reviewer")["content_hash"]
    kit.run("composite", "unpin", "team", "agent:reviewer")
    kit.deploy("composite:team")
    assert len(kit.record()) == 5
    kit.run("composite", "delete", "writing", status=3)
    kit.run("composite", "delete", "team")
    listed = kit.json("composite", "list")["composites"]
    assert {c["name"] for c in listed} == {"writing", "git-care"}


def test_cycles_unknown_members_and_doubles_are_refused(kit: Kit, sample: Path) -> None:
    """Each refusal has its status and leaves the manifest as it was."""
    kit.run("collect", sample)
    kit.run("composite", "create", "outer", "--member", "composite:writing")
    before = (kit.collection / "manifest.toml").read_bytes()
    kit.run("composite", "add", "writing", "composite:outer", status=3)
    kit.run("composite", "add", "writing", "composite:writing", status=3)
    kit.run("composite", "add", "writing", "skill:nowhere", status=4)
    kit.run("composite", "add", "writing", "skill:changelog", status=3)
    kit.run("composite", "create", "outer", status=3)
    kit.run("composite", "pin", "writing", "skill:changelog", "0" * 64, status=4)
    assert (kit.collection / "manifest.toml").read_bytes() == before


def test_shared_members_stay_until_nobody_wants_them(kit: Kit, sample: Path) -> None:
    """Two composites share a skill; it goes with the second, and the project is as before."""
    kit.run("collect", sample)
    (kit.project / "mine.txt").write_text("mine")
    (kit.project / ".claude").mkdir()
    (kit.project / ".claude" / "settings.json").write_text("{}")
    before = tree(kit.project)
    kit.run("composite", "create", "a", "--member", "skill:changelog", "--member", "agent:editor")
    kit.run("composite", "create", "b", "--member", "skill:changelog")
    kit.deploy("composite:a", "composite:b")
    kit.run("undeploy", "composite:a", "--to", kit.project)
    assert set(kit.record()) == {"skill:changelog"}
    kit.run("undeploy", "composite:b", "--to", kit.project)
    assert tree(kit.project) == before
    assert sorted(p.name for p in (kit.project / ".claude").iterdir()) == ["settings.json"]


def test_members_taken_out_leave_the_project(kit: Kit, sample: Path) -> None:
    """A redeploy takes away what the composite no longer contains, and only that."""
    kit.run("collect", sample)
    kit.deploy("composite:writing", "agent:editor")
    kit.run("composite", "remove", "writing", "skill:changelog", "agent:editor")
    kit.deploy()
    assert set(kit.record()) == {"skill:plain-prose", "command:writing:shorten", "agent:editor"}


def test_edits_in_the_project_are_protected(kit: Kit, sample: Path) -> None:
    """A changed file stops the deploy with nothing written; --force keeps it as a backup."""
    kit.run("collect", sample)
    kit.deploy("agent:editor", "agent:reviewer")
    edited = kit.project / ".claude/agents/editor.md"
    edited.write_text("my own words")
    (kit.collection / "agents/editor.md").write_text("newer words")
    (kit.collection / "agents/reviewer.md").write_text("newer words")
    kit.run("collect")
    before = snapshot(kit.project)
    words = ("deploy", "agent:editor", "agent:reviewer", "--to", kit.project)
    kit.run(*words, status=3)
    assert snapshot(kit.project) == before
    states = {
        s["id"]: s["state"] for s in kit.json("status", "--to", kit.project, status=1)["deployed"]
    }
    assert states == {"agent:editor": "modified", "agent:reviewer": "outdated"}
    forced = kit.deploy("agent:editor", "agent:reviewer", "--force")
    assert edited.read_text() == "newer words"
    (backup,) = forced["backups"].values()
    assert (kit.project / backup).read_text() == "my own words"


def test_another_collection_takes_no_place_unasked(kit: Kit, tmp_path: Path, sample: Path) -> None:
    """The same id from another collection is a conflict; --force replaces it."""
    kit.run("collect", sample)
    kit.deploy("agent:editor")
    other = tmp_path / "other"
    (tmp_path / "source" / "agents").mkdir(parents=True)
    (tmp_path / "source" / "agents" / "editor.md").write_text(
        "---\nname: editor\ndescription: x\n---\n"
    )
    kit.holdall("init", other)
    kit.holdall("--collection", other, "collect", tmp_path / "source")
    before = snapshot(kit.project)
    words = ("--collection", other, "deploy", "agent:editor", "--to", kit.project)
    refused = kit.holdall(*words)
    assert refused.returncode == 3
    assert "from the collection 'kit'" in refused.stderr
    assert snapshot(kit.project) == before
    assert kit.holdall(*words, "--force").returncode == 0


def test_remove_and_come_back(kit: Kit, sample: Path) -> None:
    """A removed artifact that is collected again has its old UUID."""
    kit.run("collect", sample)
    before = kit.uuids()
    kit.run("remove", "skill:meeting-notes")
    assert not (kit.collection / "skills/meeting-notes").exists()
    kit.run("collect", sample)
    assert kit.uuids() == before


def test_what_still_wants_a_removed_artifact_is_told(kit: Kit, sample: Path) -> None:
    """It stays a member, is left out of nothing in silence, and may come back."""
    kit.run("collect", sample)
    before = kit.uuids()
    kit.deploy("composite:writing")
    done = kit.command("remove", "skill:changelog")
    assert done.returncode == 1
    assert "skill:changelog is still a member of composite:writing" in done.stderr
    assert f"skill:changelog is still in {kit.project}" in done.stderr
    assert "skill:changelog (removed)" in kit.run("tree", "writing")
    kit.run("rename", "composite:writing", "prose")
    refused = kit.command("deploy", "composite:prose", "--to", kit.project)
    assert refused.returncode == 4
    assert "composite:prose contains skill:changelog, which was removed" in refused.stderr
    kit.deploy("composite:prose", "--force")
    assert not (kit.project / ".claude/skills/changelog").exists()
    kit.run("collect", sample)
    kit.deploy("composite:prose")
    assert (kit.project / ".claude/skills/changelog/SKILL.md").exists()
    kit.run("rename", "composite:prose", "writing")
    assert kit.uuids() == before


def test_hand_made_changes_of_a_composite_survive_its_source(
    kit: Kit, sample: Path, tmp_path: Path
) -> None:
    """Order, additions and removals by hand stay; what the source adds and drops is followed."""
    source = tmp_path / "source"
    shutil.copytree(sample, source)
    kit.run("collect", source)
    kit.run("composite", "remove", "writing", "skill:changelog")
    kit.run("composite", "add", "writing", "skill:commit-message", "--position", "0")
    before = (kit.collection / "manifest.toml").read_bytes()
    kit.run("collect", source)
    assert (kit.collection / "manifest.toml").read_bytes() == before
    (source / "plugins/writing/agents/editor.md").unlink()
    (source / "plugins/writing/commands/new.md").write_text("---\ndescription: new\n---\n")
    kit.run("collect", source)
    members = [m["id"] for m in kit.json("composite", "show", "writing")["members"]]
    assert members == [
        "skill:commit-message",
        "skill:plain-prose",
        "command:writing:shorten",
        "command:writing:new",
    ]


def test_a_lost_database_comes_back_from_the_manifest(kit: Kit, sample: Path) -> None:
    """With an empty database that is told to start again, all is as the manifest has it."""
    if not str(kit.database_url).startswith("sqlite"):
        pytest.skip("only an embedded database is upgraded by itself")
    kit.run("collect", sample)
    before = kit.uuids()
    for file in kit.collection.parent.glob("holdall.db*"):
        file.unlink()
    refused = kit.command("deploy", "composite:writing", "--to", kit.project)
    assert (refused.returncode, "--new-chain" in refused.stderr) == (3, True)
    kit.run("init", "--new-chain", kit.collection)
    kit.deploy("composite:writing")
    uuids = {i: entry["artifact_uuid"] for i, entry in kit.record().items()}
    assert uuids.items() <= before.items()
    assert len(kit.json("associations", "composite:writing")["children"]) == 4


def test_without_plugins_the_host_still_works(kit: Kit, sample: Path) -> None:
    """Plain artifacts are collected and deployed; a composite is refused with the reason."""
    kit.run("--no-plugins", "collect", sample)
    kit.run("--no-plugins", "deploy", "skill:changelog", "--to", kit.project)
    assert "artifact_uuid" not in kit.record()["skill:changelog"]
    kit.run("--no-plugins", "deploy", "composite:writing", "--to", kit.project, status=4)
    kit.run("collect")
    kit.deploy("skill:changelog", "composite:writing")
    assert kit.record()["skill:changelog"]["artifact_uuid"] == kit.uuids()["skill:changelog"]
    before = kit.record()
    (kit.collection / "skills/changelog/SKILL.md").write_text("edited")
    kit.run("--no-plugins", "deploy", "skill:changelog", "--to", kit.project)
    after = kit.record()["skill:changelog"]
    assert after["artifact_uuid"] == before["skill:changelog"]["artifact_uuid"]
    assert after["content_hash"] != before["skill:changelog"]["content_hash"]


def test_dry_runs_write_nothing(kit: Kit, sample: Path) -> None:
    """Collect, rename, composite edits, deploy and undeploy with --dry-run change no file."""
    kit.run("collect", sample)
    kit.deploy("composite:writing")
    before = snapshot(kit.collection), snapshot(kit.project)
    (kit.collection.parent / "more" / "skills" / "x").mkdir(parents=True)
    (kit.collection.parent / "more" / "skills" / "x" / "SKILL.md").write_text(
        "---\nname: x\ndescription: y\n---\n"
    )
    kit.run("collect", kit.collection.parent / "more", "--dry-run")
    kit.run("rename", "skill:changelog", "news", "--dry-run")
    kit.run("composite", "create", "z", "--dry-run")
    kit.run("remove", "skill:meeting-notes", "--dry-run")
    kit.deploy("composite:git-care", "--dry-run")
    kit.run("undeploy", "composite:writing", "--to", kit.project, "--dry-run")
    assert (snapshot(kit.collection), snapshot(kit.project)) == before
