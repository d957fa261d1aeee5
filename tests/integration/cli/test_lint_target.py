"""`lint --target`: what an agent would refuse, cut or ignore."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from e2e.kit import Kit, write

pytestmark = pytest.mark.integration

AGENT = "---\nname: look\ndescription: Looks\ntools: Read, Grep\nmodel: sonnet\n---\n{}\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source with something for each verdict."""
    root = tmp_path / "source"
    write(root / ".claude-plugin/plugin.json", '{"name": "plug"}')
    write(root / "agents/look.md", AGENT.format("Look."))
    write(root / "agents/long.md", AGENT.format("x" * 30_001).replace("look", "long"))
    write(root / "commands/long.md", f"---\ndescription: d\n---\n{'x' * 12_001}\n")
    write(root / "skills/a/SKILL.md", f"---\nname: a\ndescription: {'d' * 1100}\n---\nText\n")
    write(root / ".mcp.json", json.dumps({"mcpServers": {"s": {"type": "ws", "url": "wss://x"}}}))
    hooks = {"WorktreeCreate": [{"hooks": [{"type": "command", "command": "x"}]}]}
    write(root / "hooks/hooks.json", json.dumps({"hooks": hooks}))
    return root


def test_each_agent_has_its_own_limits(kit: Kit, source: Path) -> None:
    """Refused is an error, cut a warning, ignored an info; each says the agent and the limit."""
    found = kit.json(
        "lint", source, "--target", "opencode,copilot", "--target", "windsurf", status=1
    )
    told = {
        (d["level"], d["path"], d["message"])
        for d in found["diagnostics"]
        if d["code"].startswith("target-")
    }
    for level, path, text in (
        (
            "error",
            "skills/a",
            "opencode: skill:a: its description has 1100 characters, the limit is 1024",
        ),
        ("error", ".mcp.json", "opencode: mcp:s: opencode has no servers of the type ws"),
        (
            "error",
            "agents/long.md",
            "copilot: agent:long: GitHub Copilot takes instructions of at most",
        ),
        (
            "error",
            "hooks/hooks.json",
            "windsurf: hook:plug: Windsurf has no event like WorktreeCreate",
        ),
        (
            "warning",
            "commands/long.md",
            "windsurf: command:plug:long: it has 120",
        ),
        ("info", "agents/look.md", "opencode: agent:look: left out its model"),
        ("info", "agents/look.md", "windsurf: agent:look: it has no place for the type agent"),
        ("info", "hooks/hooks.json", "opencode: hook:plug: it has no place for the type hook"),
    ):
        assert any(t[0] == level and t[1] == path and t[2].startswith(text) for t in told), text


def test_without_a_target_nothing_is_said_of_one(kit: Kit, source: Path) -> None:
    """And a target that is not known is wrong usage; SARIF has the rules."""
    found = kit.json("lint", source, status=1)
    assert not [d for d in found["diagnostics"] if d["code"].startswith("target-")]
    assert kit.command("lint", source, "--target", "emacs").returncode == 2
    done = kit.command("lint", source, "--target", "opencode", "--sarif")
    results = json.loads(done.stdout)["runs"][0]["results"]
    assert {"target-refuses", "target-ignores"} <= {result["ruleId"] for result in results}
