"""Rules in projects: files in each agent's form, and blocks in what is the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.kit import Kit, in_this_process, tree
from holdall.testing import write

pytestmark = pytest.mark.integration

RULES = {
    "ts": "---\ndescription: d\nglobs: **/*.ts\nalwaysApply: false\n---\nUse types.\n",
    "brief": "---\nalwaysApply: true\n---\nBe brief.\n",
    "ask": "Only if asked.\n",
}
BLOCKS = (
    "<!-- holdall: begin brief -->\nBe brief.\n<!-- holdall: end brief -->\n"
    "\n<!-- holdall: begin ts -->\nFor files that match `**/*.ts`:\n\nUse types.\n"
    "<!-- holdall: end ts -->\n"
)


@pytest.fixture
def rules(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with three rules of Cursor."""
    for name, text in RULES.items():
        write(tmp_path / f"source/.cursor/rules/{name}.mdc", text)
    kit = Kit(in_this_process, tmp_path)
    kit.run("init", kit.collection)
    kit.run("collect", tmp_path / "source")
    return kit


def deploy(kit: Kit, *targets: str, names: tuple[str, ...] = ("brief", "ts")) -> str:
    """Deploy rules for some targets; return what the command printed."""
    chosen = [word for target in targets for word in ("--target", target)]
    ids = [f"rule:{name}" for name in names]
    done = kit.command("deploy", *ids, *chosen, "--to", kit.project)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("target", "path", "text"),
    [
        ("claude", ".claude/rules/ts.md", '---\npaths: ["**/*.ts"]\ndescription: d\n---\n'),
        ("cursor", ".cursor/rules/ts.mdc", RULES["ts"].removesuffix("Use types.\n")),
        ("copilot", ".github/instructions/ts.instructions.md",
         '---\napplyTo: "**/*.ts"\ndescription: d\n---\n'),
        ("windsurf", ".windsurf/rules/ts.md",
         '---\ntrigger: glob\nglobs: "**/*.ts"\ndescription: d\n---\n'),
        ("kiro", ".kiro/steering/ts.md",
         '---\ninclusion: fileMatch\nfileMatchPattern: ["**/*.ts"]\ndescription: d\n---\n'),
        ("roo", ".roo/rules/ts.md", "For files that match `**/*.ts`:\n\n"),
    ],
)  # fmt: skip
def test_in_each_agents_form(rules: Kit, target: str, path: str, text: str) -> None:
    """A rule is a file of the agent's, with its scope in the agent's words, and goes completely."""
    deploy(rules, target)
    assert (rules.project / path).read_text() == f"{text}Use types.\n"
    assert {one["state"] for one in states(rules)} == {"synced"}
    assert "in place already" in deploy(rules, target)
    undeploy(rules)
    assert not (rules.project / path.split("/")[0]).exists()


def states(kit: Kit) -> list[dict[str, str]]:
    """Return the status of everything that is deployed."""
    found: list[dict[str, str]] = kit.json("status", "--to", kit.project, status=None)["deployed"]
    return found


def undeploy(kit: Kit, *words: str, status: int = 0) -> None:
    """Take all of the rules out of the project."""
    kit.run("undeploy", "rule:brief", "rule:ts", *words, "--to", kit.project, status=status)


@pytest.mark.parametrize("mine", [None, "", "# Mine", "# Mine\r\nMore.\r\n", "\ufeffMine\n\n\n"])
def test_blocks_among_the_users_text(rules: Kit, mine: str | None) -> None:
    """Codex and opencode share one AGENTS.md: each rule is there once, and goes with the last."""
    file = rules.project / "AGENTS.md"
    if mine is not None:
        file.write_bytes(mine.encode())
    deploy(rules, "codex", "opencode")
    text = file.read_bytes().decode()
    assert text.startswith(mine or "")
    assert text.replace("\r\n", "\n").endswith(BLOCKS)
    assert "in place already" in deploy(rules, "codex", "opencode")
    undeploy(rules, "--target", "codex")
    assert file.read_bytes().decode() == text
    assert {one["target"] for one in states(rules)} == {"opencode"}
    undeploy(rules)
    assert (file.read_bytes().decode() if file.exists() else None) == mine
    assert tree(rules.project).keys() <= {"AGENTS.md"} | {
        path for path in tree(rules.project) if path.startswith(".holdall/")
    }


