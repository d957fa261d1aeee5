"""The built-in commands, one thin module each: arguments in, plain calls, printed results out.

A module is imported when its command is named, or when all are to be shown.
"""

from __future__ import annotations

import argparse
from importlib import import_module

__all__ = ["BUILT_IN", "add_to"]

BUILT_IN = {
    "init": "init",
    "scan": "scan",
    "lint": "lint",
    "collect": "collect",
    "list": "listing",
    "show": "show",
    "rename": "rename",
    "remove": "remove",
    "deploy": "deploy",
    "undeploy": "undeploy",
    "status": "status",
    "adopt": "adopt",
    "plugins": "plugins",
}
"""The module of each command, in the order of `holdall --help`."""


def add_to(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], wanted: str | None
) -> None:
    """Add the parser of one built-in command if there is one of that name; all for None."""
    for name, module in BUILT_IN.items():
        if wanted in (None, name):
            import_module(f"holdall.commands.{module}").add_parser(subparsers)
