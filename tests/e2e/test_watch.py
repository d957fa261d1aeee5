"""`holdall watch`: what one writes is collected and deployed, until Ctrl-C."""

from __future__ import annotations

import os
from pathlib import Path

import pexpect
import pytest

from e2e.conftest import clean_environment
from e2e.kit import in_this_process
from e2e.test_completion import HOLDALL
from holdall.testing import Kit, make_skill, write

pytestmark = pytest.mark.e2e

SKILL = ".claude/skills/one/SKILL.md"


@pytest.fixture
def kit(tmp_path: Path, own_state: Path) -> Kit:
    """A collection with a skill that is deployed."""
    made = Kit(in_this_process, tmp_path)
    made.run("init", made.collection)
    make_skill(tmp_path / "source", "one", "first")
    made.run("collect", tmp_path / "source")
    made.deploy("one")
    return made


def watching(kit: Kit, *words: str) -> pexpect.spawn:
    """Start to watch, in a process of its own."""
    pytest.importorskip("watchfiles")
    child = pexpect.spawn(
        str(HOLDALL),
        ["--collection", str(kit.collection), "watch", *words, "--to", str(kit.project)],
        env=clean_environment(
            kit.project, NO_COLOR="1", XDG_STATE_HOME=os.environ["XDG_STATE_HOME"]
        ),
        encoding="utf-8",
        timeout=60,
    )
    child.expect("watching .*; Ctrl-C ends it")
    return child


def test_an_edit_is_collected_and_deployed(kit: Kit) -> None:
    """Two edits, a refused one, Ctrl-C: the project follows; nothing is left half finished."""
    skill = kit.collection / "skills/one/SKILL.md"
    child = watching(kit)
    skill.write_text(skill.read_text() + "second\n")
    child.expect("changed   skill:one")
    child.expect("for claude in ")
    assert "second" in (kit.project / SKILL).read_text()
    write(kit.project / SKILL, "mine\n")
    skill.write_text(skill.read_text() + "third\n")
    child.expect("changed by hand")
    assert (kit.project / SKILL).read_text() == "mine\n"
    child.sendintr()
    child.expect("stopped")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert kit.json("versions", "one")["versions"][-1]["number"] == 2
    assert not list((kit.collection / ".holdall").glob("tx/*"))


def test_what_would_run_is_refused(kit: Kit) -> None:
    """A skill that learns to run something is collected, and not deployed."""
    before = (kit.project / SKILL).read_text()
    text = "---\nname: one\ndescription: d\n---\n!`touch it`\n"
    write(kit.collection / "skills/one/SKILL.md", text)
    shown = kit.command("watch", "--to", kit.project, "--dry-run")
    assert "touch it" in shown.stderr
    child = watching(kit)
    assert "--allow-commands" in str(child.before)
    child.sendintr()
    child.expect(pexpect.EOF)
    assert (kit.project / SKILL).read_text() == before


def test_without_the_library_it_says_what_to_install(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint names the extra."""
    monkeypatch.setitem(__import__("sys").modules, "watchfiles", None)
    done = kit.command("watch", "--to", kit.project)
    assert done.returncode == 2 and "pip install 'holdall[watch]'" in done.stderr
