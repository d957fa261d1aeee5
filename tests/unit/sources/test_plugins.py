"""Reading Claude plugins and marketplaces by the rules P1 to P4."""

import json
from pathlib import Path
from typing import Any

import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.sources.reader import read
from source_trees import MARKET, PLUGIN, Source, codes, good, keys, member_paths, only, write

pytestmark = pytest.mark.unit


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return a function that writes files and reads them as a source."""
    return lambda files: read(write(tmp_path / "source", files))


def test_marketplace_entries(source: Source) -> None:
    """P1, P2: local entries are composites in order, remote ones are listed, others diagnosed."""
    reading = source(
        {
            MARKET: {
                "metadata": {"pluginRoot": "./plugins"},
                "plugins": [
                    {"name": "zwei", "source": "two", "description": "d", "version": "1"},
                    {"name": "one", "source": "./plugins/one/"},
                    {"name": "far", "source": {"source": "github", "repo": "o/r"}},
                    {"name": "two-again", "source": "./two"},
                    {"name": "up", "source": "../x"},
                    {"name": "abs", "source": "/etc"},
                    {"name": "odd", "source": 7},
                    "not an entry",
                    {"name": "one", "source": "./plugins/one"},
                ],
            },
            "plugins/one/commands/a.md": "a", "plugins/two/commands/b.md": "b",
            "deep/.claude-plugin/marketplace.json": {"plugins": []},
        }
    )  # fmt: skip
    assert [(c.name, c.path, c.kind) for c in reading.composites] == [
        ("zwei", "plugins/two", "marketplace-entry"), ("one", "plugins/one", "marketplace-entry")
    ]  # fmt: skip
    assert (reading.composites[0].description, reading.composites[0].version) == ("d", "1")
    assert [(r.name, json.loads(r.source)) for r in reading.remotes] == [
        ("far", {"source": "github", "repo": "o/r"})
    ]
    told = [d.message for d in reading.diagnostics if d.code == "plugin-unresolved"]
    assert len(told) == 4
    assert any("pluginRoot" in message for message in told)
    assert ("deep/.claude-plugin/marketplace.json", "marketplace-nested") in codes(reading)


@pytest.mark.parametrize("content", ["{", "[]", '{"plugins": {}}', "[" * 5000])
def test_broken_marketplace_hides_nothing(source: Source, content: str) -> None:
    """A marketplace that cannot be read is named; its plugins are unlisted ones."""
    reading = source({MARKET: content, f"p/{PLUGIN}": {"name": "p"}, "p/commands/a.md": "a"})
    assert only(reading).kind == "unlisted-plugin"
    assert (MARKET, "marketplace-invalid") in codes(reading)


def test_unlisted_plugins(source: Source) -> None:
    """P3: each folder with a manifest is a plugin, named by it or by its folder."""
    reading = source(
        {f"a/{PLUGIN}": {"name": "x", "author": "me", "invented": 1}, f"a/b/{PLUGIN}": "broken"}
    )
    assert [(c.name, c.path) for c in reading.composites] == [("x", "a"), ("b", "a/b")]
    assert codes(reading) == {(f"a/b/{PLUGIN}", "plugin-invalid")}


def test_members_of_a_plugin_in_their_usual_places(source: Source) -> None:
    """P4: skills, commands, agents, hooks and servers, in this order, sorted."""
    reading = source(
        {
            f"p/{PLUGIN}": {"name": "p"}, "p/skills/b/SKILL.md": good("b"),
            "p/skills/a/SKILL.md": good("a"), "p/skills/group/deep/SKILL.md": good("deep"),
            "p/commands/z.md": "z", "p/commands/git/c.md": "c", "p/agents/x.md": good("ax"),
            "p/hooks/hooks.json": {"hooks": {}}, "p/.mcp.json": {"s": {"command": "c"}},
            "p/.lsp.json": {}, "p/SKILL.md": good("root"),
        }
    )  # fmt: skip
    assert member_paths(only(reading)) == [
        "p/skills/a", "p/skills/b", "p/commands/z.md", "p/commands/git/c.md", "p/agents/x.md",
        "p/hooks/hooks.json", "p/.mcp.json#s",
    ]  # fmt: skip
    assert ("skill", "p/skills/group/deep") in keys(reading)
    assert ("p", "unsupported-component") in codes(reading)


def test_plugin_that_is_one_skill(source: Source) -> None:
    """P4: without skills/ and without the field, the plugin's own SKILL.md is its skill."""
    reading = source({f"p/{PLUGIN}": {}, "p/SKILL.md": good("p")})
    assert member_paths(only(reading)) == ["p"]


