"""The words of the command line: options for all commands, and the parser of the one named.

A parser costs half a millisecond and there are some forty of them, so the others are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from holdall import __version__
from holdall.cli import commands
from holdall.errors import UsageError
from holdall.formats.escape import escaped

if TYPE_CHECKING:
    from holdall.plugins.manager import Plugins


_ANY_WIDTH = 80


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage as our error, with the exit status that goes with it."""

    def __init__(self, **options: Any) -> None:
        # One is made for each option that is added; to look for the width it would import shutil.
        options["formatter_class"] = partial(argparse.HelpFormatter, width=_ANY_WIDTH)
        super().__init__(**options)

    def format_help(self) -> str:
        """Return the help, as wide as the terminal."""
        self.formatter_class = argparse.HelpFormatter
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"`{self.prog} --help` shows how to use it")


class _CommandParser(_Parser):
    """A command's parser: takes the general options too."""

    def __init__(self, **options: Any) -> None:
        shared = _global_options(default=argparse.SUPPRESS)
        super().__init__(parents=[shared], allow_abbrev=False, **options)


class _Commands(argparse._SubParsersAction):  # type: ignore[type-arg]
    """Takes the commands' parsers. `wanted` is the only one that will be used, None for any."""

    wanted: str | None = None
    knows_built_in = False

    def add_parser(self, name: str, **options: Any) -> Any:
        """Add one; raises ArgumentError for the name of a built-in command, here or left out."""
        if self.knows_built_in and name in commands.BUILT_IN:
            raise argparse.ArgumentError(self, f"conflicting subparser: {name}")
        return super().add_parser(name, **options)


def early_options(words: Sequence[str]) -> tuple[argparse.Namespace, str | None]:
    """Return the options that are needed to load plugins, and the command if it is plain."""
    options, rest = _global_options(default=None).parse_known_args(words)
    return options, rest[0] if rest and not rest[0].startswith("-") else None


def parse(words: Sequence[str], plugins: Plugins, command: str | None) -> argparse.Namespace:
    """Read the command line; raises UsageError.

    What is not `command` has no parser, unless no command has that name.
    """
    parser, known = _parser(plugins, command)
    if command is not None and command not in known:
        parser, _ = _parser(plugins, None)
    return parser.parse_args(words)


def _global_options(default: object) -> argparse.ArgumentParser:
    """Return the options that every command takes, before or behind its name."""
    options = _Parser(add_help=False, allow_abbrev=False, argument_default=default)
    group = options.add_argument_group("general options")
    group.add_argument("--collection", metavar="DIR", help="the collection to work on")
    group.add_argument("--database", metavar="URL", help="where its database is")
    group.add_argument("--no-plugins", action="store_true", default=default, help="load no plugins")
    group.add_argument(
        "--json", action="store_true", default=default, help="print the result as JSON"
    )
    talk = group.add_mutually_exclusive_group()
    talk.add_argument(
        "--quiet", "-q", action="store_true", default=default, help="print errors only"
    )
    talk.add_argument("--verbose", "-v", action="store_true", default=default, help="tell more")
    return options


def _parser(
    plugins: Plugins, wanted: str | None
) -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Return the parser, and those of the commands by their names."""
    parser = _Parser(
        prog="holdall",
        description="Collect static artifacts for coding agents and deploy them into projects.",
        parents=[_global_options(default=None)],
        allow_abbrev=False,
    )
    parser.add_argument("--version", "-V", action="version", version=f"holdall {__version__}")
    subparsers: Any = parser.add_subparsers(
        prog="holdall",  # else it is worked out by laying out the help
        title="commands",
        dest="command",
        metavar="COMMAND",
        required=True,
        parser_class=_CommandParser,
        action=_Commands,
    )
    subparsers.wanted = wanted
    commands.add_to(subparsers, wanted)
    subparsers.knows_built_in = True
    for name, _, error in plugins.call_each("holdall_add_commands", subparsers=subparsers):
        if error is not None:
            print(f"warning: {escaped(error.message)}; {name} adds no commands", file=sys.stderr)
    return parser, subparsers.choices
