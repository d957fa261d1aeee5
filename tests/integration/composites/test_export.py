"""Exporting a composite and collecting it elsewhere: who is who stays, to the byte."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from e2e.kit import Kit, known, new_kit, tree, write
from holdall.files import syscalls
from hostile_trees import TREES, Content, plant

pytestmark = [pytest.mark.integration, pytest.mark.with_sample()]

LONG = int(os.environ.get("HOLDALL_LONG_TESTS", "0"))


@pytest.fixture
def dialect() -> str:
    """What is exported does not depend on the kind of database."""
    return "sqlite"


@pytest.mark.parametrize("name", ["writing", "git-care"])
def test_collecting_an_export_is_the_identity(kit: Kit, tmp_path: Path, name: str) -> None:
    """Ids, UUIDs, content hashes, the composite with its order, relationships and pins."""
    kit.run("rename", "agent:editor", "redactor")
    kit.run("rename", "mcp:git", "tracker")
    kit.run("composite", "add", name, "skill:meeting-notes", "--relationship", "requires")
    kit.run("composite", "pin", name, "skill:meeting-notes")
    kit.run("export", name, "--to", tmp_path / "out")
    other = new_kit(tmp_path / "second")
    other.run("collect", tmp_path / "out")
    theirs = known(other)
    assert theirs == {uuid: said for uuid, said in known(kit).items() if uuid in theirs}
    members = kit.json("composite", "show", name)["members"]
    assert len(theirs) == len(members) + 1
    before = tree(other.collection)
    other.run("collect", tmp_path / "out")
    assert tree(other.collection) == before
    other.run("export", name, "--to", tmp_path / "again")
    assert tree(tmp_path / "again") == tree(tmp_path / "out")


def test_an_export_is_reproducible(kit: Kit, tmp_path: Path) -> None:
    """The same bytes each time; unpacked, archives are what the folder is."""
    script = kit.collection / "skills/changelog/scripts/since-last-tag.sh"
    os.symlink("SKILL.md", kit.collection / "skills/changelog/link.md")
    os.utime(script, (1, 1))
    kit.run("collect")
    kit.run("export", "writing", "--to", tmp_path / "folder")
    for name in ("x.zip", "x.tar.gz"):
        kit.run("export", "writing", "--to", tmp_path / name)
        first = (tmp_path / name).read_bytes()
        os.utime(script)
        kit.run("export", "writing", "--to", tmp_path / name, status=3)
        kit.run("export", "writing", "--to", tmp_path / name, "--force")
        assert (tmp_path / name).read_bytes() == first
    with tarfile.open(tmp_path / "x.tar.gz") as archive:
        archive.extractall(tmp_path / "tar", filter="data")
    assert tree(tmp_path / "tar") == tree(tmp_path / "folder")
    assert os.readlink(tmp_path / "tar/skills/changelog/link.md") == "SKILL.md"
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        found = {i.filename: i.external_attr >> 16 for i in archive.infolist()}
    assert found["skills/changelog/scripts/since-last-tag.sh"] == 0o100755
    assert found["skills/changelog/link.md"] == 0o120777


def test_a_pinned_member_is_exported_as_it_is_pinned(kit: Kit, tmp_path: Path) -> None:
    """Not as the collection has it now."""
    kit.run("composite", "pin", "writing", "skill:changelog")
    skill = kit.collection / "skills/changelog/SKILL.md"
    before = skill.read_bytes()
    skill.write_text("newer\n")
    kit.run("collect")
    kit.run("export", "writing", "--to", tmp_path / "out")
    assert (tmp_path / "out/skills/changelog/SKILL.md").read_bytes() == before
    other = new_kit(tmp_path / "second")
    other.run("collect", tmp_path / "out")
    (pin,) = [m["pin"] for m in other.json("composite", "show", "writing")["members"] if m["pin"]]
    (version,) = other.json("versions", "skill:changelog")["versions"]
    assert version["content_hash"] == pin


def test_nothing_of_anybodys_is_replaced(kit: Kit, tmp_path: Path) -> None:
    """Only an empty folder or, by force, an earlier export; a failed one leaves nothing."""
    skill = (kit.collection / "skills/changelog/SKILL.md").read_bytes()
    (tmp_path / "empty").mkdir()
    kit.run("export", "writing", "--to", tmp_path / "empty")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("mine\n")
    for force in ((), ("--force",)):
        kit.run("export", "writing", "--to", tmp_path / "mine", *force, status=3)
    assert tree(tmp_path / "mine") == {"file": (b"mine\n", False)}
    kit.run("export", "writing", "--to", tmp_path / "empty", status=3)
    kit.run("export", "git-care", "--to", tmp_path / "empty", "--force")
    manifest = json.loads((tmp_path / "empty/.claude-plugin/plugin.json").read_text())
    assert manifest["name"] == "git-care"
    kit.run("export", "writing", "--to", tmp_path / "no", "--dry-run")
    (kit.collection / "skills/changelog/SKILL.md").write_text("edited\n")
    kit.run("export", "writing", "--to", tmp_path / "no", status=3)
    kit.run("export", "skill:changelog", "--to", tmp_path / "no", status=2)
    (kit.collection / "skills/changelog/SKILL.md").write_bytes(skill)
    for name in (".", tmp_path / "mine/.."):
        kit.run("export", "writing", "--to", name, "--force", status=3)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith((".", "no"))]


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("name", ["out", "out.zip", "out.tar.gz"])
def test_what_force_replaces_is_kept(
    kit: Kit, tmp_path: Path, name: str, exchanges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the new one, with all that its owner put into it, also where names are not swapped."""
    if not exchanges:
        monkeypatch.setattr(syscalls, "rename_with", lambda *_: False)
    target = tmp_path / "place" / name
    kit.run("export", "writing", "--to", target)
    if target.is_dir():
        write(target / ".git/HEAD", "mine\n")
        write(target / "skills/changelog/SKILL.md", "edited\n")
        os.symlink("/nowhere", target / "link")
    else:
        target.write_bytes(b"mine\n")
    mine = target.with_name("mine")
    if target.is_dir():
        shutil.copytree(target, mine, symlinks=True)
    else:
        shutil.copyfile(target, mine)
    target.with_name(f"{name}.backup-1").write_text("somebody's\n")
    done = kit.command("export", "git-care", "--to", target, "--force", "--json")
    backup = target.with_name(f"{name}.backup-2")
    assert json.loads(done.stdout)["backup"] == str(backup)
    assert f"kept what was there as {backup}" in done.stderr
    if mine.is_dir():
        assert tree(backup) == tree(mine)
        assert os.readlink(backup / "link") == "/nowhere"
    else:
        assert backup.read_bytes() == mine.read_bytes()
    kit.run("export", "git-care", "--to", tmp_path / name)
    there, wanted = target, tmp_path / name
    assert tree(there) == tree(wanted)
    assert there.is_dir() or there.read_bytes() == wanted.read_bytes()
    names = {path.name for path in target.parent.iterdir()}
    assert names == {name, "mine", f"{name}.backup-1", f"{name}.backup-2"}
    # What is the same already is not replaced.
    assert kit.json("export", "git-care", "--to", target, "--force")["backup"] is None
    assert {path.name for path in target.parent.iterdir()} == names


