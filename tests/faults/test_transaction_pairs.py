"""Two transactions that are one, killed at every single mutating call of either."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from fault_scenario import Counter, build, calls_of, killed_at, old, put, seen
from tally import IS_LONG, count

from holdall.config import Config
from holdall.files.lock import lock_folder
from holdall.files.root import Root
from holdall.files.user_state import journal_key
from holdall.operations.session import Session
from holdall.operations.settle import lock_and_settle
from holdall.plugins.manager import Plugins
from holdall.reporter import Reporter
from holdall.transaction.commit import Half, commit_pair, forget_message, read_messages
from holdall.transaction.journal import is_unsettled, new_transaction_id

pytestmark = pytest.mark.integration

OLD = {".claude/replaced.md": ("f", b"old replaced")}
NEW = {".claude/replaced.md": ("f", b"new replaced"), ".claude/skills/deep/new.md": ("f", b"new")}


def half(root: Root) -> Half:
    """Return a transaction that leads from OLD to NEW."""
    actions = [
        put(".claude/replaced.md", old(".claude/replaced.md")),
        put(".claude/skills/deep/new.md", None),
    ]
    return Half(new_transaction_id(), root, actions, "other", {"n": 1}, lambda _: None)


def change(folder: Path) -> None:
    """Change both folders."""
    with ExitStack() as held:
        roots = [held.enter_context(Root(folder / name)) for name in ("first", "second")]
        for root in roots:
            held.enter_context(lock_folder(root))
        commit_pair(*(half(root) for root in roots))


def prepare(folder: Path) -> None:
    """Make both folders."""
    folder.mkdir()
    for name in ("first", "second"):
        build(folder / name, OLD)


def settle(path: Path) -> None:
    """Do what the next command does first; nobody reads the messages here."""
    with lock_and_settle(path, Session(Config(), Plugins(), Reporter(quiet=True))) as root:
        for message in read_messages(root):
            forget_message(root, message.transaction_id)


@pytest.mark.parametrize("next_in", ["first", "second"])
def test_kills(tmp_path: Path, system: str, next_in: str) -> None:
    """Both are old or both are new after the next command in either of them."""
    Counter().install()
    journal_key()  # which the first of all runs makes
    prepare(tmp_path / "whole")
    calls = calls_of(change, tmp_path / "whole")
    every = 1 if IS_LONG else 4 if system == "renameat2" else 12
    outcomes = []
    for number in range(1, len(calls) + 2, every):
        folder = tmp_path / f"p{number}"
        prepare(folder)
        died = killed_at(number, change, folder)
        assert died == (number <= len(calls))
        settle(folder / next_in)
        found = [seen(folder / name) for name in ("first", "second")]
        assert found in ([OLD, OLD], [NEW, NEW]), calls[:number]
        outcomes.append(found == [NEW, NEW])
        assert outcomes[-1] or died
        settle(folder / ("first" if next_in == "second" else "second"))
        assert [seen(folder / name) for name in ("first", "second")] == found
        settle(folder / "first")
        assert not any(is_unsettled(folder / name) for name in ("first", "second"))
        shutil.rmtree(folder)
    count(points=len(outcomes))
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {False, True}
