"""What a server cannot store in a text is left out by name, and the rest goes through."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from e2e.kit import Kit, write

pytestmark = pytest.mark.integration

SKILL = "---\nname: {}\ndescription: x\n---\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source with one good skill."""
    write(tmp_path / "source/skills/good/SKILL.md", SKILL.format("good"))
    return tmp_path / "source"


def collected(kit: Kit, source: Path, path: str) -> None:
    """Collect a source: the file of this path is named, and the good skill is collected."""
    done = kit.command("collect", source)
    assert (done.returncode, path in done.stderr) == (1, True), done
    assert "skill:good" in kit.run("list")
    assert kit.json("doctor")["findings"] == []


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
@pytest.mark.parametrize("key", ["name", "description", "homepage"])
def test_a_plugin_that_says_what_is_no_text(kit: Kit, source: Path, text: str, key: str) -> None:
    """A NUL, or half of a surrogate pair, in its manifest."""
    told = json.dumps({"name": "p", "description": "x", key: text})
    write(source / ".claude-plugin/plugin.json", told)
    collected(kit, source, ".claude-plugin/plugin.json")


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_servers_that_say_what_is_no_text(kit: Kit, source: Path, text: str) -> None:
    """In a command of a server."""
    write(source / ".mcp.json", json.dumps({"mcpServers": {"s": {"command": text}}}))
    collected(kit, source, ".mcp.json")


def test_a_file_name_that_is_no_text(kit: Kit, source: Path) -> None:
    """The file is left out of its skill, which is collected."""
    write(source / "skills/bad/SKILL.md", SKILL.format("bad"))
    place = os.fsencode(source / "skills/bad") + b"/\xff.txt"
    with open(place, "wb") as file:
        file.write(b"x")
    collected(kit, source, "skills/bad/")
    assert "skill:bad" in kit.run("list")


def test_a_manifest_with_a_nul_names_its_line(kit: Kit, source: Path) -> None:
    """Nothing is written, and what was typed can be taken out again."""
    kit.run("collect", source)
    manifest = kit.collection / "manifest.toml"
    text = manifest.read_text()
    line = text.splitlines().index('origin = "local"') + 1
    manifest.write_text(text.replace('origin = "local"', 'origin = "lo\\u0000cal"'))
    done = kit.command("list")
    assert (done.returncode, f"line {line}: holds a NUL" in done.stderr) == (2, True), done
    manifest.write_text(text)
    kit.run("collect")
