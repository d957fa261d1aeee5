"""What `holdall --help` prints: the commands in their groups, options, environment, examples."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from holdall.cli.help.formatter import help_formatter, rows, section
from holdall.formats.escape import escape_text

if TYPE_CHECKING:
    from holdall.plugins.commands import Command

GROUPS = ("projects", "collection", "composites", "history", "team", "sources", "care")
"""The headings of the commands, in their order; those of plugins follow."""

ENVIRONMENT = (
    ("HOLDALL_COLLECTION", "the collection's folder"),
    ("HOLDALL_DATABASE_URL", "where its database is, with its password"),
    ("HOLDALL_MACHINE", "what this machine is called (default: its host's name)"),
    ("HOLDALL_PLUGINS", "modules to load as plugins, too: a,b"),
    ("HOLDALL_MAX_...", "the most that is read: MAX_FILE_BYTES, ..."),
    ("NO_COLOR, FORCE_COLOR", "no colours; colours in a pipe, too"),
)
_EXAMPLES = (
    "holdall scan https://github.com/OWNER/REPO  # what is in there",
    "holdall collect https://github.com/OWNER/REPO  # take it into the collection",
    "holdall deploy skill:NAME --to ./app  # put a skill into a project",
    "holdall status --to ./app  # what was edited there, what is out of date",
)


def by_group(commands: Mapping[str, Command]) -> dict[str, list[Command]]:
    """Return the commands under their headings, in the order of the help."""
    groups: dict[str, list[Command]] = {group: [] for group in GROUPS}
    for command in commands.values():
        groups.setdefault(command.group, []).append(command)
    return {group: found for group, found in groups.items() if found}


def root_help(parser: argparse.ArgumentParser, commands: Mapping[str, Command]) -> str:
    """Return the help of the whole command line."""
    formatter = help_formatter()("holdall")
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)
    formatter.add_text(parser.description)
    for group, found in by_group(commands).items():
        formatter.start_section(escape_text(group))
        formatter.add_arguments([_Row(command) for command in found])
        formatter.end_section()
    formatter.start_section("options")
    formatter.add_arguments(a for a in parser._actions if a.dest != "the command")
    formatter.end_section()
    more = ("holdall help COMMAND  # its options and examples", *_EXAMPLES)
    return (
        formatter.format_help()
        + section("environment", rows(ENVIRONMENT))
        + section("examples", more)
    )


class _Row(argparse.Action):
    """A line of the help: a command and its summary."""

    def __init__(self, command: Command) -> None:
        summary = escape_text(command.summary).replace("%", "%%")
        super().__init__((), dest="", metavar=command.name, help=summary)
