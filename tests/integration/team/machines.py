"""A machine of a team: a folder of its own, commands at random, and what each one came to.

Every edit of a file writes a mark that nobody else writes, and on which mark it was put:

    mark: m2-17
    after: m0-4

so that the chain of releases says by itself whether an edit replaced one that its author had not
seen. New names are marks, too.
"""

from __future__ import annotations

import io
import random
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from holdall import cli
from holdall.cli.context import Context
from holdall.cli.output import Output
from holdall.cli.parser import parse
from holdall.collection import Manifest, ManifestArtifact, ManifestComposite
from holdall.collection.manifest.reader import parse as parse_manifest
from holdall.config import Config
from holdall.errors import HoldallError
from holdall.plugins.manager import load_plugins
from integration.team.scheduler import Fault, current

MARK = re.compile(r"^mark: (\S+)\nafter: (\S+)$", re.MULTILINE)


class _Working(threading.local):
    """Who works in this thread."""

    name = "nobody"


_working = _Working()


def present_user() -> str:
    """Return whose command is being run, as whoever signs changes asks."""
    return _working.name


class Quiet(Output):
    """Keeps what a command says."""

    def __init__(self) -> None:
        super().__init__(stream=io.StringIO())
        self.said: list[str] = []

    def note(self, text: str) -> None:
        """Keep a note."""
        self.said.append(text)


@dataclass
class Try:
    """A command and what became of it.

    `status` is None if the machine was killed in it; the folder stood at `base` and `release`
    then; `met` says whether others worked in the middle of it; `marks` are names and marks
    that it should bring into the chain.
    """

    author: str
    words: tuple[str, ...]
    status: int | None = None
    error: HoldallError | None = None
    faults: tuple[Fault, ...] = ()
    said: tuple[str, ...] = ()
    base: str | None = None
    release: int | None = None
    marks: tuple[str, ...] = ()
    met: bool = False
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the command and its end in a line."""
        ends = [f"ended with {self.status} at release {self.release}", *self.faults]
        ends += [f"{type(self.error).__name__}: {self.error}"] if self.error else []
        return f"{self.author}: {' '.join(self.words)} {[*self.marks]}: {', '.join(ends)}"

    @property
    def is_done(self) -> bool:
        """Whether the machine's user was told that it is done."""
        return self.status in (0, 1)

    @property
    def is_open(self) -> bool:
        """Whether it may be done or not: its user was not told, or told that it is unknown."""
        return self.status is None or (not self.is_done and bool(self.faults))


