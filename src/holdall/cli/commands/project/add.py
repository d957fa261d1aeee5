"""`holdall add`: add what a source has to a project, for every agent in it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
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
from holdall.errors import UsageError

if TYPE_CHECKING:
    from holdall.artifacts.ids import ArtifactId
    from holdall.operations.projects.changes.add import Added, Ask
    from holdall.operations.projects.changes.taking.take_over import TakenOver
    from holdall.sources.values import Reading


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Collect what a source has, write it into the project's holdall.toml and holdall.lock, and"
        " deploy it to the agents found there."
    )
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a folder, an archive, or a git repository: URL or OWNER/REPO, [@REVISION][#FOLDER]",
    )
    parser.add_argument(
        "--from",
        dest="lock",
        metavar="LOCK|DIR",
        help="take over what another program installed: its skills-lock.json, .skill-lock.json,"
        " apm.lock.yaml, agents.lock or rulesync.lock, or a project that has one, or skills of"
        " openskills",
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
    if args.lock is not None:
        return _take_over(context, args)
    if args.source is None:
        raise UsageError(
            "add what?", hint="name a source, or the lock of another program with --from"
        )
    from holdall.operations.projects.changes.add import add

    project = project_of(args)
    targets = target_names(context, args, project)
    added = add(terms_of(context, args, project), args.source, args.skill, targets, _asks(context))
    return _tell(context, args, added)


def _asks(context: Context) -> Ask | None:
    """Return what lets a user choose; None where nobody is there."""
    from holdall.cli.asking.choosing import Row, can_ask, choose_from

    if not can_ask(context.out):
        return None

    def ask(reading: Reading) -> Sequence[ArtifactId] | None:
        from holdall.operations.projects.sources.offers import offers_of

        offers = offers_of(reading)
        if len(offers) < 2:
            return None
        chosen = choose_from([Row(*offer) for offer in offers], "name what you want with --skill")
        return None if len(chosen) == len(offers) else chosen

    return ask


def _take_over(context: Context, args: argparse.Namespace) -> int:
    """Take over another program's lock, in the project that it is of unless one is named."""
    from holdall.operations.projects.changes.taking.take_over import project_of_lock, take_over

    if args.source is not None or args.skill:
        raise UsageError(
            "--from takes over all that a lock lists", hint="name no SOURCE and no --skill with it"
        )
    project = project_of_lock(args.lock) if args.to is None else Path(args.to)
    targets = target_names(context, args, project)
    taken = take_over(terms_of(context, args, project), args.lock, targets)
    for note in taken.notes:
        context.out.note(note)
    return _tell(context, args, taken, taken.program, taken.notes)


def _tell(
    context: Context,
    args: argparse.Namespace,
    added: Added | TakenOver,
    program: str | None = None,
    notes: Sequence[str] = (),
) -> int:
    out = context.out
    for one in added.artifacts:
        for_whom = f" for {', '.join(one.targets)}" if one.targets else ""
        out.line(f"{one.id}{for_whom}")
    problems = [d for d in added.diagnostics if d.code not in args.allow]
    for problem in problems:
        out.detail(problem.sentence)
    for source in added.sources:
        out.line(f"from {short_state(source)}")
    tell_files(context, added.deployed, dry_run=args.dry_run)
    result = result_to_json(added.deployed, dry_run=args.dry_run)
    out.data(
        {
            **result,
            "collection": str(added.collection),
            "taken_from": program,
            "notes": list(notes),
            "sources": [source_to_json(source) for source in added.sources],
            "artifacts": [artifact_to_json(one) for one in added.artifacts],
            "changes": [change.to_json() for change in added.changes],
            "diagnostics": [problem.to_json() for problem in problems],
        }
    )
    return 0