def test_what_the_user_changes_in_a_block(rules: Kit) -> None:
    """An edited block is the user's: status names it, a deploy and an undeploy leave it alone."""
    file = rules.project / "AGENTS.md"
    deploy(rules, "codex")
    edited = file.read_text().replace("Be brief.", "Be long.")
    file.write_text(f"Mine.\n{edited}More of mine.\n")
    assert {one["id"]: one["state"] for one in states(rules)} == {
        "rule:brief": "modified", "rule:ts": "synced"
    }  # fmt: skip
    write(rules.collection / "rules/brief.md", "Be brief, please.\n")
    rules.run("collect")
    rules.run("deploy", "rule:brief", "--target", "codex", "--to", rules.project, status=3)
    assert "Be long." in file.read_text()
    deploy_forced = ("deploy", "rule:brief", "--target", "codex", "--force")
    rules.run(*deploy_forced, "--to", rules.project, status=None)
    assert "Be brief, please." in file.read_text()
    assert any((rules.project / ".holdall/backups").rglob("AGENTS.md"))
    undeploy(rules)
    assert file.read_text() == "Mine.\nMore of mine.\n"


def test_a_new_version_keeps_its_place(rules: Kit) -> None:
    """Where a block stands is the user's; undo brings the former text back there."""
    file = rules.project / "AGENTS.md"
    deploy(rules, "codex")
    file.write_text(f"{file.read_text()}After.\n")
    before = file.read_text()
    write(rules.collection / "rules/brief.md", "Be curt.\n")
    rules.run("collect")
    assert {one["id"]: one["state"] for one in states(rules)}["rule:brief"] == "outdated"
    deploy(rules, "codex")
    assert file.read_text() == before.replace("Be brief.", "Be curt.")
    rules.run("undo")
    assert file.read_text() == before


def test_marks_that_are_broken(rules: Kit) -> None:
    """A file whose blocks cannot be told apart is not edited; the error names the line."""
    file = rules.project / "AGENTS.md"
    file.write_text("x\n<!-- holdall: begin y -->\n")
    done = rules.command("deploy", "rule:ts", "--target", "codex", "--to", rules.project)
    assert (done.returncode, "AGENTS.md, line 2" in done.stderr) == (2, True)
    assert file.read_text() == "x\n<!-- holdall: begin y -->\n"


def test_a_rule_that_an_agent_cannot_have(rules: Kit) -> None:
    """A rule for when it is asked for would be in force always in AGENTS.md: it is left out."""
    told = deploy(rules, "codex", names=("ask", "brief"))
    assert "left out" in told
    assert "rule:ask" in told
    assert "Only if asked" not in (rules.project / "AGENTS.md").read_text()


def test_output_styles(rules: Kit, tmp_path: Path) -> None:
    """Claude Code has them as files; other agents do not, and a deploy says so."""
    write(tmp_path / "more/.claude/output-styles/calm.md", "Be calm.\n")
    rules.run("collect", tmp_path / "more")
    rules.deploy("output-style:calm", "--target", "claude")
    assert (rules.project / ".claude/output-styles/calm.md").read_text() == "Be calm.\n"
    assert not (rules.project / ".claude/.skillmeat-deployed.toml").exists()
    done = rules.command("deploy", "output-style:calm", "--target", "codex", "--to", rules.project)
    told = done.stdout + done.stderr
    assert "does not support the type output-style" in told


def test_a_rule_that_an_agent_finds_twice_is_said_once(rules: Kit) -> None:
    """When it comes to be so, whichever of the two was first; nothing is said of one place."""

    def deploy_for(*targets: str) -> list[str]:
        words = [word for target in targets for word in ("--target", target)]
        done = rules.command("deploy", "rule:ts", "--to", rules.project, *words)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stderr.splitlines() if "twice" in line]

    assert deploy_for("vscode") == []
    (line,) = deploy_for("claude")
    assert "vscode: rule:ts: seen twice: .claude/rules is read, too, where it is for " in line
    assert deploy_for("claude") == deploy_for() == []
    (line,) = deploy_for("cursor", "devin")
    assert "devin: rule:ts: seen twice: .cursor/rules is read, too, where it is for cursor" in line
