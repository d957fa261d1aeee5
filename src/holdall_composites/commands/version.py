"""`holdall versions`, `diff` and `restore`: the history of an artifact, and the way back."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from holdall.cli import Context
from holdall.errors import UsageError

if TYPE_CHECKING:
    from holdall.collection import Collection, ManifestArtifact


def configure_versions(versions: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall versions`."""
    versions.add_argument("id", metavar="ID", help="the artifact")


def configure_diff(diff: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall diff`."""
    diff.description = (
        "Print what differs between two versions, between one and the files as they"
        " are or, with --to, between what was deployed (or ID@VERSION) and what is"
        " there."
    )
    diff.add_argument("old", nargs="?", metavar="ID@VERSION", help="from this version")
    diff.add_argument(
        "new", nargs="?", metavar="ID@VERSION", help="to this one; default: the files as they are"
    )
    diff.add_argument(
        "--release",
        nargs="+",
        type=int,
        metavar="N",
        help="what leads from one release of the collection to another, or what one changed",
    )
    where = diff.add_mutually_exclusive_group()
    where.add_argument("--to", metavar="PROJECT", help="compare with what is in this project")
    where.add_argument("--user", action="store_true", help="in your home folder instead")
    diff.add_argument(
        "--target",
        action="append",
        metavar="TARGET",
        help="the agent, of %(targets)s (default: all)",
    )


def configure_restore(restore: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall restore`."""
    restore.description = (
        "Write an old version into the collection, as a new one. A removed artifact"
        " comes back with its UUID."
    )
    restore.add_argument("id", metavar="ID", help="the artifact")
    restore.add_argument(
        "version",
        nargs="?",
        metavar="VERSION",
        help="its number, or 7 digits of its hash; default: the newest",
    )
    restore.add_argument("--force", action="store_true", help="even over edits not collected")
    restore.add_argument("--dry-run", action="store_true", help="check only, write nothing")


def _artifact(collection: Collection, text: str) -> ManifestArtifact:
    from holdall.collection import ManifestArtifact

    entry = collection.entry(collection.resolve(text))
    if not isinstance(entry, ManifestArtifact):
        raise UsageError(f"{entry.id} is a composite", hint="its members have versions")
    return entry


def run_versions(context: Context, args: argparse.Namespace) -> int:
    """Print every version, newest first."""
    from holdall_composites.session import open_synced

    collection = context.collection()
    entry = _artifact(collection, args.id)
    with open_synced(collection) as resolver:
        found = resolver.store.versions.all_of(entry.uuid) if entry.uuid else []
    rows = []
    for v in reversed(found):
        number = f"{'*' if v is found[-1] else ' '}{v.number}"
        rows.append((number, v.content_hash[:12], v.created_at, v.author or "-", v.message or ""))
    context.out.table(rows)
    context.out.data({"id": str(entry.id), "versions": [v.to_json() for v in found]})
    return 0


def run_diff(context: Context, args: argparse.Namespace) -> int:
    """Print a unified diff; exit 1 if there are differences."""
    if args.release:
        return _diff_releases(context, args)
    if args.old is None:
        raise UsageError(
            "what is to be compared?",
            hint="`holdall diff ID` shows what was edited here (`holdall status` lists it),"
            " `holdall diff ID@VERSION` what changed since a version, `holdall diff --release N`"
            " since a release",
        )
    from holdall.artifacts import Reference

    if args.to is None and args.new is None and Reference.parse(args.old)[1] is None:
        args.to = "."  # what was edited in the project here
    if args.to is not None or args.user:
        return _diff_project(context, args)
    from holdall_composites.history.compare import difference, folder_side, stored_side
    from holdall_composites.session import open_synced

    collection = context.collection()
    name, old = Reference.parse(args.old)
    entry = _artifact(collection, name)
    other, new = Reference.parse(args.new or name)
    if not old:
        hint = "as in `holdall diff skill:x@2`, or compare with a project by --to"
        raise UsageError(f"{args.old!a} is not a version", hint=hint)
    other_entry = _artifact(collection, other)
    with open_synced(collection) as resolver:
        before = stored_side(resolver.store, collection, entry.id, old)
        if new:
            after = stored_side(resolver.store, collection, other_entry.id, new)
        else:
            after = folder_side(collection, other_entry)
        lines = list(difference(before, after))
    return _tell(context, lines, old=args.old, new=args.new)


def _diff_releases(context: Context, args: argparse.Namespace) -> int:
    """Print what differs between two releases, entry by entry and line by line."""
    from holdall_composites.history.releases import changes_of, delta_of, release_lines
    from holdall_composites.session import open_synced

    numbers = args.release if len(args.release) > 1 else [args.release[0] - 1, *args.release]
    if len(numbers) > 2 or min(numbers) < 0:
        raise UsageError("--release takes one number or two", hint="`holdall log` shows them")
    if args.old is not None or args.to is not None or args.user:
        raise UsageError("--release compares whole collections", hint="leave the others out")
    old, new = numbers
    collection = context.collection()
    with open_synced(collection) as resolver:
        delta = delta_of(resolver.store, collection.manifest.uuid or "", old, new)
        lines = list(release_lines(resolver.store, delta, old, new))
    context.out.diff(lines)
    changes = [change.to_json() for change in changes_of(delta)]
    compared = {"old": f"release {old}", "new": f"release {new}"}
    context.out.data({**compared, "diff": lines, "changes": changes})
    return 1 if changes else 0


def _diff_project(context: Context, args: argparse.Namespace) -> int:
    """Print what was edited in a project of one artifact, for each agent that has it there."""
    from holdall.artifacts import Reference
    from holdall.cli import project_of, targets_of
    from holdall.deploy import find_collected, find_requested, read_project
    from holdall.files import Root
    from holdall_composites.history.edit_diff import edit_lines
    from holdall_composites.session import open_synced

    if args.new is not None:
        raise UsageError("--to takes the place of the second ID", hint="leave one of them out")
    collection = context.collection()
    targets = {target.name: target for target in targets_of(context, args)}
    name, version = Reference.parse(args.old)
    lines: list[str] = []
    with Root(project_of(args)) as root, open_synced(collection) as resolver:
        registered = context.plugins.targets
        project = read_project(root, targets.values(), registered, collection)
        for deployed in find_requested(project, collection, {project.resolve(name)}, targets):
            entry = find_collected(collection, deployed)
            target = targets[deployed.target]
            lines += edit_lines(
                resolver.store, collection, project, target, deployed, entry, version
            )
    return _tell(context, lines, old=args.old, new=str(project_of(args)))


def _tell(context: Context, lines: list[str], **compared: str | None) -> int:
    context.out.diff(lines)
    context.out.data({**compared, "diff": lines})
    return 1 if lines else 0


def run_restore(context: Context, args: argparse.Namespace) -> int:
    """Bring an old version's files back; the history grows by one."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from holdall_composites.history.restore import plan_restore

    with context.edit_collection() as editor, TemporaryDirectory("-holdall") as scratch:
        plan = plan_restore(
            editor.collection, args.id, args.version, Path(scratch), force=args.force
        )
        changes = editor.propose(plan.changes)
        if not args.dry_run:
            editor.commit(changes, plan.actions)
    (change,) = changes.changes
    verb = "would restore" if args.dry_run else "restored"
    if not plan.actions:
        verb = "nothing to do:"
    context.out.line(f"{verb} {change.id} {change.note}")
    context.out.data({"id": str(change.id), "version": args.version, "changed": bool(plan.actions)})
    return 0
