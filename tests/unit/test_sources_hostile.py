"""Made-up trees, and trees that change while they are read: reading ends in values."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kitbag.artifacts import BUILTIN_TYPES, ArtifactType
from kitbag.linting import findings_to_json, lint
from kitbag.paths import RelPath, refuse_collisions
from kitbag.sources import read, reading_to_json
from kitbag.sources.configs import load_json, read_hook_file, read_single_server
from kitbag.sources.diagnostics import Code
from kitbag.sources.draft import Gathering
from kitbag.sources.markdown import read_markdown, read_skill
from kitbag.sources.walk import walk

pytestmark = pytest.mark.unit

NAMES = st.sampled_from(
    ["skills", "commands", "agents", "hooks", "a", "A", "b:c", "con", " x", ".claude-plugin",
     ".git", "SKILL.md", "skill.md", "README.md", "x.md", "hooks.json", ".mcp.json", "plugin.json",
     "marketplace.json", "manifest.toml", "bad\nname", "é", "e\u0301", b"\xff.md".decode(
         "utf-8", "surrogateescape")]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["./", "./a", "../x", "skills", "/", "name", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "source",
                    "plugins",
                    "skills",
                    "commands",
                    "agents",
                    "hooks",
                    "mcpServers",
                    "strict",
                    "metadata",
                    "pluginRoot",
                    "command",
                    "version",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
CONTENTS = st.one_of(
    st.binary(max_size=20),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.text(alphabet="ab:-[]{}'\"|> \n", max_size=40).map(lambda t: f"---\n{t}\n---\n".encode()),
    st.sampled_from(["->/etc", "->..", "->a", "->.", "->../skills", "fifo", "[collection]"]),
)
PLACES = """
    .claude-plugin/marketplace.json .claude-plugin/plugin.json a/.claude-plugin/plugin.json
    a/skills/x/SKILL.md a/skills/y/SKILL.md a/commands/x.md a/commands/A/x.md a/x.md a/agents/x.md
    a/hooks/hooks.json a/.mcp.json skills/x/SKILL.md SKILL.md a/b
"""
MARKETS = st.lists(
    st.fixed_dictionaries(
        {"source": st.sampled_from(["./", "./a", "a", ".", "./b", 1])},
        optional={
            "name": st.sampled_from(["p", "P", "", "q:r", None]),
            "strict": st.booleans(),
            "skills": JSON,
            "commands": JSON,
            "agents": JSON,
            "hooks": JSON,
            "mcpServers": JSON,
        },
    ),
    max_size=3,
).map(lambda entries: json.dumps({"plugins": entries, "metadata": {"pluginRoot": "./a"}}).encode())
TREES = st.lists(
    st.tuples(
        st.sampled_from(PLACES.split()).map(lambda path: path.split("/"))
        | st.lists(NAMES, min_size=1, max_size=5),
        CONTENTS | MARKETS,
    ),
    min_size=1,
    max_size=12,
)


def plant(root: Path, parts: list[str], content: bytes | str) -> None:
    """Write one file, link or pipe, unless something else lies in the way."""
    path = root.joinpath(*parts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content.startswith("->"):
            path.symlink_to(content[2:])
        elif content == "fifo":
            os.mkfifo(path)
        else:
            path.write_text(content)
    except OSError:
        pass


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES)
def test_made_up_trees_never_crash_the_readers(files: list[tuple[list[str], bytes | str]]) -> None:
    """Every tree gives a reading that can be printed, named and collected without collisions."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "source"
        root.mkdir()
        for parts, content in files:
            # Never write through a link out of the folder, nor into a pipe.
            ways = [root.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
            if not any(way.is_symlink() or way.is_fifo() for way in ways):
                plant(root, parts, content)
        before = sorted(os.walk(root))
        reading = read(root)
        again = read(root)
        findings = lint("source", reading)
        assert sorted(os.walk(root)) == before
    assert reading == again
    json.dumps(reading_to_json(reading), ensure_ascii=False).encode()
    assert {d.code for d in reading.diagnostics} <= {code.value for code in Code}
    assert set(reading.diagnostics) <= {finding.diagnostic for finding in findings}
    json.dumps(findings_to_json(findings), ensure_ascii=False).encode()
    by_id = {}
    for artifact in reading.artifacts:
        content = by_id.setdefault(artifact.id, artifact.tree.content_hash)
        assert content == artifact.tree.content_hash
        assert (artifact.data is None) != (artifact.location is None)
    composites = [c.id for c in reading.composites]
    assert len(set(composites)) == len(composites)
    refuse_collisions(i.path_in(BUILTIN_TYPES[i.type]) for i in [*by_id, *composites])
    known = {(a.id, a.path) for a in reading.artifacts}
    assert all((m.id, m.path) in known for c in reading.composites for m in c.members)
    assert all(RelPath.parse(f.path) for a in reading.artifacts for f in a.tree.files)


def test_files_that_vanish_while_they_are_read(tmp_path: Path) -> None:
    """What is gone between the walk and the reading is a diagnostic, told once."""
    gathering = Gathering(walk(tmp_path))
    for _ in range(2):
        assert read_skill(gathering, "skills/a") is None
        assert read_markdown(gathering, ArtifactType.AGENT, "agents/a.md", "a") is None
        assert read_hook_file(gathering, "hooks.json", "hooks") is None
    assert load_json(gathering, "x.json", Code.MCP_INVALID) is None
    assert read_single_server(gathering, "mcp/a.json", "a") is None
    assert [(d.path, d.code) for d in gathering.diagnostics] == [
        ("skills/a", "unreadable"),
        ("agents/a.md", "unreadable"),
        ("hooks.json", "unreadable"),
        ("x.json", "mcp-invalid"),
        ("mcp/a.json", "mcp-invalid"),
    ]


def test_problems_inside_artifacts_are_told(tmp_path: Path) -> None:
    """A link out of a skill and a pipe in it are diagnostics at their own paths."""
    skill = tmp_path / "skills" / "a"
    skill.mkdir(parents=True)
    (skill / "SKILL.md").write_text("---\nname: a\ndescription: b\n---\n")
    (skill / "out").symlink_to("/etc/passwd")
    os.mkfifo(skill / "pipe")
    (tmp_path / b"\xff.md".decode("utf-8", "surrogateescape")).write_text("x")
    reading = read(tmp_path)
    assert [a.path for a in reading.artifacts] == ["skills/a"]
    assert {(d.path, d.code) for d in reading.diagnostics} == {
        ("skills/a/out", "link-outside"),
        ("skills/a/pipe", "special-file"),
        ("\\udcff.md", "hostile-path"),
    }
    assert reading.needs_attention
