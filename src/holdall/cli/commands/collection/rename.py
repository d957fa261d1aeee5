"""`holdall rename`: rename an artifact."""

from __future__ import annotations

import argparse

from holdall.cli.context import Context


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("old", metavar="OLD", help="the artifact's id")
    parser.add_argument("new", metavar="NEW", help="its new id, or only the new name")
    parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")


def run(context: Context, args: argparse.Namespace) -> int:
    """Rename it in the folder and the manifest; plugins follow."""
    from holdall.collection.rename_remove import plan_rename

    with context.edit_collection() as editor:
        plan = plan_rename(editor.collection, args.old, args.new)
        changes = editor.propose(plan.changes)
        if not args.dry_run:
            editor.commit(changes, plan.actions)
    (change,) = changes.changes
    verb = "would rename" if args.dry_run else "renamed"
    context.out.line(f"{verb} {change.old_id} to {change.id}")
    context.out.data(change.to_json())
    return 0
