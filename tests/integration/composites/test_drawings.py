"""`holdall tree` draws what belongs together for other programs, each artifact once."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from e2e.kit import Kit

pytestmark = [pytest.mark.integration, pytest.mark.with_sample]

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def nested(kit: Kit) -> Kit:
    """The sample with a composite of a composite, and a pinned member."""
    kit.run("composite", "create", "all", "--member", "composite:writing")
    kit.run("composite", "add", "all", "skill:plain-prose", "--relationship", "requires")
    kit.run("composite", "pin", "all", "skill:plain-prose")
    return kit


def test_the_whole_collection_is_one_tree(nested: Kit) -> None:
    """Composites that are in none come first, then what is in no composite."""
    told = nested.json("tree", "--all")
    found = [node["id"] for node in told["members"]]
    assert found[:2] == ["composite:git-care", "composite:all"]
    assert "composite:writing" not in found
    assert "skill:plain-prose" not in found
    text = nested.run("tree", "--all").splitlines()
    assert text[0] == told["id"]
    assert "├── composite:git-care" in text
    assert any(line.endswith("skill:plain-prose @0 (0 behind) (requires)") for line in text)


def test_json_is_what_json_prints(nested: Kit) -> None:
    """`--format json` and `--json` are the same text."""
    plain = nested.run("tree", "--all", "--format", "json")
    assert json.loads(plain) == {"schema_version": 1, **nested.json("tree", "--all")}


def test_mermaid_has_each_artifact_once(nested: Kit) -> None:
    """Nodes first, then an arrow for each membership, with what it is."""
    lines = nested.run("tree", "--all", "--format", "mermaid").splitlines()
    assert lines[0] == "flowchart LR"
    nodes = dict(re.findall(r'^  (n\d+)\["([^"]*)"\]$', "\n".join(lines), re.MULTILINE))
    assert sorted(nodes.values()) == sorted(set(nodes.values()))
    assert len(nodes) == len(nested.uuids())
    names = {text: name for name, text in nodes.items()}
    prose = names["skill:plain-prose"]
    assert f'  {names["composite:all"]} -->|"requires @0"| {prose}' in lines
    assert f"  {names['composite:writing']} --> {prose}" in lines


def test_dot_and_mermaid_escape_names(nested: Kit) -> None:
    """What would end a label is written as an escape."""
    from holdall_composites.commands.trees.drawings import render_dot, render_mermaid

    root = {"id": 'composite:a"];x', "members": [{"id": "skill:b\\\n\u202e|"}]}
    assert '  n0["composite:a#34;#93;#59;x"]' in render_mermaid(root)
    dot = render_dot(root)
    assert '  "n0" [label="composite:a\\"];x"];' in dot
    assert not any("\n" in line or "\u202e" in line for line in dot)


def test_an_svg_is_complete(nested: Kit) -> None:
    """It is well-formed XML with a box or a tile for each artifact, and nothing that runs."""
    text = nested.run("tree", "--all", "--format", "svg")
    drawing = ElementTree.fromstring(text)
    titles = [found.text for found in drawing.iter(f"{SVG}title")]
    boxes = [found.text for found in drawing.iter(f"{SVG}text") if found.get("class") == "title"]
    assert {"all", "writing", "git-care"} <= set(boxes)
    composites = {name for name in nested.uuids() if name.startswith("composite:")}
    assert sorted(map(str, titles)) == sorted(nested.uuids().keys() - composites)
    assert {found.tag.removeprefix(SVG) for found in drawing.iter()} == {
        *("svg", "style", "rect", "text", "g", "title", "path")
    }


def test_an_id_or_all(nested: Kit) -> None:
    """Not both, and not neither."""
    assert nested.command("tree").returncode == 2
    assert nested.command("tree", "composite:all", "--all").returncode == 2


def test_a_terminal_shows_a_time_line(nested: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is below its days there, newest first; in a pipe it stays a table."""
    table = nested.run("log").splitlines()
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = re.sub("\x1b[^m]*m", "", nested.run("log")).splitlines()
    days = [line for line in shown if re.fullmatch(r"\d{4}-\d\d-\d\d", line)]
    assert shown[0] == days[0]
    assert len(shown) - len(days) == len(table)
    assert "composite pin" in shown[1]
    assert "● " in shown[1]
    assert "release" in shown[1]
