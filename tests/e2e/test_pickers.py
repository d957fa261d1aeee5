"""Choosing on a terminal: with arrow keys, and by numbers where the library is not installed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from e2e.conftest import clean_environment
from e2e.kit import in_this_process
from e2e.test_completion import HOLDALL
from holdall.testing import Kit, make_skill

pytestmark = pytest.mark.e2e

DOWN = "\x1b[B"
Spawn = Callable[..., pexpect.spawn]


@pytest.fixture
def kit(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with three skills, and a project with Claude's folder."""
    made = Kit(in_this_process, tmp_path)
    made.run("init", made.collection)
    for name in ("one", "two", "three"):
        make_skill(tmp_path / "source", name, f"about {name}")
    made.run("collect", tmp_path / "source")
    (made.project / ".claude").mkdir()
    return made


@pytest.fixture(params=["picker", "numbers"])
def spawn(request: pytest.FixtureRequest, kit: Kit) -> Spawn:
    """Run the command on a terminal, which a picker can draw on or not."""

    def start(*words: str) -> pexpect.spawn:
        pytest.importorskip("questionary")
        environment = clean_environment(
            kit.project / "home",
            NO_COLOR="1",
            TERM="xterm" if request.param == "picker" else "dumb",
            XDG_STATE_HOME=os.environ["XDG_STATE_HOME"],
        )
        return pexpect.spawn(
            str(HOLDALL),
            ["--collection", str(kit.collection), *words],
            cwd=kit.project,
            env=environment,
            encoding="utf-8",
            timeout=60,
            dimensions=(30, 100),
        )

    return start


def is_picker(child: pexpect.spawn) -> bool:
    """Whether the question is drawn."""
    return bool(child.env["TERM"] == "xterm")


def answer(child: pexpect.spawn, *, numbers: str, keys: str) -> str:
    """Answer the question, and return what is printed until the end."""
    child.expect("Which ones")
    if is_picker(child):
        child.expect("Ctrl-C leaves")
        child.send(keys)
    else:
        child.sendline(numbers)
    child.expect(pexpect.EOF)
    child.close()
    return str(child.before)


def skills(kit: Kit) -> list[str]:
    """Return the skills that the project has."""
    return sorted(path.name for path in (kit.project / ".claude/skills").glob("*"))


def test_deploy_asks_where_nothing_is_deployed(kit: Kit, spawn: Spawn) -> None:
    """What is chosen is deployed; afterwards `deploy` updates without a question."""
    child = spawn("deploy")
    done = answer(child, numbers="1 3", keys=f" {DOWN}{DOWN} \r")
    assert child.exitstatus == 0 and "for claude here" in done
    chosen = skills(kit)
    assert len(chosen) == 2
    again = spawn("deploy")
    again.expect("everything is in place already")
    again.expect(pexpect.EOF)


def test_undeploy_asks_what(kit: Kit, spawn: Spawn) -> None:
    """What is chosen goes, the rest stays."""
    kit.deploy("one", "two")
    child = spawn("undeploy")
    answer(child, numbers="2", keys=f"{DOWN} \r")
    assert child.exitstatus == 0
    assert skills(kit) == ["one"]


def test_add_asks_what(kit: Kit, spawn: Spawn) -> None:
    """Of a source with three skills one is added; nothing chosen is wrong usage."""
    source = str(kit.collection.parent / "source")
    child = spawn("add", source)
    answer(child, numbers="1", keys=" \r")
    assert child.exitstatus == 0 and len(skills(kit)) == 1
    child = spawn("add", source)
    assert "nothing was chosen" in answer(child, numbers="", keys="\r")
    assert child.exitstatus == 2


def test_ctrl_c_leaves_it(kit: Kit, spawn: Spawn) -> None:
    """Nothing is written; the status is 130."""
    child = spawn("deploy")
    child.expect("Which ones")
    if is_picker(child):
        child.expect("Ctrl-C leaves")
    child.sendintr()
    child.expect("nothing is left half finished")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130 and skills(kit) == []


def test_letters_search(kit: Kit, spawn: Spawn) -> None:
    """In a picker letters leave what has them; numbers are those of the list."""
    answer(spawn("deploy"), numbers="2", keys="three \r")
    assert skills(kit) == ["three"]


def test_without_a_terminal_nothing_is_asked(kit: Kit) -> None:
    """A script is told that an id is missing."""
    for command in ("deploy", "undeploy"):
        done = kit.command(command, "--to", kit.project)
        assert done.returncode == 2 and "no id was given" in done.stderr


def test_conflicts_are_settled_side_by_side(kit: Kit, spawn: Spawn) -> None:
    """What both sides changed is shown in two columns, and becomes what is answered."""
    kit.deploy("one")
    there = kit.project / ".claude/skills/one/SKILL.md"
    ours = kit.collection / "skills/one/SKILL.md"
    before = there.read_text()
    for path, name in ((there, "mine"), (ours, "theirs")):
        path.write_text(before + f"{name}\n")
    kit.run("collect")
    left = spawn("adopt", "one")
    left.expect("Which")
    left.sendintr()
    left.expect("nothing is left half finished")
    left.expect(pexpect.EOF)
    assert there.read_text() == before + "mine\n"
    child = spawn("adopt", "one")
    child.expect(r"mine +\| +\d+  theirs")
    child.expect("Which")
    if is_picker(child):
        child.expect("Ctrl-C leaves")
        child.send(f"{DOWN}{DOWN}\r")
    else:
        child.sendline("b")
    child.expect("adopted: 1")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert there.read_text() == ours.read_text() == before + "mine\ntheirs\n"
