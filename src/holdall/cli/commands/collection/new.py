"""`holdall new`: begin an artifact from a skeleton that lints clean."""

from __future__ import annotations

import argparse

from holdall.artifacts.skeletons import TYPES
from holdall.cli.context import Context


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Write a first text of an artifact into the collection, to be edited."
    parser.add_argument("type", choices=TYPES, metavar="TYPE", help=f"of {', '.join(TYPES)}")
    parser.add_argument("name", metavar="NAME", help="its name, as in pdf-forms or git:commit")
    parser.add_argument("--description", metavar="TEXT", help="what it is for, in one sentence")
    parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")


def run(context: Context, args: argparse.Namespace) -> int:
    """Write it, and print where it is."""
    from holdall.collection.rename_remove import plan_new

    with context.edit_collection() as editor:
        plan = plan_new(editor.collection, args.type, args.name, args.description)
        changes = editor.propose(plan.changes)
        if not args.dry_run:
            editor.commit(changes, plan.actions)
    (change,) = changes.changes
    path = changes.after.by_id[change.id]
    place = editor.collection.root / getattr(path, "path", "")
    context.out.line(f"{'would make' if args.dry_run else 'made'} {change.id}: {place}")
    if not args.dry_run:
        context.out.note("hint: edit it, then `holdall collect` records it as a new version")
    context.out.data({**change.to_json(), "path": str(place)})
    return 0
