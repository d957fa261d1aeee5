"""A collection, its source and a project, in which real commands run in forked children."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import pytest
from injection import Injection, install

import holdall
import holdall_composites
import holdall_composites_hooks
from holdall import cli
from holdall.config import Config
from holdall.files import syscalls
from holdall.plugins import manager
from holdall.reporter import Reporter
from holdall_composites.schema import drift
from host_factories import make_command, make_project, make_skill, write

__all__ = ["SCENARIOS", "Run", "Scenario", "World", "temporary_world"]

KILLED, CRASHED, HUNG = -9, 98, 97
LIMIT = 120.0
EDIT = b"edited by hand\n"
NEXT = (("status", "--to", "project"), ("doctor", "--json"))
"""What recovers from an interrupted command, and looks for what is wrong after it."""
IDS = ["skill:a", "skill:b", "skill:moved", "command:git:commit", "mcp:source-server"]


@dataclass(frozen=True)
class Run:
    """What became of a command: its exit status (negative: the signal) and what it printed."""

    status: int
    out: str
    err: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """A command to be interrupted: the state it starts from, and its words.

    It may also leave what the words of `between` lead to. What finishes it is `again`, if not just
    any command.
    """

    name: str
    start: str
    words: tuple[str, ...]
    between: tuple[tuple[str, ...], ...] = ()
    again: tuple[str, ...] = ()


def _deploy(*more: str) -> tuple[str, ...]:
    return ("deploy", *IDS, "--to", "project", "--allow-commands", *more)


SCENARIOS = [
    Scenario("init", "empty", ("init", "kit")),
    Scenario("collect", "initiated", ("collect", "source")),
    Scenario("collect-again", "changed", ("collect", "source")),
    Scenario("deploy", "collected", _deploy()),
    Scenario("upgrade", "collected-again", ("deploy", "--to", "project", "--allow-commands")),
    Scenario("forced", "edited", ("deploy", "--to", "project", "--allow-commands", "--force")),
    Scenario("rename", "deployed", ("rename", "skill:a", "renamed")),
    Scenario(
        "undeploy", "deployed", ("undeploy", "skill:a", "mcp:source-server", "--to", "project")
    ),
    Scenario("undo", "upgraded", ("undo",)),
    Scenario("deploy-many", "many", ("deploy", "skill:big", "--to", "project")),
    Scenario("export", "composed", ("export", "both", "--to", "out/both")),
    Scenario("export-zip", "composed", ("export", "both", "--to", "out/both.zip")),
    Scenario("export-forced", "exported", ("export", "both", "--to", "out/both", "--force")),
    Scenario(
        "export-zip-forced", "exported", ("export", "both", "--to", "out/both.zip", "--force")
    ),
    Scenario("rebuild", "lost", ("rebuild",), again=("rebuild",)),
    Scenario("rebuild-forced", "collected", ("rebuild", "--force")),
    Scenario("adopt", "improved", ("adopt", "skill:a", "--from", "project")),
    Scenario("undo-adopt", "adopted", ("undo",)),
    Scenario("redo-adopt", "undone", ("redo",)),
    Scenario("undo-2", "upgraded", ("undo", "2"), between=(("undo",),)),
    Scenario("undo-2-forced", "adopted", ("undo", "2", "--force"), between=(("undo", "--force"),)),
]
NEW = {scenario.name for scenario in SCENARIOS[10:]}
"""Those of which the short form interrupts fewer steps: the writer is the same."""


class Database(Protocol):
    """A server's database that goes with the states of a world."""

    url: str

    def keep(self, name: str) -> None:
        """Keep the present state under a name."""

    def bring(self, name: str) -> None:
        """Make a kept state the present one."""


