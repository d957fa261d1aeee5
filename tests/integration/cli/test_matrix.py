"""Every command on what every other command left: no traceback, a documented status, all sound.

The commands come from the parser: one without a row here fails a test.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import runs
from documents import check_document, validator
from e2e.kit import SAMPLE, Kit, in_this_process, tree
from holdall.cli.documents import FILES, schema_of
from holdall.cli.parser import CommandParser, Root, known_commands, parser_of
from holdall.config import Config
from holdall.plugins.manager import load_plugins
from holdall.testing import make_skill

pytestmark = pytest.mark.integration

# Each as `holdall --help` has it, with words that do something in `world`.
READERS = {
    "outdated": "--to {project}",
    "why": "plain-prose --to {project}",
    "scan": "{source}",
    "lint": "{source}",
    "list": "",
    "search": "prose",
    "show": "skill:plain-prose",
    "status": "--to {project}",
    "plugins": "",
    "watch": "--dry-run --to {project}",
    "help": "deploy",
    "completion": "bash",
    "composite show": "mine",
    "composite list": "",
    "tree": "mine",
    "associations": "plain-prose",
    "versions": "plain-prose",
    "diff": "plain-prose --to {project}",
    "log": "",
    "doctor": "",
    "db current": "",
    "db history": "",
    "db check": "",
    "db sql": "",
    "db roles": "--database postgresql://admin@db.example/holdall",
}
WRITERS = {
    "add": "{source} --skill late --to {project}",
    "drop": "late --to {project}",
    "sync": "--to {project}",
    "update": "--to {project}",
    "init": "{folder}/fresh",
    "new": "skill fresh",
    "collect": "{source} --on-conflict take",
    "rename": "plain-prose clear-prose",
    "remove": "agent:editor --force",
    "deploy": "mine composite:writing --to {project}",
    "undeploy": "mine --to {project}",
    "adopt": "plain-prose --from {project}",
    "composite create": "another --member changelog",
    "composite add": "mine agent:librarian",
    "composite remove": "mine changelog",
    "composite reorder": "mine changelog",
    "composite pin": "mine plain-prose 0",
    "composite unpin": "mine plain-prose",
    "composite delete": "mine",
    "restore": "plain-prose 0",
    "undo": "2",
    "redo": "",
    "pull": "",
    "git-merge": "{folder}/kit/manifest.toml {folder}/kit/manifest.toml {folder}/kit/manifest.toml",
    "site": "--to {folder}/site",
    "publish": "--to {folder}/published",
    "clone": "{folder}/kit/.holdall/holdall.db {folder}/cloned",
    "purge": "",
    "rebuild": "--force",
    "export": "composite:writing --to {folder}/exported --force",
    "db upgrade": "",
    "db downgrade": "0005 --lose-data",
    "db stamp": "0011",
    "db revision": "add_notes --to {folder}",
    "db backup": "",
    "db trust": "",
}
STATUSES = {0, 1, 2, 3, 4, 5}
# How many of the others come after each: all of them in `make long`.
SAMPLED = runs.examples(2)


def commands() -> Iterator[str]:
    """Yield every command and each action of those that have some, as the parser knows them."""
    plugins = load_plugins(Config())
    known, _ = known_commands(plugins)
    subparsers = Root(known).add_subparsers(parser_class=CommandParser)
    for name, command in known.items():
        parser = parser_of(command, plugins, subparsers)
        actions = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        yield from (f"{name} {inner}" for action in actions for inner in action.choices)
        if not actions:
            yield name


def test_every_command_has_a_row() -> None:
    """A new command is in the matrix, or this fails."""
    assert set(commands()) == READERS.keys() | WRITERS.keys()


class World:
    """A collection with a history, a project with an edit, a source with changes; in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "world"
        self.folder.mkdir()
        self.kit = Kit(in_this_process, self.folder)
        kit, source = self.kit, self.folder / "source"
        shutil.copytree(SAMPLE, source)
        kit.run("init", kit.collection)
        kit.run("collect", source)
        kit.run("composite", "create", "mine", "--member", "plain-prose", "--member", "changelog")
        kit.run("composite", "pin", "mine", "plain-prose")
        kit.deploy("mine", "agent:reviewer")
        make_skill(source / "plugins/writing", "plain-prose", "newer")
        kit.run("collect", source)
        make_skill(source / "plugins/writing", "plain-prose", "newest")
        make_skill(source, "late")
        kit.run("remove", "agent:reviewer", status=None)
        kit.run("rename", "skill:meeting-notes", "notes")
        kit.run("undo")
        with (kit.project / ".claude/skills/plain-prose/SKILL.md").open("a") as file:
            file.write("edited\n")
        self.keep("new")

    def run(self, name: str) -> tuple[int, str]:
        """Run a command of the matrix; return its status and all that it printed."""
        done = self.kit.command(*self.words(name))
        return done.returncode, done.stdout + done.stderr

    def words(self, name: str) -> list[str]:
        """Return a row of the matrix as the words of its command line."""
        places = {"folder": self.folder, "project": self.kit.project}
        words = (READERS | WRITERS)[name].format(source=self.folder / "source", **places)
        return [*name.split(), *words.split()]

    def keep(self, name: str) -> None:
        """Keep the world as it is now, under a name."""
        shutil.rmtree(self.folder.with_name(name), ignore_errors=True)
        shutil.copytree(self.folder, self.folder.with_name(name), symlinks=True)

    def go_back(self, name: str) -> None:
        """Make the world what it was when it was kept under a name."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.folder.with_name(name), self.folder, symlinks=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all; each test makes it new again."""
    folder = tmp_path_factory.mktemp("matrix")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.chdir(folder)
        yield World(folder)


