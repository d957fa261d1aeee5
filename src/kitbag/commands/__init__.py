"""The built-in commands, one thin module each: arguments in, plain calls, printed results out."""

from __future__ import annotations

import argparse

from kitbag.commands import (
    adopt,
    collect,
    deploy,
    init,
    lint,
    listing,
    plugins,
    remove,
    rename,
    scan,
    show,
    status,
    undeploy,
)

__all__ = ["add_all"]


def add_all(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add every built-in command, in the order of `kitbag --help`."""
    for module in (
        init,
        scan,
        lint,
        collect,
        listing,
        show,
        rename,
        remove,
        deploy,
        undeploy,
        status,
        adopt,
        plugins,
    ):
        module.add_parser(subparsers)
