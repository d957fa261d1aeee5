"""Databases that are damaged, in use, or not there: a hint that helps, and nothing is lost."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.kit import SAMPLE
from holdall.testing import Kit, in_this_process

pytestmark = pytest.mark.integration

COMMANDS = ["log", "versions skill:changelog", "db current", "db check", "doctor --deep"]


@pytest.fixture
def own_kit(tmp_path: Path, own_state: Path) -> Kit:
    """The sample, with the database inside of the collection."""
    kit = Kit(in_this_process, tmp_path)
    kit.run("init", kit.collection)
    kit.run("collect", SAMPLE)
    return kit


def file_of(kit: Kit) -> Path:
    """Return the database's file."""
    return kit.collection / ".holdall" / "holdall.db"


def make_folder(path: Path) -> None:
    """Put a folder where the database was."""
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    """Put a pipe where the database was, which nobody writes to."""
    path.unlink()
    os.mkfifo(path)


def leave_the_log(path: Path) -> None:
    """Leave of the database only what was committed last."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA user_version = 7")
    log = Path(f"{path}-wal").read_bytes()
    connection.close()
    path.write_bytes(b"")
    Path(f"{path}-wal").write_bytes(log)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "folder": make_folder,
    "pipe": make_pipe,
    "log alone": leave_the_log,
    "text": lambda path: path.write_text("hello " * 9999),
    "short": lambda path: os.truncate(path, 50),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "header only": lambda path: os.truncate(path, 100),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "another page size": lambda path: path.write_bytes(
        path.read_bytes()[:16] + b"\x02\x00" + path.read_bytes()[18:]
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_named_and_left_alone(
    own_kit: Kit, damage: Callable[[Path], object]
) -> None:
    """Every command fails with a hint; not a byte is changed; `rebuild` keeps what was there."""
    path = file_of(own_kit)
    damage(path)
    files = [path, Path(f"{path}-wal")]
    before = [file.read_bytes() if file.is_file() else file.exists() for file in files]
    for command in [
        *COMMANDS,
        f"collect {SAMPLE}",
        f"deploy skill:changelog --to {own_kit.project}",
    ]:
        done = own_kit.command(*command.split())
        assert done.returncode in (1, 5), (command, done)
        assert "Traceback" not in done.stderr
        assert "rebuild" in done.stdout + done.stderr, (command, done)
    assert before == [file.read_bytes() if file.is_file() else file.exists() for file in files]
    own_kit.run("rebuild")
    aside = [file for file in path.parent.iterdir() if ".replaced" in file.name]
    assert {file.read_bytes() for file in aside if file.is_file()} >= set(before) - {True, False}
    assert len(aside) == sum(file is not False for file in before)
    own_kit.run("doctor")


def test_bytes_that_changed_anywhere_never_end_in_a_traceback(own_kit: Kit) -> None:
    """Whatever a page holds by accident, commands answer or fail as they should."""
    path = file_of(own_kit)
    whole, dice = path.read_bytes(), random.Random(7)
    for _ in range(10):
        start = dice.randrange(100, len(whole) - 600)
        size = dice.choice((1, 8, 64, 512))
        path.write_bytes(whole[:start] + dice.randbytes(size) + whole[start + size :])
        for command in (
            "log",
            "versions skill:changelog",
            "tree composite:writing",
            "doctor --deep",
        ):
            done = own_kit.command(*command.split())
            assert done.returncode in (0, 1, 3, 4, 5), (start, size, command, done)
            assert "Traceback" not in done.stderr, (start, size, command, done)
            assert "report this" not in done.stderr, (start, size, command, done)
