"""What recovery makes of what an interrupted run, or somebody else, left in the journal."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.errors import HostilePathError, InputError, RefusedError, StorageError
from holdall.files import syscalls
from holdall.files.lock import lock_folder
from holdall.files.root import FileState, Root
from holdall.files.user_state import journal_key
from holdall.transaction.actions import JSON, Plan, Put, encode_plan
from holdall.transaction.commit import Message, commit, forget_message, read_messages, recover
from holdall.transaction.journal import is_unsettled, new_transaction_id

pytestmark = pytest.mark.integration


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Root]:
    """Return an opened empty project; the test must leave no descriptor open."""
    before = len(os.listdir("/dev/fd"))
    folder = tmp_path / "project"
    folder.mkdir()
    with Root(folder) as root:
        yield root
    assert len(os.listdir("/dev/fd")) == before


def deploy(root: Root) -> None:
    """Commit one file."""
    state = FileState(FileKind.FILE, False, hashlib.sha256(b"1").hexdigest())
    action = Put(RelPath.parse("f"), state, 1, b"1")
    with lock_folder(root):
        commit(root, [action], kind="deploy", payload={"n": 1}, prepare=lambda _: None)


def left_in_tx(root: Root) -> list[str]:
    """Return the unsettled transactions."""
    tx = root.path / ".holdall/tx"
    return os.listdir(tx) if tx.exists() else []


def visible(root: Root) -> list[str]:
    """Return what lies in the project."""
    return sorted(os.listdir(root.path))


def test_nothing_to_recover(project: Root) -> None:
    """A project that Holdall never touched has nothing to recover and stays untouched."""
    assert recover(project) == []
    assert not is_unsettled(project.path)
    assert read_messages(project) == []
    forget_message(project, new_transaction_id())
    assert visible(project) == []


def abandoned(root: Root, name: str, data: bytes | Plan, key: bytes | None = None) -> str:
    """Leave a transaction as a kill might."""
    transaction_id = new_transaction_id()
    if isinstance(data, Plan):
        data = encode_plan(data, transaction_id, key or journal_key())
    folder = root.path / ".holdall/tx" / transaction_id
    (folder / "new").mkdir(parents=True)
    (folder / "new/0").write_bytes(b"evil")
    (folder / name).write_bytes(data)
    return transaction_id


def test_recover_discards_what_was_only_prepared(project: Root) -> None:
    """Staging without a plan is removed, and what it was going to be is told if it is known."""
    known = abandoned(project, "plan.tmp", Plan("deploy", {"n": 2}, ()))
    torn = abandoned(project, "plan.tmp", b"holdall-plan 2 ")
    assert is_unsettled(project.path)
    found = {r.transaction_id: (r.kind, r.payload, r.applied) for r in recover(project)}
    assert found == {known: ("deploy", {"n": 2}, False), torn: ("", {}, False)}
    assert left_in_tx(project) == []
    assert is_unsettled(project.path)
    assert read_messages(project) == [Message(known, "deploy", {"n": 2}, applied=False)]
    assert recover(project) == []
    forget_message(project, known)
    assert read_messages(project) == []
    assert not is_unsettled(project.path)


def test_recover_clears_away_what_was_delivered(project: Root) -> None:
    """A kill after a message was delivered may leave its folder, without a plan."""
    transaction_id = new_transaction_id()
    (project.path / ".holdall/outbox" / transaction_id).mkdir(parents=True)
    assert is_unsettled(project.path)
    assert read_messages(project) == []
    assert recover(project) == []
    assert not is_unsettled(project.path)


@pytest.mark.parametrize("payload", [{"n": 1}, {}])
def test_what_was_prepared_and_given_up_is_told(
    project: Root, payload: dict[str, JSON], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who prepared hear that it came to nothing; before that, there is nobody to tell."""
    state = FileState(FileKind.FILE, False, hashlib.sha256(b"1").hexdigest())
    actions = [Put(RelPath.parse("f"), state, 1, b"1")]

    def fail(*_: object) -> None:
        raise OSError(5, "no")

    ids: list[str] = []
    with lock_folder(project):
        with pytest.raises(StorageError), monkeypatch.context() as patch:
            patch.setattr(syscalls, "create_file", fail)
            commit(project, actions, kind="deploy", payload=payload, prepare=ids.append)
        assert (ids, read_messages(project)) == ([], [])
        with pytest.raises(OSError, match="no"):
            commit(project, actions, kind="deploy", payload=payload, prepare=fail)
        told = read_messages(project)
        assert [(m.kind, m.payload, m.applied) for m in told] == [("deploy", payload, False)] * len(
            payload
        )
    assert left_in_tx(project) == []
    assert visible(project) == [".holdall"]


