"""Every diagnostic: a tree that brings it about, and the page that explains it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from holdall.artifacts.limits import Caps
from holdall.deploy.targets import BUILTIN_TARGETS
from holdall.errors import PluginError
from holdall.operations.lint import lint_targets
from holdall.operations.read_source import read_source
from holdall.sources.checks.diagnostics import CODES, Code
from holdall.sources.checks.handbook import handbook
from holdall.sources.linting import lint
from holdall.sources.values import FoundArtifact
from host_factories import make_plugin, plugins_of
from source_trees import MARKET, PLUGIN, good, write

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/diagnostics.md"
SKILL = "skills/a/SKILL.md"
CAPS = Caps(max_file_bytes=1 << 20)


def skill(*lines: str, body: str = "") -> dict[str, Any]:
    """Return the skill `a` with more lines of frontmatter."""
    head = "\n".join(["---", "name: a", *lines, "---", body])
    return {SKILL: head if any("description:" in line for line in lines) else good("a", body)}


def front(*lines: str) -> dict[str, Any]:
    """Return the skill `a` with a description and more lines of frontmatter."""
    return skill("description: does things", *lines)


def too_deep(place: Path) -> None:
    """Make folders whose path no system call takes; works for root, unlike taking rights away."""
    place.mkdir()
    folder = os.open(place, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=folder)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(folder)


def too_large(place: Path) -> None:
    """Make a file of more bytes than are read; on the disk it takes none."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as file:
        file.truncate(CAPS.max_file_bytes + 1)


def collection(*lines: str) -> dict[str, Any]:
    """Return a collection that lists the skill `a`, and more lines of its manifest."""
    head = ["[collection]", 'name = "c"', *listed("skill", "a", "skills/a")]
    return {**skill("description: does things"), "manifest.toml": "\n".join([*head, *lines])}


def listed(kind: str, name: str, path: str) -> list[str]:
    """Return the lines that list an artifact."""
    return ["[[artifacts]]", f'type = "{kind}"', f'name = "{name}"', f'path = "{path}"']


def bundle(member: str, *lines: str) -> list[str]:
    """Return the lines of a composite with one member, and more lines about that."""
    head = ["[[composites]]", 'name = "k"', "[[composites.members]]", f'id = "{member}"']
    return [*head, *lines]


