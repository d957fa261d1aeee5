"""A plugin's own files: everything in its folder that is no artifact and no other plugin."""

from pathlib import Path

import pytest

from holdall.sources.reader import read
from holdall.sources.values import FoundArtifact, Reading
from source_trees import MARKET, PLUGIN, Source, codes, good, member_paths, only, write

pytestmark = pytest.mark.unit


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return a function that writes files and reads them as a source."""
    return lambda files: read(write(tmp_path / "source", files))


def own(reading: Reading) -> dict[str, FoundArtifact]:
    """Return the own files of each plugin by its folder."""
    return {a.path: a for a in reading.artifacts if a.type == "plugin-files"}


def paths(found: FoundArtifact) -> list[str]:
    """Return the paths of the files."""
    return [str(file.path) for file in found.tree.files]


def test_everything_but_artifacts_and_what_an_export_makes(source: Source) -> None:
    """README and scripts belong to the plugin; members, manifests and nested plugins do not."""
    reading = source(
        {
            f"p/{PLUGIN}": {"name": "kit", "hooks": "./hooks/more.json"},
            "p/README.md": "r", "p/scripts/run.sh": "#!/bin/sh\n", "p/LICENSE": "l",
            "p/skills/a/SKILL.md": good("a"), "p/skills/a/notes.md": "n", "p/skills/README.md": "s",
            "p/commands/c.md": "c", "p/agents/x.md": good("x"),
            "p/hooks/hooks.json": {"hooks": {}}, "p/hooks/more.json": {"hooks": {"Stop": []}},
            "p/.mcp.json": {"s": {"command": "x"}}, "p/.git/config": "g", "p/.holdall/x": "k",
            f"p/inner/{PLUGIN}": {}, "p/inner/README.md": "i", "README.md": "of nobody",
        }
    )  # fmt: skip
    found = own(reading)
    assert {path: paths(files) for path, files in found.items()} == {
        "p": ["LICENSE", "README.md", "scripts/run.sh", "skills/README.md"],
        "p/inner": ["README.md"],
    }
    kit, inner = reading.composites
    assert (str(kit.files), str(inner.files)) == ("plugin-files:kit", "plugin-files:inner")
    assert not any("plugin-files" in str(m.id) for m in (*kit.members, *inner.members))


def test_links(source: Source, tmp_path: Path) -> None:
    """Links stay, are followed into the source, or left out where they stand for artifacts."""
    (tmp_path / "secret").write_text("s")
    reading = source(
        {
            f"p/{PLUGIN}": {}, "p/AGENTS.md": "a", "p/CLAUDE.md": ("->", "AGENTS.md"),
            "p/skills/a/SKILL.md": good("a"), "p/.claude/skills": ("->", "../skills"),
            "p/shared.txt": ("->", "../common/x.txt"), "common/x.txt": "x", "common/y": "y",
            "p/lib": ("->", "../common"), "p/out": ("->", str(tmp_path / "secret")),
            "p/sub/commands/c.md": ("->", "../../../common/x.txt"),
            "p/all": ("->", "../others"), "others/commands/c.md": "c",
            "p/theirs.sh": ("->", "../q/run.sh"), f"q/{PLUGIN}": {}, "q/run.sh": "r",
        }
    )  # fmt: skip
    found = own(reading)["p"].tree
    assert [(str(f.path), str(f.kind)) for f in found.files] == [
        ("AGENTS.md", "f"), ("CLAUDE.md", "l"), ("lib/x.txt", "f"), ("lib/y", "f"),
        ("shared.txt", "f"), ("theirs.sh", "f"),
    ]  # fmt: skip
    assert ("p/out", "link-outside") in codes(reading)


def test_plugins_that_share_a_folder_own_nothing(source: Source) -> None:
    """Nobody could say whose README that is."""
    plugins = [{"name": n, "source": "./", "skills": [f"./{n}"]} for n in "ab"]
    reading = source(
        {
            MARKET: {"plugins": plugins}, "README.md": "r",
            "a/SKILL.md": good("a"), "b/SKILL.md": good("b"),
        }
    )  # fmt: skip
    assert not own(reading)
    assert [composite.files for composite in reading.composites] == [None, None]


def test_a_plugin_that_is_one_skill_owns_nothing_else(source: Source) -> None:
    """A skill in a plugin's folder itself has all its files."""
    reading = source({f"p/{PLUGIN}": {}, "p/SKILL.md": good("p"), "p/README.md": "r"})
    assert member_paths(only(reading)) == ["p"]
    assert not own(reading)


def test_the_same_files_in_two_plugins_are_one_artifact(source: Source) -> None:
    """Two plugins with nothing but the same license share it."""
    reading = source({f"{n}/{PLUGIN}": {} for n in "ab"} | {f"{n}/LICENSE": "l" for n in "ab"})
    assert {str(composite.files) for composite in reading.composites} == {"plugin-files:a"}


def test_metadata(source: Source) -> None:
    """What the manifest says besides components is kept as it is; the entry comes first."""
    manifest = {
        "name": "p", "version": "1", "author": {"name": "A", "url": None}, "keywords": ["x", None],
        "license": None, "description": "d", "commands": "./c", "themes": "./styles",
    }  # fmt: skip
    entry = {"name": "p", "source": "./p", "version": "2", "strict": True, "category": "k"}
    reading = source({MARKET: {"plugins": [entry]}, f"p/{PLUGIN}": manifest})
    assert only(reading).metadata == {
        "version": "2",
        "author": {"name": "A"},
        "keywords": ["x"],
        "themes": "./styles",
        "category": "k",
    }
