"""Linting: the specifications' limits at their edges, what texts hold, and how it is printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from holdall.cli import main
from holdall.sources.linting import MAX_TEXT_BYTES, Finding, lint
from holdall.sources.reader import read
from holdall.sources.values import Diagnostic
from source_trees import MARKET, PLUGIN, good, write

pytestmark = pytest.mark.unit

Linted = Callable[[Mapping[str, Any]], list[tuple[str, int | None, str]]]
SKILL = "skills/a/SKILL.md"
TOKEN = "ghp_" + "aB3dE9" * 6


@pytest.fixture
def linted(tmp_path: Path) -> Linted:
    """Return a function that writes files and lints them: path, line and code of each finding."""

    def run(files: Mapping[str, Any]) -> list[tuple[str, int | None, str]]:
        found = [f.diagnostic for f in lint("s", read(write(tmp_path / "source", files)))]
        return [(told.path, told.line, told.code) for told in found]

    return run


def headed(*lines: str) -> dict[str, Any]:
    """Return the skill `a` with these lines of frontmatter besides its name."""
    return {SKILL: "\n".join(["---", "name: a", *lines, "---", "body"])}


@pytest.mark.parametrize("name", ["a", "a-b", "0", "x" * 64])
def test_names_that_the_specification_allows(linted: Linted, name: str) -> None:
    """1 to 64 lowercase letters and digits, single hyphens between them."""
    assert linted({f"skills/{name}/SKILL.md": good(name)}) == []


@pytest.mark.parametrize("name", ["A", "a--b", "-a", "a-", "a_b", "a b", "é", "x" * 65, "a.b"])
def test_names_that_the_specification_forbids(linted: Linted, name: str) -> None:
    """Anything else is an error at the name's line."""
    found = linted({f"skills/{name}/SKILL.md": good(name)})
    assert (f"skills/{name}/SKILL.md", 2, "skill-name-invalid") in found


@pytest.mark.parametrize(
    ("lines", "line", "code"),
    [
        ([f"description: {'x' * 1024}"], None, None),
        ([f"description: {'x' * 1025}"], 3, "description-long"),
        (["description: d", f"compatibility: {'é' * 500}"], None, None),
        (["description: d", f"compatibility: {'é' * 501}"], 4, "compatibility-long"),
        (["description: d", "metadata:", "  version: 1.0", '  "a": b'], None, None),
        (["description: d", "metadata: text"], 4, "metadata-form"),
        (["description: d", "metadata:", "  a: {b: c}"], 4, "metadata-form"),
        (["description: d", "metadata:", "  a:"], 4, "metadata-form"),
        (["description: d", "allowed-tools: Read Bash(a:*, b)"], None, None),
        (["description: d", "allowed-tools: Read, Write"], 4, "allowed-tools-form"),
        (["description: d", "'allowed-tools': [Read]"], 4, "allowed-tools-form"),
        ([f"description: {'x' * 36}", f"when_to_use: {'y' * 1500}"], None, None),
        ([f"description: {'x' * 37}", f"when_to_use: {'y' * 1500}"], 3, "listing-long"),
        (["description:"], 1, "frontmatter-key-missing"),
        (["description: ' '"], 1, "frontmatter-key-missing"),
    ],
)
def test_limits_of_a_skill(
    linted: Linted, lines: list[str], line: int | None, code: str | None
) -> None:
    """Each limit is kept to the letter, and told at the key's line."""
    assert linted(headed(*lines)) == ([(SKILL, line, code)] if code else [])


def test_limits_bind_the_types_that_have_them(linted: Linted) -> None:
    """Commands and agents have lists of tools and names of their own; an agent's has no colon."""
    tools = "---\nname: A_b\ndescription: d\nallowed-tools: Read, Write\n---\n"
    files = {"commands/x.md": tools, "agents/x.md": tools, "agents/y.md": good("t:y")}
    assert ("agents/y.md", 2, "agent-name-colon") in (found := linted(files))
    assert {code for _, _, code in found} == {"agent-name-colon", "name-unsafe"}
    long = f"---\ndescription: {'x' * 1537}\n---\n"
    assert linted({"commands/x.md": long, "agents/y.md": good("y")}) == [
        ("commands/x.md", 2, "listing-long")
    ]


