"""Whatever people do in whatever order: every version is exact, undo goes back, all agree.

A model in memory follows random commands. `make long` runs 500 sequences of up to 50
steps on each database (`HOLDALL_LONG_TESTS` is their number).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from databases import migrated_sqlite
from holdall.artifacts.hashing import FileDigest, tree_hash
from holdall.artifacts.ids import BUILTIN_TYPES, FileKind
from holdall.artifacts.paths import RelPath
from holdall.cli import main
from holdall_composites.database.connect import connect_database
from holdall_composites.store.store import Store
from holdall_composites.values.records import OperationRecord

pytestmark = [pytest.mark.integration, pytest.mark.slow]

LONG = int(os.environ.get("HOLDALL_LONG_TESTS", "0"))
SETTINGS = settings(
    max_examples=LONG or 4,
    stateful_step_count=50 if LONG else 25,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
RAM = Path("/dev/shm")
NAMES = ["a", "b", "c"]

Files = dict[str, tuple[bytes, bool]]
Members = list[tuple[str, str | None]]

texts = st.sampled_from([b"", b"a", b"b\n", b"long " * 100, bytes(range(256))])
scripts = st.tuples(texts, st.booleans())
contents = st.fixed_dictionaries(
    {"SKILL.md": st.tuples(texts, st.just(False))},
    optional={"bin/run.sh": scripts, "notes.md": st.tuples(texts, st.just(False))},
)
pick = st.integers(0, 7)


def hash_of(files: Files) -> str:
    """Return the tree hash of some files, worked out without Holdall's walk of the disk."""
    return tree_hash(
        FileDigest(
            RelPath.parse(path), FileKind.FILE, mode, hashlib.sha256(data).hexdigest(), len(data)
        )
        for path, (data, mode) in files.items()
    )


def read_files(folder: Path) -> Files:
    """Return what lies below a folder, but for Holdall's own state and the record's times."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in folder.rglob("*")
        if path.is_file()
        and ".holdall" not in path.parts
        and path.name != ".skillmeat-deployed.toml"
    }


@dataclass
class Known:
    """An artifact of the model: its name, what was collected of it, all it ever was, its edit."""

    name: str
    files: Files
    history: list[Files]
    edit: Files | None = None

    @property
    def on_disk(self) -> Files:
        """What lies in the folder."""
        return self.files if self.edit is None else self.edit


@dataclass
class State:
    """What an operation may change: active artifacts, composites, and the project's files."""

    active: dict[str, tuple[str, Files]] = field(default_factory=dict)
    composites: dict[str, Members] = field(default_factory=dict)
    project: Files = field(default_factory=dict)


@dataclass
class Done:
    """An operation of the log: what was there before it; None if it cannot be turned back."""

    is_project: bool
    before: State | None
    command: str = ""
    undoes: tuple[int, ...] = ()


