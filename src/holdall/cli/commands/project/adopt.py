"""`holdall adopt`: copy edits made in a project back into the collection."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.artifacts.protected import LOCK_FILE
from holdall.cli.allow import HIDDEN_TEXT, add_allow, refuse_unknown
from holdall.cli.commands.project.deploy import project_of
from holdall.cli.commands.project.locked import add_edit_options, edits_of
from holdall.cli.context import Context

if TYPE_CHECKING:
    from holdall.operations.adopt import AdoptResult
    from holdall.operations.projects.merging.conflicts import Decisions


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Take deployed files that were edited, added or deleted by hand back into the"
        " collection, as the artifact's newest version. What the collection has newer by now is"
        " merged, and comes into the project; about what does not merge a terminal asks."
    )
    parser.add_argument("ids", nargs="+", metavar="ID", help="an artifact, or all of a composite")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--from", dest="to", default=".", metavar="PROJECT", help="the project (default: here)"
    )
    where.add_argument("--user", action="store_true", help="your home folder instead")
    parser.add_argument(
        "--target",
        action="append",
        metavar="TARGET",
        help="the agent, of %(targets)s; may be repeated (default: all that have deployments)",
    )
    add_edit_options(parser, "collection")
    parser.add_argument(
        "--allow-commands",
        action="store_true",
        help="allow agents to run and send what is shown; remembered for each artifact",
    )
    add_allow(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done, write nothing"
    )


def run(context: Context, args: argparse.Namespace) -> int:
    """Adopt; exit 1 if something needs attention."""
    from holdall.cli.asking.settling import run_settled
    from holdall.deploy.consent.allowance import Allowance
    from holdall.deploy.project.project import targets_in
    from holdall.files.user_state import state_folder
    from holdall.operations.adopt import Adopter
    from holdall.operations.projects.merging.conflict_copy import ConflictCopy
    from holdall.operations.projects.merging.conflicts import Conflicts

    refuse_unknown(args.allow)
    project = project_of(args)
    names = args.target or []
    targets = context.targets([*targets_in(project, context.plugins.targets), *names], project)
    allowance = Allowance(state_folder(), allow=args.allow_commands)

    def adopt(decisions: Decisions | None) -> AdoptResult:
        with context.edit_collection() as editor:
            if args.copy is not None:
                decisions = ConflictCopy(Path(args.copy), editor.collection.root, project)
            adopter = Adopter(
                project,
                targets,
                context.session,
                Conflicts(edits_of(args), decisions, against="collection"),
                allowance,
                dry_run=args.dry_run,
                takes_hidden=HIDDEN_TEXT in args.allow,
            )
            return adopter.adopt(editor, args.ids, names)

    result = run_settled(context.out, adopt, asks=args.copy is None and not args.dry_run)
    return _tell(context, args, result)


def _tell(context: Context, args: argparse.Namespace, result: AdoptResult) -> int:
    for change in result.changed:
        context.out.line(f"{change.kind.value:9} {change.id}")
    problems = [d for one in result.adopted for d in one.diagnostics if d.code not in args.allow]
    for diagnostic in problems:
        context.out.note(diagnostic.sentence)
    for warning in result.warnings:
        context.out.warn(warning)
    for path, backup in result.backups:
        context.out.note(f"kept the collection's version of {path} as {backup}")
    kept = result.outcome.backups if result.outcome else ()
    for path, backup in kept:
        context.out.note(f"kept your version of {path} as {backup}")
    for one in result.adopted:
        if one.is_merged:
            context.out.line(f"merged    {one.entry.id}, in the project, too")
    for locked in result.locked:
        context.out.line(
            f"          {locked} stays an edit here: {LOCK_FILE} has what its source has, and"
            " `holdall sync` leaves yours"
        )
    done = "nothing written, would adopt" if args.dry_run else "adopted"
    same = f", {len(result.unchanged)} unchanged" if result.unchanged else ""
    context.out.line(f"{done}: {len(result.adopted)}{same}")
    context.out.data(
        {
            "project": str(project_of(args)),
            "dry_run": args.dry_run,
            "adopted": [
                {
                    "id": str(one.entry.id),
                    "target": one.deployed.target,
                    "content_hash": one.taken.content_hash,
                    "merged": one.is_merged,
                }
                for one in result.adopted
            ],
            "changes": [change.to_json() for change in result.changed],
            "diagnostics": [diagnostic.to_json() for diagnostic in problems],
            "locked": [str(artifact_id) for artifact_id in result.locked],
            "unchanged": [str(artifact_id) for artifact_id in result.unchanged],
            "transaction": result.outcome.transaction_id if result.outcome else None,
            "written": list(result.written),
            "deleted": list(result.deleted),
            "backups": dict(result.backups),
            "project_backups": {str(path): place for path, place in kept},
            "warnings": list(result.warnings),
        }
    )
    return 1 if any(d.level != "info" for d in problems) else 0
