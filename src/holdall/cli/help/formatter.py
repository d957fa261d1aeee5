"""The layout of `--help`: argparse's own, coloured by rich-argparse where colours are wanted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from holdall.cli.colour import wants_colour

_GENERAL = ("help", "collection", "database", "no_plugins", "json", "quiet", "verbose", "version")
"""Arguments that every command takes, by the names that their values have."""
_HEADING, _PLAIN = "\x1b[1;36m", "\x1b[0m"


def help_formatter() -> type[argparse.HelpFormatter]:
    """Return what lays out help for standard output."""
    if not wants_colour(sys.stdout):
        return argparse.HelpFormatter
    from rich.console import Console
    from rich_argparse import RichHelpFormatter

    class Coloured(RichHelpFormatter):
        """The layout of argparse, and nothing in a text is markup."""

        group_name_formatter = str
        help_markup = text_markup = False
        styles: ClassVar = {
            **RichHelpFormatter.styles,
            "argparse.groups": "bold cyan",
            "argparse.args": "green",
            "argparse.metavar": "yellow",
            "argparse.prog": "bold",
        }

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, console=Console(force_terminal=True), **options)

    return Coloured


def command_help(parser: argparse.ArgumentParser, examples: Iterable[str]) -> str:
    """Return the help of a command: what only it takes first, what all take last."""
    general = [action for action in parser._actions if action.dest in _GENERAL]
    formatter = help_formatter()(parser.prog)
    own = [action for action in parser._actions if action not in general]
    exclusive = [g for g in parser._mutually_exclusive_groups if g._group_actions[0] in own]
    formatter.add_usage(parser.usage, own, exclusive)
    formatter.add_text(parser.description)
    for group in parser._action_groups:
        formatter.start_section(group.title)
        formatter.add_text(group.description)
        formatter.add_arguments([a for a in group._group_actions if a not in general])
        formatter.end_section()
    formatter.start_section("general options")
    formatter.add_arguments(general)
    formatter.end_section()
    return formatter.format_help() + section("examples", examples)


def section(heading: str, lines: Iterable[str]) -> str:
    """Return a section of help with these lines as they are; nothing without lines."""
    body = "".join(f"  {line}\n" for line in lines)
    if not body:
        return ""
    if wants_colour(sys.stdout):
        heading = f"{_HEADING}{heading}:{_PLAIN}"
        return f"\n{heading}\n{body}"
    return f"\n{heading}:\n{body}"


def rows(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return lines of two aligned columns."""
    width = max((len(left) for left, _ in pairs), default=0)
    return [f"{left:{width}}  {right}" for left, right in pairs]
