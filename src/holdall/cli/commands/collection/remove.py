"""`holdall remove`: remove artifacts from the collection."""

from __future__ import annotations

import argparse

from holdall.cli.context import Context


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("ids", nargs="+", metavar="ID", help="what to remove")
    parser.add_argument(
        "--force",
        action="store_true",
        help="take it out of the composites that contain it, too; edited files are kept as backups",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done, write nothing"
    )


def run(context: Context, args: argparse.Namespace) -> int:
    """Remove the files and the entries; the database keeps the identity."""
    from holdall.collection.rename_remove import plan_remove

    with context.edit_collection() as editor:
        plan = plan_remove(editor.collection, args.ids, force=args.force)
        changes = editor.propose(plan.changes)
        if not args.dry_run:
            outcome = editor.commit(changes, plan.actions)
            for path, backup in outcome.backups if outcome else ():
                context.out.note(f"kept your version of {path} as {backup}")
    for change in changes.changes:
        note = f": {change.note}" if change.note else ""
        context.out.line(f"{'would remove' if args.dry_run else 'removed'} {change.id}{note}")
    context.out.data({"removed": [change.to_json() for change in changes.changes]})
    return 0
