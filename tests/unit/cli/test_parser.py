"""The command line: only the parser of the named command is built, and nobody notices."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from holdall.cli import commands, parser
from holdall.config import Config
from holdall.errors import UsageError
from holdall.plugins import hookimpl
from holdall.plugins.manager import PluginRecord, Plugins, PluginStatus, load_plugins
from holdall_composites_hooks import commands as plugin_commands

pytestmark = pytest.mark.unit

CONFIG = Config()


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """The installed plugins."""
    return load_plugins(CONFIG)


def parsers(plugins: Plugins, wanted: str | None) -> dict[str, argparse.ArgumentParser]:
    """Return the commands' parsers by name."""
    return parser._parser(plugins, wanted)[1]


def every_name() -> Iterator[str]:
    """Yield all commands, of Holdall and of the plugin that comes with it."""
    yield from commands.BUILT_IN
    for names in plugin_commands._MODULES.values():
        yield from sorted(names)


@pytest.fixture(scope="module")
def together(plugins: Plugins) -> dict[str, argparse.ArgumentParser]:
    """The parsers of all commands."""
    return parsers(plugins, None)


def test_every_command_is_known_by_name(together: dict[str, argparse.ArgumentParser]) -> None:
    """The tables that say where a command is leave none out."""
    assert set(every_name()) <= set(together)


@pytest.mark.parametrize("name", list(every_name()))
def test_a_command_looks_the_same_alone(
    plugins: Plugins, together: dict[str, argparse.ArgumentParser], name: str
) -> None:
    """Its help does not depend on the others being there."""
    alone = parsers(plugins, name)
    assert alone[name].format_help() == together[name].format_help()
    assert len(alone) <= 3


@pytest.mark.parametrize("columns", [60, 200])
def test_help_is_as_wide_as_the_terminal(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """Also if that is wider or narrower than what nobody sees."""
    monkeypatch.setenv("COLUMNS", str(columns))
    longest = max(map(len, parsers(plugins, "deploy")["deploy"].format_help().split("\n")))
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


def test_a_wrong_command_is_answered_with_all_that_there_are(plugins: Plugins) -> None:
    """A slip of the finger shows the choices, the plugin's too."""
    with pytest.raises(UsageError) as caught:
        parser.parse(["depoly"], plugins, "depoly")
    assert "deploy" in caught.value.message
    assert "composite" in caught.value.message


@pytest.mark.parametrize("wanted", [None, "list", "deploy"])
def test_a_plugin_cannot_take_a_built_in_name(
    wanted: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where that command's own parser was left out, its commands are refused with a word."""

    class Greedy:
        @hookimpl
        def holdall_add_commands(self, subparsers: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
            subparsers.add_parser("deploy", help="mine")

    plugins = Plugins()
    plugins.add(PluginRecord("greedy", None, None, PluginStatus.LOADED), Greedy, CONFIG)
    found = parsers(plugins, wanted)
    assert ("deploy" in found) == (wanted in (None, "deploy"))
    assert "greedy adds no commands" in capsys.readouterr().err


def test_the_general_options_go_anywhere(plugins: Plugins) -> None:
    """Before the command and behind it."""
    for line in ("--json --collection x list", "list --json --collection x"):
        words = line.split()
        args = parser.parse(words, plugins, parser.early_options(words)[1])
        assert (args.json, args.collection) == (True, "x")
