"""The command line: options for all commands, and the parser of the one named.

A parser costs half a millisecond and there are some forty of them, so no other one is built.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from holdall import NamedTuple, __version__
from holdall.cli import commands
from holdall.errors import UsageError

if TYPE_CHECKING:
    from holdall.plugins.commands import Command
    from holdall.plugins.manager import Plugins
    from holdall.reporter import Reporter


# It looks for a translation of each of its texts, of which Python brings none, in all languages.
argparse._ = str  # type: ignore[attr-defined]

_ANY_WIDTH = 80
_CHOSEN = "the command"
"""Where the command's name is kept: no argument of a command can be called like this."""


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage as our error, with the exit status that goes with it."""

    examples: tuple[str, ...] = ()
    plugins: Plugins | None = None

    def __init__(self, **options: Any) -> None:
        # One is made for each option that is added; to look for the width it would import shutil.
        options["formatter_class"] = partial(argparse.HelpFormatter, width=_ANY_WIDTH)
        super().__init__(**options)

    def format_help(self) -> str:
        """Return the help, as wide as the terminal."""
        from holdall.cli.help.formatter import command_help

        for action in self._actions:
            vars(action).update(self.names())
        return command_help(self, self.examples)

    def names(self) -> dict[str, str]:
        """Return what stands for `%(targets)s` and the like in the help of options."""
        plugins = self.plugins
        if plugins is None:
            return {}
        return {"targets": ", ".join(plugins.targets), "types": ", ".join(sorted(plugins.types))}

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End the command: its help or version is printed."""
        try:
            super().exit(status, message)
        except SystemExit as end:
            raise Finished(status) from end

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"`{self.prog} --help` shows how to use it")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raise UsageError for a value that is no choice, with the one that was probably meant."""
        if action.choices is None or value in action.choices:
            return
        from holdall.cli.help.suggestions import near_word

        choices = [str(choice) for choice in action.choices]
        what = "/".join(action.option_strings) or action.metavar or action.dest
        near = near_word(str(value), choices)
        raise UsageError(
            f"{self.prog}: {what} {value!a} is none of {', '.join(choices)}",
            hint=f"did you mean {near}?" if near else f"`{self.prog} --help` says what each does",
        )


class Finished(SystemExit):
    """The help or the version was asked for and has been printed."""


class CommandParser(_Parser):
    """A command's parser: takes the general options too."""

    def __init__(self, **options: Any) -> None:
        shared = _global_options(default=argparse.SUPPRESS)
        super().__init__(parents=[shared], allow_abbrev=False, **options)


class Early(NamedTuple):
    """What is known of a line before plugins are loaded: options, and the command if it is plain.

    `is_bare` is a line that names no command and asks for nothing.
    """

    options: argparse.Namespace
    command: str | None
    is_bare: bool


def early_options(words: Sequence[str]) -> Early:
    """Return the options that are needed to load plugins, and the command if it is plain."""
    options, rest = _global_options(default=None).parse_known_args(words)
    command = rest[0] if rest and not rest[0].startswith("-") else None
    return Early(options, command, not rest)


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
        from holdall.cli.help.suggestions import refuse_command

        raise refuse_command(command, {name: one.command.summary for name, one in known.items()})
    names = known.keys() & ({command} if command is not None else set(words))
    root = Root(known)
    subparsers = root.add_subparsers(
        prog="holdall",  # else it is worked out by laying out the help
        dest=_CHOSEN,
        metavar="COMMAND",
        required=True,
        parser_class=CommandParser,
        help=argparse.SUPPRESS,
    )
    for name in sorted(names):
        parser_of(known[name], plugins, subparsers)

    def step() -> argparse.Namespace | Finished:
        try:
            read: argparse.Namespace = root.parse_args(words)
            return read
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


def overview(options: argparse.Namespace) -> Parsed:
    """Return what runs where no command is named."""
    return Parsed(options, None, commands.OVERVIEW)


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
    for one in with_actions(parser):
        if isinstance(one, _Parser):
            one.plugins = plugins
            one.examples = tuple(
                line for line in command.examples if f"{line} ".startswith(f"{one.prog} ")
            )
    return parser


def with_actions(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a command's parser, and those of its actions (`composite create`)."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in dict.fromkeys(action.choices.values()):
                yield from with_actions(inner)


def help_of(words: Sequence[str], plugins: Plugins) -> argparse.ArgumentParser:
    """Return the parser that `holdall WORDS --help` prints; raises UsageError if there is none."""
    known, _ = known_commands(plugins)
    root = Root(known)
    if not words:
        return root
    if words[0] not in known:
        from holdall.cli.help.suggestions import refuse_command

        raise refuse_command(words[0], {name: one.command.summary for name, one in known.items()})
    subparsers = root.add_subparsers(prog="holdall", parser_class=CommandParser)
    parser = parser_of(known[words[0]], plugins, subparsers)
    wanted = f"holdall {' '.join(words)}"
    for one in with_actions(parser):
        if one.prog == wanted:
            return one
    raise UsageError(f"no command {' '.join(words)!a}", hint=f"see `holdall help {words[0]}`")


def _global_options(default: object) -> argparse.ArgumentParser:
    """Return the options that every command takes, before or after its name."""
    options = _Parser(add_help=False, allow_abbrev=False, argument_default=default)
    group = options.add_argument_group("general options")
    group.add_argument(
        "--collection", metavar="DIR", help="the collection to work on [$HOLDALL_COLLECTION]"
    )
    group.add_argument(
        "--database", metavar="URL", help="where its database is [$HOLDALL_DATABASE_URL]"
    )
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


class Root(_Parser):
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
        self.known = known

    def parse_args(self, words: Any = None, namespace: Any = None) -> Any:
        """Read a line; raises UsageError for words that the command does not take."""
        args, rest = self.parse_known_args(words, namespace)
        if rest:
            from holdall.cli.help.suggestions import refuse_words

            built = [one for one in with_actions(self) if set(one.prog.split()[1:]) <= set(words)]
            raise refuse_words(rest, built[-1])
        return args

    def format_help(self) -> str:
        """Return the help, with the commands under the headings of their groups."""
        from holdall.cli.help.root import root_help

        return root_help(self, {name: known.command for name, known in self.known.items()})
