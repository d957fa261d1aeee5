"""`holdall update`: bring a project what its sources have now."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdall.cli.allow import refuse_unknown
from holdall.cli.commands.project.locked import (
    add_edit_options,
    add_options,
    edits_of,
    project_of,
    source_to_json,
    state_of,
    terms_of,
)
from holdall.cli.context import Context

if TYPE_CHECKING:
    from holdall.operations.projects.changes.update import SourceUpdate, Updated

_FEW = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Show what the sources of the project have now, and bring it. What you edited in the"
        " collection or the project is merged with it; about what does not merge a terminal asks."
    )
    parser.add_argument(
        "names", nargs="*", metavar="ID", help="what to update, or a source (default: all)"
    )
    add_edit_options(parser, "source")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    add_options(parser)


def run(context: Context, args: argparse.Namespace) -> int:
    """Update; exit 1 if something needs attention."""
    from holdall.operations.projects.changes.newest import is_newest

    refuse_unknown(args.allow)
    project = project_of(args)
    if is_newest(project, args.names):
        return _conclude(context, project, args)
    from holdall.cli.asking.settling import run_settled
    from holdall.operations.projects.changes.update import update

    terms = terms_of(context, args, project)

    def agree(plan: Sequence[SourceUpdate]) -> bool:
        _tell_plan(context, plan)
        asks = sys.stdin.isatty() and sys.stderr.isatty() and not context.out.json
        if args.yes or args.dry_run or not asks:
            return True
        print("Update? (y or n) ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    copy = None if args.copy is None else Path(args.copy)
    edits, asks = edits_of(args), copy is None and not (args.yes or args.dry_run)
    done = run_settled(
        context.out,
        lambda decisions: update(terms, args.names, edits, agree, copy or decisions),
        asks=asks,
    )
    if done is None:
        context.out.line("nothing was changed")
        return 0
    return _conclude(context, project, args, done)


def _conclude(
    context: Context, project: Path, args: argparse.Namespace, done: Updated | None = None
) -> int:
    """Report what was done, nothing without a result."""
    deployed = None
    if done is None or done.deployed is None:
        context.out.line("everything is as its source has it")
    else:
        from holdall.cli.commands.project.deploy import result_to_json, tell_files

        tell_files(context, done.deployed, dry_run=args.dry_run)
        deployed = result_to_json(done.deployed, dry_run=args.dry_run)
    context.out.data(
        {
            "project": str(project),
            "dry_run": args.dry_run,
            "sources": [_to_json(one) for one in done.sources] if done else [],
            "changes": [change.to_json() for change in done.changes] if done else [],
            "deployed": deployed,
        }
    )
    return 0


def _tell_plan(context: Context, plan: Sequence[SourceUpdate]) -> None:
    out = context.out
    for source in plan:
        if source.newest is not None and source.new and source.newest != source.new.tag:
            out.note(f"{source.name}: {source.newest} is there, outside of {source.new.revision}")
        if source.old == source.new and not source.artifacts:
            continue
        old, new = state_of(source.old), state_of(source.new)
        out.line(f"{source.name}: {old} -> {new}" if old != new else source.name)
        for one in source.artifacts:
            kind = "new" if one.old is None else "gone" if one.new is None else "changed"
            out.line(f"  {kind:8}{one.id}")
            for path, change in (one.files or ())[:_FEW]:
                out.line(f"            {change} {path}")
            if one.files and len(one.files) > _FEW:
                out.line(f"            and {len(one.files) - _FEW} more files")
            for effect in one.effects:
                out.line(f"            lets an agent, which it did not before: {effect}")


def _to_json(source: SourceUpdate) -> dict[str, Any]:
    return {
        "name": source.name,
        "old": None if source.old is None else source_to_json(source.old),
        "new": None if source.new is None else source_to_json(source.new),
        "newest": source.newest,
        "artifacts": [
            {
                "id": str(one.id),
                "old": one.old,
                "new": one.new,
                "files": None
                if one.files is None
                else [{"path": path, "change": change} for path, change in one.files],
                "effects": list(one.effects),
            }
            for one in source.artifacts
        ],
    }
