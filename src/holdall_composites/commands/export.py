"""`holdall export`: a composite as a Claude plugin."""

from __future__ import annotations

import argparse
from pathlib import Path

from holdall.cli import Context
from holdall.errors import UsageError

_ARCHIVES = (
    *(".7z", ".bz2", ".cab", ".gz", ".jar", ".rar", ".skill", ".tar", ".tbz", ".tbz2"),
    *(".tgz", ".txz", ".tzst", ".xz", ".zip", ".zst"),
)
"""Ends of names by which an archive is meant, whether or not it can be written."""


def configure_export(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall export`."""
    parser.description = (
        "Write a composite as a Claude plugin, into a folder, a .zip or a .tar.gz."
        " Collecting it elsewhere restores its UUIDs, order and pins."
    )
    parser.add_argument("id", metavar="COMPOSITE", help="what to export")
    parser.add_argument("--to", required=True, metavar="DIR|FILE", help="where to write it")
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace an earlier export there, kept as a backup beside the new one",
    )
    parser.add_argument("--dry-run", action="store_true", help="show it only, write nothing")


def run_export(context: Context, args: argparse.Namespace) -> int:
    """Export; print the files in a dry run."""
    from tempfile import TemporaryDirectory

    from holdall.collection import ManifestComposite
    from holdall.operations import is_export
    from holdall.transaction import write_export
    from holdall_composites.service.export import plan_export
    from holdall_composites.session import opened

    if args.to.lower().endswith(_ARCHIVES) and not args.to.endswith((".zip", ".tar.gz", ".tgz")):
        raise UsageError(
            f"--to {args.to!a}: Holdall writes no such archive",
            hint="name a .zip, a .tar.gz, or a folder",
        )
    collection = context.collection()
    composite = collection.entry(collection.resolve(args.id, prefer_composite=True))
    if not isinstance(composite, ManifestComposite):
        raise UsageError(
            f"{composite.id} is not a composite", hint="`holdall composite create` one"
        )
    backup = None
    with TemporaryDirectory("-holdall") as scratch, opened(collection) as resolver:
        export = plan_export(resolver, collection, composite, Path(scratch))
        if not args.dry_run:
            backup = write_export(export.files, Path(args.to), is_export, force=args.force)
    if args.dry_run:
        for path in sorted(export.files):
            context.out.line(f"write {path}")
    if backup is not None:
        context.out.note(f"kept what was there as {backup}")
    verb = "would export" if args.dry_run else "exported"
    context.out.line(f"{verb} {composite.id} with {len(export.members)} members to {args.to}")
    context.out.data(
        {
            "id": str(composite.id),
            "to": args.to,
            "dry_run": args.dry_run,
            "backup": None if backup is None else str(backup),
            "members": export.members,
            "files": sorted(export.files),
        }
    )
    return 0