def test_declared_paths_add_skills_and_replace_commands(source: Source) -> None:
    """P4: `skills` adds to the scan, `commands` and `agents` replace it."""
    reading = source(
        {
            f"p/{PLUGIN}": {
                "skills": ["./more", "./one"], "commands": ["./c/x.md", "./d"], "agents": "./e.md"
            },
            "p/skills/s/SKILL.md": good("s"), "p/more/t/SKILL.md": good("t"),
            "p/one/SKILL.md": good("one"), "p/commands/not.md": "n", "p/c/x.md": "x",
            "p/d/sub/y.md": "y", "p/e.md": good("e"), "p/agents/not.md": good("not"),
        }
    )  # fmt: skip
    assert member_paths(only(reading)) == [
        "p/skills/s", "p/more/t", "p/one", "p/c/x.md", "p/d/sub/y.md", "p/e.md"
    ]  # fmt: skip
    assert {a.path: a.name for a in reading.artifacts}["p/d/sub/y.md"] == "sub:y"
    assert ("command", "p/commands/not.md") in keys(reading)


@pytest.mark.parametrize("path", ["/etc", "../x", "./../x", "C:\\x", "./*", "./missing", 3, "~/x"])
def test_bad_path_fields_are_told_and_the_rest_goes_on(source: Source, path: Any) -> None:
    """P4: a path field that may not be followed never stops the others."""
    reading = source({f"p/{PLUGIN}": {"skills": [path, "./good"]}, "p/good/SKILL.md": good("good")})
    assert member_paths(only(reading)) == ["p/good"]
    assert codes(reading) == {(f"p/{PLUGIN}", "path-field")}


def test_marketplace_root_entry_lists_its_own_skills(source: Source) -> None:
    """P4: where the plugin is the marketplace's root, listed skills replace the scan."""
    reading = source(
        {
            MARKET: {
                "plugins": [
                    {"name": "x", "source": "./", "strict": False, "skills": ["./skills/a"]},
                    {"name": "y", "source": ".", "skills": "./skills/b"},
                    {"name": "z", "source": "./"},
                ]
            },
            "skills/a/SKILL.md": good("a"), "skills/b/SKILL.md": good("b"),
        }
    )  # fmt: skip
    assert [(c.name, c.path, member_paths(c)) for c in reading.composites] == [
        ("x", ".", ["skills/a"]), ("y", ".", ["skills/b"]), ("z", ".", ["skills/a", "skills/b"])
    ]  # fmt: skip


def test_strict_merges_and_not_strict_takes_the_entry_alone(source: Source) -> None:
    """P4: with strict both declare; without, a manifest that declares is a conflict."""
    files = {
        "p/a.md": good("a"), "p/b.md": good("b"),
        f"p/{PLUGIN}": {"agents": "./a.md", "version": "2"}
    }  # fmt: skip
    entry = {"name": "p", "source": "./p", "agents": ["./b.md"]}
    merged = source({**files, MARKET: {"plugins": [entry]}})
    assert member_paths(only(merged)) == ["p/a.md", "p/b.md"]
    assert only(merged).version == "2"
    alone = source({MARKET: {"plugins": [{**entry, "strict": False}]}})
    assert member_paths(only(alone)) == ["p/b.md"]
    assert (f"p/{PLUGIN}", "manifest-conflict") in codes(alone)


def test_inline_hooks_and_servers(source: Source) -> None:
    """P4, P8: hooks and servers inside manifests are artifacts of canonical JSON."""
    hooks: dict[str, Any] = {"Stop": [{"hooks": []}]}
    reading = source(
        {
            MARKET: {
                "plugins": [{"name": "p", "source": "./p", "mcpServers": {"e": {"url": "u"}}}]
            },
            f"p/{PLUGIN}": {"hooks": hooks, "mcpServers": {"m": {"command": "c"}}},
            "p/.mcp.json": {"mcpServers": {"f": {"url": "v"}}},
        }
    )  # fmt: skip
    assert member_paths(only(reading)) == [
        "p#manifest.hooks", "p/.mcp.json#f", "p#manifest.mcp.m", "p#entry.mcp.e"
    ]  # fmt: skip
    data = {a.path: a.data for a in reading.artifacts}
    assert data["p#manifest.hooks"] == b'{"Stop":[{"hooks":[]}]}'


