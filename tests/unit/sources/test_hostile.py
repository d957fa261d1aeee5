"""Made-up trees, and trees that change while they are read: reading ends in values."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from holdall.artifacts.ids import BUILTIN_TYPES, ArtifactType
from holdall.artifacts.paths import RelPath, refuse_collisions
from holdall.sources.checks.diagnostics import Code
from holdall.sources.draft import Gathering
from holdall.sources.json_form import reading_to_json
from holdall.sources.layouts.configs import load_json, read_hook_file, read_single_server
from holdall.sources.layouts.markdown import read_markdown, read_skill
from holdall.sources.linting import findings_to_json, lint
from holdall.sources.reader import read
from holdall.sources.walk import walk
from hostile_trees import TREES, Content, plant
from runs import examples

pytestmark = pytest.mark.unit


@settings(max_examples=examples(10), suppress_health_check=[HealthCheck.too_slow])
@given(TREES)
def test_made_up_trees_never_crash_the_readers(files: list[tuple[list[str], Content]]) -> None:
    """Every tree gives a reading that can be printed, named and collected without collisions."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "source"
        root.mkdir()
        plant(root, files)
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
    by_id: dict[Any, Any] = {}
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