def test_a_source_that_is_one_skill_may_lie_anywhere(linted: Linted) -> None:
    """The name of the folder of a clone is nobody's mistake."""
    assert linted({"SKILL.md": good("top"), "x/deep.md": "see ../SKILL.md"}) == [
        (".", None, "whole-source")
    ]


@pytest.mark.parametrize(
    ("secret", "line"),
    [
        ("AKIA" + "Q7RT" * 4, 6),
        (TOKEN, 6),
        ("github_pat_" + "aB3dE9" * 8, 6),
        ("xoxb-" + "8392017465-" * 2 + "aB3dE9" * 4, 6),
        ("sk-ant-" + "api03-" + "aB3dE9" * 8, 6),
        ("sk-" + "aB3dE9" * 8, 6),
        ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\n\n" + "aB3dE9" * 8, 6),
        ("-----BEGIN PRIVATE KEY-----\\n" + "aB3dE9" * 8, 6),
        ("AKIA" + "IOSFODNN7EXAMPLE", None),
        ("ghp_" + "x" * 36, None),
        ("sk-ant-" + "your-api-key-here-1234567890", None),
        ("grep '-----BEGIN PRIVATE KEY-----'", None),
        ("task-" + "aB3dE9" * 8, None),
        ("glpat-" + "aB3dE9-fG_12345678" + "9012", None),
        ("glpat-" + "aB3dE9fGhJkLmNpQrStU", 6),
        ("https://hooks.slack.com/services/T0AB3DE9F/B0AB3DE9F/" + "aB3dE9" * 4, 6),
        ("sk_live_" + "aB3dE9" * 4, 6),
        ("AIza" + "aB3dE9-" * 5, None),
        ("AIza" + "aB3dE9" * 5 + "fGhJk", 6),
        ("hf_" + "aQcdEf" * 5 + "GhJk", 6),
        ("npm_" + "aB3dE9" * 6, 6),
        ("pypi-AgE" + "aB3dE9" * 10, 6),
        ("ghp_" + "ab" * 18, None),
    ],
)
def test_secrets(linted: Linted, secret: str, line: int | None) -> None:
    """Well-known shapes of keys and tokens are told, placeholders and patterns are not."""
    found = linted({SKILL: good("a", f"\n{secret}\n")})
    assert found == ([(SKILL, line, "likely-secret")] if line else [])


def test_secrets_are_found_wherever_an_artifact_has_text(linted: Linted, tmp_path: Path) -> None:
    """In a skill's other files, in hooks, in servers and manifests; never quoted."""
    server = {"command": "x", "env": {"T": TOKEN}}
    files = {
        MARKET: {"plugins": [{"name": "p", "source": "./p", "mcpServers": {"e": server}}]},
        f"p/{PLUGIN}": {}, "p/.mcp.json": {"f": server, "g": server}, SKILL: good("a"),
        "skills/a/run.sh": f"#!/bin/sh\nT={TOKEN}\n", "skills/a/logo.png": f"\0{TOKEN}".encode(),
        "shared/x.txt": TOKEN, "skills/a/shared": ("->", "../../shared"),
        "h/hooks.json": {"hooks": {"Stop": [{"command": TOKEN}]}},
    }  # fmt: skip
    found = [(path, line) for path, line, code in linted(files) if code == "likely-secret"]
    assert found == [
        ("h/hooks.json", 1), ("p#entry.mcp.e", None), ("p/.mcp.json#f", None),
        ("p/.mcp.json#g", None), ("skills/a/run.sh", 2), ("skills/a/shared/x.txt", 1),
    ]  # fmt: skip
    assert not any(TOKEN in f.diagnostic.message for f in lint("s", read(tmp_path / "source")))