class Machine:
    """A folder of a collection, and somebody who works in it."""

    def __init__(
        self, name: str, folder: Path, url: str, rng: random.Random, story: list[Try]
    ) -> None:
        self.name, self.folder, self.rng = name, folder, rng
        self.config = Config(folder, url)
        self.plugins = load_plugins(self.config, Output(quiet=True))
        self.tries: list[Try] = []
        self.story = story
        self.typed: set[str] = set()
        self.released: set[str] = set()
        self.overruled: set[str] = set()
        self._count = 0

    def close(self) -> None:
        """End the plugins of this machine."""
        self.plugins.close()

    # -- what the machine's folder says

    def manifest(self) -> Manifest:
        """Read the manifest."""
        return parse_manifest((self.folder / "manifest.toml").read_text(), "manifest.toml")

    def files(self) -> dict[Path, str]:
        """Return the text of each skill by its folder."""
        return {p.parent: p.read_text() for p in sorted(self.folder.glob("skills/*/SKILL.md"))}

    def marks(self) -> list[str]:
        """Return the marks in the folder that are this machine's and not collected."""
        found = [match[1] for text in self.files().values() if (match := MARK.search(text))]
        return [mark for mark in found if mark in self.typed]

    # -- commands

    def run(self, *words: str, marks: Sequence[str] = ()) -> Try:
        """Run a command as the machine's user would, and look at what it came to."""
        done = Try(self.name, words, marks=tuple(marks))
        self.tries.append(done)
        self.story.append(done)
        _working.name = self.name
        task, out = current(), Quiet()
        if task is not None:
            task.faults, task.is_killed, task.may_fail, task.meetings = [], False, True, 0
        try:
            done.status = self._run(list(words), out)
        except KeyboardInterrupt:  # killed: the fence raises one of its own
            pass
        except HoldallError as error:
            done.status, done.error = error.exit_status, error
        finally:
            if task is not None:
                task.may_fail = False
                done.faults, done.met = tuple(task.faults), task.meetings > 0
                if task.is_killed:
                    done.status, task.is_killed = None, False
        done.said = tuple(out.said)
        if done.status is not None:
            manifest = self.manifest()
            done.base, done.release = manifest.base, manifest.release
        return done

    def _run(self, words: list[str], out: Quiet) -> int:
        parsed = parse(words, self.plugins, words[0], out)
        context = Context(self.config, self.plugins, out, False)
        with self.plugins.command():
            return cli._status(parsed, context) or (1 if out.warnings else 0)

    def work(self, count: int) -> None:
        """Do so many things, one after the other."""
        for _ in range(count):
            self.rng.choices([act for act, _ in _ACTS], [weight for _, weight in _ACTS])[0](self)

    def new_mark(self) -> str:
        """Return a name that nobody else gives."""
        self._count += 1
        return f"{self.name}-{self._count}"

    def write(self, place: Path) -> str:
        """Write a mark onto the one that is there."""
        file, mark = place / "SKILL.md", self.new_mark()
        text = file.read_text() if file.exists() else None
        old = MARK.search(text) if text else None
        head = text.split("mark: ")[0] if text else f"---\nname: {place.name}\n---\n"
        place.mkdir(parents=True, exist_ok=True)
        after = old[1] if old and old[1] not in self.typed else old[2] if old else "-"
        file.write_text(f"{head}mark: {mark}\nafter: {after}\n")
        self.typed.add(mark)
        if old and old[1] in self.overruled:
            self.overruled.add(mark)
        return mark

    def any_artifact(self) -> ManifestArtifact | None:
        """Return an artifact at random."""
        artifacts = self.manifest().artifacts
        return self.rng.choice(artifacts) if artifacts else None

    def any_composite(self) -> ManifestComposite | None:
        """Return a composite at random."""
        composites = self.manifest().composites
        return self.rng.choice(composites) if composites else None


# -- what somebody does: each runs one command at most, and looks at the folder afterwards


def _collect(machine: Machine) -> None:
    done = machine.run("collect", marks=machine.marks())
    if done.is_done:
        # What a killed collect may have released, others may have edited since.
        own = {*done.marks} - machine.released
        _expect(done, own <= {*machine.marks()}, "an edit is lost from the folder")
        machine.typed.difference_update(done.marks)
    elif done.is_open:
        machine.released.update(done.marks)


def _edit(machine: Machine) -> None:
    for place in machine.rng.sample(sorted(machine.files()), min(1, len(machine.files()))):
        machine.write(place)
    if machine.rng.random() < 0.8:
        _collect(machine)


def _new(machine: Machine) -> None:
    machine.write(machine.folder / "skills" / machine.new_mark())
    _collect(machine)


def _delete(machine: Machine) -> None:
    files = machine.files()
    if len(files) > 2:
        shutil.rmtree(machine.rng.choice(sorted(files)))
        _collect(machine)


def _move(machine: Machine) -> None:
    files = machine.files()
    if files:
        place = machine.rng.choice(sorted(files))
        place.rename(place.with_name(machine.new_mark()))
        _collect(machine)


