"""The log of operations, undo, purge, doctor and rebuild, on both databases."""

from __future__ import annotations

import getpass
import json
import os
import platform
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import SAMPLE, Kit, snapshot, tree

pytestmark = pytest.mark.integration


@pytest.fixture
def kit_with_sample(kit: Kit) -> Kit:
    """A collection that holds the sample."""
    kit.run("collect", SAMPLE)
    return kit


def log(kit: Kit, *words: str) -> list[dict[str, Any]]:
    """Return the log, newest first."""
    found: list[dict[str, Any]] = kit.json("log", *words)["operations"]
    return found


def codes(kit: Kit, *words: str) -> dict[str, str]:
    """Return what the doctor found: code by subject."""
    done = kit.command("doctor", "--json", *words)
    findings = json.loads(done.stdout)["findings"]
    assert done.returncode == (1 if findings else 0)
    assert all(f["hint"] and f["message"] for f in findings)
    return {f["subject"]: f["code"] for f in findings}


def test_every_change_is_one_row(kit_with_sample: Kit) -> None:
    """With who, when, where and what; what changes nothing or is only tried is none."""
    kit = kit_with_sample
    kit.run("rename", "skill:changelog", "news")
    kit.run("rename", "skill:news", "other", "--dry-run")
    kit.run("composite", "pin", "writing", "skill:news")
    kit.run("collect")
    kit.deploy("skill:news")
    kit.deploy("skill:news")
    found = log(kit)
    assert [o["number"] for o in found] == [4, 3, 2, 1]
    assert [o["command"] for o in found] == ["deploy", "composite pin", "rename", "collect"]
    assert found[2]["summary"] == "renamed skill:changelog to skill:news"
    assert found[0]["project"] == str(kit.project)
    assert {o["host"] for o in found} == {platform.node()}
    assert {o["author"] for o in found} == {getpass.getuser()}
    assert len({o["transaction_id"] for o in found}) == 4
    assert [o["number"] for o in log(kit, "skill:news")] == [4, 2, 1]
    assert [o["number"] for o in log(kit, "composite:writing", "-n", "1")] == [3]
    assert "renamed skill:changelog to skill:news" in kit.run("log")


def test_a_deploy_tells_of_what_it_changed(kit_with_sample: Kit) -> None:
    """And records that only; what the database has lost meanwhile is recorded again."""
    from holdall_composites.database.connect import connect_database

    kit = kit_with_sample

    def rows() -> dict[str, tuple[str, str]]:
        with connect_database(kit.database_url or "") as database:
            found = database.execute_sql(
                "SELECT a.name, d.state, d.transaction_id FROM deployments d"
                " JOIN artifacts a ON a.uuid = d.artifact_uuid"
            )
            return {name: (state, transaction_id) for name, state, transaction_id in found}

    kit.deploy("skill:changelog", "skill:meeting-notes", "agent:librarian")
    first = log(kit)[0]
    assert rows() == dict.fromkeys(
        ("changelog", "meeting-notes", "librarian"), ("done", first["transaction_id"])
    )
    with connect_database(kit.database_url or "") as database:
        database.execute_sql(
            "DELETE FROM deployments WHERE artifact_uuid IN"
            " (SELECT uuid FROM artifacts WHERE name = 'librarian')"
        )
    (kit.collection / "skills/changelog/new.md").write_text("new\n")
    kit.deploy()
    second = log(kit)[0]
    assert second["summary"] == "placed skill:changelog"
    assert rows() == {
        "changelog": ("done", second["transaction_id"]),
        "meeting-notes": ("done", first["transaction_id"]),
        "librarian": ("done", second["transaction_id"]),
    }
    assert [o["number"] for o in log(kit, "skill:meeting-notes")] == [first["number"], 1]
    (kit.project / ".claude/skills/changelog/new.md").unlink()
    kit.deploy()
    assert log(kit)[0]["summary"] == "renewed its files"


