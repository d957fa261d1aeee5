"""Pins of a published composite: the versions that they name are collected and deployed, too."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from e2e.kit import Kit, new_kit
from holdall.errors import StorageError
from holdall.testing import make_skill
from integration.composites.test_publish import changes, channel, published, reader

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]

__all__ = ["published", "reader"]

PINNED = ".claude/skills/plain-prose/SKILL.md"


def pin(kit: Kit, to: Path) -> str:
    """Pin a skill to its first version, change it, publish that; return what was pinned."""
    text = (kit.collection / "skills/plain-prose/SKILL.md").read_text()
    kit.run("composite", "pin", "writing", "skill:plain-prose", "0")
    make_skill(kit.collection, "plain-prose", "other words")
    kit.run("collect")
    kit.run("publish", "--to", to)
    return text


def versions(kit: Kit) -> list[str]:
    """Return the content hashes of the skill's versions, oldest first."""
    rows = kit.json("versions", "skill:plain-prose")["versions"]
    return [row["content_hash"] for row in sorted(rows, key=lambda row: row["number"])]


def test_a_pinned_member_is_deployed_as_it_was(kit: Kit, published: Path, reader: Kit) -> None:
    """The composite brings the version of its pin; the skill by itself is the present one."""
    text = pin(kit, published)
    reader.run("collect", published)
    assert versions(reader) == versions(kit)
    reader.deploy("writing", "--allow-commands")
    assert (reader.project / PINNED).read_text() == text
    assert changes(reader, published) == []
    assert reader.run("doctor", status=None).count("pin-unknown") == 0


def test_a_pin_comes_to_who_has_the_artifact_already(
    kit: Kit, published: Path, reader: Kit
) -> None:
    """The older version is numbered, and the present one is the newest again."""
    make_skill(kit.collection, "plain-prose", "other words")
    kit.run("collect")
    kit.run("publish", "--to", published)
    reader.run("collect", published)
    assert len(versions(reader)) == 1
    kit.run("composite", "pin", "writing", "skill:plain-prose", "0")
    kit.run("publish", "--to", published)
    reader.run("collect", published)
    old, new = versions(kit)
    assert versions(reader) == [new, old, new]
    reader.deploy("writing", "--allow-commands")
    assert "other words" not in (reader.project / PINNED).read_text()


def test_a_shared_database_gets_it_with_the_release(
    kit: Kit, published: Path, tmp_path: Path
) -> None:
    """In the transaction that commits the collect."""
    text = pin(kit, published)
    team = new_kit(tmp_path / "team")
    team.run("collect", published)
    assert versions(team) == versions(kit)
    team.deploy("writing", "--allow-commands")
    assert (team.project / PINNED).read_text() == text


