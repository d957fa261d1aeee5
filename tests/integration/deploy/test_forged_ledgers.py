"""A ledger that came with a stranger's project: what it cannot be right about is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, new_kit
from holdall.artifacts.ids import ArtifactId, Shape, TypeSpec
from holdall.artifacts.paths import RelPath
from holdall.deploy.consent.allowance import Allowance
from holdall.deploy.targets import BUILTIN_TARGETS, Merge
from holdall.errors import InputError
from host_factories import (
    deploy,
    deployer,
    make_collection,
    make_plugin,
    make_project,
    make_skill,
    make_source,
    opened,
    plugins_of,
    refresh,
    snapshot,
    undeploy,
    write,
)

pytestmark = pytest.mark.integration

LEDGER = ".holdall/ledger.json"
SETTINGS = ".claude/settings.json"
MINE = '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}, "keep": 1}\n'
EMPTY: dict[str, Any] = {"made": [], "blank": []}

Forge = Callable[[dict[str, Any], Path], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A collection with two skills."""
    return make_collection(tmp_path / "kit", "a", "b")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with files, settings and an empty folder of its own."""
    project = make_project(tmp_path / "project")
    write(project / "package.json", '{"scripts": {"test": "x"}}\n')
    write(project / SETTINGS, MINE)
    write(project / ".github/workflows/ci.yml", "on: push\n")
    (project / "empty").mkdir()
    return project


def owning(path: str, **values: Any) -> Forge:
    """Return what adds an entry that owns one of the project's files, wanted by the skill a."""

    def forge(document: dict[str, Any], project: Path) -> None:
        entry = dict(document["deployed"][0])
        entry["files"] = {
            path: ["f", "-", hashlib.sha256((project / path).read_bytes()).hexdigest()]
        }
        document["deployed"].append({**entry, "id": "skill:x", "wanted_by": ["skill:a"], **values})

    return forge


def merged(path: str, keys: list[str], key: str | None, value: Any, **values: Any) -> Forge:
    """Return what adds an entry that owns a part of one of the project's settings files."""

    def forge(document: dict[str, Any], project: Path) -> None:
        entry = {**document["deployed"][0], "files": {}, "wanted_by": ["skill:a"]}
        document["deployed"].append({**entry, "merged": [[path, keys, key, value]], **values})

    return forge


def also(**values: Any) -> Forge:
    """Return what changes these parts of the ledger itself."""
    return lambda document, _: document.update(values)


HOOK = {"hooks": [{"type": "command", "command": "mine"}]}
FORGED = {
    "an unknown type": owning("src/main.py", id="nope:x"),
    "an unknown type in a known place": owning(".claude/skills/mine/SKILL.md", id="nope:mine"),
    "a type without files of its own": owning("src/main.py", id="composite:x"),
    "a type that the target does not have": owning("src/main.py", target="codex", id="agent:x"),
    "an unknown target": owning("src/main.py", target="nope"),
    "a file outside": owning("src/main.py"),
    "settings": owning(SETTINGS),
    "a file of another skill": owning(".claude/skills/mine/SKILL.md"),
    "a file beside": owning(".claude/skills/mine/SKILL.md", id="skill:min"),
    "a workflow": owning(".github/workflows/ci.yml", target="copilot"),
    "a name that has no place": owning(".claude/skills/mine/SKILL.md", id="skill:mine:x"),
    "a name with a slash": owning(".claude/skills/mine/SKILL.md", id="skill:mine/SKILL.md"),
    "files of what only has settings": owning("src/main.py", id="hook:x"),
    "another settings file": merged("package.json", ["scripts"], "test", "x"),
    "settings of a skill": merged(SETTINGS, ["hooks", "Stop"], None, HOOK),
    "other settings": merged(SETTINGS, [], "keep", 1, id="hook:x"),
    "all hooks": merged(SETTINGS, ["hooks"], "Stop", [HOOK], id="hook:x"),
    "a part of a hook": merged(SETTINGS, ["hooks", "Stop", "hooks"], None, HOOK, id="hook:x"),
    "keys that are no texts": also(
        documents={SETTINGS: {"made": [["hooks", 3], ["hooks", "x"]], "blank": []}}
    ),
    "another server": merged(".mcp.json", ["mcpServers"], "y", {}, id="mcp:x"),
}


def forge(project: Path, change: Forge) -> None:
    """Change a project's ledger."""
    document = json.loads((project / LEDGER).read_text())
    change(document, project)
    (project / LEDGER).write_text(json.dumps(document))


HINTS = {
    "a folder": also(folders=["empty"]),
    "a folder beside a target's": also(folders=[".claude/mine"]),
    "a file that nobody merges into": also(documents={"package.json": EMPTY}),
    "other keys": also(documents={SETTINGS: {"made": [["keep"]], "blank": []}}),
    "keys below an entry": also(
        documents={SETTINGS: {"made": [["hooks", "Stop", "hooks"]], "blank": []}}
    ),
    "a gap that says something": also(
        documents={SETTINGS: {"made": [], "blank": [[["hooks", "Stop"], '{"command": "evil"}']]}}
    ),
    "a comment in TOML": also(
        documents={".codex/config.toml": {"made": [], "blank": [[["mcp_servers", "x"], "# a\n"]]}}
    ),
}