@pytest.mark.parametrize(
    "words",
    [
        ("rename", "skill:changelog", "news"),
        ("remove", "skill:meeting-notes"),
        ("remove", "skill:changelog", "--force"),
        ("composite", "create", "mine", "--member", "skill:changelog"),
        ("composite", "remove", "writing", "skill:changelog"),
        ("composite", "reorder", "writing", "agent:editor"),
        ("composite", "pin", "writing", "skill:changelog"),
        ("composite", "delete", "git-care"),
        ("restore", "skill:plain-prose", "0"),
    ],
    ids=" ".join,
)
def test_undo_and_redo_of_the_collection(kit_with_sample: Kit, words: tuple[str, ...]) -> None:
    """The manifest and the files are as before; a redo does it again."""
    kit = kit_with_sample
    (kit.collection / "skills/plain-prose/SKILL.md").write_text("edited\n")
    kit.run("collect")
    before = tree(kit.collection)
    kit.run(*words)
    after = tree(kit.collection)
    assert after != before
    kit.run("undo")
    assert tree(kit.collection) == before
    kit.run("redo")
    assert read(after) == read(tree(kit.collection))
    kit.run("undo")
    assert read(tree(kit.collection)) == read(before)
    kit.run("undo", "--operation", "1", status=3)
    assert codes(kit, "--deep") == {}


def read(files: dict[str, tuple[bytes, bool]]) -> dict[str, Any]:
    """Return files with the manifest read, in which an entry may stand elsewhere."""
    manifest = tomllib.loads(files["manifest.toml"][0].decode())
    entries = [*manifest["artifacts"], *manifest["composites"]]
    return {**files, "manifest.toml": {entry["uuid"]: entry for entry in entries}}


def test_undo_of_a_collect_takes_exactly_its_own(kit_with_sample: Kit, tmp_path: Path) -> None:
    """A second source goes again, without a trace in the folder; the first one stays."""
    kit = kit_with_sample
    before = tree(kit.collection)
    source = tmp_path / "more"
    (source / "skills/extra").mkdir(parents=True)
    (source / "skills/extra/SKILL.md").write_text("---\nname: extra\ndescription: x\n---\n")
    kit.run("collect", source)
    assert (kit.collection / "skills/extra").exists()
    kit.run("undo")
    assert tree(kit.collection) == before
    assert not (kit.collection / "skills/extra").exists()


def test_undo_of_a_deploy_restores_the_projects_earlier_bytes(kit_with_sample: Kit) -> None:
    """An older version, its modes, and a file of somebody else's that was replaced by force."""
    kit = kit_with_sample
    kit.deploy("skill:changelog")
    skill = kit.project / ".claude/skills/changelog"
    other = kit.project / ".claude/skills/plain-prose/SKILL.md"
    other.parent.mkdir()
    other.write_text("mine\n")
    (kit.project / "mine.txt").write_text("untouched\n")
    before = tree(kit.project)
    script = kit.collection / "skills/changelog/scripts/since-last-tag.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o644)
    (kit.collection / "skills/changelog/new.md").write_text("new\n")
    kit.run("collect")
    kit.run("deploy", "composite:writing", "--to", kit.project, status=3)
    kit.deploy("composite:writing", "skill:changelog", "--force")
    after = tree(kit.project)
    assert after != before
    kit.run("undo", "--dry-run")
    assert tree(kit.project) == after
    kit.run("undo")
    assert without_record(tree(kit.project)) == without_record(before)
    assert os.access(skill / "scripts/since-last-tag.sh", os.X_OK)
    assert set(kit.record()) == {"skill:changelog"}
    kit.run("redo")
    assert without_record(tree(kit.project)) == without_record(after)
    assert codes(kit) == {}
    kit.run("undo")
    kit.run("redo")
    assert without_record(tree(kit.project)) == without_record(after)


def without_record(files: dict[str, tuple[bytes, bool]]) -> dict[str, tuple[bytes, bool]]:
    """Return files without the record, which tells when."""
    return {path: file for path, file in files.items() if "skillmeat" not in path}


def test_undo_of_an_undeploy(kit_with_sample: Kit) -> None:
    """Everything is there again, asked for as before; and goes again."""
    kit = kit_with_sample
    kit.deploy("composite:writing")
    before = tree(kit.project)
    kit.run("undeploy", "writing", "--to", kit.project)
    assert tree(kit.project) == {}
    kit.run("undo")
    assert without_record(tree(kit.project)) == without_record(before)
    assert kit.deploy()["written"] == []
    kit.run("redo")
    assert tree(kit.project) == {}


