"""Links where an artifact or a manifest could be: followed inside the source, else reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holdall.sources.reader import read
from holdall.sources.values import GitState
from source_trees import MARKET, PLUGIN, Source, codes, good, keys, member_paths, only, write

pytestmark = pytest.mark.unit


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return a function that writes files and reads them as a source."""
    return lambda files: read(write(tmp_path / "source", files))


def test_a_linked_marketplace_is_read(source: Source) -> None:
    """The file, or the folder around it, may be a link; so may a plugin's manifest."""
    reading = source(
        {
            ".github/plugin/marketplace.json": {"plugins": [{"name": "p", "source": "./p"}]},
            MARKET: ("->", "../.github/plugin/marketplace.json"),
            "meta/p.json": {"name": "p", "description": "from the manifest"},
            f"p/{PLUGIN}": ("->", "../../meta/p.json"),
            "meta/q/plugin.json": {"name": "q"}, "q/.claude-plugin": ("->", "../meta/q"),
            "p/skills/a/SKILL.md": good("a"),
        }
    )  # fmt: skip
    assert {(c.name, c.kind) for c in reading.composites} == {
        ("p", "marketplace-entry"), ("q", "unlisted-plugin")
    }  # fmt: skip
    assert reading.composites[0].description == "from the manifest"
    assert not reading.diagnostics


def test_linked_artifacts_are_taken_once(source: Source) -> None:
    """A link to what is no artifact makes one; a link to an artifact makes no second."""
    reading = source(
        {
            "text/x.md": good("x"), "commands/x.md": ("->", "../text/x.md"),
            "text/more/y.md": "y", "commands/more": ("->", "../text/more"),
            "other/hooks.cfg": {"hooks": {}}, "hooks/hooks.json": ("->", "../other/hooks.cfg"),
            "other/servers": {"mcpServers": {"s": {"url": "u"}}},
            ".mcp.json": ("->", "other/servers"),
            "agents/real.md": good("real"), "b/agents/same.md": ("->", "../../agents/real.md"),
        }
    )  # fmt: skip
    assert keys(reading) == {
        ("command", "commands/x.md"), ("command", "commands/more/y.md"),
        ("hook", "hooks/hooks.json"), ("mcp", ".mcp.json#s"), ("agent", "agents/real.md"),
    }  # fmt: skip
    assert {a.name for a in reading.artifacts} == {"x", "more:y", "hooks", "s", "real"}
    assert not reading.diagnostics


def test_a_skill_whose_file_is_a_link_is_read_whole(source: Source) -> None:
    """Its frontmatter is that of the file behind the link, inside the skill or outside of it."""
    reading = source(
        {
            "skills/in/docs/real.md": good("in"), "skills/in/SKILL.md": ("->", "docs/real.md"),
            "shared/out.md": good("out"), "skills/out/SKILL.md": ("->", "../../shared/out.md"),
        }
    )  # fmt: skip
    assert [(a.path, a.frontmatter_name) for a in reading.artifacts] == [
        ("skills/in", "in"), ("skills/out", "out")
    ]  # fmt: skip
    assert not reading.diagnostics


@pytest.mark.parametrize(
    "place", ["skills", "skills/a", "skills/a/SKILL.md", "commands/c.md", "agents",
              "hooks/hooks.json", ".claude-plugin", MARKET, ".mcp.json", "plugins/p"],
)  # fmt: skip
@pytest.mark.parametrize(("target", "code"), [("nowhere", "link-broken"), ("/etc", "link-outside")])
def test_a_link_that_cannot_be_followed_is_named(
    source: Source, place: str, target: str, code: str
) -> None:
    """Where an artifact or a manifest could be, nothing is dropped without a word."""
    reading = source({place: ("->", target)})
    assert (place, code) in codes(reading)
    assert reading.unread


def test_one_skill_in_the_folder_of_skills(source: Source) -> None:
    """P4: `skills/SKILL.md` is one skill, named by its frontmatter."""
    reading = source({f"p/{PLUGIN}": {"name": "p"}, "p/skills/SKILL.md": good("only")})
    assert member_paths(only(reading)) == ["p/skills"]
    assert str(reading.artifacts[0].id) == "skill:only"


