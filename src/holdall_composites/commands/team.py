"""`holdall pull` and `clone`: bring a folder to the newest release, or make one there."""

from __future__ import annotations

import argparse
from pathlib import Path

from holdall.cli import Context
from holdall.collection import PULL
from holdall.files import Scratch
from holdall.transaction import Signature


def configure_pull(pull: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall pull`."""
    pull.description = (
        "Bring the folder to the newest release of its shared collection. Edits of yours stay;"
        " what others changed as well is a conflict, and nothing is written until a side is chosen."
    )
    side = pull.add_mutually_exclusive_group()
    side.add_argument(
        "--ours",
        dest="side",
        action="store_const",
        const="ours",
        help="where both changed the same, yours stands",
    )
    side.add_argument(
        "--theirs",
        dest="side",
        action="store_const",
        const="theirs",
        help="where both changed the same, theirs stands; edited files are kept as backups",
    )
    pull.add_argument("--dry-run", action="store_true", help="show it only, write nothing")


def run_pull(context: Context, args: argparse.Namespace) -> int:
    """Merge what others released into the folder."""
    from holdall_composites.service.pull import plan_pull
    from holdall_composites.session import opened
    from holdall_composites.sync.releases.chain import Header
    from holdall_composites.sync.releases.conflict import Side

    side = Side(args.side) if args.side else None
    with context.editing(as_it_is=True) as editor, Scratch() as scratch:
        plan = plan_pull(editor.collection, scratch, side)
        if plan is not None and not args.dry_run:
            editor.pull(plan)
        if plan is None and side is Side.OURS and not args.dry_run:
            # At the head, what is as it was before stands now: it becomes a release of its own.
            with opened(editor.collection, Header.of(Signature.now(), PULL)):
                pass
        present = plan.changes.after if plan else editor.collection.manifest
    changes = plan.changes.changes if plan else ()
    for change in changes:
        context.out.line(f"{change.kind.value:9} {change.id}")
    number = f"release {present.release}" if present.release else "no release yet"
    context.out.note(f"{number}: {len(changes)} changes" if plan else f"{number}: up to date")
    context.out.data(
        {
            "dry_run": args.dry_run,
            "release": present.release,
            "changes": [change.to_json() for change in changes],
        }
    )
    return 0


def configure_clone(clone: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall clone`."""
    clone.description = (
        "Make a folder of a shared collection from its database alone, at the newest release. The"
        " folder's settings name the database, without its password."
    )
    clone.add_argument("url", metavar="URL", help="the database, as postgresql://user@host/name")
    clone.add_argument(
        "directory", nargs="?", type=Path, metavar="DIR", help="default: the collection's name"
    )
    clone.add_argument(
        "--name", metavar="COLLECTION", help="which one, by name or UUID, if the database has more"
    )
    clone.add_argument("--dry-run", action="store_true", help="check only, write nothing")


def run_clone(context: Context, args: argparse.Namespace) -> int:
    """Make the folder."""
    from holdall.config import LEFT_OUT
    from holdall.formats import DatabaseURL
    from holdall_composites.service.clone import clone

    types, dry_run = context.plugins.types, args.dry_run
    folder, manifest = clone(args.url, args.directory, args.name, types, dry_run=dry_run)
    url = DatabaseURL.parse(args.url)
    if url.without_password != url.text and not args.dry_run:
        context.out.note(LEFT_OUT)
    verb = "would clone" if args.dry_run else "cloned"
    count = f"{len(manifest.artifacts)} artifacts, {len(manifest.composites)} composites"
    context.out.line(
        f"{verb} {manifest.name!r} at release {manifest.release} into {folder}: {count}"
    )
    context.out.data(
        {
            "dry_run": args.dry_run,
            "collection": str(folder),
            "name": manifest.name,
            "uuid": manifest.uuid,
            "release": manifest.release,
            "artifacts": [str(entry.id) for entry in manifest.artifacts],
            "composites": [str(entry.id) for entry in manifest.composites],
        }
    )
    return 0
