"""Everything of a collection for every agent: valid there, deployed once, and gone without a trace.

`make long` does it with the public marketplaces beside the repository, every run with the sample.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

import agent_rules
from e2e.kit import REPOSITORY, SAMPLE, Kit, new_kit, tree, write
from holdall.deploy.targets import BUILTIN_TARGETS, Form, Target
from runs import examples

pytestmark = pytest.mark.integration

DEVSET = REPOSITORY.parent / "shared/devset"
IS_LONG = examples(0) > 0
SOURCES = [SAMPLE, *(sorted(DEVSET.iterdir()) if IS_LONG and DEVSET.is_dir() else ())]
FEW = ("claude", "codex", "gemini", "cursor", "copilot", "opencode", "windsurf", "devin", "kiro")
OWN = {
    "README.md": "mine\n",
    "AGENTS.md": "# Mine\n\nText",
    "GEMINI.md": "Mine\r\n",
    ".mcp.json": '{"mcpServers": {"own": {"command": "own"}}}',
    ".gemini/settings.json": "{ }",
    ".codex/config.toml": 'model = "x" # why\n',
    ".claude/settings.json": '{\n\t// mine\n\t"hooks": {"Stop": []}\n}',
    "opencode.json": '{"$schema": "https://opencode.ai/config.json"}',
}


@pytest.fixture(scope="module", params=SOURCES, ids=lambda path: path.name)
def collected(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """A collection with all of a source."""
    kit = new_kit(tmp_path_factory.mktemp("every") / "here")
    kit.run("collect", request.param, status=None)
    return kit


@pytest.mark.slow
@pytest.mark.parametrize("name", [*BUILTIN_TARGETS] if IS_LONG else FEW)
def test_all_of_it_for_one_agent(
    collected: Kit, name: str, own_state: Path, tmp_path: Path
) -> None:
    """What is written is valid, a second deploy writes nothing, an undeploy leaves no byte."""
    del own_state
    target, project = BUILTIN_TARGETS[name], tmp_path / "project"
    for path, text in OWN.items():
        write(project / path, text)
    before = tree(project)
    everything = [artifact["id"] for artifact in collected.json("list")["artifacts"]]
    ids = [one for one in everything if not one.startswith("composite:")]
    on = ("--to", project, "--target", name)
    done = collected.command("deploy", *ids, *on, "--allow-commands", "--json")
    assert done.returncode in (0, 1), done.stderr
    problems = [*problems_of(target, project, json.loads(done.stdout)["placed"], before)]
    assert problems == []
    after = tree(project)
    assert collected.json("deploy", *on, status=None)["written"] == []
    assert tree(project) == after
    states = collected.json("status", *on, status=None)["deployed"]
    assert {one["state"] for one in states} <= {"synced"}
    collected.run("undeploy", *ids, *on, status=None)
    assert tree(project) == before


def problems_of(
    target: Target, project: Path, placed: list[dict[str, str]], before: Mapping[str, object]
) -> list[str]:
    """Return what an agent would say of what was written for it."""
    found = []
    for type_name, form in target.converts.items():
        spec, check = target.places[type_name], agent_rules.FILES.get(form)
        folder = project / target.root_of(type_name) / spec.folder
        for path in folder.rglob("*") if check is not None else ():
            own = str(path.relative_to(project))
            if path.is_file() and own not in before and own.endswith(spec.suffix):
                if form is Form.COMMAND_SKILL and not _is_command(target, own, placed):
                    continue
                assert check is not None
                found += [f"{own}: {problem}" for problem in check(path.read_bytes())]
    for merge in target.merges.values():
        file = project / merge.path
        if not file.exists() or merge.form in (Form.HOOKS, Form.SERVERS, Form.SHARED_SERVERS):
            continue
        text = file.read_text()
        table = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
        for key in merge.keys:
            table = table.get(key, {})
        for key, value in table.items():
            if key in merge.head:
                assert value == merge.head[key]
            elif merge.form.is_hooks:
                for one in value:
                    found += [*agent_rules.hook_problems(merge.form, key, one)]
            elif key != "own":
                found += [*agent_rules.server_problems(merge.form, value)]
    return found


def _is_command(target: Target, path: str, placed: list[dict[str, str]]) -> bool:
    """Return whether a file is a command that became a skill."""
    names = [p["id"].partition(":")[2] for p in placed if p["id"].startswith("command:")]
    return Path(path).parent.name in [name.replace(":", "-") for name in names] and not any(
        p["id"] == f"skill:{Path(path).parent.name}" for p in placed
    )