class World:
    """The folder of one world. Its states are kept aside by name and come back at the same path.

    A path is part of what the database knows, so every state has to lie where it was made.
    """

    def __init__(self, base: Path) -> None:
        """Make a world in an empty folder; the database is in the collection, or `database`."""
        self.base = base
        self.here = base / "w"
        self.kit = self.here / "kit"
        self.project = self.here / "project"
        self.database: Database | None = None
        self._states = base / "states"
        self._states.mkdir(parents=True)
        # Most of a short command's time; children inherit what is made once.
        _import_all()
        self._plugins = manager.load_plugins(Config(), Reporter())
        self._wanted_description = _remembered(drift.wanted_description)

    def run(
        self,
        *commands: Sequence[str],
        injection: Injection | None = None,
        make: Callable[[], Injection] | None = None,
    ) -> Run:
        """Run commands one after the other in a child; the status is that of the last one.

        What `make` returns is the injection, made in the child.
        """
        out, err, steps = (self.base / name for name in ("out", "err", "steps"))
        child = os.fork()
        if child == 0:
            gc.disable()
            status = CRASHED
            try:
                with self._entered(out, err):
                    try:
                        status = self._interrupted(commands, make() if make else injection, steps)
                    except Exception:  # noqa: BLE001 - the parent tells it
                        traceback.print_exc()
            finally:
                os._exit(status)
        status = _wait(child)
        was_counted = (injection or make) and status >= 0
        names = tuple(steps.read_text().split("\n")) if was_counted else ()
        return Run(status, out.read_text(), err.read_text(), names)

    def _interrupted(
        self, commands: Sequence[Sequence[str]], injection: Injection | None, steps: Path
    ) -> int:
        """Run commands with an injection, in a child; return the status of the last one."""
        status = CRASHED
        if injection is not None:
            install(injection)
        for words in commands:
            status = cli.main(self._words(words))
        if injection is not None:
            injection.before_the_kill()
            steps.write_text("\n".join(injection.steps))
        return status

    def here_and_now(self, words: Sequence[str], out: Path, err: Path) -> int:
        """Run a command in this process."""
        with self._entered(out, err):
            try:
                return cli.main(self._words(words))
            except Exception:  # noqa: BLE001 - the caller tells it
                traceback.print_exc()
                return CRASHED

    @contextmanager
    def _entered(self, out: Path, err: Path) -> Iterator[None]:
        """Be a process that has just started in the world, and prints into files."""
        with pytest.MonkeyPatch.context() as patch, out.open("w") as told, err.open("w") as said:
            patch.setattr(manager, "load_plugins", lambda *_: self._plugins)
            # As in conftest.py: the steps are the same whatever else the machine does.
            patch.setattr(syscalls, "others_write_much", lambda: True)
            patch.setattr(drift, "wanted_description", self._wanted_description)
            patch.chdir(self.here)
            patch.setenv("XDG_STATE_HOME", str(self.here / "state"))
            patch.setenv("XDG_CACHE_HOME", str(self.here / "cache"))
            patch.setenv("LANGUAGE", "C")  # or every parser looks for translations
            patch.setenv("TMPDIR", str(self.here / "tmp"))
            patch.setattr(tempfile, "tempdir", None)
            patch.setattr(sys, "stdout", told)
            patch.setattr(sys, "stderr", said)
            yield

    def _words(self, words: Sequence[str]) -> list[str]:
        if words[0] == "init":
            return list(words)
        database = ["--database", self.database.url] if self.database else []
        return ["--collection", "kit", *database, *words]

    def command(self, *words: str) -> None:
        """Run a command that must succeed, in this process.

        What it compiles and reads once, children inherit: a third of the time of theirs.
        """
        out, err = self.base / "out", self.base / "err"
        status = self.here_and_now(words, out, err)
        assert status == 0, (words, status, out.read_text(), err.read_text())

    def keep(self, name: str) -> None:
        """Keep the present state under a name."""
        shutil.copytree(self.here, self._states / name, symlinks=True)
        if self.database is not None:
            self.database.keep(name)

    def bring(self, name: str) -> None:
        """Make a kept state the present one."""
        self.replace(self._states / name)
        if self.database is not None:
            self.database.bring(name)

    def replace(self, state: Path) -> None:
        """Make a copy of another folder the present state."""
        shutil.rmtree(self.here, ignore_errors=True)
        # With the second names of files, which shutil would make files of their own.
        subprocess.run(["cp", "-a", state, self.here], check=True)

    def state(self, name: str) -> Path:
        """Return where a kept state lies."""
        return self._states / name

    def remove(self, folder: Path) -> None:
        """Remove a folder that was copied."""
        shutil.rmtree(folder)

    def build(self) -> None:
        """Make every state that a scenario starts from."""
        self.here.mkdir()
        for name in ("state", "tmp"):
            (self.here / name).mkdir()
        make_project(self.project)
        write(self.project / ".mcp.json", '{\n  "mcpServers": {"mine": {"command": "cat"}}\n}\n')
        _make_source(self.here / "source")
        self.keep("empty")
        self.command("init", "kit")
        self.command("db", "upgrade")
        self.keep("initiated")
        self.command("collect", "source")
        self.keep("collected")
        self.command(*_deploy())
        self.keep("deployed")
        _change_source(self.here / "source")
        self.keep("changed")
        self.command("collect", "source")
        self.keep("collected-again")
        write(self.project / ".claude/skills/a/SKILL.md", EDIT)
        self.keep("edited")
        self.bring("collected-again")
        self.command("deploy", "--to", "project", "--allow-commands")
        self.keep("upgraded")
        self.bring("deployed")
        edited = (self.project / ".claude/skills/a/SKILL.md").read_text() + "An improvement.\n"
        write(self.project / ".claude/skills/a/SKILL.md", edited)
        write(self.project / ".claude/skills/a/ref/also.md", "new\n")
        self.keep("improved")
        self.command("adopt", "skill:a", "--from", "project")
        self.keep("adopted")
        self.command("undo")
        self.keep("undone")
        self.bring("collected")
        for file in (self.kit / ".holdall").glob("holdall.db*"):
            file.unlink()
        self.keep("lost")
        self.bring("collected")
        self.command(
            "composite", "create", "both", "--member", "skill:a", "--member", "mcp:source-server"
        )
        self.keep("composed")
        self.command("export", "both", "--to", "out/both")
        self.command("export", "both", "--to", "out/both.zip")
        write(self.here / "out/both/NOTES.md", EDIT)
        self.command("composite", "add", "both", "skill:b")
        self.keep("exported")
        self.bring("collected")
        # So many files are not made durable one by one, but with their file system.
        make_skill(self.here / "kit", "big", **{f"f{number}": str(number) for number in range(70)})
        self.command("collect")
        self.keep("many")
        for words in NEXT:  # which each child runs after its fault
            self.command(*words)