def test_a_skill_among_commands(source: Source) -> None:
    """P4: a folder below commands/ that holds SKILL.md is a skill, and what is in it no command."""
    reading = source(
        {
            f"p/{PLUGIN}": {}, "p/commands/c.md": "c", "p/commands/deep/s/SKILL.md": good("s"),
            "p/commands/deep/s/notes.md": "n", "p/commands/deep/d.md": "d",
        }
    )  # fmt: skip
    assert [(str(m.id), m.path) for m in only(reading).members] == [
        ("command:p:c", "p/commands/c.md"), ("command:p:deep:d", "p/commands/deep/d.md"),
        ("skill:s", "p/commands/deep/s"),
    ]  # fmt: skip


def test_commands_as_an_object(source: Source) -> None:
    """P4: the key is the command's name; its text may be in the manifest itself."""
    named: dict[str, Any] = {"about": {"source": "./README.md"}, "hi": {"content": "say hi"}}
    reading = source({f"p/{PLUGIN}": {"commands": named}, "p/README.md": "read me"})
    assert [str(m.id) for m in only(reading).members] == ["command:p:about", "command:p:hi"]
    assert {a.name: a.data for a in reading.artifacts if a.type == "command"} == {
        "about": None, "hi": b"say hi"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source_field", "field"),
    [(".\\p", ".\\skills\\more"), ("p", "skills\\more"), ("./p\\", "./skills\\more")]
)  # fmt: skip
def test_separators_of_windows(source: Source, source_field: str, field: str) -> None:
    """Backslashes in a marketplace and a manifest separate names; agents do not take them."""
    reading = source(
        {
            MARKET: {"plugins": [{"name": "p", "source": source_field}]},
            f"p/{PLUGIN}": {"name": "p", "skills": [field]},
            "p/skills/more/a/SKILL.md": good("a"),
        }
    )
    assert member_paths(only(reading)) == ["p/skills/more/a"]
    assert {code for _, code in codes(reading)} == {"path-spelling"}


@pytest.mark.parametrize("path", ["..\\p", "C:\\p", ".\\..\\p", "\\\\host\\p"])
def test_windows_paths_that_leave_the_source(source: Source, path: str) -> None:
    """They are as bad as others'."""
    reading = source({MARKET: {"plugins": [{"name": "p", "source": path}]}})
    assert (MARKET, "plugin-unresolved") in codes(reading)


JUNK = [".DS_Store", "._SKILL.md", "Thumbs.db", "node_modules/x/i.js", "__pycache__/a.pyc", "b.pyc",
        ".venv/bin/python", ".env", "__MACOSX/._a"]  # fmt: skip


def test_junk_is_no_part_of_a_skill(source: Source) -> None:
    """Whatever depth it is at; it is counted, and listed where the source is asked for it."""
    files: dict[str, Any] = {f"skills/a/{name}": b"\0" for name in JUNK}
    reading = source({"skills/a/SKILL.md": good("a"), **files, "skills/a/.env.example": "KEY="})
    (skill,) = reading.artifacts
    assert [str(file.path) for file in skill.tree.files] == [".env.example", "SKILL.md"]
    assert len(reading.left_out) == len(JUNK)
    assert codes(reading) == {(".", "left-out")}


def test_junk_is_not_borrowed_either(source: Source) -> None:
    """A link to secrets or packages elsewhere in the source does not bring them in."""
    reading = source(
        {
            ".env": "KEY=1", "node_modules/x/i.js": "1", "skills/a/SKILL.md": good("a"),
            "skills/a/settings": ("->", "../../.env"), "skills/a/x": ("->", "../../node_modules/x"),
        }
    )  # fmt: skip
    assert [str(file.path) for file in reading.artifacts[0].tree.files] == ["SKILL.md"]
    assert {path for path, code in codes(reading) if code == "link-outside"} == {
        "skills/a/settings", "skills/a/x"
    }  # fmt: skip


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    """Files and folders, in an artifact, around one, and behind a link."""
    root = write(
        tmp_path / "source",
        {
            "skills/a/SKILL.md": good("a"), "skills/a/out/x": "1", "skills/a/log": "1",
            "build/skills/b/SKILL.md": good("b"), "skills/a/cache": ("->", "../../build/skills"),
        },
    )  # fmt: skip
    reading = read(root, git=GitState(frozenset({"skills/a/out", "skills/a/log", "build"})))
    (skill,) = reading.artifacts
    assert [str(file.path) for file in skill.tree.files] == ["SKILL.md"]
    assert set(reading.left_out) == {"skills/a/out", "skills/a/log", "build"}