def complaints(world: World, name: str) -> list[str]:
    """Run a command and return what is wrong with how it ended."""
    status, printed = world.run(name)
    wrong = [] if status in STATUSES else [f"status {status}"]
    return wrong + [text for text in ("Traceback", "report this to") if text in printed]


def test_every_document_is_what_its_schema_says(world: World) -> None:
    """Each command names a document, and prints it, or that of an error, with `--json`.

    A new command names it where it is registered: `Command(..., documents="module:VARIABLE")`.
    """
    wrong: dict[str, list[str]] = {}
    seen: set[str] = set()
    for name in READERS | WRITERS:
        if validator(name) is None:
            wrong[name] = ["no document"]
            continue
        world.go_back("new")
        words = world.words(name)
        done = world.kit.command(*words, "--json")
        printed = json.loads(done.stdout)
        assert printed.pop("schema_version") == 1
        assert ("error" in printed) == (done.returncode > 1), name
        try:
            check_document(words, printed)
        except AssertionError as error:
            wrong[name] = [str(error)]
        for folder in (world.kit.collection, world.kit.project):
            for file in FILES:
                if (folder / file.name).exists():
                    read = tomllib.loads((folder / file.name).read_text())
                    schema = schema_of(file.form, file.name, is_closed=True)
                    Draft202012Validator(schema).validate(read)
                    seen.add(file.name)
    assert wrong == {}
    assert seen == {file.name for file in FILES}
    done = world.kit.command("show", "nothing", "--json")
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["exit_status"]) == ("not-found", 4)
    assert error["message"] in done.stderr
    world.go_back("new")


def findings(world: World) -> list[str]:
    """Return what `doctor` still finds once the next change of the collection is done."""
    if world.kit.command("doctor").returncode == 0:
        return []
    world.run("collect")
    found = json.loads(world.kit.command("doctor", "--json").stdout)["findings"]
    return [f"{finding['code']} {finding['subject']}: {finding['message']}" for finding in found]


def others(first: int, names: list[str]) -> list[str]:
    """Return the commands that are tried after command number `first`: each after some of them."""
    step = max(1, len(names) // SAMPLED)
    return names if step == 1 else names[first % step :: step]


@pytest.mark.parametrize("first", WRITERS)
def test_each_command_after_another(world: World, first: str) -> None:
    """A reader changes nothing; after a writer all is sound, or the next collect makes it so."""
    world.go_back("new")
    number = list(WRITERS).index(first)
    wrong = {first: complaints(world, first)}
    before = tree(world.folder)
    for name in others(number, list(READERS)):
        wrong[name] = complaints(world, name)
    if first != "db downgrade":  # then the first one upgrades the tables
        assert tree(world.folder) == before
    world.keep("after")
    for name in others(number, list(WRITERS)):
        wrong[f"{name} "] = complaints(world, name)
        # Old versions cannot come back, and so it says: a pin to one is a finding.
        lost = "pin-unknown" if "rebuild" in (first, name) else None
        wrong[f"{name} "] += [
            found for found in findings(world) if not found.startswith(lost or "-")
        ]
        world.go_back("after")
    assert {name: told for name, told in wrong.items() if told} == {}
