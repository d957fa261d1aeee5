"""Commands that need identity: composites, trees, associations, and the database itself."""

from __future__ import annotations

import argparse
import sys

from kitbag.config import Config
from kitbag.hookspecs import hookimpl
from kitbag_composites_hooks import (
    care_commands,
    composite_commands,
    database_commands,
    export_commands,
    history_commands,
    tree_commands,
    version_commands,
)


@hookimpl
def kitbag_configure(config: Config) -> None:
    """Take note of whether people want quiet; tell who shows a password to everybody."""
    from kitbag_composites.telling import configure, warn_of_password

    configure(quiet=config.quiet)
    warn_of_password(sys.argv[1:])


@hookimpl
def kitbag_add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `composite`, `tree`, `associations`, `versions`, `diff`, `restore`,
    `log`, `undo`, `purge`, `doctor`, `rebuild`, `export`
    and `db`."""
    composite_commands.add_parser(subparsers)
    tree_commands.add_parsers(subparsers)
    version_commands.add_parsers(subparsers)
    history_commands.add_parsers(subparsers)
    care_commands.add_parsers(subparsers)
    export_commands.add_parser(subparsers)
    database_commands.add_parser(subparsers)
