"""`holdall init`: make an empty collection."""

from __future__ import annotations

import argparse
from pathlib import Path

from holdall.cli.context import Context
from holdall.config import DATABASE, LEFT_OUT, trust_database


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "directory", nargs="?", metavar="DIR", help="where (default: `--collection`, else here)"
    )
    parser.add_argument("--name", help="the collection's name (default: the folder's)")
    parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")


def run(context: Context, args: argparse.Namespace) -> int:
    """Make the collection."""
    from holdall.formats import DatabaseURL
    from holdall.operations.write_collection import create_collection

    path = Path(args.directory or args.collection or ".")
    name = args.name or path.absolute().name or "default"
    has_attributes = (path / ".gitattributes").exists()
    database = _lasting(args.database, path)
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
    if any((folder / ".git").exists() for folder in (path.absolute(), *path.absolute().parents)):
        context.out.note("`holdall git-merge --install` lets git merge the manifest entry by entry")
    context.out.line(
        f"{'would make' if args.dry_run else 'made'} the collection {name!r} in {path}"
    )
    context.out.data({"collection": str(path), "name": name})
    return 0


def _lasting(url: str | None, root: Path) -> str | None:
    """Return the URL to record, right in every folder; None for the default one."""
    if not url:
        return None
    from holdall.formats import DatabaseURL

    parsed = DatabaseURL.parse(url)
    if not parsed.is_embedded:
        return parsed.text
    path = Path(parsed.path).absolute()
    return None if path == (root / DATABASE).absolute() else f"sqlite:///{path}"
