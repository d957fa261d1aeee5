"""Every hook, in the order that the documentation says, from real commands."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from holdall.plugins import hookspecs
from holdall.testing import Kit, make_skill, write

pytestmark = pytest.mark.integration

NAME = "every_hook"

_AROUND = ("configure", "register_", "command_")


@pytest.fixture
def every(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The plugin with every hook, loaded by each command."""
    file = Path(__file__).with_name(f"{NAME}.py")
    spec = importlib.util.spec_from_file_location(NAME, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, NAME, module)
    monkeypatch.setenv("HOLDALL_PLUGINS", NAME)
    yield module


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source with a skill and a prompt."""
    make_skill(tmp_path / "source", "a")
    write(tmp_path / "source/prompts/ask.prompt", "Why?\n")
    return tmp_path / "source"


def called(every: ModuleType) -> list[str]:
    """Return which hooks were called since the last time, but for those of each start."""
    found = [name for name, _ in every.calls if not name.startswith(_AROUND)]
    every.calls.clear()
    return found


def told(every: ModuleType, hook: str) -> list[object]:
    """Return what a hook noted."""
    return [told for name, told in every.calls if name == hook]


def test_it_has_every_hook(every: ModuleType) -> None:
    """Whoever adds a hook adds it there."""
    known = {name for name in dir(hookspecs) if name.startswith("holdall_")}
    has = {name for name in dir(every) if name.startswith("holdall_")}
    assert has - known == {"holdall_of_the_future"}
    assert known <= has


def test_the_start_goes_in_order(every: ModuleType, holdall_kit: Kit) -> None:
    """Settings first, commands last, and what is around the one that runs."""
    every.calls.clear()
    assert holdall_kit.json("echo", "hello", status=1) == {"word": "hello"}
    names = [name for name, _ in every.calls]
    assert names == [
        *("configure", "register_types", "register_targets", "register_commands"),
        *("command_begin", "command_end"),
    ]


def test_a_collect_and_a_deploy_go_in_order(
    every: ModuleType, holdall_kit: Kit, source: Path
) -> None:
    """A file by file, a change by change; a dry run ends behind the check."""
    kit = holdall_kit
    called(every)
    done = kit.command("collect", source, "--dry-run")
    before = ["collect_incoming", "collect_file", "collect_incoming", "collect_modify"]
    assert called(every) == [*before, "collect_check"]
    done = kit.command("collect", source)
    assert "warning: careful (plugin every_hook)" in done.stderr
    assert told(every, "collect_complete") == [["skill:a", "prompt:ask"]]
    assert called(every) == [
        *before,
        *("collect_check", "collect_prepare", "collect_commit", "collect_complete"),
    ]
    deploy = ("deploy", "skill:a", "prompt:ask", "--to", kit.project)
    targets = ("--target", "claude", "--target", "plain")
    assert "wrapped (plugin every_hook)" in kit.json(*deploy, *targets, status=1)["warnings"]
    assert (kit.project / ".claude/prompts/ask.prompt").read_text() == "Why?\n"
    assert (kit.project / ".plain/p/ask.txt").read_text() == "Why?\n"
    (complete,) = told(every, "deploy_complete")
    assert complete == {
        "command": "deploy",
        "placed": ["skill:a", "prompt:ask", "prompt:ask"],
        "withdrawn": [],
        "targets": ["claude", "plain"],
        "requests": ["skill:a", "prompt:ask"],
    }
    placing = ["deploy_resolve", "deploy_check", "deploy_prepare", "deploy_complete"]
    assert called(every) == ["collect_incoming", *placing]
    kit.run("undeploy", "prompt:ask", "--to", kit.project, "--target", "plain", status=1)
    (complete,) = told(every, "deploy_complete")
    assert complete == {
        "command": "undeploy",
        "placed": [],
        "withdrawn": ["prompt:ask"],
        "targets": ["plain"],
        "requests": ["prompt:ask"],
    }
    assert called(every) == ["deploy_check", "deploy_prepare", "deploy_complete"]
    assert "synced    prompt:ask" in kit.run("status", "--to", kit.project)
    kit.run("show", "skill:a@0")
    assert called(every) == ["version_tree"]
    kit.run("show", "skill:a", "--release", "1")
    assert told(every, "release_state") == [(1, []), (1, ["skill:a"])]
    assert called(every) == ["release_state", "release_state"]
    kit.run("list", "--long")
    assert called(every) == ["collection_details"]


def test_a_file_that_a_plugin_makes_is_an_artifact(
    every: ModuleType, holdall_kit: Kit, source: Path
) -> None:
    """With an identity and versions; it is deployed, renewed, undone and undeployed."""
    kit = holdall_kit
    words = write(source / "prompts/all.words", "love hate")
    kit.run("collect", source, status=1)
    kit.deploy("prompt:all", status=1)
    placed = kit.project / ".claude/prompts/all.prompt"
    assert placed.read_text() == "What is love?\nWhat is hate?\n"
    write(words, "time")
    kit.run("collect", source, status=1)
    kit.run("deploy", "--to", kit.project, status=1)
    assert placed.read_text() == "What is time?\n"
    assert [v["number"] for v in kit.json("versions", "prompt:all")["versions"]] == [0, 1]
    kit.run("undo", status=1)
    assert placed.read_text() == "What is love?\nWhat is hate?\n"
    kit.run("undeploy", "prompt:all", "--to", kit.project, status=1)
    assert not placed.exists()


def test_errors_are_observed(every: ModuleType, holdall_kit: Kit, source: Path) -> None:
    """Of a change of the collection, a deploy, an undeploy, an undo and an adopt."""
    kit = holdall_kit
    every.refuses = {"collect_prepare"}
    kit.run("collect", source, status=3)
    assert told(every, "collect_error") == [("collect", "collect_prepare refuses")]
    ((prepared,), ((abandoned, extra),)) = (
        told(every, "collect_prepare"),
        told(every, "collect_abandoned"),
    )
    assert (abandoned, extra) == (prepared, 1)
    assert called(every)[-3:] == ["collect_prepare", "collect_abandoned", "collect_error"]
    every.refuses = {"collect_check"}
    kit.run("collect", source, status=3)
    assert called(every)[-2:] == ["collect_check", "collect_error"]
    every.refuses = set()
    kit.run("collect", source, status=None)
    every.refuses = {"deploy_prepare"}
    to = ("--to", kit.project)
    called(every)
    kit.run("deploy", "skill:a", *to, status=3)
    assert called(every)[-3:] == ["deploy_prepare", "deploy_abandoned", "deploy_error"]
    every.refuses = set()
    kit.run("deploy", "skill:a", *to, status=1)
    (kit.project / ".claude/skills/a/SKILL.md").write_text("edited\n")
    every.refuses = {"deploy_prepare", "deploy_check"}
    called(every)
    kit.run("undeploy", "skill:a", *to, status=3)
    kit.run("undo", status=3)
    kit.run("adopt", "skill:a", "--from", kit.project, status=3)
    commands = [command for command, _ in told(every, "deploy_error")]
    assert commands == ["undeploy", "undo", "adopt"]


def test_what_was_killed_is_reported_as_abandoned(
    every: ModuleType, holdall_kit: Kit, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of the collection that was prepared, told by the next command of any kind."""
    from holdall.transaction.journal import Journal

    def lost(*_: object) -> None:
        raise OSError("as if it had been killed")

    every.refuses = {"collect_prepare"}
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "give_up", lost)
        holdall_kit.run("collect", source, status=3)
    assert told(every, "collect_abandoned") == []
    every.refuses = set()
    holdall_kit.run("list")
    assert [t for t, _ in told(every, "collect_abandoned")] == told(every, "collect_prepare")


