"""What sources, manifests and pins may say about identity, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, write
from holdall.testing import make_command, make_skill

pytestmark = pytest.mark.integration

STRANGE = "9cb130c18d4c4bae98a4747c07303e0b"


@pytest.fixture
def mine(kit: Kit, tmp_path: Path) -> Kit:
    """A collection with something private in it, in two versions."""
    make_skill(tmp_path / "mine", "private", "first secret")
    make_command(tmp_path / "mine", "deep/private")
    kit.run("collect", tmp_path / "mine")
    make_skill(kit.collection, "private", "second secret")
    kit.run("collect")
    return kit


def hashes(kit: Kit, artifact_id: str) -> list[str]:
    """Return the content of each version, oldest first."""
    return [v["content_hash"] for v in kit.json("versions", artifact_id)["versions"]]


def make_export(root: Path, *, plugin: str = STRANGE, **member: Any) -> Path:
    """Write a plugin that says what it likes of its one member."""
    make_skill(root, "gamma", "harmless")
    said = {
        "id": "skill:gamma",
        "uuid": "ac427ac08d3046438e97606f86b6d4af",
        "path": "skills/gamma",
        "relationship": "contains",
        "pin": None,
        **member,
    }
    identity = {"format": 1, "uuid": plugin, "composite_type": "plugin", "files": None}
    manifest = {"name": "ev", "holdall": {**identity, "members": [said]}}
    write(root / ".claude-plugin/plugin.json", json.dumps(manifest))
    return root


def make_member(root: Path, uuid: str) -> Path:
    """Write a plugin whose one member says that it has this UUID."""
    return make_export(root, uuid=uuid)


def make_collection_source(root: Path, uuid: str) -> Path:
    """Write a collection whose one skill says that it has this UUID."""
    make_skill(root, "gamma", "harmless")
    write(
        root / "manifest.toml",
        '[collection]\nname = "x"\n[[artifacts]]\nname = "gamma"\ntype = "skill"\n'
        f'path = "skills/gamma"\nuuid = "{uuid}"\n',
    )
    return root


@pytest.mark.parametrize("made", [make_member, make_collection_source])
def test_a_uuid_is_not_a_key_to_the_artifact_that_has_it(
    mine: Kit, tmp_path: Path, made: Callable[[Path, str], Path]
) -> None:
    """Another artifact with a known UUID gets one of its own, whatever is to win in conflicts."""
    before, uuid = hashes(mine, "skill:private"), mine.uuids()["skill:private"]
    source = made(tmp_path / "evil", uuid)
    done = mine.json("collect", source, "--on-conflict", "take", status=None)
    (change,) = (c for c in done["sources"][0]["changes"] if c["id"] == "skill:gamma")
    assert change["kind"] == "new"
    assert "has the UUID of skill:private" in change["note"]
    assert mine.uuids()["skill:private"] == uuid != mine.uuids()["skill:gamma"]
    assert hashes(mine, "skill:private") == before
    assert "second secret" in (mine.collection / "skills/private/SKILL.md").read_text()


def test_a_uuid_brings_no_history_of_what_was_removed(mine: Kit, tmp_path: Path) -> None:
    """What was removed comes back under its own name or with its own content only."""
    uuid, old = mine.uuids()["skill:private"], hashes(mine, "skill:private")[0]
    mine.run("remove", "skill:private")
    mine.run("collect", make_collection_source(tmp_path / "evil", uuid), status=None)
    assert len(hashes(mine, "skill:gamma")) == 1
    assert mine.uuids()["skill:gamma"] != uuid
    mine.command("restore", "skill:private")
    assert mine.uuids()["skill:private"] == uuid
    assert hashes(mine, "skill:private")[0] == old


def test_a_composite_is_not_taken_over_by_its_uuid(mine: Kit, tmp_path: Path) -> None:
    """A plugin that claims the UUID of a composite of mine is another composite."""
    mine.run("composite", "create", "kit", "--member", "skill:private")
    uuid = mine.uuids()["composite:kit"]
    source = make_export(tmp_path / "evil", plugin=uuid)
    mine.run("collect", source, "--on-conflict", "take")
    assert mine.uuids()["composite:kit"] == uuid != mine.uuids()["composite:ev"]
    (member,) = mine.json("show", "composite:kit")["members"]
    assert member["id"] == "skill:private"


@pytest.mark.parametrize("number", [0, 1])
def test_pin_to_the_content_of_another_is_no_way_to_it(
    mine: Kit, tmp_path: Path, number: int
) -> None:
    """Neither deploy, export nor a composite around it follow a pin to somebody else's version."""
    secret = hashes(mine, "skill:private")[number]
    source = make_export(tmp_path / "evil", content_hash=secret, pin=secret)
    done = mine.json("collect", source, status=1)
    assert "pin-elsewhere" in {d["code"] for d in done["sources"][0]["diagnostics"]}
    mine.run("composite", "create", "around", "--member", "composite:ev")
    for words in (
        ("deploy", "composite:ev", "--to", mine.project),
        ("deploy", "composite:around", "--to", mine.project),
        ("export", "composite:ev", "--to", tmp_path / "out"),
    ):
        done = mine.command(*words)
        assert "is not a version of it" in done.stderr, done.stdout
    assert not list(mine.project.rglob("SKILL.md"))
    mine.run("composite", "unpin", "ev", "skill:gamma")
    mine.run("deploy", "composite:ev", "--to", mine.project)
    assert "harmless" in (mine.project / ".claude/skills/gamma/SKILL.md").read_text()


def test_pin_that_a_source_may_give_is_followed(mine: Kit, tmp_path: Path) -> None:
    """An export with a pin of its own is deployed elsewhere as it was here."""
    old = hashes(mine, "skill:private")[0]
    mine.run("composite", "create", "kit", "--member", "skill:private@0")
    mine.run("export", "kit", "--to", tmp_path / "out")
    (tmp_path / "other").mkdir()
    other = Kit(mine.holdall, tmp_path / "other", None)
    other.run("init", other.collection)
    other.run("collect", tmp_path / "out")
    (member,) = other.json("show", "composite:kit")["members"]
    assert member["pin"] == old
    other.deploy("composite:kit")
    assert "first secret" in (other.project / ".claude/skills/private/SKILL.md").read_text()


def test_manifest_cannot_claim_content_that_its_files_are_not(mine: Kit, tmp_path: Path) -> None:
    """A hash of another artifact, written into the manifest, makes no version of this one."""
    secret = hashes(mine, "skill:private")[-1]
    mine.run("collect", make_export(tmp_path / "evil"))
    (gamma,) = hashes(mine, "skill:gamma")
    manifest = mine.collection / "manifest.toml"
    manifest.write_text(manifest.read_text().replace(gamma, secret))
    assert hashes(mine, "skill:gamma") == [gamma]
    done = mine.command("deploy", f"skill:gamma@{secret[:12]}", "--to", mine.project)
    assert done.returncode == 4, done.stderr
