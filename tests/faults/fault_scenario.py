"""A transaction with everything in it, and the ways to interrupt it at one chosen call."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tally import IS_LONG

from holdall.artifacts.ids import FileKind
from holdall.artifacts.paths import RelPath
from holdall.files import syscalls
from holdall.files.lock import lock_folder
from holdall.files.root import FileState, Root
from holdall.transaction.actions import Action, Put, Remove, RemoveFolder
from holdall.transaction.commit import commit, read_messages, recover

KILLED = 9

# path -> (bytes or link text, what it is); a trailing "*" marks an executable, "@" a link
Tree = dict[str, tuple[str, bytes]]

OLD: Tree = {
    "mine.txt": ("f", b"mine"),
    ".claude/replaced.md": ("f", b"old replaced"),
    ".claude/backed-up.md": ("f", b"edited by hand"),
    ".claude/removed.md": ("f", b"old removed"),
    ".claude/removed-backed-up.md": ("f", b"edited, then removed"),
    ".claude/gone/only.md": ("f", b"the only one"),
    ".claude/run.sh": ("f", b"#!/bin/sh\n"),
    ".claude/link": ("l", b"replaced.md"),
    ".claude/turns-folder": ("f", b"a file now"),
    ".claude/edited.md": ("f", b"the user's edit"),
    ".claude/foreign.md": ("f", b"the user's own"),
    ".claude/edited-removed.md": ("f", b"the user's other edit"),
    ".claude/same.md": ("f", b"already there"),
    ".claude/record.toml": ("f", b"old record"),
}
NEW: Tree = {
    "mine.txt": ("f", b"mine"),
    ".claude/replaced.md": ("f", b"new replaced"),
    ".claude/backed-up.md": ("f", b"new backed up"),
    ".claude/run.sh": ("x", b"#!/bin/sh\n"),
    ".claude/link": ("l", b"skills/deep/new.md"),
    ".claude/turns-folder/inner.md": ("f", b"inner"),
    ".claude/skills/deep/new.md": ("f", b"new"),
    ".claude/skills/deep/tool": ("x", b"tool"),
    ".claude/skills/deep/link": ("l", b"new.md"),
    ".claude/edited.md": ("f", b"the user's edit"),
    ".claude/foreign.md": ("f", b"the user's own"),
    ".claude/edited-removed.md": ("f", b"the user's other edit"),
    ".claude/same.md": ("f", b"already there"),
    ".claude/record.toml": ("f", b"new record"),
}
BACKUPS = {
    ".claude/backed-up.md": b"edited by hand",
    ".claude/removed-backed-up.md": b"edited, then removed",
}
CONFLICTS = {".claude/edited.md", ".claude/foreign.md", ".claude/edited-removed.md"}


def state(kind: str, data: bytes) -> FileState:
    """Return the state of a file of the tables above."""
    file_kind = FileKind.LINK if kind == "l" else FileKind.FILE
    return FileState(file_kind, kind == "x", hashlib.sha256(data).hexdigest())


def put(path: str, expected: FileState | None, keep_backup: bool = False) -> Put:
    """Return the action that puts a path of NEW."""
    kind, data = NEW.get(path, ("f", b"wanted by holdall"))
    if path in CONFLICTS:
        data = b"wanted by holdall"
    return Put(RelPath.parse(path), state(kind, data), len(data), data, expected, keep_backup)


def old(path: str) -> FileState:
    """Return the state of a path in OLD."""
    return state(*OLD[path])


def actions() -> list[Action]:
    """Return what leads from OLD to NEW."""

    def p(name: str) -> RelPath:
        return RelPath.parse(f".claude/{name}")

    return [
        put(".claude/replaced.md", old(".claude/replaced.md")),
        put(".claude/backed-up.md", old(".claude/backed-up.md"), keep_backup=True),
        Remove(p("removed.md"), old(".claude/removed.md")),
        Remove(p("removed-backed-up.md"), old(".claude/removed-backed-up.md"), keep_backup=True),
        Remove(p("gone/only.md"), old(".claude/gone/only.md")),
        RemoveFolder(p("gone")),
        RemoveFolder(RelPath.parse(".claude")),
        put(".claude/run.sh", old(".claude/run.sh")),
        put(".claude/link", old(".claude/link")),
        Remove(p("turns-folder"), old(".claude/turns-folder")),
        put(".claude/turns-folder/inner.md", None),
        put(".claude/skills/deep/new.md", None),
        put(".claude/skills/deep/tool", None),
        put(".claude/skills/deep/link", None),
        put(".claude/edited.md", state("f", b"as deployed")),
        put(".claude/foreign.md", None),
        Remove(p("edited-removed.md"), state("f", b"as deployed too")),
        put(".claude/same.md", state("f", b"as deployed before")),
        put(".claude/record.toml", old(".claude/record.toml")),
    ]


def build(folder: Path, tree: Tree) -> None:
    """Write a tree into a new folder."""
    folder.mkdir()
    for name, (kind, data) in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "l":
            path.symlink_to(os.fsdecode(data))
        else:
            path.write_bytes(data)
            path.chmod(0o755 if kind == "x" else 0o644)


def seen(folder: Path, skip: str = ".holdall") -> Tree:
    """Return every file below a folder, and as `d` every empty folder."""
    found: Tree = {}
    for above, folders, files in os.walk(folder):
        if skip in folders:
            folders.remove(skip)
        here = Path(above)
        if not folders and not files:
            found[str(here.relative_to(folder))] = ("d", b"")
        for name in [*files, *(f for f in folders if (here / f).is_symlink())]:
            path = here / name
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                entry = ("l", os.fsencode(path.readlink()))
            else:
                entry = ("x" if mode & 0o100 else "f", path.read_bytes())
            found[str(path.relative_to(folder))] = entry
    return found


def deploy(folder: Path) -> None:
    """Commit the scenario."""
    with Root(folder) as root, lock_folder(root):
        outcome = commit(root, actions(), kind="deploy", payload={"n": 1}, prepare=lambda _: None)
    assert {str(c) for c in outcome.conflicts} == CONFLICTS
    assert {str(p) for p, _ in outcome.backups} == set(BACKUPS)


def heal(folder: Path) -> None:
    """Do what the next command does first."""
    with Root(folder) as root, lock_folder(root):
        recover(root)


class Counter:
    """Count the mutating calls and, when told to, die at one of them."""

    def __init__(self, die_at: int | None = None) -> None:
        self.calls: list[str] = []
        self._die_at = die_at

    def install(self, quiet: bool = True) -> None:
        """Wrap every mutating call."""
        for name in syscalls.MUTATING:
            setattr(syscalls, name, self._counting(name, getattr(syscalls, name), quiet))

    def _counting(self, name: str, real: Callable[..., Any], quiet: bool) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            if len(self.calls) == self._die_at:
                if name == "write":
                    file, data = arguments
                    real(file, data[: len(data) // 2])
                os._exit(KILLED)
            # A kill does not lose what is not synced, so the tests need not wait for the disk.
            return None if quiet and name.startswith("sync") else real(*arguments)

        return call


def some_of(total: int, system: str) -> list[int]:
    """Return the numbers of the calls at which a test interrupts: all of them in the long form.

    In the short form it is every second one, and every fifth on systems that can do less.
    """
    every = 1 if IS_LONG else 2 if system == "renameat2" else 5
    return list(range(1, total + 1, every))


def killed_at(number: int, run: Callable[[Path], None], folder: Path) -> bool:
    """Do `run` in a child that dies at its mutating call `number`; False if it came to its end."""
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            Counter(number).install()
            run(folder)
            status = 0
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, KILLED), f"the child failed at call {number}"
    return status == KILLED


def check(folder: Path) -> bool:
    """Check every promise about a project after recovery; return whether it is the new state."""
    found = seen(folder)
    assert found in (OLD, NEW)
    is_new = found == NEW
    with Root(folder) as root:
        messages = read_messages(root)
    told = [(m.kind, m.payload) for m in messages]
    assert told == [("deploy", {"n": 1})] * len(messages)
    # Of what was given up only those are told who had prepared for it.
    assert [m.applied for m in messages] in ([[True]] if is_new else [[], [False]])
    backups = folder / ".holdall/backups"
    kept = {k.split("/", 1)[1]: v[1] for k, v in seen(backups).items()} if is_new else {}
    assert kept == (BACKUPS if is_new else {})
    assert seen(folder / ".holdall/tx") in ({}, {".": ("d", b"")})
    for message in messages:
        left = os.listdir(folder / ".holdall/outbox" / message.transaction_id)
        assert left == ["plan" if is_new else "plan.tmp"]
    return is_new


def calls_of(run: Callable[[Path], None], folder: Path) -> list[str]:
    """Do `run` in a child and return the mutating calls that it makes."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            counter = Counter()
            counter.install()
            run(folder)
            os.write(write, " ".join(counter.calls).encode())
            status = 0
        os._exit(status)
    os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return text.split()


class Failing(Counter):
    """Count the mutating calls and let one of them fail."""

    def __init__(self, number: int, code: int) -> None:
        super().__init__()
        self._number = number
        self._code = code
        self._real = {name: getattr(syscalls, name) for name in syscalls.MUTATING}

    def _counting(self, name: str, real: Callable[..., Any], quiet: bool) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            if len(self.calls) == self._number:
                raise OSError(self._code, os.strerror(self._code))
            return real(*arguments)

        return call

    def take_away(self) -> None:
        """Put the real calls back."""
        for name, real in self._real.items():
            setattr(syscalls, name, real)
