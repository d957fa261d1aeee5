"""A transaction that is killed at every single mutating call, and its recovery too."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path

import pytest
from fault_scenario import (
    OLD,
    Counter,
    Failing,
    build,
    calls_of,
    check,
    deploy,
    heal,
    killed_at,
    some_of,
)

from holdall.errors import StorageError

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_whole_run(tmp_path: Path, system: str) -> None:
    """Without any kill the scenario ends in the new state, with its backups and its message."""
    build(tmp_path / "p", OLD)
    deploy(tmp_path / "p")
    assert check(tmp_path / "p")


def test_kills_in_commit(tmp_path: Path, system: str) -> None:
    """Killed at any mutating call, the project is old or new after recovery, nothing is lost."""
    Counter().install()
    build(tmp_path / "whole", OLD)
    total = len(calls_of(deploy, tmp_path / "whole"))
    assert total > 100
    outcomes: list[bool] = []
    for number in [*some_of(total, system), total + 1]:
        folder = tmp_path / f"p{number}"
        build(folder, OLD)
        assert killed_at(number, deploy, folder) == (number <= total)
        heal(folder)
        outcomes.append(check(folder))
    # Once the commit point is passed there is no way back, and before it none forward.
    assert outcomes == sorted(outcomes)
    assert not outcomes[0]
    assert outcomes[-1]


def test_kills_in_recovery(tmp_path: Path, system: str) -> None:
    """Killed again and again while it recovers, the project still ends old or new."""
    Counter().install()
    build(tmp_path / "whole", OLD)
    total = len(calls_of(deploy, tmp_path / "whole"))
    for number in some_of(total, system)[1::3]:
        folder = tmp_path / f"p{number}"
        build(folder, OLD)
        assert killed_at(number, deploy, folder)
        step = 1 + number % 5
        while killed_at(step, heal, folder):
            step += 4
        check(folder)


def test_every_kill_in_one_recovery(tmp_path: Path, system: str) -> None:
    """A recovery that has everything left to do may itself be killed at any call."""
    Counter().install()
    build(tmp_path / "whole", OLD)
    commit_point = 1 + calls_of(deploy, tmp_path / "whole").index("rename")
    build(tmp_path / "dead", OLD)
    assert killed_at(commit_point + 1, deploy, tmp_path / "dead")
    total = len(calls_of(heal, tmp_path / "dead"))
    assert total > 50
    for number in some_of(total, system):
        folder = tmp_path / f"p{number}"
        build(folder, OLD)
        assert killed_at(commit_point + 1, deploy, folder)
        assert killed_at(number, heal, folder)
        heal(folder)
        assert check(folder)


def test_kills_while_giving_up(tmp_path: Path, system: str) -> None:
    """A commit that gives up at its commit point may be killed while it cleans up."""
    Counter().install()
    build(tmp_path / "whole", OLD)
    barrier = 2 + calls_of(deploy, tmp_path / "whole").index("rename")

    def fail_at_the_barrier(folder: Path) -> None:
        Failing(barrier, errno.EIO).install()
        with contextlib.suppress(StorageError):
            deploy(folder)

    for number in range(barrier + 1, 1000):
        folder = tmp_path / f"p{number}"
        build(folder, OLD)
        died = killed_at(number, fail_at_the_barrier, folder)
        heal(folder)
        assert not check(folder)
        if not died:
            break
    assert number > barrier + 15
