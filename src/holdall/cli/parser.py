"""The command line: options for all commands, and the parser of the one named.

A parser costs half a millisecond and there are some forty of them, so no other one is built.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from holdall import __version__
from holdall.cli import commands
from holdall.errors import UsageError
from holdall.formats.escape import escape_text

if TYPE_CHECKING:
    from holdall.plugins.commands import Command
    from holdall.plugins.manager import Plugins
    from holdall.reporter import Reporter


_ANY_WIDTH = 80
_CHOSEN = "the command"
"""Where the command's name is kept: no argument of a command can be called like this."""


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

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End the command: its help or version is printed."""
        try:
            super().exit(status, message)
        except SystemExit as end:
            raise Finished(status) from end

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"`{self.prog} --help` shows how to use it")


class Finished(SystemExit):
    """The help or the version was asked for and has been printed."""


class _CommandParser(_Parser):
    """A command's parser: takes the general options too."""

    def __init__(self, **options: Any) -> None:
        shared = _global_options(default=argparse.SUPPRESS)
        super().__init__(parents=[shared], allow_abbrev=False, **options)


def early_options(words: Sequence[str]) -> tuple[argparse.Namespace, str | None]:
    """Return the options that are needed to load plugins, and the command if it is plain."""
    options, rest = _global_options(default=None).parse_known_args(words)
    return options, rest[0] if rest and not rest[0].startswith("-") else None


def parse(
    words: Sequence[str], plugins: Plugins, command: str | None, reporter: Reporter
) -> Parsed:
    """Read the command line; raises UsageError.

    `command` is the one that was named, None where that is not plain: then those of all words that
    are commands have a parser, and what is wrong is found while parsing.
    """
    known, warnings = known_commands(plugins)
    for warning in warnings:
        reporter.note(warning)
    if command is not None and command not in known:
        raise UsageError(
            f"no command {command!a}; the commands are {', '.join(known)}",
            hint="`holdall --help` says what each one does",
        )
    names = known.keys() & ({command} if command is not None else set(words))
    root = _Root(known)
    subparsers = root.add_subparsers(
        prog="holdall",  # else it is worked out by laying out the help
        dest=_CHOSEN,
        metavar="COMMAND",
        required=True,
        parser_class=_CommandParser,
        help=argparse.SUPPRESS,
    )
    for name in sorted(names):
        parser_of(known[name], plugins, subparsers)

    def step() -> argparse.Namespace | Finished:
        try:
            return root.parse_args(words)
        except Finished as end:
            return end

    owner = known[command].plugin if command is not None else None
    args = step() if owner is None else plugins.run_command(owner, str(command), step)
    if isinstance(args, Finished):
        raise args
    chosen = known[getattr(args, _CHOSEN)]
    return Parsed(args, chosen.plugin, chosen.command)


class Known(NamedTuple):
    """A command, and the plugin that it is of; None for a built-in one."""

    plugin: str | None
    command: Command


class Parsed(NamedTuple):
    """The arguments of the command line, and the plugin that has the command."""

    args: argparse.Namespace
    plugin: str | None
    command: Command


def known_commands(plugins: Plugins) -> tuple[dict[str, Known], list[str]]:
    """Return all commands by name, and warnings about those that are left out."""
    found, warnings = plugins.commands(commands.BUILT_IN)
    known = {name: Known(None, command) for name, command in commands.BUILT_IN.items()}
    return known | {name: Known(*owned) for name, owned in found.items()}, warnings


def parser_of(known: Known, plugins: Plugins, subparsers: Any) -> argparse.ArgumentParser:
    """Add the parser of a command; raises PluginError if its plugin fails."""
    command = known.command
    parser: argparse.ArgumentParser = subparsers.add_parser(
        command.name, description=f"{command.summary[:1].upper()}{command.summary[1:]}."
    )
    step = partial(command.configure, parser)
    if known.plugin is None:
        step()
    else:
        plugins.run_command(known.plugin, command.name, step, prints=False)
    return parser


def _global_options(default: object) -> argparse.ArgumentParser:
    """Return the options that every command takes, before or after its name."""
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
    talk.add_argument("--verbose", "-v", action="store_true", default=default, help="print more")
    return options


class _Root(_Parser):
    """The parser of the whole line; its help lists the commands, of which it builds one at most."""

    def __init__(self, known: Mapping[str, Known]) -> None:
        super().__init__(
            prog="holdall",
            usage="holdall [OPTION ...] COMMAND ...",
            description="Collect static artifacts for coding agents and deploy them into projects.",
            parents=[_global_options(default=None)],
            allow_abbrev=False,
        )
        self.add_argument("--version", "-V", action="version", version=f"holdall {__version__}")
        self._known = known

    def format_help(self) -> str:
        """Return the help, with the commands under the headings of their groups."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, known in self._known.items():
            groups.setdefault(known.command.group, []).append((name, known.command.summary))
        formatter = argparse.HelpFormatter("holdall", indent_increment=4, max_help_position=30)
        for group, rows in groups.items():
            formatter.start_section(escape_text(group))
            formatter.add_arguments(
                [_Row(name, escape_text(summary).replace("%", "%%")) for name, summary in rows]
            )
            formatter.end_section()
        return f"{super().format_help()}\n{formatter.format_help()}"


class _Row(argparse.Action):
    """A line of the help: a command and its summary."""

    def __init__(self, name: str, summary: str) -> None:
        super().__init__((), dest="", metavar=name, help=summary)