def test_a_failure_after_the_commit_loses_no_version(
    kit: Kit, published: Path, reader: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal knows which versions a source brought; the next command records them."""
    pin(kit, published)

    def fail(*_: object, **__: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("holdall_composites.session.bring_in_line", fail)
        reader.run("collect", published, status=None)
    assert (reader.collection / "skills/plain-prose").is_dir()
    reader.run("list")
    assert versions(reader) == versions(kit)


def test_what_is_pinned_is_published_once(kit: Kit, published: Path, tmp_path: Path) -> None:
    """A folder of its own has the same bytes; a later change writes nothing of it again."""
    pin(kit, published)
    kit.run("publish", "--to", tmp_path / "new")
    release = channel(published)["release"]
    told = json.loads((published / "releases" / release).read_text())
    assert channel(tmp_path / "new")["release"] == release
    (pinned,) = told["pinned"]
    assert (tmp_path / "new/blobs" / pinned).is_file()
    make_skill(kit.collection, "meeting-notes", "another change")
    kit.run("collect")
    assert kit.json("publish", "--to", published)["files"] == 5


@pytest.mark.parametrize("damage", ["torn", "gone"])
def test_a_damaged_version_is_refused_with_its_name(
    kit: Kit, published: Path, reader: Kit, damage: str
) -> None:
    """As any other file of the release; nothing of it is collected."""
    pin(kit, published)
    told = json.loads((published / "releases" / channel(published)["release"]).read_text())
    path = published / "blobs" / told["pinned"][0]
    data = path.read_bytes()
    path.unlink()
    if damage == "torn":
        path.write_bytes(data[:-2])
    done = reader.command("collect", published)
    assert done.returncode in (2, 3, 5), done.stderr
    assert path.name in done.stderr
    assert not (reader.collection / "skills").exists()


def test_a_pin_to_others_content_is_not_published(kit: Kit, published: Path) -> None:
    """Whoever knows a hash can write it down; the versions of the member are what counts."""
    other = kit.json("versions", "skill:meeting-notes")["versions"][0]["content_hash"]
    manifest = kit.collection / "manifest.toml"
    kit.run("composite", "pin", "writing", "skill:plain-prose", "0")
    own = versions(kit)[0]
    text = manifest.read_text()
    manifest.write_text(text.replace(f'pin = "{own}"', f'pin = "{other}"'))
    assert f'pin = "{other}"' in manifest.read_text()
    kit.run("publish", "--to", published, status=None)
    told = json.loads((published / "releases" / channel(published)["release"]).read_text())
    assert told["pinned"] == []


def add(reader: Kit, published: Path, *words: str) -> str:
    """Add from the channel to the project; return the text of the skill there."""

    channel = published / "channels/main.json"
    reader.run("add", channel, *words, "--target", "claude", "--allow-commands", *to(reader))
    return (reader.project / PINNED).read_text()


def to(reader: Kit) -> tuple[str, Path]:
    """Return the words that name the project."""
    return "--to", reader.project


def locked(reader: Kit) -> str:
    """Return what the project's lock has of the skill."""
    lock = tomllib.loads((reader.project / "holdall.lock").read_text())
    return next(a["content_hash"] for a in lock["artifact"] if a["id"] == "skill:plain-prose")


def test_add_brings_what_is_pinned(kit: Kit, published: Path, reader: Kit) -> None:
    """The lock names that version; the collection has both, and the present one as the newest."""
    text = pin(kit, published)
    assert add(reader, published, "--skill", "writing") == text
    assert locked(reader) == versions(kit)[0]
    assert versions(reader) == versions(kit)
    reader.run("sync", "--check", *to(reader))
    assert "everything is as" in reader.run("update", *to(reader))
    (reader.project / PINNED).unlink()
    reader.run("sync", *to(reader))
    assert (reader.project / PINNED).read_text() == text


def test_a_lock_with_a_pinned_version_is_enough(
    kit: Kit, published: Path, reader: Kit, tmp_path: Path
) -> None:
    """On a machine that has neither the collection nor the project's files."""
    text = pin(kit, published)
    add(reader, published, "--skill", "writing")
    other = new_kit(tmp_path / "third")
    for name in ("holdall.toml", "holdall.lock"):
        shutil.copy(reader.project / name, other.project)
    other.run("sync", "--frozen", "--allow-commands", *to(other))
    assert (other.project / PINNED).read_text() == text


def test_update_follows_the_pin(kit: Kit, published: Path, reader: Kit) -> None:
    """Once the composite pins another version, or none, the project has that one."""
    pin(kit, published)
    add(reader, published, "--skill", "writing")
    kit.run("composite", "unpin", "writing", "skill:plain-prose")
    kit.run("publish", "--to", published)
    reader.run("update", "--yes", *to(reader))
    assert "other words" in (reader.project / PINNED).read_text()
    assert locked(reader) == versions(kit)[1]


def test_a_project_has_one_version(kit: Kit, published: Path, reader: Kit) -> None:
    """Who wants the skill by itself, as it is now, and the composite that pins it, is told so."""
    pin(kit, published)
    words = ("--skill", "writing", "--skill", "plain-prose", "--target", "claude", *to(reader))
    done = reader.command("add", published / "channels/main.json", *words)
    assert done.returncode == 3
    assert "skill:plain-prose is wanted in two versions" in done.stderr
    assert not (reader.project / ".claude").exists()
    add(reader, published, "--skill", "plain-prose")
    assert locked(reader) == versions(kit)[1]


def test_a_folder_does_not_have_it(kit: Kit, published: Path, reader: Kit) -> None:
    """A collection as a folder has its present versions alone; the error says what to do."""
    pin(kit, published)
    words = ("--skill", "writing", "--target", "claude", "--allow-commands", *to(reader))
    done = reader.command("add", kit.collection, *words)
    assert done.returncode == 3
    assert "composite:writing pins skill:plain-prose to" in done.stderr
    assert "holdall publish" in done.stderr