def _rename(machine: Machine) -> None:
    artifact = machine.any_artifact()
    if artifact is None:
        return
    mark = machine.new_mark()
    done = machine.run("rename", str(artifact.id), mark, marks=[mark])
    names = [entry.id.name for entry in machine.manifest().artifacts]
    if done.is_done:
        _expect(done, mark in names, "the new name is not in the manifest")


def _remove(machine: Machine) -> None:
    artifact = machine.any_artifact()
    if artifact is None or len(machine.manifest().artifacts) < 3:
        return
    done = machine.run("remove", str(artifact.id))
    uuids = [entry.uuid for entry in machine.manifest().artifacts]
    if done.is_done:
        _expect(done, artifact.uuid not in uuids, "it is still there")


def _create(machine: Machine) -> None:
    artifact = machine.any_artifact()
    mark = machine.new_mark()
    members = ["--member", str(artifact.id)] if artifact else []
    done = machine.run("composite", "create", mark, *members, marks=[mark])
    names = [entry.id.name for entry in machine.manifest().composites]
    if done.is_done:
        _expect(done, mark in names, "the composite is not there")


def _member(machine: Machine) -> None:
    composite, artifact = machine.any_composite(), machine.any_artifact()
    if composite is None or artifact is None:
        return
    name = composite.id.name
    member = machine.rng.choice(composite.members) if composite.members else None
    acts: list[tuple[str, ...]] = [("composite", "add", name, str(artifact.id))]
    if member is not None:
        acts.append(("composite", "remove", name, str(member.id)))
        acts.append(("composite", "pin", name, str(member.id), "1"))
        acts.append(("composite", "unpin", name, str(member.id)))
        last = [str(m.id) for m in composite.members[::-1]]
        acts.append(("composite", "reorder", name, *last))
    words = machine.rng.choice(acts)
    done = machine.run(*words)
    after = [c for c in machine.manifest().composites if c.uuid == composite.uuid]
    if done.is_done:
        uuids = {m.uuid: m for c in after for m in c.members}
        _expect(done, bool(after), "the composite is gone")
        match words[1]:
            case "add":
                _expect(done, artifact.uuid in uuids, "the member is not there")
            case "remove" if member:
                _expect(done, member.uuid not in uuids, "the member is still there")
            case "pin" if member:
                _expect(done, bool(uuids[member.uuid].pin), "the member has no pin")
            case "unpin" if member:
                _expect(done, not uuids[member.uuid].pin, "the member has a pin")


def _undo(machine: Machine) -> None:
    machine.run(machine.rng.choice(["undo", "undo", "redo"]))


def _pull(machine: Machine) -> None:
    side = machine.rng.choice([(), (), ("--ours",), ("--theirs",)])
    done = machine.run("pull", *side)
    if side == ("--ours",) and not done.error:
        machine.overruled.update(machine.marks())


def _type(machine: Machine) -> None:
    """Write a description into the manifest by hand."""
    path = machine.folder / "manifest.toml"
    text = path.read_text()
    place = text.find("[[composites]]\n")
    if place < 0 or "description =" in text:
        return
    place += len("[[composites]]\n")
    path.write_text(f'{text[:place]}description = "{machine.new_mark()}"\n{text[place:]}')


def _look(machine: Machine) -> None:
    words = machine.rng.choice([("log",), ("list",), ("doctor",)])
    task = current()
    if task is not None:
        task.is_alone = words == ("doctor",)  # it binds models, for the whole program
    machine.run(*words)
    if task is not None:
        task.is_alone = False


def _expect(done: Try, holds: bool, what: str) -> None:
    if not holds:
        done.problems.append(f"{done.author}: {' '.join(done.words)}: {what}")


_ACTS: list[tuple[Callable[[Machine], None], int]] = [
    (_edit, 5),
    (_new, 2),
    (_delete, 1),
    (_move, 2),
    (_rename, 4),
    (_remove, 2),
    (_create, 2),
    (_member, 5),
    (_undo, 2),
    (_pull, 3),
    (_type, 1),
    (_look, 1),
]