class History(RuleBasedStateMachine):
    """Runs commands, and a model beside them."""

    database_url: Callable[[Path], str]

    def __init__(self) -> None:
        super().__init__()
        base = RAM if RAM.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="holdall-history-", dir=base))
        self.kit, self.project = self.folder / "kit", self.folder / "project"
        self.project.mkdir()
        self.url = type(self).database_url(self.folder)
        self.known: dict[str, Known] = {}
        self.removed: dict[str, Known] = {}
        self.composites: dict[str, Members] = {}
        self.log: list[Done] = []
        self.was_purged = False

    def teardown(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.folder)

    @initialize(files=contents)
    def begin(self, files: Files) -> None:
        """Make a collection with one skill."""
        assert self.run("init", str(self.kit)) == 0
        self.write(self.kit / "skills" / "a", files)
        before = self.state()
        assert self.run("collect") == 0
        self.take_in_new("a", files)
        self.note(before)

    # -- the commands

    def run(self, *words: str) -> int:
        """Run a command in this process; return its status, and keep what it printed."""
        out, err = io.StringIO(), io.StringIO()
        options = ["--collection", str(self.kit), "--database", self.url]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([*options, *words])
        self.out, self.err = out.getvalue(), err.getvalue()
        assert "Traceback" not in self.err, self.err
        return status

    def write(self, folder: Path, files: Files) -> None:
        """Make a folder hold exactly these files."""
        shutil.rmtree(folder, ignore_errors=True)
        for path, (data, mode) in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
            (folder / path).chmod(0o755 if mode else 0o644)

    def manifest(self) -> dict[str, object]:
        """Return the manifest as it is."""
        return tomllib.loads((self.kit / "manifest.toml").read_text())

    def state(self) -> State:
        """Return what the model says is there."""
        active = {uuid: (k.name, k.files) for uuid, k in self.known.items()}
        return deepcopy(State(active, self.composites, read_files(self.project)))

    def operations(self) -> list[OperationRecord]:
        """Return the log, oldest first."""
        uuid = self.manifest()["collection"].get("uuid", "")
        with connect_database(self.url) as database:
            found = Store(database).operations.all_of(uuid)
        return found[::-1]

    def note(self, before: State) -> None:
        """Take in what the command that just ran has logged: collection first, then project."""
        now = self.operations()
        for operation in now[len(self.log) :]:
            is_project = operation.project is not None
            is_purge = operation.command == "purge" and operation.number == len(now)
            kept = None if is_purge else deepcopy(before)
            self.log.append(Done(is_project, kept, operation.command, operation.undoes))
            after = self.state()
            if is_project:
                before.project = after.project
            else:
                before.active, before.composites = after.active, after.composites
        assert len(now) == len(self.log)

    def take_in_new(self, name: str, files: Files) -> None:
        """Learn the UUID of what was just collected; a name that comes back keeps its own."""
        uuid = next(
            str(entry["uuid"]) for entry in self.manifest()["artifacts"] if entry["name"] == name
        )
        known = self.removed.pop(uuid, None) or Known(name, files, [])
        known.name = name
        self.known[uuid] = known
        self.settle(known, files)

    def settle(self, known: Known, files: Files) -> None:
        """Let an artifact be collected with these files."""
        known.files, known.edit = files, None
        if not known.history or known.history[-1] != files:
            known.history.append(files)

    def chosen(self, number: int) -> tuple[str, Known]:
        """Return one of the artifacts that are there."""
        uuids = sorted(self.known, key=lambda u: self.known[u].name)
        uuid = uuids[number % len(uuids)]
        return uuid, self.known[uuid]

    # -- rules

    @rule(name=st.sampled_from(NAMES), files=contents)
    def add(self, name: str, files: Files) -> None:
        """Put a new skill into the folder, and collect it with all edits."""
        if any(known.name == name for known in self.known.values()):
            return
        before = self.state()
        self.write(self.kit / "skills" / name, files)
        # A folder with the content of nothing that vanished is new, whatever its name.
        assert self.run("collect") == 0, self.err
        self.take_in_edits()
        self.take_in_new(name, files)
        self.note(before)

    @precondition(lambda self: self.known)
    @rule(number=pick, files=contents)
    def edit(self, number: int, files: Files) -> None:
        """Edit a skill by hand."""
        _, known = self.chosen(number)
        self.write(self.kit / "skills" / known.name, files)
        known.edit = files if files != known.files else None

    @rule()
    def collect(self) -> None:
        """Take note of all edits; without any, write nothing."""
        before = self.state()
        text = (self.kit / "manifest.toml").read_bytes()
        assert self.run("collect") == 0, self.err
        if not any(known.edit for known in self.known.values()):
            assert (self.kit / "manifest.toml").read_bytes() == text
        self.take_in_edits()
        self.note(before)

    def take_in_edits(self) -> None:
        """Let every edit be collected."""
        for known in self.known.values():
            if known.edit is not None:
                self.settle(known, known.edit)

    @precondition(lambda self: self.known)
    @rule(number=pick, name=st.sampled_from(NAMES))
    def rename(self, number: int, name: str) -> None:
        """Give a skill another name; refused if that is taken."""
        before = self.state()
        _, known = self.chosen(number)
        taken = any(other.name == name for other in self.known.values())
        status = self.run("rename", f"skill:{known.name}", name)
        assert status == (3 if taken else 0), self.err
        if not taken:
            known.name = name
        self.note(before)

    @precondition(lambda self: self.known)
    @rule(number=pick)
    def remove(self, number: int) -> None:
        """Take a skill out; refused while it has an edit that is nowhere else."""
        before = self.state()
        uuid, known = self.chosen(number)
        status = self.run("remove", f"skill:{known.name}")
        if known.edit is not None:
            assert status == 3
        else:
            assert status in (0, 1), self.err
            self.removed[uuid] = self.known.pop(uuid)
        self.note(before)

    @precondition(lambda self: self.known)
    @rule(number=pick, version=pick)
    def restore(self, number: int, version: int) -> None:
        """Bring an old version back; refused over an edit, and for a number that is not there."""
        before = self.state()
        _, known = self.chosen(number)
        status = self.run("restore", f"skill:{known.name}", str(version))
        if known.edit is not None:
            assert status == 3
        elif version >= len(known.history):
            assert status == 4
        else:
            assert status == 0, self.err
            self.settle(known, known.history[version])
        self.note(before)

    @rule(name=st.sampled_from("xy"))
    def compose(self, name: str) -> None:
        """Make a composite, or drop it if it is there."""
        before = self.state()
        if name in self.composites:
            assert self.run("composite", "delete", name) in (0, 1), self.err
            del self.composites[name]
        else:
            assert self.run("composite", "create", name) == 0, self.err
            self.composites[name] = []
        self.note(before)

    @precondition(lambda self: self.known and self.composites)
    @rule(number=pick, which=pick, first=st.booleans())
    def add_member(self, number: int, which: int, first: bool) -> None:
        """Make a skill a member."""
        before = self.state()
        uuid, known = self.chosen(number)
        name = sorted(self.composites)[which % len(self.composites)]
        place = ["--position", "0"] if first else []
        status = self.run("composite", "add", name, f"skill:{known.name}", *place)
        if status == 0:
            members = self.composites[name]
            members.insert(0 if first else len(members), (uuid, None))
        else:
            assert status == 3
        self.note(before)

    @precondition(lambda self: any(self.composites.values()))
    @rule(which=pick, number=pick, what=st.sampled_from(["remove", "pin", "unpin"]), version=pick)
    def change_member(self, which: int, number: int, what: str, version: int) -> None:
        """Take a member out, pin it to a version, or unpin it."""
        before = self.state()
        name = sorted(n for n, members in self.composites.items() if members)[
            0 if which < 4 else -1
        ]
        members = self.composites[name]
        place = number % len(members)
        uuid = members[place][0]
        if uuid not in self.known:
            return
        known = self.known[uuid]
        words = [name, f"skill:{known.name}", *([str(version)] if what == "pin" else [])]
        status = self.run("composite", what, *words)
        if what == "pin" and version >= len(known.history):
            assert status == 4
            return
        assert status == 0, self.err
        match what:
            case "remove":
                del members[place]
            case "pin":
                members[place] = (uuid, hash_of(known.history[version]))
            case "unpin":
                members[place] = (uuid, None)
        self.note(before)

    @precondition(lambda self: self.known)
    @rule(number=pick, which=pick)
    def deploy(self, number: int, which: int) -> None:
        """Deploy a skill or a composite; what is refused changes nothing."""
        before = self.state()
        uuid, known = self.chosen(number)
        wanted: Members = [(uuid, None)]
        request = f"skill:{known.name}"
        if self.composites and which < 4:
            name = sorted(self.composites)[which % len(self.composites)]
            wanted, request = self.composites[name], f"composite:{name}"
        status = self.run("deploy", request, "--to", str(self.project))
        assert status in (0, 3, 4), self.err
        if status:
            assert self.state() == before
        for uuid, pin in wanted if status == 0 else []:
            member = self.known[uuid]
            files = read_files(self.project / ".claude" / "skills" / member.name)
            assert hash_of(files) == (pin or hash_of(member.on_disk))
        self.note(before)

    @precondition(lambda self: self.known)
    @rule(number=pick)
    def undeploy(self, number: int) -> None:
        """Take a skill out of the project, if it was asked for by itself."""
        before = self.state()
        _, known = self.chosen(number)
        status = self.run("undeploy", f"skill:{known.name}", "--to", str(self.project))
        assert status in (0, 1, 4), self.err
        self.note(before)

    @rule()
    def purge(self) -> None:
        """Delete what was removed for good; that cannot be undone."""
        before = self.state()
        assert self.run("purge") == 0, self.err
        for name, members in self.composites.items():
            self.composites[name] = [m for m in members if m[0] not in self.removed]
        self.removed.clear()
        known = len(self.log)
        self.note(before)
        self.was_purged |= len(self.log) > known

    def active(self) -> list[Done]:
        """Return what is not undone, the newest first."""
        undone: set[int] = set()
        found = []
        for number, done in sorted(enumerate(self.log, 1), reverse=True):
            if number not in undone:
                undone.update(done.undoes)
                found.append(done)
        return found

    @precondition(lambda self: self.log)
    @rule(count=st.integers(1, 3))
    def undo(self, count: int) -> None:
        """Go back by some operations; refused over edits that it would touch."""
        self.go("undo", count, [d for d in self.active() if d.command not in ("undo", "redo")])

    @precondition(lambda self: self.log)
    @rule(count=st.integers(1, 3))
    def redo(self, count: int) -> None:
        """Go forward again, as long as nothing else was done."""
        found = [done for done in self.active() if done.command != "redo"]
        self.go("redo", count, list(takewhile(lambda done: done.command == "undo", found)))

    def go(self, command: str, count: int, found: list[Done]) -> None:
        """Go one way by some steps; if that is interrupted, by as many as it says."""
        before, chosen = self.state(), found[:count]
        status = self.run(command, str(count))
        steps = len(chosen)
        if status not in (0, 1):
            assert status == (4 if count > len(found) else 3), self.err
            told = re.search(r"(?:undid|redid) (\d) of \d operations", self.err)
            steps = int(told[1]) if told else 0
            expected = self.was_purged or count > len(found)
            assert expected or self.touches_edits(chosen), self.err
        project = before.project
        for done in chosen[:steps]:
            assert done.before is not None
            now = State(*deepcopy((self.state().active, self.composites)), deepcopy(project))
            if done.is_project:
                project = done.before.project
            else:
                self.go_back_to(done.before)
            self.log.append(Done(done.is_project, now, command, (self.number_of(done),)))
            self.settle_all()
        assert read_files(self.project) == project
        assert [(o.command, o.undoes) for o in self.operations()] == [
            (done.command, done.undoes) for done in self.log
        ]

    def number_of(self, wanted: Done) -> int:
        """Return the number of an operation in the log."""
        return next(number for number, done in enumerate(self.log, 1) if done is wanted)

    def touches_edits(self, chosen: list[Done]) -> bool:
        """Return whether a step would change an artifact that has an edit."""
        targets = [done.before for done in chosen if done.before and not done.is_project]
        return any(
            known.edit is not None and target.active.get(uuid) != (known.name, known.files)
            for uuid, known in self.known.items()
            for target in targets
        )

    def go_back_to(self, state: State) -> None:
        """Let the collection be as it was; histories only grow."""
        everything = {**self.known, **self.removed}
        self.known, self.removed = {}, {}
        for uuid, known in everything.items():
            if uuid in state.active:
                name, files = state.active[uuid]
                known.name, known.files = name, files
                self.known[uuid] = known
            else:
                self.removed[uuid] = known
        self.composites = deepcopy(state.composites)

    def settle_all(self) -> None:
        """Let what an undo brought back be the newest version."""
        for known in self.known.values():
            if known.history[-1] != known.files:
                known.history.append(known.files)

    # -- what always holds

    @invariant()
    def the_manifest_says_what_the_model_says(self) -> None:
        """UUIDs, names, content hashes, and composites with their members and pins."""
        if not (self.kit / "manifest.toml").exists():
            return
        manifest = self.manifest()
        artifacts: list[dict[str, str]] = manifest.get("artifacts", [])  # type: ignore[assignment]
        assert {a["uuid"]: (a["name"], a["content_hash"]) for a in artifacts} == {
            uuid: (known.name, hash_of(known.files)) for uuid, known in self.known.items()
        }
        composites: Any = manifest.get("composites", [])
        assert {
            c["name"]: [(m["uuid"], m.get("pin")) for m in c.get("members", [])] for c in composites
        } == self.composites

    @invariant()
    def the_files_are_as_collected_or_edited(self) -> None:
        """Nobody's edit is lost."""
        for known in self.known.values():
            assert read_files(self.kit / "skills" / known.name) == known.on_disk

    @invariant()
    def every_version_is_exact(self) -> None:
        """In number, order and bytes, of removed artifacts too."""
        everything = {**self.known, **self.removed}
        if not everything:
            return
        with connect_database(self.url) as database:
            store = Store(database)
            for uuid, known in everything.items():
                versions = store.versions.all_of(uuid)
                assert [v.content_hash for v in versions] == [hash_of(f) for f in known.history]
                assert [v.number for v in versions] == list(range(len(versions)))
                tree = store.contents.get_tree(versions[-1].content_hash)
                assert tree is not None
                for file in tree.files:
                    data = b"".join(store.contents.read_blob(file.sha256))
                    assert known.history[-1][file.path] == (data, file.executable)

    @invariant()
    def the_doctor_finds_nothing(self) -> None:
        """But for edits that wait to be collected."""
        if not (self.kit / "manifest.toml").exists():
            return
        status = self.run("doctor", "--deep", "--json")
        findings = json.loads(self.out)["findings"]
        edited = {f"skill:{k.name}" for k in self.known.values() if k.edit is not None}
        assert {f["subject"] for f in findings if f["code"] == "edited"} == edited
        assert [f for f in findings if f["code"] != "edited"] == []
        assert status == (1 if edited else 0)


def migrated(folder: Path) -> str:
    """Return the URL of a new SQLite database with the present schema."""
    (folder / "holdall.db").write_bytes(migrated_sqlite())
    return f"sqlite:///{folder}/holdall.db"


def test_any_history(dialect: str, request: pytest.FixtureRequest) -> None:
    """Random commands against the model, with every check after each."""
    assert BUILTIN_TYPES["skill"].folder == "skills"
    shared = request.getfixturevalue("database_url") if dialect == "postgresql" else None

    class OnDatabase(History):
        database_url = staticmethod(lambda folder: shared or migrated(folder))

    run_state_machine_as_test(OnDatabase, settings=SETTINGS)
