"""The command line: only the parser of the named command is built, and nobody notices."""

from __future__ import annotations

import argparse
import re
import shlex
from typing import Any, NoReturn

import pytest

from holdall.cli import parser
from holdall.cli.help.root import GROUPS
from holdall.config import Config
from holdall.errors import PluginError, UsageError
from holdall.plugins import Command
from holdall.plugins.manager import Plugins, load_plugins
from holdall.reporter import Reporter
from host_factories import make_plugin, plugins_of

pytestmark = pytest.mark.unit

CONFIG = Config()


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """The installed plugins."""
    return load_plugins(CONFIG)


def help_of(words: str, plugins: Plugins, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a line that asks for help prints."""
    with pytest.raises(SystemExit) as caught:
        parse(words.split(), plugins)
    assert caught.value.code == 0
    return capsys.readouterr().out


def parse(words: list[str], plugins: Plugins) -> parser.Parsed:
    """Read a command line."""
    return parser.parse(words, plugins, parser.early_options(words)[1], Reporter())


def names() -> list[str]:
    """Return the names of all commands, of Holdall and of the plugin that comes with it."""
    return list(parser.known_commands(load_plugins(CONFIG))[0])


def test_help_lists_all_commands_by_group(
    plugins: Plugins, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each under its heading, with its summary, and no parser of one is built."""
    text = help_of("--help", plugins, capsys)
    assert all(f"\n  {name} " in text for name in names())
    assert "\ncomposites:\n  composite " in text
    assert text.index("\nprojects:") < text.index("  deploy ") < text.index("\ncollection:")


@pytest.mark.parametrize("name", names())
def test_only_the_parser_of_the_command_is_built(
    plugins: Plugins,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And its help shows what it does and the general options."""
    built: list[str] = []
    real = parser.parser_of

    def build(known: parser.Known, *rest: Any) -> argparse.ArgumentParser:
        built.append(known.command.name)
        return real(known, *rest)

    monkeypatch.setattr(parser, "parser_of", build)
    text = help_of(f"{name} --help", plugins, capsys)
    assert text.startswith(f"usage: holdall {name}")
    assert "--collection DIR" in text
    assert built == [name]
    assert all(
        f"  {line}\n" in text for line in parser.known_commands(plugins)[0][name].command.examples
    )


@pytest.mark.parametrize("columns", [60, 200])
def test_help_is_as_wide_as_the_terminal(
    plugins: Plugins,
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also if that is wider or narrower than what nobody sees."""
    monkeypatch.setenv("COLUMNS", str(columns))
    laid_out = help_of("deploy --help", plugins, capsys).partition("\nexamples:")[0]
    longest = max(map(len, laid_out.split("\n")))
    assert columns * 0.7 < longest < columns


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("deploy x --to y", "deploy"),
        ("--collection scan list", "list"),
        ("--json -q list", "list"),
        ("--collection=x list", "list"),
        ("--help deploy", None),
        ("--nonsense deploy", None),
        ("", None),
    ],
)
def test_the_command_is_found_behind_options(line: str, found: str | None) -> None:
    """What an option takes is not the command; where it is not clear, all are built."""
    assert parser.early_options(line.split())[1] == found


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("depoly", "`holdall deploy` ("),
        ("composit", "`holdall composite` ("),
        ("ls", "`holdall list` ("),
        ("rm", "`holdall remove` ("),
        ("info", "`holdall show` ("),
        ("install", "`holdall deploy` ("),
        ("qwertz", "`holdall --help` lists"),
        ("deploy x --tragte y", "--target?"),
        ("composite crate x", "create?"),
        ("composite create x --membr y", "--member?"),
        ("collect x --on-conflict fial", "fail?"),
        ("show a b", "`holdall show --help`"),
    ],
)
def test_what_was_meant_is_suggested(plugins: Plugins, words: str, meant: str) -> None:
    """A slip of the finger, and what other tools call it, are answered with our word for it."""
    with pytest.raises(UsageError) as caught:
        parse(words.split(), plugins)
    assert meant in str(caught.value.hint)


