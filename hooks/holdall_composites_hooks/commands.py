"""Commands that need identity: composites, trees, associations, and the database itself."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from holdall.plugins import hookimpl

if TYPE_CHECKING:
    import argparse

    from holdall.config import Config

_MODULES = {
    "composite": {"composite"},
    "tree": {"tree", "associations"},
    "version": {"versions", "diff", "restore"},
    "history": {"log", "undo"},
    "care": {"purge", "doctor", "rebuild"},
    "export": {"export"},
    "database": {"db"},
}
"""Which commands each module adds, in the order of `holdall --help`."""


@hookimpl
def holdall_configure(config: Config) -> None:
    """Take note of whether people want quiet; tell who shows a password to everybody."""
    from holdall_composites.console import configure, warn_of_password

    configure(quiet=config.quiet)
    warn_of_password(sys.argv[1:])


@hookimpl
def holdall_add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of the module that has the one which was named, or all of them."""
    wanted = getattr(subparsers, "wanted", None)
    for module, names in _MODULES.items():
        if wanted is None or wanted in names:
            import_module(f"holdall_composites.commands.{module}").add_parsers(subparsers)
