"""`holdall export`: a composite as a plugin for an agent."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli import Context
from holdall.errors import UsageError
from holdall.files import STATE_FOLDER

if TYPE_CHECKING:
    from contextlib import ExitStack

    from holdall.collection import Collection, ManifestComposite
    from holdall.files import Root

_ARCHIVES = (
    *(".7z", ".bz2", ".cab", ".gz", ".jar", ".rar", ".skill", ".tar", ".tbz", ".tbz2"),
    *(".tgz", ".txz", ".tzst", ".xz", ".zip", ".zst"),
)
"""Ends of names by which an archive is meant, whether or not it can be written."""


FORMS = ("claude", "agent-plugin", "codex", "cursor", "copilot", "gemini")


def configure_export(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall export`."""
    parser.description = (
        "Write a composite as a plugin for an agent, into a folder, a .zip or a .tar.gz."
        " Collecting it elsewhere restores its UUIDs, order and pins, whatever the form. Or write"
        " what a project's holdall.lock has as the lock of another program."
    )
    parser.add_argument("id", nargs="?", metavar="COMPOSITE", help="what to export")
    parser.add_argument(
        "--lock",
        choices=("vercel",),
        help="write a project's skills into its skills-lock.json, as the program `skills` does",
    )
    parser.add_argument(
        "--as",
        dest="form",
        choices=FORMS,
        default=FORMS[0],
        help="the agent's form: %(choices)s (default: %(default)s)",
    )
    parser.add_argument(
        "--to",
        metavar="DIR|FILE",
        help="where to write it; with --lock the project (default: the nearest)",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace an earlier export there, kept as a backup beside the new one",
    )
    parser.add_argument("--dry-run", action="store_true", help="show it only, write nothing")


def run_export(context: Context, args: argparse.Namespace) -> int:
    """Export; print the files in a dry run."""
    if args.lock is not None:
        return _give_lock(context, args)
    if args.id is None or args.to is None:
        raise UsageError(
            "export what, and where to?", hint="name a COMPOSITE and --to, or give --lock"
        )
    from contextlib import ExitStack
    from tempfile import TemporaryDirectory

    from holdall.operations import EXPORT_FORMS, is_export
    from holdall.transaction import write_export
    from holdall_composites.service.export import plan_export
    from holdall_composites.session import open_synced

    if args.to.lower().endswith(_ARCHIVES) and not args.to.endswith((".zip", ".tar.gz", ".tgz")):
        raise UsageError(
            f"--to {args.to!a}: Holdall writes no such archive",
            hint="name a .zip, a .tar.gz, or a folder",
        )
    backup = None
    with ExitStack() as held:
        collection, root = _collection(context, held, dry_run=args.dry_run)
        composite = _composite(collection, args.id)
        scratch = Path(held.enter_context(TemporaryDirectory("-holdall")))
        with open_synced(collection) as resolver:
            form = EXPORT_FORMS[args.form]
            export = plan_export(resolver, collection, composite, scratch, form)
        if not args.dry_run:
            target = Path(args.to)
            backup = write_export(export.files, target, is_export, root, force=args.force)
    if args.dry_run:
        for path in sorted(export.files):
            context.out.line(f"write {path}")
    if backup is not None:
        context.out.note(f"kept what was there as {backup}")
    for loss in export.losses:
        context.out.warn(loss)
    verb = "would export" if args.dry_run else "exported"
    count = f"{len(export.members)} member{'' if len(export.members) == 1 else 's'}"
    context.out.line(f"{verb} {composite.id} with {count} to {args.to}")
    context.out.data(
        {
            "id": str(composite.id),
            "to": args.to,
            "dry_run": args.dry_run,
            "backup": None if backup is None else str(backup),
            "members": export.members,
            "files": sorted(export.files),
            "losses": export.losses,
        }
    )
    return 0


def _give_lock(context: Context, args: argparse.Namespace) -> int:
    from holdall.operations import Terms, find_project, give_lock

    if args.id is not None:
        raise UsageError("--lock is for a project", hint="leave COMPOSITE out")
    project = find_project(Path()) if args.to is None else Path(args.to)
    terms = Terms(context.session, project, context.caps, dry_run=args.dry_run)
    given = give_lock(terms)
    for loss in given.losses:
        context.out.warn(loss)
    place = project / "skills-lock.json"
    verb = "would write" if args.dry_run else "wrote"
    context.out.line(f"{verb} {len(given.names)} skills to {place}")
    context.out.data(
        {
            "id": None,
            "to": str(project),
            "dry_run": args.dry_run,
            "backup": None,
            "members": [],
            "files": [str(place)],
            "losses": list(given.losses),
        }
    )
    return 0


def _collection(
    context: Context, held: ExitStack, *, dry_run: bool
) -> tuple[Collection, Root | None]:
    """Return the collection, locked with its folder where that can be written to."""
    root = context.collection_root
    state = root / STATE_FOLDER
    if dry_run or not all(os.access(p, os.W_OK) for p in (root, state) if p.exists()):
        return context.newest_collection(), None
    editor = held.enter_context(context.edit_collection())
    return editor.collection, editor.root


def _composite(collection: Collection, text: str) -> ManifestComposite:
    from holdall.collection import ManifestComposite

    composite = collection.entry(collection.resolve(text, prefer_composite=True))
    if not isinstance(composite, ManifestComposite):
        raise UsageError(
            f"{composite.id} is not a composite", hint="`holdall composite create` one"
        )
    return composite