def test_only_the_beginning_of_a_file_is_looked_at(linted: Linted) -> None:
    """For what is only a nuisance, a file of any size costs the same."""
    files = {SKILL: good("a"), "skills/a/big.md": " " * MAX_TEXT_BYTES + "../../x.md"}
    assert linted(files) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("in\u200bvisible", "zero-width-text"),
        ("a\u200cb", "zero-width-text"),
        ("\u200e", "zero-width-text"),
        ("\u05d0\u200c\u200d\u05d0", "zero-width-text"),
        ("half\ufeffway", "zero-width-text"),
        ("\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", None),
        ("\U0001f468\u200d\U0001f469", None),
        ("\u202ertl", "hidden-text"),
        ("\U000e0041", "hidden-text"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", None),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0068\U000e007f", "hidden-text"),
    ],
)
def test_text_that_people_do_not_see(linted: Linted, text: str, code: str | None) -> None:
    """Told in any file, once; joiners in the scripts and emoji that need them are spelling."""
    found = linted({SKILL: good("a", text), "skills/a/more.txt": f"\n{text}\n{text}"})
    assert found == ([(SKILL, 5, code), ("skills/a/more.txt", 2, code)] if code else [])


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("SKILL.md", "see [it](../b/SKILL.md)", "outside-reference"),
        ("SKILL.md", "see `../../x.md`", "outside-reference"),
        ("SKILL.md", "cd ../ && ls ../x", None),
        ("SKILL.md", "never ../../../etc/passwd", None),
        ("SKILL.md", "import x from '../../x'", None),
        ("ref/x.md", "see [it](../SKILL.md)", None),
        ("ref/x.md", "see ../../x.md", "outside-reference"),
        ("ref/deep/x.md", "see ../../x.md", None),
        ("run.js", "import '../../x'", None),
        ("run.sh", "exec $CLAUDE_PLUGIN_ROOT/x", "plugin-root-reference"),
    ],
)
def test_references_that_leave_a_skill(
    linted: Linted, path: str, text: str, code: str | None
) -> None:
    """What a skill finds only in its place is told; what it finds in itself is not."""
    body = good("a", text) if path == "SKILL.md" else text
    found = linted({SKILL: good("a"), f"skills/a/{path}": body})
    assert [code for _, _, code in found] == ([code] if code else [])


def test_where_a_finding_is() -> None:
    """Places are spelled from where the caller stands, as editors open them."""
    told = Diagnostic("a/x.md", "not-utf8", "m", 3)
    assert Finding("s/", told).sentence == "s/a/x.md:3: warning: m [not-utf8]"
    assert Finding(".", told).place == "a/x.md"
    assert Finding("s", Diagnostic(".", "not-utf8", "m")).sentence == "s: warning: m [not-utf8]"
    assert Finding(".", Diagnostic(".", "not-utf8", "m")).place == "."


class Command:
    """The command in the folder of a source `s`, and what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.out = self.err = ""
        self._capsys = capsys

    def __call__(self, *words: str) -> int:
        """Lint `s`."""
        status = main(["--no-plugins", "lint", "s", *words])
        self.out, self.err = self._capsys.readouterr()
        return status


@pytest.fixture
def command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Return the command beside a source with an error, a warning and an info."""
    write(
        tmp_path / "s",
        {
            "skills/B c/SKILL.md": good("B c", "uses ${CLAUDE_PLUGIN_ROOT}"),
            ".mcp.json": {"mcpServers": {"x": 1}},
        },
    )
    monkeypatch.chdir(tmp_path)
    return Command(capsys)


def test_lines_for_people(command: Command) -> None:
    """One line for each finding, in order, then the numbers; reasons on request."""
    assert command() == 1
    assert command.out.splitlines() == [
        "s/.mcp.json: warning: the server 'x' is not an object [mcp-invalid]",
        "s/skills/B c: warning: the name 'B c' is not safe; collected as skill:B-c [name-unsafe]",
        "s/skills/B c/SKILL.md:2: error: the name is 'B c' [skill-name-invalid]",
        "s/skills/B c/SKILL.md:5: info: uses CLAUDE_PLUGIN_ROOT [plugin-root-reference]",
        "1 errors, 2 warnings, 1 infos",
    ]
    assert command("--verbose") == 1
    assert "rename it, as in pdf-forms" in command.err


