"""A transaction whose disk fails, and one whose users go on working after a kill."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path

import pytest
from fault_scenario import (
    BACKUPS,
    CONFLICTS,
    OLD,
    Counter,
    Failing,
    build,
    calls_of,
    check,
    deploy,
    heal,
    killed_at,
    seen,
    some_of,
)

from holdall.errors import StorageError
from holdall.files.lock import lock_folder
from holdall.files.root import Root
from holdall.transaction.commit import recover

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_one_failing_call(tmp_path: Path, system: str, code: int) -> None:
    """Any one call that fails is an error or harmless; then, or after recovery, old or new."""
    Counter().install()
    build(tmp_path / "whole", OLD)
    total = len(calls_of(deploy, tmp_path / "whole"))
    for number in some_of(total, system):
        folder = tmp_path / f"p{number}"
        build(folder, OLD)
        failing = Failing(number, code)
        with contextlib.suppress(StorageError):
            failing.install()
            deploy(folder)
        failing.take_away()
        staged = seen(folder / ".holdall/tx")
        assert staged in ({}, {".": ("d", b"")}) or any(s.endswith("/plan") for s in staged)
        heal(folder)
        check(folder)


def everything(folder: Path) -> set[bytes]:
    """Return the content of every file that people can see, backups included."""
    kept = seen(folder / ".holdall/backups")
    return {data for _, data in [*seen(folder).values(), *kept.values()]}


def healed(folder: Path) -> set[str] | None:
    """Recover; return the conflicts of a transaction that was finished."""
    with Root(folder) as root, lock_folder(root):
        for done in recover(root):
            if done.applied:
                return {str(c) for c in done.conflicts}
    return None


def test_edits_between_kill_and_recovery(tmp_path: Path, system: str) -> None:
    """What people write or delete after a kill is theirs; what they had written before, too."""
    Counter().install()
    build(tmp_path / "whole", OLD)
    total = len(calls_of(deploy, tmp_path / "whole"))
    for place, number in enumerate(some_of(total, system)):
        folder = tmp_path / f"p{number}"
        build(folder, OLD)
        assert killed_at(number, deploy, folder)
        in_place = seen(folder)
        rewrites = place % 2 == 0
        rewritten = [p for p in (*CONFLICTS, *BACKUPS, ".claude/replaced.md") if rewrites]
        for path in rewritten:
            (folder / path).write_bytes(b"later edit of " + path.encode())
        deleted = [".claude/edited.md", ".claude/backed-up.md", ".claude/run.sh"] * (not rewrites)
        for path in deleted:
            (folder / path).unlink(missing_ok=True)
        reported = healed(folder)
        now, found = seen(folder), everything(folder)
        # A file that is written anew after it was removed is nobody's business.
        put_anew = {p for p in rewritten if "removed" not in p}
        assert reported is None or put_anew <= reported
        for path in rewritten:
            assert now[path][1] == b"later edit of " + path.encode()
        users = {".claude/edited.md", ".claude/foreign.md", ".claude/edited-removed.md", *BACKUPS}
        for path in users:
            destroyed = path in (*rewritten, *deleted) and in_place.get(path) == OLD[path]
            assert destroyed or OLD[path][1] in found, (number, path)
        assert seen(folder / ".holdall/tx") in ({}, {".": ("d", b"")})
