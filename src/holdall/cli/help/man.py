"""The man page, in roff, from the parsers of all commands; `man 7 man-pages` has the form.

.TH HOLDALL 1 "" "Holdall 0.1.0" "User commands"
.SH NAME
holdall \\- collect artifacts for coding agents and deploy them
.SS holdall deploy [\\-\\-to PROJECT] ID...
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdall import __version__
from holdall.cli.help.root import ENVIRONMENT, by_group

if TYPE_CHECKING:
    from holdall.plugins.manager import Plugins

STATUSES = (
    ("0", "done"),
    ("1", "done, but something needs attention: diagnostics, drift in a project, a warning"),
    ("2", "wrong usage, or input that cannot be read"),
    ("3", "refused to protect something: a conflict, an edit, a hostile path, a veto"),
    ("4", "not found"),
    ("5", "database, file system or a plugin failed"),
    ("130", "interrupted"),
)
"""What each exit status means."""


def man_page(plugins: Plugins) -> str:
    """Return the page `holdall(1)`."""
    return "\n".join(_page(plugins)) + "\n"


def _page(plugins: Plugins) -> Iterator[str]:
    from holdall.cli.parser import help_of, known_commands, with_actions

    known, _ = known_commands(plugins)
    root = help_of([], plugins)
    yield f'.TH HOLDALL 1 "" "Holdall {__version__}" "User commands"'
    yield ".SH NAME"
    yield r"holdall \- collect static artifacts for coding agents and deploy them into projects"
    yield ".SH SYNOPSIS"
    yield r".B holdall"
    yield r"[\fIoption\fR ...] \fIcommand\fR ..."
    yield ".SH DESCRIPTION"
    yield _text(
        "Holdall keeps skills, commands, agents, hooks and MCP servers in a collection, a folder of"
        " plain files, and puts them into projects, for each agent where it looks for them. Without"
        " a command it prints where one stands. Most commands have --json and --dry-run."
    )
    yield ".SH OPTIONS"
    yield from _arguments(root)
    for group, commands in by_group({n: one.command for n, one in known.items()}).items():
        yield f".SH {_text(group.upper())}"
        for command in commands:
            for parser in with_actions(help_of([command.name], plugins)):
                yield from _command(parser, command.summary)
    yield ".SH ENVIRONMENT"
    for name, text in ENVIRONMENT:
        yield from _item(name, text)
    yield ".SH EXIT STATUS"
    for status, text in STATUSES:
        yield from _item(status, text)
    yield ".SH SEE ALSO"
    yield _text("holdall help COMMAND prints the same for one command.")


def _command(parser: argparse.ArgumentParser, summary: str) -> Iterator[str]:
    formatter = argparse.HelpFormatter(parser.prog, width=10_000)
    general = {"help", "collection", "database", "no_plugins", "json", "quiet", "verbose"}
    own = [action for action in parser._actions if action.dest not in general]
    formatter.add_usage(None, own, [], "")
    yield f".SS {_text(' '.join(formatter.format_help().split()))}"
    yield _text(parser.description or f"{summary[:1].upper()}{summary[1:]}.")
    yield from _arguments(parser, own)
    for line in getattr(parser, "examples", ()):
        yield ".PP"
        yield ".nf"
        yield f".RS\n{_text(line)}\n.RE"
        yield ".fi"


def _arguments(
    parser: argparse.ArgumentParser, actions: list[argparse.Action] | None = None
) -> Iterator[str]:
    from holdall.cli.parser import CommandParser

    names = parser.names() if isinstance(parser, CommandParser) else {}
    for action in parser._actions if actions is None else actions:
        if isinstance(action, argparse._SubParsersAction) or action.help == argparse.SUPPRESS:
            continue
        metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
        if action.choices is not None and action.metavar is None:
            metavar = "|".join(map(str, action.choices))
        value = "" if action.nargs == 0 else metavar
        title = " ".join(filter(None, (", ".join(action.option_strings), value)))
        text = (action.help or "") % {**vars(action), **names, "prog": parser.prog}
        yield from _item(title, text)


def _item(title: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield f".B {_text(title)}"
    yield _text(text)


def _text(text: str) -> str:
    """Return text that roff prints as it is."""
    text = re.sub(r"\s+", " ", text).replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(['.])", r"\\&\1", text)
