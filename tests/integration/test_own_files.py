"""A plugin's own files: collected with it, exported with it, deployed with what needs them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, known, new_kit, tree, write
from holdall.deploy.targets import BUILTIN_TARGETS

pytestmark = pytest.mark.integration

RUN = "#!/bin/sh\necho checked\n"
MANIFEST = {
    "name": "care", "version": "1.2.0", "author": {"name": "A. Uthor"}, "license": "MIT",
    "keywords": ["git"], "commands": "./cmd", "mcpServers": "./servers.json",
}  # fmt: skip
SERVER = {"command": "${CLAUDE_PLUGIN_ROOT}/bin/run.sh", "args": ["-x"]}
SERVERS = {"mcpServers": {"checker": SERVER}}
TIDY = "---\ndescription: d\n---\nRun ${CLAUDE_PLUGIN_ROOT}/bin/run.sh\n"
KEPT = ("version", "author", "license", "keywords")
HOOK = {"type": "command", "command": '"${CLAUDE_PLUGIN_ROOT}"/bin/run.sh --hook'}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A plugin with a script that its hook and its server run."""
    plugin = tmp_path / "source" / "care"
    write(plugin / ".claude-plugin/plugin.json", json.dumps(MANIFEST))
    write(plugin / "README.md", "# Care\n")
    write(plugin / "bin/run.sh", RUN)
    (plugin / "bin/run.sh").chmod(0o755)
    write(plugin / "cmd/tidy.md", TIDY)
    write(plugin / "servers.json", json.dumps(SERVERS))
    write(plugin / "hooks/hooks.json", json.dumps({"hooks": {"Stop": [{"hooks": [HOOK]}]}}))
    return plugin.parent


