"""The built-in commands, one thin module each: arguments in, plain calls, printed results out.

A module is imported when its command is named, or when all are to be shown.
"""

from __future__ import annotations

import argparse
from importlib import import_module

__all__ = ["BUILT_IN", "add_to"]

BUILT_IN = {
    "init": "collection.init",
    "scan": "source.scan",
    "lint": "source.lint",
    "collect": "collection.collect",
    "list": "collection.listing",
    "show": "collection.show",
    "rename": "collection.rename",
    "remove": "collection.remove",
    "deploy": "project.deploy",
    "undeploy": "project.undeploy",
    "status": "project.status",
    "adopt": "project.adopt",
    "plugins": "plugins",
}
"""The module of each command, in the order of `holdall --help`."""


def add_to(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], wanted: str | None
) -> None:
    """Add the parser of one built-in command if there is one of that name; all for None."""
    for name, module in BUILT_IN.items():
        if wanted in (None, name):
            import_module(f"holdall.cli.commands.{module}").add_parser(subparsers)