def test_missing_content_refuses_what_needs_it(tmp_path: Path) -> None:
    """A skill that lacks a file is not taken in part; all others are taken."""
    root = write(
        tmp_path / "source", {"skills/a/SKILL.md": good("a"), "skills/b/SKILL.md": good("b")}
    )
    reading = read(root, git=GitState(lacking=frozenset({"skills/a/big.bin", "commands/c.md"})))
    assert keys(reading) == {("skill", "skills/b")}
    assert reading.why_unread("skills/a") is not None
    assert reading.why_unread("commands/c.md") is not None
    assert reading.why_unread("skills/c") is None


def test_scripts_that_cannot_be_started(source: Source, tmp_path: Path) -> None:
    """Missing, left out or without the bit that makes them programs; whole in other plugins."""
    hooks = {"hooks": {"Stop": [{"hooks": [
        {"type": "command", "command": "${CLAUDE_PLUGIN_ROOT}/there.sh --fast"},
        {"type": "command", "command": "'${CLAUDE_PLUGIN_ROOT}'/plain.sh"},
        {"type": "command", "command": "bash $CLAUDE_PLUGIN_ROOT/plain.sh"},
        {"type": "command", "command": 'python3 "${CLAUDE_PLUGIN_ROOT}/gone.py"'},
        {"type": "command", "command": "${CLAUDE_PLUGIN_ROOT:-.}/.venv/bin/x"},
    ]}]}}  # fmt: skip
    server = {"command": "node", "args": ["${CLAUDE_PLUGIN_ROOT}/dist/server.js"]}
    write(tmp_path / "source", {"p/there.sh": "#!/bin/sh", "p/plain.sh": "#!/bin/sh"})
    (tmp_path / "source/p/there.sh").chmod(0o755)
    reading = source(
        {
            f"p/{PLUGIN}": {"name": "p", "mcpServers": {"s": server}},
            "p/hooks/hooks.json": hooks, "p/.venv/bin/x": "",
        }
    )  # fmt: skip
    assert {d.message for d in reading.diagnostics if d.code == "script-absent"} == {
        "starts 'plain.sh', which is not executable",
        "starts 'gone.py', which is not there",
        "starts '.venv/bin/x', which is not there",
        "starts 'dist/server.js', which is not there",
    }


def test_what_is_at_the_top_is_named_after_the_source(source: Source) -> None:
    """A second artifact of one name, right at the top, gets the source's name in front."""
    reading = source(
        {"SKILL.md": good("x"), f"p/{PLUGIN}": {"name": "p"}, "p/skills/source/SKILL.md": good("x")}
    )
    assert not any("unnamed" in str(artifact.id) for artifact in reading.artifacts)
    assert not any("unnamed" in str(composite.id) for composite in reading.composites)


def test_a_skill_at_the_top_tells_its_size(source: Source) -> None:
    """Whoever collects it learns that the whole source comes with it."""
    reading = source({"SKILL.md": good("x"), "src/main.c": "x" * 3000, "README.md": "read"})
    (message,) = [d.message for d in reading.diagnostics if d.code == "whole-source"]
    assert message == "this skill is the whole source: 3 files, 2 KiB"


def test_plugins_elsewhere_are_shown(source: Source) -> None:
    """In a few words, without logins."""
    places = [
        {"source": "github", "repo": "o/r", "ref": "main"},
        {"source": "npm", "package": "@o/p", "version": "1"},
        {"source": "url", "url": "https://joe:secret@h/r.git"},
        {"odd": 1},
    ]
    entries = [{"name": f"p{number}", "source": place} for number, place in enumerate(places)]
    assert [remote.shown for remote in source({MARKET: {"plugins": entries}}).remotes] == [
        "github o/r main", "npm @o/p 1", "url https://h/r.git", "an unknown place"
    ]  # fmt: skip


@pytest.mark.parametrize("target", ["..", "../..", "."])
def test_a_link_to_a_folder_around_it_is_a_circle(source: Source, target: str) -> None:
    """It does not make commands of the whole source."""
    reading = source(
        {"a/commands/c.md": "c", "a/notes.md": "n", "a/commands/up": ("->", target), "x.md": "x"}
    )
    assert keys(reading) == {("command", "a/commands/c.md")}
    assert codes(reading) == {("a/commands/up", "link-broken")}
