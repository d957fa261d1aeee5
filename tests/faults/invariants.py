"""What must hold after any interruption, once the next command has run."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from world import CRASHED, EDIT, HUNG, KILLED, NEXT, Run, Scenario, World

from holdall.artifacts.paths import RelPath
from holdall.deploy.project.ledger import parse_ledger
from holdall.files.root import Root

__all__ = [
    "Expected",
    "Picture",
    "expected",
    "of_the_next",
    "of_the_record",
    "of_what_is_left",
    "picture",
    "tree_of",
    "violations",
]

STATE = {".gitignore", "lock", "tx", "outbox", "outside", "backups", "ledger.json"}
STATE |= {"deployed.toml", ".gitattributes"}
DATABASE = {"releases", "holdall.db", "holdall.db-wal", "holdall.db-shm", "holdall.db-journal"}
_VARYING = [
    (re.compile(rb"\b[0-9a-f]{12}4[0-9a-f]{19}\b"), b"UUID"),
    (re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+"), b"TIME"),
    (re.compile(rb'(?m)^release = \d+\nbase = "[0-9a-f]{64}"$'), b"RELEASE"),
]

Tree = dict[str, tuple[str, bytes]]


@dataclass(frozen=True)
class Picture:
    """Collection, project and exports: their trees, and how many operations are logged.

    `edited` says which files are not as the ledger has them.

    What differs from run to run (new UUIDs, times, releases) is left out of the bytes.
    """

    kit: Tree
    project: Tree
    out: Tree
    operations: int
    edited: frozenset[str]

    @property
    def files(self) -> tuple[Tree, Tree, Tree]:
        """The trees alone."""
        return self.kit, self.project, self.out


@dataclass(frozen=True)
class Expected:
    """The states that a command may leave; `between` are others than old and new.

    `again` is what finishes it, if not any command.
    """

    old: Picture
    new: Picture
    between: tuple[Picture, ...] = ()
    again: tuple[str, ...] = ()

    def nearest(self, now: Picture) -> Picture | None:
        """Return the state that `now` is; the log decides between those with equal files."""
        states = [s for s in (self.new, *self.between, self.old) if s.files == now.files and s.kit]
        logged = [state for state in states if state.operations == now.operations]
        return next(iter(logged or states), None)


def tree_of(folder: Path) -> Tree:
    """Return kind, mode and bytes of everything below a folder but Holdall's own state."""
    found: Tree = {}
    for above, folders, files in os.walk(folder):
        if Path(above) == folder and ".holdall" in folders:
            folders.remove(".holdall")
        for name in (*folders, *files):
            path = Path(above, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                entry = "link", os.fsencode(path.readlink())
            elif stat.S_ISDIR(mode):
                entry = "folder", b""
            else:
                entry = f"{stat.S_IMODE(mode):o}", _steady(path.read_bytes())
            found[str(path.relative_to(folder))] = entry
    return found


def _steady(data: bytes) -> bytes:
    for pattern, word in _VARYING:
        data = pattern.sub(word, data)
    return data


def picture(world: World) -> Picture:
    """Return the present state."""
    kit, project, out = map(tree_of, (world.kit, world.project, world.here / "out"))
    edited = frozenset(of_the_record(world, world.project))
    return Picture(kit, project, out, len(_rows(world, _OPERATIONS)), edited)


_OPERATIONS = "SELECT number FROM operations"
_DEPLOYMENTS = "SELECT project, artifact_uuid, content_hash, state FROM deployments"


def _rows(world: World, sql: str) -> list[tuple[object, ...]]:
    if world.database is not None:
        import psycopg

        with psycopg.connect(world.database.url) as server:
            return list(server.execute(sql.encode()).fetchall())
    path = world.kit / ".holdall/holdall.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        try:
            return connection.execute(sql).fetchall()
        except sqlite3.OperationalError:  # no tables yet
            return []


def expected(world: World, scenario: Scenario) -> Expected:
    """Run a command undisturbed; return what it leads from and to."""
    between = tuple(_led_to(world, scenario.start, words) for words in scenario.between)
    world.bring(scenario.start)
    old = picture(world)
    new = _led_to(world, scenario.start, scenario.words)
    return Expected(old, new, between, scenario.again)


def _led_to(world: World, start: str, words: tuple[str, ...]) -> Picture:
    world.bring(start)
    done = world.run(words)
    assert done.status == 0, done
    return picture(world)


def _backups(world: World) -> Tree:
    trees = [tree_of(root / ".holdall/backups") for root in (world.kit, world.project)]
    return {path: entry for tree in trees for path, entry in tree.items() if entry[0] != "folder"}


def violations(world: World, wanted: Expected, done: Run, *, was_cut: bool = False) -> list[str]:
    """Run the next command; return a sentence for everything that is not as promised."""
    found = list(_of_the_end(world, wanted, done))
    if not (world.kit / "manifest.toml").exists():
        # An interrupted `init`: doing it again is what finishes it.
        follow = world.run(("init", "kit"), *NEXT)
    else:
        follow = world.run(*((wanted.again,) if wanted.again else ()), *NEXT)
    found += of_the_next(follow)
    now = picture(world)
    state = wanted.nearest(now)
    if state is None:
        found.append(f"neither old nor new: {_difference(now, wanted)}")
    elif now.operations != state.operations:
        found.append(f"{now.operations} operations are logged")
    trees = (now.project, now.out, _backups(world))
    visible = {data for tree in trees for _, data in tree.values()}
    before = {data for tree in (wanted.old.project, wanted.old.out) for _, data in tree.values()}
    if EDIT in before - visible:
        found.append("an edited file was replaced and not backed up")
    found += sorted(now.edited - (frozenset() if state is None else state.edited))
    found += [*of_what_is_left(world, world.kit), *of_what_is_left(world, world.project)]
    left = os.listdir(world.here / "tmp")
    if left and not was_cut and done.status >= 0:
        found.append(f"left in the temporary folder: {left}")
    return found


def _of_the_end(world: World, wanted: Expected, done: Run) -> Iterator[str]:
    if done.status in (CRASHED, HUNG) or "Traceback" in done.err:
        yield f"crashed or hung: {done.err[-2000:]}"
    if done.status in (0, 1):
        now = picture(world)
        if now.files != wanted.new.files:
            yield f"said that it is done, but: {_difference(now, wanted)}"
    elif done.status != KILLED and "error:" not in done.err:
        yield f"failed with {done.status} and without a word: {done.err}"


def of_the_next(follow: Run, *, quiet: bool = True, drift: bool = False) -> Iterator[str]:
    """Yield what is wrong with what the next command said; with `drift` edits are no surprise.

    It says one sentence for the collection and one for the project, unless several were killed.
    """
    if follow.status not in ((0, 1) if drift else (0,)) or "Traceback" in follow.err:
        yield f"the next command failed with {follow.status}: {follow.out} {follow.err}"
        return
    told = [line for line in follow.err.splitlines() if "earlier run" in line]
    if quiet and (len(told) > 2 or "warning" in follow.err):
        yield f"the next command said {follow.err}"
    findings = json.loads(follow.out[follow.out.index("{") :])["findings"]
    findings = [f for f in findings if not drift or f["code"].startswith("deployment")]
    if findings:
        yield f"doctor: {findings}"


def _difference(now: Picture, wanted: Expected) -> str:
    told = []
    for name in ("kit", "project", "out"):
        trees = [getattr(p, name) for p in (now, wanted.old, wanted.new)]
        for path in sorted(set().union(*trees)):
            here, old, new = (tree.get(path) for tree in trees)
            if old == new != here:
                told.append(f"{name}/{path} is wrong")
            elif old != new:
                kind = "old" if here == old else "new" if here == new else "neither"
                told.append(f"{name}/{path} is {kind}")
    return ", ".join(told)


def of_the_record(world: World, project: Path) -> Iterator[str]:
    """Compare ledger, files and rows of a project."""
    path = project / ".holdall/ledger.json"
    in_ledger = set()
    if path.exists():
        ledger = parse_ledger(path.read_text(), str(path))
        in_ledger = {(entry.uuid, entry.content_hash, "done") for entry in ledger.deployed}
        with Root(project) as root:
            for entry in ledger.deployed:
                for file, state in entry.files.items():
                    if root.state_of(RelPath.parse(file)) != state:
                        yield f"{file} is not as the ledger has it"
    rows = {row[1:] for row in _rows(world, _DEPLOYMENTS) if row[0] == str(project)}
    if rows != in_ledger:
        yield f"the database has {rows}, the ledger {in_ledger}"


def of_what_is_left(world: World, root: Path) -> Iterator[str]:
    """Yield what should not lie in a project or collection any more."""
    state = root / ".holdall"
    if not state.exists():
        return
    extra = set(os.listdir(state)) - STATE - (DATABASE if root == world.kit else set())
    extra = {name for name in extra if not name.endswith(".replaced")}
    if extra:
        yield f"left in {state}: {extra}"
    for name in ("tx", "outbox", "outside"):
        with contextlib.suppress(FileNotFoundError):
            if left := os.listdir(state / name):
                yield f"left in {state / name}: {left}"
