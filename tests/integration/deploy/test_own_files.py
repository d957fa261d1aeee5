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
def plugin_kit(tmp_path: Path, own_state: Path, source: Path) -> Kit:
    """A collection that holds the plugin."""
    kit = new_kit(tmp_path / "first")
    kit.run("collect", source)
    return kit


def composite(kit: Kit) -> dict[str, Any]:
    """Return the composite's entry in the manifest."""
    manifest = tomllib.loads((kit.collection / "manifest.toml").read_text())
    (found,) = manifest["composites"]
    return found


def test_the_composite_has_its_files_and_its_metadata(plugin_kit: Kit) -> None:
    """They lie in the collection, the manifest names them, and they are no member."""
    found = composite(plugin_kit)
    assert found["files"] == "plugin-files:care"
    assert found["metadata"] == {
        k: MANIFEST[k] for k in ("version", "author", "license", "keywords")
    }
    assert [m["id"] for m in found["members"]] == ["command:care:tidy", "hook:care", "mcp:checker"]
    shown = plugin_kit.json("show", "care")
    assert (shown["own_files"], shown["metadata"]) == (found["files"], found["metadata"])
    files = tree(plugin_kit.collection / "plugin-files" / "care")
    assert files == {
        "README.md": (b"# Care\n", False),
        "bin/run.sh": (RUN.encode(), True),
    }


def test_an_export_has_them_and_comes_back_the_same(plugin_kit: Kit, tmp_path: Path) -> None:
    """Bytes, UUID, metadata; the components' places are the export's own."""
    plugin_kit.run("rename", "plugin-files:care", "caring")
    plugin_kit.run("export", "care", "--to", tmp_path / "out")
    manifest = json.loads((tmp_path / "out/.claude-plugin/plugin.json").read_text())
    assert {key: manifest[key] for key in KEPT} == {key: MANIFEST[key] for key in KEPT}
    assert "commands" not in manifest
    assert (tmp_path / "out/bin/run.sh").stat().st_mode & 0o777 == 0o755
    other = new_kit(tmp_path / "second")
    other.run("collect", tmp_path / "out")
    assert known(other) == known(plugin_kit)
    assert composite(other)["files"] == "plugin-files:caring"
    assert composite(other)["metadata"] == composite(plugin_kit)["metadata"]
    other.run("export", "care", "--to", tmp_path / "again")
    assert tree(tmp_path / "again") == tree(tmp_path / "out")


def test_an_update_brings_new_files_and_keeps_who_they_are(plugin_kit: Kit, source: Path) -> None:
    """A changed script is a new version; without files there is none, and its hook lacks one."""
    uuid = plugin_kit.uuids()["plugin-files:care"]
    write(source / "care/bin/run.sh", "#!/bin/sh\n")
    plugin_kit.run("collect", source)
    assert plugin_kit.uuids()["plugin-files:care"] == uuid
    assert (plugin_kit.collection / "plugin-files/care/bin/run.sh").read_text() == "#!/bin/sh\n"
    for path in ("README.md", "bin/run.sh", "servers.json"):
        (source / "care" / path).unlink()
    manifest = {key: MANIFEST[key] for key in ("name", "commands")}
    write(source / "care/.claude-plugin/plugin.json", json.dumps(manifest))
    done = plugin_kit.command("collect", source)
    assert (done.returncode, "starts 'bin/run.sh', which is not there" in done.stderr) == (1, True)
    assert "files" not in composite(plugin_kit)
    assert "metadata" not in composite(plugin_kit)
    assert "plugin-files:care" not in plugin_kit.uuids()
    assert not (plugin_kit.collection / "plugin-files/care").exists()


def test_files_that_were_removed_stop_an_export(plugin_kit: Kit, tmp_path: Path) -> None:
    """The export would not be what the composite says it is."""
    plugin_kit.run("remove", "plugin-files:care", status=None)
    refused = plugin_kit.command("export", "care", "--to", tmp_path / "out")
    assert refused.returncode == 4
    assert "plugin-files:care, are not in the collection" in refused.stderr
    assert not (tmp_path / "out").exists()
    plugin_kit.run("undo")
    plugin_kit.run("export", "care", "--to", tmp_path / "out")


@pytest.mark.parametrize("request_", ["composite:care", "hook:care", "mcp:checker"])
def test_a_hook_and_a_server_find_their_script(plugin_kit: Kit, request_: str) -> None:
    """The script lies in the project, and the settings name it there; all of it goes again."""
    before = tree(plugin_kit.project)
    plugin_kit.run("deploy", request_, "--to", plugin_kit.project, "--allow-commands")
    place = ".claude/plugin-files/care"
    assert tree(plugin_kit.project / place) == tree(plugin_kit.collection / "plugin-files/care")
    if request_ != "hook:care":
        server = json.loads((plugin_kit.project / ".mcp.json").read_text())["mcpServers"]["checker"]
        assert server["command"] == f"${{CLAUDE_PROJECT_DIR:-.}}/{place}/bin/run.sh"
        assert server["env"] == {"CLAUDE_PLUGIN_ROOT": f"${{CLAUDE_PROJECT_DIR:-.}}/{place}"}
    if request_ != "mcp:checker":
        settings = json.loads((plugin_kit.project / ".claude/settings.json").read_text())
        (hook,) = settings["hooks"]["Stop"][0]["hooks"]
        root = f'"${{CLAUDE_PROJECT_DIR}}/{place}"'
        assert hook["command"] == f"export CLAUDE_PLUGIN_ROOT={root}; {root}/bin/run.sh --hook"
    assert plugin_kit.json("deploy", "--to", plugin_kit.project)["written"] == []
    assert plugin_kit.json("status", "--to", plugin_kit.project, status=None)
    plugin_kit.run("undeploy", request_, "--to", plugin_kit.project)
    assert tree(plugin_kit.project) == before