@pytest.mark.parametrize("change", HINTS.values(), ids=HINTS)
def test_folders_and_marks_that_this_user_did_not_write_are_left_alone(
    root: Path, project: Path, change: Forge
) -> None:
    """Neither the user's empty folders nor the blanks of the user's settings change."""
    before = snapshot(project, times=False)
    deploy(root, project, "skill:a")
    forge(project, change)
    deploy(root, project, "skill:b")
    undeploy(root, project, "skill:a", "skill:b")
    after = snapshot(project, times=False)
    assert {path: after[path] for path in before} == before
    assert after.keys() - before.keys() <= {".claude/skills"}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_forged_ledger_is_refused(root: Path, project: Path, change: Forge) -> None:
    """Neither a deploy nor an undeploy touches anything on its word, by force neither."""
    deploy(root, project, "skill:a")
    (project / "src/main.py").chmod(0o644)
    forge(project, change)
    make_skill(root, "a", "newer")
    refresh(root)
    before = snapshot(project, without=["lock"])
    for run, ids in ((deploy, ["skill:a"]), (deploy, []), (undeploy, ["skill:a"])):
        for force in (False, True):
            with pytest.raises(InputError, match=r"ledger\.json: ") as caught:
                run(root, project, *ids, force=force)
            assert "delete it" in (caught.value.hint or "")
            assert snapshot(project, without=["lock"]) == before


def test_a_project_goes_on_without_a_forged_ledger(root: Path, project: Path) -> None:
    """The hint works: what was deployed is known from the record, all else is left alone."""
    before = snapshot(project, times=False)
    deploy(root, project, "skill:a")
    forge(project, owning(".claude/skills/mine/SKILL.md", id="nope:mine"))
    (project / LEDGER).unlink()
    deploy(root, project, "skill:a")
    undeploy(root, project, "skill:a")
    assert snapshot(project, times=False) == before


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A collection with two skills, one of them deployed and edited."""
    kit = new_kit(tmp_path / "all")
    kit.run("collect", make_source(tmp_path / "source", "a", "b"))
    kit.deploy("skill:a")
    write(kit.project / ".claude/skills/a/SKILL.md", "---\nname: a\ndescription: d\n---\nmine\n")
    write(kit.project / "src/main.py", "pass\n")
    return kit


@pytest.mark.parametrize("kind", ["an unknown target", "an unknown type", "a file outside"])
def test_every_command_that_reads_a_forged_ledger_refuses_it(kit: Kit, kind: str) -> None:
    """None of them writes into the project or the collection."""
    forge(kit.project, FORGED[kind])
    places = kit.project, kit.collection
    without = ["lock", "holdall.db", "holdall.db-wal", "holdall.db-shm"]
    before = [snapshot(place, without=without) for place in places]
    to = ("--to", kit.project)
    for words in (
        ("deploy", "skill:b", *to),
        ("deploy", *to),
        ("undeploy", "skill:a", *to),
        ("status", *to),
        ("diff", "skill:a", *to),
        ("adopt", "skill:a", "--from", kit.project),
        ("undo",),
        ("undo", "--force"),
    ):
        done = kit.command(*words)
        assert done.returncode == 2, (words, done.stdout + done.stderr)
        assert "ledger.json" in done.stderr
        assert "hint: " in done.stderr
        assert [snapshot(place, without=without) for place in places] == before


PROMPT = TypeSpec("prompt", "prompts", Shape.FILE, ".md")
CLAUDE = BUILTIN_TARGETS["claude"]
OTHER = replace(
    CLAUDE,
    name="other",
    root=RelPath.parse(".other/deep"),
    places={"prompt": PROMPT},
    merges={
        name: Merge(RelPath.parse(f".other/{name}.json"), m.keys, m.form)
        for name, m in CLAUDE.merges.items()
    },
)


def test_what_a_plugin_deployed_waits_for_the_plugin(tmp_path: Path) -> None:
    """Without it every command refuses and says why; with it all goes on."""
    plugins = plugins_of(
        make_plugin(register_types=lambda: [PROMPT], register_targets=lambda: [OTHER])
    )
    root = make_collection(tmp_path / "kit", "a", plugins=plugins)
    write(root / "prompts/say/hello.md", "hello\n")
    write(root / "mcp/server.json", '{"command": "x"}\n')
    write(root / "hooks/guard.json", json.dumps({"Stop": [HOOK]}))
    refresh(root, plugins)
    project = make_project(tmp_path / "project")
    untouched = snapshot(project, times=False)
    with_plugin = replace(
        deployer(root, project, targets=[OTHER], plugins=plugins),
        collection=opened(root, types=plugins.types),
        allowance=Allowance(allow=True),
    )
    ids = [ArtifactId.parse(text) for text in ("prompt:say:hello", "mcp:server", "hook:guard")]
    assert len(with_plugin.deploy(ids).plan.placed) == 3
    before = snapshot(project, without=["lock"])
    for run in (deploy, undeploy):
        with pytest.raises(InputError, match="no loaded plugin knows the target 'other'") as told:
            run(root, project, "skill:a")
        assert "without `--no-plugins`" in (told.value.hint or "")
    assert snapshot(project, without=["lock"]) == before
    deploy(root, project, "skill:a", plugins=plugins)
    undeploy(root, project, "skill:a", plugins=plugins)
    with_plugin.undeploy([str(artifact_id) for artifact_id in ids])
    assert snapshot(project, times=False) == untouched
