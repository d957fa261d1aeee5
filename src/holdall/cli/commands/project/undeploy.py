"""`holdall undeploy`: remove from a project exactly what was deployed there."""

from __future__ import annotations

import argparse

from holdall.cli.commands.project.deploy import add_project_options, project_of, targets_of, tell
from holdall.cli.context import Context


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("ids", nargs="+", metavar="ID", help="what to remove")
    add_project_options(parser)


def run(context: Context, args: argparse.Namespace) -> int:
    """Undeploy; exit 1 if something had to stay."""
    deployer = context.deployer(
        context.collection(),
        project_of(args),
        targets_of(context, args, is_new=False),
        force=args.force,
        dry_run=args.dry_run,
    )
    return tell(context, deployer.undeploy(args.ids), dry_run=args.dry_run)