def test_same_content_is_one_artifact_with_several_parents(source: Source) -> None:
    """Identical servers under two names share an id; each plugin keeps its own name for it."""
    server = {"mcpServers": {"discord": {"command": "x"}}}
    reading = source(
        {
            f"a/{PLUGIN}": {}, f"b/{PLUGIN}": {}, "a/.mcp.json": server,
            "b/.mcp.json": {"mcpServers": {"fakechat": {"command": "x"}}},
        }
    )  # fmt: skip
    assert {a.id for a in reading.artifacts} == {ArtifactId("mcp", "discord")}
    assert [c.members[0].alias for c in reading.composites] == [None, "fakechat"]
    assert len(list(reading.distinct_artifacts())) == 1
    assert ("b/.mcp.json#fakechat", "same-content") in codes(reading)


def test_members_with_the_same_content_are_told_apart_by_path(source: Source) -> None:
    """A plugin may hold one content twice: two places, one distinct member."""
    reading = source({f"p/{PLUGIN}": {}, "p/commands/a.md": "same", "p/commands/b.md": "same"})
    assert member_paths(only(reading)) == ["p/commands/a.md", "p/commands/b.md"]
    assert [m.path for m in only(reading).distinct_members] == ["p/commands/a.md"]


def test_links_in_plugins(source: Source, tmp_path: Path) -> None:
    """Links into the source are followed to the real place; others are told."""
    (tmp_path / "outside").mkdir()
    reading = source(
        {
            f"p/{PLUGIN}": {}, "shared/sk/SKILL.md": good("sk"),
            "p/skills/own": ("->", "../../shared/sk"),
            "p/skills/out": ("->", str(tmp_path / "outside")), "p/skills/gone": ("->", "nowhere"),
            "docs/cmd.md": "c", "p/commands/c.md": ("->", "../../docs/cmd.md"),
            "p/agents": ("->", str(tmp_path / "outside")), "p/commands/loop": ("->", "../commands"),
        }
    )  # fmt: skip
    composite = only(reading)
    assert member_paths(composite) == ["shared/sk", "docs/cmd.md"]
    assert [m.alias for m in composite.members] == [None, None]
    assert {a.id.name for a in reading.artifacts if a.type != "plugin-files"} == {"own", "p:c"}
    assert codes(reading) >= {
        ("p/skills/out", "link-outside"), ("p/skills/gone", "link-broken"),
        ("p/agents", "link-outside"),
    }  # fmt: skip


def test_composites_of_one_name_get_distinct_ids(source: Source) -> None:
    """Two plugins of one name are two composites."""
    reading = source({f"x/{PLUGIN}": {"name": "p"}, f"deep/y/{PLUGIN}": {"name": "p"}})
    assert {c.path: c.id.name for c in reading.composites} == {"deep/y": "p", "x": "x-p"}


def test_odd_component_paths(source: Source) -> None:
    """P4: a declared path of another kind than wanted is told, an object names its sources."""
    manifest = {
        "skills": ["./skills/", "./skills/a", "./x.md"], "commands": {"b": {"source": "./x.md"}},
        "agents": ["./x.txt"], "hooks": ["./more.json", {"Stop": []}, "./skills"],
        "mcpServers": ["./servers.json", "./x.txt", "../up.json", {"mcpServers": {"w": {}}}],
    }  # fmt: skip
    reading = source(
        {
            f"p/{PLUGIN}": manifest, "p/skills/a/SKILL.md": good("a"), "p/x.md": "x", "p/x.txt": "",
            "p/more.json": {"hooks": {}}, "p/servers.json": {"mcpServers": {"v": {"url": "u"}}},
        }
    )  # fmt: skip
    assert member_paths(only(reading)) == [
        "p/skills/a", "p/x.md", "p#manifest.hooks", "p/more.json", "p/servers.json#v",
        "p#manifest.mcp.w",
    ]  # fmt: skip
    told = [(d.code, d.message.split(":")[0]) for d in reading.diagnostics]
    assert told == [
        ("path-field", "agents"), ("path-field", "hooks"), ("path-field", "mcpServers"),
        ("path-field", "skills"), ("unsupported-component", "mcpServers"),
    ]  # fmt: skip


def test_a_plugin_without_a_usable_manifest_goes_by_its_folder(source: Source) -> None:
    """Where the name is no text, the folder's is used; `.` is the source itself."""
    reading = source(
        {MARKET: {"plugins": [{"source": "./p", "name": ""}, {"source": "."}]}, f"p/{PLUGIN}": []}
    )
    assert [(c.name, c.path) for c in reading.composites] == [("p", "p"), ("source", ".")]
