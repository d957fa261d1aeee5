"""Other UUIDs of an artifact: in the manifest, in the rows, in releases, and from sources."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from e2e.kit import Kit, copy_kit, write
from holdall.errors import NotFoundError
from holdall.testing import in_this_process
from holdall_composites.database.connect import connect_database
from holdall_composites.resolver.resolver import Resolver
from holdall_composites.store.store import Store

pytestmark = [pytest.mark.integration, pytest.mark.with_sample("skill:changelog")]

OTHER = "a" * 12 + "4aaa8" + "a" * 15
THIRD = "b" * 12 + "4bbb8" + "b" * 15


def name(kit: Kit, *aliases: str) -> None:
    """Write aliases of the sample's skill into the manifest."""
    manifest = kit.collection / "manifest.toml"
    lines = [line for line in manifest.read_text().splitlines() if not line.startswith("aliases")]
    at = next(number for number, line in enumerate(lines) if line == 'name = "changelog"')
    lines.insert(at + 1, f"aliases = {list(aliases)}".replace("'", '"'))
    manifest.write_text("\n".join(lines) + "\n")


@pytest.fixture
def bob(kit: Kit, tmp_path: Path) -> Kit:
    """Return a copy of the folder, on another machine."""
    return copy_kit(kit, tmp_path / "bob")


def ids(kit: Kit, *uuids: str) -> list[str]:
    """Return what the database calls these UUIDs; '' for what it does not know."""
    kit.run("log")
    collection = tomllib.loads((kit.collection / "manifest.toml").read_text())["collection"]
    found = []
    with connect_database(kit.database_url or "") as database:
        resolver = Resolver(Store(database), collection["uuid"])
        for uuid in uuids:
            try:
                found.append(resolver.id_of(uuid))
            except NotFoundError:
                found.append("")
    return found


def test_an_alias_names_the_artifact(kit: Kit) -> None:
    """Its own UUID and each alias lead to it, through a rename, until they are taken out."""
    own = kit.uuids()["skill:changelog"]
    name(kit, OTHER, THIRD)
    assert ids(kit, own, OTHER, THIRD) == ["skill:changelog"] * 3
    kit.run("rename", "skill:changelog", "news")
    assert ids(kit, own, OTHER, THIRD) == ["skill:news"] * 3
    manifest = kit.collection / "manifest.toml"
    manifest.write_text(
        manifest.read_text().replace(f'    "{OTHER}",\n', "").replace(f'"{OTHER}", ', "")
    )
    assert ids(kit, OTHER, THIRD) == ["", "skill:news"]
    assert kit.json("doctor")["findings"] == []


def test_aliases_that_two_folders_added_are_both_there(kit: Kit, bob: Kit) -> None:
    """They travel in releases, and are merged as a set."""
    name(kit, OTHER)
    kit.run("composite", "create", "one")
    name(bob, THIRD)
    bob.run("composite", "create", "two")
    kit.run("pull")
    for folder in (kit, bob):
        assert ids(folder, OTHER, THIRD) == ["skill:changelog"] * 2
        text = (folder.collection / "manifest.toml").read_text()
        aliases = [
            entry["aliases"] for entry in tomllib.loads(text)["artifacts"] if "aliases" in entry
        ]
        assert aliases == [[OTHER, THIRD]]


def test_a_source_may_name_an_artifact_by_an_alias(kit: Kit, tmp_path: Path) -> None:
    """What another collection has under the alias is the same artifact here, not a second one."""
    name(kit, OTHER)
    (tmp_path / "other").mkdir()
    other = Kit(in_this_process, tmp_path / "other")
    other.run("init", other.collection)
    shutil.copytree(kit.collection / "skills/changelog", other.collection / "skills/changelog")
    other.run("collect")
    manifest = other.collection / "manifest.toml"
    own = other.uuids()["skill:changelog"]
    manifest.write_text(manifest.read_text().replace(own, OTHER))
    write(other.collection / "skills/more/SKILL.md", "---\nname: more\ndescription: x\n---\n")
    other.run("collect")
    before = kit.uuids()
    kit.run("collect", other.collection)
    after = kit.uuids()
    assert after.keys() - before.keys() == {"skill:more"}
    assert after["skill:changelog"] == before["skill:changelog"]


@pytest.mark.parametrize("text", ['aliases = "x"', 'aliases = ["x"]', "aliases = [1]"])
def test_an_alias_that_is_no_uuid_is_refused(kit: Kit, text: str) -> None:
    """The error names the file, the line and the key."""
    manifest = kit.collection / "manifest.toml"
    manifest.write_text(manifest.read_text().replace('type = "skill"', f'type = "skill"\n{text}'))
    done = kit.command("list")
    assert done.returncode == 2
    assert "line " in done.stderr
    assert "aliases" in done.stderr


def test_an_alias_that_is_an_artifact_is_refused(kit: Kit) -> None:
    """A UUID names one artifact of a collection."""
    name(kit, kit.uuids()["skill:changelog"])
    assert "is there twice" in kit.command("list").stderr
