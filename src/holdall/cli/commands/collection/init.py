"""`holdall init`: make an empty collection."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from holdall.cli.asking.choosing import can_ask, confirm
from holdall.cli.commands.git_driver import install_driver, is_in_git
from holdall.cli.context import Context
from holdall.config import DATABASE, LEFT_OUT, SETTINGS, trust_database
from holdall.errors import UsageError

if TYPE_CHECKING:
    from holdall.files.root import Root


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "directory", nargs="?", metavar="DIR", help="where (default: `--collection`, else here)"
    )
    parser.add_argument("--name", help="the collection's name (default: the folder's)")
    parser.add_argument(
        "--new-chain",
        action="store_true",
        help="make a folder that was written from another database the first release of its present"
        " one, which has none of this collection",
    )
    parser.add_argument(
        "--git-merge",
        action="store_true",
        help="let git merge the manifest entry by entry: sets `merge.holdall` in the repository's"
        " own settings (default: you are asked on a terminal)",
    )
    parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")


def run(context: Context, args: argparse.Namespace) -> int:
    """Make the collection."""
    from holdall.formats import DatabaseURL
    from holdall.operations.write_collection import create_collection

    path = Path(args.directory or args.collection or ".")
    if args.new_chain:
        return _begin_chain(context, args, path)
    name = args.name or path.absolute().name or "default"
    is_here = is_in_git(path)
    if args.git_merge and not is_here:
        raise UsageError(f"--git-merge: {path} is in no repository", hint="`git init` there first")
    has_attributes = (path / ".gitattributes").exists()
    database = _lasting_url(args.database, path)
    if database is not None:
        create_collection(path, name, database=database, dry_run=True)
        context.plugins.call("holdall_database_prepare", url=database, dry_run=args.dry_run)
    recorded = DatabaseURL.parse(database).without_password if database else None
    create_collection(path, name, database=recorded, dry_run=args.dry_run)
    if database is not None and not args.dry_run:
        trust_database(path)
        if recorded != database:
            context.out.note(LEFT_OUT)
    if has_attributes:
        context.out.note(
            f"{path / '.gitattributes'} is yours, and stays as it is; a line `* -text` at its end"
            " keeps git from changing the ends of lines in the collection"
        )
    if is_here:
        _offer_driver(context, args, path)
    context.out.line(
        f"{'would make' if args.dry_run else 'made'} the collection {name!r} in {path}"
    )
    context.out.data({"collection": str(path), "name": name})
    return 0


def _offer_driver(context: Context, args: argparse.Namespace, path: Path) -> None:
    """Let git merge the manifest entry by entry, if that is wanted; else print how it is done."""
    wanted = args.git_merge
    if not wanted and not args.dry_run and can_ask(context.out):
        wanted = confirm("let git merge the manifest entry by entry, by its own settings here?")
    if wanted:
        install_driver(context, path, dry_run=args.dry_run)
        return
    context.out.note("`holdall git-merge --install` lets git merge the manifest entry by entry")


def _begin_chain(context: Context, args: argparse.Namespace, path: Path) -> int:
    """Make what a folder has the first release of its database, which is recorded if it is given.

    Refused where the database has releases of the collection.
    """
    from dataclasses import replace

    from holdall.collection.changes import NEW_CHAIN
    from holdall.collection.collect.from_folder import plan_refresh
    from holdall.errors import RefusedError
    from holdall.operations.write_collection import edit_collection

    if not context.plugins.implements("holdall_collect_commit"):
        hint = "`holdall plugins` shows what is loaded and what failed"
        raise UsageError("--new-chain: no loaded plugin knows releases", hint=hint)
    database = _lasting_url(args.database, path)
    if database is not None:
        context.plugins.call("holdall_database_prepare", url=database, dry_run=args.dry_run)
    session = context.session._replace(config=replace(context.config, collection=path))
    with edit_collection(path, session, as_it_is=True) as editor:
        found = plan_refresh(editor.collection)
        for diagnostic in found.diagnostics:
            if diagnostic.code == "hidden-text":
                text = f"{diagnostic.path}: {diagnostic.message}"
                raise RefusedError(text, hint="look at the file, and take the hidden text out")
        after = replace(found.changes.after, release=None, base=None)
        changes = replace(found.changes, command=NEW_CHAIN, after=after)
        changes = editor.propose(changes)
        if not args.dry_run:
            editor.commit(changes)
            if database is not None:
                _record(context, editor.root, database)
    verb = "would make" if args.dry_run else "made"
    context.out.line(f"{verb} {path} release {changes.after.release} of its database")
    context.out.data({"collection": str(path), "name": changes.after.name})
    return 0


def _record(context: Context, root: Root, database: str) -> None:
    """Write into the settings which database a collection has, unless they name one."""
    from holdall.files.lock import write_settings
    from holdall.formats import DatabaseURL
    from holdall.formats.toml_writer import dump_toml

    recorded = DatabaseURL.parse(database).without_password
    settings = root.path / SETTINGS
    if not settings.exists():
        write_settings(root, Path(SETTINGS).name, dump_toml({"database": recorded}).encode())
        trust_database(root.path)
    elif recorded not in settings.read_text(errors="replace"):
        context.out.note(f'{settings} stays as it is: write `database = "{recorded}"` there')


def _lasting_url(url: str | None, root: Path) -> str | None:
    """Return the URL to record, right in every folder; None for the default one."""
    if not url:
        return None
    from holdall.formats import DatabaseURL

    parsed = DatabaseURL.parse(url)
    if not parsed.is_embedded:
        return parsed.text
    path = Path(parsed.path).absolute()
    return None if path == (root / DATABASE).absolute() else f"sqlite:///{path}"