def test_a_lint_check_is_part_of_lint(every: ModuleType, holdall_kit: Kit, source: Path) -> None:
    """Its codes stand behind the plugin's name, can be left out, and reach SARIF."""
    write(source / "prompts/tell.prompt", "Tell me.\n")
    found = holdall_kit.json("lint", source, status=1)
    assert found["errors"] == 1
    assert found["diagnostics"][-1] == {
        "source": str(source),
        "path": "prompts/tell.prompt",
        "line": 1,
        "level": "error",
        "code": "every_hook:no-question",
        "message": "it asks nothing",
        "why": "w",
        "remedy": "r",
    }
    assert "tell.prompt:1: error: it asks nothing" in holdall_kit.run("lint", source, status=1)
    log = json.loads(holdall_kit.run("lint", source, "--sarif", status=1))
    assert log["runs"][0]["results"][-1]["ruleId"] == "every_hook:no-question"
    holdall_kit.run("lint", source, "--allow", "every_hook:no-question")
    holdall_kit.run("lint", source, "--allow", "nobody:no-question", status=2)


@pytest.mark.parametrize("answer", [3, [3], "no", [None]])
def test_a_lint_check_that_fails_is_an_error(
    every: ModuleType,
    holdall_kit: Kit,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: object,
) -> None:
    """What raises, or answers something else, is reported with the plugin's name."""
    from holdall.plugins import LintProblem, hookimpl

    for value in (answer, [LintProblem("a", "Bad Code", "m")], ZeroDivisionError("boom")):

        def check(value: object = value) -> object:
            if isinstance(value, Exception):
                raise value
            return value

        monkeypatch.setattr(every, "holdall_lint_check", hookimpl(check))
        (found,) = holdall_kit.json("lint", source, status=1)["diagnostics"]
        assert found["code"] == "plugin-failed"
        assert "every_hook" in found["message"]


def test_settings_come_from_collection_and_user(
    every: ModuleType, holdall_kit: Kit, holdall_home: Path
) -> None:
    """The user's own go above the collection's; a file that cannot be read disables the plugin."""
    every.calls.clear()
    holdall_kit.run("list")
    assert told(every, "configure") == [{}]
    mine = write(holdall_home / "config/holdall/config.toml", f"[plugin.{NAME}]\na = 1\n")
    write(holdall_kit.collection / ".holdall/config.toml", f"[plugin.{NAME}]\na = 2\nb = [3]\n")
    every.calls.clear()
    holdall_kit.run("list")
    assert told(every, "configure") == [{"a": 1, "b": [3]}]
    for broken in ("[plugin", f"[plugin]\n{NAME} = 3", "plugin = 3"):
        mine.write_text(broken)
        done = holdall_kit.command("plugins")
        assert "every_hook" in done.stdout
        assert str(mine) in done.stdout + done.stderr
