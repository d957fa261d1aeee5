"""`holdall undeploy`: remove from a project exactly what was deployed there."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from holdall.cli.commands.project.deploy import add_project_options, project_of, targets_of, tell
from holdall.cli.context import Context
from holdall.errors import NotFoundError, RefusedError, UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "ids", nargs="*", metavar="ID", help="what to remove (default: you choose on a terminal)"
    )
    add_project_options(parser)
    parser.add_argument(
        "--forget",
        metavar="PROJECT",
        help="instead: forget what the collection has in a project that is gone",
    )


def run(context: Context, args: argparse.Namespace) -> int:
    """Undeploy; exit 1 if something had to stay."""
    if args.forget is not None:
        return _forget(context, args)
    ids = args.ids or _choose_ids(context, args)
    deployer = context.deployer(
        context.collection(),
        project_of(args),
        targets_of(context, args),
        force=args.force,
        dry_run=args.dry_run,
    )
    return tell(context, deployer.undeploy(ids), dry_run=args.dry_run)


def _choose_ids(context: Context, args: argparse.Namespace) -> list[str]:
    """Let a user choose from what is deployed; raises UsageError where nobody is there."""
    from holdall.cli.asking.choosing import Row, can_ask, choose_from
    from holdall.cli.commands.project.status import find_status

    hint = "`holdall status` shows what is deployed"
    if can_ask(context.out):
        found = find_status(context, context.collection(), project_of(args), args.target)
        requested = {one for status in found for one in status.wanted_by or (status.id,)}
        if requested:
            rows = [Row(one) for one in sorted(requested)]
            return [str(one) for one in choose_from(rows, hint)]
    raise UsageError("nothing to undeploy: no id was given", hint=hint)


def _forget(context: Context, args: argparse.Namespace) -> int:
    """Forget a project, by its path as it was recorded or as links led to it."""
    if args.ids or args.target or args.user or args.force or args.dry_run or args.to != ".":
        raise UsageError(
            "--forget takes a project and nothing else", hint="`holdall undeploy --forget PROJECT`"
        )
    from holdall.operations.examine import present_in
    from holdall.operations.settle import forget_project

    paths = dict.fromkeys((os.path.realpath(args.forget), os.path.abspath(args.forget)))
    with context.edit_collection() as editor:
        collection = editor.collection
        was_unfinished = [forget_project(editor.root, Path(path)) for path in paths]
    for path in paths:
        arguments = {"collection": collection, "project": path, "present": present_in(Path(path))}
        answers = context.plugins.call("holdall_deploy_forget", **arguments)
        ids = [str(found) for answer in answers for found in answer or ()]
        if ids:
            context.out.line(f"forgot what was in {path}: {', '.join(ids)}")
            context.out.data({"project": path, "forgotten": ids})
            return 0
    if any(was_unfinished):
        context.out.line(f"forgot what was unfinished in {args.forget}")
        context.out.data({"project": args.forget, "forgotten": []})
        return 0
    if any(present_in(Path(path)) for path in paths):
        raise RefusedError(
            f"{args.forget} has all that was deployed there",
            hint=f"`holdall undeploy ID --to {args.forget}` removes it",
        )
    raise NotFoundError(
        f"nothing is known of a project {args.forget!a}",
        hint="`holdall doctor` names the projects that are gone",
    )