def test_they_go_with_the_last_that_needs_them(plugin_kit: Kit) -> None:
    """A hook and a server share one folder."""
    for name in ("hook:care", "mcp:checker"):
        plugin_kit.run("deploy", name, "--to", plugin_kit.project, "--allow-commands")
    plugin_kit.run("undeploy", "hook:care", "--to", plugin_kit.project)
    assert (plugin_kit.project / ".claude/plugin-files/care/bin/run.sh").exists()
    plugin_kit.run("undeploy", "mcp:checker", "--to", plugin_kit.project)
    assert not (plugin_kit.project / ".claude").exists()


@pytest.mark.parametrize("target", [*BUILTIN_TARGETS][:8])
def test_every_agent_gets_them_where_it_needs_them(plugin_kit: Kit, target: str) -> None:
    """And only then."""
    on = ("--to", plugin_kit.project, "--target", target)
    before = tree(plugin_kit.project)
    plugin_kit.run("deploy", "care", *on, "--allow-commands", status=None)
    row = BUILTIN_TARGETS[target]
    there = plugin_kit.project / row.root / "plugin-files/care/bin/run.sh"
    assert there.exists() == bool(row.merges)
    for merge in row.merges.values():
        text = (plugin_kit.project / merge.path).read_text().replace('\\"', "").replace('"', "")
        assert "${CLAUDE_PLUGIN_ROOT" not in text
        assert "CLAUDE_PLUGIN_ROOT" in text  # in the environment of what is started
        assert f"{row.root}/plugin-files/care/bin/run.sh" in text
    plugin_kit.run("undeploy", "care", *on, status=None)
    assert tree(plugin_kit.project) == before


def test_the_home_folder(plugin_kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hooks go by $HOME, servers by the whole path."""
    home = plugin_kit.project.with_name("home")
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    plugin_kit.run("deploy", "care", "--user", "--allow-commands")
    servers = json.loads((home / ".claude.json").read_text())["mcpServers"]
    script = home / ".claude/plugin-files/care/bin/run.sh"
    assert servers["checker"]["command"] == str(script)
    assert script.read_text() == RUN
    settings = (home / ".claude/settings.json").read_text()
    assert ' \\"${HOME}/.claude/plugin-files/care\\"/bin/run.sh --hook"' in settings


def test_a_changed_script_is_asked_for_again(plugin_kit: Kit, source: Path) -> None:
    """What was allowed is the command with the program that it runs."""
    plugin_kit.run("deploy", "mcp:checker", "--to", plugin_kit.project, "--allow-commands")
    write(source / "care/bin/run.sh", "#!/bin/sh\nrm -rf /\n")
    plugin_kit.run("collect", source)
    refused = plugin_kit.command("deploy", "--to", plugin_kit.project)
    assert refused.returncode == 3
    assert "plugin-files/care/bin/run.sh -x" in refused.stderr
    plugin_kit.run("deploy", "--to", plugin_kit.project, "--allow-commands")


def test_what_has_no_plugin_is_told(plugin_kit: Kit) -> None:
    """Nobody knows where its files would be."""
    write(plugin_kit.collection / "mcp/lone.json", json.dumps(SERVER))
    plugin_kit.run("collect")
    done = plugin_kit.command("deploy", "mcp:lone", "--to", plugin_kit.project, "--allow-commands")
    assert done.returncode == 1
    assert "mcp:lone refers to its plugin's folder (${CLAUDE_PLUGIN_ROOT})" in done.stderr


def test_a_skill_deploys_without_them(plugin_kit: Kit) -> None:
    """Commands and skills go out as they are, and bring nothing along."""
    plugin_kit.run("deploy", "command:care:tidy", "--to", plugin_kit.project)
    assert not (plugin_kit.project / ".claude/plugin-files").exists()
    text = (plugin_kit.project / ".claude/commands/care/tidy.md").read_bytes()
    assert text == (plugin_kit.collection / "commands/care/tidy.md").read_bytes()


def test_an_edit_of_them_is_adopted(plugin_kit: Kit) -> None:
    """By their own name or with their composite; the entries that refer to them stay."""
    plugin_kit.run("deploy", "composite:care", "--to", plugin_kit.project, "--allow-commands")
    script = plugin_kit.project / ".claude/plugin-files/care/bin/run.sh"
    for number, name in enumerate(("care", "plugin-files:care"), 1):
        script.write_text(f"{RUN}# {number}\n")
        done = plugin_kit.json("adopt", name, "--from", plugin_kit.project)
        assert [one["id"] for one in done["adopted"]] == ["plugin-files:care"]
        assert (
            plugin_kit.collection / "plugin-files/care/bin/run.sh"
        ).read_text() == script.read_text()
        assert plugin_kit.command("status", "--to", plugin_kit.project).returncode == 0
    plugin_kit.run("undo")
    assert (plugin_kit.collection / "plugin-files/care/bin/run.sh").read_text() == f"{RUN}# 1\n"
