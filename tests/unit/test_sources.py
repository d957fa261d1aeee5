"""Reading sources by the rules P1 to P9 of Claude plugins and marketplaces."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from kitbag.artifacts import ArtifactId
from kitbag.errors import InputError, NotFoundError, PluginError
from kitbag.sources import FoundArtifact, FoundComposite, Reading, read, reading_to_json
from kitbag.sources.diagnostics import CODES, Code
from kitbag.trees import file_tree

pytestmark = pytest.mark.unit

Source = Callable[[Mapping[str, Any]], Reading]

GOOD = "---\nname: {}\ndescription: does things\n---\nbody {}\n"
MARKET = ".claude-plugin/marketplace.json"
PLUGIN = ".claude-plugin/plugin.json"


def good(name: str, body: str = "") -> str:
    """Return a Markdown file that nothing is wrong with."""
    return GOOD.format(name, body)


def write(root: Path, files: Mapping[str, Any]) -> Path:
    """Write files: texts, JSON values, and links given as `('->', target)`."""
    root.mkdir(exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, tuple):
            path.symlink_to(content[1])
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
    return root


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return a function that writes files and reads them as a source."""

    def make(files: Mapping[str, Any]) -> Reading:
        return read(write(tmp_path / "source", files))

    return make


def keys(reading: Reading) -> set[tuple[str, str]]:
    """Return the type and path of every artifact."""
    return {(a.type, a.path) for a in reading.artifacts}


def codes(reading: Reading) -> set[tuple[str, str]]:
    """Return the path and code of every diagnostic."""
    return {(d.path, d.code) for d in reading.diagnostics}


def only(reading: Reading) -> FoundComposite:
    """Return the one composite."""
    (composite,) = reading.composites
    return composite


def member_paths(composite: FoundComposite) -> list[str]:
    """Return the members' paths in order."""
    return [member.path for member in composite.members]


def test_loose_artifacts_are_known_by_their_place(source: Source) -> None:
    """P5: SKILL.md, commands/, agents/, hooks.json and .mcp.json anywhere."""
    reading = source(
        {
            "x/pdf/SKILL.md": good("pdf"), "x/pdf/ref.md": "r", "x/pdf/agents/inner.md": good("i"),
            "commands/git/commit.md": "body", "a/agents/deep/rev.md": good("reviewer"),
            "h/hooks.json": {"hooks": {"Stop": []}},
            ".mcp.json": {"mcpServers": {"s": {"url": "u"}}},
            "README.md": "no artifact", "commands/README.md": "no command", "notes/commands.md": "",
        }
    )  # fmt: skip
    assert keys(reading) == {
        ("skill", "x/pdf"), ("command", "commands/git/commit.md"),
        ("agent", "a/agents/deep/rev.md"),
        ("hook", "h/hooks.json"), ("mcp", ".mcp.json#s"),
    }  # fmt: skip
    names = {a.type: a.name for a in reading.artifacts}
    assert names == {
        "skill": "pdf", "command": "git:commit", "agent": "reviewer", "hook": "hooks", "mcp": "s"
    }  # fmt: skip
    assert codes(reading) == {("commands/README.md", "readme-skipped")}


def test_values_of_an_artifact(source: Source) -> None:
    """An artifact has its description, its frontmatter's name, where it lies, and its tree."""
    reading = source({"s/pdf/SKILL.md": good("PDF"), ".mcp.json": {"b": {"command": "x", "a": 1}}})
    skill, server = reading.artifacts
    assert (skill.name, skill.frontmatter_name, skill.description) == ("pdf", "PDF", "does things")
    assert skill.location == reading.root / "s/pdf"
    assert [f.path for f in skill.tree.files] == ["SKILL.md"]
    assert (server.location, server.data) == (None, b'{"a":1,"command":"x"}')


def test_broken_files_are_taken_with_a_diagnostic(source: Source) -> None:
    """P6: whatever is wrong with a frontmatter, the artifact is there and the file is named."""
    reading = source(
        {
            "s/none/SKILL.md": "no frontmatter", "s/key/SKILL.md": "---\nname: key\n---\n",
            "agents/bad.md": "---\nname: a\ndescription: b: c\n---\n", "agents/bin.md": b"---\xff",
            "commands/bad.md": "---\ndescription: Use when: asked\n---\n", "commands/ok.md": "body",
            "agents/bom.md": "\ufeff" + good("bom"),
            "agents/crlf.md": good("c").replace("\n", "\r\n"),
        }
    )  # fmt: skip
    assert len(reading.artifacts) == 8
    assert codes(reading) == {
        ("s/none/SKILL.md", "frontmatter-absent"), ("s/key/SKILL.md", "frontmatter-key-missing"),
        ("agents/bad.md", "frontmatter-invalid"), ("commands/bad.md", "frontmatter-invalid"),
        ("agents/bin.md", "frontmatter-absent"), ("agents/bin.md", "not-utf8"),
    }  # fmt: skip
    described = {a.path: a.description for a in reading.artifacts}
    assert described["commands/bad.md"] == "Use when: asked"


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


