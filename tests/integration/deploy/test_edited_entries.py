"""Hooks in settings that people edit: an edited one is an edit, a deleted one is put back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.kit import Kit, new_kit
from host_factories import make_source, write

pytestmark = pytest.mark.integration

SETTINGS = ".claude/settings.json"
MINE = {"matcher": "Bash", "hooks": [{"type": "command", "command": "my own"}]}

Groups = list[dict[str, Any]]


@pytest.fixture
def kit(tmp_path: Path, own_state: Path) -> Kit:
    """A project with a hook of its own, and two of a plugin's beside it."""
    del own_state
    kit = new_kit(tmp_path / "all")
    collect(kit, "check one", "check two")
    write(kit.project / SETTINGS, json.dumps({"hooks": {"Stop": [MINE]}}, indent=2))
    deploy(kit)
    return kit


def collect(kit: Kit, *commands: str) -> None:
    """Collect a plugin with a group of hooks for each command."""
    source = make_source(kit.collection.parent.parent / "source")
    write(source / ".claude-plugin/plugin.json", '{"name": "plug", "version": "1.0.0"}')
    groups = [{"hooks": [{"type": "command", "command": text}]} for text in commands]
    write(source / "hooks/hooks.json", json.dumps({"hooks": {"Stop": groups}}))
    kit.run("collect", source, status=None)


def deploy(kit: Kit, *words: str, status: int = 0) -> str:
    """Deploy the plugin."""
    words = ("deploy", "composite:plug", *words, "--to", str(kit.project), "--allow-commands")
    return kit.run(*words, status=status)


def groups(kit: Kit) -> Groups:
    """Return the groups of hooks that are there."""
    found: Groups = json.loads((kit.project / SETTINGS).read_text())["hooks"]["Stop"]
    return found


def edit(kit: Kit, change: Callable[[Groups], object]) -> None:
    """Edit the groups of hooks by hand."""
    document = json.loads((kit.project / SETTINGS).read_text())
    change(document["hooks"]["Stop"])
    (kit.project / SETTINGS).write_text(json.dumps(document))


def more_words(found: Groups) -> None:
    """Add an argument to a command."""
    found[1]["hooks"][0]["command"] += " --quiet"


def move_and_edit(found: Groups) -> None:
    """Add an argument to a command, and put its group first."""
    more_words(found)
    found.insert(0, found.pop(1))


EDITS: dict[str, Callable[[Groups], object]] = {
    "an argument": more_words,
    "a matcher": lambda found: found[1].update(matcher="Bash"),
    "a timeout": lambda found: found[1]["hooks"][0].update(timeout=5),
    "one more hook in the group": lambda found: found[1]["hooks"].append(MINE["hooks"][0]),
    "moved and edited": move_and_edit,
}


@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("is_newer", [False, True], ids=["same", "newer"])
def test_an_edited_hook_is_neither_doubled_nor_lost(
    kit: Kit, change: Callable[[Groups], object], is_newer: bool
) -> None:
    """A deploy refuses, an undeploy leaves it, status says that it was edited."""
    edit(kit, change)
    before = (kit.project / SETTINGS).read_bytes()
    told = kit.json("status", "--to", kit.project, status=1)["deployed"]
    (hook,) = [entry for entry in told if entry["id"].startswith("hook:")]
    assert [file["change"] for file in hook["files"]] == ["edited"]
    if is_newer:
        collect(kit, "check three", "check two")
    deploy(kit, status=3)
    assert (kit.project / SETTINGS).read_bytes() == before
    kit.run("undeploy", "composite:plug", "--to", kit.project, status=1)
    left = groups(kit)
    assert len(left) == 2
    assert MINE in left


@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
def test_by_force_an_edited_hook_is_replaced(kit: Kit, change: Callable[[Groups], object]) -> None:
    """What was there is kept as a backup; hooks of the user's own stay."""
    edit(kit, change)
    before = (kit.project / SETTINGS).read_bytes()
    done = json.loads(deploy(kit, "--force", "--json"))
    assert (kit.project / done["backups"][SETTINGS]).read_bytes() == before
    commands = sorted(hook["command"] for group in groups(kit) for hook in group["hooks"])
    assert commands == ["check one", "check two", "my own"]


def test_a_deleted_hook_is_put_back(kit: Kit) -> None:
    """Nothing in the list is new: nothing was edited."""
    edit(kit, lambda found: found.pop(1))
    told = kit.json("status", "--to", kit.project, status=1)["deployed"]
    assert "missing" in json.dumps(told)
    deploy(kit)
    assert len(groups(kit)) == 3


def test_hooks_that_users_add_are_theirs(kit: Kit) -> None:
    """An update and an undeploy pass over them, whenever they came."""
    another = {"hooks": [{"type": "command", "command": "check one --mine"}]}
    edit(kit, lambda found: found.append(another))
    collect(kit, "check three", "check two")
    deploy(kit)
    assert another in groups(kit)
    assert len(groups(kit)) == 4
    kit.run("undeploy", "composite:plug", "--to", kit.project)
    assert groups(kit) == [MINE, another]


def test_a_diff_shows_the_edited_hook(kit: Kit) -> None:
    """Against what was deployed."""
    edit(kit, more_words)
    (name,) = [i for i in kit.uuids() if i.startswith("hook:")]
    lines = kit.json("diff", name, "--to", kit.project, status=1)["diff"]
    assert any(line.startswith("+") and "--quiet" in line for line in lines)
