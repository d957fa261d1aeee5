"""An export over an earlier one that is killed, or fails, at every single mutating call."""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_scenario import Counter, Failing, calls_of, killed_at
from tally import IS_LONG

from holdall.artifacts.paths import RelPath
from holdall.config import Config
from holdall.errors import HoldallError
from holdall.files.lock import lock_folder
from holdall.files.root import Root
from holdall.operations.bundles.layout import is_export
from holdall.operations.bundles.table import CLAUDE
from holdall.operations.session import Session
from holdall.operations.settle import settle
from holdall.plugins.manager import Plugins
from holdall.reporter import Reporter
from holdall.transaction.export import ExportFile, write_export
from holdall.transaction.outside import notes

pytestmark = pytest.mark.integration

EVERY = 1 if IS_LONG else 4

OLD = {
    CLAUDE.manifest: ExportFile(b'{"holdall": {}}\n'),
    RelPath.parse("skills/a/SKILL.md"): ExportFile(b"old\n"),
}
NEW = {
    CLAUDE.manifest: ExportFile(b'{"holdall": {"format": 1}}\n'),
    RelPath.parse("skills/a/SKILL.md"): ExportFile(b"new\n"),
    RelPath.parse("skills/a/run.sh"): ExportFile(b"#!/bin/sh\n", executable=True),
    RelPath.parse("skills/a/link.md"): ExportFile(b"SKILL.md", is_link=True),
}
MINE = {"skills/a/SKILL.md": b"old\nedited\n", ".git/HEAD": b"mine\n"}


def export(target: Path) -> None:
    """Write the new one over what is there, with a note in the folder above."""
    with Root(target.parent) as collection, lock_folder(collection):
        write_export(NEW, target, is_export, collection, force=True)


def end(target: Path) -> None:
    """Do what the next command does first."""
    with Root(target.parent) as collection, lock_folder(collection):
        settle(collection, Session(Config(), Plugins(), Reporter()))
        assert not notes(collection)


def content(path: Path) -> dict[str, bytes] | None:
    """Return the bytes of an export's files, packed or not; None if nothing is there."""
    if path.is_dir():
        files = [file for file in path.rglob("*") if not file.is_dir()]
        return {str(file.relative_to(path)): file.read_bytes() for file in files}
    if not path.exists():
        return None
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def prepare(target: Path) -> dict[str, bytes]:
    """Write an earlier export, as its owner edited it; return its content."""
    write_export(OLD, target, is_export, None, force=False)
    if target.is_dir():
        for name, data in MINE.items():
            (target / name).parent.mkdir(exist_ok=True)
            (target / name).write_bytes(data)
    found = content(target)
    assert found is not None
    return found


def check(target: Path, old: dict[str, bytes], new: dict[str, bytes], system: str) -> bool:
    """Check that the target is old or new and that nothing was lost; return whether it is new.

    At once nothing is lost; after the next command there is nothing else, either.
    """
    backup = target.with_name(f"{target.name}.backup-1")
    found = content(target)
    if system == "renameat2":
        assert found in (old, new)
    assert old in (found, content(backup))
    assert found in (old, new, None)
    end(target)
    found = content(target)
    assert found in (old, new)
    assert content(backup) == (old if found == new else None)
    left = {path.name for path in target.parent.iterdir()} - {target.name, ".holdall"}
    assert left == ({backup.name} if found == new else set())
    return found == new


@pytest.fixture(params=["kit", "kit.zip"])
def target_in(request: pytest.FixtureRequest) -> Callable[[Path], Path]:
    """Where to write below a folder: a folder or an archive."""
    return lambda folder: folder / str(request.param)


@pytest.fixture
def new(tmp_path: Path, target_in: Callable[[Path], Path]) -> dict[str, bytes]:
    """The content of an export that nothing disturbed."""
    write_export(NEW, target_in(tmp_path / "whole"), is_export, None, force=False)
    found = content(target_in(tmp_path / "whole"))
    assert found is not None
    return found


def test_kills(
    tmp_path: Path, system: str, target_in: Callable[[Path], Path], new: dict[str, bytes]
) -> None:
    """The target is the old export or the new one, and the old one is there, or beside it."""
    Counter().install()
    outcomes: list[bool] = []
    while True:
        target = target_in(tmp_path / f"p{len(outcomes)}")
        old = prepare(target)
        died = killed_at(len(outcomes) * EVERY + 1, export, target)
        outcomes.append(check(target, old, new, system))
        export(target)
        assert content(target) == new
        backups = [content(path) for path in target.parent.glob("*.backup-*")]
        assert backups == [old]
        if not died:
            break
    assert outcomes == sorted(outcomes)
    assert not outcomes[0]
    assert outcomes[-1]
    assert len(outcomes) * EVERY > (30 if target.is_dir() else 24)


def test_what_is_new_is_durable_first(
    tmp_path: Path, system: str, target_in: Callable[[Path], Path]
) -> None:
    """The bytes before any name is given, the names before the command says that it is done."""
    Counter().install()
    target = target_in(tmp_path / "p")
    prepare(target)
    calls = calls_of(export, target)
    begun = calls.index("sync_file_system")
    assert {"write", "create_file"} <= set(calls[:begun])
    assert {"write", "make_link", "set_mode"}.isdisjoint(calls[begun:])
    named = [n for n, call in enumerate(calls) if call.startswith("rename") and n > begun]
    assert named
    assert "sync" in calls[max(named) :]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_errors(
    tmp_path: Path, system: str, target_in: Callable[[Path], Path], new: dict[str, bytes], code: int
) -> None:
    """What fails leaves the old one, or the new one and the old one beside it, and no rubbish."""
    for number in range(1, 200, EVERY):
        target = target_in(tmp_path / f"p{number}")
        old = prepare(target)
        failing = Failing(number, code)
        failing.install()
        try:
            export(target)
            failed = False
        except HoldallError:
            failed = True
        finally:
            failing.take_away()
        assert check(target, old, new, system) or failed
        if not failed and len(failing.calls) < number:
            break
    assert number > (30 if target.is_dir() else 24)
