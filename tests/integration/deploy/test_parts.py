"""What of a composite goes where: only what an agent supports, and what that needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from e2e.kit import Kit, in_this_process
from holdall.testing import write

pytestmark = pytest.mark.integration

HOOKS = {
    "hooks": {
        "Stop": [{"hooks": [{"type": "command", "command": "${CLAUDE_PLUGIN_ROOT}/bin/stop.sh"}]}]
    }
}


@pytest.fixture
def one(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with a plugin of a skill and a hook that starts a script of its own."""
    plugin = tmp_path / "source"
    write(plugin / ".claude-plugin/plugin.json", json.dumps({"name": "guard", "version": "1.0.0"}))
    write(plugin / "skills/doc/SKILL.md", "---\nname: doc\ndescription: d\n---\nText\n")
    write(plugin / "hooks/hooks.json", json.dumps(HOOKS))
    write(plugin / "bin/stop.sh", "#!/bin/sh\n", executable=True)
    one = Kit(in_this_process, tmp_path)
    one.run("init", one.collection)
    one.run("collect", plugin)
    return one


def placed(kit: Kit, *targets: str) -> set[tuple[str, str]]:
    """Deploy the plugin and return what is where."""
    chosen = [word for target in targets for word in ("--target", target)]
    words = ("deploy", "composite:guard", "--allow-commands", *chosen)
    kit.run(*words, "--to", kit.project, status=None)
    found = kit.json("status", "--to", kit.project)["deployed"]
    return {(one["target"], one["id"].partition(":")[0]) for one in found}


@pytest.mark.parametrize("targets", [("roo",), ("zed",), ("roo", "claude")])
def test_own_files_go_where_their_hooks_go(one: Kit, targets: tuple[str, ...]) -> None:
    """An agent without hooks gets no files that only hooks start."""
    where = placed(one, *targets)
    assert {target for target, type_name in where if type_name == "plugin-files"} == {
        target for target in targets if target == "claude"
    }
    assert {target for target, type_name in where if type_name == "skill"} == set(targets)


def test_own_files_that_are_asked_for_go_anywhere(one: Kit) -> None:
    """By their id."""
    one.deploy("plugin-files:guard", "--target", "cursor")
    found = one.json("status", "--to", one.project)["deployed"]
    assert [(one["id"], one["target"]) for one in found] == [("plugin-files:guard", "cursor")]


@pytest.mark.parametrize("target", ["agents", "zed", "roo"])
def test_a_composite_of_which_an_agent_supports_nothing(one: Kit, target: str) -> None:
    """That is a warning, whatever else is deployed for others."""
    hook = next(i["id"] for i in one.json("list")["artifacts"] if i["type"] == "hook")
    one.run("composite", "create", "hooks-only", "--member", hook)
    words = ("deploy", "composite:hooks-only", "--allow-commands", "--to", one.project)
    done = one.command(*words, "--target", target)
    assert (done.returncode, done.stderr.count("supports nothing of")) == (1, 1)
    done = one.command(*words, "--target", target, "--target", "claude")
    assert f"{target} supports nothing of composite:hooks-only" in done.stderr
    assert "claude supports nothing" not in done.stderr


@pytest.mark.parametrize("text", ["skill:hand", "hand", "command:by:hand", "by:hand"])
def test_what_was_made_by_hand_is_named(one: Kit, text: str) -> None:
    """It is in the collection's folder, and `collect` records it."""
    write(one.collection / "skills/hand/SKILL.md", "---\nname: hand\ndescription: d\n---\n")
    write(one.collection / "commands/by/hand.md", "do it\n")
    for words in (["deploy", text, "--to", one.project], ["show", text], ["rename", text, "x"]):
        done = one.command(*words)
        assert done.returncode == 4
        assert "`holdall collect` records it" in done.stderr
    assert "holdall collect" not in one.command("show", f"{text}x").stderr


def test_a_link_of_another_agent_does_not_hide_the_status(one: Kit, tmp_path: Path) -> None:
    """What is deployed is shown, whatever the folders of others are."""
    (one.project / ".cursor").symlink_to("/usr")
    one.run("deploy", "skill:doc", "--to", one.project, "--target", "claude")
    assert "skill:doc for claude" in one.run("status", "--to", one.project)
    assert one.command("status", "--to", one.project, "--target", "cursor").returncode == 3
