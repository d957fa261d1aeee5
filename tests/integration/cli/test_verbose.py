"""`--verbose`, and that a warning sets the exit status."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from holdall.testing import Kit, in_this_process, make_skill

pytestmark = pytest.mark.integration


@pytest.fixture
def kit(tmp_path: Path, holdall_home: Path) -> Kit:
    """A collection with a skill."""
    kit = Kit(in_this_process, tmp_path)
    kit.run("init", kit.collection)
    make_skill(kit.collection, "a")
    kit.run("collect")
    return kit


def test_verbose_logs_what_is_done(kit: Kit) -> None:
    """What was read, locked, committed and called, on standard error; the result is the same."""
    done = kit.command("deploy", "skill:a", "--to", kit.project, "--json", "-v")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("{")
    for told in (
        f"holdall.collection.collection: read {kit.collection / 'manifest.toml'}: 1 entries",
        f"holdall.files.lock: locked {kit.project} after ",
        "holdall.transaction.commit: committed ",
        "holdall_composites.database.connect: connected to ",
        "called plugin composites (holdall ",
        "holdall_deploy_resolve, ",
    ):
        assert told in done.stderr


def test_nothing_is_logged_afterwards(kit: Kit) -> None:
    """The handler belongs to one command, and a quiet one has none."""
    kit.run("list", "-v")
    assert kit.command("list").stderr == ""
    for package in ("holdall", "holdall_composites"):
        assert logging.getLogger(package).handlers == []


def test_a_name_cannot_forge_a_line_of_the_log(kit: Kit, tmp_path: Path) -> None:
    """What is logged is one line, with control characters escaped."""
    source = tmp_path / "so\nur\x1bce"
    make_skill(source, "b")
    done = kit.command("collect", source, "-v")
    assert "so\\nur\\x1bce: 1 artifacts" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_password_is_not_logged(kit: Kit) -> None:
    """A database that cannot be reached is named without it."""
    url = "postgresql://u:hunter2@127.0.0.1:1/x"
    done = in_this_process("--collection", kit.collection, "--database", url, "collect", "-v")
    assert done.returncode == 5
    assert "hunter2" not in done.stderr


def test_a_warning_sets_the_exit_status_quietly(kit: Kit) -> None:
    """An edited file that stays is a warning, with `--quiet` too; a note is none."""
    kit.deploy("skill:a")
    (kit.project / ".claude/skills/a/SKILL.md").write_text("edited\n")
    done = kit.command("undeploy", "skill:a", "--to", kit.project, "--quiet")
    assert (done.returncode, done.stderr) == (1, "")