def test_undo_spares_what_was_edited_since(kit_with_sample: Kit) -> None:
    """In the project and in the collection: refused with a list, or forced with a backup."""
    kit = kit_with_sample
    kit.deploy("skill:changelog")
    edited = kit.project / ".claude/skills/changelog/SKILL.md"
    edited.write_text("mine\n")
    before = snapshot(kit.project)
    assert "SKILL.md: changed by hand" in kit.command("undo").stderr
    kit.run("undo", status=3)
    assert snapshot(kit.project) == before
    kit.run("undo", "--force")
    assert not edited.exists()
    (backup,) = (kit.project / ".holdall/backups").glob("*/.claude/skills/changelog/SKILL.md")
    assert backup.read_text() == "mine\n"
    kit.run("rename", "skill:changelog", "news")
    (kit.collection / "skills/news/SKILL.md").write_text("mine too\n")
    kit.run("undo", status=3)
    kit.run("undo", "--force")
    (backup,) = (kit.collection / ".holdall/backups").glob("*/skills/news/SKILL.md")
    assert backup.read_text() == "mine too\n"


def test_what_cannot_be_undone_is_said_before_anything_is_done(kit_with_sample: Kit) -> None:
    """A purge, a project that is gone, and what changed since."""
    kit = kit_with_sample
    kit.deploy("skill:changelog")
    kit.run("rename", "skill:plain-prose", "prose")
    before = tree(kit.collection)
    shutil.move(kit.project, kit.project.with_name("elsewhere"))
    done = kit.command("undo", "2")
    assert done.returncode == 3
    assert "operation 2 (deploy) cannot be undone" in done.stderr
    assert str(kit.project) in done.stderr
    assert tree(kit.collection) == before
    shutil.move(kit.project.with_name("elsewhere"), kit.project)
    kit.run("rename", "skill:prose", "text")
    done = kit.command("undo", "--operation", "3")
    assert done.returncode == 3
    assert "skill:text was changed after that operation" in done.stderr
    kit.run("undo", "--operation", "2")
    assert not (kit.project / ".claude").exists()
    kit.run("remove", "skill:meeting-notes")
    kit.run("purge")
    kit.run("rename", "skill:text", "last")
    before = tree(kit.collection)
    done = kit.command("undo", "2")
    assert done.returncode == 3
    assert "(purge) cannot be undone" in done.stderr
    assert tree(kit.collection) == before
    kit.run("undo", "99", status=4)
    kit.run("undo", "--operation", "99", status=4)
    kit.run("undo", "0", status=2)


def test_purge_deletes_for_good_what_nobody_else_needs(kit_with_sample: Kit) -> None:
    """It says how many bytes; content that others share stays, the UUID is gone."""
    kit = kit_with_sample
    skill = kit.collection / "skills/meeting-notes"
    shutil.copy(kit.collection / "skills/changelog/SKILL.md", skill / "shared.md")
    (skill / "own.md").write_text("x" * 1000)
    kit.run("collect")
    uuid = kit.uuids()["skill:meeting-notes"]
    kit.run("purge", "skill:meeting-notes", status=3)
    kit.run("composite", "add", "writing", "skill:meeting-notes")
    kit.deploy("skill:meeting-notes")
    kit.run("remove", "skill:meeting-notes", status=1)
    member = "skill:meeting-notes is a member of composite:writing, which loses it"
    said = kit.command("purge", "--dry-run").stderr
    assert member in said
    assert f"skill:meeting-notes is in {kit.project}" in said
    assert kit.json("purge", "--dry-run")["purged"] == [{"id": "skill:meeting-notes", "uuid": uuid}]
    assert [v["number"] for v in kit.json("versions", "skill:changelog")["versions"]] == [0]
    done = kit.json("purge")
    assert member in done["wanted"]
    assert done["versions"] == 2
    assert done["bytes"] >= 1000
    assert kit.json("purge")["purged"] == []
    assert "meeting-notes" not in kit.run("tree", "writing")
    assert codes(kit, "--deep") == {}
    kit.run("restore", "skill:meeting-notes", status=4)
    kit.run("diff", "skill:changelog@0")
    skill.mkdir()
    (skill / "SKILL.md").write_text("again\n")
    kit.run("collect")
    assert kit.uuids()["skill:meeting-notes"] != uuid


