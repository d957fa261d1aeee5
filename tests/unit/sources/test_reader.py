"""Reading sources: artifacts known by their place, their names, and what is wrong with them."""

import json
from pathlib import Path

import pytest

from holdall.artifacts.ids import ArtifactId
from holdall.artifacts.paths import RelPath
from holdall.errors import InputError, NotFoundError, PluginError
from holdall.files.tree import file_tree
from holdall.sources.checks.diagnostics import CODES, Code
from holdall.sources.json_form import reading_to_json
from holdall.sources.reader import read
from holdall.sources.values import FoundArtifact
from source_trees import MARKET, PLUGIN, Source, codes, good, keys, member_paths, write

pytestmark = pytest.mark.unit


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return a function that writes files and reads them as a source."""
    return lambda files: read(write(tmp_path / "source", files))


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
        "agents/rev.md": f"{reading.root.name}-rev", "other/agents/rev.md": "other-rev",
    }  # fmt: skip
    assert {c.name: [m.alias for m in c.members] for c in reading.composites} == {
        "z": [None], "a": ["rev"]
    }  # fmt: skip


def test_unsafe_names_are_replaced_and_told(source: Source) -> None:
    """A folder name with a colon or blank gives an id that every system takes."""
    reading = source({"skills/a:b c/SKILL.md": good("x")})
    assert reading.artifacts[0].id == ArtifactId("skill", "a-b-c")
    assert reading.artifacts[0].name == "a:b c"
    assert codes(reading) == {("skills/a:b c", "name-unsafe")}


def test_skill_files_of_other_names(source: Source) -> None:
    """Only a file named exactly SKILL.md makes a skill; near misses are reported."""
    reading = source(
        {"a/skill.md": good("a"), f"p/{PLUGIN}": {}, "p/skills/b/Skill.MD": ("->", "/etc/hosts")}
    )
    assert not reading.artifacts
    assert codes(reading) == {
        ("a/skill.md", "skill-file-name"), ("p/skills/b/Skill.MD", "skill-file-name")
    }  # fmt: skip


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
            "docs/commands/c.md": "about commands", "docs/agents/d.md": "about agents",
            "s/SKILL.md": good("s"), "s/commands/x.md": "x", "s/skills/t/SKILL.md": good("t"),
            f"p/{PLUGIN}": {}, "p/commands/d.md": "d", "p/agents/e.md": good("e"),
        }
    )  # fmt: skip
    (guess,) = [c for c in reading.composites if c.kind == "heuristic"]
    assert (guess.name, guess.path) == ("kit", "kit")
    assert member_paths(guess) == ["kit/commands/a.md", "kit/agents/b.md", "kit/hooks/hooks.json"]


def test_holdall_collection_is_readable_as_a_source(source: Source) -> None:
    """A collection's hooks and servers are one file each."""
    reading = source(
        {
            "manifest.toml": "[collection]\nname = 'c'\n", "mcp/db.json": {"command": "x"},
            "hooks/fmt.json": {"hooks": {}}, "skills/a/SKILL.md": good("a"),
            ".holdall/x/SKILL.md": "",
        }
    )  # fmt: skip
    assert {str(a.id) for a in reading.artifacts} == {"mcp:db", "hook:fmt", "skill:a"}


@pytest.mark.parametrize("manifest", ["", "x = [", "[other]\n"])
def test_other_manifests_make_no_collection(source: Source, manifest: str) -> None:
    """A manifest.toml of something else changes nothing."""
    assert not source({"manifest.toml": manifest, "mcp/db.json": {"command": "x"}}).artifacts


def test_a_source_that_is_one_skill(source: Source) -> None:
    """SKILL.md at the top: the source is the skill, and what lies in it is part of it."""
    reading = source({"SKILL.md": good("top"), "agents/a.md": good("a"), ".git/config": "x"})
    assert [(a.id.name, a.path) for a in reading.artifacts] == [("top", ".")]
    assert [f.path for f in reading.artifacts[0].tree.files] == ["SKILL.md", "agents/a.md"]


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
            found, "rule", "same", asked[-1], path, None, file_tree(path, RelPath(path.name))
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
    assert all(info.meaning and info.reason and info.remedy for info in CODES.values())