@pytest.mark.slow
def test_every_command_helps(plugins: Plugins, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has a group, and each action an example that can be parsed; each argument a help.

    A new command names its examples where it is registered: `Command(..., examples=(...))`.
    """
    known, _ = parser.known_commands(plugins)
    for name, one in known.items():
        assert one.command.group in GROUPS, name
        for built in parser.with_actions(parser.help_of([name], plugins)):
            actions = [a for a in built._actions if not isinstance(a, argparse._SubParsersAction)]
            assert built.examples or len(actions) < len(built._actions), f"{built.prog}: no example"
            for action in actions:
                assert action.help, f"{built.prog}: {action.dest} has no help"
                for option in ("target", "type"):
                    if f"--{option}" in action.option_strings and action.metavar == option.upper():
                        assert f"%({option}s)s" in action.help, f"{built.prog} --{option}"
                    assert f"--{option}" not in action.option_strings or action.metavar != "NAME"
        for line in one.command.examples:
            assert len(line) <= 78, line
            program, *words = shlex.split(line.partition(" > ")[0], comments=True)
            assert (program, parse(words, plugins).command.name) == ("holdall", name), line


def test_help_names_the_values(plugins: Plugins, capsys: pytest.CaptureFixture[str]) -> None:
    """Targets and types are listed where one is chosen, variables beside the options."""
    assert "claude, " in help_of("deploy --help", plugins, capsys)
    assert "agent, command" in help_of("list --help", plugins, capsys)
    assert "[$HOLDALL_COLLECTION]" in help_of("list --help", plugins, capsys)


def test_coloured_help_has_the_same_text(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Colours are all that FORCE_COLOR adds, and NO_COLOR takes them away."""
    monkeypatch.setenv("COLUMNS", "80")
    for words in ("--help", "deploy --help", "composite --help", "composite create --help"):
        monkeypatch.delenv("NO_COLOR", raising=False)
        plain = help_of(words, plugins, capsys)
        assert max(map(len, plain.split("\n"))) <= 80
        monkeypatch.setenv("FORCE_COLOR", "1")
        coloured = help_of(words, plugins, capsys)
        assert "\x1b[" in coloured
        assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain
        monkeypatch.setenv("NO_COLOR", "1")
        assert help_of(words, plugins, capsys) == plain
        monkeypatch.delenv("FORCE_COLOR")


def command(name: str, **functions: Any) -> Command:
    """Return a command that adds nothing and does nothing, but for these functions."""
    does = {"configure": lambda parser: None, "run": lambda context, args: 0, **functions}
    return Command(name, f"do {name}", "mine", **does)


def with_commands(*answers: Any) -> Plugins:
    """Return plugins of which each registers one of these."""
    return plugins_of(*(make_plugin(register_commands=lambda a=a: a) for a in answers))


@pytest.mark.parametrize("words", [["list"], ["deploy", "x"], ["fly"]])
def test_a_plugin_cannot_take_a_name(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A built-in command's or another plugin's stays with it; its other commands are there."""
    plugins = with_commands([command("deploy"), command("fly")], [command("fly")])
    assert parse(words, plugins).plugin == ("p2" if words == ["fly"] else None)
    err = capsys.readouterr().err
    assert "the command 'deploy' exists already; that of plugin p1 is left out" in err
    assert "the command 'fly' exists already; that of plugin p1 is left out" in err


@pytest.mark.parametrize(
    "answer",
    [
        3,
        [None, "deploy"],
        [command("Fly")],
        [command("fly --now")],
        [Command("fly", "s", "g", None, None)],  # type: ignore[arg-type]
        (value for value in [1]),
    ],
)
def test_what_is_not_a_command_is_left_out(
    answer: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a warning that names the plugin."""
    assert parse(["list"], with_commands(answer)).command.name == "list"
    assert "plugin p1 registered" in capsys.readouterr().err


def test_a_plugin_whose_command_cannot_be_parsed_is_named() -> None:
    """An exception of its `configure`, or of a type of its arguments, ends in our error."""

    def leave(*_: object) -> NoReturn:
        raise SystemExit(0)

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("word", type=leave)

    for configure in (leave, add):
        plugins = with_commands([command("fly", configure=configure)])
        with pytest.raises(PluginError, match="plugin p1 failed in the command 'fly': SystemExit"):
            parse(["fly", "high"], plugins)


def test_the_general_options_go_anywhere(plugins: Plugins) -> None:
    """Before the command and behind it."""
    for line in ("--json --collection x list", "list --json --collection x"):
        words = line.split()
        args = parse(words, plugins).args
        assert (args.json, args.collection) == (True, "x")