def test_restore_brings_a_removed_artifact_back(kit_with_sample: Kit) -> None:
    """With its UUID, its files, and its place in composites."""
    kit = kit_with_sample
    before, uuids = tree(kit.collection), kit.uuids()
    kit.run("remove", "skill:changelog", status=1)
    kit.run("restore", "skill:changelog")
    assert kit.uuids() == uuids
    assert {p: f for p, f in tree(kit.collection).items() if p != "manifest.toml"} == {
        p: f for p, f in before.items() if p != "manifest.toml"
    }
    kit.deploy("composite:writing")
    kit.run("restore", "skill:never", status=4)


def test_the_doctor_names_what_people_do(kit_with_sample: Kit) -> None:
    """Edits, new, renamed and missing files, projects that changed behind Holdall's back."""
    kit = kit_with_sample
    assert codes(kit) == {}
    kit.deploy("skill:plain-prose")
    (kit.collection / "skills/changelog/SKILL.md").write_text("edited\n")
    (kit.collection / "skills/new").mkdir()
    (kit.collection / "skills/new/SKILL.md").write_text("new\n")
    os.rename(kit.collection / "agents/editor.md", kit.collection / "agents/writer.md")
    (kit.collection / "agents/librarian.md").unlink()
    shutil.rmtree(kit.project)
    kit.project.mkdir()
    before = tree(kit.collection)
    assert codes(kit) == {
        "skill:changelog": "edited",
        "skill:new": "not-collected",
        "agent:editor": "renamed",
        "agent:librarian": "files-missing",
        "skill:plain-prose": "deployment-differs",
    }
    assert tree(kit.collection) == before
    (kit.collection / "manifest.toml").write_text("[[[\n")
    assert set(codes(kit).values()) == {"manifest-unreadable"}


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("UPDATE artifacts SET content_hash = NULL WHERE id = 'skill:changelog'", "rows-differ"),
        ("DELETE FROM composite_memberships", "rows-differ"),
        ("UPDATE composite_artifacts SET description = 'x'", "rows-differ"),
        ("DELETE FROM artifact_versions", "version-missing"),
        ("UPDATE artifact_versions SET number = number + 1", "version-gap"),
        ("UPDATE composite_memberships SET pinned_version_hash = content_hash FROM artifacts"
         " WHERE artifacts.id = 'skill:meeting-notes'", "pin-unknown"),
        ("DELETE FROM version_files", "unused-blobs"),
        ("UPDATE version_files SET executable = NOT executable", "tree-damaged"),
        ("UPDATE blobs SET encoding = 'raw'", "blob-damaged"),
        ("UPDATE deployments SET state = 'pending'", "deployment-pending"),
        ("DELETE FROM holdall_migrations WHERE name = '0011_deployments_host'", "schema-old"),
        ("UPDATE holdall_migrations SET checksum = 'x'", "database-failed"),
        ("DROP INDEX operations_transaction", "schema-drift"),
    ],
)  # fmt: skip
def test_the_doctor_names_what_is_wrong_in_the_database(
    kit_with_sample: Kit, sql: str, code: str
) -> None:
    """Each kind of damage by its code, and it mends nothing by itself."""
    from holdall_composites.database.connect import connect_database

    kit = kit_with_sample
    kit.deploy("skill:changelog")
    with connect_database(kit.database_url or "") as database:
        database.execute_sql(sql)
    assert code in codes(kit, "--deep").values()
    assert code in codes(kit, "--deep").values()