def test_what_nobody_has_to_be_told_leaves_no_message(project: Root) -> None:
    """Without a payload nothing stays behind."""
    state = FileState(FileKind.FILE, False, hashlib.sha256(b"1").hexdigest())
    with lock_folder(project):
        actions = [Put(RelPath.parse("f"), state, 1, b"1")]
        commit(project, actions, kind="init", payload={}, prepare=lambda _: None)
    assert read_messages(project) == []
    assert left_in_tx(project) == []
    assert (project.path / "f").read_bytes() == b"1"


def test_recover_keeps_a_damaged_plan(project: Root) -> None:
    """A plan that was damaged after the commit point may hold users' files: it is set aside."""
    transaction_id = abandoned(project, "plan", b"garbage")
    assert [r.applied for r in recover(project)] == [False]
    assert left_in_tx(project) == []
    kept = project.path / ".holdall/backups" / transaction_id / "new/0"
    assert kept.read_bytes() == b"evil"
    assert visible(project) == [".holdall"]


def test_recover_leaves_newer_plans_alone(project: Root) -> None:
    """A plan of a newer version stays until that version finishes it, and nothing else is begun."""
    abandoned(project, "plan", b"holdall-plan 3 " + b"0" * 64 + b" " + b"0" * 64 + b"\n{}")
    with pytest.raises(InputError, match="newer Holdall"):
        recover(project)
    with pytest.raises(StorageError, match="unfinished"):
        deploy(project)
    assert len(left_in_tx(project)) == 1


@pytest.mark.parametrize("name", ["plan", "plan.tmp"])
def test_a_strangers_plan_is_not_done(project: Root, name: str) -> None:
    """What came with a stranger's project, or was begun by another user, is refused as it is."""
    state = FileState(FileKind.FILE, False, hashlib.sha256(b"evil").hexdigest())
    plan = Plan("deploy", {"n": 1}, (Put(RelPath.parse("f"), state, 4, b""),))
    transaction_id = abandoned(project, name, plan, key=b"a stranger's")
    with pytest.raises(RefusedError, match="you did not begin") as raised:
        recover(project)
    assert "move it away" in (raised.value.hint or "")
    assert left_in_tx(project) == [transaction_id]
    assert visible(project) == [".holdall"]


def test_a_plan_of_another_transaction_is_not_done(project: Root) -> None:
    """A seal holds for one transaction only."""
    first = abandoned(project, "plan", Plan("deploy", {}, ()))
    folder = project.path / ".holdall/tx"
    (folder / first).rename(folder / new_transaction_id())
    with pytest.raises(RefusedError, match="you did not begin"):
        recover(project)


def test_a_strangers_message_is_not_delivered(project: Root) -> None:
    """No plugin hears what a stranger put into a project's outbox."""
    transaction_id = abandoned(project, "plan", Plan("deploy", {"n": 1}, ()), key=b"a stranger's")
    tx = project.path / ".holdall/tx"
    tx.rename(tx.parent / "outbox")
    with pytest.raises(RefusedError, match=transaction_id):
        read_messages(project)
    with pytest.raises(RefusedError, match=transaction_id):
        recover(project)


@pytest.mark.parametrize("name", ["tx", "outbox", "backups"])
def test_journal_folders_must_be_folders(project: Root, tmp_path: Path, name: str) -> None:
    """A symlink in the place of one of the journal's folders is refused."""
    (project.path / ".holdall").mkdir()
    (project.path / ".holdall" / name).symlink_to(tmp_path)
    with pytest.raises(HostilePathError, match="not what Holdall creates"):
        deploy(project)
    assert sorted(os.listdir(tmp_path)) == ["project"]


def test_transaction_that_is_a_link(project: Root, tmp_path: Path) -> None:
    """A symlink with a transaction's name is removed, what it points to is not looked at."""
    (tmp_path / "goal").mkdir()
    (tmp_path / "goal/plan").write_bytes(b"")
    for where in ("tx", "outbox"):
        (project.path / ".holdall" / where).mkdir(parents=True)
        (project.path / ".holdall" / where / new_transaction_id()).symlink_to(tmp_path / "goal")
    assert read_messages(project) == []
    recover(project)
    assert left_in_tx(project) == []
    assert os.listdir(project.path / ".holdall/outbox") == []
    assert (tmp_path / "goal/plan").exists()