@pytest.mark.parametrize("path", ["/etc", "../x", "./../x", "skills", "./*", "./missing", 3, "~/x"])
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
    hooks = {"Stop": [{"hooks": []}]}
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


@pytest.mark.parametrize("content", ["{", "[]", '{"hooks": []}', '{"hooks": {"Stop": {}}}', "{}"])
def test_invalid_hooks_are_taken_and_told(source: Source, content: str) -> None:
    """A hooks.json of another form is an artifact with a diagnostic."""
    reading = source({"hooks/hooks.json": content})
    assert keys(reading) == {("hook", "hooks/hooks.json")}
    assert codes(reading) == {("hooks/hooks.json", "hooks-invalid")}


@pytest.mark.parametrize("content", ["{", "[]", '{"mcpServers": []}', '{"mcpServers": {"a": 1}}'])
def test_invalid_servers_are_told(source: Source, content: str) -> None:
    """A .mcp.json of another form brings a diagnostic and nothing else."""
    reading = source({".mcp.json": content})
    assert not reading.artifacts
    assert codes(reading) == {(".mcp.json", "mcp-invalid")}


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


def test_same_name_with_other_content_gets_the_plugins_name(source: Source) -> None:
    """The marketplace's order decides who keeps the plain name."""
    reading = source(
        {
            MARKET: {"plugins": [{"name": "z", "source": "./z"}, {"name": "a", "source": "./a"}]},
            "z/agents/rev.md": good("rev", "1"), "a/agents/rev.md": good("rev", "2"),
            "agents/rev.md": good("rev", "3"), "other/agents/rev.md": good("rev", "4"),
        }
    )  # fmt: skip
    assert {a.path: a.id.name for a in reading.artifacts} == {
        "z/agents/rev.md": "rev", "a/agents/rev.md": "a-rev",
        "agents/rev.md": "agents-rev", "other/agents/rev.md": "other-rev",
    }  # fmt: skip
    assert {c.name: [m.alias for m in c.members] for c in reading.composites} == {
        "z": [None], "a": ["rev"]
    }  # fmt: skip


def test_members_with_the_same_content_are_told_apart_by_path(source: Source) -> None:
    """A plugin may hold one content twice: two places, one distinct member."""
    reading = source({f"p/{PLUGIN}": {}, "p/commands/a.md": "same", "p/commands/b.md": "same"})
    assert member_paths(only(reading)) == ["p/commands/a.md", "p/commands/b.md"]
    assert [m.path for m in only(reading).distinct_members] == ["p/commands/a.md"]


def test_unsafe_names_are_replaced_and_told(source: Source) -> None:
    """A folder name with a colon or blank gives an id that every system takes."""
    reading = source({"skills/a:b c/SKILL.md": good("x")})
    assert reading.artifacts[0].id == ArtifactId("skill", "a-b-c")
    assert reading.artifacts[0].name == "a:b c"
    assert codes(reading) == {("skills/a:b c", "name-unsafe")}


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
    assert {a.id.name for a in reading.artifacts} == {"own", "c"}
    assert codes(reading) >= {
        ("p/skills/out", "link-outside"), ("p/skills/gone", "link-broken"),
        ("p/agents", "link-outside"),
    }  # fmt: skip


def test_skill_files_of_other_names(source: Source) -> None:
    """Only a regular file named exactly SKILL.md makes a skill; near misses are told."""
    reading = source(
        {
            "a/skill.md": good("a"),
            f"p/{PLUGIN}": {},
            "p/skills/b/SKILL.md": ("->", "../../../a/skill.md"),
        }
    )
    assert not reading.artifacts
    assert codes(reading) >= {("a/skill.md", "skill-file-name")}
    assert ("p/skills/b/SKILL.md", "skill-file-name") in codes(reading)


def test_skill_may_borrow_from_the_source(source: Source) -> None:
    """A link from a skill to a shared folder stands for the files there."""
    reading = source(
        {"s/a/SKILL.md": good("a"), "shared/x.md": "x", "s/a/ref": ("->", "../../shared")}
    )
    assert [f.path for f in reading.artifacts[0].tree.files] == ["SKILL.md", "ref/x.md"]


