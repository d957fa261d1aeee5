"""`holdall help`: what `--help` prints, and the whole command line as data."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from holdall.cli.context import Context


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "words", nargs="*", metavar="COMMAND", help="as in `composite create`; default: all"
    )


def run(context: Context, args: argparse.Namespace) -> int:
    """Print the help of a command, or of all."""
    from holdall.cli.parser import help_of

    if not context.out.json:
        context.out.write(help_of(args.words, context.plugins).format_help())
        return 0
    context.out.data({"commands": list(_find_commands(context, args.words))})
    return 0


def _find_commands(context: Context, words: list[str]) -> Iterator[dict[str, Any]]:
    """Yield each command and action, whose words begin with these."""
    from holdall.cli.help.root import by_group
    from holdall.cli.parser import help_of, known_commands, with_actions

    known, _ = known_commands(context.plugins)
    commands = {name: one.command for name, one in known.items()}
    wanted = help_of(words, context.plugins).prog if words else ""
    for group, found in by_group(commands).items():
        for command in found:
            if words and words[0] != command.name:
                continue
            for parser in with_actions(help_of([command.name], context.plugins)):
                if f"{parser.prog} ".startswith(f"{wanted} " if wanted else ""):
                    yield describe(parser, group, command.summary)


def describe(parser: argparse.ArgumentParser, group: str, summary: str) -> dict[str, Any]:
    """Return what a command takes, as `help --json` prints it."""
    from holdall.cli.parser import CommandParser

    names: dict[str, str] = parser.names() if isinstance(parser, CommandParser) else {}
    arguments = []
    for action in parser._actions:
        if action.help == argparse.SUPPRESS or isinstance(action, argparse._SubParsersAction):
            continue
        text = (action.help or "") % {**vars(action), **names, "prog": parser.prog}
        metavar = action.metavar or (None if action.nargs == 0 else action.dest.upper())
        arguments.append(
            {
                "options": list(action.option_strings),
                "metavar": metavar if isinstance(metavar, str) else None,
                "help": text,
                "choices": None if action.choices is None else [str(c) for c in action.choices],
                "is_required": action.required,
                "is_repeated": action.nargs in ("*", "+")
                or isinstance(action, argparse._AppendAction),
            }
        )
    return {
        "name": parser.prog.removeprefix("holdall "),
        "group": group,
        "summary": summary if parser.prog.count(" ") == 1 else "",
        "description": parser.description or summary,
        "examples": list(getattr(parser, "examples", ())),
        "arguments": arguments,
    }
