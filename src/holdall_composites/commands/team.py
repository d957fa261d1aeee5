"""`holdall pull`, `clone` and `git-merge`: a folder at the newest release, branches merged."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli import Context, install_driver
from holdall.collection import PULL
from holdall.errors import InputError, UsageError
from holdall.files import Scratch
from holdall.transaction import Signature

if TYPE_CHECKING:
    from holdall.collection import EditPlan


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
    pull.add_argument(
        "--from-common",
        type=_release,
        metavar="N",
        help="where the database has other releases than the folder, as after its backup was"
        " restored: merge what both made since release N, which both had (0: none)",
    )
    pull.add_argument("--dry-run", action="store_true", help="show it only, write nothing")


def _release(text: str) -> int:
    """Read the number of a release, or 0."""
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text} is not the number of a release, or 0")
    return int(text)


def run_pull(context: Context, args: argparse.Namespace) -> int:
    """Merge what others released into the folder."""
    newest = None if args.from_common is not None else _find_newest(context)
    if newest is not None:
        return _show_pull(context, args, newest, None)
    from holdall_composites.service.pull import plan_pull
    from holdall_composites.session import open_synced
    from holdall_composites.sync.releases.chain import Header
    from holdall_composites.sync.releases.conflict import Side

    side = Side(args.side) if args.side else None
    with context.edit_collection(as_it_is=True) as editor, Scratch() as scratch:
        plan = plan_pull(editor.collection, scratch, side, args.from_common)
        if plan is not None and not args.dry_run:
            editor.pull(plan)
        if plan is None and side is Side.OURS and not args.dry_run:
            # At the head, what is as it was before stands now: it becomes a release of its own.
            with open_synced(editor.collection, Header.of(Signature.now(), PULL)):
                pass
        present = plan.changes.after if plan else editor.collection.manifest
    return _show_pull(context, args, present.release, plan)


def _find_newest(context: Context) -> int | None:
    """Return the newest release if the folder is there, with nothing to finish and nothing new."""
    from holdall.config import database_url_of
    from holdall.formats import DatabaseURL

    url = database_url_of(context.session.config, context.collection_root)
    if DatabaseURL.parse(url).is_embedded:
        return None
    from holdall_composites.session import is_newest

    head = context.collection_head()
    return head.release if head is not None and is_newest(head, url) else None


def _show_pull(
    context: Context, args: argparse.Namespace, release: int | None, plan: EditPlan | None
) -> int:
    changes = plan.changes.changes if plan else ()
    for change in changes:
        context.out.line(f"{change.kind.value:9} {change.id}")
    number = f"release {release}" if release else "no release yet"
    context.out.note(f"{number}: {len(changes)} changes" if plan else f"{number}: up to date")
    context.out.data(
        {
            "dry_run": args.dry_run,
            "release": release,
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


def configure_git_merge(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall git-merge`."""
    parser.description = (
        "Merge the manifests of two branches entry by entry: git runs this, once it knows of it."
        " What does not merge is left with git's marks. --install tells the collection's git."
    )
    for name, text in (("base", "before"), ("ours", "here, and the result"), ("theirs", "there")):
        parser.add_argument(name, nargs="?", metavar=name.upper(), help=f"the manifest {text}")
    parser.add_argument("path", nargs="?", metavar="PATH", help="where it is in the repository")
    parser.add_argument(
        "--install", action="store_true", help="set the driver in the git of the collection"
    )
    parser.add_argument("--dry-run", action="store_true", help="show it only, write nothing")


def run_git_merge(context: Context, args: argparse.Namespace) -> int:
    """Merge, or install."""
    if args.install:
        root, dry_run = context.collection().root, args.dry_run
        is_named = install_driver(context, root, dry_run=dry_run)
        context.out.data({"dry_run": dry_run, "merged": False, "conflicts": []})
        return 0 if is_named else 1
    if args.theirs is None:
        raise UsageError("three manifests are needed", hint="git names them; or use --install")
    from holdall_composites.service.git_merge import merge_manifests

    texts = [_read(Path(name)) for name in (args.base, args.ours, args.theirs)]
    merged = merge_manifests(*texts)
    if merged.text is not None:
        if not args.dry_run:
            Path(args.ours).write_bytes(merged.text.encode())
        context.out.data({"dry_run": args.dry_run, "merged": True, "conflicts": []})
        return 0
    if not args.dry_run:
        _mark(args)
    for problem in merged.problems:
        context.out.note(f"{args.path or args.ours}: {problem}")
    context.out.data({"dry_run": args.dry_run, "merged": False, "conflicts": list(merged.problems)})
    return 1


def _mark(args: argparse.Namespace) -> None:
    """Let git merge by lines, and leave its marks, as it does without a driver."""
    labels = [word for label in ("ours", "base", "theirs") for word in ("-L", label)]
    names = [args.ours, args.base, args.theirs]
    subprocess.run(["git", "merge-file", "--quiet", *labels, "--", *names], check=False)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", hint="git names them") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not valid UTF-8", hint="save it as UTF-8") from error