def test_rebuild_brings_back_what_the_folder_knows(kit: Kit) -> None:
    """UUIDs, composites, pins to present content; it says what is lost."""
    kit.database_url = f"sqlite:///{kit.collection}/.holdall/holdall.db"
    kit.run("collect", SAMPLE)
    kit.run("composite", "pin", "writing", "skill:plain-prose")
    kit.run("composite", "pin", "writing", "skill:changelog")
    (kit.collection / "skills/changelog/SKILL.md").write_text("edited\n")
    kit.run("collect")
    uuids, before = kit.uuids(), tree(kit.collection)
    kit.run("rebuild", status=3)
    (kit.collection / ".holdall/holdall.db").write_bytes(b"no database" * 1000)
    assert set(codes(kit).values()) == {"database-damaged"}
    done = kit.json("rebuild", status=1)
    assert done["lost_pins"][0][:2] == ["composite:writing", "skill:changelog"]
    assert Path(done["replaced"]).read_bytes() == b"no database" * 1000
    assert (kit.uuids(), tree(kit.collection)) == (uuids, before)
    assert set(codes(kit, "--deep").values()) == {"pin-unknown"}
    kit.run("composite", "pin", "writing", "skill:changelog")
    for path in (kit.collection / ".holdall").glob("holdall.db*"):
        path.unlink()
    assert set(codes(kit).values()) == {"database-missing"}
    kit.run("rebuild")
    assert codes(kit, "--deep") == {}
    kit.deploy("composite:writing")


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM composite_memberships",
        "UPDATE artifacts SET active = FALSE",
        "UPDATE artifacts SET content_hash = NULL",
        "DELETE FROM collections",
    ],
)
def test_wrong_rows_are_made_right_and_the_log_stays(kit_with_sample: Kit, sql: str) -> None:
    """In one transaction, on each database; older versions and the log are lost with no row."""
    from holdall_composites.database.connect import connect_database

    kit = kit_with_sample
    kit.run("rename", "skill:plain-prose", "prose")
    with connect_database(kit.database_url or "") as database:
        database.execute_sql(sql)
    assert kit.json("rebuild", "--dry-run") == {"dry_run": True}
    done = kit.json("rebuild")
    assert (done["replaced"], done["is_new"]) == (None, False)
    assert codes(kit, "--deep") == {}
    is_kept = sql != "DELETE FROM collections"
    assert [o["command"] for o in log(kit)] == (["rename", "collect"] if is_kept else [])
    kit.run("rebuild", status=3)


def test_a_name_that_moves_on_takes_nobodys_place(kit_with_sample: Kit) -> None:
    """What was deployed under a name that another artifact has now goes on under its new one."""
    kit = kit_with_sample
    kit.deploy("skill:changelog")
    uuid = kit.uuids()["skill:changelog"]
    kit.run("rename", "skill:changelog", "news")
    kit.run("rename", "skill:plain-prose", "changelog")
    kit.deploy("skill:changelog")
    assert kit.record()["skill:news"]["artifact_uuid"] == uuid
    assert set(kit.record()) == {"skill:news", "skill:changelog"}
    assert codes(kit) == {}
    kit.run("undo")
    assert set(kit.record()) == {"skill:changelog"}
    assert codes(kit) == {}


def test_deploys_before_and_after_a_rename_are_undone_together(kit_with_sample: Kit) -> None:
    """What each left is compared under the name that it was deployed with."""
    kit = kit_with_sample
    kit.deploy("skill:changelog")
    kit.run("rename", "skill:changelog", "news")
    kit.deploy("skill:news")
    kit.run("undo", "3")
    assert tree(kit.project) == {}
    kit.run("redo", "3")
    assert set(kit.record()) == {"skill:news"}
    for _ in range(2):
        kit.run("undo")
    assert codes(kit) == {}


def test_an_edit_that_the_source_changed_too_is_shown_three_way(kit: Kit, tmp_path: Path) -> None:
    """File by file: who changed it since both had the same."""
    source = tmp_path / "source"
    skill = source / "skills/doc"
    skill.mkdir(parents=True)
    for name in ("SKILL.md", "ours.md", "theirs.md", "both.md"):
        (skill / name).write_text("---\nname: doc\ndescription: d\n---\n")
    kit.run("collect", source)
    for folder, names in ((skill, ("theirs.md", "both.md")), (kit.collection / "skills/doc", ())):
        for name in names or ("ours.md", "both.md"):
            (folder / name).write_text(f"by {folder}\n")
    done = kit.command("collect", source)
    assert done.returncode == 3
    assert "skill:doc: both.md: edited here and changed in the source" in done.stderr
    assert "skill:doc: ours.md: edited here" in done.stderr
    assert "skill:doc: theirs.md: changed in the source" in done.stderr
    assert "SKILL.md" not in done.stderr