@pytest.fixture
def kit(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """A collection that holds the plugin."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    kit = new_kit(tmp_path / "first")
    kit.run("collect", source)
    return kit


def composite(kit: Kit) -> dict[str, Any]:
    """Return the composite's entry in the manifest."""
    manifest = tomllib.loads((kit.collection / "manifest.toml").read_text())
    (found,) = manifest["composites"]
    return found


def test_the_composite_has_its_files_and_its_metadata(kit: Kit) -> None:
    """They lie in the collection, the manifest names them, and they are no member."""
    found = composite(kit)
    assert found["files"] == "plugin-files:care"
    assert found["metadata"] == {
        k: MANIFEST[k] for k in ("version", "author", "license", "keywords")
    }
    assert [m["id"] for m in found["members"]] == ["command:tidy", "hook:hooks", "mcp:checker"]
    shown = kit.json("show", "care")
    assert (shown["own_files"], shown["metadata"]) == (found["files"], found["metadata"])
    files = tree(kit.collection / "plugin-files" / "care")
    assert files == {
        "README.md": (b"# Care\n", False),
        "bin/run.sh": (RUN.encode(), True),
    }


def test_an_export_has_them_and_comes_back_the_same(kit: Kit, tmp_path: Path) -> None:
    """Bytes, UUID, metadata; the components' places are the export's own."""
    kit.run("rename", "plugin-files:care", "caring")
    kit.run("export", "care", "--to", tmp_path / "out")
    manifest = json.loads((tmp_path / "out/.claude-plugin/plugin.json").read_text())
    assert {key: manifest[key] for key in KEPT} == {key: MANIFEST[key] for key in KEPT}
    assert "commands" not in manifest
    assert (tmp_path / "out/bin/run.sh").stat().st_mode & 0o777 == 0o755
    other = new_kit(tmp_path / "second")
    other.run("collect", tmp_path / "out")
    assert known(other) == known(kit)
    assert composite(other)["files"] == "plugin-files:caring"
    assert composite(other)["metadata"] == composite(kit)["metadata"]
    other.run("export", "care", "--to", tmp_path / "again")
    assert tree(tmp_path / "again") == tree(tmp_path / "out")


def test_an_update_brings_new_files_and_keeps_who_they_are(kit: Kit, source: Path) -> None:
    """A changed script is a new version; a plugin without files has none any more."""
    uuid = kit.uuids()["plugin-files:care"]
    write(source / "care/bin/run.sh", "#!/bin/sh\n")
    kit.run("collect", source)
    assert kit.uuids()["plugin-files:care"] == uuid
    assert (kit.collection / "plugin-files/care/bin/run.sh").read_text() == "#!/bin/sh\n"
    for path in ("README.md", "bin/run.sh", "servers.json"):
        (source / "care" / path).unlink()
    manifest = {key: MANIFEST[key] for key in ("name", "commands")}
    write(source / "care/.claude-plugin/plugin.json", json.dumps(manifest))
    kit.run("collect", source)
    assert "files" not in composite(kit)
    assert "metadata" not in composite(kit)
    assert "plugin-files:care" not in kit.uuids()
    assert not (kit.collection / "plugin-files/care").exists()


def test_files_that_were_removed_stop_an_export(kit: Kit, tmp_path: Path) -> None:
    """The export would not be what the composite says it is."""
    kit.run("remove", "plugin-files:care", status=None)
    refused = kit.command("export", "care", "--to", tmp_path / "out")
    assert refused.returncode == 4
    assert "plugin-files:care, are not in the collection" in refused.stderr
    assert not (tmp_path / "out").exists()
    kit.run("undo")
    kit.run("export", "care", "--to", tmp_path / "out")


@pytest.mark.parametrize("request_", ["composite:care", "hook:hooks", "mcp:checker"])
def test_a_hook_and_a_server_find_their_script(kit: Kit, request_: str) -> None:
    """The script lies in the project, and the settings name it there; all of it goes again."""
    before = tree(kit.project)
    kit.run("deploy", request_, "--to", kit.project, "--allow-commands")
    place = ".claude/plugin-files/care"
    assert tree(kit.project / place) == tree(kit.collection / "plugin-files/care")
    if request_ != "hook:hooks":
        server = json.loads((kit.project / ".mcp.json").read_text())["mcpServers"]["checker"]
        assert server["command"] == f"${{CLAUDE_PROJECT_DIR:-.}}/{place}/bin/run.sh"
    if request_ != "mcp:checker":
        settings = json.loads((kit.project / ".claude/settings.json").read_text())
        (hook,) = settings["hooks"]["Stop"][0]["hooks"]
        assert hook["command"] == f'"${{CLAUDE_PROJECT_DIR}}/{place}"/bin/run.sh --hook'
    assert kit.json("deploy", "--to", kit.project)["written"] == []
    assert kit.json("status", "--to", kit.project, status=None)
    kit.run("undeploy", request_, "--to", kit.project)
    assert tree(kit.project) == before


def test_they_go_with_the_last_that_needs_them(kit: Kit) -> None:
    """A hook and a server share one folder."""
    for name in ("hook:hooks", "mcp:checker"):
        kit.run("deploy", name, "--to", kit.project, "--allow-commands")
    kit.run("undeploy", "hook:hooks", "--to", kit.project)
    assert (kit.project / ".claude/plugin-files/care/bin/run.sh").exists()
    kit.run("undeploy", "mcp:checker", "--to", kit.project)
    assert not (kit.project / ".claude").exists()


@pytest.mark.parametrize("target", sorted(BUILTIN_TARGETS))
def test_every_agent_gets_them_where_it_needs_them(kit: Kit, target: str) -> None:
    """And only then."""
    on = ("--to", kit.project, "--target", target)
    before = tree(kit.project)
    kit.run("deploy", "care", *on, "--allow-commands", status=None)
    row = BUILTIN_TARGETS[target]
    there = kit.project / row.root / "plugin-files/care/bin/run.sh"
    assert there.exists() == bool(row.merges)
    for merge in row.merges.values():
        text = (kit.project / merge.path).read_text().replace('\\"', "").replace('"', "")
        assert "CLAUDE_PLUGIN_ROOT" not in text
        assert f"{row.root}/plugin-files/care/bin/run.sh" in text
    kit.run("undeploy", "care", *on, status=None)
    assert tree(kit.project) == before


def test_the_home_folder(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hooks go by $HOME, servers by the whole path."""
    home = kit.project.with_name("home")
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    kit.run("deploy", "care", "--user", "--allow-commands")
    servers = json.loads((home / ".claude.json").read_text())["mcpServers"]
    script = home / ".claude/plugin-files/care/bin/run.sh"
    assert servers["checker"]["command"] == str(script)
    assert script.read_text() == RUN
    settings = (home / ".claude/settings.json").read_text()
    assert '"\\"${HOME}/.claude/plugin-files/care\\"' in settings


def test_a_changed_script_is_asked_for_again(kit: Kit, source: Path) -> None:
    """What was allowed is the command with the program that it runs."""
    kit.run("deploy", "mcp:checker", "--to", kit.project, "--allow-commands")
    write(source / "care/bin/run.sh", "#!/bin/sh\nrm -rf /\n")
    kit.run("collect", source)
    refused = kit.command("deploy", "--to", kit.project)
    assert refused.returncode == 3
    assert "plugin-files/care/bin/run.sh -x" in refused.stderr
    kit.run("deploy", "--to", kit.project, "--allow-commands")


def test_what_has_no_plugin_is_told(kit: Kit) -> None:
    """Nobody knows where its files would be."""
    write(kit.collection / "mcp/lone.json", json.dumps(SERVER))
    kit.run("collect")
    done = kit.command("deploy", "mcp:lone", "--to", kit.project, "--allow-commands")
    assert done.returncode == 1
    assert "mcp:lone refers to ${CLAUDE_PLUGIN_ROOT}" in done.stderr


def test_a_skill_deploys_without_them(kit: Kit) -> None:
    """Commands and skills go out as they are, and bring nothing along."""
    kit.run("deploy", "command:tidy", "--to", kit.project)
    assert not (kit.project / ".claude/plugin-files").exists()
    text = (kit.project / ".claude/commands/tidy.md").read_bytes()
    assert text == (kit.collection / "commands/tidy.md").read_bytes()


def test_an_edit_of_them_is_adopted(kit: Kit) -> None:
    """By their own name or with their composite; the entries that refer to them stay."""
    kit.run("deploy", "composite:care", "--to", kit.project, "--allow-commands")
    script = kit.project / ".claude/plugin-files/care/bin/run.sh"
    for number, name in enumerate(("care", "plugin-files:care"), 1):
        script.write_text(f"{RUN}# {number}\n")
        done = kit.json("adopt", name, "--from", kit.project)
        assert [one["id"] for one in done["adopted"]] == ["plugin-files:care"]
        assert (kit.collection / "plugin-files/care/bin/run.sh").read_text() == script.read_text()
        assert kit.command("status", "--to", kit.project).returncode == 0
    kit.run("undo")
    assert (kit.collection / "plugin-files/care/bin/run.sh").read_text() == f"{RUN}# 1\n"
