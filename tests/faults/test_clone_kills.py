"""A clone that is killed, or fails, at each call or statement: nothing is there, or all of it."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest
from fault_scenario import Counter, Failing, killed_at
from injection import EveryStep, install
from tally import IS_LONG, count

from databases import migrated_sqlite
from e2e.kit import Kit, in_this_process, tree
from holdall.artifacts.ids import BUILTIN_TYPES
from holdall.errors import HoldallError
from holdall.testing import make_skill
from holdall_composites.service.clone import clone

pytestmark = pytest.mark.integration

EVERY = 1 if IS_LONG else 9


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a small collection."""
    folder = tmp_path_factory.mktemp("kit")
    (folder / "shared.db").write_bytes(migrated_sqlite())
    kit = Kit(in_this_process, folder, f"sqlite:///{folder}/shared.db")
    kit.run("init", kit.collection)
    make_skill(kit.collection, "a")
    make_skill(kit.collection, "b")
    kit.run("collect")
    return folder / "shared.db"


def clone_into(database: Path, target: Path) -> None:
    """Clone the collection."""
    clone(f"sqlite:///{database}", target, None, BUILTIN_TYPES, dry_run=False)


def is_there(target: Path, whole: Path) -> bool:
    """Return whether it is there, which then is all of it; an empty folder is as before."""
    there = target.exists() and any(target.iterdir())
    assert not there or tree(target) == tree(whole)
    return there


@pytest.mark.parametrize("is_empty", [False, True], ids=["new", "empty"])
def test_kills(tmp_path: Path, database: Path, own_state: Path, is_empty: bool) -> None:
    """The place is as before or has the collection; the next clone makes it, and leaves no rest."""
    Counter().install()
    clone_into(database, tmp_path / "whole")
    outcomes: list[bool] = []
    died = True
    while died:
        target = tmp_path / f"p{len(outcomes)}" / "kit"
        (target if is_empty else target.parent).mkdir(parents=True)
        died = killed_at(
            len(outcomes) * EVERY + 1, lambda place: clone_into(database, place), target
        )
        outcomes.append(is_there(target, tmp_path / "whole"))
        if not outcomes[-1]:
            clone_into(database, target)
            assert is_there(target, tmp_path / "whole")
        assert [path.name for path in target.parent.iterdir()] == ["kit"]
    assert outcomes == sorted(outcomes)
    assert outcomes[-1]
    assert not outcomes[0]
    assert len(outcomes) * EVERY > 40


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_errors(tmp_path: Path, database: Path, own_state: Path, code: int) -> None:
    """What fails leaves nothing, or the whole collection."""
    clone_into(database, tmp_path / "whole")
    for number in range(1, 400, EVERY):
        target = tmp_path / f"p{number}" / "kit"
        failing = Failing(number, code)
        failing.install()
        try:
            clone_into(database, target)
            failed = False
        except HoldallError:
            failed = True
        finally:
            failing.take_away()
        assert is_there(target, tmp_path / "whole") or failed
        if not failed and len(failing.calls) < number:
            break
    assert number > 40


def clone_killed(url: str, target: Path, number: int, told: Path) -> int:
    """Clone in a child that dies at its step `number`; its steps are in `told` if it does not."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            injection = EveryStep("kill", number)
            install(injection)
            clone(url, target, None, BUILTIN_TYPES, dry_run=False)
            told.write_text(str(len(injection.steps)))
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.slow
def test_kills_at_statements(kit: Kit, tmp_path: Path) -> None:
    """On both databases, statements and commits among the steps; the rows stay what they are."""
    make_skill(kit.collection, "a")
    kit.run("collect")
    url, told, whole = kit.database_url or "", tmp_path / "steps", tmp_path / "whole"
    clone(url, whole, None, BUILTIN_TYPES, dry_run=False)
    assert clone_killed(url, tmp_path / "counted/kit", 0, told) == 0
    steps = int(told.read_text())
    rng = random.Random(11)
    numbers = range(1, steps + 1) if IS_LONG else sorted(rng.sample(range(1, steps + 1), 10))
    outcomes = []
    for number in numbers:
        target = tmp_path / f"p{number}" / "kit"
        target.parent.mkdir()
        assert clone_killed(url, target, number, told) in (-9, 0)
        outcomes.append(is_there(target, whole))
        if not outcomes[-1]:
            clone(url, target, None, BUILTIN_TYPES, dry_run=False)
            assert is_there(target, whole)
        assert [path.name for path in target.parent.iterdir()] == ["kit"]
    assert outcomes == sorted(outcomes)
    assert kit.json("doctor", "--deep")["findings"] == []
    count(kills=len(numbers))