TREES: Mapping[Code, Mapping[str, Any]] = {
    Code.AGENT_NAME_COLON: {"agents/a.md": good("team:a")},
    Code.ARCHIVE_INSIDE: {"dist/a.skill": b"PK"},
    Code.ALLOWED_TOOLS_FORM: front("allowed-tools: Read, Write"),
    Code.COLLECTION_ENTRY: {
        "collection.toml": '[collection]\nname = "c"\n[[artifacts]]\nname = "a"\n'
    },
    Code.COMPATIBILITY_LONG: front(f"compatibility: {'x' * 501}"),
    Code.CREDENTIAL: skill(body="token ghp_" + "aB3dE9" * 6),
    Code.DESCRIPTION_LONG: skill(f"description: {'x' * 1025}"),
    Code.FILES_GONE: collection(*listed("skill", "b", "skills/b")),
    Code.FRONTMATTER_ABSENT: {SKILL: "no head"},
    Code.FRONTMATTER_INVALID: skill("description: Use when: asked"),
    Code.FRONTMATTER_UNTERMINATED: {SKILL: "---\nname: a\ndescription: b\n"},
    Code.FRONTMATTER_KEY_MISSING: {SKILL: "---\nname: a\ndescription: ''\n---\n"},
    Code.HIDDEN_TEXT: skill(body="\U000e0041"),
    Code.HOOKS_INVALID: {"hooks/hooks.json": {"hooks": []}},
    Code.HOSTILE_PATH: {**skill(), "skills/a/bad\nname": "x"},
    Code.ITEM_UNREADABLE: {"deep": too_deep},
    Code.LEFT_OUT: {"skills/a/.DS_Store": b"\0"},
    Code.LFS_POINTER: {**skill(), "skills/a/x.bin": "version https://git-lfs.github.com/spec/v1\n"},
    Code.LINK_BROKEN: {f"p/{PLUGIN}": {}, "p/skills/a": ("->", "nowhere")},
    Code.DOCUMENTATION: {"docs/agents/a.md": good("a")},
    Code.FOREIGN_INVALID: {".gemini/commands/a.toml": "prompt = 1"},
    Code.FOREIGN_KEYS: {".gemini/commands/a.toml": "prompt = 'p'\nx = 1"},
    Code.LINK_OUTSIDE: {**skill(), "skills/a/out": ("->", "/etc/passwd")},
    Code.LISTING_LONG: skill(f"description: {'x' * 1000}", f"when_to_use: {'y' * 537}"),
    Code.MANIFEST_CONFLICT: {
        MARKET: {"plugins": [{"name": "p", "source": "./p", "strict": False}]},
        f"p/{PLUGIN}": {"agents": "./a.md"},
    },
    Code.MARKETPLACE_INVALID: {MARKET: []},
    Code.MARKETPLACE_NESTED: {f"deep/{MARKET}": {"plugins": []}},
    Code.MCP_INVALID: {".mcp.json": {"mcpServers": []}},
    Code.MEMBER_GONE: collection(*bundle("skill:b")),
    Code.METADATA_FORM: front("metadata:", "  tags: [a, b]"),
    Code.NAME_TAKEN: {"x/agents/a.md": good("a", "1"), "y/agents/a.md": good("a", "2")},
    Code.NAME_UNSAFE: {"skills/a:b/SKILL.md": good("a")},
    Code.NOT_UNDERSTOOD: {".roomodes": "customModes: []"},
    Code.NOT_UTF8: {"commands/a.md": b"\xff"},
    Code.OUTSIDE_REFERENCE: skill(body="see ../../CONNECTORS.md"),
    Code.PATH_FIELD: {f"p/{PLUGIN}": {"skills": ["./skills"]}},
    Code.PATH_SPELLING: {f"p/{PLUGIN}": {"skills": ["more"]}, "p/more/a/SKILL.md": good("a")},
    Code.PATH_TWIN: {**skill(), "skills/a/\u00e9": "1", "skills/a/e\u0301": "2"},
    Code.PIN_ELSEWHERE: collection(*bundle("skill:a", f'pin = "{"0" * 64}"')),
    Code.PLUGIN_FAILED: {"fails.rule": ""},
    Code.PLUGIN_INVALID: {f"p/{PLUGIN}": []},
    Code.PLUGIN_NEEDS: {f"p/{PLUGIN}": {"dependencies": ["other"]}},
    Code.PLUGIN_RENAMED: {MARKET: {"plugins": [], "renames": {"old": "new"}}},
    Code.PLUGIN_ROOT_REFERENCE: skill(body="run ${CLAUDE_PLUGIN_ROOT}/x.sh"),
    Code.PLUGIN_UNRESOLVED: {MARKET: {"plugins": [{"name": "p", "source": "./p"}]}},
    Code.README_SKIPPED: {"commands/README.md": "about"},
    Code.SAME_CONTENT: {"commands/a.md": "same", "commands/b.md": "same"},
    Code.SCRIPT_ABSENT: {
        f"p/{PLUGIN}": {"mcpServers": {"s": {"command": "${CLAUDE_PLUGIN_ROOT}/serve"}}}
    },
    Code.SEVERAL_MANIFESTS: {f"p/{PLUGIN}": {"name": "p"}, "p/.codex-plugin/plugin.json": {}},
    Code.SKILL_FILE_NAME: {"skills/a/skill.md": good("a")},
    Code.SKILL_NAME_DIFFERS: {SKILL: good("b")},
    Code.SKILL_NAME_INVALID: {SKILL: good("A--b")},
    Code.SPECIAL_FILE: {**skill(), "skills/a/pipe": os.mkfifo},
    Code.NOT_CHECKED_OUT: {".gitmodules": '[submodule "m"]\n\tpath = m\n'},
    Code.TARGET_CUTS: front(f"when_to_use: {'x' * 1600}"),
    Code.TARGET_IGNORES: {"commands/a.md": "Do $1."},
    Code.TARGET_REFUSES: {"agents/a.md": "---\nname: a\ndescription: d\n---\n"},
    Code.TOO_LARGE: {**skill(), "skills/a/huge": too_large},
    Code.TYPE_UNKNOWN: collection(*listed("odd", "b", "odd/b")),
    Code.UNSUPPORTED_COMPONENT: {f"p/{PLUGIN}": {}, "p/.lsp.json": {}},
    Code.WHOLE_SOURCE: {"SKILL.md": good("a"), "src/main.c": "main"},
    Code.ZERO_WIDTH_TEXT: skill(body="in\u200bvisible"),
}


def claim(path: Path, source: Path) -> FoundArtifact | None:
    """Fail on files that say so, as a plugin may."""
    if path.name == "fails.rule":
        raise PluginError("cannot read it")
    return None


def codes_of(root: Path, tree: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Return the codes that reading a tree gives, and those that lint gives."""
    makers: dict[str, Callable[[Path], None]] = {k: v for k, v in tree.items() if callable(v)}
    write(root, {name: content for name, content in tree.items() if name not in makers})
    for name, make in makers.items():
        make(root / name)
    reading = read_source(plugins_of(make_plugin(collect_file=claim)), root, CAPS)
    targets = [BUILTIN_TARGETS["claude"], BUILTIN_TARGETS["opencode"], BUILTIN_TARGETS["gemini"]]
    findings = [*lint("source", reading), *lint_targets("source", reading, targets)]
    told = {finding.diagnostic.code for finding in findings}
    return {diagnostic.code for diagnostic in reading.diagnostics}, told


@pytest.mark.parametrize("code", Code)
def test_every_code_comes_about(tmp_path: Path, code: Code) -> None:
    """A small tree brings about each code; scan tells those that are not lint's alone."""
    read_codes, lint_codes = codes_of(tmp_path / "source", TREES[code])
    assert code in lint_codes
    assert (code in read_codes) is not CODES[code].lint_only


@pytest.mark.parametrize(
    "tree",
    [skill(), front(), {"commands/a.md": "x"}, collection(*bundle("skill:a"))],
    ids=["bare", "front", "command", "collection"],
)
def test_a_good_tree_brings_about_none(tmp_path: Path, tree: Mapping[str, Any]) -> None:
    """The trees above are wrong by what makes them special, not by what they share."""
    assert codes_of(tmp_path / "source", tree) == (set(), set())


def test_the_page_tells_every_code() -> None:
    """`docs/diagnostics.md` is what the code makes of its table; `make docs` writes it."""
    assert PAGE.read_text() == handbook()
    assert all(f"\n## {code}\n" in handbook() for code in Code)
