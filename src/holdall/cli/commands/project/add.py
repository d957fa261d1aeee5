"""`holdall add`: add what a source has to a project, for every agent in it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdall.cli.commands.project.deploy import result_to_json, tell_files
from holdall.cli.commands.project.locked import (
    add_options,
    artifact_to_json,
    project_of,
    short_state,
    source_to_json,
    target_names,
    terms_of,
)
from holdall.cli.context import Context

if TYPE_CHECKING:
    from holdall.artifacts.ids import ArtifactId
    from holdall.operations.projects.changes.add import Added, Ask
    from holdall.sources.values import Reading


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Collect what a source has, write it into the project's holdall.toml and holdall.lock, and"
        " deploy it to the agents found there."
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder, an archive, or a git repository: URL or OWNER/REPO, [@REVISION][#FOLDER]",
    )
    parser.add_argument(
        "--skill",
        action="append",
        default=[],
        metavar="NAME",
        help="a skill, a composite, or any TYPE:NAME; may be repeated (default: you choose on a"
        " terminal, else all)",
    )
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="TARGET",
        help="the agent, several with commas, or all (default: those found in the project);"
        " known are %(targets)s",
    )
    add_options(parser)


def run(context: Context, args: argparse.Namespace) -> int:
    """Add; exit 1 if something needs attention."""
    from holdall.operations.projects.changes.add import add

    project = project_of(args)
    ask = _asks(context) if sys.stdin.isatty() and sys.stderr.isatty() else None
    targets = target_names(context, args, project)
    added = add(terms_of(context, args, project), args.source, args.skill, targets, ask)
    return _tell(context, args, added)


def _asks(context: Context) -> Ask | None:
    if context.out.json or context.out.quiet:
        return None

    def ask(reading: Reading) -> Sequence[ArtifactId] | None:
        from holdall.cli.choosing import choose_from
        from holdall.operations.projects.sources.offers import offers_of

        return choose_from(offers_of(reading), sys.stdin, sys.stderr)

    return ask


def _tell(context: Context, args: argparse.Namespace, added: Added) -> int:
    out = context.out
    for one in added.artifacts:
        for_whom = f" for {', '.join(one.targets)}" if one.targets else ""
        out.line(f"{one.id}{for_whom}")
    problems = [d for d in added.diagnostics if d.code not in args.allow]
    for problem in problems:
        out.detail(problem.sentence)
    out.line(f"from {short_state(added.source)}")
    tell_files(context, added.deployed, dry_run=args.dry_run)
    result = result_to_json(added.deployed, dry_run=args.dry_run)
    out.data(
        {
            **result,
            "collection": str(added.collection),
            "source": source_to_json(added.source),
            "artifacts": [artifact_to_json(one) for one in added.artifacts],
            "changes": [change.to_json() for change in added.changes],
            "diagnostics": [problem.to_json() for problem in problems],
        }
    )
    return 0