def test_heuristic_composites(source: Source) -> None:
    """P9: two kinds side by side make a likely composite; plugins, skills and READMEs do not."""
    reading = source(
        {
            "kit/commands/a.md": "a", "kit/agents/b.md": good("b"),
            "kit/hooks/hooks.json": {"hooks": {}},
            "one/commands/c.md": "c", "one/agents/README.md": "r",
            "s/SKILL.md": good("s"), "s/commands/x.md": "x", "s/skills/t/SKILL.md": good("t"),
            f"p/{PLUGIN}": {}, "p/commands/d.md": "d", "p/agents/e.md": good("e"),
        }
    )  # fmt: skip
    (guess,) = [c for c in reading.composites if c.kind == "heuristic"]
    assert (guess.name, guess.path) == ("kit", "kit")
    assert member_paths(guess) == ["kit/commands/a.md", "kit/agents/b.md", "kit/hooks/hooks.json"]


def test_composites_of_one_name_get_distinct_ids(source: Source) -> None:
    """Two plugins of one name are two composites."""
    reading = source({f"x/{PLUGIN}": {"name": "p"}, f"deep/y/{PLUGIN}": {"name": "p"}})
    assert {c.path: c.id.name for c in reading.composites} == {"deep/y": "p", "x": "x-p"}


def test_kitbag_collection_is_readable_as_a_source(source: Source) -> None:
    """A collection's hooks and servers are one file each."""
    reading = source(
        {
            "manifest.toml": "[collection]\nname = 'c'\n", "mcp/db.json": {"command": "x"},
            "hooks/fmt.json": {"hooks": {}}, "skills/a/SKILL.md": good("a"),
            ".kitbag/x/SKILL.md": "",
        }
    )  # fmt: skip
    assert {str(a.id) for a in reading.artifacts} == {"mcp:db", "hook:fmt", "skill:a"}


@pytest.mark.parametrize("manifest", ["", "x = [", "[other]\n"])
def test_other_manifests_make_no_collection(source: Source, manifest: str) -> None:
    """A manifest.toml of something else changes nothing."""
    assert not source({"manifest.toml": manifest, "mcp/db.json": {"command": "x"}}).artifacts


def test_hidden_text_and_lfs_pointers_are_told(source: Source) -> None:
    """What people cannot see in a file, and what is not there at all, is told."""
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"
    reading = source(
        {"commands/a.md": "hi \U000e0041", "s/SKILL.md": good("s"), "s/big.bin": pointer}
    )
    assert codes(reading) == {("commands/a.md", "hidden-text"), ("s/big.bin", "lfs-pointer")}


def test_plugins_may_claim_other_files(tmp_path: Path) -> None:
    """A claim is asked for each file that no reader knew, and may fail without harm."""
    files = {"rules/a.rule": "a", "b.rule": "b", "c.rule": "c", "commands/x.md": "x",
             "s/SKILL.md": good("s"), "s/in.rule": "i"}  # fmt: skip
    root = write(tmp_path / "source", files)
    asked = []

    def claim(path: Path, source: Path) -> FoundArtifact | None:
        asked.append(path.relative_to(source).as_posix())
        if path.name == "c.rule":
            raise PluginError("cannot read c.rule")
        if path.suffix != ".rule":
            return None
        found = ArtifactId("rule", "same")
        return FoundArtifact(
            found, "rule", "same", asked[-1], path, None, file_tree(path, path.name)
        )

    reading = read(root, claim)
    assert sorted(asked) == ["b.rule", "c.rule", "rules/a.rule"]
    assert [a.path for a in reading.artifacts if a.type == "rule"] == ["b.rule"]
    assert codes(reading) == {("c.rule", "plugin-failed"), ("rules/a.rule", "name-taken")}


def test_sources_that_cannot_be_read(tmp_path: Path) -> None:
    """No such source, or no folder, is an error with a hint."""
    with pytest.raises(NotFoundError):
        read(tmp_path / "missing")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError):
        read(tmp_path / "file")


def test_json_form(source: Source) -> None:
    """`scan --json` has artifacts, composites and diagnostics with their paths."""
    shape = reading_to_json(
        source({f"p/{PLUGIN}": {"name": "p"}, "p/commands/a.md": "a", "agents/b.md": "b"})
    )
    assert json.loads(json.dumps(shape)) == shape
    (composite,) = shape["composites"]
    assert (composite["name"], composite["members"]) == ("p", [["command", "p/commands/a.md"]])
    assert shape["artifacts"][0].keys() >= {"type", "path", "id", "name", "content_hash"}
    told = shape["diagnostics"][0]
    assert (told["path"], told["code"], told["line"]) == ("agents/b.md", "frontmatter-absent", 1)
    assert told["hint"]


def test_every_code_has_a_reason_and_a_remedy() -> None:
    """The table of diagnostics is complete."""
    assert set(CODES) == set(Code)
    assert all(info.reason and info.remedy for info in CODES.values())
