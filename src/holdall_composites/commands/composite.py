"""`holdall composite`: composites by hand."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

from holdall.cli import Context
from holdall.errors import UsageError
from holdall_composites.commands.pages import add_page_options, tell_of_more

if TYPE_CHECKING:
    from holdall.collection import Change
    from holdall_composites.resolver.resolver import Resolver


def configure_composite(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `holdall composite`."""
    actions = parser.add_subparsers(
        title="actions", dest="action", metavar="ACTION", required=True, parser_class=type(parser)
    )
    create = _edit(actions, "create", "make a composite", _create, "made")
    create.add_argument(
        "--type", metavar="KIND", default="plugin", help="its kind (default: plugin)"
    )
    member = "an artifact or composite, maybe held at a version"
    create.add_argument(
        "--member", action="append", default=[], metavar="ID[@PIN]", help=f"{member}; repeatable"
    )
    create.add_argument("--display-name", metavar="TEXT", help="the name that people read")
    create.add_argument("--description", metavar="TEXT", help="one sentence about it")
    add = _edit(actions, "add", "add members", _add)
    add.add_argument("members", nargs="+", metavar="ID[@PIN]", help=member)
    add.add_argument(
        "--relationship",
        choices=["contains", "requires", "extends"],
        default="contains",
        help="what it is to the composite (default: contains)",
    )
    add.add_argument("--position", type=int, metavar="N", help="where, from 0 (default: the end)")
    remove = _edit(actions, "remove", "take members out", _remove)
    remove.add_argument("members", nargs="+", metavar="ID", help="which members")
    reorder = _edit(actions, "reorder", "put these members first, in this order", _reorder)
    reorder.add_argument("members", nargs="+", metavar="ID", help="which members")
    pin = _edit(actions, "pin", "hold a member at a version", _pin)
    pin.add_argument("member", metavar="ID", help="which member")
    pin.add_argument(
        "version", nargs="?", metavar="VERSION", help="a number or hash; default: the newest"
    )
    unpin = _edit(actions, "unpin", "let a member follow its current version", _unpin)
    unpin.add_argument("member", metavar="ID", help="which member")
    _edit(actions, "delete", "drop a composite; its members stay", _delete, "deleted")
    show = actions.add_parser("show", help="print a composite")
    show.add_argument("name", metavar="COMPOSITE", help="the composite's name")
    show.set_defaults(act=run_show)
    listing = actions.add_parser("list", help="print every composite")
    add_page_options(listing)
    listing.set_defaults(act=run_list)


def _edit(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    edit: Callable[[Resolver, argparse.Namespace], Change],
    verb: str = "changed",
) -> argparse.ArgumentParser:
    """Add an action that edits a composite through the service."""
    parser = actions.add_parser(name, help=text)
    metavar = "NAME" if name == "create" else "COMPOSITE"
    parser.add_argument("name", metavar=metavar, help="the composite's name")
    parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")
    parser.set_defaults(act=run_edit, edit=edit, verb=verb)
    return parser


def run_composite(context: Context, args: argparse.Namespace) -> int:
    """Run the action that was named."""
    status: int = args.act(context, args)
    return status


def run_edit(context: Context, args: argparse.Namespace) -> int:
    """Lock the collection, edit the composite, and print what it is now."""
    from holdall_composites.session import open_synced

    with (
        context.edit_collection() as editor,
        open_synced(editor.collection, edit=lambda: nullcontext(editor)) as resolver,
    ):
        change = args.edit(resolver, args)
    context.out.line(f"{'would have ' if args.dry_run else ''}{args.verb} {change.id}")
    context.out.data(change.to_json())
    return 0


def _create(resolver: Resolver, args: argparse.Namespace) -> Change:
    from holdall.artifacts import CompositeType

    try:
        composite_type = CompositeType(args.type)
    except ValueError:
        known = ", ".join(CompositeType)
        raise UsageError(f"no composite type {args.type!a}", hint=f"known: {known}") from None
    return resolver.create_composite(
        args.name,
        args.member,
        composite_type=composite_type,
        display_name=args.display_name,
        description=args.description,
        dry_run=args.dry_run,
    )


def _add(resolver: Resolver, args: argparse.Namespace) -> Change:
    how = (args.relationship, args.position)
    return resolver.add_members(args.name, args.members, *how, dry_run=args.dry_run)


def _remove(resolver: Resolver, args: argparse.Namespace) -> Change:
    return resolver.remove_member(args.name, *args.members, dry_run=args.dry_run)


def _reorder(resolver: Resolver, args: argparse.Namespace) -> Change:
    return resolver.reorder_members(args.name, *args.members, dry_run=args.dry_run)


def _pin(resolver: Resolver, args: argparse.Namespace) -> Change:
    return resolver.pin_member(args.name, args.member, args.version, dry_run=args.dry_run)


def _unpin(resolver: Resolver, args: argparse.Namespace) -> Change:
    return resolver.unpin_member(args.name, args.member, dry_run=args.dry_run)


def _delete(resolver: Resolver, args: argparse.Namespace) -> Change:
    return resolver.delete_composite(args.name, dry_run=args.dry_run)


def run_show(context: Context, args: argparse.Namespace) -> int:
    """Print a composite, as `holdall show` does."""
    from holdall.cli import show

    args.id = f"composite:{args.name.removeprefix('composite:')}"
    return show(context, args)


def run_list(context: Context, args: argparse.Namespace) -> int:
    """Print every composite, or a page of them, with the number of its members."""
    from holdall.cli import entry_to_json
    from holdall_composites.session import open_synced

    collection = context.collection()
    composites, next_cursor = collection.manifest.composites, None
    if args.limit is not None or args.cursor is not None:
        with open_synced(collection) as resolver:
            page = resolver.composites(cursor=args.cursor, limit=args.limit)
        known = {str(composite.id): composite for composite in composites}
        composites = tuple(known[row.id] for row in page.items)
        next_cursor = page.next_cursor
    context.out.table(
        [(str(c.id), f"{len(c.members)} members", c.description or "") for c in composites]
    )
    tell_of_more(context, next_cursor)
    listed = [entry_to_json(composite) for composite in composites]
    context.out.data({"composites": listed, "next_cursor": next_cursor})
    return 0