def _remembered(describe: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that describes each kind of database once."""
    known: dict[type, Any] = {}

    def description(database: Any) -> Any:
        kind = type(database)
        if kind not in known:
            known[kind] = describe(database)
        return known[kind]

    return description


def _import_all() -> None:
    for package in (holdall, holdall_composites, holdall_composites_hooks):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError as error:
                if error.name != "psycopg":
                    raise


def _make_source(source: Path) -> None:
    folder = make_skill(source, "a", "one", **{"ref/more.md": "more\n", "going.md": "going\n"})
    write(folder / "run.sh", "#!/bin/sh\n", executable=True)
    (folder / "link").symlink_to("run.sh")
    make_skill(source, "b", "two")
    make_skill(source, "moved", "three", **{"ref/deep/x.md": "deep\n"})
    make_command(source, "git/commit")
    write(source / ".mcp.json", json.dumps({"mcpServers": {"server": {"command": "true"}}}))


def _change_source(source: Path) -> None:
    folder = source / "skills" / "a"
    make_skill(source, "a", "another", **{"ref/new/more.md": "new\n"})
    (folder / "going.md").unlink()
    (folder / "run.sh").chmod(0o644)
    (folder / "link").unlink()
    (folder / "link").symlink_to("SKILL.md")
    (source / "skills/moved").rename(source / "skills/arrived")
    make_skill(source, "c", "four")
    write(source / ".mcp.json", json.dumps({"mcpServers": {"server": {"command": "false"}}}))


def _wait(child: int) -> int:
    """Wait for a child, but not for ever: what hangs is killed, and tells so by its status."""
    end = time.monotonic() + LIMIT
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, 15)
            os.waitpid(child, 0)
            return HUNG
        time.sleep(0.001)


@contextmanager
def temporary_world(database: Database | None = None) -> Iterator[World]:
    """Yield a world with all its states, in memory where that is possible."""
    shared = Path("/dev/shm")
    where = shared if os.access(shared, os.W_OK) else None
    with TemporaryDirectory(prefix="holdall-faults-", dir=where) as folder:
        world = World(Path(folder))
        world.database = database
        world.build()
        yield world