def test_a_full_disk_leaves_what_was_there(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing beside it; the error says so."""
    kit.run("export", "writing", "--to", tmp_path / "place/out")
    before = tree(tmp_path / "place")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(syscalls, "write", full)
    done = kit.command("export", "git-care", "--to", tmp_path / "place/out", "--force")
    assert (done.returncode, tree(tmp_path / "place")) == (5, before)
    assert "No space left" in done.stderr
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["out"]


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"uuid": "x"}, {"members": {}}, {"members": [{"id": "skill:../x"}]}, []],
)
def test_a_forged_identity_is_ignored(kit: Kit, tmp_path: Path, change: Any) -> None:
    """The plugin is collected all the same, and a diagnostic says so."""
    kit.run("export", "writing", "--to", tmp_path / "out")
    path = tmp_path / "out/.claude-plugin/plugin.json"
    manifest = json.loads(path.read_text())
    manifest["holdall"] = {**manifest["holdall"], **change} if change else "x"
    path.write_text(json.dumps(manifest))
    other = new_kit(tmp_path / "second")
    done = other.command("collect", tmp_path / "out")
    assert done.returncode == 1
    assert "is not what an export writes" in done.stderr
    assert "composite:writing" in other.uuids()


def test_a_uuid_that_is_here_is_that_artifact(kit: Kit, tmp_path: Path) -> None:
    """Under another name, too; and two collections in one database keep apart."""
    kit.run("export", "writing", "--to", tmp_path / "out")
    other = new_kit(tmp_path / "second")
    other.run("collect", tmp_path / "out")
    other.run("rename", "skill:changelog", "news")
    skill = kit.collection / "skills/changelog/SKILL.md"
    skill.write_text(skill.read_text() + "newer\n")
    kit.run("collect")
    shutil.rmtree(tmp_path / "out")
    kit.run("export", "writing", "--to", tmp_path / "out")
    other.run("collect", tmp_path / "out")
    news = skill.read_text().replace("name: changelog", "name: news")
    assert (other.collection / "skills/news/SKILL.md").read_text() == news
    assert "skill:changelog" not in other.uuids()
    third = new_kit(tmp_path / "third")
    third.database_url = kit.database_url
    third.run("collect", tmp_path / "out")
    assert not set(third.uuids().values()) & set(kit.uuids().values())


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.slow
@settings(max_examples=LONG or 8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    skills=st.dictionaries(names, texts, max_size=3),
    commands=st.dictionaries(names, texts, max_size=3),
    servers=st.dictionaries(names, st.dictionaries(names, texts, max_size=2), max_size=3),
)
def test_any_plugin_survives_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory,
    skills: dict[str, str],
    commands: dict[str, str],
    servers: dict[str, Any],
) -> None:
    """Whatever it is called and holds: collect, export, collect again is the identity."""
    folder = tmp_path_factory.mktemp("any")
    plugin = folder / "plugin"
    write(plugin / ".claude-plugin/plugin.json", json.dumps({"name": "any"}))
    for number, (name, text) in enumerate(skills.items()):
        head = f"---\nname: {json.dumps(name)}\ndescription: x\n---\n"
        place = plugin / "skills" / (name if is_file_name(name) else f"s{number}")
        write(place / "SKILL.md", head + text)
    for number, (name, text) in enumerate(commands.items()):
        write(plugin / "commands" / (f"{name if is_file_name(name) else number}.md"), text)
    write(plugin / ".mcp.json", json.dumps({"mcpServers": servers}))
    first, second = new_kit(folder / "first"), new_kit(folder / "second")
    assert first.command("collect", plugin).returncode in (0, 1)
    first.run("export", "any", "--to", folder / "out")
    assert second.command("collect", folder / "out").returncode in (0, 1)
    assert known(second) == known(first)


@pytest.mark.slow
@settings(
    max_examples=LONG or 10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(TREES)
@example([(["manifest.toml"], "[collection]")])
@example([(["collection.toml"], "[collection]"), (["artifacts", "a.md"], "x")])
@example([(["manifest.toml"], "[collection]\nname = 1"), (["hooks", "x.json"], '{"hooks": {}}')])
@example([(["manifest.toml"], "[collection]"), (["mcp", "x.json"], '{"command": "x"}')])
def test_hostile_trees_survive_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[list[str], Content]]
) -> None:
    """What could be collected of whatever lay there comes back from its export as it was."""
    folder = tmp_path_factory.mktemp("hostile")
    plugin = folder / "source" / "p"
    plugin.mkdir(parents=True)
    plant(plugin, files)
    if not (plugin / ".claude-plugin").exists():
        write(plugin / ".claude-plugin/plugin.json", '{"name": "p"}')
    first = new_kit(folder / "first")
    assert first.command("collect", plugin.parent).returncode in (0, 1)
    said = known(first)
    names = {uuid: one[0]["name"] for uuid, one in said.items() if isinstance(one[0], dict)}
    for number, (uuid, name) in enumerate(sorted(names.items())):
        out = folder / f"out{number}"
        first.run("export", f"composite:{name}", "--to", out)
        second = new_kit(folder / f"again{number}")
        assert second.command("collect", out).returncode in (0, 1)
        theirs = known(second)
        assert theirs == {one: said.get(one) for one in theirs}
        assert uuid in theirs
        again = folder / f"more{number}"
        second.run("export", f"composite:{name}", "--to", again)
        assert tree(again) == tree(out)


def is_file_name(name: str) -> bool:
    """Return whether a file can be called so, anywhere in a source."""
    return not set(name) & set("/\0") and name not in (".", "..") and not name.startswith(".")
