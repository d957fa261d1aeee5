"""`holdall drop`: take something out of what a project wants."""

from __future__ import annotations

import argparse

from holdall.cli.commands.project.deploy import result_to_json, tell_files
from holdall.cli.commands.project.locked import add_options, project_of, terms_of
from holdall.cli.context import Context


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Take artifacts, composites or whole sources out of holdall.toml and holdall.lock, and out"
        " of the project, but for what something else there wants. The collection keeps them."
    )
    parser.add_argument("names", nargs="+", metavar="ID", help="what to drop, or a source")
    add_options(parser)


def run(context: Context, args: argparse.Namespace) -> int:
    """Drop; exit 1 if something needs attention."""
    from holdall.operations.projects.changes.drop import drop

    done = drop(terms_of(context, args, project_of(args)), args.names)
    for one in done.ids:
        context.out.line(f"dropped {one}")
    tell_files(context, done.deployed, dry_run=args.dry_run)
    result = result_to_json(done.deployed, dry_run=args.dry_run)
    context.out.data({**result, "dropped": [str(one) for one in done.ids]})
    return 0