def test_what_counts(command: Command) -> None:
    """Errors do, warnings with --strict, infos never; what is allowed is not told at all."""
    no_error = ["--allow", "skill-name-invalid"]
    assert command(*no_error) == 0
    assert "skill-name-invalid" not in command.out
    assert command(*no_error, "--strict") == 1
    no_warning = [*no_error, "--allow", "mcp-invalid", "--allow", "name-unsafe"]
    assert command(*no_warning, "--strict") == 0


def test_json(command: Command) -> None:
    """The findings with their reasons and remedies, and the numbers."""
    assert command("--json") == 1
    document = json.loads(command.out)
    assert {key: document[key] for key in ("errors", "warnings", "infos")} == {
        "errors": 1, "warnings": 2, "infos": 1
    }  # fmt: skip
    (error,) = [told for told in document["diagnostics"] if told["level"] == "error"]
    assert (error["source"], error["path"], error["line"]) == ("s", "skills/B c/SKILL.md", 2)
    assert error.keys() >= {"code", "message", "why", "remedy"}


def test_sarif(command: Command, tmp_path: Path) -> None:
    """A log that code hosts take: known rules, levels, and URIs from where the caller stands."""
    assert command("--sarif") == 1
    log = json.loads(command.out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert all(r["shortDescription"]["text"] and r["help"]["text"] for r in rules.values())
    places = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    assert [
        (r["ruleId"], r["level"], p["artifactLocation"]["uri"], p["region"]["startLine"])
        for r, p in zip(run["results"], places, strict=True)
    ] == [
        ("mcp-invalid", "warning", "s/.mcp.json", 1),
        ("name-unsafe", "warning", "s/skills/B%20c", 1),
        ("skill-name-invalid", "error", "s/skills/B%20c/SKILL.md", 2),
        ("plugin-root-reference", "note", "s/skills/B%20c/SKILL.md", 5),
    ]
    assert {result["ruleId"] for result in run["results"]} <= rules.keys()


@pytest.mark.parametrize("form", [(), ("--verbose",), ("--json",), ("--sarif",)])
def test_a_collection_with_a_pin_is_linted(
    command: Command, tmp_path: Path, form: tuple[str, ...]
) -> None:
    """What only a collection's manifest brings about is printed like everything else."""
    manifest = [
        *("[collection]", 'name = "c"'),
        *("[[artifacts]]", 'type = "skill"', 'name = "a"', 'path = "skills/a"'),
        *("[[composites]]", 'name = "k"'),
        *("[[composites.members]]", 'id = "skill:a"', f'pin = "{"0" * 64}"'),
    ]
    root = write(tmp_path / "t", {SKILL: good("a"), "manifest.toml": "\n".join(manifest)})
    assert command(str(root), *form) == 1
    assert "pin-elsewhere" in command.out


def test_sarif_places_what_lies_inside_a_file(command: Command, tmp_path: Path) -> None:
    """A server has no file of its own; an absolute source gives absolute URIs."""
    server = {"mcpServers": {"a": {"url": "u"}}}
    root = write(tmp_path / "t", {"x/.mcp.json": server, "y/.mcp.json": {"b": {"url": "u"}}})
    assert command(str(root), "--sarif") == 1
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in json.loads(command.out)["runs"][0]["results"]
    ]
    assert uris[-1] == f"file://{root}/y/.mcp.json"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--allow", "no-such-code"], "known are agent-name-colon, allowed-tools-form"),
        (["--sarif", "--json"], "--sarif and --json together"),
        (["missing"], "no source missing"),
    ],
)
def test_wrong_usage(command: Command, words: list[str], told: str) -> None:
    """An unknown code is told with all that are known; nothing is printed as a result."""
    assert command(*words) == (4 if words == ["missing"] else 2)
    assert told in command.err
    if "--json" in words:
        assert told in json.loads(command.out)["error"]["message"]
    else:
        assert command.out == ""
